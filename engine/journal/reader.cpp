// Finding a place in the segments of a directory and going on from it.
#include "engine/journal/reader.hpp"

#include <fcntl.h>

#include <algorithm>
#include <utility>

namespace colo {
namespace {

// More than the longest record, so that a record which the buffer does not hold is not whole in the file either.
constexpr std::uint64_t buffer_bytes = 256 * 1024;
static_assert(buffer_bytes > record_bytes(payload_bytes_max) + record_alignment);

constexpr const char* whole_records_follow = "a corrupt record that whole records follow";
constexpr const char* missing_end_mark = "the segment ends without its end mark, though a later one follows";

}  // namespace

Result<JournalReader, JournalError> JournalReader::open(std::filesystem::path directory, JournalOffset from) {
    JournalReader reader(std::move(directory), from);
    if (reader.locate() == Step::error) return *reader.error_;
    return reader;
}

JournalReader::JournalReader(std::filesystem::path directory, JournalOffset from)
    : directory_(std::move(directory)), from_(from), buffer_(buffer_bytes) {}

ReadStatus JournalReader::next(RecordView& record) {
    if (error_) return ReadStatus::error;
    Step step = segment_ ? Step::ok : locate();
    while (step == Step::ok) {
        switch (examine_here(record.header)) {
        case RecordState::whole:
            record.offset = next_offset();
            record.payload = buffered().subspan(record_header_bytes, record.header.length);
            in_segment_ += record_bytes(record.header.length);
            record.next_offset = next_offset();
            return ReadStatus::record;
        case RecordState::segment_end: step = enter_segment(segment_->segment_index + 1); break;
        case RecordState::corrupt:
            step = error_ ? Step::error
                          : fail(JournalError::Kind::corrupt, file_.path(), in_segment_, "corrupt record");
            break;
        case RecordState::unwritten:
        case RecordState::incomplete: step = settle_unwritten(); break;
        }
    }
    return step == Step::wait ? ReadStatus::end : ReadStatus::error;
}

MaybeJournalError JournalReader::check_end() const {
    if (!segment_) return std::nullopt;
    const auto length = file_.length();
    if (!length) return length.error();
    std::vector<std::byte> bytes(*length);
    const auto got = file_.read(0, bytes);
    if (!got) return got.error();
    const SegmentScan scan = scan_segment(Bytes{bytes}.first(*got), segment_->segment_bytes);
    if (scan.tail != SegmentScan::Tail::corrupt) return std::nullopt;
    return JournalError{JournalError::Kind::corrupt, file_.path().string(), scan.valid_bytes, whole_records_follow};
}

bool JournalReader::at_segment_end() const {
    if (!segment_) return false;
    RecordHeader header;
    return in_segment_ + record_alignment > segment_->segment_bytes ||
           examine_record(buffered(), header) == RecordState::segment_end;
}

// The state of the record at in_segment_; what the buffer does not settle is read anew, because it may have been
// written since. Where reading fails, error_ says why and the state is corrupt.
RecordState JournalReader::examine_here(RecordHeader& header) {
    if (in_segment_ + record_alignment > segment_->segment_bytes) return RecordState::segment_end;
    const RecordState state = examine_record(buffered(), header);
    if (state == RecordState::whole || state == RecordState::segment_end) return state;
    if (refill() != Step::ok) return RecordState::corrupt;
    return examine_record(buffered(), header);
}

// Nothing whole here: it is still to be written, unless a later segment shows that it never will be.
JournalReader::Step JournalReader::settle_unwritten() {
    std::error_code code;
    if (!std::filesystem::exists(directory_ / segment_name(segment_->segment_index + 1), code)) return Step::wait;
    // The writer may have gone on between our reading and this look.
    RecordHeader header;
    const RecordState state = examine_here(header);
    if (state == RecordState::whole || state == RecordState::segment_end) return Step::ok;
    if (error_) return Step::error;
    return fail(JournalError::Kind::corrupt, file_.path(), in_segment_, missing_end_mark);
}

JournalReader::Step JournalReader::locate() {
    const auto listed = list_segments(directory_);
    if (!listed) return fail(listed.error());
    if (listed->empty()) return Step::wait;
    const std::uint64_t first = listed->front(), last = listed->back();
    if (const Step step = enter_segment(first); step != Step::ok) return step;
    if (from_ == JournalOffset{}) return Step::ok;

    const std::uint64_t segment_bytes = segment_->segment_bytes;
    const std::uint64_t index = from_.value() / segment_bytes;
    const std::uint64_t byte = std::max(from_.value() % segment_bytes, segment_header_bytes);
    const std::string wanted = "offset " + std::to_string(from_.value());
    if (index < first) return fail(JournalError::Kind::missing, file_.path(), 0, wanted + " lies before this segment");
    if (index > last || byte % record_alignment != 0) {
        segment_.reset();
        if (index == last + 1 && byte == segment_header_bytes) return Step::wait;
        return fail(JournalError::Kind::missing, directory_ / segment_name(index), byte, wanted + " is not there");
    }
    if (const Step step = enter_segment(index); step != Step::ok) {
        if (step == Step::wait) segment_.reset();
        return step;
    }
    const auto length = file_.length();
    if (!length) return fail(length.error());
    if (byte > *length) {
        return fail(JournalError::Kind::missing, file_.path(), byte,
                    wanted + " lies beyond what is written, which ends at byte " + std::to_string(*length));
    }
    in_segment_ = byte;
    return Step::ok;
}

JournalReader::Step JournalReader::enter_segment(std::uint64_t segment_index) {
    const auto path = directory_ / segment_name(segment_index);
    std::error_code code;
    if (!std::filesystem::exists(path, code)) return settle_missing(segment_index);
    auto opened = JournalFile::open(path, O_RDONLY);
    if (!opened) return fail(opened.error());
    std::vector<std::byte> page(segment_header_bytes);
    const auto got = opened->read(0, page);
    if (!got) return fail(got.error());
    if (*got < segment_header_bytes) return Step::wait;
    auto header = decode_segment_header(page, path, segment_index);
    if (!header) return fail(header.error());
    if (segment_ && (!segment_->identity.same_journal(header->identity) ||
                     segment_->segment_bytes != header->segment_bytes)) {
        return fail(JournalError::Kind::identity, path, 0, "the segment before this one belongs to another journal");
    }
    file_ = std::move(*opened);
    segment_ = std::move(*header);
    first_offset_ = segment_->first_offset().value();
    in_segment_ = segment_header_bytes;
    buffer_begin_ = in_segment_;
    buffer_filled_ = 0;
    return Step::ok;
}

// A segment that is not there is still to be written, unless a later one shows that it was removed.
JournalReader::Step JournalReader::settle_missing(std::uint64_t segment_index) {
    const auto listed = list_segments(directory_);
    if (!listed) return fail(listed.error());
    const auto path = directory_ / segment_name(segment_index);
    std::error_code code;
    if (listed->empty() || listed->back() < segment_index || std::filesystem::exists(path, code)) return Step::wait;
    return fail(JournalError::Kind::missing, path, 0, "this segment was removed before it was read");
}

JournalReader::Step JournalReader::refill() {
    const auto got = file_.read(in_segment_, buffer_);
    if (!got) return fail(got.error());
    buffer_begin_ = in_segment_;
    buffer_filled_ = *got;
    return Step::ok;
}

Bytes JournalReader::buffered() const {
    const std::uint64_t skip = in_segment_ - buffer_begin_;
    return skip >= buffer_filled_ ? Bytes{} : Bytes{buffer_}.subspan(skip, buffer_filled_ - skip);
}

JournalReader::Step JournalReader::fail(JournalError error) {
    error_ = std::move(error);
    return Step::error;
}

JournalReader::Step JournalReader::fail(JournalError::Kind kind, const std::filesystem::path& file,
                                        std::uint64_t offset, std::string reason) {
    return fail(JournalError{kind, file.string(), offset, std::move(reason)});
}

}  // namespace colo
