// SoupBinTCP: every packet written out, and a stream that arrives in any pieces.
#include "engine/protocol/soupbintcp.hpp"

#include "engine/protocol/glimpse50.hpp"
#include "engine/protocol/ouch50.hpp"
#include "tests/engine/wire_fixture.hpp"

namespace colo::soupbintcp {
namespace {

using test::bytes;

TEST(SoupBinTcp, FixedPackets) {
    LoginAccepted accepted;
    accepted.session = "0123456789";
    accepted.sequence_number = 42;
    EXPECT_EQ(test::copy_of(bytes_of(accepted)), bytes("001f 'A' '0123456789' '                  42'"));
    LoginRequest request;
    request.username = "trader";
    request.password = "secret";
    request.requested_sequence_number = 1;
    EXPECT_EQ(test::copy_of(bytes_of(request)),
              bytes("002f 'L' 'trader' 'secret    ' '          ' '                   1'"));
    LoginRejected rejected;
    rejected.reject_reason_code = 'S';
    EXPECT_EQ(test::copy_of(bytes_of(rejected)), bytes("0002 'J' 'S'"));
    EXPECT_EQ(test::copy_of(bytes_of(ServerHeartbeat())), bytes("0001 'H'"));
    EXPECT_EQ(test::copy_of(bytes_of(EndOfSession())), bytes("0001 'Z'"));
    EXPECT_EQ(test::copy_of(bytes_of(ClientHeartbeat())), bytes("0001 'R'"));
    EXPECT_EQ(test::copy_of(bytes_of(LogoutRequest())), bytes("0001 'O'"));
    Enveloped<ouch50::CancelOrder> cancel;
    cancel.message.user_ref_num = UserRefNum{7};
    EXPECT_EQ(test::copy_of(bytes_of(cancel)), bytes("000a 'U' 'X' 00000007 00000000"));
    std::array<std::byte, 8> room;
    EXPECT_EQ(encode(room, debug_type, bytes("'hello'")), 8u);
    EXPECT_EQ(test::copy_of(room), bytes("0006 '+' 'hello'"));
    EXPECT_EQ(encode(room, debug_type, bytes("'hello!'")), 0u);
    EXPECT_TRUE(same_session(Alpha<10>("  12"), Alpha<10>("12")));
    EXPECT_FALSE(same_session(Alpha<10>("12"), Alpha<10>("123")));
}

TEST(SoupBinTcp, SnapshotEnd) {
    glimpse50::EndOfSnapshot end;
    end.sequence_number = 77;
    EXPECT_EQ(test::copy_of(bytes_of(end)), bytes("'G' '                  77'"));
    EXPECT_TRUE(glimpse50::end_of_snapshot(bytes_of(end)));
    EXPECT_FALSE(glimpse50::end_of_snapshot(bytes("'G'")));
}

TEST(SoupBinTcp, StreamInAnyPieces) {
    test::ByteString stream;
    std::vector<std::pair<char, std::string>> sent;
    for (int n = 0; n < 300; ++n) {
        std::array<std::byte, 600> room;
        const std::string payload(static_cast<std::size_t>(n * 7 % 500), static_cast<char>('a' + n % 26));
        const char type = n % 3 == 0 ? sequenced_data_type : n % 3 == 1 ? unsequenced_data_type : debug_type;
        const std::size_t length = encode(room, type, bytes_of(payload));
        test::append(stream, Bytes(room).first(length));
        sent.emplace_back(type, payload);
    }
    for (std::uint32_t round = 0; round < 20; ++round) {
        const std::uint32_t from = test::seed(round);
        std::mt19937 random(from);
        Framer framer(0);  // as small as it may be
        std::vector<std::pair<char, std::string>> got;
        for (std::size_t at = 0; at < stream.size();) {
            const std::size_t piece = std::min<std::size_t>(1 + random() % (round < 2 ? 2 : 3000), stream.size() - at);
            at += framer.append(Bytes(stream).subspan(at, piece));
            while (auto packet = framer.next()) got.emplace_back(packet->type, text_of(packet->payload));
        }
        EXPECT_EQ(got, sent) << "seed " << from;
    }
}

TEST(SoupBinTcp, LargestPacketFits) {
    test::ByteString packet(packet_bytes_max);
    ASSERT_EQ(encode(packet, sequenced_data_type, test::ByteString(payload_bytes_max)), packet_bytes_max);
    Framer framer(0);
    EXPECT_EQ(framer.append(packet), packet_bytes_max);
    EXPECT_EQ(framer.next()->payload.size(), payload_bytes_max);
}

TEST(SoupBinTcp, ErrorsNameTheFieldAndTheByteOfTheStream) {
    const auto error = [](const std::string& text) {
        Framer framer;
        framer.append(bytes(text));
        while (framer.next()) {}
        return framer.error() ? framer.error()->to_string() : "none";
    };
    EXPECT_EQ(error("0001 'H' 0001"), "none");
    EXPECT_EQ(error("0001 'H' 0000"), "SoupBinTCP packet.packet_length at byte 3: length is 0, must be 1");
    EXPECT_EQ(error("0001 'H' 0001 'x'"), "SoupBinTCP packet.packet_type at byte 5: unknown type 'x' (0x78)");
    EXPECT_EQ(error("0002 'H'"), "SoupBinTCP packet.packet_length at byte 0: length is 2, must be 1");
    EXPECT_EQ(error("0010 'A'"), "SoupBinTCP packet.packet_length at byte 0: length is 16, must be 31");
}

}  // namespace
}  // namespace colo::soupbintcp
