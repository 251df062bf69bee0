// The lines of a feed channel: the same packet to each line's multicast group. Sockets are connected to their group, so
// that a packet costs one short system call a line and no routing.
#pragma once

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "engine/core/wire.hpp"
#include "engine/simulator/config.hpp"
#include "engine/simulator/simulator_error.hpp"
#include "engine/transport/udp_socket.hpp"

namespace colo::simulator {

class MulticastLines {
public:
    // Throws TransportError.
    explicit MulticastLines(const std::vector<LineConfig>& lines) {
        for (const LineConfig& line : lines) {
            names_.push_back("line " + line.name + " to " + line.group.to_string());
            senders_.push_back(UdpMulticastSender::opened(line.group, line.interface, names_.back()));
        }
    }

    // To every line whose bit is set. A packet that the kernel has no room for is counted and lost, as on a real line;
    // an unreachable group throws SimulatorError.
    void send(Bytes packet, std::uint32_t lines) {
        for (std::size_t line = 0; line < senders_.size(); ++line) {
            if ((lines >> line & 1u) == 0 || senders_[line].send(packet)) continue;
            if (errno != EAGAIN && errno != ENOBUFS && errno != ENOMEM && errno != ECONNREFUSED) {
                throw system_error("cannot send on " + names_[line], errno);
            }
            ++dropped_;
        }
    }

    [[nodiscard]] std::uint32_t all() const {
        return static_cast<std::uint32_t>((std::uint64_t{1} << senders_.size()) - 1);
    }
    [[nodiscard]] std::uint64_t dropped() const { return dropped_; }

private:
    std::vector<UdpMulticastSender> senders_;
    std::vector<std::string> names_;
    std::uint64_t dropped_ = 0;
};

}  // namespace colo::simulator
