// Acknowledgements as small files beside the segments, and the removal of what all have acknowledged.
#include "engine/journal/closed_segments.hpp"

#include <fcntl.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstring>

namespace colo {
namespace {

// The bytes of an acknowledgement; the checksum is of what stands before it.
struct Acknowledgement {
    std::array<char, 8> magic{'C', 'O', 'L', 'O', 'J', 'A', 'C', 'K'};
    std::uint64_t offset = 0;
    std::uint32_t crc32c = 0;
    std::uint32_t reserved = 0;

    [[nodiscard]] std::uint32_t checksum() const {
        return colo::crc32c(std::as_bytes(std::span{this, 1}).first(offsetof(Acknowledgement, crc32c)));
    }
};
static_assert(sizeof(Acknowledgement) == 24);

std::filesystem::path file_of(const std::filesystem::path& directory, const std::string& consumer) {
    return directory / ("acknowledged-" + consumer);
}

MaybeJournalError check_name(const std::filesystem::path& directory, const std::string& consumer) {
    const bool sound = !consumer.empty() && consumer.size() <= 64 &&
                       std::all_of(consumer.begin(), consumer.end(), [](unsigned char c) {
                           return std::isalnum(c) != 0 || c == '_' || c == '-';
                       });
    if (sound) return std::nullopt;
    return JournalError{JournalError::Kind::identity, directory.string(), 0, "'" + consumer + "' names no consumer"};
}

}  // namespace

Result<JournalOffset, JournalError> acknowledged(const std::filesystem::path& directory, const std::string& consumer) {
    if (auto error = check_name(directory, consumer)) return *error;
    const auto path = file_of(directory, consumer);
    std::error_code code;
    if (!std::filesystem::exists(path, code)) return JournalOffset{};
    auto opened = JournalFile::open(path, O_RDONLY);
    if (!opened) return opened.error();
    Acknowledgement read;
    const auto got = opened->read(0, std::as_writable_bytes(std::span{&read, 1}));
    if (!got) return got.error();
    if (*got != sizeof read || read.magic != Acknowledgement{}.magic || read.crc32c != read.checksum()) {
        return JournalError{JournalError::Kind::corrupt, path.string(), 0, "this is no acknowledgement"};
    }
    return JournalOffset{read.offset};
}

MaybeJournalError acknowledge(const std::filesystem::path& directory, const std::string& consumer,
                              JournalOffset offset) {
    const auto last = acknowledged(directory, consumer);
    if (!last) return last.error();
    if (offset <= *last) return std::nullopt;
    Acknowledgement next{.offset = offset.value()};
    next.crc32c = next.checksum();
    // Written beside the old one and renamed over it: there is one or the other at any moment.
    const auto path = file_of(directory, consumer);
    const std::filesystem::path beside = path.string() + ".next";
    auto opened = JournalFile::open(beside, O_WRONLY | O_CREAT | O_TRUNC);
    if (!opened) return opened.error();
    std::uint64_t at = 0;
    if (auto error = opened->write(at, std::as_bytes(std::span{&next, 1}))) return error;
    if (auto error = opened->sync()) return error;
    if (auto error = rename_file(beside, path)) return error;
    return sync_directory(directory);
}

MaybeJournalError ClosedSegments::step() {
    if (config_.consumers.empty()) return std::nullopt;
    const auto listed = list_segments(config_.directory);
    if (!listed) return listed.error();
    // The last segment is still written to; a segment is on disk as a whole before the next one appears there.
    if (listed->size() < config_.segments_kept_min + 2) return std::nullopt;
    const auto oldest = config_.directory / segment_name(listed->front());
    auto opened = JournalFile::open(oldest, O_RDONLY);
    if (!opened) return opened.error();
    std::vector<std::byte> page(segment_header_bytes);
    const auto got = opened->read(0, page);
    if (!got) return got.error();
    const auto header = decode_segment_header(Bytes{page}.first(*got), oldest, listed->front());
    if (!header) return header.error();
    const JournalOffset end = header->first_offset() + header->segment_bytes;
    for (const std::string& consumer : config_.consumers) {
        const auto offset = acknowledged(config_.directory, consumer);
        if (!offset) return offset.error();
        if (*offset < end) return std::nullopt;
    }
    if (auto error = remove_file(oldest)) return error;
    ++removed_;
    return sync_directory(config_.directory);
}

}  // namespace colo
