// Opening and closing a journal: the lock, the recovery, the first segment.
#include "engine/journal/journal.hpp"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>
#include <utility>

namespace colo {
namespace {

MaybeJournalError check_config(const JournalConfig& config) {
    const auto refuse = [](const char* field, const std::string& reason) {
        return JournalError{JournalError::Kind::identity, field, 0, reason};
    };
    if (config.segment_bytes < segment_bytes_min || config.segment_bytes % segment_header_bytes != 0) {
        return refuse("journal.segment_bytes", std::to_string(config.segment_bytes) + " is not a multiple of " +
                                                   std::to_string(segment_header_bytes) + " of at least " +
                                                   std::to_string(segment_bytes_min));
    }
    if (config.segments_ahead < 1 || config.segments_ahead > PreparedSegments::capacity ||
        config.hot_segments_max <= config.segments_ahead) {
        return refuse("journal.segments_ahead", std::to_string(config.segments_ahead) + " is not between 1 and " +
                                                    std::to_string(PreparedSegments::capacity) +
                                                    " and below hot_segments_max");
    }
    if (config.directory.empty() || config.hot_directory.empty() || config.directory == config.hot_directory) {
        return refuse("journal.hot_directory", "must be named, and be another directory than journal.directory");
    }
    return std::nullopt;
}

Result<JournalFile, JournalError> lock(const std::filesystem::path& directory) {
    auto opened = JournalFile::open(directory / "journal.lock", O_RDWR | O_CREAT);
    if (!opened) return opened;
    if (::flock(opened->descriptor(), LOCK_EX | LOCK_NB) == 0) return opened;
    if (errno == EWOULDBLOCK) {
        return JournalError{JournalError::Kind::in_use, opened->path().string(), 0,
                            "another process has this journal open"};
    }
    return opened->error(0, "cannot lock");
}

// The continued segment in memory is a copy of what is on disk, so that hot segments are always whole.
MaybeJournalError copy_from_disk(const JournalConfig& config, HotSegment& segment, std::uint64_t valid_bytes) {
    auto opened = JournalFile::open(config.directory / segment_name(segment.header().segment_index), O_RDONLY);
    if (!opened) return opened.error();
    const auto got = opened->read(0, segment.bytes().first(valid_bytes));
    if (!got) return got.error();
    if (*got < valid_bytes) return opened->error(*got, "the file has become shorter");
    segment.committed_bytes.store(valid_bytes, std::memory_order_release);
    return std::nullopt;
}

}  // namespace

Result<std::unique_ptr<Journal>, JournalError> Journal::open(const JournalConfig& config,
                                                             const JournalIdentity& identity) {
    if (auto error = check_config(config)) return *error;
    if (auto error = check_identity(identity)) return *error;
    if (auto error = make_directory(config.directory)) return *error;
    if (auto error = make_directory(config.hot_directory)) return *error;
    auto locked = lock(config.directory);
    if (!locked) return locked.error();
    const auto recovered = recover_journal(config, identity);
    if (!recovered) return recovered.error();
    auto created = HotSegment::create(config.hot_directory,
                                      SegmentHeader{recovered->segment_index, config.segment_bytes, identity});
    if (!created) return created.error();
    if (recovered->valid_bytes > 0) {
        if (auto error = copy_from_disk(config, **created, recovered->valid_bytes)) return *error;
    }
    std::unique_ptr<Journal> journal(new Journal(config, identity, std::move(*created), recovered->valid_bytes,
                                                 recovered->report, std::move(*locked)));
    // The next segment is ready before the first record is.
    journal->drain_.step(Timestamp{});
    if (journal->drain_.failed()) return journal->drain_.failure();
    return journal;
}

Journal::Journal(const JournalConfig& config, const JournalIdentity& identity, std::unique_ptr<HotSegment> current,
                 std::uint64_t drained_bytes, const JournalRecovery& recovery, JournalFile lock)
    : recovery_(recovery), lock_(std::move(lock)), first_(*current),
      drain_(config, identity, std::move(current), drained_bytes), writer_(first_, drain_.prepared()) {}

Journal::~Journal() { [[maybe_unused]] const auto error = close(); }

std::optional<JournalError> Journal::close() {
    if (!lock_.is_open()) return std::nullopt;
    writer_.close();
    auto error = drain_.finish();
    lock_ = JournalFile{};
    return error;
}

}  // namespace colo
