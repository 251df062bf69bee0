// Time as an argument: the host's clock live, a clock that is set by hand in tests and simulation.
#pragma once

#include <time.h>

#include <concepts>

#include "engine/core/types.hpp"

namespace colo {

// `now` is Unix time, which the kernel's receive times share; `monotonic` never steps, for timeouts.
template <class T>
concept Clock = requires(const T clock) {
    { clock.now() } -> std::same_as<Timestamp>;
    { clock.monotonic() } -> std::same_as<Timestamp>;
};

class HostClock {
public:
    [[nodiscard]] Timestamp now() const { return read(CLOCK_REALTIME); }
    [[nodiscard]] Timestamp monotonic() const { return read(CLOCK_MONOTONIC); }

private:
    // Through the vDSO: no system call.
    static Timestamp read(clockid_t clock) {
        timespec time;
        ::clock_gettime(clock, &time);
        return Timestamp{static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec};
    }
};

static_assert(Clock<HostClock>);

}  // namespace colo
