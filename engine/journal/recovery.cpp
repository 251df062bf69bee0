// Draining what a dead process left, and finding the end of the journal.
#include "engine/journal/recovery.hpp"

#include <fcntl.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "engine/journal/file.hpp"

namespace colo {
namespace {

using Tail = SegmentScan::Tail;

constexpr const char* whole_records_follow = "a corrupt record that whole records follow";
constexpr const char* missing_end_mark = "the segment ends without its end mark, though a later one follows";

struct LoadedSegment {
    JournalFile file;
    std::vector<std::byte> bytes;
    SegmentHeader header;
    SegmentScan scan;
};

class Recovery {
public:
    Recovery(const JournalConfig& config, const JournalIdentity& identity) : config_(config), identity_(identity) {}
    Result<RecoveredJournal, JournalError> run();

private:
    MaybeJournalError remove_unfinished();
    MaybeJournalError drain_hot_segments();
    MaybeJournalError drain_hot_segment(std::uint64_t index, bool last);
    MaybeJournalError merge_into_directory(const LoadedSegment& hot);
    MaybeJournalError check_place(std::uint64_t index) const;
    MaybeJournalError settle_end();
    MaybeJournalError settle_segment(std::uint64_t index, bool& empty);
    MaybeJournalError keep_torn(const std::filesystem::path& segment, Bytes bytes, std::uint64_t valid_bytes);
    MaybeJournalError load(const std::filesystem::path& path, std::uint64_t index, LoadedSegment& segment) const;
    MaybeJournalError check_header(const LoadedSegment& segment) const;

