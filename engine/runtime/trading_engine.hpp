// The event loop: packets and answers in, journal, core, orders out.
//
// It owns no socket, clock or thread: network, clock, journal and strategy are template arguments, so the same loop runs
// over kernel sockets, in tests over memory, and resumes from a journal. One turn of the loop takes what is there and
// never waits; where a turn found nothing, the network waits as declared. After start nothing here allocates, but for the
// recovery of a lost feed by snapshot.
//
//   TradingEngine engine(config, strategy, network, clock, recorder, signals);
//   engine.resume(reader);                 // where a journal exists
//   engine.run();
//   if (engine.failure()) fail(*engine.failure());
#pragma once

#include <concepts>
#include <optional>
#include <string>

#include "engine/feed/arbiter.hpp"
#include "engine/runtime/clock.hpp"
#include "engine/runtime/engine_counters.hpp"
#include "engine/runtime/engine_signals.hpp"
#include "engine/runtime/open_orders.hpp"
#include "engine/runtime/proposal_block.hpp"
#include "engine/runtime/recorder.hpp"
#include "engine/runtime/replay.hpp"
#include "engine/runtime/snapshot_client.hpp"
#include "engine/runtime/soup_client.hpp"
#include "engine/runtime/trading_core.hpp"

namespace colo {

template <class T>
concept EngineNetwork = requires(T network, std::size_t line, Bytes payload) {
    { network.line_count() } -> std::convertible_to<std::size_t>;
    { network.receive(line) } -> std::same_as<std::span<const Datagram>>;
    { network.receive_rerequested() } -> std::same_as<std::span<const Datagram>>;
    network.request(payload);                       // to the re-request server; loss is the arbiter's business
    requires Connection<std::remove_reference_t<decltype(network.orders())>>;
    requires Connection<std::remove_reference_t<decltype(network.snapshot())>>;
    network.wait();                                 // nothing was there
};

template <Strategy S, EngineNetwork Network, Clock C, Recorder R>
class TradingEngine {
public:
    using Core = TradingCore<S, TradingEngine>;

    TradingEngine(const EngineConfig& config, S strategy, Network& network, const C& clock, R& recorder,
                  EngineSignals& signals, const std::filesystem::path& telemetry_file = {});

    // Rebuilds the state from what a dead process has journaled; the sentence says why that cannot be.
    template <class Reader>
    [[nodiscard]] std::optional<std::string> resume(Reader& reader);
    // Files by which operators act on this engine (proposal_block.hpp) and see its orders. After resume, before the start.
    void offer_parameters(const std::filesystem::path& path) {
        parameter_block_.emplace(ProposalBlock<ParameterChange>::create(path, core_.parameters()));
    }
    void offer_commands(const std::filesystem::path& path) {
        command_block_.emplace(ProposalBlock<Command>::create(path, core_.command()));
    }
    void offer_models(const std::filesystem::path& path) {
        model_block_.emplace(ProposalBlock<ModelChange>::create(path, core_.model()));
    }
    void show_orders(const std::filesystem::path& path) { open_orders_.emplace(OpenOrdersFile::create(path)); }
    // Trades until the session ends, a signal asks for the end, or something fails.
    void run();
    // For tests that hold the network's other end: start, then turns until finished.
    void start();
    bool turn();
    [[nodiscard]] bool finished() const { return finished_; }

    // Why trading ended early: one sentence.
    [[nodiscard]] const std::optional<std::string>& failure() const { return failure_; }
    [[nodiscard]] const Core& core() const { return core_; }
    [[nodiscard]] const Arbiter& arbiter() const { return *arbiter_; }
    // For other threads and processes to look at.
    [[nodiscard]] const Telemetry& telemetry() const { return telemetry_; }
    [[nodiscard]] const LatencyHistogram& latency(LatencyStage stage) const {
        return telemetry_.histogram(static_cast<std::size_t>(stage));
    }

