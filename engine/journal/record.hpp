// What one record of the journal is: 32 bytes of header, the payload verbatim, padding with zeros to eight bytes.
//
// All numbers are little endian. `length` is stored last, with release ordering: while it is 0 there is no record, and
// once it is not, header, payload and checksum are whole. A record's offset, which every stored row carries, is
// segment index * segment_bytes + byte offset in the segment; it never changes while the journal lives.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <string_view>
#include <type_traits>

#include "engine/core/crc32c.hpp"
#include "engine/core/types.hpp"
#include "engine/core/wire.hpp"

namespace colo {

// Position of a record in the journal, in bytes since its beginning.
using JournalOffset = Point<struct JournalOffsetTag, std::uint64_t, std::uint64_t>;

enum class RecordKind : std::uint8_t {
    feed_message = 1,      // ITCH message, verbatim
    order_sent = 2,        // OUCH message to the venue, verbatim; appended before it is sent
    order_answer = 3,      // OUCH message from the venue, verbatim
    timer = 4,             // TimerPayload
    control = 5,           // text: kill switch, parameter, start, stop
    timing = 6,            // TimingPayload; measured, so no part of what replay reproduces
    risk_reject = 7,       // RiskRejectPayload
    snapshot_message = 8,  // ITCH message of a snapshot, verbatim
    gap = 9,               // GapPayload
    anomaly = 10,          // AnomalyPayload; follows from what came before it, or is measured
    model = 11,            // a ModelChange (tree_model.hpp): the strategy asks this model from here on
};

enum class RecordSource : std::uint8_t {
    line_a = 0,
    line_b = 1,
    rerequest = 2,
    snapshot = 3,
    order_session = 4,
    engine = 5,
};

[[nodiscard]] constexpr std::string_view name_of(RecordKind kind) {
    constexpr std::string_view names[] = {"unknown", "feed message", "order sent", "order answer", "timer", "control", "timing",
                                          "risk reject", "snapshot message", "gap"};
    return names[static_cast<std::size_t>(kind) < std::size(names) ? static_cast<std::size_t>(kind) : 0];
}
[[nodiscard]] constexpr std::string_view name_of(RecordSource source) {
    constexpr std::string_view names[] = {"line A", "line B", "re-request", "snapshot", "order session", "engine", "unknown"};
    return names[std::min(static_cast<std::size_t>(source), std::size(names) - 1)];
}

struct RecordHeader {
    std::uint32_t length;           // bytes of payload; 0 where nothing is written yet, segment_end_mark at the end
    std::uint32_t crc32c;           // of header bytes 8 to 31 and the payload
    std::int64_t receive_time_ns;   // Unix: the kernel's time of the packet, or the engine's clock
    std::uint64_t sequence;         // feed: MoldUDP64 number; order: its cause's number; answer: SoupBinTCP number
    RecordKind kind;
    RecordSource source;
    std::uint16_t channel;
    std::uint32_t reserved;         // 0
};

// What the caller of an append says of a record; the writer adds length and checksum.
struct RecordFields {
    RecordKind kind;
    RecordSource source;
    ChannelId channel{};
    SequenceNumber sequence{};
    Timestamp receive_time{};
};

struct TimerPayload {
    std::int64_t due_time_ns;
    std::uint64_t timer_id;
};

// Where the time of one order went; all times are Unix nanoseconds of the host.
struct TimingPayload {
    std::uint64_t cause_sequence;
    std::uint32_t user_ref_num;
    std::uint32_t reserved;
    std::int64_t receive_time_ns;
    std::int64_t decoded_ns;
    std::int64_t decided_ns;
    std::int64_t journaled_ns;
    std::int64_t sent_ns;
};

// The order that a risk rule kept from leaving.
struct RiskRejectPayload {
    std::uint64_t cause_sequence;
    std::int64_t price;
    std::int64_t quantity;
    std::int32_t instrument_id;
    std::uint32_t user_ref_num;  // the number it would have had, 0 where none was taken
    std::uint16_t rule;
    char side;                   // 'B' or 'S'
    std::uint8_t reserved[5];
};

// Feed messages that were lost for good, first and last included.
struct GapPayload {
    std::uint64_t first;
    std::uint64_t last;
};

// Something that an orderly venue, market or engine would not have shown; zero where a number does not apply.
struct AnomalyPayload {
    std::uint64_t cause_sequence;  // the latest feed message
    std::int64_t price;            // of a fill
    std::int64_t quantity;         // shares filled, rejects of a burst, orders that never arrived, ns of a latency
    std::int64_t limit;            // what was open, the best price, or the declared threshold
    std::uint32_t user_ref_num;
    std::int32_t instrument_id;
    std::uint8_t anomaly;          // an Anomaly
    std::uint8_t reserved[7];
};

inline constexpr std::uint64_t record_header_bytes = 32;
inline constexpr std::uint64_t record_alignment = 8;
inline constexpr std::uint64_t payload_bytes_max = 65'536;
// Stored as a length: this segment has ended, the next record opens the next segment.
inline constexpr std::uint32_t segment_end_mark = 0xFFFFFFFF;

// Bytes that a record with this payload takes in a segment.
[[nodiscard]] constexpr std::uint64_t record_bytes(std::uint64_t payload_bytes) {
    return record_header_bytes + (payload_bytes + record_alignment - 1) / record_alignment * record_alignment;
}

// The checksum that belongs in the header.
[[nodiscard]] inline std::uint32_t record_crc32c(const RecordHeader& header, Bytes payload) {
    const Bytes checked = std::as_bytes(std::span{&header, 1}).subspan(8);
    return crc32c(payload, crc32c(checked));
}

enum class RecordState : std::uint8_t {
    whole,        // a record with the right checksum
    unwritten,    // length 0, or fewer bytes than a length takes
    incomplete,   // begun, but the bytes end before the record does
    segment_end,  // the end mark
    corrupt,      // a length that cannot be, or a wrong checksum
};

// What lies at the beginning of these bytes of a segment; `header` is filled where the state is whole or incomplete.
[[nodiscard]] inline RecordState examine_record(Bytes bytes, RecordHeader& header) {
    header.length = 0;
    if (bytes.size() < sizeof header.length) return RecordState::unwritten;
    std::memcpy(&header.length, bytes.data(), sizeof header.length);
    if (header.length == 0) return RecordState::unwritten;
    if (header.length == segment_end_mark) return RecordState::segment_end;
    if (header.length > payload_bytes_max) return RecordState::corrupt;
    if (bytes.size() < record_bytes(header.length)) return RecordState::incomplete;
    std::memcpy(&header, bytes.data(), sizeof header);
    const Bytes payload = bytes.subspan(record_header_bytes, header.length);
    return record_crc32c(header, payload) == header.crc32c ? RecordState::whole : RecordState::corrupt;
}

static_assert(std::endian::native == std::endian::little);
static_assert(sizeof(RecordHeader) == record_header_bytes && std::is_trivially_copyable_v<RecordHeader>);
static_assert(offsetof(RecordHeader, crc32c) == 4 && offsetof(RecordHeader, receive_time_ns) == 8);
static_assert(offsetof(RecordHeader, sequence) == 16 && offsetof(RecordHeader, kind) == 24);
static_assert(offsetof(RecordHeader, source) == 25 && offsetof(RecordHeader, channel) == 26);
static_assert(offsetof(RecordHeader, reserved) == 28);
static_assert(sizeof(TimerPayload) == 16 && sizeof(GapPayload) == 16);
static_assert(sizeof(TimingPayload) == 56 && offsetof(TimingPayload, receive_time_ns) == 16);
static_assert(sizeof(AnomalyPayload) == 48 && offsetof(AnomalyPayload, anomaly) == 40);
static_assert(sizeof(RiskRejectPayload) == 40 && offsetof(RiskRejectPayload, rule) == 32);

}  // namespace colo
