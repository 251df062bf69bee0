// Reserving, mapping and reusing the memory of a hot segment.
#include "engine/journal/hot_segment.hpp"

#include <fcntl.h>
#include <sys/mman.h>

#include <cerrno>
#include <cstring>

#include "engine/journal/file.hpp"

namespace colo {

Result<std::unique_ptr<HotSegment>, JournalError> HotSegment::create(const std::filesystem::path& hot_directory,
                                                                     const SegmentHeader& header) {
    std::unique_ptr<HotSegment> segment(new HotSegment(hot_directory, header));
    if (auto error = segment->map()) return *error;
    if (auto error = segment->publish()) return *error;
    return segment;
}

HotSegment::HotSegment(std::filesystem::path hot_directory, const SegmentHeader& header)
    : hot_directory_(std::move(hot_directory)), header_(header) {
    path_ = preparing_path();
}

HotSegment::~HotSegment() {
    if (base_ != nullptr) ::munmap(base_, header_.segment_bytes);
}

std::filesystem::path HotSegment::preparing_path() const {
    return hot_directory_ / (segment_name(header_.segment_index) + ".preparing");
}

std::optional<JournalError> HotSegment::map() {
    auto opened = JournalFile::open(path_, O_RDWR | O_CREAT | O_TRUNC);
    if (!opened) return opened.error();
    const auto length = static_cast<off_t>(header_.segment_bytes);
    // Reserved now, so that a full tmpfs is an error here and not SIGBUS in an append.
    if (const int refused = ::posix_fallocate(opened->descriptor(), 0, length); refused != 0) {
        errno = refused;
        return opened->error(0, "cannot reserve " + std::to_string(header_.segment_bytes) + " bytes");
    }
    void* mapped = ::mmap(nullptr, header_.segment_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE,
                          opened->descriptor(), 0);
    if (mapped == MAP_FAILED) return opened->error(0, "cannot map");
    base_ = static_cast<std::byte*>(mapped);
    // Without the right to lock memory the pages are still resident; only swap, where there is any, could take them.
    [[maybe_unused]] const int locked = ::mlock(base_, header_.segment_bytes);
    return std::nullopt;
}

std::optional<JournalError> HotSegment::publish() {
    encode_segment_header(header_, bytes().first(segment_header_bytes));
    committed_bytes.store(segment_header_bytes, std::memory_order_relaxed);
    ended.store(false, std::memory_order_relaxed);
    const std::filesystem::path final_path = hot_directory_ / segment_name(header_.segment_index);
    if (auto error = rename_file(path_, final_path)) return error;
    path_ = final_path;
    return std::nullopt;
}

std::optional<JournalError> HotSegment::recycle(const SegmentHeader& header) {
    const std::uint64_t used = committed_bytes.load(std::memory_order_relaxed);
    header_ = header;
    // Renamed first: a crash in the middle leaves a file that no recovery takes for a segment.
    if (auto error = rename_file(path_, preparing_path())) return error;
    path_ = preparing_path();
    // Whoever follows from another process looks at the index after copying a record: see hot_view.hpp.
    auto* index = reinterpret_cast<std::uint64_t*>(base_ + segment_index_at);
    std::atomic_ref(*index).store(invalid_segment_index, std::memory_order_relaxed);
    std::atomic_thread_fence(std::memory_order_release);
    std::memset(base_ + segment_header_bytes, 0, used - segment_header_bytes);
    return publish();
}

std::optional<JournalError> HotSegment::remove() { return remove_file(path_); }

}  // namespace colo
