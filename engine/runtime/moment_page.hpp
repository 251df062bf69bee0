// A moment of a journal as a page to read, and as JSON for programs. `python -m pipelines.moment` has it made by the
// release that traded.
#pragma once

#include <string>

#include "engine/runtime/config.hpp"
#include "engine/runtime/moment.hpp"

namespace colo {

// Instruments are named by the configuration that the moment was replayed with.
[[nodiscard]] std::string moment_page(const Moment& moment, const EngineConfig& config);
// Numbers are in the units of the engine: prices and money in 1e-4 dollars, times in Unix nanoseconds.
[[nodiscard]] nlohmann::ordered_json moment_json(const Moment& moment, const EngineConfig& config);

}  // namespace colo
