// The housekeeping of a journal: writes what the trading thread appended to disk, and prepares segments ahead of it.
//
// Each step writes records that are not on disk yet (all, but for a backlog of megabytes), prepares a segment where one
// is missing, and reuses hot segments that are wholly on disk and synced. The first error of the disk is kept and ends
// draining: the trading thread polls `failed()` and stops trading; what is in memory stays there and is drained first
// by the next start.
//
// What power loss can take: everything after the last sync. Segments are synced when they end, at close, and every
// `sync_interval` in between (1 s unless configured), so at most that interval and the time of one step. What was
// synced is never lost, and what has to be certain soon is synced in the next step (`sync_soon`); recovery keeps the longest prefix of whole records. Orders after it are unknown to us, and are
// reconciled with the venue. SIGKILL loses nothing.
#pragma once

#include <atomic>
#include <deque>
#include <filesystem>
#include <memory>
#include <optional>

#include "engine/core/types.hpp"
#include "engine/journal/file.hpp"
#include "engine/journal/hot_segment.hpp"

namespace colo {

struct JournalConfig {
    std::filesystem::path directory;      // where the journal is kept, and read
    std::filesystem::path hot_directory;  // on tmpfs or hugetlbfs; this journal's alone
    std::uint64_t segment_bytes = 64ULL << 20;
    std::uint32_t segments_ahead = 2;     // prepared beyond the current one, 1 to PreparedSegments::capacity
    std::uint32_t hot_segments_max = 16;  // in memory at once, while the disk is behind
    Duration sync_interval = seconds(1);
};

// One thread calls step().
class JournalDrain {
public:
    // `current` is the segment that the writer continues in; its first `drained_bytes` are on disk already.
    JournalDrain(JournalConfig config, JournalIdentity identity, std::unique_ptr<HotSegment> current,
                 std::uint64_t drained_bytes);
    JournalDrain(const JournalDrain&) = delete;
    JournalDrain& operator=(const JournalDrain&) = delete;

    // Drains and prepares once; says whether there was anything to do, so that more may be waiting. `now` is a
    // monotonic time.
    bool step(Timestamp now);

    [[nodiscard]] bool failed() const { return failed_.load(std::memory_order_acquire); }
    // The first error, once failed() is true.
    [[nodiscard]] const JournalError& failure() const { return *failure_; }
    // Everything before this offset is on the disk's side of a write, so that readers of the directory see it.
    [[nodiscard]] JournalOffset drained_offset() const {
        return JournalOffset{drained_offset_.load(std::memory_order_acquire)};
    }

    // Everything before this offset survives power loss.
    [[nodiscard]] JournalOffset synced_offset() const {
        return JournalOffset{synced_offset_.load(std::memory_order_acquire)};
    }
    // The next step does not wait for `sync_interval` where something before this offset is not synced. Any thread.
    void sync_soon(JournalOffset offset) { wanted_offset_.store(offset.value(), std::memory_order_relaxed); }

    [[nodiscard]] PreparedSegments& prepared() { return prepared_; }
    // The writer has finished: writes and syncs the rest and removes the hot segments.
    [[nodiscard]] std::optional<JournalError> finish();

private:
    bool prepare_ahead();
    bool drain();
    bool write_until(std::uint64_t end);
    bool open_disk_file();
    bool retire_front();
    bool sync();
    bool fail(JournalError error);

    JournalConfig config_;
    JournalIdentity identity_;
    PreparedSegments prepared_;
    std::deque<std::unique_ptr<HotSegment>> live_;   // in use or prepared, oldest first
    std::deque<std::unique_ptr<HotSegment>> spare_;  // drained, ready to be reused
    std::uint64_t next_index_;
    JournalFile disk_file_;
    std::uint64_t drained_bytes_;  // of live_.front()
    bool synced_ = true;
    Timestamp last_sync_{};
    std::atomic<std::uint64_t> drained_offset_;
    std::atomic<std::uint64_t> synced_offset_;  // what recovery found was synced by it
    std::atomic<std::uint64_t> wanted_offset_{0};
    std::optional<JournalError> failure_;
    std::atomic<bool> failed_{false};
};

}  // namespace colo
