// Pacing and sending.
#include "engine/simulator/player.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace colo::simulator {

Player::Player(const Config& config, const Exchange& exchange)
    : exchange_(&exchange), lines_(config.lines), loss_(config.loss),
      plan_(exchange, config.packet_messages_max, config.pacing.packet_span),
      lockstep_(config.pacing.mode == PacingConfig::Mode::lockstep), window_(config.pacing.window_packets),
      speed_(config.pacing.speed) {
    session_ = config.mold_session;
}

void Player::start(SequenceNumber last_sent, Timestamp now) {
    sent_ = received_ = last_sent;
    started_ = last_sent_ = last_advance_ = now;
    if (!all_sent()) first_time_ = time_of(sent_ + 1);
}

void Player::reported(SequenceNumber next) {
    if (next < SequenceNumber{1}) return;
    hold_.reset();
    // The latest report counts, a lower one too: a receiver that has started again knows less than its forerunner.
    received_ = std::min(next - 1, sent_);
    last_advance_ = last_sent_;
}

bool Player::due(Timestamp now) const {
    if (all_sent() || (hold_ && now < *hold_)) return false;
    if (lockstep_) return outstanding() < window_;
    const double elapsed = static_cast<double>((now - started_).value()) * speed_;
    return elapsed >= static_cast<double>((time_of(sent_ + 1) - first_time_).value());
}

void Player::send_next(Timestamp now) {
    const SequenceNumber first = sent_ + 1;
    const SequenceNumber last = next_last();
    const std::uint32_t lines = loss_.surviving(lines_.all(), first);
    lines_.send(packet(first, last - first + 1), lines);
    lost_ += static_cast<std::uint64_t>(std::popcount(lines_.all() & ~lines));
    ++packets_;
    sent_ = last;
    last_sent_ = now;
    hold_.reset();
}

void Player::keep_alive(Timestamp now, Duration silence) {
    if (now - last_sent_ < silence) return;
    lines_.send(empty_packet(moldudp64::heartbeat_count), lines_.all());
    last_sent_ = now;
}

void Player::send_end_of_session() { lines_.send(empty_packet(moldudp64::end_of_session_count), lines_.all()); }

Bytes Player::packet(SequenceNumber first, std::uint64_t count) {
    // A session file holds messages as a packet does: behind a two-byte length each.
    const Bytes blocks = exchange_->blocks(first, count);
    moldudp64::Header header;
    header.session = session_;
    header.sequence_number = first;
    header.message_count = static_cast<std::uint16_t>(count);
    std::memcpy(buffer_.data(), &header, sizeof header);
    std::memcpy(buffer_.data() + sizeof header, blocks.data(), blocks.size());
    return Bytes(buffer_).first(sizeof header + blocks.size());
}

Bytes Player::empty_packet(std::uint16_t count) {
    moldudp64::Header header;
    header.session = session_;
    header.sequence_number = sent_ + 1;
    header.message_count = count;
    std::memcpy(buffer_.data(), &header, sizeof header);
    return Bytes(buffer_).first(sizeof header);
}

}  // namespace colo::simulator
