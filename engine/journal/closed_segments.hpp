// What becomes of segments that have ended: they are kept until every consumer that was declared has acknowledged them.
//
//   acknowledge(directory, "publisher", offset);                  // the consumer, after what it read is safe elsewhere
//   ClosedSegments closed({.directory = directory, .consumers = {"publisher", "store"}, .segments_kept_min = 8});
//   if (auto error = closed.step()) fail(error->to_string());     // housekeeping, now and then: removes one at most
//
// A consumer that was declared and has never acknowledged holds everything. An acknowledgement never goes back, and is
// on disk before a segment is removed for it, so that no power loss can take the acknowledgement and leave the gap.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "engine/core/result.hpp"
#include "engine/journal/file.hpp"
#include "engine/journal/segment.hpp"

namespace colo {

// Says that everything before `offset` is no longer needed by this consumer; an offset before the last one changes
// nothing. A name has letters, digits, '_' and '-'.
[[nodiscard]] MaybeJournalError acknowledge(const std::filesystem::path& directory, const std::string& consumer,
                                            JournalOffset offset);
// The last acknowledgement; 0 where there is none.
[[nodiscard]] Result<JournalOffset, JournalError> acknowledged(const std::filesystem::path& directory,
                                                               const std::string& consumer);

struct RetentionConfig {
    std::filesystem::path directory;
    std::vector<std::string> consumers;   // at least one: a journal that nobody reads is not removed by itself
    std::uint64_t segments_kept_min = 1;  // closed segments that stay although all have acknowledged them
};

class ClosedSegments {
public:
    explicit ClosedSegments(RetentionConfig config) : config_(std::move(config)) {}

    // Removes the oldest segment, if it may go.
    [[nodiscard]] MaybeJournalError step();
    [[nodiscard]] std::uint64_t removed() const { return removed_; }

private:
    RetentionConfig config_;
    std::uint64_t removed_ = 0;
};

}  // namespace colo
