// A bounded queue between any number of threads: for what is off the path of an order, such as log lines and metrics.
//
// Each slot carries a turn: the ticket that may fill it next, or that ticket plus one once it is filled. A thread takes
// a ticket by moving the shared counter only after it saw that the slot of that ticket is ready, so that no thread ever
// waits for another one, and a full or an empty ring is a value (D. Vyukov's bounded queue). The counters are what
// all producers, or all consumers, fight over: a bulk call moves its counter once for the whole batch. Neighbouring
// tickets lie on different lines, so that a producer does not pull away the line in which its neighbour is writing.
// Where there is one producer and one consumer, spsc_ring.hpp is many times faster.
//
//   auto ring = std::make_unique<MpmcRing<LogLine, 4096>>();
//   if (!ring->push(line)) ++lines_dropped;
//   LogLine next;
//   while (ring->pop(next)) write(next);
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

#include "engine/core/ring_memory.hpp"

namespace colo {

template <class T, std::size_t capacity_, class Memory = HardwareMemory>
class MpmcRing {
    static_assert(std::is_trivially_copyable_v<T>, "elements are copied between processes as bytes");
    static_assert(std::has_single_bit(capacity_) && capacity_ >= 2);

    using Word = typename Memory::template Atomic<std::uint64_t>;

public:
    static constexpr std::size_t capacity = capacity_;

    MpmcRing() {
        for (std::uint64_t ticket = 0; ticket < capacity; ++ticket) {
            slot(ticket).turn.store(ticket, std::memory_order_relaxed);
        }
    }

    // False where the ring is full.
    [[nodiscard]] bool push(const T& element) { return push(std::span{&element, 1}) == 1; }
    // How many of the elements, from the first, there was room for; they stay together and in order.
    [[nodiscard]] std::size_t push(std::span<const T> elements) {
        std::uint64_t first = 0;
        const std::size_t count = claim(pushed_, 0, elements.size(), first);
        for (std::size_t i = 0; i < count; ++i) {
            Slot& filled = slot(first + i);
            filled.element.write(elements[i]);
            filled.turn.store(first + i + 1, std::memory_order_release);
        }
        return count;
    }

    // False where the ring is empty.
    [[nodiscard]] bool pop(T& element) { return pop(std::span{&element, 1}) == 1; }
    // How many elements were there, up to the length of `into`; in the order of their tickets.
    [[nodiscard]] std::size_t pop(std::span<T> into) {
        std::uint64_t first = 0;
        const std::size_t count = claim(popped_, 1, into.size(), first);
        for (std::size_t i = 0; i < count; ++i) {
            Slot& emptied = slot(first + i);
            into[i] = emptied.element.read();
            emptied.turn.store(first + i + capacity, std::memory_order_release);
        }
        return count;
    }

private:
    struct Slot {
        Word turn{0};
        typename Memory::template Cell<T> element;
    };
    static constexpr std::uint64_t slots_a_line = cache_line_bytes / sizeof(Slot);

    // Rotates the bits of the place, so that tickets that follow each other lie on different lines.
    [[nodiscard]] static constexpr std::uint64_t place_of(std::uint64_t ticket) {
        const std::uint64_t place = ticket % capacity;
        if constexpr (!std::has_single_bit(slots_a_line) || slots_a_line < 2 || capacity < 4 * slots_a_line) {
            return place;
        } else {
            constexpr std::uint64_t lines = capacity / slots_a_line;
            return place % lines * slots_a_line + place / lines;
        }
    }
    [[nodiscard]] Slot& slot(std::uint64_t ticket) { return slots_[place_of(ticket)]; }

    [[nodiscard]] bool ready(std::uint64_t ticket, std::uint64_t filled) {
        return slot(ticket).turn.load(std::memory_order_acquire) == ticket + filled;
    }

    // Takes up to `wanted` tickets whose slots have the turn `ticket + filled`; how many, and the first of them.
    [[nodiscard]] std::size_t claim(Word& counter, std::uint64_t filled, std::size_t wanted, std::uint64_t& first) {
        first = counter.load(std::memory_order_relaxed);
        for (;;) {
            std::size_t count = 0;
            while (count < wanted && ready(first + count, filled)) ++count;
            if (count > 0) {
                if (counter.compare_exchange_weak(first, first + count, std::memory_order_relaxed)) return count;
            } else {
                // Not ready: the ring is full or empty, unless others have moved on since the counter was read.
                const std::uint64_t now = counter.load(std::memory_order_relaxed);
                if (now == first) return 0;
                first = now;
            }
        }
    }

    alignas(separation_bytes) Word pushed_{0};
    alignas(separation_bytes) Word popped_{0};
    alignas(separation_bytes) std::array<Slot, capacity> slots_;
};

static_assert(std::is_standard_layout_v<MpmcRing<std::uint64_t, 64>>);
static_assert(std::is_trivially_destructible_v<MpmcRing<std::uint64_t, 64>>);

}  // namespace colo
