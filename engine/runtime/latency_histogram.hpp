// Counts of latencies in buckets of at most 1/32 relative width, for percentiles without keeping the values.
//
// Recording is an index and an increment; nothing allocates after construction. One thread records; any other, in any
// process that maps the memory, may read meanwhile.
//
//   LatencyHistogram histogram;
//   histogram.record(nanoseconds(740));
//   Duration p99 = histogram.percentile(0.99);   // upper edge of the bucket: never below the true value
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstdint>

#include "engine/core/types.hpp"

namespace colo {

class LatencyHistogram {
public:
    void record(Duration latency) {
        const auto value = static_cast<std::uint64_t>(std::max<std::int64_t>(latency.value(), 0));
        add(counts_[bucket_of(value)], 1);
        add(sum_, value);
        add(count_, 1);
        if (value > read(max_)) max_.store(value, std::memory_order_relaxed);
    }

    [[nodiscard]] std::uint64_t count() const { return read(count_); }
    [[nodiscard]] Duration max() const { return Duration{static_cast<std::int64_t>(read(max_))}; }
    // The smallest recorded width that holds this fraction of all values; zero where nothing was recorded.
    [[nodiscard]] Duration percentile(double fraction) const {
        const std::uint64_t count = read(count_);
        const auto wanted = static_cast<std::uint64_t>(fraction * static_cast<double>(count));
        std::uint64_t seen = 0;
        for (std::size_t bucket = 0; bucket < counts_.size(); ++bucket) {
            seen += read(counts_[bucket]);
            if (seen > wanted || (seen == count && seen > 0))
                return Duration{static_cast<std::int64_t>(std::min(upper_edge(bucket), read(max_)))};
        }
        return Duration{0};
    }

    static constexpr unsigned sub_bits = 5;  // 32 buckets for each power of two
    static constexpr std::size_t bucket_count = (64 - sub_bits + 1) << sub_bits;

private:
    using Count = std::atomic<std::uint64_t>;
    static_assert(Count::is_always_lock_free);
    static std::uint64_t read(const Count& count) { return count.load(std::memory_order_relaxed); }
    // The only writer needs no locked instruction.
    static void add(Count& count, std::uint64_t more) { count.store(read(count) + more, std::memory_order_relaxed); }

    static constexpr std::size_t bucket_of(std::uint64_t value) {
        if (value < (1u << sub_bits)) return static_cast<std::size_t>(value);
        const unsigned shift = static_cast<unsigned>(std::bit_width(value)) - 1 - sub_bits;
        return (static_cast<std::size_t>(shift + 1) << sub_bits) + static_cast<std::size_t>((value >> shift) & 31u);
    }
    static constexpr std::uint64_t upper_edge(std::size_t bucket) {
        if (bucket < (1u << sub_bits)) return bucket;
        const std::size_t shift = (bucket >> sub_bits) - 1;
        return (((32u + (static_cast<std::uint64_t>(bucket) & 31u)) + 1) << shift) - 1;
    }

    Count count_{0};
    Count sum_{0};
    Count max_{0};
    std::array<Count, bucket_count> counts_{};
};

}  // namespace colo
