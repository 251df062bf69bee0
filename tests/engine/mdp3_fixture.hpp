// MDP 3.0 packets for tests: written field by field from the specification's offsets, and the recorded lines.
#pragma once

#include <cstdint>
#include <filesystem>
#include <limits>
#include <string_view>
#include <vector>

#include "engine/book/mdp3_books.hpp"
#include "tests/engine/wire_fixture.hpp"

namespace colo::test {

constexpr std::int64_t null64 = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t null32 = std::numeric_limits<std::int32_t>::max();
constexpr std::int64_t end_of_event = 0x80;

// Little-endian fields, one behind the other.
class Fields {
public:
    Fields& put(std::size_t width, std::int64_t value) {
        for (std::size_t n = 0; n < width; ++n) content.push_back(static_cast<std::byte>(static_cast<std::uint64_t>(value) >> 8 * n));
        return *this;
    }
    Fields& text(std::size_t width, std::string_view value) {
        for (std::size_t n = 0; n < width; ++n) content.push_back(static_cast<std::byte>(n < value.size() ? value[n] : '\0'));
        return *this;
    }
    Fields& zeros(std::size_t width) { return text(width, ""); }
    Fields& then(const Fields& more) {
        append(content, more.content);
        return *this;
    }
    ByteString content;
};

// A group behind a dimension of 3 bytes, or of 8 where the specification aligns it.
inline Fields group(std::size_t dimension, std::size_t entry_length, const std::vector<Fields>& entries) {
    Fields result;
    result.put(2, static_cast<std::int64_t>(entry_length)).zeros(dimension - 3).put(1, static_cast<std::int64_t>(entries.size()));
    for (Fields entry : entries) {
        entry.content.resize(entry_length);
        result.then(entry);
    }
    return result;
}

struct TestMessage {
    std::int64_t template_id, block_length;
    Fields body;
    std::int64_t version = 9, schema = 1;
};

inline ByteString packet_of(std::uint32_t sequence, const std::vector<TestMessage>& messages) {
    Fields packet;
    packet.put(4, sequence).put(8, 1'700'000'000'000'000'000);
    for (const TestMessage& message : messages) {
        packet.put(2, static_cast<std::int64_t>(10 + message.body.content.size()));
        packet.put(2, message.block_length).put(2, message.template_id).put(2, message.schema).put(2, message.version);
        packet.then(message.body);
    }
    return packet.content;
}

// The root of every incremental refresh: time, event indicator, two bytes of padding.
inline Fields refresh(std::int64_t indicator) { return Fields().put(8, 1'700'000'000'000'000'001).put(1, indicator).zeros(2); }

struct LevelEntry {
    std::int64_t price, quantity;
    std::int32_t security;
    std::uint32_t rpt_seq;
    std::int64_t orders, place, action;
    char type;
};
inline Fields level_entry(const LevelEntry& e) {
    return Fields().put(8, e.price).put(4, e.quantity).put(4, e.security).put(4, e.rpt_seq).put(4, e.orders)
        .put(1, e.place).put(1, e.action).put(1, e.type);
}
// MDIncrementalRefreshBook46.
inline TestMessage book_refresh(const std::vector<LevelEntry>& entries, std::int64_t indicator = end_of_event,
                                const std::vector<Fields>& orders = {}) {
    std::vector<Fields> levels;
    for (const LevelEntry& entry : entries) levels.push_back(level_entry(entry));
    return {46, 11, refresh(indicator).then(group(3, 32, levels)).then(group(8, 24, orders))};
}
// An entry of its second group.
inline Fields order_of_level(std::uint64_t id, std::int64_t priority, std::int64_t quantity, std::int64_t reference, std::int64_t action) {
    return Fields().put(8, static_cast<std::int64_t>(id)).put(8, priority).put(4, quantity).put(1, reference).put(1, action);
}
struct OrderEntry {
    std::uint64_t id;
    std::int64_t priority, price, quantity;
    std::int32_t security;
    std::int64_t action;
    char type;
};
// MDIncrementalRefreshOrderBook47.
inline TestMessage order_refresh(const std::vector<OrderEntry>& entries, std::int64_t indicator = end_of_event) {
    std::vector<Fields> orders;
    for (const OrderEntry& e : entries)
        orders.push_back(Fields().put(8, static_cast<std::int64_t>(e.id)).put(8, e.priority).put(8, e.price).put(4, e.quantity)
                             .put(4, e.security).put(1, e.action).put(1, e.type));
    return {47, 11, refresh(indicator).then(group(3, 40, orders))};
}

// What a consumer sees of events, and where it saw a crossed book.
template <class AnyBooks>
struct EventLog {
    explicit EventLog(BasicMdp3Books<AnyBooks>& of) : books(of) {}
    BasicMdp3Books<AnyBooks>& books;
    std::uint64_t events = 0, crossed = 0;
    std::vector<std::uint16_t> instruments;
    std::vector<Mdp3Trade> trades;

    void on_event(const Mdp3Event& event) {
        ++events;
        instruments.assign(event.instruments.begin(), event.instruments.end());
        trades.assign(event.trades.begin(), event.trades.end());
        for (const std::uint16_t index : instruments) crossed += is_crossed(books.levels().book(index).top());
    }
    [[nodiscard]] static bool is_crossed(const Top& top) { return top.two_sided() && top.bid_price >= top.ask_price; }

    void apply(const ByteString& datagram) {
        const auto packet = mdp3::Packet::parse(datagram);
        ASSERT_TRUE(packet) << packet.error().to_string();
        books.apply(*packet, *this);
    }
};

struct RecordedPacket {
    bool line_a = true;
    ByteString datagram;
};

// The recorded lines of one channel in the order of their arrival, out of a pcapng file of Ethernet frames.
inline std::vector<RecordedPacket> recorded_mdp3(const std::filesystem::path& data) {
    constexpr std::uint16_t port_a = 15340, port_b = 14340;
    const ByteString file = read_file(data / "venue-pcap" / "Cme.Mdp3.Sbe_AB_lines.pcap");
    std::vector<RecordedPacket> packets;
    for (std::size_t at = 0; at + 12 <= file.size();) {
        const auto kind = load_little_endian<std::uint32_t>(&file[at]), length = load_little_endian<std::uint32_t>(&file[at + 4]);
        if (kind == 6) {  // enhanced packet block: 28 bytes, then Ethernet, IPv4 without options, UDP
            const std::byte* udp = &file[at + 28 + 14 + 20];
            const auto port = load_big_endian<std::uint16_t>(udp + 2), bytes = load_big_endian<std::uint16_t>(udp + 4);
            EXPECT_TRUE(port == port_a || port == port_b);
            packets.push_back({port == port_a, ByteString(udp + 8, udp + bytes)});
        }
        at += length;
    }
    return packets;
}

}  // namespace colo::test
