// The simulated venue: plays recorded ITCH messages, takes OUCH orders, and says what becomes of them.
//
// Recorded flow never changes. A client order that crosses the recorded book takes from recorded orders in price-time
// order; what it took is remembered against each of them until they leave. A client order that rests stands behind the
// recorded orders that were at its price before it. It is filled, always at its own price, by
// - recorded executions of orders of its side that stand behind it, up to the executed quantity,
// - recorded orders of the other side that arrive at a price which crosses it, up to what they bring,
// - trades against hidden orders (P) strictly through its price, up to their quantity,
// and each recorded share is given to client orders once. Answers are a pure function of the recorded messages and of
// the client's messages at their places between them: no clock, no chance.
//
//   Matching matching;
//   matching.play(SequenceNumber{1}, itch_message);
//   matching.receive(ouch_message);
//   send(matching.answers().packets_from(1));
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "engine/core/types.hpp"
#include "engine/protocol/itch50.hpp"
#include "engine/protocol/ouch50.hpp"
#include "engine/simulator/answer_log.hpp"
#include "engine/simulator/client_orders.hpp"
#include "engine/simulator/order_checks.hpp"
#include "engine/simulator/recorded_book.hpp"

namespace colo::simulator {

class Matching {
public:
    struct Counts {
        std::uint64_t orders = 0;       // new orders and replacements that came
        std::uint64_t fills = 0;        // executions of client orders
        std::uint64_t rejects = 0;
        std::uint64_t malformed = 0;    // client messages that are not OUCH 5.0
        std::uint64_t orphans = 0;      // recorded messages about an order that is not in the book
        std::uint64_t impossible = 0;   // references in use already, executions beyond the displayed quantity
    };

    Matching() : locates_(10) {}

    // As it was made: nothing was played, nothing answered. A day is a large object, this reuses its memory.
    void clear();
    // The next recorded message. Precondition: itch50::well_formed.
    void play(SequenceNumber sequence, Bytes message);
    // A client message that came after the last recorded message and before the next.
    void receive(Bytes message);
    // The client's connection ended: its orders are cancelled.
    void disconnect();

    [[nodiscard]] const AnswerLog& answers() const { return answers_; }
    [[nodiscard]] const Counts& counts() const { return counts_; }
    [[nodiscard]] SequenceNumber position() const { return position_; }
    [[nodiscard]] const RecordedBook& book() const { return book_; }
    [[nodiscard]] const ClientOrders& client_orders() const { return clients_; }
    [[nodiscard]] const itch50::Stock& stock(Locate locate) const { return instruments_[locate.value()].stock; }
    // Displayed recorded quantity, still to be had, before a client order at its price.
    [[nodiscard]] Quantity queue_ahead(const ClientOrder& order) const;

private:
    // Recorded flow (recorded_flow.cpp).
    void on(const itch50::SystemEvent& event);
    void on(const itch50::StockDirectory& directory);
    void on(const itch50::StockTradingAction& action);
    void on(const itch50::OperationalHalt& halt);
    void on(const itch50::RegShoRestriction& restriction);
    void on(const itch50::AddOrder& add);
    void on(const itch50::AddOrderMpid& add);
    void on(const itch50::OrderExecuted& executed);
    void on(const itch50::OrderExecutedWithPrice& executed);
    void on(const itch50::OrderCancel& cancel);
    void on(const itch50::OrderDelete& deletion);
    void on(const itch50::OrderReplace& replace);
    void on(const itch50::Trade& trade);
    void on(const itch50::BrokenTrade& broken);
    void on(const itch50::Header&) {}
    void add_recorded(const RecordedOrder& order);
    void executed_recorded(OrderId id, Quantity quantity, MatchNumber match);
    std::uint32_t found(OrderId id);
    void name_instrument(Locate locate, const itch50::Stock& stock);
    struct Instrument;
    [[nodiscard]] Instrument& instrument(Locate locate);
    void expire();

    // Client orders (order_entry_rules.cpp).
    void on(const ouch50::EnterOrder& order, ouch50::Appendage appendage);
    void on(const ouch50::ReplaceOrder& replace, ouch50::Appendage appendage);
    void on(const ouch50::CancelOrder& cancel, ouch50::Appendage);
    void on(const ouch50::ModifyOrder& modify, ouch50::Appendage);
    void on(const ouch50::AccountQuery& query, ouch50::Appendage);
    [[nodiscard]] MaybeReject refused_now(Locate locate, ouch50::OrderSide side, Price price) const;
    void enter_book(ClientOrder& order);
    // Takes what the order crosses; false where it met an order of its own client and was cancelled.
    [[nodiscard]] bool take(ClientOrder& order);
    [[nodiscard]] bool would_take(const ClientOrder& order) const;
    void reject(UserRefNum number, ouch50::RejectReason reason, const ouch50::ClOrdId& cl_ord_id);
    void cancel_resting(std::uint32_t handle, Quantity quantity, ouch50::CancelReason reason);
    void cancel_all(ouch50::CancelReason reason);
    void say_canceled(UserRefNum number, Quantity quantity, ouch50::CancelReason reason);
    void say_executed(const ClientOrder& order, Quantity quantity, Price price, char liquidity);
    // Fills a resting order; `recorded` is the recorded trade that did it, which may be broken later.
    void fill_resting(std::uint32_t handle, Quantity quantity, MatchNumber recorded);

    struct Instrument {
        itch50::Stock stock;
        char trading_state = 'T';
        bool operational_halt = false;
        bool short_sale_restricted = false;
    };
    struct ClientTrade {
        UserRefNum user_ref_num;
        MatchNumber match;
        ouch50::ClOrdId cl_ord_id;
    };

    RecordedBook book_;
    ClientOrders clients_;
    AnswerLog answers_;
    Counts counts_;
    std::vector<Instrument> instruments_;                                     // by locate, up to the highest seen
    ReferenceTable locates_;                                                  // by the bytes of the symbol
    std::unordered_map<std::uint64_t, std::vector<ClientTrade>> client_trades_;  // by recorded match number
    SequenceNumber position_;
    SessionTime now_;
    SessionTime next_expiry_ = ClientOrder::never;
    UserRefNum last_number_;
    // Ours lie far above the venue's own, which count from the start of a day.
    static constexpr std::uint64_t first_number = std::uint64_t{1} << 62;
    std::uint64_t next_order_id_ = first_number;
    std::uint64_t next_match_number_ = first_number;
    bool closed_ = false;
};

}  // namespace colo::simulator
