// What stops the simulator before or while it plays: one sentence that names the field, file, offset or port.
// It is thrown on cold paths only (start, files, sockets) and printed by main, never while an order is matched.
#pragma once

#include <stdexcept>
#include <string>

namespace colo::simulator {

class SimulatorError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

// "what: why", where why is the text of errno.
[[nodiscard]] SimulatorError system_error(const std::string& what, int error_number);

}  // namespace colo::simulator
