// Replay gives the live engine's orders byte for byte, a scripted session earns a reject of every risk rule, and a dead
// engine resumes from any record.
#include "tests/engine/trading_venue.hpp"

namespace colo {
namespace {

using namespace trading_test;

// Runs a core from records; the problem, or nothing.
struct Replayed {
    OrderComparison comparison;
    std::unique_ptr<TradingCore<ScriptedStrategy, OrderComparison>> core;
    ReplayEnd end;
    std::vector<std::byte> orders;
};

std::unique_ptr<Replayed> replay(const EngineConfig& config, Script& script, const std::vector<StoredRecord>& records,
                                 std::size_t orders_max = 10'000) {
    auto replayed = std::make_unique<Replayed>();
    script.asked = 0;
    replayed->core = std::make_unique<TradingCore<ScriptedStrategy, OrderComparison>>(
        config, ScriptedStrategy(script), replayed->comparison, orders_max);
    MemoryReader reader{records};
    replayed->end = replay_journal(reader, *replayed->core, replayed->comparison, [&](SequenceNumber, Bytes message) {
        replayed->orders.insert(replayed->orders.end(), message.begin(), message.end());
    });
    return replayed;
}

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
        return record.header.kind == RecordKind::control && text_of(record.payload) == "order numbers: 1024";
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
        MemoryEngine next(config, ScriptedStrategy(script), again, clock, journal, signals, 10'000);
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

// How often the journal holds a refusal of each rule.
std::map<std::uint16_t, std::uint64_t> journaled_refusals(const std::vector<StoredRecord>& records) {
    std::map<std::uint16_t, std::uint64_t> journaled;
    for (const StoredRecord& record : records) {
        if (record.header.kind != RecordKind::risk_reject) continue;
        RiskRejectPayload payload;
        std::memcpy(&payload, record.payload.data(), sizeof payload);
        ++journaled[payload.rule];
    }
    return journaled;
}

// One session that meets every rule: each refuses at least once, is journaled, and its order reaches no wire.
TEST_F(TradingTest, ScriptedSessionEarnsARejectOfEveryRule) {
    config = parse_engine_config(config_text({{"price_collar_bps", "100"},
                                              {"order_quantity_max", "500"},
                                              {"position_max", "600"},
                                              {"notional_max", "450000000"},
                                              {"gross_notional_max", "505000000"},
                                              {"message_rate_max", R"({"messages": 6, "window_ms": 50})"}}),
                                 "engine.json");
    orders_max = 20;
    start_engine();
    make_market();
    const Duration pause = milliseconds(200);
    const auto refuse = [&](RiskRule rule, std::optional<Quote> bid, std::optional<Quote> ask) {
        const std::uint64_t before = engine->core().gate().rejects(rule);
        const std::size_t orders = venue.received_count('O') + venue.received_count('U');
        want(bid, ask);
        tick(pause);
        EXPECT_EQ(engine->core().gate().rejects(rule), before + 1) << describe(rule).name;
        EXPECT_EQ(venue.received_count('O') + venue.received_count('U'), orders) << describe(rule).name;
    };
    refuse(RiskRule::order_quantity, quote(999'800, 501), {});
    refuse(RiskRule::notional, quote(999'800, 460), {});
    refuse(RiskRule::price_collar, quote(989'800, 100), {});
    want(quote(999'800, 400), {});
    tick(pause);
    venue.execute(1, 999'800, 400, 1);
    settle();
    refuse(RiskRule::position, quote(999'800, 201), {});
    refuse(RiskRule::gross_notional, quote(999'800, 110), {});
    want(quote(999'800, 10), {});
    tick(pause);
    for (int i = 1; engine->core().gate().rejects(RiskRule::message_rate) == 0 && i < 10; ++i) {
        want(quote(999'800 - 100 * i, 10), {});
        tick();
    }
    EXPECT_EQ(engine->core().gate().rejects(RiskRule::message_rate), 1u);
    EXPECT_TRUE(venue.open.empty()) << "the order that could not be moved was cancelled";
    halt('H');
    refuse(RiskRule::halted_instrument, quote(999'800, 10), {});
    halt('T');
    for (int i = 1; engine->core().gate().rejects(RiskRule::order_numbers) == 0 && i < 30; ++i) {
        want(quote(999'800 - 100 * (i % 5), 10), {});
        tick(pause);
    }
    EXPECT_EQ(engine->core().gate().rejects(RiskRule::order_numbers), 1u);
    signals.kill = true;
    settle();
    refuse(RiskRule::kill_switch, quote(999'800, 10), {});
    for (int i = 0; i < 5; ++i) tick(pause);
    EXPECT_EQ(engine->core().gate().rejects(RiskRule::kill_switch), 1u) << "refused once, not for ever";
    EXPECT_TRUE(venue.open.empty());
    for (const RiskRuleName& rule : risk_rule_names) EXPECT_GE(engine->core().gate().rejects(rule.rule), 1u) << rule.name;
    auto journaled = journaled_refusals(recorder.records);
    for (const RiskRuleName& rule : risk_rule_names)
        EXPECT_EQ(journaled[static_cast<std::uint16_t>(rule.rule)], engine->core().gate().rejects(rule.rule)) << rule.name;
    const auto replayed = replay(config, script, recorder.records, orders_max);
    EXPECT_FALSE(replayed->end.problem) << *replayed->end.problem;
}

}  // namespace
}  // namespace colo
