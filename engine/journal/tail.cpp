// Going from disk to memory and back, always at the same place.
#include "engine/journal/tail.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace colo {

Result<JournalTail, JournalError> JournalTail::open(Places places, JournalOffset from) {
    JournalTail tail(std::move(places), from);
    auto reader = JournalReader::open(tail.places_.directory, from);
    if (reader && reader->segment()) {
        tail.reader_ = std::move(*reader);
        return tail;
    }
    if (!reader && reader.error().kind != JournalError::Kind::missing) return reader.error();
    // A place that is not on disk yet may be in memory already.
    if (tail.enter_first_in_memory()) return tail;
    if (tail.error_) return *tail.error_;
    if (!reader) return reader.error();
    tail.reader_ = std::move(*reader);
    return tail;
}

ReadStatus JournalTail::next(RecordView& record) {
    while (!error_) {
        const auto status = hot_ ? look_in_memory(record) : look_on_disk(record);
        if (status) return *status;
    }
    return ReadStatus::error;
}

std::optional<ReadStatus> JournalTail::look_in_memory(RecordView& record) {
    const std::uint64_t first = hot_->header().first_offset().value();
    // Asked first: what was appended before the name went is then seen, whatever the answer.
    const bool has_name = hot_->has_name();
    switch (hot_->copy(position_.value() - first, copied_)) {
    case HotView::Found::record:
        std::memcpy(&record.header, copied_.data(), sizeof record.header);
        record.payload = Bytes{copied_}.subspan(record_header_bytes, record.header.length);
        record.offset = position_;
        position_ += copied_.size();
        record.next_offset = position_;
        return ReadStatus::record;
    case HotView::Found::segment_end:
        if (enter(hot_->header().segment_index + 1)) {
            position_ = hot_->header().first_offset() + segment_header_bytes;
            return std::nullopt;
        }
        [[fallthrough]];  // the next one is not prepared yet
    case HotView::Found::nothing_yet:
        if (has_name) return ReadStatus::end;
        break;
    case HotView::Found::given_away: break;
    case HotView::Found::corrupt:
        return fail({JournalError::Kind::corrupt, hot_->path().string(), position_.value() - first, "corrupt record"});
    }
    hot_.reset();
    if (!enter_disk()) return ReadStatus::error;
    return std::nullopt;
}

std::optional<ReadStatus> JournalTail::look_on_disk(RecordView& record) {
    const ReadStatus status = reader_->next(record);
    if (reader_->segment()) position_ = reader_->next_offset();
    if (status == ReadStatus::error) return fail(reader_->error());
    if (status == ReadStatus::record) return status;
    return enter_memory() ? std::nullopt : std::optional{ReadStatus::end};
}

// Everything on disk was read: goes on in memory, where there is more.
bool JournalTail::enter_memory() {
    if (!reader_ || !reader_->segment()) return enter_first_in_memory();
    const std::uint64_t index = reader_->segment()->segment_index;
    if (enter(index)) return true;
    // The segment left memory when it was drained. If it was read to its end, the next one may be there.
    if (!reader_->at_segment_end() || !enter(index + 1)) return false;
    position_ = hot_->header().first_offset() + segment_header_bytes;
    return true;
}

// Nothing is on disk, or the place lies beyond it: the segment in memory that the place lies in.
bool JournalTail::enter_first_in_memory() {
    const auto listed = list_segments(places_.hot_directory);
    if (!listed || listed->empty() || !enter(listed->front())) return false;
    const std::uint64_t segment_bytes = hot_->header().segment_bytes;
    if (position_ == JournalOffset{}) {
        // Since the look at the disk, the journal's first segments may have been drained there and have left memory.
        const auto on_disk = list_segments(places_.directory);
        if (on_disk && !on_disk->empty() && on_disk->front() < hot_->header().segment_index) return back_to_disk();
        position_ = hot_->header().first_offset();
    }
    const std::uint64_t index = position_.value() / segment_bytes;
    if (index != hot_->header().segment_index && !enter(index)) return back_to_disk();
    const std::uint64_t byte = std::max(position_.value() % segment_bytes, segment_header_bytes);
    position_ = hot_->header().first_offset() + byte;
    const bool found = hot_->is_place(byte);
    if (found) return true;
    if (hot_->copy(byte, copied_) == HotView::Found::given_away) return back_to_disk();
    fail({JournalError::Kind::missing, hot_->path().string(), byte, "no record begins here"});
    hot_.reset();
    return false;
}

// False, for those who came from disk: what they looked for in memory has left it.
bool JournalTail::back_to_disk() {
    hot_.reset();
    static_cast<void>(enter_disk());
    return false;
}

bool JournalTail::enter(std::uint64_t segment_index) {
    auto opened = HotView::open(places_.hot_directory, segment_index);
    if (!opened) return false;
    hot_ = std::move(*opened);
    reader_.reset();
    return true;
}

bool JournalTail::enter_disk() {
    auto reader = JournalReader::open(places_.directory, position_);
    if (!reader) {
        fail(reader.error());
        return false;
    }
    reader_ = std::move(*reader);
    return true;
}

ReadStatus JournalTail::fail(JournalError error) {
    error_ = std::move(error);
    return ReadStatus::error;
}

}  // namespace colo
