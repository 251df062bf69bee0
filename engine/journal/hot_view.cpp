// Mapping a hot segment and copying records out of it.
#include "engine/journal/hot_view.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <atomic>
#include <cstring>
#include <utility>

namespace colo {
namespace {

JournalError missing(const std::filesystem::path& path) {
    return {JournalError::Kind::missing, path.string(), 0, "this segment is not in memory"};
}

}  // namespace

Result<HotView, JournalError> HotView::open(const std::filesystem::path& hot_directory, std::uint64_t segment_index) {
    const auto path = hot_directory / segment_name(segment_index);
    std::error_code code;
    if (!std::filesystem::exists(path, code)) return missing(path);
    auto opened = JournalFile::open(path, O_RDONLY);
    if (!opened) return missing(path);  // renamed since
    std::vector<std::byte> page(segment_header_bytes);
    const auto got = opened->read(0, page);
    if (!got) return got.error();
    auto header = decode_segment_header(Bytes{page}.first(*got), path, segment_index);
    if (!header) {
        if (header.error().kind == JournalError::Kind::version) return header.error();
        return missing(path);  // given to another segment since
    }
    const auto length = opened->length();
    if (!length) return length.error();
    if (*length < header->segment_bytes) return opened->error(*length, "the segment in memory is cut short");
    void* mapped = ::mmap(nullptr, header->segment_bytes, PROT_READ, MAP_SHARED, opened->descriptor(), 0);
    if (mapped == MAP_FAILED) return opened->error(0, "cannot map");
    HotView view;
    view.file_ = std::move(*opened);
    view.header_ = std::move(*header);
    view.base_ = static_cast<const std::byte*>(mapped);
    return view;
}

HotView::~HotView() {
    if (base_ != nullptr) ::munmap(const_cast<std::byte*>(base_), header_.segment_bytes);
}

HotView::HotView(HotView&& other) noexcept
    : file_(std::move(other.file_)), header_(std::move(other.header_)), base_(std::exchange(other.base_, nullptr)) {}

HotView& HotView::operator=(HotView&& other) noexcept {
    std::swap(file_, other.file_);
    std::swap(header_, other.header_);
    std::swap(base_, other.base_);
    return *this;
}

HotView::Found HotView::copy(std::uint64_t at, std::vector<std::byte>& into) const {
    if (at + record_alignment > header_.segment_bytes) return Found::segment_end;
    const std::uint32_t length = length_at(at);
    Found found = Found::corrupt;
    if (length == 0) {
        found = Found::nothing_yet;
    } else if (length == segment_end_mark) {
        found = Found::segment_end;
    } else if (length <= payload_bytes_max && at + record_bytes(length) <= header_.segment_bytes) {
        into.assign(base_ + at, base_ + at + record_bytes(length));
        RecordHeader header;
        found = examine_record(into, header) == RecordState::whole ? Found::record : Found::corrupt;
    }
    std::atomic_thread_fence(std::memory_order_acquire);
    return is_ours() ? found : Found::given_away;
}

bool HotView::is_place(std::uint64_t at) const {
    std::uint64_t place = segment_header_bytes;
    while (place < at && place + record_alignment <= header_.segment_bytes) {
        const std::uint32_t length = length_at(place);
        if (length == 0 || length > payload_bytes_max) break;
        place += record_bytes(length);
    }
    return place == at && is_ours();
}

// atomic_ref wants what it could change; the mapping itself cannot be written to, and nothing here does.
std::uint32_t HotView::length_at(std::uint64_t at) const {
    auto* word = reinterpret_cast<std::uint32_t*>(const_cast<std::byte*>(base_ + at));
    return std::atomic_ref(*word).load(std::memory_order_acquire);
}

bool HotView::is_ours() const {
    auto* index = reinterpret_cast<std::uint64_t*>(const_cast<std::byte*>(base_ + segment_index_at));
    return std::atomic_ref(*index).load(std::memory_order_relaxed) == header_.segment_index;
}

bool HotView::has_name() const {
    struct stat status {};
    return ::fstat(file_.descriptor(), &status) == 0 && status.st_nlink > 0;
}

}  // namespace colo
