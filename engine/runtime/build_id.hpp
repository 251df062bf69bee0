// The linker's digest of the running program: tells which build this is, whatever it is called and wherever it lies.
#pragma once

#include <string>

namespace colo {

// In hexadecimal; empty where the program was linked without one.
[[nodiscard]] std::string build_id();

}  // namespace colo
