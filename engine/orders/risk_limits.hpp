// The rules of the pre-trade risk gate, the regulation that each serves, and the nested levels that set their limits.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "engine/core/types.hpp"

namespace colo {

// The value is stored in journals, so it never changes its meaning: a new rule comes last.
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
    last_trade_collar = 10,
    order_rate = 11,
    duplicate_order = 12,
    self_trade = 13,
    restricted_list = 14,
    short_sale = 15,
    trading_phase = 16,
    loss_limit = 17,
    cancel_on_disconnect = 18,
};
constexpr std::size_t risk_rule_count = 18;

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
    {RiskRule::last_trade_collar, "last_trade_collar", "15c3-5 (c)(1)(ii) (price parameters); RTS 6 article 15(1)(a)"},
    {RiskRule::order_rate, "order_rate", "15c3-5 (c)(1)(ii) (orders over a short period); RTS 6 article 15(3)"},
    {RiskRule::duplicate_order, "duplicate_order", "15c3-5 (c)(1)(ii) (duplicative orders); RTS 6 article 15(3)"},
    {RiskRule::self_trade, "self_trade", "15c3-5 (c)(2)(i): FINRA rule 5210.02 (self-trades)"},
    {RiskRule::restricted_list, "restricted_list", "15c3-5 (c)(2)(ii) (securities that may not be traded)"},
    {RiskRule::short_sale, "short_sale", "15c3-5 (c)(2)(i): Regulation SHO rule 201 (17 CFR 242.201)"},
    {RiskRule::trading_phase, "trading_phase", "15c3-5 (c)(2)(i) (regulatory requirements before entry)"},
    {RiskRule::loss_limit, "loss_limit", "15c3-5 (c)(1)(i) (capital thresholds); RTS 6 article 15(4)"},
    {RiskRule::cancel_on_disconnect, "cancel_on_disconnect", "RTS 6 article 12 (open orders can be cancelled)"},
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
    std::int64_t last_trade_collar_bps = unlimited;
    Quantity order_quantity_max{unlimited};
    Quantity position_max{unlimited};
    Notional notional_max{unlimited};
    Notional gross_notional_max{unlimited};
    std::uint32_t messages_max = 0;  // 0: no limit
    Duration message_window;
    std::uint32_t orders_max = 0;  // 0: no limit
    Duration order_window;
    std::uint32_t duplicates_max = unlimited_duplicates;
    Duration duplicate_window;
    Notional loss_max{unlimited};

    static constexpr std::uint32_t unlimited_duplicates = std::numeric_limits<std::uint32_t>::max();
};

// The limits of one named level; at instrument level the name is a symbol, at strategy level a strategy.
struct RiskLevelLimits {
    RiskLevel level{RiskLevel::firm};
    std::string name;
    RiskLimits limits;
};

}  // namespace colo
