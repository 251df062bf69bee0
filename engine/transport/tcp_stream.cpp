// The kernel's side of tcp_stream.hpp.
#include "engine/transport/tcp_stream.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "engine/transport/udp_socket.hpp"

namespace colo {

namespace {
void disable_delay(int socket) {
    const int on = 1;
    ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}
}  // namespace

TcpStream::TcpStream(Descriptor connected_socket)
    : socket_(std::move(connected_socket)), state_(socket_ ? State::connected : State::closed) {
    if (socket_) disable_delay(socket_.get());
}

void TcpStream::connect(const Endpoint& peer, std::string_view name) {
    const sockaddr_in address = socket_address(peer, name);
    last_error_ = 0;
    socket_ = Descriptor(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!socket_) throw TransportError(std::string(name) + ": cannot open a TCP socket: " + std::strerror(errno));
    disable_delay(socket_.get());
    const int outcome = ::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
    if (outcome == 0) {
        state_ = State::connected;
    } else if (errno == EINPROGRESS) {
        state_ = State::connecting;
    } else {
        closed_with(errno);
    }
}

TcpStream::State TcpStream::state() {
    if (state_ != State::connecting) return state_;
    pollfd ready{socket_.get(), POLLOUT, 0};
    if (::poll(&ready, 1, 0) <= 0) return state_;
    int error = 0;
    socklen_t length = sizeof error;
    ::getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &error, &length);
    if (error != 0) closed_with(error);
    else state_ = State::connected;
    return state_;
}

StreamResult TcpStream::closed_with(int error) {
    last_error_ = error;
    close();
    return {0, StreamStatus::closed};
}

StreamResult TcpStream::read(MutableBytes into) {
    if (state_ != State::connected) return {0, StreamStatus::closed};
    const ssize_t got = ::recv(socket_.get(), into.data(), into.size(), MSG_DONTWAIT);
    if (got > 0) return {static_cast<std::size_t>(got), StreamStatus::open};
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) return {0, StreamStatus::would_block};
    return closed_with(got == 0 ? 0 : errno);
}

StreamResult TcpStream::write(Bytes from) {
    if (state_ != State::connected) return {0, StreamStatus::closed};
    const ssize_t sent = ::send(socket_.get(), from.data(), from.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent >= 0) return {static_cast<std::size_t>(sent), StreamStatus::open};
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return {0, StreamStatus::would_block};
    return closed_with(errno);
}

TcpListener TcpListener::bound(const Endpoint& local, std::string_view name) {
    const sockaddr_in address = socket_address(local, name);
    Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    const int on = 1;
    // A listener that restarts must not wait for the old connections' TIME_WAIT; a live listener still refuses it.
    if (socket) ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (!socket || ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(socket.get(), 4) != 0) {
        throw TransportError(std::string(name) + ": cannot listen on TCP port " + std::to_string(local.port) + " of " +
                             local.address + ": " + std::strerror(errno));
    }
    return TcpListener(std::move(socket));
}

TcpStream TcpListener::accept() {
    return TcpStream(Descriptor(::accept4(socket_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)));
}

std::uint16_t TcpListener::port() const {
    sockaddr_in address{};
    socklen_t length = sizeof address;
    ::getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&address), &length);
    return ntohs(address.sin_port);
}

}  // namespace colo
