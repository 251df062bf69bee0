// What a strategy is to the engine: it sees the market and answers with the quotes that it wants to stand.
//
// The engine compares wanted quotes with the orders that stand, and enters, replaces or cancels; a strategy may look at its
// orders and never names one. It is a value with state of its own, told everything in the journal's order, so that a
// replay takes the same decisions. Nothing in a decision may allocate, wait or ask for the time.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>

#include "engine/core/types.hpp"
#include "engine/orders/order.hpp"
#include "engine/orders/order_table.hpp"
#include "engine/runtime/market_view.hpp"

namespace colo {

struct Quote {
    Price price;
    Quantity quantity;
    bool operator==(const Quote&) const = default;
};

// The quotes that should stand; none: no order on that side.
struct Quotes {
    std::optional<Quote> bid;
    std::optional<Quote> ask;
};

// `on_book` is asked after each message of a traded instrument; `on_fill` tells each fill, and with `broken` set that a
// fill was taken back.
template <class S>
concept Strategy = requires(S strategy, const MarketView& market, const Fill& fill) {
    { strategy.on_book(market) } -> std::same_as<Quotes>;
    { strategy.on_fill(fill) } -> std::same_as<void>;
};

}  // namespace colo
