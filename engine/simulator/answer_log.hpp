// Every message that the venue has sent on the order session, each already in its SoupBinTCP packet, in one row.
//
// A client that logs in again gets the rest of the row from the sequence number that it asks for, in as few sends as
// the socket takes. Sequence numbers count from 1.
#pragma once

#include <cassert>
#include <cstdint>
#include <vector>

#include "engine/core/wire.hpp"
#include "engine/protocol/soupbintcp.hpp"

namespace colo::simulator {

class AnswerLog {
public:
    AnswerLog() {
        bytes_.reserve(std::size_t{1} << 20);
        starts_.reserve(std::size_t{1} << 14);
    }

    template <WireMessage Message>
    void append(const Message& message, Bytes appendage = {}) {
        soupbintcp::PacketHeader header;
        header.packet_length = static_cast<std::uint16_t>(1 + sizeof message + appendage.size());
        header.packet_type = soupbintcp::sequenced_data_type;
        starts_.push_back(bytes_.size());
        put(bytes_of(header));
        put(bytes_of(message));
        put(appendage);
    }

    // The sequence number of the next answer.
    [[nodiscard]] std::uint64_t next() const { return starts_.size() + 1; }
    // All packets from this sequence number on; valid until the next append.
    [[nodiscard]] Bytes packets_from(std::uint64_t sequence) const {
        assert(sequence >= 1);
        return Bytes(bytes_).subspan(sequence >= next() ? bytes_.size() : starts_[sequence - 1]);
    }
    // The message with this sequence number, without its packet header.
    [[nodiscard]] Bytes message(std::uint64_t sequence) const {
        const std::size_t end = sequence + 1 < next() ? starts_[sequence] : bytes_.size();
        const std::size_t begin = starts_[sequence - 1] + sizeof(soupbintcp::PacketHeader);
        return Bytes(bytes_).subspan(begin, end - begin);
    }

private:
    void put(Bytes bytes) { bytes_.insert(bytes_.end(), bytes.begin(), bytes.end()); }

    std::vector<std::byte> bytes_;
    std::vector<std::size_t> starts_;
};

}  // namespace colo::simulator
