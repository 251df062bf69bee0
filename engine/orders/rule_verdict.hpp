// What one rule of the risk gate says of one order, with the figures that it compared: for whoever looks at a moment
// afterwards. The gate itself stops at the first rule that refuses.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "engine/orders/risk_limits.hpp"

namespace colo {

struct RuleVerdict {
    RiskRule rule{};
    RiskLevel level{RiskLevel::firm};   // whose limit it is
    bool refused = false;
    std::string_view unit;              // of value and limit; empty: the value is 1 where the rule finds what it forbids
    std::optional<std::int64_t> value;  // nothing where the rule has nothing to look at
    std::optional<std::int64_t> limit;  // nothing: no level sets one
};

}  // namespace colo
