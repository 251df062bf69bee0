// MoldUDP64: packets written out, built, cut short and lied about.
#include "engine/protocol/moldudp64.hpp"

#include "tests/engine/wire_fixture.hpp"

namespace colo::moldudp64 {
namespace {

using test::bytes;

const std::string session_hex = "'000010059B' ";

TEST(MoldUdp64, PacketOfThreeMessages) {
    const auto raw = bytes(session_hex + "0000000000e12f59 0003 0002 'ab' 0000 0003 'xyz'");
    const auto packet = Packet::parse(raw);
    ASSERT_TRUE(packet);
    EXPECT_EQ(packet->session(), "000010059B");
    EXPECT_FALSE(packet->heartbeat());
    EXPECT_EQ(packet->next_sequence(), SequenceNumber{0xe12f5c});
    std::vector<std::pair<std::uint64_t, std::string>> seen;
    for (const auto [sequence, message] : *packet) seen.emplace_back(sequence.value(), text_of(message));
    EXPECT_EQ(seen, (std::vector<std::pair<std::uint64_t, std::string>>{{0xe12f59, "ab"}, {0xe12f5a, ""}, {0xe12f5b, "xyz"}}));
}

TEST(MoldUdp64, HeartbeatAndEndOfSession) {
    const auto heartbeat = bytes(session_hex + "0000000000000007 0000");
    EXPECT_TRUE(Packet::parse(heartbeat)->heartbeat());
    EXPECT_EQ(Packet::parse(heartbeat)->next_sequence(), SequenceNumber{7});
    const auto end = bytes(session_hex + "0000000000000007 ffff");
    EXPECT_TRUE(Packet::parse(end)->end_of_session());
    EXPECT_EQ(Packet::parse(end)->next_sequence(), SequenceNumber{7});
    EXPECT_EQ(Packet::parse(end)->begin(), Packet::parse(end)->end());
}

TEST(MoldUdp64, Request) {
    const auto request = make_request(Session("000010059B"), SequenceNumber{42}, 10);
    const auto raw = bytes(session_hex + "000000000000002a 000a");
    EXPECT_EQ(test::copy_of(bytes_of(request)), raw);
    EXPECT_EQ(parse_request(raw)->requested_message_count.get(), 10);
    EXPECT_EQ(parse_request(bytes("00")).error().to_string(), "MoldUDP64 request.length at byte 0: length is 1, must be 20");
}

TEST(MoldUdp64, BuilderAndParserAgree) {
    std::array<std::byte, 40> buffer;
    PacketBuilder builder(buffer, Session("S"));
    builder.start(SequenceNumber{5});
    EXPECT_TRUE(builder.add(bytes("'0123456789'")));
    EXPECT_FALSE(builder.add(bytes("'0123456'")));
    EXPECT_TRUE(builder.add(bytes("'012345'")));
    EXPECT_FALSE(builder.add({}));
    const auto raw = test::copy_of(builder.finish());
    EXPECT_EQ(raw, bytes("'S         ' 0000000000000005 0002 000a '0123456789' 0006 '012345'"));
    EXPECT_EQ(Packet::parse(raw)->message_count(), 2u);
    EXPECT_TRUE(Packet::parse(builder.heartbeat(SequenceNumber{7}))->heartbeat());
    EXPECT_TRUE(Packet::parse(builder.end_of_session(SequenceNumber{7}))->end_of_session());
}

TEST(MoldUdp64, ErrorsNameTheFieldAndTheByte) {
    const auto error = [](const std::string& text) { return Packet::parse(bytes(text)).error().to_string(); };
    EXPECT_EQ(error("00"), "MoldUDP64 packet.header at byte 0: 20 bytes needed, 1 present");
    EXPECT_EQ(error(session_hex + "0000000000000001 0002 0001 'a' 00"),
              "MoldUDP64 packet.message_length at byte 23: 2 bytes needed, 1 present");
    EXPECT_EQ(error(session_hex + "0000000000000001 0001 0003 'ab'"),
              "MoldUDP64 packet.message_data at byte 22: 3 bytes needed, 2 present");
    EXPECT_EQ(error(session_hex + "0000000000000001 0001 0001 'ab'"),
              "MoldUDP64 packet.message_count at byte 18: length is 24, must be 23");
    EXPECT_EQ(error(session_hex + "0000000000000001 0000 'x'"),
              "MoldUDP64 packet.message_count at byte 18: length is 21, must be 20");
}

}  // namespace
}  // namespace colo::moldudp64
