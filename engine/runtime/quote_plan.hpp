// From the quotes that a strategy wants to the next message for the orders that stand.
//
// One side of one instrument has at most one working order, and at most one message on its way for it: while the venue
// has not answered, nothing more is asked. A fill leaves the rest of a quote where it is, in its place in the queue.
#pragma once

#include <optional>

#include "engine/orders/order_request.hpp"
#include "engine/orders/order_table.hpp"
#include "engine/runtime/strategy.hpp"

namespace colo {

// A quote that moves through our own other side waits until that side has moved, so it is asked for after it: an account
// does not trade with itself (FINRA rule 5210.02). What is not about to move is the risk gate's to refuse.
[[nodiscard]] inline bool ask_moves_first(const OrderTable& orders, InstrumentIndex instrument, const Quotes& wanted) {
    return wanted.bid && orders.any_open(instrument, Side::sell, [&](const OwnOrder& ask) {
        return would_trade(Side::buy, wanted.bid->price, ask);
    });
}
[[nodiscard]] inline bool waits_for_other_side(const OrderTable& orders, const OrderRequest& request) {
    return request.kind != OrderRequest::Kind::cancel &&
           orders.any_open(request.instrument, opposite(request.side), [&](const OwnOrder& other) {
               return !other.settled_open() && would_trade(request.side, request.price, other);
           });
}

struct QuoteSlot {
    UserRefNum working;   // the latest order or replacement; zero before the first
    Timestamp retry_at;   // a refused quote is not asked for again before this time
};

// The order that stands for the slot, nothing where none does. A refused replacement gives its original back.
[[nodiscard]] inline const OwnOrder* standing_order(QuoteSlot& slot, const OrderTable& orders) {
    const OwnOrder* order = orders.find(slot.working);
    if (order != nullptr && order->state == OrderState::rejected) {
        if (const OwnOrder* original = orders.find(order->replaces); original != nullptr) {
            slot.working = original->user_ref_num;
            order = original;
        }
    }
    return order == nullptr || terminal(order->state) ? nullptr : order;
}

// What to ask of the venue so that `wanted` stands; nothing where it does, or while an answer is due.
[[nodiscard]] inline std::optional<OrderRequest> plan_quote(QuoteSlot& slot, const OrderTable& orders,
                                                            InstrumentIndex instrument, Side side,
                                                            const std::optional<Quote>& wanted, Timestamp now) {
    using Kind = OrderRequest::Kind;
    const OwnOrder* order = standing_order(slot, orders);
    if (order == nullptr) {
        if (!wanted || now < slot.retry_at) return std::nullopt;
        return OrderRequest{Kind::enter, instrument, side, wanted->price, wanted->quantity, UserRefNum{0}};
    }
    if (!order->settled_open()) return std::nullopt;
    if (!wanted) return OrderRequest{Kind::cancel, instrument, side, order->price, {}, order->user_ref_num};
    if (wanted->price == order->price && wanted->quantity >= order->leaves()) return std::nullopt;
    if (now < slot.retry_at) return std::nullopt;
    return OrderRequest{Kind::replace, instrument, side, wanted->price, wanted->quantity, order->user_ref_num};
}

}  // namespace colo
