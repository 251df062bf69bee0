// The rules of the pre-trade risk gate, the regulation that each serves, and the nested levels that set their limits.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "engine/core/types.hpp"

namespace colo {

// In the order in which the gate asks; the value is stored in journals, so it never changes its meaning.
enum class RiskRule : std::uint16_t {
    kill_switch = 1,
    halted_instrument = 2,
    order_quantity = 3,
    notional = 4,
    price_collar = 5,
    position = 6,
    gross_notional = 7,
    message_rate = 8,
    order_numbers = 9,
};
constexpr std::size_t risk_rule_count = 9;

struct RiskRuleName {
    RiskRule rule;
    std::string_view name;
    std::string_view regulation;
};

// 15c3-5 is 17 CFR 240.15c3-5 (market access); RTS 6 is Commission Delegated Regulation (EU) 2017/589.
inline constexpr RiskRuleName risk_rule_names[risk_rule_count] = {
    {RiskRule::kill_switch, "kill_switch", "RTS 6 article 12 (kill functionality); 15c3-5 (c)(1)"},
    {RiskRule::halted_instrument, "halted_instrument", "15c3-5 (c)(2)(i) (regulatory requirements before entry)"},
    {RiskRule::order_quantity, "order_quantity", "15c3-5 (c)(1)(ii) (size parameters); RTS 6 article 15(1)(c)"},
    {RiskRule::notional, "notional", "15c3-5 (c)(1)(ii); RTS 6 article 15(1)(b) (maximum order value)"},
    {RiskRule::price_collar, "price_collar", "15c3-5 (c)(1)(ii) (price parameters); RTS 6 article 15(1)(a)"},
    {RiskRule::position, "position", "15c3-5 (c)(1)(i); RTS 6 article 15(4) (market and credit risk limits)"},
    {RiskRule::gross_notional, "gross_notional", "15c3-5 (c)(1)(i) (pre-set credit or capital thresholds)"},
    {RiskRule::message_rate, "message_rate", "15c3-5 (c)(1)(ii); RTS 6 article 15(1)(d) (maximum messages)"},
    {RiskRule::order_numbers, "order_numbers", "RTS 6 article 15(3) (automated execution throttle)"},
};
[[nodiscard]] constexpr const RiskRuleName& describe(RiskRule rule) {
    return risk_rule_names[static_cast<std::size_t>(rule) - 1];
}

enum class RiskLevel : std::uint8_t { firm, account, session, strategy, instrument };
constexpr std::size_t risk_level_count = 5;
[[nodiscard]] constexpr std::string_view name_of(RiskLevel level) {
    constexpr std::string_view names[risk_level_count] = {"firm", "account", "session", "strategy", "instrument"};
    return names[static_cast<std::size_t>(level)];
}

// A limit that a level does not set is the largest number.
struct RiskLimits {
    static constexpr std::int64_t unlimited = std::numeric_limits<std::int64_t>::max();

    std::int64_t price_collar_bps = unlimited;
    Quantity order_quantity_max{unlimited};
    Quantity position_max{unlimited};
    Notional notional_max{unlimited};
    Notional gross_notional_max{unlimited};
    std::uint32_t messages_max = 0;  // 0: no limit
    Duration message_window;
};

// The limits of one named level; at instrument level the name is a symbol, at strategy level a strategy.
struct RiskLevelLimits {
    RiskLevel level{RiskLevel::firm};
    std::string name;
    RiskLimits limits;
};

}  // namespace colo
