// What an instrument does now, as far as its feed has said: strategies decide by it, and the risk gate refuses by it.
#pragma once

#include <cstdint>
#include <string_view>

namespace colo {

enum class TradingPhase : std::uint8_t {
    closed,      // before the opening of market hours and after their end
    continuous,  // orders match as they come
    auction,     // a quotation period before a cross
    halted,      // halted or paused
};
[[nodiscard]] constexpr std::string_view name_of(TradingPhase phase) {
    constexpr std::string_view names[] = {"closed", "continuous", "auction", "halted"};
    return names[static_cast<std::size_t>(phase)];
}

}  // namespace colo
