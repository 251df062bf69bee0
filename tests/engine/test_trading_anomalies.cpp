// What an orderly venue and market would not have shown: each raises one event that is counted and journaled, and that a
// replay gives again; what breaks an invariant stops trading.
#include "tests/engine/replayed_journal.hpp"

namespace colo {
namespace {

using namespace trading_test;

class TradingAnomalies : public TradingTest {
protected:
    // A bid at 99.98 and an ask at 100.02 stand in a book of 99.99 to 100.01.
    void stand() {
        start_engine();
        make_market();
        want(quote(999'800, 100), quote(1'000'200, 100));
        tick();
        ASSERT_EQ(venue.open.size(), 2u);
        bid = venue.open.begin()->first;
        ask = bid + 1;
    }
    [[nodiscard]] std::vector<AnomalyPayload> events() const {
        std::vector<AnomalyPayload> found;
        for (const StoredRecord& record : recorder.records) {
            if (record.header.kind != RecordKind::anomaly) continue;
            EXPECT_EQ(record.payload.size(), sizeof(AnomalyPayload));
            std::memcpy(&found.emplace_back(), record.payload.data(), sizeof(AnomalyPayload));
        }
        return found;
    }
    // The one event, of this kind, which is counted, and which a replay gives again.
    AnomalyPayload the_event(Anomaly anomaly) {
        settle();
        const auto found = events();
        EXPECT_EQ(found.size(), 1u);
        if (found.size() != 1) return {};
        EXPECT_EQ(name_of(static_cast<Anomaly>(found[0].anomaly)), name_of(anomaly));
        EXPECT_EQ(counted(anomaly), 1u);
        const auto replayed = replay(config, script, recorder.records);
        EXPECT_FALSE(replayed->end.problem) << *replayed->end.problem;
        EXPECT_TRUE(replayed->comparison.unmet().empty());
        EXPECT_EQ(replayed->core->counts().anomalies[static_cast<std::size_t>(anomaly)],
                  anomaly == Anomaly::latency_spike ? 0u : 1u);
        return found[0];
    }
    [[nodiscard]] std::uint64_t counted(Anomaly anomaly) const {
        return engine->core().counts().anomalies[static_cast<std::size_t>(anomaly)];
    }
    void reject(std::uint32_t number) {
        ouch50::Rejected rejected;
        rejected.user_ref_num = UserRefNum{number};
        venue.answer(rejected);
    }

    std::uint32_t bid = 0, ask = 0;
};

TEST_F(TradingAnomalies, AnOrderlyDayHasNone) {
    ASSERT_NO_FATAL_FAILURE(stand());
    venue.execute(bid, 999'800, 60, 1);
    venue.execute(ask, 1'000'300, 100, 2);  // better than what was asked
    settle();
    tick();
    EXPECT_TRUE(events().empty());
    EXPECT_EQ(engine->core().counts().fills, 2u);
}

TEST_F(TradingAnomalies, FillWithoutOrderStopsTrading) {
    ASSERT_NO_FATAL_FAILURE(stand());
    venue.execute(4711, 999'800, 100, 1);
    const AnomalyPayload event = the_event(Anomaly::fill_without_order);
    EXPECT_EQ(event.user_ref_num, 4711u);
    EXPECT_EQ(event.price, 999'800);
    EXPECT_EQ(event.quantity, 100);
    EXPECT_EQ(event.cause_sequence, engine->core().cause().value());
    EXPECT_TRUE(engine->core().killed());
    EXPECT_TRUE(venue.open.empty());
}

TEST_F(TradingAnomalies, OverfillStopsTrading) {
    ASSERT_NO_FATAL_FAILURE(stand());
    venue.execute(bid, 999'800, 250, 1);
    const AnomalyPayload event = the_event(Anomaly::overfill);
    EXPECT_EQ(event.user_ref_num, bid);
    EXPECT_EQ(event.quantity, 250);
    EXPECT_EQ(event.instrument_id, 11);
    EXPECT_TRUE(engine->core().killed());
    EXPECT_EQ(engine->core().position(instrument).quantity(), Quantity{250}) << "what was done is ours";
}

TEST_F(TradingAnomalies, FillWorseThanItsLimit) {
    ASSERT_NO_FATAL_FAILURE(stand());
    venue.execute(bid, 999'900, 100, 1);
    const AnomalyPayload event = the_event(Anomaly::price_off_book);
    EXPECT_EQ(event.price, 999'900);
    EXPECT_EQ(event.limit, 999'800) << "what we had asked for";
    EXPECT_FALSE(engine->core().killed());
}

TEST_F(TradingAnomalies, FillFarFromTheBook) {
    ASSERT_NO_FATAL_FAILURE(stand());
    venue.execute(bid, 999'900 * 95 / 100 + 1, 50, 1);  // 500 basis points are declared
    settle();
    EXPECT_TRUE(events().empty());
    venue.execute(bid, 999'900 * 95 / 100 - 100, 50, 2);
    const AnomalyPayload event = the_event(Anomaly::price_off_book);
    EXPECT_EQ(event.limit, 999'900) << "the best bid";
}

TEST_F(TradingAnomalies, FarIsFarAtAnyPrice) {
    ASSERT_NO_FATAL_FAILURE(stand());
    for (const std::int64_t price : {std::int64_t{1'999'999'900}, std::int64_t{1}}) {
        venue.execute(ask, price, 1, static_cast<std::uint64_t>(price));
        settle();
    }
    EXPECT_EQ(events().size(), 2u);
}

// Five within a second are a burst, and one event however many follow within that second.
TEST_F(TradingAnomalies, BurstOfRejects) {
    ASSERT_NO_FATAL_FAILURE(stand());
    venue.answering = false;
    want(quote(999'700, 100), quote(1'000'200, 100));  // asked for again as soon as it is refused
    const auto refuse_one = [&](Duration later) {
        tick(later);
        reject(engine->core().orders().next().value() - 1);
        settle();
    };
    for (int i = 0; i < 4; ++i) refuse_one(milliseconds(1));
    refuse_one(milliseconds(1'100));
    EXPECT_EQ(engine->core().counts().venue_rejects, 5u);
    EXPECT_TRUE(events().empty()) << "not within one second";
    for (int i = 0; i < 9; ++i) refuse_one(milliseconds(1));
    EXPECT_EQ(engine->core().counts().venue_rejects, 14u);
    EXPECT_EQ(the_event(Anomaly::reject_burst).limit, 5);
    for (int i = 0; i < 5; ++i) refuse_one(milliseconds(i == 0 ? 1'100 : 1));
    EXPECT_EQ(counted(Anomaly::reject_burst), 2u);
}

TEST_F(TradingAnomalies, LatencySpike) {
    start_engine();
    make_market();
    config.anomalies.latency_max = nanoseconds(-1);  // a clock that stands still takes too long, then
    engine.reset();
    recorder.records.clear();
    MemoryNetwork again;
    MemoryVenue next(again, clock);
    engine = std::make_unique<MemoryEngine>(config, ScriptedStrategy(script), again, clock, recorder, signals);
    engine->start();
    const auto both = [&] {
        for (int i = 0; i < 8; ++i) {
            clock.time += microseconds(10);
            engine->turn();
            next.attend();
        }
    };
    both();
    script.asked = 0;
    script.wanted[2] = {quote(999'800, 100), std::nullopt};
    for (const auto& message : venue.messages()) next.publish_bytes(message);
    both();
    const AnomalyPayload event = the_event(Anomaly::latency_spike);
    EXPECT_EQ(event.quantity, 0);
    EXPECT_EQ(event.limit, -1);
    EXPECT_EQ(event.user_ref_num, 1u);
}

TEST_F(TradingAnomalies, OrdersThatNeverArrivedAreOneEvent) {
    start_engine();
    make_market();
    venue.answering = false;
    want(quote(999'800, 100), quote(1'000'200, 100));
    tick();
    venue.break_connection();
    for (int i = 0; i < 200 && counted(Anomaly::never_arrived) == 0; ++i) {
        clock.time += milliseconds(20);
        settle();
    }
    const auto found = events();
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(found[0].quantity, 2);
    EXPECT_EQ(counted(Anomaly::never_arrived), 2u);
}

TEST_F(TradingAnomalies, AReplayThatGivesAnotherIsSeen) {
    ASSERT_NO_FATAL_FAILURE(stand());
    venue.execute(bid, 999'900, 100, 1);
    settle();
    std::vector<StoredRecord> changed = recorder.records;
    for (StoredRecord& record : changed)
        if (record.header.kind == RecordKind::anomaly) record.payload[8] ^= std::byte{1};
    EXPECT_TRUE(replay(config, script, changed)->end.problem);
    std::erase_if(changed, [](const StoredRecord& record) { return record.header.kind == RecordKind::anomaly; });
    EXPECT_TRUE(replay(config, script, changed)->end.problem);
}

TEST(Anomalies, EachHasAName) {
    std::set<std::string_view> names;
    for (std::size_t i = 0; i < anomaly_count; ++i) names.insert(name_of(static_cast<Anomaly>(i)));
    EXPECT_EQ(names.size(), anomaly_count);
    EXPECT_FALSE(names.contains(""));
}

}  // namespace
}  // namespace colo
