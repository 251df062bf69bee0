// SoupBinTCP 3.0: packets of a two-byte length, a type and a payload on a TCP stream.
//
// The server numbers its sequenced packets implicitly, so that a client can log in again where it stopped; what the
// client sends is not sequenced. Each side sends a heartbeat when it was silent for a second.
//
//   soupbintcp::Framer framer;                              // allocates once
//   MutableBytes room = framer.free_space();
//   framer.received(read(socket, room.data(), room.size()));
//   while (auto packet = framer.next()) handle(packet->type, packet->payload);
//   if (framer.error()) disconnect(framer.error()->to_string());
//
//   soupbintcp::LoginRequest login;
//   login.username = "trader"; login.requested_sequence_number = 1;
//   send(bytes_of(login));
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>

#include "engine/core/decode_error.hpp"
#include "engine/core/wire.hpp"

namespace colo::soupbintcp {

// Counts the type and the payload, not itself.
struct PacketHeader {
    BigEndian<std::uint16_t> packet_length;
    char packet_type{};
};
static_assert(sizeof(PacketHeader) == 3);

template <char code, class Derived>
struct FixedPacket : PacketHeader {
    static constexpr char type = code;
    FixedPacket() {
        packet_length = static_cast<std::uint16_t>(sizeof(Derived) - 2);
        packet_type = code;
    }
};

// Packets of the server (2.2).
struct LoginAccepted : FixedPacket<'A', LoginAccepted> {
    static constexpr const char* name = "LoginAccepted";
    Alpha<10> session;  // padded on the left by some servers: compare with `same_session`
    AsciiNumber<20> sequence_number;
};
struct LoginRejected : FixedPacket<'J', LoginRejected> {
    static constexpr const char* name = "LoginRejected";
    char reject_reason_code{'A'};  // 'A' not authorised, 'S' session not available
};
struct ServerHeartbeat : FixedPacket<'H', ServerHeartbeat> {
    static constexpr const char* name = "ServerHeartbeat";
};
struct EndOfSession : FixedPacket<'Z', EndOfSession> {
    static constexpr const char* name = "EndOfSession";
};

// Packets of the client (2.3).
struct LoginRequest : FixedPacket<'L', LoginRequest> {
    static constexpr const char* name = "LoginRequest";
    Alpha<6> username;
    Alpha<10> password;
    Alpha<10> requested_session;  // blank: the one that runs
    AsciiNumber<20> requested_sequence_number;
};
struct ClientHeartbeat : FixedPacket<'R', ClientHeartbeat> {
    static constexpr const char* name = "ClientHeartbeat";
};
struct LogoutRequest : FixedPacket<'O', LogoutRequest> {
    static constexpr const char* name = "LogoutRequest";
};

static_assert(sizeof(LoginAccepted) == 33 && sizeof(LoginRejected) == 4 && sizeof(LoginRequest) == 49);
static_assert(sizeof(ServerHeartbeat) == 3 && sizeof(EndOfSession) == 3);
static_assert(sizeof(ClientHeartbeat) == 3 && sizeof(LogoutRequest) == 3);

// Types whose payload is the higher protocol's (or free text).
constexpr char debug_type = '+';
constexpr char sequenced_data_type = 'S';
constexpr char unsequenced_data_type = 'U';

constexpr std::size_t packet_bytes_max = 2 + 0xFFFF;
constexpr std::size_t payload_bytes_max = 0xFFFF - 1;

// A message of the higher protocol with its packet header before it: one contiguous send.
template <WireMessage Message, char code = unsequenced_data_type>
struct Enveloped {
    PacketHeader header;
    Message message;
    Enveloped() {
        header.packet_length = static_cast<std::uint16_t>(1 + sizeof(Message));
        header.packet_type = code;
    }
};

// Writes a packet around a payload of any length up to payload_bytes_max; the bytes used, 0 where the room is too small.
[[nodiscard]] inline std::size_t encode(MutableBytes to, char type, Bytes payload) {
    if (payload.size() > payload_bytes_max || to.size() < sizeof(PacketHeader) + payload.size()) return 0;
    store_big_endian(to.data(), static_cast<std::uint16_t>(1 + payload.size()));
    to[2] = static_cast<std::byte>(type);
    std::copy(payload.begin(), payload.end(), to.begin() + sizeof(PacketHeader));
    return sizeof(PacketHeader) + payload.size();
}

struct Packet {
    char type{};
    Bytes whole;    // with its length and type
    Bytes payload;  // without

