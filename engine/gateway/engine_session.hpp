// The server's side of an engine's session at its gateway: SoupBinTCP over the memory that both share.
#pragma once

#include <cstring>
#include <memory>
#include <optional>

#include "engine/protocol/soupbintcp.hpp"
#include "engine/transport/shared_stream.hpp"

namespace colo {

class EngineSession {
public:
    EngineSession(SharedStream stream, Timestamp now)
        : stream_(std::move(stream)), beat_at_(now), last_sent_(now), unsent_(std::make_unique<Unsent>()) {}

    // Why the session must end; null while it need not. An engine that stands still for longer than `stall_max` moves
    // no beat: every read of its loop does.
    [[nodiscard]] const char* broken() const {
        if (stream_.corrupt()) return "what it wrote into the ring cannot be";
        if (framer_.error()) return "what it sent is not SoupBinTCP";
        if (overflowing_) return "it does not take what the venue sends";
        return nullptr;
    }
    [[nodiscard]] bool gone() const { return stream_.ended(); }
    [[nodiscard]] bool stalled(Timestamp now, Duration stall_max) {
        if (now < next_look_) return false;
        next_look_ = now + microseconds(100);  // its line is the engine's: looking takes it away
        const std::uint64_t beat = stream_.beat();
        if (beat != beat_) beat_at_ = now;
        beat_ = beat;
        return now - beat_at_ > stall_max;
    }

    // Takes in what is there; false where there is nothing.
    bool receive() {
        const StreamResult read = stream_.read(framer_.free_space());
        framer_.received(read.bytes);
        return read.bytes > 0;
    }
    // Without taking anything: false where the engine is gone.
    bool look() {
        static_cast<void>(stream_.read({}));
        return !gone();
    }
    [[nodiscard]] std::optional<soupbintcp::Packet> next() { return framer_.next(); }

    void send(Bytes packet) {
        flush();
        if (unsent_bytes_ == 0) packet = packet.subspan(stream_.write(packet).bytes);
        overflowing_ = packet.size() > unsent_->size() - unsent_bytes_;
        if (overflowing_ || packet.empty()) return;
        std::memcpy(unsent_->data() + unsent_bytes_, packet.data(), packet.size());
        unsent_bytes_ += packet.size();
    }
    void send_sequenced(Bytes message) {
        soupbintcp::PacketHeader header;
        header.packet_length = static_cast<std::uint16_t>(1 + message.size());
        header.packet_type = soupbintcp::sequenced_data_type;
        std::array<std::byte, 512> packet;  // longer than any message of OUCH; a longer one takes two writes
        const std::size_t together = std::min(message.size(), packet.size() - sizeof header);
        std::memcpy(packet.data(), &header, sizeof header);
        std::memcpy(packet.data() + sizeof header, message.data(), together);
        send(Bytes(packet).first(sizeof header + together));
        if (together < message.size()) send(message.subspan(together));
    }
    // What the ring had no room for; the venue is not read while some is left.
    [[nodiscard]] bool congested() const { return unsent_bytes_ > 0; }
    void flush() {
        if (unsent_bytes_ == 0) return;
        const std::size_t written = stream_.write(Bytes(unsent_->data(), unsent_bytes_)).bytes;
        std::memmove(unsent_->data(), unsent_->data() + written, unsent_bytes_ - written);
        unsent_bytes_ -= written;
    }
    void keep_alive(Timestamp now, Duration heartbeat) {
        if (now - last_sent_ < heartbeat) return;
        last_sent_ = now;
        send(bytes_of(soupbintcp::ServerHeartbeat{}));
    }

    [[nodiscard]] std::uint64_t asked() const { return stream_.asked(); }
    void answer(std::uint64_t question) {
        if (!congested()) stream_.answer(question);
    }
    [[nodiscard]] int descriptor() const { return stream_.descriptor(); }

private:
    using Unsent = std::array<std::byte, 4 * soupbintcp::packet_bytes_max>;  // more than one read of the venue brings

    SharedStream stream_;
    soupbintcp::Framer framer_;
    std::uint64_t beat_ = 0;
    Timestamp beat_at_, next_look_, last_sent_;
    std::unique_ptr<Unsent> unsent_;
    std::size_t unsent_bytes_ = 0;
    bool overflowing_ = false;
};

}  // namespace colo
