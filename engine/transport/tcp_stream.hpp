// TCP over the kernel's sockets, non-blocking and without Nagle's delay: an order must not wait for an acknowledgement.
//
//   TcpStream stream;
//   stream.connect({"127.0.0.1", 30010}, "order session");
//   while (stream.state() == TcpStream::State::connecting) wait();
#pragma once

#include <cstdint>
#include <string_view>

#include "engine/transport/descriptor.hpp"
#include "engine/transport/transport.hpp"

namespace colo {

class TcpStream {
public:
    enum class State : std::uint8_t { closed, connecting, connected };

    TcpStream() = default;
    explicit TcpStream(Descriptor connected_socket);

    // Begins to connect; state() tells how it went. Throws TransportError where the address is not IPv4.
    void connect(const Endpoint& peer, std::string_view name);
    // Asks the kernel while connecting; a refused connection is closed with last_error() set.
    [[nodiscard]] State state();
    [[nodiscard]] int last_error() const { return last_error_; }

    [[nodiscard]] StreamResult read(MutableBytes into);
    [[nodiscard]] StreamResult write(Bytes from);
    void close() { socket_.reset(); state_ = State::closed; }
    [[nodiscard]] int descriptor() const { return socket_.get(); }

private:
    StreamResult closed_with(int error);
    Descriptor socket_;
    State state_ = State::closed;
    int last_error_ = 0;
};

// Listens on one address and accepts one stream at a time.
class TcpListener {
public:
    // Throws TransportError where the port is taken.
    static TcpListener bound(const Endpoint& local, std::string_view name);

    // A closed stream where nobody has connected.
    [[nodiscard]] TcpStream accept();
    [[nodiscard]] std::uint16_t port() const;
    [[nodiscard]] int descriptor() const { return socket_.get(); }

private:
    explicit TcpListener(Descriptor socket) : socket_(std::move(socket)) {}
    Descriptor socket_;
};

static_assert(ByteStream<TcpStream>);

}  // namespace colo
