// One value in shared memory that one thread writes and others read whole, and neither waits for the other.
//
// The count is odd while somebody writes, so a reader that saw the same even count before and after has read one value
// whole. Boehm, "Can seqlocks get along with programming language memory models?", MSPC 2012.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstdint>
#include <optional>
#include <type_traits>
#include <utility>

namespace colo {

// Its memory is zero before the first write.
template <class T>
class Seqlock {
    static_assert(std::is_trivially_copyable_v<T> && sizeof(T) % 8 == 0);
    using Words = std::array<std::uint64_t, sizeof(T) / 8>;

public:
    [[nodiscard]] std::uint64_t count() const { return count_.load(std::memory_order_relaxed); }

    void write(const T& value) {
        const auto words = std::bit_cast<Words>(value);
        const std::uint64_t odd = count_.load(std::memory_order_relaxed) | 1;  // odd already where a writer died
        count_.store(odd, std::memory_order_relaxed);
        std::atomic_thread_fence(std::memory_order_release);
        for (std::size_t i = 0; i < words.size(); ++i) words_[i].store(words[i], std::memory_order_relaxed);
        count_.store(odd + 1, std::memory_order_release);
    }
    // The value and the count that belongs to it; nothing while it is being written.
    [[nodiscard]] std::optional<std::pair<T, std::uint64_t>> read() const {
        Words words;
        const std::uint64_t before = count_.load(std::memory_order_acquire);
        for (std::size_t i = 0; i < words.size(); ++i) words[i] = words_[i].load(std::memory_order_relaxed);
        std::atomic_thread_fence(std::memory_order_acquire);
        if (before % 2 == 1 || count_.load(std::memory_order_relaxed) != before) return std::nullopt;
        return std::pair{std::bit_cast<T>(words), before};
    }
    // For those who can wait: a writer needs less than some microseconds. Nothing where one died while it wrote.
    [[nodiscard]] std::optional<T> read_patiently() const {
        for (int attempt = 0; attempt < 1'000; ++attempt)
            if (const auto found = read()) return found->first;
        return std::nullopt;
    }

private:
    std::atomic<std::uint64_t> count_{0};
    std::array<std::atomic<std::uint64_t>, sizeof(T) / 8> words_{};
};

}  // namespace colo
