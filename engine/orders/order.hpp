// One order of ours: what we asked for, what the venue has said of it, and the state that follows from both. (An Order
// is anybody's, in a book.)
//
// The state is not stepped from message to message but derived from the facts (`settled_state`), so that any ordering
// of acknowledgement, fill, cancel, cancel-reject and reconnect ends in the same state.
#pragma once

#include <cstdint>
#include <string_view>

#include "engine/core/types.hpp"

namespace colo {

// Place of an instrument in the engine's configuration: dense, so that tables are arrays.
using InstrumentIndex = Identifier<struct InstrumentIndexTag, std::uint32_t>;

enum class OrderState : std::uint8_t {
    pending_new,      // sent, not acknowledged
    live,             // acknowledged, nothing filled
    partly_filled,    // acknowledged, open, something filled
    pending_replace,  // open, a replacement was sent for it
    pending_cancel,   // open, a cancel was sent for it
    unknown,          // open when the connection broke: the venue will tell, or account for it
    filled,
    cancelled,
    replaced,  // its replacement took over what was open
    rejected,  // refused by the venue, or never arrived there
};

[[nodiscard]] constexpr bool terminal(OrderState state) { return state >= OrderState::filled; }
[[nodiscard]] std::string_view name_of(OrderState state);

struct OwnOrder {
    UserRefNum user_ref_num;
    UserRefNum replaces;     // zero: a new order
    UserRefNum replaced_by;  // the replacement that is pending or has taken over; zero: none
    InstrumentIndex instrument;
    Side side{Side::buy};
    OrderState state{OrderState::pending_new};

    // Facts from the venue.
    bool acknowledged = false;
    bool rejected = false;
    bool replaced = false;
    // Facts from us.
    bool sells_short = false;  // so it was marked when it entered, and its replacements are
    bool cancel_pending = false;
    bool disconnected = false;

    Price price;
    Quantity quantity;         // open when it entered the book; what we asked for until the venue says
    Quantity filled;           // of this order alone
    Quantity cancelled;        // taken out by cancels
    Quantity executed_before;  // by the orders of its chain before it: OUCH counts a replacement's shares from there
    OrderId venue_id;
    // What this order adds to the worst case of its instrument and side.
    Quantity exposure;

    // Places in the table's lists of open orders: of all, and of this instrument and side. Zero ends a list.
    struct Links {
        std::uint32_t before = 0;
        std::uint32_t after = 0;
    };
    Links among_open;
    Links among_side;

    [[nodiscard]] Quantity leaves() const {
        if (rejected || replaced) return Quantity{0};
        const Quantity open = quantity - filled - cancelled;
        return open > Quantity{0} ? open : Quantity{0};
    }
    [[nodiscard]] bool open() const { return leaves() > Quantity{0}; }
    // Nothing of ours is on its way for it, and the venue has it: it can be replaced or cancelled.
    [[nodiscard]] bool settled_open() const {
        return state == OrderState::live || state == OrderState::partly_filled;
    }
};

[[nodiscard]] constexpr OrderState settled_state(const OwnOrder& order) {
    if (order.replaced) return OrderState::replaced;
    if (order.rejected) return OrderState::rejected;
    if (!order.open()) return order.cancelled > Quantity{0} ? OrderState::cancelled : OrderState::filled;
    if (order.disconnected) return OrderState::unknown;
    if (order.cancel_pending) return OrderState::pending_cancel;
    if (!order.acknowledged) return OrderState::pending_new;
    if (order.replaced_by != UserRefNum{0}) return OrderState::pending_replace;
    return order.filled > Quantity{0} ? OrderState::partly_filled : OrderState::live;
}

// Whether an order of this side at this price would trade with one of ours on the other side.
[[nodiscard]] constexpr bool would_trade(Side side, Price price, const OwnOrder& other) {
    return !better(side, other.price, price);
}

inline std::string_view name_of(OrderState state) {
    switch (state) {
    case OrderState::pending_new: return "pending new";
    case OrderState::live: return "live";
    case OrderState::partly_filled: return "partly filled";
    case OrderState::pending_replace: return "pending replace";
    case OrderState::pending_cancel: return "pending cancel";
    case OrderState::unknown: return "unknown";
    case OrderState::filled: return "filled";
    case OrderState::cancelled: return "cancelled";
    case OrderState::replaced: return "replaced";
    case OrderState::rejected: return "rejected";
    }
    return "";
}

}  // namespace colo
