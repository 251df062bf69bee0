// Two threads on two cores of this machine, for what is measured between cores.
#pragma once

#include <pthread.h>
#include <sched.h>

#include <array>
#include <atomic>
#include <thread>
#include <utility>

#include "engine/bench/measure.hpp"

namespace colo::bench {

// The first two processors that this process may run on.
[[nodiscard]] inline std::array<int, 2> two_processors() {
    cpu_set_t allowed;
    CPU_ZERO(&allowed);
    if (::sched_getaffinity(0, sizeof allowed, &allowed) != 0) fail("the allowed processors cannot be read");
    std::array<int, 2> found{};
    std::size_t count = 0;
    for (int cpu = 0; cpu < CPU_SETSIZE && count < found.size(); ++cpu) {
        if (CPU_ISSET(cpu, &allowed)) found[count++] = cpu;
    }
    if (count < found.size()) fail("two processors are needed to measure between them");
    return found;
}

inline void pin_to(int cpu) {
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    if (::pthread_setaffinity_np(::pthread_self(), sizeof one, &one) != 0) fail("a thread cannot be pinned");
}

// Runs both at once, each on a core of its own; nanoseconds from the start until `first` has returned.
template <class First, class Second>
[[nodiscard]] double nanoseconds_on_two_cores(First&& first, Second&& second) {
    const std::array<int, 2> cpus = two_processors();
    std::atomic<int> ready{0};
    const auto meet = [&](int cpu) {
        pin_to(cpu);
        ready.fetch_add(1);
        while (ready.load() < 2) {}
    };
    double nanoseconds = 0;
    std::thread other([&] {
        meet(cpus[1]);
        second();
    });
    std::thread one([&] {
        meet(cpus[0]);
        nanoseconds = nanoseconds_of(first);
    });
    one.join();
    other.join();
    return nanoseconds;
}

}  // namespace colo::bench
