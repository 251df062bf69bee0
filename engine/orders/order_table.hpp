// All orders of a trading day by their client order number, and what follows from the venue's answers.
//
// Numbers are handed out in order, so the table is an array and finding an order is one load. Nothing is ever removed:
// a late answer (a broken trade after the fill) still finds its order; open orders are linked, so that cancelling all
// costs what is open and not what the day had. Memory is taken at construction.
//
// Numbers come from blocks: a block is journaled, and on disk, before its first number is used, and whoever resumes
// begins behind it, so that no number is used twice even where the end of the journal was lost (OUCH 5.0, 1.2: UserRefNum).
//
//   OrderTable table(instruments, orders_max);
//   OwnOrder& order = table.enter(instrument, Side::buy, Price{1'000'000}, Quantity{100});
//   AnswerOutcome outcome = table.apply(OrderExecuted{order.user_ref_num, ...});
//   if (outcome.fill) positions.apply(*outcome.fill);
//   if (outcome.anomaly != Anomaly::none) alarm(outcome.anomaly);
#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <vector>

#include "engine/orders/anomaly.hpp"
#include "engine/orders/order.hpp"
#include "engine/orders/order_answer.hpp"

namespace colo {

struct Fill {
    UserRefNum user_ref_num;
    InstrumentIndex instrument;
    Side side{Side::buy};
    Price price;
    Quantity quantity;
    MatchNumber match_number;
    Liquidity liquidity{Liquidity::other};
    bool broken = false;  // this takes back a fill
};

struct AnswerOutcome {
    std::optional<Fill> fill;
    const OwnOrder* order = nullptr;  // the order that the answer was about
    Anomaly anomaly = Anomaly::none;
};

class OrderTable {
public:
    OrderTable(std::size_t instruments, std::size_t orders_max);

    // Ours. Preconditions: room() and, for replace and cancel, an order that is settled_open(), except that a cancel
    // may follow anything open.
    OwnOrder& enter(InstrumentIndex instrument, Side side, Price price, Quantity quantity, bool sells_short = false);
    OwnOrder& replace(UserRefNum original, Price price, Quantity open_quantity);
    OwnOrder& request_cancel(UserRefNum user_ref_num);

    // The venue's.
    AnswerOutcome apply(const OrderAnswer& answer);

    // The connection broke: everything open is unknown until the venue's answers or `reconcile` tell.
    void disconnected();
    // Every answer up to the account query's has been applied: what is not acknowledged now never arrived, cancels and
    // replacements without effect are lost, and numbers below `next` are used. The count of orders given up.
    std::size_t reconcile(UserRefNum next);

    // Numbers up to `last` are this table's: in the journal, where power loss could still take them from.
    void reserve(UserRefNum last);
    // They are so for certain, and may be used. A table that was never told of a block may use all it has room for.
    void allow(UserRefNum last);
    // A process begins: another may have used any number of the block.
    void skip_reserved() { next_ = std::max<std::size_t>(next_, reserved_ + 1); }
    // Numbers are chosen elsewhere: those below `next` are used, or never will be.
    void skip_to(UserRefNum next) {
        next_ = std::max<std::size_t>(next_, std::min<std::size_t>(next.value(), orders_.size()));
    }
    // How many numbers may be used, and the last of the next block.
    [[nodiscard]] std::size_t numbers_left() const;
    [[nodiscard]] std::optional<UserRefNum> next_block(std::uint32_t numbers) const;

    [[nodiscard]] bool room() const { return numbers_left() > 0; }
    [[nodiscard]] UserRefNum next() const { return UserRefNum{static_cast<std::uint32_t>(next_)}; }
    [[nodiscard]] const OwnOrder* find(UserRefNum user_ref_num) const;
    // The shares that OUCH wants in a replace message: those of its chain that are executed, and the open ones wanted.
    [[nodiscard]] Quantity liable(const OwnOrder& replacement) const;
    // Open buy and sell quantity in the worst case.
    [[nodiscard]] Quantity exposure(InstrumentIndex instrument, Side side) const {
        return exposures_[instrument.value()][side == Side::buy ? 0 : 1];
    }
    [[nodiscard]] std::size_t open_count() const { return open_; }

    // Every open order, oldest first; `visit` may request cancels.
    template <class Visit>
    void for_each_open(Visit&& visit) const {
        for (std::uint32_t i = orders_[0].among_open.after; i != 0; i = orders_[i].among_open.after) visit(orders_[i]);
    }
    // Whether an open order of this instrument and side is such.
    template <class Such>
    [[nodiscard]] bool any_open(InstrumentIndex instrument, Side side, Such&& such) const {
        for (std::uint32_t i = side_lists_[side_at(instrument, side)]; i != 0; i = orders_[i].among_side.after)
            if (such(orders_[i])) return true;
        return false;
    }

private:
    OwnOrder* find_mutable(UserRefNum user_ref_num);
    OwnOrder& place(UserRefNum user_ref_num, InstrumentIndex instrument, Side side, Price price, Quantity quantity);
    [[nodiscard]] bool used(std::size_t at) const { return orders_[at].user_ref_num.value() == at && at > 0; }
    void settle(OwnOrder& order);
    void set_exposure(OwnOrder& order, Quantity exposure);
    void give_up_replacement(OwnOrder& original);
    void link_open(OwnOrder& order);
    void unlink_open(OwnOrder& order);
    [[nodiscard]] static std::size_t side_at(InstrumentIndex instrument, Side side) {
        return std::size_t{instrument.value()} * 2 + (side == Side::buy ? 0 : 1);
    }
    OwnOrder* adopt(UserRefNum user_ref_num, InstrumentIndex instrument, Side side, Price price, Quantity quantity);

    AnswerOutcome on(const NoOrderAnswer&) { return {}; }
    AnswerOutcome on(const AccountAnswer&) { return {}; }
    AnswerOutcome on(const OrderAccepted& answer);
    AnswerOutcome on(const OrderReplaced& answer);
    AnswerOutcome on(const OrderExecuted& answer);
    AnswerOutcome on(const OrderCancelled& answer);
    AnswerOutcome on(const OrderRejected& answer);
    AnswerOutcome on(const CancelRejected& answer);
    AnswerOutcome on(const TradeBroken& answer);
    AnswerOutcome on(const OrderModified& answer);
    AnswerOutcome on(const PriorityChanged& answer);

    std::vector<OwnOrder> orders_;  // by number; number 0 is nobody's, and holds both ends of the list of open orders
    std::vector<Fill> fills_;       // of the day, for broken trades
    std::vector<std::array<Quantity, 2>> exposures_;
    std::vector<std::uint32_t> side_lists_;  // the latest open order of each instrument and side
    std::size_t next_ = 1;
    std::size_t reserved_ = 0;  // the last number of ours; zero: no block was told of
    std::size_t allowed_ = 0;   // the last number that may be used
    std::size_t open_ = 0;
};

}  // namespace colo
