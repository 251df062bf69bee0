// CME MDP 3.0: the packets of an incremental, snapshot or instrument feed, and the SBE messages within.
//
// A packet is its sequence number and sending time (12 bytes, little endian), then messages, each behind its two-byte
// length. Sequence numbers count packets, not messages, so a feed's lines are arbitrated packet by packet, and a packet
// stands in the place of a message there (engine/feed/arbiter.hpp). Messages are laid out by CME's SBE schema: the structs
// are made from engine/protocol/mdp3_schema.xml. Templates of both price scales are decoded (10^-7 before version 9).
//
//   auto packet = mdp3::Packet::parse(datagram);
//   if (!packet) return count(packet.error());
//   for (mdp3::Message message : packet->messages())
//       mdp3::visit(message, [&](const auto& decoded) { apply(decoded); });      // an sbe::Decoded<MD...>
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <limits>
#include <optional>
#include <string_view>

#include "engine/core/decode_error.hpp"
#include "engine/core/result.hpp"
#include "engine/core/wire.hpp"
#include "engine/protocol/mdp3_messages.hpp"
#include "engine/protocol/sbe.hpp"

namespace colo::mdp3 {

// The venue's number of an instrument.
using SecurityId = Identifier<struct SecurityIdTag, std::int32_t>;

struct PacketHeader {
    LittleEndian<std::uint32_t> sequence_number;
    LittleEndian<std::uint64_t> sending_time;  // Unix nanoseconds
};
static_assert(sizeof(PacketHeader) == 12);

struct MessageLength {
    LittleEndian<std::uint16_t> length;  // with itself
    sbe::MessageHeader header;
};
static_assert(sizeof(MessageLength) == 10);

// One message of a packet, whose length was checked, whose content was not.
struct Message {
    sbe::MessageHeader header;
    Bytes body;  // behind the header
};

class MessageIterator {
public:
    using value_type = Message;
    using difference_type = std::ptrdiff_t;
    MessageIterator() = default;
    MessageIterator(const std::byte* at, const std::byte* end) : at_(at), end_(end) {}
    Message operator*() const {
        const auto& framed = overlay<MessageLength>(at_);
        return {framed.header, {at_ + sizeof framed, framed.length.get() - sizeof framed}};
    }
    MessageIterator& operator++() { at_ += overlay<MessageLength>(at_).length.get(); return *this; }
    MessageIterator operator++(int) { MessageIterator before = *this; ++*this; return before; }
    bool operator==(std::default_sentinel_t) const { return at_ == end_; }

private:
    const std::byte* at_ = nullptr;
    const std::byte* end_ = nullptr;
};

// A view of a datagram; parse has checked that its messages fill it.
class Packet {
public:
    // As the arbiter sees it: the one message of a stream that has neither sessions nor a server to ask again.
    static constexpr bool has_sessions = false;
    struct Block {
        SequenceNumber sequence;
        Bytes message;
    };

    [[nodiscard]] static Result<Packet, DecodeError> parse(Bytes datagram);

    [[nodiscard]] const PacketHeader& header() const { return overlay<PacketHeader>(bytes_); }
    [[nodiscard]] SequenceNumber sequence() const { return SequenceNumber{header().sequence_number.get()}; }
    [[nodiscard]] SequenceNumber next_sequence() const { return sequence() + 1; }
    [[nodiscard]] std::size_t message_count() const { return 1; }
    [[nodiscard]] Timestamp sending_time() const { return Timestamp{static_cast<std::int64_t>(header().sending_time.get())}; }
    [[nodiscard]] Bytes bytes() const { return bytes_; }

    struct Messages {
        Bytes bytes;
        [[nodiscard]] MessageIterator begin() const { return {bytes.data(), bytes.data() + bytes.size()}; }
        [[nodiscard]] std::default_sentinel_t end() const { return {}; }
    };
    [[nodiscard]] Messages messages() const { return {bytes_.subspan(sizeof(PacketHeader))}; }

