// Brings a journal that an earlier process left into the state that close() would have left: everything that was
// appended is in the directory, the hot directory holds nothing, and the end is cut after the last whole record.
//
// Hot segments of a process that died are drained first. What is cut, and only a record that was never completed is
// ever cut, is kept beside the segment in a file `<segment>.torn-<byte>`. A bad record that whole records follow is an
// error that names file and byte: those bytes changed after they were written, and nobody but the operator may decide.
#pragma once

#include <cstdint>

#include "engine/core/result.hpp"
#include "engine/journal/drain.hpp"
#include "engine/journal/segment.hpp"

namespace colo {

// What opening found.
struct JournalRecovery {
    bool resumed = false;             // there was a journal
    std::uint64_t drained_bytes = 0;  // rescued from hot segments of a process that died
    std::uint64_t torn_bytes = 0;     // cut from the end, and kept beside it
    JournalOffset next_offset{};      // where the next record goes
};

struct RecoveredJournal {
    JournalRecovery report;
    std::uint64_t segment_index = 0;  // the segment to continue in
    std::uint64_t valid_bytes = 0;    // of it, in the directory; 0 where it is new
};

// Precondition: both directories exist, and no other process has the journal open.
[[nodiscard]] Result<RecoveredJournal, JournalError> recover_journal(const JournalConfig& config,
                                                                     const JournalIdentity& identity);

}  // namespace colo
