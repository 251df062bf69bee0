// MoldUDP64 1.0: the datagrams that carry a sequenced stream over multicast, and the requests for lost parts of it.
//
// A downstream packet is a 20-byte header and message blocks, each a two-byte length and its bytes; the header's
// sequence number belongs to the first of them. A count of zero is a heartbeat, of 0xFFFF the end of the session: both
// name the next sequence number to expect. A request packet has the same 20 bytes.
//
//   auto packet = moldudp64::Packet::parse(datagram);
//   if (!packet) return count(packet.error());
//   for (auto [sequence, message] : *packet) apply(sequence, message);
//
//   moldudp64::PacketBuilder builder(buffer, "0123456789");
//   builder.start(SequenceNumber{42});
//   while (builder.add(message)) ...
//   send(builder.finish());
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>

#include "engine/core/decode_error.hpp"
#include "engine/core/result.hpp"
#include "engine/core/wire.hpp"

namespace colo::moldudp64 {

using Session = Alpha<10>;

constexpr std::uint16_t heartbeat_count = 0;
constexpr std::uint16_t end_of_session_count = 0xFFFF;
// A datagram that crosses Ethernet unfragmented: 1500 bytes less the IP and UDP headers.
constexpr std::size_t packet_bytes_max = 1472;

struct Header {
    Session session;
    BigEndian<std::uint64_t, SequenceNumber> sequence_number;
    BigEndian<std::uint16_t> message_count;
};
static_assert(sizeof(Header) == 20);

struct Request {
    Session session;
    BigEndian<std::uint64_t, SequenceNumber> sequence_number;
    BigEndian<std::uint16_t> requested_message_count;
};
static_assert(sizeof(Request) == 20);

struct Block {
    SequenceNumber sequence;
    Bytes message;
};

// The blocks of a packet whose bounds were checked.
class BlockIterator {
public:
    using value_type = Block;
    using difference_type = std::ptrdiff_t;
    BlockIterator() = default;
    BlockIterator(const std::byte* at, SequenceNumber sequence, std::size_t left)
        : at_(at), sequence_(sequence), left_(left) {}
    Block operator*() const { return {sequence_, {at_ + 2, load_big_endian<std::uint16_t>(at_)}}; }
    BlockIterator& operator++() {
        at_ += 2 + load_big_endian<std::uint16_t>(at_);
        ++sequence_;
        --left_;
        return *this;
    }
    BlockIterator operator++(int) { BlockIterator before = *this; ++*this; return before; }
    bool operator==(const BlockIterator& other) const { return left_ == other.left_; }

private:
    const std::byte* at_ = nullptr;
    SequenceNumber sequence_;
    std::size_t left_ = 0;
};

// A view of a datagram; parse has checked that every block lies within it and that nothing follows the last.
class Packet {
public:
    static constexpr bool has_sessions = true;

    [[nodiscard]] static Result<Packet, DecodeError> parse(Bytes datagram);

    [[nodiscard]] const Header& header() const { return overlay<Header>(bytes_); }
    [[nodiscard]] Session session() const { return header().session; }
    // Of the first message; of the next message to expect in a heartbeat or at the end of the session.
    [[nodiscard]] SequenceNumber sequence() const { return header().sequence_number; }
    [[nodiscard]] bool heartbeat() const { return header().message_count == heartbeat_count; }
    [[nodiscard]] bool end_of_session() const { return header().message_count == end_of_session_count; }
    // Messages within, 0 for a heartbeat and the end of the session.
    [[nodiscard]] std::size_t message_count() const { return end_of_session() ? 0 : header().message_count.get(); }
    [[nodiscard]] SequenceNumber next_sequence() const { return sequence() + message_count(); }
    [[nodiscard]] Bytes bytes() const { return bytes_; }

    [[nodiscard]] BlockIterator begin() const {
        return {bytes_.data() + sizeof(Header), sequence(), message_count()};
    }
    [[nodiscard]] BlockIterator end() const { return {}; }

private:
    explicit Packet(Bytes bytes) : bytes_(bytes) {}
    Bytes bytes_;
};

inline Result<Packet, DecodeError> Packet::parse(Bytes datagram) {
    using Kind = DecodeError::Kind;
    if (datagram.size() < sizeof(Header))
        return DecodeError{Kind::truncated, "MoldUDP64 packet", "header", 0, datagram.size(), sizeof(Header)};
    const Packet packet(datagram);
    std::size_t at = sizeof(Header);
    for (std::size_t left = packet.message_count(); left > 0; --left) {
        if (datagram.size() - at < 2)
            return DecodeError{Kind::truncated, "MoldUDP64 packet", "message_length", at, datagram.size() - at, 2};
        const std::size_t length = load_big_endian<std::uint16_t>(datagram.data() + at);
        at += 2;
        if (datagram.size() - at < length)
            return DecodeError{Kind::truncated, "MoldUDP64 packet", "message_data", at, datagram.size() - at, length};
        at += length;
    }
    if (at != datagram.size())
        return DecodeError{Kind::length_mismatch, "MoldUDP64 packet", "message_count", 18, datagram.size(), at};
    return packet;
}

[[nodiscard]] inline Result<Request, DecodeError> parse_request(Bytes datagram) {
    if (datagram.size() != sizeof(Request))
        return DecodeError{DecodeError::Kind::length_mismatch, "MoldUDP64 request", "length", 0, datagram.size(),
                           sizeof(Request)};
    return overlay<Request>(datagram);
}

// `count` 0 asks for nothing: it reports to a paced simulator which message is expected next.
[[nodiscard]] inline Request make_request(Session session, SequenceNumber first, std::uint16_t count) {
    Request request;
    request.session = session;
    request.sequence_number = first;
    request.requested_message_count = count;
    return request;
}

// Fills a buffer with one packet after another; never allocates.
class PacketBuilder {
public:
    // The buffer's length, at least a header, bounds a packet.
    PacketBuilder(MutableBytes buffer, Session session) : buffer_(buffer), session_(session) {
        assert(buffer.size() >= sizeof(Header));
    }

    void start(SequenceNumber first) {
        first_ = first;
        used_ = sizeof(Header);
        count_ = 0;
    }
    // False where the message does not fit any more: finish this packet and start the next.
    [[nodiscard]] bool add(Bytes message) {
        if (message.size() > 0xFFFF || buffer_.size() - used_ < 2 + message.size() || count_ + 1 >= end_of_session_count)
            return false;
        store_big_endian(buffer_.data() + used_, static_cast<std::uint16_t>(message.size()));
        std::copy(message.begin(), message.end(), buffer_.begin() + static_cast<std::ptrdiff_t>(used_) + 2);
        used_ += 2 + message.size();
        ++count_;
        return true;
    }
    [[nodiscard]] std::size_t count() const { return count_; }
    // The packet; with no message in it a heartbeat.
    [[nodiscard]] Bytes finish() { return write(static_cast<std::uint16_t>(count_)); }
    [[nodiscard]] Bytes heartbeat(SequenceNumber next) { start(next); return write(heartbeat_count); }
    [[nodiscard]] Bytes end_of_session(SequenceNumber next) { start(next); return write(end_of_session_count); }

private:
    Bytes write(std::uint16_t count) {
        Header header;
        header.session = session_;
        header.sequence_number = first_;
        header.message_count = count;
        std::memcpy(buffer_.data(), &header, sizeof header);
        return {buffer_.data(), used_};
    }

    MutableBytes buffer_;
    Session session_;
    SequenceNumber first_;
    std::size_t used_ = sizeof(Header);
    std::size_t count_ = 0;
};

}  // namespace colo::moldudp64
