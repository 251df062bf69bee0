// The memory that a ring lives in: atomics and cells as the machine has them.
//
// Rings take it as a parameter, because the tests put a model of the C++ memory in its place that enumerates what two
// threads may see of each other, stale values included (tests/engine/model_memory.hpp).
#pragma once

#include <atomic>
#include <cstddef>

namespace colo {

// What must not share a line lies this far apart: lines are 64 bytes, but the prefetchers of x86 fetch them in pairs
// (Intel optimization manual, 3.7.3), and a pair that two cores write to travels as one line would.
inline constexpr std::size_t separation_bytes = 128;
inline constexpr std::size_t cache_line_bytes = 64;

struct HardwareMemory {
    template <class T>
    using Atomic = std::atomic<T>;

    // A value that one thread at a time may touch; which one, the atomics around it say.
    template <class T>
    struct Cell {
        T value;
        [[nodiscard]] const T& read() const { return value; }
        void write(const T& next) { value = next; }
    };

    // Lines that will be needed, asked for together: they then come in the time of one.
    static void fetch_to_read(const void* line) { __builtin_prefetch(line, 0); }
    static void fetch_to_write(const void* line) { __builtin_prefetch(line, 1); }
    // About as long as a line travels: whoever polls a line faster than that only takes it from the one that writes it.
    static void pause() {
        for (int i = 0; i < 16; ++i) {
#if defined(__x86_64__)
            __builtin_ia32_pause();
#else
            std::atomic_signal_fence(std::memory_order_seq_cst);
#endif
        }
    }
};

}  // namespace colo
