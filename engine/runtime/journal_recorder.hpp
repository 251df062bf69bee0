// The engine's journal as its loop uses it, and the housekeeping thread beside it.
#pragma once

#include <sched.h>

#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "engine/journal/journal.hpp"
#include "engine/runtime/clock.hpp"
#include "engine/runtime/config.hpp"

namespace colo {

// The journal of a process of this configuration. Throws one sentence where it cannot be opened.
[[nodiscard]] std::unique_ptr<Journal> open_journal(const EngineConfig& config, const std::filesystem::path& directory,
                                                    const std::filesystem::path& hot_directory,
                                                    std::uint64_t segment_bytes);

// Appends; where the next segment is not prepared yet, waits for housekeeping, but not for ever.
class JournalRecorder {
public:
    explicit JournalRecorder(Journal& journal) : journal_(journal) {}

    [[nodiscard]] bool append(const RecordFields& fields, Bytes payload) {
        const Appended appended = journal_.writer().append(fields, payload);
        if (appended) return true;
        return appended.status == AppendStatus::segment_not_ready ? append_late(fields, payload) : refuse(appended.status);
    }
    // What has been appended so far is to survive power loss soon, and whether it does.
    void sync_soon() {
        wanted_ = journal_.writer().next_offset();
        journal_.drain().sync_soon(wanted_);
    }
    [[nodiscard]] bool synced() const { return journal_.drain().synced_offset() >= wanted_; }
    [[nodiscard]] bool failed() const { return journal_.drain().failed(); }
    [[nodiscard]] std::string failure() const {
        return "journal: " + (failed() ? journal_.drain().failure().to_string() : std::string(to_string(refused_)));
    }

private:
    bool append_late(const RecordFields& fields, Bytes payload) {
        const Timestamp deadline = clock_.monotonic() + seconds(5);
        while (!failed() && clock_.monotonic() < deadline) {
            ::sched_yield();
            const Appended appended = journal_.writer().append(fields, payload);
            if (appended) return true;
            if (appended.status != AppendStatus::segment_not_ready) return refuse(appended.status);
        }
        return refuse(AppendStatus::segment_not_ready);
    }
    bool refuse(AppendStatus status) {
        refused_ = status;
        return false;
    }

    Journal& journal_;
    HostClock clock_;
    JournalOffset wanted_;
    AppendStatus refused_{AppendStatus::appended};
};

// Drains the journal every two milliseconds, and tells progress once a second, away from the trading thread.
class Housekeeping {
public:
    Housekeeping(Journal& journal, int cpu, std::function<void()> tell_progress);
    ~Housekeeping() { end(); }
    Housekeeping(const Housekeeping&) = delete;
    Housekeeping& operator=(const Housekeeping&) = delete;

    // Before Journal::close().
    void end();

private:
    void run();
    Journal& journal_;
    std::function<void()> tell_progress_;
    std::atomic<bool> stop_{false};
    std::thread thread_;
};

}  // namespace colo
