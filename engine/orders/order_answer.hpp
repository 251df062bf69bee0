// What a venue can say of an order, free of any protocol: OUCH answers come in as these, other protocols will too.
#pragma once

#include <variant>

#include "engine/orders/order.hpp"

namespace colo {

enum class Liquidity : std::uint8_t { added, removed, other };

struct OrderAccepted {
    UserRefNum user_ref_num;
    InstrumentIndex instrument;
    Side side{Side::buy};
    Price price;
    Quantity quantity;
    OrderId venue_id;
    bool live = true;  // false: accepted and cancelled at once
};

struct OrderReplaced {
    UserRefNum original;
    UserRefNum user_ref_num;
    InstrumentIndex instrument;
    Side side{Side::buy};
    Price price;
    Quantity quantity;  // open after the replacement
    OrderId venue_id;
    bool live = true;
};

struct OrderExecuted {
    UserRefNum user_ref_num;
    Price price;
    Quantity quantity;
    MatchNumber match_number;
    Liquidity liquidity{Liquidity::other};
};

// `quantity` was taken out of the order; it may have some left.
struct OrderCancelled {
    UserRefNum user_ref_num;
    Quantity quantity;
    bool executed_count = false;  // self-match prevention: the chain counts it as executed
};

struct OrderRejected {
    UserRefNum user_ref_num;
};

// The cancel has no effect now; the order stays as it was.
struct CancelRejected {
    UserRefNum user_ref_num;
};

struct TradeBroken {
    UserRefNum user_ref_num;
    MatchNumber match_number;
};

// New open quantity, or new price and venue id after a change of priority.
struct OrderModified {
    UserRefNum user_ref_num;
    Quantity quantity;
};
struct PriorityChanged {
    UserRefNum user_ref_num;
    Price price;
    OrderId venue_id;
};

// The venue's next free client order number: everything at or above it never arrived.
struct AccountAnswer {
    UserRefNum next;
};

// Says nothing of any one order.
struct NoOrderAnswer {};

using OrderAnswer = std::variant<NoOrderAnswer, OrderAccepted, OrderReplaced, OrderExecuted, OrderCancelled,
                                 OrderRejected, CancelRejected, TradeBroken, OrderModified, PriorityChanged,
                                 AccountAnswer>;

}  // namespace colo
