// A hot segment as another process sees it: a mapping that may be emptied and given to another segment at any moment.
//
// The segment's index in the header page works as a sequence lock: HotSegment::recycle makes it invalid before it
// touches a record, and a reader looks at it after it has copied one. A copy taken from a segment that was given away
// in the meantime is thrown away; all of it is on disk then, because only drained segments are reused.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "engine/core/result.hpp"
#include "engine/journal/file.hpp"
#include "engine/journal/segment.hpp"

namespace colo {

class HotView {
public:
    enum class Found : std::uint8_t { record, nothing_yet, segment_end, given_away, corrupt };

    // Kind `missing` where the segment is not in memory, or no longer.
    [[nodiscard]] static Result<HotView, JournalError> open(const std::filesystem::path& hot_directory,
                                                            std::uint64_t segment_index);
    ~HotView();
    HotView(HotView&& other) noexcept;
    HotView& operator=(HotView&& other) noexcept;

    // What lies at a byte of the segment; where it is a record, its bytes are copied.
    [[nodiscard]] Found copy(std::uint64_t at, std::vector<std::byte>& into) const;
    // Whether a record begins at this byte, or would.
    [[nodiscard]] bool is_place(std::uint64_t at) const;
    // Whether the file still has its name: if not, nothing will be appended to it any more.
    [[nodiscard]] bool has_name() const;
    [[nodiscard]] const SegmentHeader& header() const { return header_; }
    [[nodiscard]] const std::filesystem::path& path() const { return file_.path(); }

private:
    HotView() = default;
    [[nodiscard]] std::uint32_t length_at(std::uint64_t at) const;
    [[nodiscard]] bool is_ours() const;

    JournalFile file_;
    SegmentHeader header_;
    const std::byte* base_ = nullptr;
};

}  // namespace colo