    // As the sink of the core.
    void decoded() { decoded_ = clock_.now(); }
    void send(const EncodedOrder& order, SequenceNumber cause);
    void reject(const RiskRejectPayload& reject);
    void raise(const AnomalyPayload& anomaly);
    // As the sink of the arbiter.
    void on_packet_ahead(const moldudp64::Packet& packet) { core_.on_packet_ahead(packet); }
    void on_message(const FeedMessage& message);
    void on_request(const moldudp64::Request& request) { network_.request(bytes_of(request)); }
    void on_snapshot_needed(SequenceNumber) { snapshot_.start(); }
    void on_gap(SequenceNumber, SequenceNumber) {}  // journaled with the snapshot that stands for it
    void on_end_of_session(SequenceNumber) { feed_ended_ = true; }
    void on_foreign_session(const moldudp64::Session&) {}
    void on_feed_lost(SequenceNumber sequence);
    // As the handler of the order session.
    void on_up() { control(Control::order_session_up); }
    void on_down(const char* reason) { control(Control::order_session_down, reason); }
    void on_sequenced(std::uint64_t sequence, Bytes message);
    void on_end_of_session();

private:
    bool attend_orders();
    bool attend_feed(Timestamp monotonic_now);
    bool take(FeedSource source, std::span<const Datagram> datagrams, Timestamp monotonic_now);
    void attend_snapshot();
    void attend_signals(Timestamp monotonic_now);
    void attend_kill_switch(Timestamp monotonic_now);
    [[nodiscard]] ShortText<64> pulled_by_file() const;
    void attend_operators();
    template <class Proposed>
    void attend(ProposalBlock<Proposed>& block);
    void carry_out(const ParameterChange& change);
    void carry_out(const Command& command);
    void carry_out(const ModelChange& change);
    void say_refused(const ParameterChange& change, const Sentence& why);
    // Of a command or a model.
    void say_refused(const Proposal& proposal, const Sentence& why);
    [[nodiscard]] const ParameterChange& in_force(const ParameterChange&) const { return core_.parameters(); }
    [[nodiscard]] const Command& in_force(const Command&) const { return core_.command(); }
    [[nodiscard]] const ModelChange& in_force(const ModelChange&) const { return core_.model(); }
    void apply_snapshot();
    void record_gap(SequenceNumber first, SequenceNumber last);
    void report();
    void publish(bool busy);
    void measure(LatencyStage stage, Duration latency) {
        telemetry_.histogram(static_cast<std::size_t>(stage)).record(latency);
    }
    void tell_latency(UserRefNum number, Duration latency);
    void help_venue_catch_up(Timestamp monotonic_now);
    void reserve_numbers();
    void begin_stop(std::string_view reason);
    void fail(std::string sentence);
    void finish();
    bool record(RecordKind kind, RecordSource source, std::uint64_t sequence, Timestamp receive_time, Bytes payload);
    void control(Control control, std::string_view detail = {});
    [[nodiscard]] ArbiterConfig arbiter_config() const;
    // A paced venue waits, so that the disk has no say in what is decided.
    [[nodiscard]] bool waits_for_numbers() const { return block_ && !core_.orders().room(); }
    [[nodiscard]] bool may_receive() const {
        return !config_.paced || stopping_ || (core_.session() == SessionState::ready && !waits_for_numbers());
    }

    EngineConfig config_;
    Network& network_;
    const C& clock_;
    R& recorder_;
    EngineSignals& signals_;
    Core core_;
    KillFiles kill_files_;
    std::optional<ProposalBlock<ParameterChange>> parameter_block_;
    std::optional<ProposalBlock<Command>> command_block_;
    std::optional<ProposalBlock<ModelChange>> model_block_;
    std::optional<OpenOrdersFile> open_orders_;
    ReplayEnd resumed_;
    OrderComparison* comparison_ = nullptr;  // while resuming: what the core gives out is compared, not sent
    std::optional<Arbiter> arbiter_;
    using OrderSession = SoupClient<std::remove_reference_t<decltype(std::declval<Network&>().orders())>>;
    std::optional<OrderSession> order_session_;
    SnapshotClient<std::remove_reference_t<decltype(std::declval<Network&>().snapshot())>> snapshot_;
    Telemetry telemetry_;
    std::uint32_t unpublished_ = 0;  // busy turns since the counters were published

    Timestamp receive_time_;  // of the packet, by the kernel
    Timestamp taken_;         // of the packet, by us
    Timestamp decoded_;
    bool in_feed_message_ = false;
    bool reported_ = false;
    bool feed_ended_ = false;
    bool stopping_ = false;
    bool finished_ = false;
    bool journal_broken_ = false;
    std::optional<UserRefNum> block_;  // of order numbers, journaled and not yet certain to survive power loss
    bool numbers_allowed_ = false;     // to this process, once
    Timestamp stop_deadline_;
    Timestamp next_help_;
    std::optional<std::string> failure_;
};

}  // namespace colo

#include "engine/runtime/trading_engine_impl.hpp"
#include "engine/runtime/trading_engine_operators.hpp"
