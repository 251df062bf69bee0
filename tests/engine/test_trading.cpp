// The engine's loop over an in-memory network: it trades, refuses, stops, loses its connection, and comes back.
#include "tests/engine/trading_venue.hpp"

namespace colo {
namespace {

using namespace trading_test;

TEST_F(TradingTest, QuotesReplacesAndCancels) {
    start_engine();
    EXPECT_EQ(engine->core().session(), SessionState::ready);
    make_market();
    want(quote(999'800, 100), quote(1'000'200, 100));
    tick();
    ASSERT_EQ(venue.open.size(), 2u);
    want(quote(999'700, 100), quote(1'000'200, 100));
    tick();
    EXPECT_EQ(venue.received_count(ouch50::ReplaceOrder::type), 1u);
    EXPECT_EQ(venue.open.size(), 2u);
    want({}, {});
    tick();
    EXPECT_TRUE(venue.open.empty());
    EXPECT_EQ(engine->core().orders().open_count(), 0u);
    EXPECT_EQ(engine->core().counts().orders, 3u);
    EXPECT_EQ(engine->core().counts().cancels, 2u);
}

TEST_F(TradingTest, EveryOrderIsJournaledWithItsCauseAndItsTimes) {
    start_engine();
    make_market();
    want(quote(999'800, 100), {});
    tick();
    const StoredRecord* order = nullptr;
    const StoredRecord* timing = nullptr;
    for (const StoredRecord& record : recorder.records) {
        if (record.header.kind == RecordKind::order_sent && record.payload[0] == std::byte{'O'}) order = &record;
        if (record.header.kind == RecordKind::timing) timing = &record;
    }
    ASSERT_TRUE(order && timing);
    EXPECT_EQ(order->header.sequence, 3u) << "the third feed message caused it";
    EXPECT_EQ(order->payload, venue.received[1]) << "the journal has the bytes of the wire";
    TimingPayload times;
    std::memcpy(&times, timing->payload.data(), sizeof times);
    EXPECT_EQ(times.cause_sequence, 3u);
    EXPECT_EQ(times.user_ref_num, 1u);
    EXPECT_GT(times.receive_time_ns, 0);
    EXPECT_LE(times.receive_time_ns, times.decoded_ns);
    EXPECT_EQ(recorder.count(RecordKind::feed_message), 3u) << "once, although both lines brought it";
}

TEST_F(TradingTest, NumbersAreJournaledInBlocksBeforeTheyAreUsed) {
    start_engine();
    make_market();
    for (int i = 0; i < 240; ++i) {
        want(quote(999'800 - 100 * (i % 5), 100), {});
        tick(milliseconds(5));
    }
    std::uint32_t reserved = 0, highest = 0, blocks = 0;
    for (const StoredRecord& record : recorder.records) {
        if (record.header.kind == RecordKind::control && control_of(text_of(record.payload)) == Control::order_numbers) {
            reserved = static_cast<std::uint32_t>(std::stoul(std::string(detail_of(text_of(record.payload)))));
            ++blocks;
        }
        const char type = record.header.kind == RecordKind::order_sent ? static_cast<char>(record.payload[0]) : ' ';
        if (type == ouch50::EnterOrder::type)
            highest = overlay<ouch50::EnterOrder>(record.payload.data()).user_ref_num.get().value();
        if (type == ouch50::ReplaceOrder::type)
            highest = overlay<ouch50::ReplaceOrder>(record.payload.data()).user_ref_num.get().value();
        ASSERT_LE(highest, reserved);
    }
    const std::uint32_t block = number_block(config.tables.own_orders);
    EXPECT_EQ(blocks, 3u) << "the third when half of the second was used";
    EXPECT_GT(highest, block + block / 2) << "the second block is in use";
    EXPECT_EQ(reserved, 3 * block);
}

// What power loss could take back is no number yet: nothing is decided before the disk has the first block, and where
// it falls behind for a whole block, orders are refused and not numbered.
TEST_F(TradingTest, NumbersWaitForTheDisk) {
    recorder.disk_keeps_up = false;
    start_engine();
    make_market();
    want(quote(999'800, 100), {});
    tick();
    EXPECT_TRUE(venue.received.empty());
    EXPECT_EQ(recorder.count(RecordKind::feed_message), 0u);
    recorder.disk_keeps_up = true;
    settle();
    tick();
    EXPECT_EQ(venue.received_count(ouch50::EnterOrder::type), 1u);
    recorder.disk_keeps_up = false;
    const std::uint32_t block = number_block(config.tables.own_orders);
    for (std::uint32_t i = 0; i < 2 * block; ++i) {
        want(quote(999'700 - 100 * (i % 5), 100), {});
        tick(milliseconds(200));
    }
    EXPECT_EQ(venue.highest_number, block);
    EXPECT_GT(engine->core().gate().rejects(RiskRule::order_numbers), 0u);
    recorder.disk_keeps_up = true;
    tick(milliseconds(200));
    EXPECT_EQ(venue.highest_number, block + 1);
}

// There the disk has no say in what is decided, or the same day would not give the same orders.
TEST_F(TradingTest, APacedVenueWaitsForNumbers) {
    config.paced = true;
    start_engine();
    make_market();
    recorder.disk_keeps_up = false;
    const std::uint32_t block = number_block(config.tables.own_orders);
    for (std::uint32_t i = 0; i < 2 * block; ++i) {
        want(quote(999'700 - 100 * (i % 5), 100), {});
        tick(milliseconds(200));
    }
    EXPECT_EQ(venue.highest_number, block);
    EXPECT_EQ(engine->core().gate().rejects(RiskRule::order_numbers), 0u);
}

TEST_F(TradingTest, TheDayBeginsWithWhatWasHeld) {
    config.instruments[0].opening_quantity = Quantity{300};
    config.instruments[0].opening_price = Price{990'000};
    start_engine();
    make_market();
    EXPECT_EQ(engine->core().position(instrument).quantity(), Quantity{300});
    EXPECT_EQ(engine->core().position(instrument).realised(), Notional{0});
    EXPECT_EQ(engine->core().position(instrument).unrealised(Price{1'000'000}), Notional{300 * 10'000});
    want({}, quote(1'000'200, 100));
    tick();
    venue.execute(1, 1'000'200, 100, 1);
    settle();
    EXPECT_EQ(engine->core().position(instrument).quantity(), Quantity{200});
    EXPECT_EQ(engine->core().position(instrument).realised(), Notional{100 * 10'200});
}

TEST_F(TradingTest, FillsMakePositionsAndTheRestKeepsItsPlace) {
    start_engine();
    make_market();
    want(quote(999'800, 100), {});
    tick();
    venue.execute(1, 999'800, 40, 77);
    settle();
    EXPECT_EQ(engine->core().position(instrument).quantity(), Quantity{40});
    ASSERT_EQ(script.fills.size(), 1u);
    tick();
    EXPECT_EQ(venue.received_count(ouch50::ReplaceOrder::type), 0u);
    venue.execute(1, 999'800, 60, 78);
    settle();
    EXPECT_EQ(engine->core().position(instrument).quantity(), Quantity{100});
    tick();
    EXPECT_EQ(venue.received_count(ouch50::EnterOrder::type), 2u) << "the quote stands again";
}

// Quotes that move through each other: the side in the way goes first, the other follows when the venue has answered.
TEST_F(TradingTest, MovingQuotesNeverMeet) {
    start_engine();
    make_market();
    want(quote(999'800, 100), quote(1'000'000, 100));
    tick();
    want(quote(1'000'000, 100), quote(1'000'200, 100));
    add(Side::buy, 990'000, 100);
    engine->turn();
    venue.attend();
    EXPECT_EQ(venue.received_count(ouch50::ReplaceOrder::type), 1u) << "the ask";
    tick();
    EXPECT_EQ(venue.received_count(ouch50::ReplaceOrder::type), 2u) << "then the bid";
    want(quote(999'800, 100), quote(1'000'000, 100));
    add(Side::buy, 990'000, 100);
    engine->turn();
    EXPECT_EQ(venue.received_count(ouch50::ReplaceOrder::type), 2u);
    venue.attend();
    EXPECT_EQ(venue.received_count(ouch50::ReplaceOrder::type), 3u) << "the bid";
    tick();
    EXPECT_EQ(venue.received_count(ouch50::ReplaceOrder::type), 4u) << "then the ask";
    EXPECT_EQ(engine->core().gate().rejects(RiskRule::self_trade), 0u);
}

TEST_F(TradingTest, FeesAreCountedAndABrokenTradeTakesAllBack) {
    config.fees = {-200'000, 300'000};  // 1e-8 dollars a share: a rebate of 20 cents a hundred shares, a fee of 30
    start_engine();
    make_market();
    want(quote(999'800, 100), {});
    tick();
    venue.execute(1, 999'800, 100, 77);  // its flag is 'A', added
    settle();
    EXPECT_EQ(engine->core().fees(instrument), -200'000 * 100);
    ouch50::BrokenTrade broken;
    broken.user_ref_num = UserRefNum{1};
    broken.match_number = MatchNumber{77};
    venue.answer(broken);
    settle();
    EXPECT_EQ(engine->core().position(instrument).quantity(), Quantity{0});
    EXPECT_EQ(engine->core().position(instrument).realised(), Notional{0});
    EXPECT_EQ(engine->core().fees(instrument), 0);
    EXPECT_EQ(engine->core().counts().broken_trades, 1u);
    EXPECT_TRUE(script.fills.back().broken);
}

TEST_F(TradingTest, HaltsAreSeenAndQuotesGo) {
    start_engine();
    make_market();
    want(quote(999'800, 100), {});
    tick();
    EXPECT_EQ(venue.open.size(), 1u);
    halt('H');
    settle();
    EXPECT_EQ(script.phases.back(), TradingPhase::halted);
    halt('Q');
    settle();
    EXPECT_EQ(script.phases.back(), TradingPhase::auction);
    want({}, {});
    tick();
    EXPECT_TRUE(venue.open.empty()) << "cancels pass in a halt";
    want(quote(999'800, 100), {});
    tick();
    EXPECT_TRUE(venue.open.empty());
    EXPECT_EQ(engine->core().gate().rejects(RiskRule::trading_phase), 1u);
    halt('T');
    event_time_ns += refusal_pause.value();
    tick();
    EXPECT_EQ(venue.open.size(), 1u);
}

TEST_F(TradingTest, ConnectionLossMakesOrdersUnknownUntilTheyAreReconciled) {
    start_engine();
    make_market();
    want(quote(999'800, 100), quote(1'000'200, 100));
    tick();
    venue.answering = false;
    want(quote(999'700, 100), quote(1'000'200, 100));
    tick();  // the replacement is lost with the connection
    network.order_connection.refusing = true;
    venue.break_connection();
    engine->turn();
    EXPECT_EQ(engine->core().session(), SessionState::down);
    EXPECT_EQ(engine->core().orders().find(UserRefNum{1})->state, OrderState::unknown);
    EXPECT_EQ(engine->core().orders().find(UserRefNum{3})->state, OrderState::unknown);
    tick();
    EXPECT_EQ(engine->core().orders().open_count(), 3u);
    network.order_connection.refusing = false;
    venue.answering = true;
    clock.time += milliseconds(60);
    settle();
    EXPECT_EQ(engine->core().session(), SessionState::ready);
    EXPECT_EQ(engine->core().orders().find(UserRefNum{1})->state, OrderState::cancelled);
    EXPECT_EQ(engine->core().orders().find(UserRefNum{3})->state, OrderState::rejected) << "never arrived";
    tick();
    EXPECT_EQ(venue.open.size(), 2u) << "quoted anew";
    EXPECT_EQ(engine->core().orders().next(), UserRefNum{6}) << "no number is used twice";
}

TEST_F(TradingTest, PendingCancelIsRepeatedAfterAReconnectWithoutCancelOnDisconnect) {
    start_engine();
    make_market();
    want(quote(999'800, 100), {});
    tick();
    venue.answering = false;
    want({}, {});
    tick();
    venue.break_connection(false);
    venue.answering = true;
    clock.time += milliseconds(60);
    settle();
    EXPECT_EQ(engine->core().orders().find(UserRefNum{1})->state, OrderState::live);
    tick();
    EXPECT_TRUE(venue.open.empty());
}

TEST_F(TradingTest, OverfillStopsTrading) {
    start_engine();
    make_market();
    want(quote(999'800, 100), quote(1'000'200, 100));
    tick();
    venue.execute(1, 999'800, 150, 1);
    settle();
    EXPECT_TRUE(engine->core().killed());
    EXPECT_TRUE(venue.open.empty());
    EXPECT_EQ(engine->core().position(instrument).quantity(), Quantity{150});
}

TEST_F(TradingTest, GapIsRequestedAndNothingIsMissingOrTwice) {
    start_engine();
    make_market();
    venue.lost = {3, 4};
    tick();
    tick();
    tick();  // message 5 shows the gap
    EXPECT_EQ(recorder.count(RecordKind::feed_message), 2u);
    const auto requests = venue.requests();
    ASSERT_EQ(requests.size(), 1u);
    EXPECT_EQ(requests[0].sequence_number.get(), SequenceNumber{3});
    EXPECT_EQ(requests[0].requested_message_count.get(), 2u);
    venue.answer_rerequest(SequenceNumber{3});
    venue.answer_rerequest(SequenceNumber{4});
    settle();
    EXPECT_EQ(recorder.count(RecordKind::feed_message), 5u);
    EXPECT_EQ(engine->arbiter().next_sequence(), SequenceNumber{6});
}

TEST_F(TradingTest, EndOfSessionCancelsLogsOutAndEnds) {
    start_engine();
    make_market();
    want(quote(999'800, 100), quote(1'000'200, 100));
    tick();
    venue.end_feed();
    settle();
    EXPECT_TRUE(venue.open.empty());
    EXPECT_TRUE(engine->finished());
    EXPECT_FALSE(engine->failure());
    EXPECT_FALSE(network.order_connection.connected());
    EXPECT_EQ(engine->core().orders().open_count(), 0u);
}

TEST_F(TradingTest, RefusedLoginAndWrongSequenceEndWithOneSentence) {
    venue.refuse_login = 'A';
    start_engine();
    EXPECT_TRUE(engine->finished());
    ASSERT_TRUE(engine->failure());
    EXPECT_EQ(*engine->failure(), "order session: login of \"user\" refused at venue in memory: not authorised");
}

TEST_F(TradingTest, NobodyToLogInToEndsWithOneSentence) {
    network.order_connection.refusing = true;
    start_engine();
    EXPECT_FALSE(engine->finished());
    clock.time += seconds(31);
    settle();
    EXPECT_TRUE(engine->finished());
    EXPECT_EQ(engine->failure().value_or(""), "order session: cannot log in at venue in memory for 30 s");
}

TEST_F(TradingTest, NothingLeavesThatTheJournalDidNotTake) {
    start_engine();
    make_market();
    want(quote(999'800, 100), quote(1'000'200, 100));
    recorder.appends_left = 2;  // the message and the first order; not its times
    tick();
    EXPECT_EQ(venue.received_count(ouch50::EnterOrder::type), 1u);
    EXPECT_TRUE(engine->finished());
    ASSERT_TRUE(engine->failure());
    EXPECT_NE(engine->failure()->find("at offset 4096"), std::string::npos);
}

TEST_F(TradingTest, FullDiskCancelsWhileMemoryLasts) {
    start_engine();
    make_market();
    want(quote(999'800, 100), quote(1'000'200, 100));
    tick();
    recorder.disk_failed = true;
    settle();
    EXPECT_TRUE(venue.open.empty());
    EXPECT_TRUE(engine->finished());
    EXPECT_NE(engine->failure().value_or("").find("no space"), std::string::npos);
}

// Paced: the venue's answers were sent before the packet, so they are known before the packet is decided on, and the
// report follows the orders.
TEST_F(TradingTest, PacedEngineTakesAnswersFirstAndReportsLast) {
    config = parse_engine_config(config_text({}, true), "engine.json");
    make_engine();
    engine->start();
    EXPECT_TRUE(venue.requests().empty()) << "no report before the order session is ready";
    settle();
    auto reports = venue.requests();
    ASSERT_EQ(reports.size(), 1u);
    EXPECT_EQ(reports[0].sequence_number.get(), SequenceNumber{1});
    make_market();
    want(quote(999'800, 100), {});
    tick();
    reports = venue.requests();
    ASSERT_EQ(reports.size(), 3u);
    EXPECT_EQ(reports[2].requested_message_count.get(), 0u);
    EXPECT_EQ(reports[2].sequence_number.get(), SequenceNumber{4});
    const std::uint64_t asked = script.asked;
    network.before_receive = [&] {
        venue.execute(1, 999'800, 100, 5);
        venue.attend();
        add(Side::buy, 990'000, 100);
    };
    engine->turn();
    EXPECT_EQ(script.asked, asked + 1) << "the fill alone is no reason to decide";
    EXPECT_EQ(engine->core().position(instrument).quantity(), Quantity{100});
    EXPECT_EQ(engine->core().counts().orders, 2u) << "the decision knew of the fill";
}

}  // namespace
}  // namespace colo
