// When the next packet of the recorded session leaves, and what the lines carry meanwhile.
//
// In lockstep a packet leaves when the receiver's reports show fewer than `window_packets` outstanding; with a window
// of one every run is the same. In original time it leaves at the time of its first message, `speed` times faster. A
// heartbeat goes out when the lines were silent, which shows a receiver what it lost; after the last message, packets
// that say that the session has ended.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "engine/protocol/moldudp64.hpp"
#include "engine/simulator/exchange.hpp"
#include "engine/simulator/multicast_lines.hpp"
#include "engine/simulator/packet_loss.hpp"
#include "engine/simulator/packet_plan.hpp"

namespace colo::simulator {

class Player {
public:
    // Both must outlive it. Throws TransportError.
    Player(const Config& config, const Exchange& exchange);

    // Begins behind this message, now.
    void start(SequenceNumber last_sent, Timestamp now);
    // A receiver expects this message next.
    void reported(SequenceNumber next);
    // Holds packets back until a report or this time: the receiver has just come back.
    void hold_until_reported(Timestamp deadline) { hold_ = deadline; }

    // Whether the next packet may leave, and its last message. Precondition of `next_last`: not all_sent().
    [[nodiscard]] bool due(Timestamp now) const;
    [[nodiscard]] SequenceNumber next_last() const { return plan_.last_with(sent_ + 1); }
    void send_next(Timestamp now);
    // Sends a heartbeat where the lines were silent for this long.
    void keep_alive(Timestamp now, Duration silence);
    void send_end_of_session();

    [[nodiscard]] bool all_sent() const { return sent_.value() == exchange_->message_count(); }
    [[nodiscard]] bool all_received() const { return all_sent() && (!lockstep_ || outstanding() == 0); }
    [[nodiscard]] SequenceNumber sent() const { return sent_; }
    [[nodiscard]] bool lockstep() const { return lockstep_; }
    // Since when the receiver has not reported anything new.
    [[nodiscard]] Timestamp last_advance() const { return last_advance_; }
    [[nodiscard]] std::uint64_t packets() const { return packets_; }
    // Packets that were lost on purpose, counted once a line.
    [[nodiscard]] std::uint64_t lost() const { return lost_; }
    [[nodiscard]] std::uint64_t packet_count() const { return plan_.packet_count(); }

private:
    [[nodiscard]] std::uint64_t outstanding() const { return plan_.ended_by(sent_) - plan_.ended_by(received_); }
    [[nodiscard]] SessionTime time_of(SequenceNumber message) const {
        return itch50::header_of(exchange_->message(message)).timestamp;
    }
    [[nodiscard]] Bytes packet(SequenceNumber first, std::uint64_t count);
    [[nodiscard]] Bytes empty_packet(std::uint16_t count);

    const Exchange* exchange_;
    MulticastLines lines_;
    PacketLoss loss_;
    PacketPlan plan_;
    bool lockstep_;
    std::uint64_t window_;
    double speed_;
    moldudp64::Session session_;
    std::array<std::byte, moldudp64::packet_bytes_max> buffer_{};
    SequenceNumber sent_;      // the last message that was sent
    SequenceNumber received_;  // the last message that was reported
    Timestamp started_;
    Timestamp last_sent_;
    Timestamp last_advance_;
    std::optional<Timestamp> hold_;
    SessionTime first_time_;   // of the first message to be sent
    std::uint64_t packets_ = 0;
    std::uint64_t lost_ = 0;
};

}  // namespace colo::simulator