    [[nodiscard]] const Block* begin() const { return &whole_; }
    [[nodiscard]] const Block* end() const { return &whole_ + 1; }

private:
    explicit Packet(Bytes bytes) : bytes_(bytes), whole_{sequence(), bytes} {}
    Bytes bytes_;
    Block whole_;
};

inline Result<Packet, DecodeError> Packet::parse(Bytes datagram) {
    using Kind = DecodeError::Kind;
    if (datagram.size() < sizeof(PacketHeader))
        return DecodeError{Kind::truncated, "MDP3 packet", "header", 0, datagram.size(), sizeof(PacketHeader)};
    for (std::size_t at = sizeof(PacketHeader); at < datagram.size();) {
        const std::size_t left = datagram.size() - at;
        if (left < sizeof(MessageLength))
            return DecodeError{Kind::truncated, "MDP3 packet", "message_header", at, left, sizeof(MessageLength)};
        const std::size_t length = overlay<MessageLength>(datagram.data() + at).length.get();
        if (length < sizeof(MessageLength) || length > left)
            return DecodeError{Kind::length_mismatch, "MDP3 packet", "message_length", at, length, left};
        at += length;
    }
    return Packet(datagram);
}

// What became of a message that was visited.
enum class Visited : std::uint8_t { decoded, unknown_template, malformed };

// Calls visit with the sbe::Decoded of the message's type where its template is known and its bounds are sound.
template <class Visit>
inline Visited visit(const Message& message, Visit&& visit) {
    if (message.header.schema_id.get() != schema_id) return Visited::unknown_template;
    return dispatch(message.header.template_id.get(), Visited::unknown_template, [&]<class Type>() {
        if (sbe::check<Type>(message.body, message.header.block_length.get())) return Visited::malformed;
        visit(sbe::Decoded<Type>(message.body, message.header));
        return Visited::decoded;
    });
}

// The error of a message that visit found malformed, nothing for any other.
[[nodiscard]] inline MaybeError check(const Message& message) {
    if (message.header.schema_id.get() != schema_id) return std::nullopt;
    return dispatch(message.header.template_id.get(), MaybeError{}, [&]<class Type>() {
        return sbe::check<Type>(message.body, message.header.block_length.get());
    });
}

// Prices count 10^-9, the finer of the two scales in use. Nothing where the field is null or too large for that.
template <class Decimal>
[[nodiscard]] inline std::optional<Price> price_of(const Decimal& field) {
    static_assert(Decimal::exponent == -7 || Decimal::exponent == -9);
    constexpr std::int64_t scale = Decimal::exponent == -7 ? 100 : 1, largest = std::numeric_limits<std::int64_t>::max() / scale;
    const auto mantissa = field.get();
    if (!mantissa || *mantissa > largest || *mantissa < -largest) return std::nullopt;
    return Price{*mantissa * scale};
}

// Fills a buffer with one packet after another, for tests and simulators; never allocates.
class PacketBuilder {
public:
    // The buffer's length, at least a header, bounds a packet.
    explicit PacketBuilder(MutableBytes buffer) : buffer_(buffer) { assert(buffer.size() >= sizeof(PacketHeader)); }

    void start(std::uint32_t sequence, Timestamp sending_time) {
        PacketHeader header;
        header.sequence_number = sequence;
        header.sending_time = static_cast<std::uint64_t>(sending_time.value());
        std::memcpy(buffer_.data(), &header, sizeof header);
        used_ = sizeof header;
    }
    // False where the message does not fit any more. `body` is the root block, of `block_length` bytes, and the groups.
    [[nodiscard]] bool add(std::uint16_t template_id, std::size_t block_length, Bytes body, std::uint16_t version = schema_version) {
        const std::size_t length = sizeof(MessageLength) + body.size();
        if (length > std::numeric_limits<std::uint16_t>::max() || buffer_.size() - used_ < length) return false;
        MessageLength framed;
        framed.length = static_cast<std::uint16_t>(length);
        framed.header.block_length = static_cast<std::uint16_t>(block_length);
        framed.header.template_id = template_id;
        framed.header.schema_id = schema_id;
        framed.header.version = version;
        std::memcpy(buffer_.data() + used_, &framed, sizeof framed);
        std::copy(body.begin(), body.end(), buffer_.begin() + static_cast<std::ptrdiff_t>(used_ + sizeof framed));
        used_ += length;
        return true;
    }
    [[nodiscard]] Bytes finish() const { return {buffer_.data(), used_}; }

private:
    MutableBytes buffer_;
    std::size_t used_ = sizeof(PacketHeader);
};

}  // namespace colo::mdp3