    // The packet as a fixed type; its length was checked by the framer.
    template <class Fixed>
    [[nodiscard]] const Fixed& as() const { return overlay<Fixed>(whole); }
};

// The length that a packet of this type must have (the length field's count): 0 for variable, -1 for no such type.
[[nodiscard]] constexpr int fixed_length(char type) {
    switch (type) {
    case LoginAccepted::type: return sizeof(LoginAccepted) - 2;
    case LoginRejected::type: return sizeof(LoginRejected) - 2;
    case LoginRequest::type: return sizeof(LoginRequest) - 2;
    case ServerHeartbeat::type: case EndOfSession::type: case ClientHeartbeat::type: case LogoutRequest::type: return 1;
    case debug_type: case sequenced_data_type: case unsequenced_data_type: return 0;
    default: return -1;
    }
}

// Whether two session names are the same but for padding on either side.
[[nodiscard]] inline bool same_session(const Alpha<10>& a, const Alpha<10>& b) {
    const auto trimmed = [](std::string_view text) {
        while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
        return text;
    };
    return trimmed(a.view()) == trimmed(b.view());
}

// Cuts a byte stream into packets. Bytes are received into its buffer and packets are views of that buffer, valid until
// the next call of free_space. After an error the stream has no packet boundary any more: the connection must close.
class Framer {
public:
    explicit Framer(std::size_t capacity = 2 * packet_bytes_max)
        : capacity_(capacity < packet_bytes_max ? packet_bytes_max : capacity),
          buffer_(std::make_unique<std::byte[]>(capacity_)) {}

    // Never empty once every packet was taken.
    [[nodiscard]] MutableBytes free_space() {
        if (begin_ > 0) {
            std::memmove(buffer_.get(), buffer_.get() + begin_, end_ - begin_);
            end_ -= begin_;
            begin_ = 0;
        }
        return {buffer_.get() + end_, capacity_ - end_};
    }
    void received(std::size_t count) {
        assert(count <= capacity_ - end_);
        end_ += count;
    }
    // For bytes that lie elsewhere; the number taken, less than given where the buffer is full.
    std::size_t append(Bytes bytes) {
        MutableBytes room = free_space();
        const std::size_t count = bytes.size() < room.size() ? bytes.size() : room.size();
        std::copy_n(bytes.begin(), count, room.begin());
        received(count);
        return count;
    }
    // The next whole packet, nothing while it is incomplete or after an error.
    [[nodiscard]] std::optional<Packet> next() {
        if (error_ || end_ - begin_ < 2) return std::nullopt;
        const std::byte* at = buffer_.get() + begin_;
        const std::size_t length = load_big_endian<std::uint16_t>(at);
        if (length == 0) return fail({DecodeError::Kind::length_mismatch, "SoupBinTCP packet", "packet_length",
                                      consumed_, 0, 1});
        if (end_ - begin_ < 3) return std::nullopt;
        const auto type = static_cast<char>(at[2]);
        const int fixed = fixed_length(type);
        if (fixed < 0) return fail({DecodeError::Kind::unknown_type, "SoupBinTCP packet", "packet_type",
                                    consumed_ + 2, static_cast<unsigned char>(type), 0});
        if (fixed > 0 && length != static_cast<std::size_t>(fixed))
            return fail({DecodeError::Kind::length_mismatch, "SoupBinTCP packet", "packet_length", consumed_, length,
                         static_cast<std::uint64_t>(fixed)});
        if (end_ - begin_ < 2 + length) return std::nullopt;
        begin_ += 2 + length;
        consumed_ += 2 + length;
        return Packet{type, {at, 2 + length}, {at + 3, length - 1}};
    }
    // Why no more packets come; its offset counts from the start of the stream.
    [[nodiscard]] const MaybeError& error() const { return error_; }
    // For a new connection.
    void reset() {
        begin_ = end_ = 0;
        consumed_ = 0;
        error_.reset();
    }

private:
    std::optional<Packet> fail(DecodeError error) {
        error_ = error;
        return std::nullopt;
    }

    std::size_t capacity_;
    std::unique_ptr<std::byte[]> buffer_;
    std::size_t begin_ = 0, end_ = 0;
    std::uint64_t consumed_ = 0;
    MaybeError error_;
};

}  // namespace colo::soupbintcp
