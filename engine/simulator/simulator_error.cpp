// The texts of system errors.
#include "engine/simulator/simulator_error.hpp"

#include <system_error>

namespace colo::simulator {

SimulatorError system_error(const std::string& what, int error_number) {
    return SimulatorError(what + ": " + std::generic_category().message(error_number));
}

}  // namespace colo::simulator
