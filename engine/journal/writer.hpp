// Appends records to the journal from the trading thread: stores into a prepared page, no allocation, lock or kernel.
//
//   Appended appended = writer.append({.kind = RecordKind::order_sent, .source = RecordSource::engine,
//                                      .sequence = cause, .receive_time = now}, bytes_of(enter_order));
//   if (!appended) halt("journal: ", to_string(appended.status));   // nothing was written, so nothing may be sent
//   session.send(enter_order);
//
// When append returns, the record survives the death of this process at any instruction. It survives power loss once
// the drain has written it and the disk has it: see drain.hpp. A full journal is a value, never a wait: where the next
// segment is not ready (the housekeeping thread is behind, or the disk is full), the same append may be tried again.
#pragma once

#include <atomic>
#include <cstdint>
#include <cstring>

#include "engine/journal/hot_segment.hpp"
#include "engine/journal/record.hpp"

namespace colo {

enum class AppendStatus : std::uint8_t {
    appended,
    segment_not_ready,    // try again when the housekeeping thread has prepared one, or halt
    payload_not_allowed,  // empty, or longer than payload_bytes_max
    closed,
};

[[nodiscard]] constexpr const char* to_string(AppendStatus status) {
    switch (status) {
    case AppendStatus::appended: return "appended";
    case AppendStatus::segment_not_ready: return "the next segment is not ready";
    case AppendStatus::payload_not_allowed: return "the payload is empty or too long";
    case AppendStatus::closed: return "the journal is closed";
    }
    return "unknown";
}

struct [[nodiscard]] Appended {
    AppendStatus status = AppendStatus::closed;
    JournalOffset offset{};  // of the record, where it was appended

    explicit operator bool() const { return status == AppendStatus::appended; }
};

// One thread appends. Made by Journal, which outlives it.
class JournalWriter {
public:
    // `first` is the segment to continue at its committed bytes; `prepared` gives the ones after it.
    JournalWriter(HotSegment& first, PreparedSegments& prepared) : prepared_(&prepared) { enter(first); }

    Appended append(const RecordFields& fields, Bytes payload) noexcept {
        if (payload.empty() || payload.size() > payload_bytes_max) return {AppendStatus::payload_not_allowed, {}};
        const std::uint64_t needed = record_bytes(payload.size());
        if (needed > end_ - cursor_) [[unlikely]] {
            if (const AppendStatus status = next_segment(); status != AppendStatus::appended) return {status, {}};
        }
        store(fields, payload);
        const JournalOffset offset = first_offset_ + cursor_;
        cursor_ += needed;
        segment_->committed_bytes.store(cursor_, std::memory_order_release);
        return {AppendStatus::appended, offset};
    }

    // Where the next record will lie, unless it opens the next segment.
    [[nodiscard]] JournalOffset next_offset() const { return first_offset_ + cursor_; }
    // Afterwards every append says `closed`.
    void close() {
        prepared_ = nullptr;
        cursor_ = end_ = 0;
    }

private:
    void store(const RecordFields& fields, Bytes payload) noexcept {
        std::byte* at = base_ + cursor_;
        RecordHeader header{
            .length = 0,
            .crc32c = 0,
            .receive_time_ns = fields.receive_time.value(),
            .sequence = fields.sequence.value(),
            .kind = fields.kind,
            .source = fields.source,
            .channel = fields.channel.value(),
            .reserved = 0,
        };
        header.crc32c = record_crc32c(header, payload);
        std::memcpy(at + sizeof header.length, reinterpret_cast<const std::byte*>(&header) + sizeof header.length,
                    sizeof header - sizeof header.length);
        std::memcpy(at + sizeof header, payload.data(), payload.size());
        publish_length(at, static_cast<std::uint32_t>(payload.size()));
    }

    // Last of a record's stores: whoever sees the length sees the record.
    static void publish_length(std::byte* at, std::uint32_t length) noexcept {
        std::atomic_ref(*reinterpret_cast<std::uint32_t*>(at)).store(length, std::memory_order_release);
    }

    AppendStatus next_segment() noexcept {
        if (prepared_ == nullptr) return AppendStatus::closed;
        HotSegment* next = prepared_->pop();
        if (next == nullptr) return AppendStatus::segment_not_ready;
        if (cursor_ < end_) {
            publish_length(base_ + cursor_, segment_end_mark);
            segment_->committed_bytes.store(cursor_ + record_alignment, std::memory_order_release);
        }
        segment_->ended.store(true, std::memory_order_release);
        enter(*next);
        return AppendStatus::appended;
    }

    void enter(HotSegment& segment) noexcept {
        segment_ = &segment;
        base_ = segment.bytes().data();
        cursor_ = segment.committed_bytes.load(std::memory_order_relaxed);
        end_ = segment.header().segment_bytes;
        first_offset_ = segment.header().first_offset();
    }

    HotSegment* segment_ = nullptr;
    std::byte* base_ = nullptr;
    std::uint64_t cursor_ = 0;
    std::uint64_t end_ = 0;
    JournalOffset first_offset_{};
    PreparedSegments* prepared_;
};

}  // namespace colo
