// Counters and latencies of a running engine in shared memory: any process reads them at any time, and nothing stops.
//
// The block describes itself, so that a reader needs no second list of names (monitoring/telemetry.py reads it):
//
//   TelemetryHeader                             lengths of everything that follows, and whose block it is
//   counters x {name, value}                    one 64-byte line each
//   histograms x {name, LatencyHistogram}
//
// One thread writes, with plain stores of whole numbers: each number is true, together they are not of one instant. The
// file lies where hot journal segments lie, because a mapping of a disk's file can stall its writer.
//
//   Telemetry telemetry(path, identity, {"feed/sequence"}, {"tick_to_trade"});
//   telemetry.set(0, 41);
//   telemetry.histogram(0).record(nanoseconds(740));
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/runtime/latency_histogram.hpp"

namespace colo {

// Whose block it is.
struct TelemetryIdentity {
    std::string site;
    std::string process;
    std::string version;
    std::string build_id;
    std::string release_digest;
};

struct TelemetryHeader {
    static constexpr char magic_text[8] = {'C', 'O', 'L', 'O', 'T', 'E', 'L', 'E'};
    static constexpr std::uint32_t format_version = 1;
    static constexpr std::size_t text_bytes = 72;

    char magic[8];
    std::uint32_t version;
    std::uint32_t counters;
    std::uint32_t counter_bytes;    // of one counter with its name
    std::uint32_t histograms;
    std::uint32_t histogram_bytes;  // of one histogram with its name
    std::uint32_t buckets;          // of one histogram
    std::uint32_t sub_bits;         // 2^sub_bits buckets for each power of two
    std::uint32_t process_id;
    std::int64_t started_ns;        // since the epoch
    char site[text_bytes];
    char process[text_bytes];
    char release_version[text_bytes];
    char build_id[text_bytes];
    char release_digest[text_bytes];
    char padding[40];
};
static_assert(sizeof(TelemetryHeader) == 448 && sizeof(TelemetryHeader) % 64 == 0);

class Telemetry {
public:
    static constexpr std::size_t name_bytes = 48;

    // An empty path keeps the block to this process. Throws std::system_error where the file cannot be made.
    Telemetry(const std::filesystem::path& path, const TelemetryIdentity& identity,
              const std::vector<std::string>& counters, const std::vector<std::string>& histograms);
    // Removes the file: an engine that ended in order leaves its summary.
    ~Telemetry();
    Telemetry(const Telemetry&) = delete;
    Telemetry& operator=(const Telemetry&) = delete;

    void set(std::size_t counter, std::int64_t value) {
        counters_[counter].value.store(value, std::memory_order_relaxed);
    }
    [[nodiscard]] LatencyHistogram& histogram(std::size_t index) { return histograms_[index].histogram; }
    [[nodiscard]] const LatencyHistogram& histogram(std::size_t index) const { return histograms_[index].histogram; }
    // Nothing where no counter has this name. For readers: it searches.
    [[nodiscard]] std::optional<std::int64_t> value(std::string_view name) const;

private:
    struct NamedCounter {
        char name[name_bytes];
        std::atomic<std::int64_t> value;
        char padding[8];
    };
    struct NamedHistogram {
        char name[name_bytes];
        LatencyHistogram histogram;
    };
    static_assert(sizeof(NamedCounter) == 64 && std::atomic<std::int64_t>::is_always_lock_free);

    [[nodiscard]] TelemetryHeader& header() { return *static_cast<TelemetryHeader*>(memory_); }

    std::filesystem::path path_;
    std::size_t counter_count_;
    std::size_t bytes_;
    void* memory_;
    NamedCounter* counters_;
    NamedHistogram* histograms_;
};

}  // namespace colo
