// UDP over the kernel's sockets: multicast in with the kernel's receive time, unicast and multicast out.
//
// The receive time is SO_TIMESTAMPNS: the kernel stamps a packet when the driver hands it over, so time spent waiting
// in the socket counts as ours (wire_to_wire starts there). recvmmsg takes a burst in one call.
//
//   UdpReceiver line_a = UdpReceiver::multicast({"239.1.1.1", 30001}, "127.0.0.1", "line A");
//   UdpPeer rerequest = UdpPeer::connected({"127.0.0.1", 30003}, "re-request");
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "engine/transport/descriptor.hpp"
#include "engine/transport/transport.hpp"

namespace colo {

// Buffers of one burst; they hold pointers into themselves, so they live at one address.
struct ReceiveBurst;

class UdpReceiver {
public:
    // Joins `group` on `interface` (an IPv4 address of this host, or an interface name). `name` is for errors.
    // Throws TransportError where the interface is unknown or the port is taken.
    static UdpReceiver multicast(const Endpoint& group, std::string_view interface, std::string_view name);

    UdpReceiver(UdpReceiver&&) noexcept;
    UdpReceiver& operator=(UdpReceiver&&) noexcept;
    ~UdpReceiver();

    // What has arrived, at most burst_max datagrams; empty where nothing has.
    [[nodiscard]] std::span<const Datagram> receive();
    [[nodiscard]] int descriptor() const { return socket_.get(); }

    static constexpr std::size_t burst_max = 32;
    static constexpr std::size_t payload_bytes_max = 2048;  // above an Ethernet frame; a longer datagram is cut

private:
    friend class UdpPeer;
    explicit UdpReceiver(Descriptor socket);
    Descriptor socket_;
    std::unique_ptr<ReceiveBurst> burst_;
};

// A socket connected to one peer: requests go out, answers come back to the same port.
class UdpPeer {
public:
    // Throws TransportError where the address cannot be used.
    static UdpPeer connected(const Endpoint& peer, std::string_view name);

    [[nodiscard]] bool send(Bytes payload);
    [[nodiscard]] std::span<const Datagram> receive() { return receiver_.receive(); }
    [[nodiscard]] int descriptor() const { return receiver_.descriptor(); }

private:
    explicit UdpPeer(UdpReceiver receiver) : receiver_(std::move(receiver)) {}
    UdpReceiver receiver_;
};

// Sends to a multicast group out of one interface.
class UdpMulticastSender {
public:
    // Throws TransportError where the interface is unknown.
    static UdpMulticastSender opened(const Endpoint& group, std::string_view interface, std::string_view name);

    [[nodiscard]] bool send(Bytes payload);

private:
    explicit UdpMulticastSender(Descriptor socket) : socket_(std::move(socket)) {}
    Descriptor socket_;
};

static_assert(DatagramReceiver<UdpReceiver> && DatagramReceiver<UdpPeer>);
static_assert(DatagramSender<UdpPeer> && DatagramSender<UdpMulticastSender>);

// The socket address of an endpoint. Throws TransportError (naming `name`) where the address is not IPv4.
[[nodiscard]] sockaddr_in socket_address(const Endpoint& endpoint, std::string_view name);

}  // namespace colo
