// What the engine asks of a network, so that the same code runs over sockets, in simulation and in replay.
//
// A DatagramReceiver hands over what has arrived, with the time at which the kernel took it in; a DatagramSender sends
// one datagram to the place it was opened for; a ByteStream is one connected, non-blocking, ordered stream of bytes.
// Nothing here waits: a caller that has nothing to do waits by its own rule (see waiting.hpp).
//
//   for (const Datagram& datagram : receiver.receive()) process(datagram.payload, datagram.receive_time);
//   StreamResult read = stream.read(buffer);
//   if (read.status == StreamStatus::closed) reconnect();
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>

#include "engine/core/types.hpp"
#include "engine/core/wire.hpp"

namespace colo {

// A place on the network that cannot be opened: the sentence names the address, the port or the interface. Thrown at
// start only; after start every failure is a value.
class TransportError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

struct Endpoint {
    std::string address;  // IPv4, dotted
    std::uint16_t port = 0;

    [[nodiscard]] std::string to_string() const { return address + ":" + std::to_string(port); }
    bool operator==(const Endpoint&) const = default;
};

// The payload stays valid until the next call of receive().
struct Datagram {
    Bytes payload;
    Timestamp receive_time;
};

enum class StreamStatus : std::uint8_t { open, would_block, closed };

struct StreamResult {
    std::size_t bytes = 0;
    StreamStatus status = StreamStatus::open;
};

template <class T>
concept DatagramReceiver = requires(T receiver) {
    { receiver.receive() } -> std::same_as<std::span<const Datagram>>;
};

// False where the datagram could not be handed to the network; the protocols above repeat what matters.
template <class T>
concept DatagramSender = requires(T sender, Bytes payload) {
    { sender.send(payload) } -> std::same_as<bool>;
};

template <class T>
concept ByteStream = requires(T stream, MutableBytes into, Bytes from) {
    { stream.read(into) } -> std::same_as<StreamResult>;
    { stream.write(from) } -> std::same_as<StreamResult>;
    { stream.close() };
};

}  // namespace colo
