// Packets that came too early, kept in order of their sequence numbers until the ones before them arrive.
//
// All memory is taken at the start. A full buffer lets go of a packet, which the feed will ask for again when it gets
// there: the farthest one while a gap is being filled, the oldest one while a snapshot is on its way, because that will
// jump past it.
//
//   PacketBuffer buffer(1024);
//   buffer.insert(packet, FeedSource::line_a, now, PacketBuffer::Evict::farthest);
//   while (!buffer.empty() && buffer.front().first <= next) { emit(buffer.front()); buffer.pop_front(); }
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/core/types.hpp"
#include "engine/core/wire.hpp"
#include "engine/protocol/moldudp64.hpp"

namespace colo {

// Where a message came from; the numbers are the journal's.
enum class FeedSource : std::uint8_t { line_a = 0, line_b = 1, rerequest = 2, snapshot = 3 };

class PacketBuffer {
public:
    enum class Evict : std::uint8_t { farthest, oldest };

    struct Held {
        SequenceNumber first, next;
        Timestamp receive_time;
        FeedSource source;
        std::uint16_t bytes;
        std::array<std::byte, moldudp64::packet_bytes_max> datagram;

        [[nodiscard]] Bytes view() const { return Bytes(datagram).first(bytes); }
    };

    explicit PacketBuffer(std::size_t packets_max) : slots_(packets_max) {
        order_.reserve(packets_max);
        for (std::size_t slot = packets_max; slot > 0; --slot) free_.push_back(static_cast<std::uint32_t>(slot - 1));
    }

    [[nodiscard]] bool empty() const { return order_.empty(); }
    [[nodiscard]] std::size_t count() const { return order_.size(); }
    // The packet with the lowest sequence number. Precondition: not empty.
    [[nodiscard]] const Held& front() const { return slots_[order_.front()]; }
    // What follows the farthest packet. Precondition: not empty.
    [[nodiscard]] SequenceNumber next_of_last() const { return slots_[order_.back()].next; }

    void pop_front() {
        free_.push_back(order_.front());
        order_.erase(order_.begin());
    }

    enum class Insert : std::uint8_t { held, duplicate, dropped };
    // `dropped` where the packet, or another one for it, had to go.
    template <class Packet>
    Insert insert(const Packet& packet, FeedSource source, Timestamp receive_time, Evict evict) {
        const SequenceNumber first = packet.sequence(), next = packet.next_sequence();
        if (packet.bytes().size() > moldudp64::packet_bytes_max || slots_.empty()) return Insert::dropped;
        auto place = std::lower_bound(order_.begin(), order_.end(), first,
                                      [this](std::uint32_t slot, SequenceNumber f) { return slots_[slot].first < f; });
        if (place != order_.end() && slots_[*place].first == first && slots_[*place].next >= next) return Insert::duplicate;
        Insert result = Insert::held;
        if (free_.empty()) {
            result = Insert::dropped;
            const bool at_end = place == order_.end(), at_begin = place == order_.begin();
            if (evict == Evict::farthest ? at_end : at_begin) return result;
            const auto victim = evict == Evict::farthest ? order_.end() - 1 : order_.begin();
            free_.push_back(*victim);
            if (evict == Evict::oldest) --place;
            order_.erase(victim);
        }
        const std::uint32_t slot = free_.back();
        free_.pop_back();
        Held& held = slots_[slot];
        held.first = first;
        held.next = next;
        held.receive_time = receive_time;
        held.source = source;
        held.bytes = static_cast<std::uint16_t>(packet.bytes().size());
        std::copy(packet.bytes().begin(), packet.bytes().end(), held.datagram.begin());
        order_.insert(place, slot);
        return result;
    }

    void clear() {
        while (!empty()) pop_front();
    }

private:
    std::vector<Held> slots_;
    std::vector<std::uint32_t> order_;  // slots in use, lowest sequence number first
    std::vector<std::uint32_t> free_;
};

}  // namespace colo
