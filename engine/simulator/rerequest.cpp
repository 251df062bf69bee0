// Serving re-requests and reading reports.
#include "engine/simulator/rerequest.hpp"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "engine/transport/udp_socket.hpp"

namespace colo::simulator {

RerequestServer::RerequestServer(const Config& config, const Exchange& exchange)
    : refused_(config.rerequest_refused), exchange_(&exchange),
      socket_(::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {
    session_ = config.mold_session;
    const sockaddr_in address = socket_address(config.rerequest, "re-request");
    if (::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        throw TransportError("re-request: cannot open UDP port " + std::to_string(config.rerequest.port) + " of " +
                             config.rerequest.address + ": " + std::strerror(errno));
    }
}

std::optional<SequenceNumber> RerequestServer::receive() {
    std::optional<SequenceNumber> report;
    std::array<std::byte, 64> datagram;
    for (;;) {
        sockaddr_in from{};
        socklen_t from_length = sizeof from;
        const ssize_t length = ::recvfrom(socket_.get(), datagram.data(), datagram.size(), MSG_DONTWAIT,
                                          reinterpret_cast<sockaddr*>(&from), &from_length);
        if (length < 0 && errno == EINTR) continue;
        if (length < 0 && errno != ECONNREFUSED) return report;
        const std::size_t bytes = length < 0 ? 0 : static_cast<std::size_t>(length);
        const auto request = moldudp64::parse_request(Bytes(datagram).first(bytes));
        if (!request || request->session != session_) {
            ++malformed_;
        } else if (request->requested_message_count == 0) {
            report = request->sequence_number.get();
            // A receiver reports and waits: nothing else is behind it, and a call to find that out is saved.
            return report;
        } else {
            answer(*request, &from, from_length);
        }
    }
}

void RerequestServer::answer(const moldudp64::Request& request, const void* address, unsigned address_length) {
    ++requests_;
    const std::uint64_t first = request.sequence_number.get().value();
    const std::uint64_t last_played = exchange_->position().value();
    if (refused_ || first == 0 || first > last_played) return;
    std::uint64_t count = std::min<std::uint64_t>(request.requested_message_count, last_played - first + 1);
    const Bytes blocks = exchange_->blocks(request.sequence_number, count);
    std::size_t bytes = 0;
    std::uint16_t fitting = 0;
    while (fitting < count) {
        const std::size_t block = 2u + load_big_endian<std::uint16_t>(blocks.data() + bytes);
        if (sizeof(moldudp64::Header) + bytes + block > moldudp64::packet_bytes_max) break;
        bytes += block;
        ++fitting;
    }
    moldudp64::Header header;
    header.session = session_;
    header.sequence_number = request.sequence_number.get();
    header.message_count = fitting;
    std::array<std::byte, moldudp64::packet_bytes_max> packet;
    std::memcpy(packet.data(), &header, sizeof header);
    std::memcpy(packet.data() + sizeof header, blocks.data(), bytes);
    // One that the kernel cannot take is lost like any datagram: the receiver asks again.
    const ssize_t sent = ::sendto(socket_.get(), packet.data(), sizeof header + bytes, MSG_DONTWAIT,
                                  static_cast<const sockaddr*>(address), address_length);
    if (sent > 0) messages_ += fitting;
}

}  // namespace colo::simulator
