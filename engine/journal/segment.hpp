// A segment file of the journal: its name, its header page, and what is found in it when it is opened again.
//
// The header page says whose journal this is, so that nothing is ever mixed up or misread: format version, segment
// index and length, site, MoldUDP64 session, trading day, and the digests of the release and configuration that wrote
// it. A release that cannot read a version refuses and names both.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "engine/core/result.hpp"
#include "engine/core/wire.hpp"
#include "engine/journal/error.hpp"
#include "engine/journal/record.hpp"

namespace colo {

inline constexpr std::uint32_t journal_format_version = 1;
inline constexpr std::uint64_t segment_header_bytes = 4096;
inline constexpr std::uint64_t segment_bytes_min =
    segment_header_bytes + record_bytes(payload_bytes_max) + record_alignment;

// Where a header page holds the segment's index. In memory it is made invalid before the segment is reused.
inline constexpr std::uint64_t segment_index_at = 16;
inline constexpr std::uint64_t invalid_segment_index = UINT64_MAX;

// Whose journal it is; stands in every segment's header page.
struct JournalIdentity {
    std::string site;            // at most 31 characters
    std::string mold_session;    // at most 15
    std::string trading_day;     // YYYY-MM-DD, at most 15
    std::string release_digest;  // at most 71
    std::string config_digest;   // at most 71

    // Another release or configuration may continue a journal, in a segment of its own; anything else may not.
    [[nodiscard]] bool same_journal(const JournalIdentity& other) const {
        return site == other.site && mold_session == other.mold_session && trading_day == other.trading_day;
    }
    bool operator==(const JournalIdentity&) const = default;
};

struct SegmentHeader {
    std::uint64_t segment_index = 0;
    std::uint64_t segment_bytes = 0;
    JournalIdentity identity;

    [[nodiscard]] JournalOffset first_offset() const { return JournalOffset{segment_index * segment_bytes}; }
};

[[nodiscard]] std::string segment_name(std::uint64_t segment_index);
// Indices of the segments in a directory, ascending.
[[nodiscard]] Result<std::vector<std::uint64_t>, JournalError> list_segments(const std::filesystem::path& directory);

// Nothing where a text of the identity is too long for its field.
[[nodiscard]] std::optional<JournalError> check_identity(const JournalIdentity& identity);
// `page` has segment_header_bytes.
void encode_segment_header(const SegmentHeader& header, MutableBytes page);
// `file` and the index in its name go into the error's sentence.
[[nodiscard]] Result<SegmentHeader, JournalError> decode_segment_header(Bytes page, const std::filesystem::path& file,
                                                                        std::uint64_t segment_index);

// How far a segment's bytes hold whole records.
struct SegmentScan {
    enum class Tail : std::uint8_t {
        clean,    // only zeros follow, or nothing
        ended,    // the end mark, or no room for another record
        torn,     // a record that was never completed: cut it
        corrupt,  // a bad record that whole records follow: bytes changed after they were written
    };
    std::uint64_t valid_bytes = 0;  // header page and whole records; the end mark counts where there is one
    std::uint64_t records = 0;
    Tail tail = Tail::clean;
};
[[nodiscard]] SegmentScan scan_segment(Bytes segment, std::uint64_t segment_bytes);

}  // namespace colo
