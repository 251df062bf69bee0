// What the venue refuses in an order before it looks at the book: values out of range and order types that this
// simulated venue does not have. Pure functions of the message.
#pragma once

#include <cstdint>
#include <optional>

#include "engine/protocol/ouch50.hpp"

namespace colo::simulator {

using MaybeReject = std::optional<ouch50::RejectReason>;

// The minimum price variation of Regulation NMS, rule 612: a cent from one dollar up.
[[nodiscard]] constexpr bool on_tick(Price price) {
    return price >= Price{10'000} ? price % Price{100} == Price{0} : price > Price{0};
}
[[nodiscard]] constexpr bool valid_price(Price price) { return price <= ouch50::price_max && on_tick(price); }
[[nodiscard]] constexpr bool valid_quantity(Quantity quantity) {
    return quantity > Quantity{0} && quantity < ouch50::quantity_below;
}

// The optional attributes that matter to the matching.
struct OrderOptions {
    MaybeReject reject;
    bool post_only = false;
    std::uint32_t expire_time_s = 0;  // 0: none was given
};
[[nodiscard]] OrderOptions read_options(ouch50::Appendage appendage);

// Everything but options, symbol and trading state.
[[nodiscard]] MaybeReject check(const ouch50::EnterOrder& order);
// Attributes that a replacement may not take, although its prices and quantities are valid.
[[nodiscard]] MaybeReject check(const ouch50::ReplaceOrder& order);

}  // namespace colo::simulator
