// The header page's bytes, the names of segments, and the scan that finds the longest prefix of whole records.
#include "engine/journal/segment.hpp"

#include <algorithm>
#include <array>
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <string_view>

#include "engine/journal/file.hpp"

namespace colo {
namespace {

constexpr std::array<char, 8> magic{'C', 'O', 'L', 'O', 'J', 'R', 'N', 'L'};
constexpr std::string_view name_prefix = "journal-";
constexpr std::string_view name_suffix = ".colo";
constexpr std::size_t name_digits = 10;

// The first bytes of the header page; the rest of it is zero.
struct HeaderPage {
    std::array<char, 8> magic;
    std::uint32_t format_version;
    std::uint32_t header_bytes;
    std::uint64_t segment_index;
    std::uint64_t segment_bytes;
    std::array<char, 32> site;
    std::array<char, 16> mold_session;
    std::array<char, 16> trading_day;
    std::array<char, 72> release_digest;
    std::array<char, 72> config_digest;
    std::uint32_t crc32c;  // of the bytes before it
    std::uint32_t reserved;
};
static_assert(sizeof(HeaderPage) == 248 && offsetof(HeaderPage, crc32c) == 240);
static_assert(offsetof(HeaderPage, segment_index) == segment_index_at);

template <std::size_t width>
void put_text(std::array<char, width>& field, std::string_view text) {
    field.fill('\0');
    std::copy_n(text.begin(), std::min(text.size(), width - 1), field.begin());
}

template <std::size_t width>
std::string text_from(const std::array<char, width>& field) {
    return {field.data(), ::strnlen(field.data(), width)};
}

std::optional<std::uint64_t> index_in_name(const std::string& name) {
    if (name.size() != name_prefix.size() + name_digits + name_suffix.size()) return std::nullopt;
    if (!name.starts_with(name_prefix) || !name.ends_with(name_suffix)) return std::nullopt;
    std::uint64_t index = 0;
    for (char digit : name.substr(name_prefix.size(), name_digits)) {
        if (digit < '0' || digit > '9') return std::nullopt;
        index = index * 10 + static_cast<std::uint64_t>(digit - '0');
    }
    return index;
}

bool all_zero(Bytes bytes) {
    return std::all_of(bytes.begin(), bytes.end(), [](std::byte b) { return b == std::byte{0}; });
}

// Whether a whole record lies anywhere in these bytes. Kinds and sources are looked at before the checksum, so that
// arbitrary bytes cost little.
bool holds_whole_record(Bytes bytes) {
    for (std::size_t at = 0; at + record_header_bytes < bytes.size(); at += record_alignment) {
        const auto kind = std::to_integer<std::uint8_t>(bytes[at + offsetof(RecordHeader, kind)]);
        const auto source = std::to_integer<std::uint8_t>(bytes[at + offsetof(RecordHeader, source)]);
        if (kind < 1 || kind > 9 || source > 5) continue;
        RecordHeader header;
        if (examine_record(bytes.subspan(at), header) == RecordState::whole) return true;
    }
    return false;
}

// A page that never reached the disk reads as zeros: a record that touches one is torn, whatever follows it.
bool touches_lost_page(Bytes segment, std::uint64_t at) {
    constexpr std::uint64_t page_bytes = 4096;
    std::uint32_t length = 0;
    std::memcpy(&length, segment.data() + at, std::min<std::size_t>(sizeof length, segment.size() - at));
    const std::uint64_t needed = length <= payload_bytes_max ? record_bytes(length) : record_header_bytes;
    const std::uint64_t last = std::min<std::uint64_t>(at + needed, segment.size()) - 1;
    for (std::uint64_t page = at / page_bytes; page <= last / page_bytes; ++page) {
        const std::uint64_t first = std::max(at, page * page_bytes);
        const std::uint64_t until = std::min<std::uint64_t>((page + 1) * page_bytes, segment.size());
        if (all_zero(segment.subspan(first, until - first))) return true;
    }
    return false;
}

SegmentScan::Tail classify_tail(Bytes segment, std::uint64_t at, std::uint64_t segment_bytes) {
    if (at + record_alignment > segment_bytes) return SegmentScan::Tail::ended;
    const Bytes rest = segment.subspan(at);
    if (all_zero(rest)) return SegmentScan::Tail::clean;
    if (touches_lost_page(segment, at)) return SegmentScan::Tail::torn;
    const Bytes after = rest.subspan(std::min<std::size_t>(record_alignment, rest.size()));
    return holds_whole_record(after) ? SegmentScan::Tail::corrupt : SegmentScan::Tail::torn;
}

JournalError bad_header(const std::filesystem::path& file, std::uint64_t offset, std::string reason,
                        JournalError::Kind kind = JournalError::Kind::corrupt) {
    return {kind, file.string(), offset, std::move(reason)};
}

}  // namespace

std::string segment_name(std::uint64_t segment_index) {
    char name[40];
    std::snprintf(name, sizeof name, "journal-%010" PRIu64 ".colo", segment_index);
    return name;
}

Result<std::vector<std::uint64_t>, JournalError> list_segments(const std::filesystem::path& directory) {
    std::vector<std::uint64_t> indices;
    std::error_code code;
    for (auto entry = std::filesystem::directory_iterator(directory, code);
         !code && entry != std::filesystem::directory_iterator(); entry.increment(code)) {
        if (const auto index = index_in_name(entry->path().filename().string())) indices.push_back(*index);
    }
    if (code) {
        return JournalError{JournalError::Kind::storage, directory.string(), 0,
                            "cannot list the directory: " + code.message()};
    }
    std::sort(indices.begin(), indices.end());
    return indices;
}

std::optional<JournalError> check_identity(const JournalIdentity& identity) {
    const auto too_long = [](const char* field, const std::string& text, std::size_t max) {
        return JournalError{JournalError::Kind::identity, field, 0,
                            "'" + text + "' is longer than " + std::to_string(max) + " characters"};
    };
    if (identity.site.size() > 31) return too_long("site", identity.site, 31);
    if (identity.mold_session.size() > 15) return too_long("mold_session", identity.mold_session, 15);
    if (identity.trading_day.size() > 15) return too_long("trading_day", identity.trading_day, 15);
    if (identity.release_digest.size() > 71) return too_long("release_digest", identity.release_digest, 71);
    if (identity.config_digest.size() > 71) return too_long("config_digest", identity.config_digest, 71);
    return std::nullopt;
}

void encode_segment_header(const SegmentHeader& header, MutableBytes page) {
    HeaderPage encoded{.magic = magic,
                       .format_version = journal_format_version,
                       .header_bytes = segment_header_bytes,
                       .segment_index = header.segment_index,
                       .segment_bytes = header.segment_bytes,
                       .site = {},
                       .mold_session = {},
                       .trading_day = {},
                       .release_digest = {},
                       .config_digest = {},
                       .crc32c = 0,
                       .reserved = 0};
    put_text(encoded.site, header.identity.site);
    put_text(encoded.mold_session, header.identity.mold_session);
    put_text(encoded.trading_day, header.identity.trading_day);
    put_text(encoded.release_digest, header.identity.release_digest);
    put_text(encoded.config_digest, header.identity.config_digest);
    encoded.crc32c = crc32c(std::as_bytes(std::span{&encoded, 1}).first(offsetof(HeaderPage, crc32c)));
    std::memset(page.data(), 0, page.size());
    std::memcpy(page.data(), &encoded, sizeof encoded);
}

Result<SegmentHeader, JournalError> decode_segment_header(Bytes page, const std::filesystem::path& file,
                                                          std::uint64_t segment_index) {
    if (page.size() < segment_header_bytes) return bad_header(file, page.size(), "the header page is cut short");
    HeaderPage header;
    std::memcpy(&header, page.data(), sizeof header);
    if (header.magic != magic) return bad_header(file, 0, "this is no journal: it does not begin with COLOJRNL");
    if (header.format_version != journal_format_version) {
        return bad_header(file, offsetof(HeaderPage, format_version),
                          "journal format version " + std::to_string(header.format_version) +
                              ", but this build reads version " + std::to_string(journal_format_version),
                          JournalError::Kind::version);
    }
    if (crc32c(page.first(offsetof(HeaderPage, crc32c))) != header.crc32c) {
        return bad_header(file, offsetof(HeaderPage, crc32c), "the header page has a wrong checksum");
    }
    if (header.segment_index != segment_index) {
        return bad_header(file, offsetof(HeaderPage, segment_index),
                          "the header says segment " + std::to_string(header.segment_index) + ", the name says " +
                              std::to_string(segment_index));
    }
    if (header.segment_bytes < segment_bytes_min || header.segment_bytes % segment_header_bytes != 0) {
        return bad_header(file, offsetof(HeaderPage, segment_bytes),
                          "segment_bytes cannot be " + std::to_string(header.segment_bytes));
    }
    return SegmentHeader{header.segment_index,
                         header.segment_bytes,
                         {text_from(header.site), text_from(header.mold_session), text_from(header.trading_day),
                          text_from(header.release_digest), text_from(header.config_digest)}};
}

SegmentScan scan_segment(Bytes segment, std::uint64_t segment_bytes) {
    SegmentScan scan;
    std::uint64_t at = segment_header_bytes;
    RecordHeader header;
    while (at < segment.size()) {
        const RecordState state = examine_record(segment.subspan(at), header);
        if (state == RecordState::segment_end) {
            scan.valid_bytes = std::min<std::uint64_t>(at + record_alignment, segment_bytes);
            scan.tail = SegmentScan::Tail::ended;
            return scan;
        }
        if (state != RecordState::whole) break;
        at += record_bytes(header.length);
        ++scan.records;
    }
    scan.valid_bytes = at;
    scan.tail = at < segment.size() ? classify_tail(segment, at, segment_bytes)
              : at >= segment_bytes ? SegmentScan::Tail::ended
                                    : SegmentScan::Tail::clean;
    return scan;
}

}  // namespace colo
