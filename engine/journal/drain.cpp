// Writing appended records to disk, and the life of hot segments: prepared, current, drained, reused.
#include "engine/journal/drain.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

namespace colo {
namespace {

// Written in one step, so that preparing segments never waits long behind a backlog.
constexpr std::uint64_t step_bytes_max = 8ULL << 20;

}  // namespace

JournalDrain::JournalDrain(JournalConfig config, JournalIdentity identity, std::unique_ptr<HotSegment> current,
                           std::uint64_t drained_bytes)
    : config_(std::move(config)), identity_(std::move(identity)), next_index_(current->header().segment_index + 1),
      drained_bytes_(drained_bytes),
      drained_offset_((current->header().first_offset() + drained_bytes).value()),
      synced_offset_(drained_offset_.load()) {
    live_.push_back(std::move(current));
}

bool JournalDrain::step(Timestamp now) {
    if (failed()) return false;
    bool worked = prepare_ahead();
    worked |= drain();
    const bool wanted = wanted_offset_.load(std::memory_order_relaxed) > synced_offset().value();
    if (!failed() && !synced_ && (wanted || now - last_sync_ >= config_.sync_interval)) {
        sync();
        last_sync_ = now;
    }
    return worked;
}

bool JournalDrain::sync() {
    if (auto error = disk_file_.sync()) return fail(std::move(*error));
    synced_ = true;
    synced_offset_.store(drained_offset().value(), std::memory_order_release);
    return true;
}

// At most one a step: preparing takes milliseconds, and draining must not wait for it.
bool JournalDrain::prepare_ahead() {
    if (prepared_.available() >= config_.segments_ahead) return false;
    if (live_.size() >= config_.hot_segments_max) return false;
    const SegmentHeader header{next_index_, config_.segment_bytes, identity_};
    std::unique_ptr<HotSegment> segment;
    if (spare_.empty()) {
        auto created = HotSegment::create(config_.hot_directory, header);
        if (!created) return fail(created.error());
        segment = std::move(*created);
    } else {
        segment = std::move(spare_.front());
        spare_.pop_front();
        if (auto error = segment->recycle(header)) return fail(std::move(*error));
    }
    ++next_index_;
    prepared_.push(segment.get());
    live_.push_back(std::move(segment));
    return true;
}

bool JournalDrain::drain() {
    HotSegment& front = *live_.front();
    // In this order: once `ended` is seen, the committed bytes are final.
    const bool ended = front.ended.load(std::memory_order_acquire);
    const std::uint64_t committed = front.committed_bytes.load(std::memory_order_acquire);
    bool worked = false;
    if (committed > drained_bytes_ && committed > segment_header_bytes) {
        if (!write_until(std::min(committed, drained_bytes_ + step_bytes_max))) return false;
        worked = true;
    }
    if (!ended || drained_bytes_ < committed) return worked;
    return retire_front();
}

bool JournalDrain::write_until(std::uint64_t end) {
    if (!disk_file_.is_open() && !open_disk_file()) return false;
    const HotSegment& front = *live_.front();
    const Bytes undrained = Bytes{front.bytes()}.subspan(drained_bytes_, end - drained_bytes_);
    auto error = disk_file_.write(drained_bytes_, undrained);
    drained_offset_.store((front.header().first_offset() + drained_bytes_).value(), std::memory_order_release);
    if (error) return fail(std::move(*error));
    synced_ = false;
    return true;
}

bool JournalDrain::open_disk_file() {
    const auto path = config_.directory / segment_name(live_.front()->header().segment_index);
    auto opened = JournalFile::open(path, O_RDWR | O_CREAT);
    if (!opened) return fail(opened.error());
    disk_file_ = std::move(*opened);
    if (auto error = sync_directory(config_.directory)) return fail(std::move(*error));
    return true;
}

// A segment that is wholly on disk is synced before a record of the next one is written, so that after power loss only
// the last segment can be incomplete.
bool JournalDrain::retire_front() {
    if (!sync()) return false;
    disk_file_ = JournalFile{};
    drained_bytes_ = 0;
    std::unique_ptr<HotSegment> drained = std::move(live_.front());
    live_.pop_front();
    if (spare_.size() < config_.segments_ahead) {
        spare_.push_back(std::move(drained));
    } else if (auto error = drained->remove()) {
        return fail(std::move(*error));
    }
    return true;
}

bool JournalDrain::fail(JournalError error) {
    failure_ = std::move(error);
    failed_.store(true, std::memory_order_release);
    return false;
}

std::optional<JournalError> JournalDrain::finish() {
    while (!failed() && drain()) {}
    if (!failed() && disk_file_.is_open()) sync();
    if (failed()) return failure_;
    disk_file_ = JournalFile{};
    for (auto* segments : {&live_, &spare_}) {
        for (const auto& segment : *segments) {
            if (auto error = segment->remove()) return error;
        }
        segments->clear();
    }
    // Empty now, unless it holds something that is not ours.
    ::rmdir(config_.hot_directory.c_str());
    return std::nullopt;
}

}  // namespace colo
