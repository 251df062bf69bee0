// Which messages share a packet: consecutive ones, near in time, as many as the configuration and a datagram allow.
//
// The plan is a pure function of the session, so that a restarted simulator sends the packets that it would have sent,
// and the place at which a client's order arrives does not depend on when it came.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "engine/protocol/itch50.hpp"
#include "engine/protocol/moldudp64.hpp"
#include "engine/simulator/exchange.hpp"

namespace colo::simulator {

class PacketPlan {
public:
    PacketPlan(const Exchange& exchange, std::uint64_t messages_max, Duration span);

    // The last message of the packet that holds this one.
    [[nodiscard]] SequenceNumber last_with(SequenceNumber message) const {
        return SequenceNumber{*std::lower_bound(lasts_.begin(), lasts_.end(), message.value())};
    }
    // Packets that end at or before this message.
    [[nodiscard]] std::uint64_t ended_by(SequenceNumber message) const {
        const auto behind = std::upper_bound(lasts_.begin(), lasts_.end(), message.value());
        return static_cast<std::uint64_t>(behind - lasts_.begin());
    }
    [[nodiscard]] std::uint64_t packet_count() const { return lasts_.size(); }

private:
    std::vector<std::uint64_t> lasts_;  // the last message of each packet
};

inline PacketPlan::PacketPlan(const Exchange& exchange, std::uint64_t messages_max, Duration span) {
    std::uint64_t count = 0;
    std::size_t bytes = 0;
    SessionTime first_time;
    for (std::uint64_t next = 1; next <= exchange.message_count(); ++next) {
        const Bytes message = exchange.message(SequenceNumber{next});
        const SessionTime time = itch50::header_of(message).timestamp;
        const std::size_t grown = bytes + 2 + message.size();
        const bool fits = count < messages_max && grown <= moldudp64::packet_bytes_max && time - first_time <= span;
        if (count > 0 && !fits) {
            lasts_.push_back(next - 1);
            count = 0;
        }
        if (count == 0) {
            bytes = sizeof(moldudp64::Header);
            first_time = time;
        }
        bytes += 2 + message.size();
        ++count;
    }
    if (count > 0) lasts_.push_back(exchange.message_count());
}

}  // namespace colo::simulator
