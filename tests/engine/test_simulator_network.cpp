// The simulator over real sockets: every message on both lines, losses repaired, pacing, logins, retransmission,
// snapshots, and the sentences with which it refuses to go on.
#include <gtest/gtest.h>

#include <algorithm>

#include "engine/protocol/glimpse50.hpp"
#include "engine/simulator/simulator_error.hpp"
#include "tests/engine/simulator_client.hpp"

namespace colo::simulator {
namespace {

[[nodiscard]] ouch50::EnterOrder order(std::uint32_t number, bool buy) {
    ouch50::EnterOrder message;
    message.user_ref_num = UserRefNum{number};
    message.side = buy ? ouch50::OrderSide::buy : ouch50::OrderSide::sell;
    message.quantity = Quantity{200};
    message.symbol = "AMZN";
    message.price = buy ? Price{2'219'000} : Price{2'221'500};
    return message;
}

// Sends an order at every tenth advance of the feed, from the opening on, whatever was answered.
void trade_steadily(FeedTestClient& client) {
    const std::uint64_t advance = client.messages.size();
    if (advance > 500 && advance % 10 == 0) {
        const auto number = static_cast<std::uint32_t>(advance / 10);
        client.orders.send(order(number, number % 2 == 0));
    }
}

class SimulatorNetwork : public ::testing::Test {
protected:
    TemporaryFolder folder;
    Config config = config_in(folder.path());
};

TEST_F(SimulatorNetwork, PlaysEveryMessageOnBothLines) {
    RunningSimulator simulator(config);
    FeedTestClient client(config);
    client.orders.log_in(config.order_entry, 1);
    client.report();
    ASSERT_TRUE(client.play());
    EXPECT_EQ(client.messages, messages_of(config));
    EXPECT_GT(client.packets_by_line[0], 500u);
    client.orders.log_out();
    const Progress& progress = simulator.finished();
    EXPECT_TRUE(progress.done) << simulator.error();
    EXPECT_EQ(progress.played, 2'000u);
    EXPECT_EQ(progress.rerequests, 0u);
    EXPECT_LE(progress.packets, client.packets_by_line[0]);
}

TEST_F(SimulatorNetwork, LossOnBothLinesIsRepaired) {
    config.loss = {{0.2, 0.2}, 0.05, 5};
    std::vector<std::uint64_t> lost;
    for (int run = 0; run < 2; ++run) {
        std::filesystem::remove_all(config.journal_directory);
        RunningSimulator simulator(config);
        FeedTestClient client(config);
        client.orders.log_in(config.order_entry, 1);
        client.report();
        ASSERT_TRUE(client.play());
        EXPECT_EQ(client.messages, messages_of(config));
        client.orders.log_out();
        const Progress& progress = simulator.finished();
        EXPECT_GT(progress.rerequests, 10u);
        EXPECT_GT(progress.rerequested_messages, 10u);
        lost.push_back(progress.packets_lost);
    }
    EXPECT_GT(lost[0], 100u);
    EXPECT_EQ(lost[0], lost[1]);  // by seed, not by chance
}

TEST_F(SimulatorNetwork, RefusedRerequestsAreNotAnswered) {
    config.rerequest_refused = true;
    RunningSimulator simulator(config);
    FeedTestClient client(config);
    client.orders.log_in(config.order_entry, 1);
    client.report();
    ASSERT_TRUE(client.play(100));
    client.messages.resize(50);  // forgets
    client.request(SequenceNumber{51}, 10);
    client.reporting = false;
    for (int i = 0; i < 200; ++i) client.turn();
    EXPECT_EQ(client.messages.size(), 50u);
}

TEST_F(SimulatorNetwork, LockstepHoldsBackBeyondTheWindow) {
    for (const std::uint64_t window : {1u, 3u}) {
        std::filesystem::remove_all(config.journal_directory);
        config.pacing.window_packets = window;
        RunningSimulator simulator(config);
        FeedTestClient client(config);
        client.reporting = false;
        client.orders.log_in(config.order_entry, 1);
        client.report();
        for (int i = 0; i < 300; ++i) client.turn();
        EXPECT_EQ(client.packets_by_line[0], window);
        EXPECT_GT(client.heartbeats, 20u);  // they show a receiver that it waits for a lost packet
        client.reporting = true;
        client.report();
        EXPECT_TRUE(client.play());
    }
}

TEST_F(SimulatorNetwork, OriginalTimingIsKept) {
    // Ten messages over two seconds, twenty times faster.
    std::vector<std::byte> image;
    for (std::uint64_t i = 0; i < 10; ++i) {
        itch50::AddOrder add;
        add.order_reference_number = OrderId{i + 1};
        add.shares = Quantity{100};
        add.stock = "AMZN";
        add.price = Price{1'000'000};
        add.timestamp = SessionTime{static_cast<std::int64_t>(i) * 2'000'000'000 / 9};
        image.push_back(std::byte{0});
        image.push_back(std::byte{sizeof add});
        image.insert(image.end(), bytes_of(add).begin(), bytes_of(add).end());
    }
    write_bytes(config.session_file, image);
    config.pacing.mode = PacingConfig::Mode::original;
    config.pacing.speed = 20;
    RunningSimulator simulator(config);
    FeedTestClient client(config);
    client.reporting = false;
    client.orders.log_in(config.order_entry, 1);
    const auto begin = std::chrono::steady_clock::now();
    ASSERT_TRUE(client.play());
    const double elapsed = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    EXPECT_EQ(client.messages.size(), 10u);
    EXPECT_GE(elapsed, 0.095);
    EXPECT_LT(elapsed, 2.0);
}

TEST_F(SimulatorNetwork, SameOrdersGiveTheSameAnswersTwice) {
    std::vector<std::vector<std::vector<std::byte>>> answers;
    for (int run = 0; run < 2; ++run) {
        std::filesystem::remove_all(config.journal_directory);
        RunningSimulator simulator(config);
        FeedTestClient client(config);
        client.on_advance = trade_steadily;
        client.orders.log_in(config.order_entry, 1);
        client.report();
        ASSERT_TRUE(client.play());
        client.read_answers(100);
        answers.push_back(client.answers);
        client.orders.log_out();
        EXPECT_GT(simulator.finished().orders, 10u);
    }
    EXPECT_GT(answers[0].size(), 20u);
    EXPECT_EQ(answers[0], answers[1]);
}

TEST_F(SimulatorNetwork, LoginsAreChecked) {
    RunningSimulator simulator(config);
    SoupTestClient client;
    client.log_in(config.order_entry, 1, "WRONG");
    EXPECT_EQ(client.refused, 'A');
    LoginConfig other = config.order_entry;
    other.username = "NOBODY";
    client.log_in(other, 1);
    EXPECT_EQ(client.refused, 'A');
    client.log_in(config.order_entry, 1, "secret", "OTHER");
    EXPECT_EQ(client.refused, 'S');
    client.log_in(config.order_entry, 1, "Secret", mold_session);
    EXPECT_EQ(client.refused, 0);
    EXPECT_EQ(client.accepted, 1u);
    SoupTestClient second;
    second.log_in(config.order_entry, 1);
    EXPECT_EQ(second.refused, 'S');
    second.log_in(config.snapshot, 1, "WRONG");
    EXPECT_EQ(second.refused, 'A');
    simulator.stop();
    EXPECT_FALSE(simulator.finished().done);
    ASSERT_EQ(simulator.notices().size(), 4u);
    EXPECT_EQ(simulator.notices()[0], "order session on port " + std::to_string(config.order_entry.endpoint.port) +
                                          ": login of \"COLO01\" refused: not authorised");
}

TEST_F(SimulatorNetwork, GarbageEndsTheConnectionAndNothingElse) {
    RunningSimulator simulator(config);
    for (const char* garbage : {"\x00\x00", "GET / HTTP/1.1\r\n\r\n", "\x00\x01U"}) {
        SoupTestClient client;
        client.connect(config.order_entry);
        client.write(bytes_of(std::string_view(garbage, garbage[0] == '\0' ? 3 : 18)));
        EXPECT_FALSE(client.next(2000).has_value());
        EXPECT_TRUE(client.ended);
    }
    FeedTestClient client(config);
    client.orders.log_in(config.order_entry, 1);
    client.orders.write(bytes_of(std::string_view("\x00\x05U????", 7)));  // no OUCH message
    client.report();
    EXPECT_TRUE(client.play());
    client.orders.log_out();
    EXPECT_EQ(simulator.finished().malformed, 1u);
}

TEST_F(SimulatorNetwork, AnswersAreSentAgainFromTheRequestedOne) {
    RunningSimulator simulator(config);
    FeedTestClient client(config);
    client.on_advance = trade_steadily;
    client.orders.log_in(config.order_entry, 1);
    client.report();
    ASSERT_TRUE(client.play(1'500));
    client.read_answers(50);
    const auto heard = client.answers;
    ASSERT_GT(heard.size(), 10u);
    client.orders.close();
    client.answers.clear();
    client.orders.log_in(config.order_entry, 5);
    EXPECT_EQ(client.orders.accepted, 5u);
    client.read_answers(200);
    ASSERT_GE(client.answers.size(), heard.size() - 4);
    for (std::size_t i = 4; i < heard.size(); ++i) EXPECT_EQ(client.answers[i - 4], heard[i]);
    // What rested when the connection ended was cancelled by the venue.
    std::size_t canceled = 0;
    for (std::size_t i = heard.size() - 4; i < client.answers.size(); ++i) {
        EXPECT_EQ(static_cast<char>(client.answers[i][0]), 'C');
        EXPECT_EQ(overlay<ouch50::OrderCanceled>(client.answers[i].data()).reason, ouch50::CancelReason::system);
        ++canceled;
    }
    EXPECT_GT(canceled, 0u);
    client.report();
    EXPECT_TRUE(client.play());
}

TEST_F(SimulatorNetwork, LoginBeyondTheEndStartsWithTheNext) {
    RunningSimulator simulator(config);
    SoupTestClient client;
    client.log_in(config.order_entry, 1'000'000);
    EXPECT_EQ(client.accepted, 1u);
}

TEST_F(SimulatorNetwork, SnapshotHoldsTheDirectoryAndEveryOpenOrder) {
    RunningSimulator simulator(config);
    FeedTestClient client(config);
    client.orders.log_in(config.order_entry, 1);
    client.report();
    ASSERT_TRUE(client.play(1'000));
    client.reporting = false;
    for (int i = 0; i < 50; ++i) client.turn();
    const std::uint64_t position = client.messages.size();
    SoupTestClient glimpse;
    glimpse.log_in(config.snapshot, 1);
    Matching snapshot, replayed;
    SequenceNumber count;
    for (const auto& message : client.messages) replayed.play(++count, message);
    std::uint64_t next_sequence = 0, directories = 0;
    SequenceNumber sequence;
    while (const auto packet = glimpse.next(2000)) {
        ASSERT_EQ(packet->type, soupbintcp::sequenced_data_type);
        if (glimpse50::end_of_snapshot(packet->payload)) {
            next_sequence = *overlay<glimpse50::EndOfSnapshot>(packet->payload).sequence_number.get();
            break;
        }
        ASSERT_TRUE(itch50::well_formed(packet->payload));
        directories += itch50::type_of(packet->payload) == 'R';
        snapshot.play(++sequence, packet->payload);
    }
    EXPECT_EQ(next_sequence, position + 1);
    EXPECT_EQ(directories, 2u);
    ASSERT_EQ(snapshot.book().count(), replayed.book().count());
    EXPECT_GT(snapshot.book().count(), 100u);
    for (const Side side : {Side::buy, Side::sell}) {
        std::vector<std::pair<OrderId, Quantity>> queues[2];
        for (const int which : {0, 1}) {
            const RecordedBook& book = which == 0 ? snapshot.book() : replayed.book();
            book.walk(Locate{1}, side, [&](std::uint32_t handle) {
                queues[which].emplace_back(book.order(handle).id, book.order(handle).quantity);
                return true;
            });
        }
        EXPECT_EQ(queues[0], queues[1]);
    }
}

TEST_F(SimulatorNetwork, PortsInUseAreNamed) {
    const TcpListener taken = TcpListener::bound(config.order_entry.endpoint, "somebody");
    try {
        RunningSimulator simulator(config);
        FAIL() << "it opened a port that is taken";
    } catch (const TransportError& error) {
        EXPECT_NE(std::string(error.what()).find(std::to_string(config.order_entry.endpoint.port)), std::string::npos);
        EXPECT_NE(std::string(error.what()).find("order session"), std::string::npos);
    }
}

TEST_F(SimulatorNetwork, AClientThatDoesNotComeIsNotWaitedForForEver) {
    config.client_wait = milliseconds(60);
    RunningSimulator simulator(config);
    EXPECT_FALSE(simulator.finished().done);
    EXPECT_NE(simulator.error().find("no client was logged in on the order session, port " +
                                     std::to_string(config.order_entry.endpoint.port)), std::string::npos);
}

TEST_F(SimulatorNetwork, AClientThatStopsReportingIsNotWaitedForForEver) {
    config.client_wait = milliseconds(200);
    RunningSimulator simulator(config);
    FeedTestClient client(config);
    client.orders.log_in(config.order_entry, 1);
    client.report();
    ASSERT_TRUE(client.play(300));
    EXPECT_FALSE(simulator.finished().done);
    EXPECT_NE(simulator.error().find("the client has reported nothing"), std::string::npos) << simulator.error();
    EXPECT_NE(simulator.error().find("of 2000"), std::string::npos) << simulator.error();
}

TEST_F(SimulatorNetwork, AClientThatStaysAtTheEndIsToldAndLeft) {
    config.end_wait = milliseconds(100);
    RunningSimulator simulator(config);
    FeedTestClient client(config);
    client.orders.log_in(config.order_entry, 1);
    client.report();
    ASSERT_TRUE(client.play());
    EXPECT_TRUE(simulator.finished().done);
    const auto packet = client.orders.next(1000);
    ASSERT_TRUE(packet.has_value());
    EXPECT_EQ(packet->type, soupbintcp::EndOfSession::type);
}

TEST_F(SimulatorNetwork, OrdersBeforeTheFirstReportWaitForTheirPlace) {
    {
        RunningSimulator simulator(config);
        FeedTestClient client(config);
        client.orders.log_in(config.order_entry, 1);
        client.report();
        ASSERT_TRUE(client.play(1'200));
        simulator.stop();  // before the client goes, whose going it would remember
        static_cast<void>(simulator.finished());
    }
    // The venue lost its journal with the machine's power and starts from nothing; the client was further. With its
    // journal it would stand where it last played, which can be one packet after the client's last report.
    std::filesystem::remove(config.journal_directory / "exchange.journal");
    RunningSimulator simulator(config);
    FeedTestClient client(config);
    client.messages = messages_of(config);
    client.messages.resize(1'200);
    client.orders.log_in(config.order_entry, 2);
    client.orders.send(order(1, true));
    ouch50::AccountQuery query;
    client.orders.send(query);
    client.read_answers(100);
    ASSERT_EQ(client.answers.size(), 1u);  // the query alone
    EXPECT_EQ(overlay<ouch50::AccountQueryResponse>(client.answers[0].data()).next_user_ref_num.get(), UserRefNum{1});
    client.report();
    ASSERT_TRUE(client.play(1'250));
    client.read_answers(100);
    const auto accepted = std::find_if(client.answers.begin(), client.answers.end(), [](const auto& answer) {
        return static_cast<char>(answer[0]) == ouch50::OrderAccepted::type;
    });
    ASSERT_NE(accepted, client.answers.end());
    const auto at = itch50::header_of(client.messages[1'199]).timestamp.get();
    EXPECT_EQ(overlay<ouch50::OrderAccepted>(accepted->data()).timestamp.get(), at);
}

}  // namespace
}  // namespace colo::simulator
