// What an instrument does now, as far as its feed has said: strategies decide by it, and the risk gate refuses by it.
#pragma once

#include <cstdint>

namespace colo {

enum class TradingPhase : std::uint8_t {
    closed,      // before the opening of market hours and after their end
    continuous,  // orders match as they come
    auction,     // a quotation period before a cross
    halted,      // halted or paused
};

}  // namespace colo
