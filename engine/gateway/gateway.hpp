// The order gateway as a process of its own: between an engine and the venue, and on guard over the engine.
//
// The engine logs in over shared memory as it would at the venue. For each of its logins the gateway logs in at the
// venue; it hears the venue's whole day again where it has not heard it yet, so its own table of orders, and the
// positions that follow from it, need no other memory. What the engine asks becomes an order once more here: read into
// a request, passed by a risk gate of the gateway's own, encoded by its own encoder, journaled, sent. The chain of
// types is the same as in an engine, so nothing that an engine writes reaches the venue by another way.
//
// The engine's session ends when its process is gone, when its loop has stood still for `stall_max`, when it asks for
// what the gate refuses or sends what it never would. Then nothing of it is read any more: a cancel for every open order
// leaves at once, whatever the rates; the answers are awaited for `cancel_wait`; then the venue's session is dropped, so
// that the venue cancels what may be left (cancel on disconnect). An engine that is there again finds its session down,
// logs in anew and reconciles its orders, as after any other disconnect.
//
// Of the rules of risk_limits.hpp those that need the market are the engine's alone: both collars, halts, trading
// phases, short sales, the loss limit. Rates and repetitions count here by the host's clock, where the site trades by it.
//
//   Gateway gateway(config, listener, venue_connection, waiter, clock, recorder, signals);
//   while (!gateway.finished()) if (!gateway.turn()) waiter.wait();
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/gateway/asked_order.hpp"
#include "engine/gateway/engine_session.hpp"
#include "engine/gateway/gateway_counters.hpp"
#include "engine/journal/record.hpp"
#include "engine/orders/ouch_answer.hpp"
#include "engine/orders/risk.hpp"
#include "engine/runtime/clock.hpp"
#include "engine/runtime/control.hpp"
#include "engine/runtime/engine_signals.hpp"
#include "engine/runtime/order_gateway.hpp"
#include "engine/runtime/recorder.hpp"
#include "engine/runtime/soup_client.hpp"
#include "engine/runtime/telemetry.hpp"
#include "engine/transport/waiting.hpp"

namespace colo {

template <Connection Venue, Clock C, Recorder R>
class Gateway {
public:
    // Everything but the configuration must outlive the gateway. The configuration names a gateway.
    Gateway(const EngineConfig& config, SharedListener& listener, Venue& venue, Waiter& waiter, const C& clock,
            R& recorder, EngineSignals& signals, const std::filesystem::path& telemetry_file = {});
    Gateway(const Gateway&) = delete;
    Gateway& operator=(const Gateway&) = delete;

    // Whatever is there, once. False where there was nothing.
    bool turn();
    [[nodiscard]] bool finished() const { return state_ == State::finished || failure_; }
    // Why it ended early: one sentence.
    [[nodiscard]] const std::optional<std::string>& failure() const { return failure_; }

    [[nodiscard]] const OrderTable& orders() const { return orders_; }
    [[nodiscard]] const Position& position(InstrumentIndex index) const { return positions_[index.value()]; }
    [[nodiscard]] const RiskGate& gate() const { return gate_; }
    [[nodiscard]] const GatewayCounts& counts() const { return counts_; }
    [[nodiscard]] const Telemetry& telemetry() const { return telemetry_; }

    // As the handler of the venue's session.
    void on_up();
    void on_down(const char* reason) { down_ = reason; }
    void on_sequenced(std::uint64_t sequence, Bytes message);
    void on_end_of_session();

private:
    // idle: no engine, or one that has not logged in; opening: logging in at the venue for an engine; ended: the venue
    // has ended the session, and the engine is still to leave.
    enum class State : std::uint8_t { idle, opening, trading, cancelling, ended, finished };

    bool attend_engine(Timestamp now);
    bool attend_venue(Timestamp now);
    void attend_end(Timestamp now);
    void on_engine_packet(const soupbintcp::Packet& packet);
    void on_login(const soupbintcp::LoginRequest& request);
    void accept_engine(std::uint64_t sequence);
    void on_asked(Bytes message);
    void on_order(const AskedOrder& asked, Bytes message);
    void on_answer(Bytes message);
    // The engine's session ends here; what it wrote and was not read stays unread.
    void lose_engine(EngineLoss loss, std::string_view why);
    void cancel_everything();
    void drop_venue(std::string_view why);
    bool send(const EncodedOrder& order);
    void refuse(const RiskReject& reject);
    bool record(RecordKind kind, RecordSource source, std::uint64_t sequence, Bytes payload);
    void note(std::string_view what, std::string_view detail = {});
    void fail(std::string sentence);

    EngineConfig config_;
    SharedListener& listener_;
    Venue& venue_connection_;
    Waiter& waiter_;
    const C& clock_;
    R& recorder_;
    EngineSignals& signals_;

    OrderTable orders_;
    std::vector<Position> positions_;
    std::vector<Alpha<8>> symbols_;
    RiskGate gate_;
    OrderGateway encoder_;

    State state_{State::idle};
    std::optional<EngineSession> engine_;
    std::optional<SoupClient<Venue>> venue_;
    const char* down_ = nullptr;      // why the venue's session broke, until the turn attends to it
    std::uint64_t next_answer_ = 1;   // of the venue, that the orders have not had
    std::uint64_t requested_ = 0;     // by the engine's login; 0 asks for the end
    std::uint64_t engine_next_ = 0;   // answer that the engine gets next; 0: its login is not answered yet
    bool stopping_ = false;
    Timestamp deadline_;              // for the answers to cancels, or for the engine to leave
    Timestamp lost_at_;               // the engine
    GatewayCounts counts_;
    Telemetry telemetry_;
    std::optional<std::string> failure_;
};

}  // namespace colo

#include "engine/gateway/gateway_impl.hpp"
