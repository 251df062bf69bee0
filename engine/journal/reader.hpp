// Reads a journal from any offset, in order, while it is being written or afterwards.
//
//   auto opened = JournalReader::open(directory);
//   if (!opened) fail(opened.error().to_string());
//   RecordView record;
//   for (;;) switch (opened->next(record)) {
//       case ReadStatus::record: handle(record); break;      // record.payload is valid until the next call
//       case ReadStatus::end: wait_and_try_again(); break;   // everything written so far has been read
//       case ReadStatus::error: fail(opened->error().to_string());
//   }
//
// It reads drained files by pread into a buffer, not by a mapping: a file that shrinks under it or a bad disk is then
// an error value and not a signal. Every record's checksum is checked.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

#include "engine/core/result.hpp"
#include "engine/journal/file.hpp"
#include "engine/journal/segment.hpp"

namespace colo {

struct RecordView {
    RecordHeader header{};
    JournalOffset offset{};
    JournalOffset next_offset{};  // where to continue after this record
    Bytes payload;
};

enum class ReadStatus : std::uint8_t { record, end, error };

class JournalReader {
public:
    // `from` must be the offset of a record, of a segment's beginning, or the end of what is written; 0 is the first
    // record that the directory still has. A directory without segments is a journal of which nothing is written yet.
    [[nodiscard]] static Result<JournalReader, JournalError> open(std::filesystem::path directory,
                                                                  JournalOffset from = JournalOffset{});

    [[nodiscard]] ReadStatus next(RecordView& record);

    // For a journal that nobody writes any more, after next() has found its end: an error where whole records follow,
    // which a record whose length was changed would otherwise hide.
    [[nodiscard]] MaybeJournalError check_end() const;

    // Where next() continues.
    [[nodiscard]] JournalOffset next_offset() const {
        return segment_ ? JournalOffset{first_offset_ + in_segment_} : from_;
    }
    // Whether the segment that is being read ends here, so that only a later one can have more.
    [[nodiscard]] bool at_segment_end() const;
    // The header of the segment that is being read, once there is one.
    [[nodiscard]] const std::optional<SegmentHeader>& segment() const { return segment_; }
    // Why next() returned error; every later call returns it again.
    [[nodiscard]] const JournalError& error() const { return *error_; }

private:
    JournalReader(std::filesystem::path directory, JournalOffset from);
    enum class Step : std::uint8_t { ok, wait, error };
    Step locate();
    Step enter_segment(std::uint64_t segment_index);
    Step settle_missing(std::uint64_t segment_index);
    Step refill();
    [[nodiscard]] RecordState examine_here(RecordHeader& header);
    Step settle_unwritten();
    [[nodiscard]] Bytes buffered() const;
    Step fail(JournalError error);
    Step fail(JournalError::Kind kind, const std::filesystem::path& file, std::uint64_t offset, std::string reason);

    std::filesystem::path directory_;
    JournalOffset from_;
    JournalFile file_;
    std::optional<SegmentHeader> segment_;
    std::uint64_t first_offset_ = 0;  // of the segment
    std::uint64_t in_segment_ = 0;    // byte that next() reads
    std::vector<std::byte> buffer_;
    std::uint64_t buffer_begin_ = 0;  // byte of the segment at buffer_[0]
    std::uint64_t buffer_filled_ = 0;
    std::optional<JournalError> error_;
};

}  // namespace colo
