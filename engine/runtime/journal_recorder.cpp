// Threads of journal_recorder.hpp.
#include "engine/runtime/journal_recorder.hpp"

#include <chrono>
#include <stdexcept>

#include "engine/runtime/thread_placement.hpp"

namespace colo {

std::unique_ptr<Journal> open_journal(const EngineConfig& config, const std::filesystem::path& directory,
                                      const std::filesystem::path& hot_directory, std::uint64_t segment_bytes) {
    JournalConfig journal;
    journal.directory = directory;
    journal.hot_directory = hot_directory;
    journal.segment_bytes = segment_bytes;
    const JournalIdentity identity{config.site, config.mold_session, config.trading_day, config.release_digest,
                                   config.digest};
    auto opened = Journal::open(journal, identity);
    if (!opened) throw std::runtime_error(opened.error().to_string());
    return *std::move(opened);
}

Housekeeping::Housekeeping(Journal& journal, int cpu, std::function<void()> tell_progress)
    : journal_(journal), tell_progress_(std::move(tell_progress)), thread_([this] { run(); }) {
    try {
        pin_thread(thread_.native_handle(), cpu, "housekeeping");
    } catch (...) {
        end();
        throw;
    }
}

void Housekeeping::end() {
    stop_ = true;
    if (thread_.joinable()) thread_.join();
}

void Housekeeping::run() {
    const HostClock clock;
    Timestamp next_progress = clock.monotonic() + seconds(1);
    while (!stop_) {
        const Timestamp now = clock.monotonic();
        const bool busy = !journal_.drain().failed() && journal_.drain().step(now);
        if (now >= next_progress) {
            next_progress = now + seconds(1);
            tell_progress_();
        }
        if (!busy) std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
}

}  // namespace colo
