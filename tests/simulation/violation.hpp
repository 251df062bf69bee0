// A broken invariant: ends the run of a seed and says which invariant and how.
#pragma once

#include <string>

namespace colo::simulation {

struct Violation {
    std::string invariant;
    std::string detail;
};

// `detail` is called only where the condition does not hold.
template <class Detail>
void require(bool holds, const char* invariant, Detail&& detail) {
    if (!holds) throw Violation{invariant, detail()};
}

}  // namespace colo::simulation