    const JournalConfig& config_;
    const JournalIdentity& identity_;
    std::vector<std::uint64_t> kept_;  // indices in the directory
    RecoveredJournal found_;
};

JournalError corrupt(const JournalFile& file, std::uint64_t offset, std::string reason) {
    return {JournalError::Kind::corrupt, file.path().string(), offset, std::move(reason)};
}

std::uint64_t bytes_without_trailing_zeros(Bytes bytes) {
    const auto last = std::find_if(bytes.rbegin(), bytes.rend(), [](std::byte b) { return b != std::byte{0}; });
    return static_cast<std::uint64_t>(bytes.rend() - last);
}

Result<RecoveredJournal, JournalError> Recovery::run() {
    if (auto error = remove_unfinished()) return *error;
    auto listed = list_segments(config_.directory);
    if (!listed) return listed.error();
    kept_ = *listed;
    for (std::size_t i = 1; i < kept_.size(); ++i) {
        if (kept_[i] == kept_[i - 1] + 1) continue;
        return JournalError{JournalError::Kind::missing,
                            (config_.directory / segment_name(kept_[i - 1] + 1)).string(), 0,
                            "this segment is missing, though a later one is there"};
    }
    if (auto error = drain_hot_segments()) return *error;
    if (auto error = settle_end()) return *error;
    found_.report.next_offset = JournalOffset{found_.segment_index * config_.segment_bytes +
                                              std::max(found_.valid_bytes, segment_header_bytes)};
    return found_;
}

// Segments that were being prepared hold nothing.
MaybeJournalError Recovery::remove_unfinished() {
    std::error_code code;
    for (const auto& entry : std::filesystem::directory_iterator(config_.hot_directory, code)) {
        if (entry.path().extension() != ".preparing") continue;
        if (auto error = remove_file(entry.path())) return error;
    }
    if (code) {
        return JournalError{JournalError::Kind::storage, config_.hot_directory.string(), 0,
                            "cannot list the directory: " + code.message()};
    }
    return std::nullopt;
}

MaybeJournalError Recovery::drain_hot_segments() {
    auto hot = list_segments(config_.hot_directory);
    if (!hot) return hot.error();
    // Segments prepared ahead hold no record yet.
    std::uint64_t last_with_records = 0;
    for (const std::uint64_t index : *hot) {
        const auto path = config_.hot_directory / segment_name(index);
        auto opened = JournalFile::open(path, O_RDONLY);
        if (!opened) return opened.error();
        std::uint32_t length = 0;
        const auto got = opened->read(segment_header_bytes, std::as_writable_bytes(std::span{&length, 1}));
        if (!got) return got.error();
        if (length != 0) last_with_records = index;
    }
    for (const std::uint64_t index : *hot) {
        if (auto error = drain_hot_segment(index, index >= last_with_records)) return error;
    }
    return std::nullopt;
}

MaybeJournalError Recovery::drain_hot_segment(std::uint64_t index, bool last) {
    LoadedSegment hot;
    if (auto error = load(config_.hot_directory / segment_name(index), index, hot)) return error;
    if (hot.scan.tail == Tail::corrupt) return corrupt(hot.file, hot.scan.valid_bytes, whole_records_follow);
    if (!last && hot.scan.tail != Tail::ended) return corrupt(hot.file, hot.scan.valid_bytes, missing_end_mark);
    const bool unused = hot.scan.records == 0 && hot.scan.tail == Tail::clean;
    if (!unused) {
        if (auto error = check_place(index)) return error;
        if (auto error = merge_into_directory(hot)) return error;
        if (kept_.empty() || kept_.back() < index) kept_.push_back(index);
    }
    return remove_file(hot.file.path());
}

// Writes what the directory does not have of a hot segment yet, and makes it durable.
MaybeJournalError Recovery::merge_into_directory(const LoadedSegment& hot) {
    const auto path = config_.directory / segment_name(hot.header.segment_index);
    auto disk = JournalFile::open(path, O_RDWR | O_CREAT);
    if (!disk) return disk.error();
    std::vector<std::byte> bytes(hot.bytes.size());
    const auto got = disk->read(0, bytes);
    if (!got) return got.error();
    bytes.resize(*got);
    std::uint64_t at = 0;
    if (bytes.size() >= segment_header_bytes) {
        const auto header = decode_segment_header(bytes, path, hot.header.segment_index);
        if (!header) return header.error();
        if (header->identity != hot.header.identity) {
            return JournalError{JournalError::Kind::identity, path.string(), 0,
                                "another release or configuration wrote this than " + hot.file.path().string()};
        }
        at = scan_segment(bytes, config_.segment_bytes).valid_bytes;
    }
    if (at < hot.scan.valid_bytes) {
        found_.report.drained_bytes += hot.scan.valid_bytes - at;
        if (auto error = disk->write(at, Bytes{hot.bytes}.subspan(at, hot.scan.valid_bytes - at))) return error;
    }
    if (hot.scan.tail == Tail::torn && at <= hot.scan.valid_bytes) {
        if (auto error = keep_torn(path, hot.bytes, hot.scan.valid_bytes)) return error;
    }
    if (auto error = disk->sync()) return error;
    return sync_directory(config_.directory);
}

// A hot segment continues the directory: it is one of its segments, or the one after the last.
MaybeJournalError Recovery::check_place(std::uint64_t index) const {
    const std::uint64_t first = kept_.empty() ? 0 : kept_.front();
    const std::uint64_t next = kept_.empty() ? 0 : kept_.back() + 1;
    if (index >= first && index <= next) return std::nullopt;
    return JournalError{JournalError::Kind::missing, (config_.directory / segment_name(next)).string(), 0,
                        "this segment is missing, though " + (config_.hot_directory / segment_name(index)).string() +
                            " is to follow it"};
}

MaybeJournalError Recovery::settle_end() {
    while (!kept_.empty()) {
        bool empty = false;
        if (auto error = settle_segment(kept_.back(), empty)) return error;
        if (!empty) {
            found_.report.resumed = true;
            return std::nullopt;
        }
        kept_.pop_back();
    }
    return std::nullopt;
}

// Decides where to continue, given the last segment of the directory. `empty`: power was lost before even its header
// page was on disk, so it is removed.
MaybeJournalError Recovery::settle_segment(std::uint64_t index, bool& empty) {
    const auto path = config_.directory / segment_name(index);
    LoadedSegment last;
    if (auto error = load(path, index, last)) {
        const std::uint64_t written = bytes_without_trailing_zeros(last.bytes);
        empty = last.bytes.size() < segment_header_bytes || written == 0;
        return empty ? remove_file(path) : error;
    }
    if (last.scan.tail == Tail::corrupt) {
        return corrupt(last.file, last.scan.valid_bytes, whole_records_follow);
    }
    std::uint64_t at = last.scan.valid_bytes;
    if (last.scan.tail == Tail::torn) {
        if (auto error = keep_torn(path, last.bytes, at)) return error;
    }
    if (last.bytes.size() > at) {
        if (auto error = last.file.truncate(at)) return error;
        if (auto error = last.file.sync()) return error;
    }
    bool ended = last.scan.tail == Tail::ended;
    if (!ended && last.header.identity != identity_) {
        // Another release or configuration continues in a segment of its own.
        const std::array<std::uint32_t, 2> end_mark{segment_end_mark, 0};
        if (auto error = last.file.write(at, std::as_bytes(std::span{end_mark}))) return error;
        if (auto error = last.file.sync()) return error;
        ended = true;
    }
    found_.segment_index = ended ? index + 1 : index;
    found_.valid_bytes = ended ? 0 : last.scan.valid_bytes;
    return std::nullopt;
}

MaybeJournalError Recovery::keep_torn(const std::filesystem::path& segment, Bytes bytes, std::uint64_t valid_bytes) {
    const Bytes torn = bytes.subspan(valid_bytes, bytes_without_trailing_zeros(bytes) - valid_bytes);
    auto opened = JournalFile::open(segment.string() + ".torn-" + std::to_string(valid_bytes),
                                    O_WRONLY | O_CREAT | O_TRUNC);
    if (!opened) return opened.error();
    found_.report.torn_bytes += torn.size();
    std::uint64_t at = 0;
    if (auto error = opened->write(at, torn)) return error;
    return opened->sync();
}

MaybeJournalError Recovery::load(const std::filesystem::path& path, std::uint64_t index,
                                 LoadedSegment& segment) const {
    auto opened = JournalFile::open(path, O_RDWR);
    if (!opened) return opened.error();
    segment.file = std::move(*opened);
    const auto length = segment.file.length();
    if (!length) return length.error();
    segment.bytes.resize(*length);
    const auto got = segment.file.read(0, segment.bytes);
    if (!got) return got.error();
    segment.bytes.resize(*got);
    auto header = decode_segment_header(segment.bytes, path, index);
    if (!header) return header.error();
    segment.header = std::move(*header);
    if (auto error = check_header(segment)) return error;
    if (segment.bytes.size() > config_.segment_bytes) {
        return corrupt(segment.file, config_.segment_bytes, "the file is longer than segment_bytes");
    }
    segment.scan = scan_segment(segment.bytes, config_.segment_bytes);
    return std::nullopt;
}

MaybeJournalError Recovery::check_header(const LoadedSegment& segment) const {
    const auto refuse = [&](const char* field, const std::string& found, const std::string& wanted) {
        return JournalError{JournalError::Kind::identity, segment.file.path().string(), 0,
                            std::string(field) + " of this journal is '" + found + "', not '" + wanted + "'"};
    };
    const JournalIdentity& found = segment.header.identity;
    if (found.site != identity_.site) return refuse("site", found.site, identity_.site);
    if (found.mold_session != identity_.mold_session) {
        return refuse("mold_session", found.mold_session, identity_.mold_session);
    }
    if (found.trading_day != identity_.trading_day) {
        return refuse("trading_day", found.trading_day, identity_.trading_day);
    }
    if (segment.header.segment_bytes != config_.segment_bytes) {
        return refuse("segment_bytes", std::to_string(segment.header.segment_bytes),
                      std::to_string(config_.segment_bytes));
    }
    return std::nullopt;
}

}  // namespace

Result<RecoveredJournal, JournalError> recover_journal(const JournalConfig& config, const JournalIdentity& identity) {
    return Recovery(config, identity).run();
}

}  // namespace colo
