// Opens the journal of an engine: recovers what an earlier process left, then hands out its writer and its drain.
//
//   auto opened = Journal::open(config, identity);             // what a dead process left in memory is on disk now
//   if (!opened) fail(opened.error().to_string());
//   Journal& journal = **opened;
//   auto reader = JournalReader::open(config.directory);        // replay it to rebuild the engine's state
//   journal.drain().step(now);                                  // from the housekeeping thread, every few milliseconds
//   Appended appended = journal.writer().append(fields, payload);
//   ... if (journal.drain().failed()) halt(journal.drain().failure().to_string());
//   if (auto error = journal.close()) fail(error->to_string()); // after the housekeeping thread has ended
#pragma once

#include <memory>
#include <optional>

#include "engine/journal/drain.hpp"
#include "engine/journal/file.hpp"
#include "engine/journal/recovery.hpp"
#include "engine/journal/writer.hpp"

namespace colo {

class Journal {
public:
    [[nodiscard]] static Result<std::unique_ptr<Journal>, JournalError> open(const JournalConfig& config,
                                                                             const JournalIdentity& identity);
    // Closes; an error then is lost, but the data is not: it stays in the hot directory.
    ~Journal();
    Journal(const Journal&) = delete;
    Journal& operator=(const Journal&) = delete;

    [[nodiscard]] JournalWriter& writer() { return writer_; }
    [[nodiscard]] JournalDrain& drain() { return drain_; }
    [[nodiscard]] const JournalRecovery& recovery() const { return recovery_; }
    // Drains all, syncs, removes the hot segments and lets another process open the journal. Nothing may append or
    // step any more. Calling it twice does nothing the second time.
    [[nodiscard]] std::optional<JournalError> close();

private:
    Journal(const JournalConfig& config, const JournalIdentity& identity, std::unique_ptr<HotSegment> current,
            std::uint64_t drained_bytes, const JournalRecovery& recovery, JournalFile lock);

    JournalRecovery recovery_;
    JournalFile lock_;
    HotSegment& first_;
    JournalDrain drain_;
    JournalWriter writer_;
};

}  // namespace colo
