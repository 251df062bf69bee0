// Follows a journal from any place while another process writes it: records come from memory as soon as they are
// appended, and from disk where they were drained before they were read.
//
//   auto opened = JournalTail::open({.directory = directory, .hot_directory = hot}, offset);   // or from the beginning
//   if (!opened) fail(opened.error().to_string());
//   RecordView record;
//   for (;;) switch (opened->next(record)) {
//       case ReadStatus::record: handle(record); break;      // record.payload is valid until the next call
//       case ReadStatus::end: wait_and_try_again(); break;   // everything appended so far has been read
//       case ReadStatus::error: fail(opened->error().to_string());
//   }
//
// A place in the journal is the same in memory and on disk, so that no record is lost or repeated when a segment is
// drained under the reader, reused for another one, or recovered after its writer died. The writer does not know who
// follows it, and is never slowed down. Where memory is not to be seen (another host, no right to it), a JournalReader
// follows the same journal some milliseconds behind.
#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "engine/journal/hot_view.hpp"
#include "engine/journal/reader.hpp"

namespace colo {

class JournalTail {
public:
    struct Places {
        std::filesystem::path directory;
        std::filesystem::path hot_directory;
    };

    // `from` as for JournalReader::open, but that it may also lie in what is not drained yet.
    [[nodiscard]] static Result<JournalTail, JournalError> open(Places places, JournalOffset from = JournalOffset{});

    [[nodiscard]] ReadStatus next(RecordView& record);

    // Where next() continues.
    [[nodiscard]] JournalOffset next_offset() const { return position_; }
    // Why next() returned error; every later call returns it again.
    [[nodiscard]] const JournalError& error() const { return *error_; }
    // Whether the last record came from memory.
    [[nodiscard]] bool in_memory() const { return hot_.has_value(); }

private:
    JournalTail(Places places, JournalOffset from) : places_(std::move(places)), position_(from) {}
    // One look at the place where the tail is; nothing where it has to look somewhere else.
    [[nodiscard]] std::optional<ReadStatus> look_in_memory(RecordView& record);
    [[nodiscard]] std::optional<ReadStatus> look_on_disk(RecordView& record);
    [[nodiscard]] bool enter_memory();
    [[nodiscard]] bool enter_first_in_memory();
    [[nodiscard]] bool enter(std::uint64_t segment_index);
    [[nodiscard]] bool enter_disk();
    [[nodiscard]] bool back_to_disk();
    ReadStatus fail(JournalError error);

    Places places_;
    JournalOffset position_;
    std::optional<HotView> hot_;
    std::optional<JournalReader> reader_;
    std::vector<std::byte> copied_;
    std::optional<JournalError> error_;
};

}  // namespace colo
