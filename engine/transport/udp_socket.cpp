// The kernel's side of udp_socket.hpp.
#include "engine/transport/udp_socket.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <sys/time.h>

#include <cerrno>
#include <cstring>
#include <ctime>
#include <string>

namespace colo {

namespace {

// Enough for the burst of a busy second; the kernel may grant less.
constexpr int receive_buffer_bytes = 8 << 20;

[[noreturn]] void fail(std::string_view name, const std::string& what) {
    const int reason = errno;
    throw TransportError(std::string(name) + ": " + what + ": " + std::strerror(reason));
}

void set_option(int socket, int level, int option, int value, std::string_view name, const char* what) {
    if (::setsockopt(socket, level, option, &value, sizeof value) != 0) fail(name, std::string("cannot set ") + what);
}

// An interface is declared by its address or by its name; ip_mreqn takes either.
ip_mreqn membership(std::string_view interface, std::string_view name) {
    ip_mreqn request{};
    const std::string text(interface);
    if (::inet_pton(AF_INET, text.c_str(), &request.imr_address) == 1) return request;
    const unsigned index = ::if_nametoindex(text.c_str());
    if (index == 0) {
        throw TransportError(std::string(name) + ": interface \"" + text +
                             "\" is neither an IPv4 address nor an interface of this host");
    }
    request.imr_ifindex = static_cast<int>(index);
    return request;
}

Descriptor udp_socket(std::string_view name) {
    Descriptor socket(::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!socket) fail(name, "cannot open a UDP socket");
    return socket;
}

void prepare_receiver(int socket, std::string_view name) {
    set_option(socket, SOL_SOCKET, SO_TIMESTAMPNS, 1, name, "SO_TIMESTAMPNS");
    int bytes = receive_buffer_bytes;
    // Without CAP_NET_ADMIN the forced form is refused and net.core.rmem_max decides.
    if (::setsockopt(socket, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes) != 0) {
        ::setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
    }
}

// Zero where the kernel gave no time: the receiver then says so rather than inventing one.
Timestamp kernel_time(msghdr& header) {
    for (cmsghdr* control = CMSG_FIRSTHDR(&header); control != nullptr; control = CMSG_NXTHDR(&header, control)) {
        if (control->cmsg_level != SOL_SOCKET || control->cmsg_type != SCM_TIMESTAMPNS) continue;
        timespec time;
        std::memcpy(&time, CMSG_DATA(control), sizeof time);
        return Timestamp{static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec};
    }
    return Timestamp{0};
}

}  // namespace

struct ReceiveBurst {
    static constexpr std::size_t control_bytes = CMSG_SPACE(sizeof(timespec));
    static constexpr std::size_t count = UdpReceiver::burst_max;

    std::array<std::array<std::byte, UdpReceiver::payload_bytes_max>, count> payloads{};
    alignas(cmsghdr) std::array<std::array<std::byte, control_bytes>, count> controls{};
    std::array<iovec, count> vectors{};
    std::array<mmsghdr, count> headers{};
    std::array<Datagram, count> datagrams{};

    ReceiveBurst() {
        for (std::size_t i = 0; i < count; ++i) {
            vectors[i] = {payloads[i].data(), payloads[i].size()};
            headers[i].msg_hdr.msg_iov = &vectors[i];
            headers[i].msg_hdr.msg_iovlen = 1;
            headers[i].msg_hdr.msg_control = controls[i].data();
        }
    }
};

sockaddr_in socket_address(const Endpoint& endpoint, std::string_view name) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(endpoint.port);
    if (::inet_pton(AF_INET, endpoint.address.c_str(), &address.sin_addr) != 1) {
        throw TransportError(std::string(name) + ": \"" + endpoint.address + "\" is not an IPv4 address");
    }
    return address;
}

UdpReceiver::UdpReceiver(Descriptor socket) : socket_(std::move(socket)), burst_(std::make_unique<ReceiveBurst>()) {}
UdpReceiver::UdpReceiver(UdpReceiver&&) noexcept = default;
UdpReceiver& UdpReceiver::operator=(UdpReceiver&&) noexcept = default;
UdpReceiver::~UdpReceiver() = default;

// Bound to the group itself and without SO_REUSEADDR: unicast strays stay out, and a second engine on the same feed
// and host finds the port in use instead of trading beside the first.
UdpReceiver UdpReceiver::multicast(const Endpoint& group, std::string_view interface, std::string_view name) {
    const sockaddr_in address = socket_address(group, name);
    ip_mreqn request = membership(interface, name);
    request.imr_multiaddr = address.sin_addr;
    Descriptor socket = udp_socket(name);
    prepare_receiver(socket.get(), name);
    set_option(socket.get(), IPPROTO_IP, IP_MULTICAST_ALL, 0, name, "IP_MULTICAST_ALL");
    if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        fail(name, "cannot bind UDP port " + std::to_string(group.port) + " of " + group.address);
    }
    if (::setsockopt(socket.get(), IPPROTO_IP, IP_ADD_MEMBERSHIP, &request, sizeof request) != 0) {
        fail(name, "cannot join " + group.to_string() + " on interface " + std::string(interface));
    }
    return UdpReceiver(std::move(socket));
}

std::span<const Datagram> UdpReceiver::receive() {
    ReceiveBurst& burst = *burst_;
    for (mmsghdr& header : burst.headers) header.msg_hdr.msg_controllen = ReceiveBurst::control_bytes;
    const int received = ::recvmmsg(socket_.get(), burst.headers.data(), burst_max, MSG_DONTWAIT, nullptr);
    if (received <= 0) return {};
    const auto count = static_cast<std::size_t>(received);
    for (std::size_t i = 0; i < count; ++i) {
        burst.datagrams[i].payload = Bytes(burst.payloads[i].data(), burst.headers[i].msg_len);
        burst.datagrams[i].receive_time = kernel_time(burst.headers[i].msg_hdr);
    }
    return {burst.datagrams.data(), count};
}

UdpPeer UdpPeer::connected(const Endpoint& peer, std::string_view name) {
    const sockaddr_in address = socket_address(peer, name);
    Descriptor socket = udp_socket(name);
    prepare_receiver(socket.get(), name);
    if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        fail(name, "cannot use UDP address " + peer.to_string());
    }
    return UdpPeer(UdpReceiver(std::move(socket)));
}

bool UdpPeer::send(Bytes payload) {
    const ssize_t sent = ::send(descriptor(), payload.data(), payload.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    return sent == static_cast<ssize_t>(payload.size());
}

UdpMulticastSender UdpMulticastSender::opened(const Endpoint& group, std::string_view interface,
                                              std::string_view name) {
    const sockaddr_in address = socket_address(group, name);
    const ip_mreqn request = membership(interface, name);
    Descriptor socket = udp_socket(name);
    if (::setsockopt(socket.get(), IPPROTO_IP, IP_MULTICAST_IF, &request, sizeof request) != 0) {
        fail(name, "cannot send multicast on interface " + std::string(interface));
    }
    set_option(socket.get(), IPPROTO_IP, IP_MULTICAST_LOOP, 1, name, "IP_MULTICAST_LOOP");
    if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        fail(name, "cannot use multicast group " + group.to_string());
    }
    return UdpMulticastSender(std::move(socket));
}

bool UdpMulticastSender::send(Bytes payload) {
    const ssize_t sent = ::send(socket_.get(), payload.data(), payload.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    return sent == static_cast<ssize_t>(payload.size());
}

}  // namespace colo
