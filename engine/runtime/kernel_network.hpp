// The network of a live engine: kernel sockets as its configuration declares them, and for its orders either the venue's
// TCP port or the memory that it shares with an order gateway.
#pragma once

#include <concepts>

#include <string>
#include <vector>

#include "engine/runtime/config.hpp"
#include "engine/runtime/soup_client.hpp"
#include "engine/transport/shared_stream.hpp"
#include "engine/transport/tcp_stream.hpp"
#include "engine/transport/udp_socket.hpp"
#include "engine/transport/waiting.hpp"

namespace colo {

// A TCP stream that can be opened again.
class TcpConnection {
public:
    // Throws TransportError where the address is not IPv4.
    TcpConnection(Endpoint peer, std::string name, Waiter& waiter)
        : peer_(std::move(peer)), name_(std::move(name)), waiter_(waiter) {
        static_cast<void>(socket_address(peer_, name_));
    }

    void open() {
        stream_.connect(peer_, name_);
        waiter_.watch(stream_.descriptor());
    }
    [[nodiscard]] StreamStatus opened() {
        switch (stream_.state()) {
        case TcpStream::State::connected: return StreamStatus::open;
        case TcpStream::State::connecting: return StreamStatus::would_block;
        case TcpStream::State::closed: break;
        }
        return StreamStatus::closed;
    }
    [[nodiscard]] StreamResult read(MutableBytes into) { return stream_.read(into); }
    [[nodiscard]] StreamResult write(Bytes from) { return stream_.write(from); }
    void close() { stream_.close(); }
    [[nodiscard]] std::string place() const { return name_ + " (" + peer_.to_string() + ")"; }

private:
    Endpoint peer_;
    std::string name_;
    Waiter& waiter_;
    TcpStream stream_;
};

static_assert(Connection<TcpConnection> && Connection<SharedConnection>);

template <Connection OrderConnection>
[[nodiscard]] OrderConnection order_connection(const EngineConfig& config, Wait wait, Waiter& waiter) {
    if constexpr (std::same_as<OrderConnection, SharedConnection>)
        return SharedConnection(config.gateway->socket, "order gateway", waiter, {wait, config.paced});
    else
        return TcpConnection(config.order_session.login.endpoint, "order session", waiter);
}

template <Connection OrderConnection>
class KernelNetwork {
public:
    // Opens every socket but the TCP connections. Throws TransportError with one sentence.
    KernelNetwork(const EngineConfig& config, Wait wait)
        : waiter_(wait), rerequest_(UdpPeer::connected(config.channels[0].rerequest.endpoint, "re-request server")),
          orders_(order_connection<OrderConnection>(config, wait, waiter_)),
          snapshot_(config.channels[0].snapshot.endpoint, "snapshot server", waiter_) {
        for (const LineConfig& line : config.channels[0].lines) {
            lines_.push_back(UdpReceiver::multicast(line.group, line.interface, "line " + line.name));
            waiter_.watch(lines_.back().descriptor());
        }
        waiter_.watch(rerequest_.descriptor());
    }
    KernelNetwork(const KernelNetwork&) = delete;
    KernelNetwork& operator=(const KernelNetwork&) = delete;

    [[nodiscard]] std::size_t line_count() const { return lines_.size(); }
    [[nodiscard]] std::span<const Datagram> receive(std::size_t line) { return after_answers(lines_[line].receive()); }
    [[nodiscard]] std::span<const Datagram> receive_rerequested() { return after_answers(rerequest_.receive()); }
    void request(Bytes request) {
        if constexpr (separated) orders_.settle_written();
        static_cast<void>(rerequest_.send(request));
    }
    [[nodiscard]] OrderConnection& orders() { return orders_; }
    [[nodiscard]] TcpConnection& snapshot() { return snapshot_; }
    void wait() { waiter_.wait(); }

private:
    static constexpr bool separated = std::same_as<OrderConnection, SharedConnection>;

    // A paced venue sends its answers before its next packet, and plays on when an engine reports: those answers, and the
    // orders before that report, must have passed the gateway.
    [[nodiscard]] std::span<const Datagram> after_answers(std::span<const Datagram> datagrams) {
        if constexpr (separated)
            if (!datagrams.empty()) orders_.settle();
        return datagrams;
    }

    Waiter waiter_;
    std::vector<UdpReceiver> lines_;
    UdpPeer rerequest_;
    OrderConnection orders_;
    TcpConnection snapshot_;
};

}  // namespace colo
