// Replay gives the live engine's orders byte for byte, and a dead engine resumes from any record.
#include "tests/engine/replayed_journal.hpp"

namespace colo {
namespace {

using namespace trading_test;

class TradingReplayTest : public TradingTest {
protected:
    // A day with something of everything: quotes, moves, fills, a halt, a lost connection, a refused quote.
    void trade_a_while() {
        start_engine();
        make_market();
        want(quote(999'800, 100), quote(1'000'200, 100));
        tick();
        venue.execute(1, 999'800, 40, 1);
        want(quote(999'700, 100), quote(1'000'300, 50));
        tick();
        halt('H');
        want({}, {});
        tick();
        halt('T');
        want(quote(999'600, 200), quote(1'000'400, 5'000));  // the ask is too large
        tick(milliseconds(200));
        venue.execute(5, 999'600, 150, 2);
        venue.break_connection();
        clock.time += milliseconds(60);
        settle();
        tick();
        want(quote(999'500, 100), {});
        tick(milliseconds(200));
        venue.execute(static_cast<std::uint32_t>(venue.highest_number), 999'500, 10, 3);
        settle();
        want(quote(999'400, 100), quote(1'000'500, 100));
        tick(milliseconds(200));
    }
    std::vector<std::byte> sent() const {
        std::vector<std::byte> bytes;
        for (const auto& message : venue.received) bytes.insert(bytes.end(), message.begin(), message.end());
        return bytes;
    }
};

TEST_F(TradingReplayTest, GivesTheSameBytesThreeTimes) {
    trade_a_while();
    const std::vector<std::byte> live = sent();
    ASSERT_GT(venue.received.size(), 10u);
    ASSERT_GT(engine->core().counts().fills, 2u);
    for (int i = 0; i < 3; ++i) {
        const auto replayed = replay(config, script, recorder.records);
        ASSERT_FALSE(replayed->end.problem) << *replayed->end.problem;
        EXPECT_EQ(replayed->orders, live);
        EXPECT_TRUE(replayed->comparison.unmet().empty());
        EXPECT_EQ(replayed->core->position(instrument).quantity(), engine->core().position(instrument).quantity());
        EXPECT_EQ(replayed->core->position(instrument).realised(), engine->core().position(instrument).realised());
    }
}

TEST_F(TradingReplayTest, SeesEveryChangedOrder) {
    trade_a_while();
    for (std::size_t i = 0; i < recorder.records.size(); ++i) {
        const RecordKind kind = recorder.records[i].header.kind;
        if (kind != RecordKind::order_sent && kind != RecordKind::risk_reject) continue;
        std::vector<StoredRecord> changed = recorder.records;
        changed[i].payload.back() ^= std::byte{1};
        EXPECT_TRUE(replay(config, script, changed)->end.problem) << "a changed byte of record " << i;
        changed = recorder.records;
        changed[i].header.sequence += 1;
        EXPECT_TRUE(replay(config, script, changed)->end.problem) << "another cause of record " << i;
        changed = recorder.records;
        changed.erase(changed.begin() + static_cast<std::ptrdiff_t>(i));
        const auto replayed = replay(config, script, changed);
        EXPECT_TRUE(replayed->end.problem || !replayed->comparison.unmet().empty()) << "a missing record " << i;
    }
}

bool journal_reserves(const std::vector<StoredRecord>& records) {
    return std::any_of(records.begin(), records.end(), [](const StoredRecord& record) {
        return record.header.kind == RecordKind::control && text_of(record.payload) == "order number block: 156";
    });
}

// The engine dies after any record of its journal; the venue cancels what stood. The next engine must know the same and
// go on, without a message twice or a number used again.
TEST_F(TradingReplayTest, ResumesAfterAnyRecord) {
    trade_a_while();
    const std::vector<StoredRecord> whole = recorder.records;
    for (std::size_t cut = 1; cut <= whole.size(); ++cut) {
        SCOPED_TRACE("journal of " + std::to_string(cut) + " records");
        MemoryNetwork again;
        MemoryVenue reborn(again, clock);
        MemoryRecorder journal;
        journal.records.assign(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(cut));
        script.asked = 0;
        MemoryEngine next(config, ScriptedStrategy(script), again, clock, journal, signals);
        const std::vector<StoredRecord> prefix = journal.records;
        MemoryReader reader{prefix};
        const auto problem = next.resume(reader);
        ASSERT_FALSE(problem) << *problem;
        std::size_t answers = 0;
        std::uint32_t highest = 0;
        for (const StoredRecord& record : journal.records) {
            answers += record.header.kind == RecordKind::order_answer;
            if (record.header.kind == RecordKind::order_sent && record.payload[0] == std::byte{'O'})
                highest = std::max(highest, overlay<ouch50::EnterOrder>(record.payload.data()).user_ref_num.get().value());
        }
        for (std::size_t i = 0; i < answers; ++i) reborn.answer(ouch50::SystemEvent{});  // had before
        next.start();
        for (int i = 0; i < 6; ++i) {
            clock.time += milliseconds(20);
            next.turn();
            reborn.attend();
        }
        EXPECT_EQ(next.core().session(), SessionState::ready);
        EXPECT_GT(next.core().orders().next(), UserRefNum{highest});
        // What was sent after the cut may have reached the venue although the journal lost it: its numbers are used.
        if (journal_reserves(prefix)) {
            EXPECT_GT(next.core().orders().next(), UserRefNum{static_cast<std::uint32_t>(venue.highest_number)});
        }
        const auto replayed = replay(config, script, journal.records);
        ASSERT_FALSE(replayed->end.problem) << *replayed->end.problem;
        EXPECT_EQ(replayed->end.next_feed, next.arbiter().next_sequence());
    }
}

}  // namespace
}  // namespace colo
