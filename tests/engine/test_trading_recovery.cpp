// What an engine does when its feed or its order session cannot be continued as it was: snapshots, venues that restart,
// streams that break.
#include "tests/engine/trading_venue.hpp"

namespace colo {
namespace {

using namespace trading_test;

// Serves one snapshot on the engine's snapshot connection.
class SnapshotServer {
public:
    SnapshotServer(MemoryConnection& connection, std::vector<std::vector<std::byte>> messages, std::uint64_t next)
        : connection_(connection), messages_(std::move(messages)), next_(next) {}

    bool breaks_off = false;

    void attend() {
        if (!connection_.connected()) {
            framer_.reset();
            return;
        }
        framer_.received(connection_.theirs.read(framer_.free_space()).bytes);
        while (const auto packet = framer_.next())
            if (packet->type == soupbintcp::LoginRequest::type) serve();
    }

private:
    void serve() {
        soupbintcp::LoginAccepted accepted;
        accepted.session = "SNAP";
        accepted.sequence_number = 1;
        static_cast<void>(connection_.theirs.write(bytes_of(accepted)));
        for (const auto& message : messages_) send(message);
        if (breaks_off) return connection_.break_off();
        glimpse50::EndOfSnapshot end;
        end.sequence_number = next_;
        send(bytes_of(end));
    }
    void send(Bytes message) {
        std::array<std::byte, 256> buffer;
        const std::size_t length = soupbintcp::encode(buffer, soupbintcp::sequenced_data_type, message);
        static_cast<void>(connection_.theirs.write(Bytes(buffer.data(), length)));
    }
    MemoryConnection& connection_;
    std::vector<std::vector<std::byte>> messages_;
    std::uint64_t next_;
    soupbintcp::Framer framer_;
};

class TradingRecoveryTest : public TradingTest {
protected:
    void settle_with(SnapshotServer& server, int turns = 60) {
        for (int i = 0; i < turns; ++i) {
            clock.time += milliseconds(5);
            if (!engine->finished()) engine->turn();
            venue.attend();
            server.attend();
        }
    }
    std::vector<std::byte> snapshot_order(Side side, std::int64_t price, std::int64_t quantity) {
        itch50::AddOrder message;
        message.stock_locate = locate;
        message.timestamp = SessionTime{event_time_ns};
        message.order_reference_number = OrderId{next_order_id++};
        message.buy_sell_indicator = side;
        message.shares = Quantity{quantity};
        message.stock = "AMZN";
        message.price = Price{price};
        const Bytes bytes = bytes_of(message);
        return {bytes.begin(), bytes.end()};
    }
    std::vector<std::vector<std::byte>> new_market() {
        return {snapshot_order(Side::buy, 1'009'900, 300), snapshot_order(Side::sell, 1'010'100, 300)};
    }
    // Messages 3 and 4 are lost for good, 5 shows it.
    void lose_messages() {
        venue.lost = {3, 4};
        add(Side::buy, 990'000, 100);
        add(Side::buy, 990'000, 100);
        add(Side::buy, 990'000, 100);
    }
};

TEST_F(TradingRecoveryTest, SnapshotStandsForWhatIsLost) {
    start_engine();
    make_market();
    want(quote(999'800, 100), {});
    lose_messages();
    SnapshotServer server(network.snapshot_connection, new_market(), 6);
    settle_with(server);
    EXPECT_EQ(engine->arbiter().next_sequence(), SequenceNumber{6});
    EXPECT_EQ(recorder.count(RecordKind::snapshot_message), 2u);
    ASSERT_EQ(recorder.count(RecordKind::gap), 1u);
    const MarketView view = engine->core().market().view(instrument, {}, {});
    EXPECT_EQ(view.bid, Price{1'009'900});
    EXPECT_EQ(view.ask, Price{1'010'100});
    want(quote(1'009'800, 100), {});
    tick();
    EXPECT_EQ(venue.open.size(), 1u) << "trading goes on";
}

TEST_F(TradingRecoveryTest, QuotesLeaveTheMarketWhileTheBookIsNotWhole) {
    start_engine();
    make_market();
    want(quote(999'800, 100), {});
    tick();
    ASSERT_EQ(venue.open.size(), 1u);
    venue.lost = {4, 5};
    add(Side::buy, 990'000, 100);
    add(Side::buy, 990'000, 100);
    add(Side::buy, 990'000, 100);
    SnapshotServer server(network.snapshot_connection, new_market(), 7);
    settle_with(server);
    EXPECT_GE(engine->core().counts().cancels, 1u);
    EXPECT_EQ(engine->arbiter().next_sequence(), SequenceNumber{7});
}

TEST_F(TradingRecoveryTest, SnapshotThatBreaksOffLeavesNoTraceAndIsTriedAgain) {
    start_engine();
    make_market();
    lose_messages();
    SnapshotServer server(network.snapshot_connection, new_market(), 6);
    server.breaks_off = true;
    for (int i = 0; i < 40 && network.snapshot_connection.opens == 0; ++i) settle_with(server, 1);
    settle_with(server, 1);
    EXPECT_EQ(recorder.count(RecordKind::snapshot_message), 0u);
    server.breaks_off = false;
    settle_with(server);
    EXPECT_EQ(recorder.count(RecordKind::snapshot_message), 2u);
    EXPECT_EQ(engine->arbiter().next_sequence(), SequenceNumber{6});
}

TEST_F(TradingRecoveryTest, LostFeedEndsWithOneSentence) {
    start_engine();
    make_market();
    want(quote(999'800, 100), {});
    tick();
    ASSERT_EQ(venue.open.size(), 1u);
    venue.lost = {4};
    add(Side::buy, 990'000, 100);
    add(Side::buy, 990'000, 100);
    SnapshotServer server(network.snapshot_connection, {}, 1);  // from before what was had
    settle_with(server, 600);
    EXPECT_TRUE(engine->finished());
    EXPECT_EQ(engine->failure().value_or(""),
              "feed: message 4 is lost: neither the re-request server nor the snapshot brought what is missing");
    EXPECT_TRUE(venue.open.empty());
}

// It is refused before it touches the books, which stay as they were.
TEST_F(TradingRecoveryTest, SnapshotFromBeforeWhatWasHadEntersNoBook) {
    start_engine();
    make_market();
    lose_messages();
    SnapshotServer server(network.snapshot_connection, new_market(), 2);
    settle_with(server, 40);
    EXPECT_GT(engine->arbiter().counts().snapshots, 1u);
    EXPECT_EQ(recorder.count(RecordKind::snapshot_message), 0u);
    EXPECT_EQ(engine->core().market().view(instrument, {}, {}).bid, Price{999'900});
}

// Time-outs are measured by a clock that never steps: set back by an hour, the re-request still goes out again.
TEST_F(TradingRecoveryTest, ClockThatIsSetBackStopsNoTimeOut) {
    start_engine();
    make_market();
    lose_messages();
    settle();
    clock.wall_step = seconds(-3600);
    SnapshotServer server(network.snapshot_connection, new_market(), 6);
    settle_with(server, 20);
    EXPECT_EQ(engine->arbiter().counts().requests, 2u) << "asked again after the time-out";
    settle_with(server);
    EXPECT_EQ(engine->arbiter().next_sequence(), SequenceNumber{6});
}

// SoupBinTCP allows a message without bytes, in which no journal believes: it is passed over.
TEST_F(TradingRecoveryTest, MessageWithoutBytesStopsNothing) {
    start_engine();
    make_market();
    venue.answer_bytes({});
    want(quote(999'800, 100), {});
    tick();
    EXPECT_EQ(venue.open.size(), 1u);
    lose_messages();
    auto messages = new_market();
    messages.insert(messages.begin(), std::vector<std::byte>{});
    SnapshotServer server(network.snapshot_connection, messages, 7);
    settle_with(server);
    EXPECT_FALSE(engine->failure()) << *engine->failure();
    EXPECT_EQ(recorder.count(RecordKind::snapshot_message), 2u);
}

// Wherever the process dies, the next one stands either before the gap or behind the snapshot, never between.
TEST_F(TradingRecoveryTest, KnowsTheGapOnceASnapshotIsWhole) {
    start_engine();
    make_market();
    lose_messages();
    SnapshotServer server(network.snapshot_connection, new_market(), 6);
    settle_with(server);
    ASSERT_EQ(recorder.count(RecordKind::gap), 1u);
    for (std::size_t cut = 1; cut <= recorder.records.size(); ++cut) {
        MemoryNetwork again;
        MemoryRecorder journal;
        journal.records.assign(recorder.records.begin(), recorder.records.begin() + static_cast<std::ptrdiff_t>(cut));
        MemoryEngine next(config, ScriptedStrategy(script), again, clock, journal, signals);
        const std::vector<StoredRecord> prefix = journal.records;
        MemoryReader reader{prefix};
        ASSERT_FALSE(next.resume(reader));
        next.start();
        if (next.core().snapshotting()) continue;
        const bool behind = next.core().market().view(instrument, {}, {}).bid == Price{1'009'900};
        EXPECT_EQ(next.arbiter().next_sequence() == SequenceNumber{6}, behind) << "a journal of " << cut << " records";
    }
}

// The process died inside a snapshot: the next one fetches another before it listens to the feed.
TEST_F(TradingRecoveryTest, ResumesFromHalfASnapshot) {
    start_engine();
    make_market();
    lose_messages();
    SnapshotServer first(network.snapshot_connection, new_market(), 6);
    settle_with(first);
    std::size_t cut = 0;
    while (recorder.records[cut].header.kind != RecordKind::snapshot_message) ++cut;
    MemoryRecorder journal;
    journal.records.assign(recorder.records.begin(), recorder.records.begin() + static_cast<std::ptrdiff_t>(cut) + 1);
    const std::vector<StoredRecord> prefix = journal.records;
    MemoryNetwork again;
    MemoryVenue reborn(again, clock);
    script.asked = 0;
    MemoryEngine next(config, ScriptedStrategy(script), again, clock, journal, signals);
    MemoryReader reader{prefix};
    ASSERT_FALSE(next.resume(reader));
    EXPECT_TRUE(next.core().snapshotting());
    reborn.answer(ouch50::SystemEvent{});
    next.start();
    SnapshotServer second(again.snapshot_connection, new_market(), 9);
    for (int i = 0; i < 20; ++i) {
        clock.time += milliseconds(5);
        next.turn();
        reborn.attend();
        second.attend();
    }
    EXPECT_FALSE(next.core().snapshotting());
    EXPECT_EQ(next.arbiter().next_sequence(), SequenceNumber{9});
    EXPECT_EQ(journal.count(RecordKind::gap), 1u);
    EXPECT_FALSE(next.failure());
}

// ---- The order session ----

struct SessionEvents {
    int up = 0, down = 0;
    std::vector<std::uint64_t> sequences;
    void on_up() { ++up; }
    void on_down(const char*) { ++down; }
    void on_sequenced(std::uint64_t sequence, Bytes) { sequences.push_back(sequence); }
    void on_end_of_session() {}
};

class SoupClientTest : public testing::Test {
protected:
    using Client = SoupClient<MemoryConnection>;
    MemoryConnection connection;
    SessionEvents events;
    Timestamp now{1'000'000'000};
    SoupTimings timings;
    LoginConfig login{{"127.0.0.1", 1}, "user", "secret"};

    void accept(std::uint64_t sequence) {
        soupbintcp::LoginAccepted accepted;
        accepted.session = "ORDERS";
        accepted.sequence_number = sequence;
        write(bytes_of(accepted));
    }
    void sequenced(int count) {
        std::array<std::byte, 64> buffer;
        for (int i = 0; i < count; ++i)
            write(Bytes(buffer.data(), soupbintcp::encode(buffer, soupbintcp::sequenced_data_type, bytes_of(std::string_view("x")))));
    }
    void write(Bytes bytes) { static_cast<void>(connection.theirs.write(bytes)); }
    std::string read() {
        std::array<std::byte, 4096> buffer;
        const StreamResult got = connection.theirs.read(buffer);
        return std::string(text_of(Bytes(buffer.data(), got.bytes)));
    }
};

TEST_F(SoupClientTest, AsksForTheNextMessageAndCounts) {
    Client client(connection, login, 41, timings);
    client.poll(now, events);
    const std::string request = read();
    EXPECT_EQ(request.substr(2, 17), "Luser  secret    ");
    EXPECT_EQ(request.substr(29), "                  41");
    accept(41);
    sequenced(2);
    client.poll(now, events);
    EXPECT_EQ(events.up, 1);
    EXPECT_EQ(events.sequences, (std::vector<std::uint64_t>{41, 42}));
    EXPECT_EQ(client.next_sequence(), 43u);
}

TEST_F(SoupClientTest, PassesOverWhatARestartedVenueSendsAgain) {
    Client client(connection, login, 41, timings);
    client.poll(now, events);
    accept(39);
    client.poll(now, events);
    EXPECT_EQ(client.state(), Client::State::catching_up);
    EXPECT_EQ(events.up, 0);
    sequenced(3);
    client.poll(now, events);
    EXPECT_EQ(events.up, 1);
    EXPECT_EQ(events.sequences, (std::vector<std::uint64_t>{41}));
}

// After a power loss an old answer to an account query is among those that come again: the session is not up before the
// last of them, so that the query sent then can only be answered by a new one.
TEST_F(SoupClientTest, HearsWhatItMayHaveForgottenBeforeItIsUp) {
    Client client(connection, login, 41, timings);
    client.hear_out_first();
    client.poll(now, events);
    EXPECT_EQ(read().substr(29), "                   0");
    accept(44);
    client.poll(now, events);
    client.poll(now, events);
    EXPECT_EQ(read().substr(29), "                  41");
    accept(41);
    sequenced(2);
    client.poll(now, events);
    EXPECT_EQ(client.state(), Client::State::hearing);
    EXPECT_EQ(events.sequences, (std::vector<std::uint64_t>{41, 42})) << "told as they come";
    EXPECT_EQ(events.up, 0);
    sequenced(2);
    client.poll(now, events);
    EXPECT_EQ(events.up, 1);
    EXPECT_EQ(events.sequences.size(), 4u);
}

TEST_F(SoupClientTest, RefusesAVenueThatIsAheadOrStaysBehind) {
    Client ahead(connection, login, 41, timings);
    ahead.poll(now, events);
    accept(44);
    ahead.poll(now, events);
    EXPECT_EQ(ahead.failure(), "venue in memory continues its messages at 44, but 41 is expected");
    Client behind(connection, login, 41, timings);
    behind.poll(now, events);
    accept(39);
    behind.poll(now, events);
    write(bytes_of(soupbintcp::ServerHeartbeat{}));
    behind.poll(now + timings.connect_max + seconds(1), events);
    EXPECT_EQ(behind.failure(), "venue in memory continues its messages at 39, but 41 is expected");
    EXPECT_EQ(events.up, 0);
}

TEST_F(SoupClientTest, KeepsTheLineAliveAndNoticesSilence) {
    Client client(connection, login, 1, timings);
    client.poll(now, events);
    read();
    accept(1);
    client.poll(now, events);
    now += timings.heartbeat;
    client.poll(now, events);
    EXPECT_EQ(read(), std::string(bytes_of(soupbintcp::ClientHeartbeat{}).size() - 2, 'R').insert(0, std::string("\0\1", 2)));
    now += timings.silence_max;
    client.poll(now, events);
    EXPECT_EQ(events.down, 1);
    EXPECT_EQ(client.state(), Client::State::closed);
    EXPECT_FALSE(client.send(OrderGateway::account_query()));
}

TEST_F(SoupClientTest, BytesThatAreNotTheProtocolCloseTheConnection) {
    Client client(connection, login, 1, timings);
    client.poll(now, events);
    accept(1);
    write(bytes_of(std::string_view("\0\0nonsense", 10)));
    client.poll(now, events);
    EXPECT_EQ(events.down, 1);
    now += timings.retry;
    client.poll(now, events);
    EXPECT_EQ(connection.opens, 2) << "and it is tried again";
}

TEST_F(SoupClientTest, VenueThatTakesNothingIsGivenUp) {
    Client client(connection, login, 1, timings);
    client.poll(now, events);
    accept(1);
    client.poll(now, events);
    int sent = 0;
    while (client.send(OrderGateway::account_query()) && sent < 1'000'000) ++sent;
    EXPECT_LT(sent, 1'000'000);
    client.poll(now, events);
    EXPECT_EQ(events.down, 1);
}

}  // namespace
}  // namespace colo
