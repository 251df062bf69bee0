// The venue's refusals, each with its reason of OUCH 5.0, appendix D.
#include "engine/simulator/order_checks.hpp"

namespace colo::simulator {
namespace {

using ouch50::Option;
using ouch50::RejectReason;
using ouch50::TimeInForce;

[[nodiscard]] std::uint32_t integer(const ouch50::OptionValue& option) {
    return load_big_endian<std::uint32_t>(option.value.data());
}
[[nodiscard]] char character(const ouch50::OptionValue& option) { return static_cast<char>(option.value[0]); }

[[nodiscard]] MaybeReject check_option(const ouch50::OptionValue& option) {
    switch (option.option) {
    case Option::firm: case Option::customer_type: case Option::expire_time: case Option::trade_now:
    case Option::group_id: case Option::shares_located:
        return std::nullopt;
    case Option::post_only:
        if (character(option) == 'P' || character(option) == 'N') return std::nullopt;
        return RejectReason::other;
    case Option::min_qty:
        if (integer(option) == 0) return std::nullopt;
        return RejectReason::invalid_min_quantity;
    case Option::max_floor: case Option::random_reserves:
        if (integer(option) == 0) return std::nullopt;
        return RejectReason::invalid_max_floor;
    case Option::price_type:
        if (character(option) == 'L') return std::nullopt;
        return RejectReason::invalid_peg_type;
    case Option::peg_offset: case Option::discretion_price: case Option::discretion_price_type:
    case Option::discretion_peg_offset:
        return RejectReason::pegging_not_allowed;
    case Option::route: return RejectReason::routing_not_allowed;
    case Option::handle_inst: return RejectReason::invalid_cross_order;
    default: return RejectReason::other;
    }
}

[[nodiscard]] MaybeReject check_time_in_force(TimeInForce time_in_force) {
    switch (time_in_force) {
    case TimeInForce::day: case TimeInForce::immediate_or_cancel: case TimeInForce::extended_hours:
    case TimeInForce::good_till_time:
        return std::nullopt;
    case TimeInForce::after_hours: return RejectReason::destination_closed;
    }
    return RejectReason::other;
}

[[nodiscard]] MaybeReject check_display(ouch50::Display display) {
    if (display == ouch50::Display::visible || display == ouch50::Display::attributable) return std::nullopt;
    return RejectReason::invalid_display;
}

}  // namespace

OrderOptions read_options(ouch50::Appendage appendage) {
    OrderOptions options;
    for (const ouch50::OptionValue option : appendage) {
        if (const MaybeReject reject = check_option(option)) options.reject = reject;
        if (option.option == Option::post_only) options.post_only = character(option) == 'P';
        if (option.option == Option::expire_time) options.expire_time_s = integer(option);
    }
    return options;
}

MaybeReject check(const ouch50::EnterOrder& order) {
    const char side = static_cast<char>(order.side);
    if (side != 'B' && side != 'S' && side != 'T' && side != 'E') return RejectReason::invalid_side;
    if (!valid_quantity(order.quantity)) return RejectReason::invalid_quantity;
    if (!valid_price(order.price)) return RejectReason::invalid_price;
    if (const MaybeReject reject = check_time_in_force(order.time_in_force)) return reject;
    if (const MaybeReject reject = check_display(order.display)) return reject;
    if (order.cross_type != 'N') return RejectReason::invalid_cross_order;
    return std::nullopt;
}

MaybeReject check(const ouch50::ReplaceOrder& order) {
    if (const MaybeReject reject = check_time_in_force(order.time_in_force)) return reject;
    return check_display(order.display);
}

}  // namespace colo::simulator
