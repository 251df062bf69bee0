// Every message that the venue has sent on the order session, each already in its SoupBinTCP packet, in one row.
//
// A client that logs in again gets the rest of the row from the sequence number that it asks for, in as few sends as
// the socket takes. Sequence numbers count from 1. The row has its addresses for a whole day from the start, so that it
// grows without being copied.
#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <stdexcept>

#include "engine/core/reserved_memory.hpp"
#include "engine/core/wire.hpp"
#include "engine/protocol/soupbintcp.hpp"

namespace colo::simulator {

class AnswerLog {
public:
    // Throws std::bad_alloc where not even the addresses can be had.
    AnswerLog() : bytes_(bytes_max), starts_(answers_max) {}

    // A message at its place in the row, to be filled at once: one that is built elsewhere and copied waits for its own
    // stores. Throws std::length_error past the bounds of a day.
    template <WireMessage Message>
    Message& add(Bytes appendage = {}) {
        soupbintcp::PacketHeader header;
        header.packet_length = static_cast<std::uint16_t>(1 + sizeof(Message) + appendage.size());
        header.packet_type = soupbintcp::sequenced_data_type;
        const std::size_t needed = sizeof header + sizeof(Message) + appendage.size();
        if (count_ == answers_max || used_ + needed > bytes_max) throw std::length_error("too many answers for a day");
        starts_[count_++] = used_;
        std::byte* at = &bytes_[0] + used_;
        used_ += needed;
        std::memcpy(at, &header, sizeof header);
        at += sizeof header;
        if (!appendage.empty()) std::memcpy(at + sizeof(Message), appendage.data(), appendage.size());
        return *new (at) Message;
    }

    // Forgets every answer; the memory stays.
    void clear() { used_ = count_ = 0; }

    // The sequence number of the next answer.
    [[nodiscard]] std::uint64_t next() const { return count_ + 1; }
    // All packets from this sequence number on; valid until the next append.
    [[nodiscard]] Bytes packets_from(std::uint64_t sequence) const {
        assert(sequence >= 1);
        const std::size_t begin = sequence >= next() ? used_ : starts_[sequence - 1];
        return {&bytes_[0] + begin, used_ - begin};
    }
    // The message with this sequence number, without its packet header.
    [[nodiscard]] Bytes message(std::uint64_t sequence) const {
        const std::size_t end = sequence + 1 < next() ? starts_[sequence] : used_;
        const std::size_t begin = starts_[sequence - 1] + sizeof(soupbintcp::PacketHeader);
        return {&bytes_[0] + begin, end - begin};
    }

private:
    static constexpr std::size_t bytes_max = std::size_t{8} << 30;
    static constexpr std::size_t answers_max = std::size_t{1} << 27;

    ReservedArray<std::byte> bytes_;
    ReservedArray<std::size_t> starts_;
    std::size_t used_ = 0;
    std::size_t count_ = 0;
};

}  // namespace colo::simulator
