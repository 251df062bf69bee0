// Counts of latencies in buckets of at most 1/32 relative width, for percentiles without keeping the values.
//
// Recording is an index and an increment; nothing allocates after construction.
//
//   LatencyHistogram histogram;
//   histogram.record(nanoseconds(740));
//   Duration p99 = histogram.percentile(0.99);   // upper edge of the bucket: never below the true value
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>

#include "engine/core/types.hpp"

namespace colo {

class LatencyHistogram {
public:
    void record(Duration latency) {
        const auto value = static_cast<std::uint64_t>(std::max<std::int64_t>(latency.value(), 0));
        ++counts_[bucket_of(value)];
        ++count_;
        max_ = std::max(max_, value);
    }

    [[nodiscard]] std::uint64_t count() const { return count_; }
    [[nodiscard]] Duration max() const { return Duration{static_cast<std::int64_t>(max_)}; }
    // The smallest recorded width that holds this fraction of all values; zero where nothing was recorded.
    [[nodiscard]] Duration percentile(double fraction) const {
        const auto wanted = static_cast<std::uint64_t>(fraction * static_cast<double>(count_));
        std::uint64_t seen = 0;
        for (std::size_t bucket = 0; bucket < counts_.size(); ++bucket) {
            seen += counts_[bucket];
            if (seen > wanted || (seen == count_ && seen > 0))
                return Duration{static_cast<std::int64_t>(std::min(upper_edge(bucket), max_))};
        }
        return Duration{0};
    }

private:
    static constexpr unsigned sub_bits = 5;  // 32 buckets for each power of two

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

    std::array<std::uint64_t, (64 - sub_bits + 1) << sub_bits> counts_{};
    std::uint64_t count_ = 0;
    std::uint64_t max_ = 0;
};

}  // namespace colo
