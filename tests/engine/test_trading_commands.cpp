// Commands of operators while an engine trades: a strategy is paused and resumed, orders are cancelled; each is journaled
// with its author before it acts, refused with a sentence where it cannot, and does the same in replay.
#include "engine/runtime/open_orders.hpp"
#include "tests/engine/replayed_journal.hpp"

namespace colo {
namespace {

using namespace trading_test;

class TradingCommands : public TradingTest {
protected:
    std::filesystem::path path = std::filesystem::temp_directory_path() / ("colo_commands_" + std::to_string(::getpid()));

    void start() {
        make_engine();
        engine->offer_commands(path);
        engine->start();
        settle();
        make_market();
    }
    // Two orders stand.
    void quote_both() {
        want(quote(999'800, 100), quote(1'000'200, 100));
        tick();
        ASSERT_EQ(venue.open.size(), 2u);
    }
    [[nodiscard]] Command command(CommandKind kind, std::string_view target, std::string_view author = "alice") const {
        Command made;
        made.generation = ProposalBlock<Command>::open(path).next_generation();
        made.kind = static_cast<std::uint64_t>(kind);
        made.sign(author);
        made.aim(target);
        return made;
    }
    // What the engine answers; empty: it was carried out.
    std::string send(const Command& command) {
        auto block = ProposalBlock<Command>::open(path);
        block.propose(command);
        engine->turn();
        const auto answer = block.answer_to(command.generation);
        return answer ? (answer->applied == 1 ? "" : answer->sentence.data()) : "no answer";
    }
    std::string send(CommandKind kind, std::string_view target) { return send(command(kind, target)); }
    [[nodiscard]] std::vector<std::string> controls() const {
        std::vector<std::string> found;
        for (const StoredRecord& record : recorder.records) {
            if (record.header.kind != RecordKind::control) continue;
            const auto kind = control_of(text_of(record.payload));
            if (kind >= Control::pause && kind <= Control::command_refused) found.emplace_back(text_of(record.payload));
        }
        return found;
    }
    void expect_same_in_replay() {
        const auto replayed = replay(config, script, recorder.records);
        ASSERT_FALSE(replayed->end.problem) << *replayed->end.problem;
        EXPECT_EQ(replayed->core->paused(), engine->core().paused());
        EXPECT_EQ(replayed->core->command().generation, engine->core().command().generation);
        EXPECT_EQ(replayed->core->orders().open_count(), engine->core().orders().open_count());
    }
};

TEST_F(TradingCommands, APausedStrategyIsAskedAndNothingOfItIsWorked) {
    start();
    ASSERT_NO_FATAL_FAILURE(quote_both());
    ASSERT_EQ(send(CommandKind::pause, "scripted"), "");
    settle();
    EXPECT_TRUE(venue.open.empty());
    EXPECT_TRUE(engine->core().paused());
    const std::uint64_t asked = script.asked;
    const std::size_t sent = venue.received.size();
    tick();
    tick();
    EXPECT_EQ(script.asked, asked + 2);
    EXPECT_EQ(venue.received.size(), sent);
    ASSERT_EQ(send(CommandKind::resume, "scripted"), "");
    EXPECT_TRUE(venue.open.empty()) << "the next message decides";
    tick();
    EXPECT_EQ(venue.open.size(), 2u);
    EXPECT_EQ(controls(), (std::vector<std::string>{"pause: 1 alice scripted", "resume: 2 alice scripted"}));
    expect_same_in_replay();
}

TEST_F(TradingCommands, APauseOutlivesTheConnectionAndTheProcess) {
    start();
    ASSERT_NO_FATAL_FAILURE(quote_both());
    ASSERT_EQ(send(CommandKind::pause, "scripted"), "");
    venue.break_connection(false);  // before the cancels arrived
    settle();
    ASSERT_EQ(engine->core().session(), SessionState::down);
    for (int i = 0; i < 200 && engine->core().session() != SessionState::ready; ++i) {
        clock.time += milliseconds(20);
        settle();
    }
    ASSERT_EQ(engine->core().session(), SessionState::ready);
    tick();
    EXPECT_TRUE(venue.open.empty());
    const auto replayed = replay(config, script, recorder.records);
    ASSERT_FALSE(replayed->end.problem) << *replayed->end.problem;
    EXPECT_TRUE(replayed->core->paused());
    EXPECT_EQ(replayed->core->command().author_view(), "alice");
}

TEST_F(TradingCommands, CancelsAllOrOneOrThoseOfAnInstrument) {
    start();
    ASSERT_NO_FATAL_FAILURE(quote_both());
    std::uint32_t first = venue.open.begin()->first;
    std::size_t cancels = 0;
    for (const char* target : {"all", "instrument AMZN"}) {
        ASSERT_EQ(send(CommandKind::cancel, target), "");
        settle();
        EXPECT_EQ(venue.received_count(ouch50::CancelOrder::type), cancels += 2) << target;
        EXPECT_EQ(venue.open.size(), 2u) << "the strategy quotes anew";
        EXPECT_EQ(venue.open.begin()->first, first += 2);
    }
    ASSERT_EQ(send(CommandKind::cancel, "order " + std::to_string(first)), "");
    settle();
    EXPECT_EQ(venue.received_count(ouch50::CancelOrder::type), cancels + 1);
    EXPECT_EQ(venue.open.begin()->first, first + 1) << "the other one stays";
    EXPECT_EQ(send(CommandKind::cancel, "order " + std::to_string(first)),
              "order " + std::to_string(first) + " is cancelled");
    expect_same_in_replay();
}

TEST_F(TradingCommands, ReplayWithoutACancelIsAnother) {
    start();
    ASSERT_NO_FATAL_FAILURE(quote_both());
    ASSERT_EQ(send(CommandKind::cancel, "all"), "");
    settle();
    std::vector<StoredRecord> without = recorder.records;
    std::erase_if(without, [](const StoredRecord& record) {
        return record.header.kind == RecordKind::control && control_of(text_of(record.payload)) == Control::cancel;
    });
    ASSERT_EQ(without.size() + 1, recorder.records.size());
    EXPECT_TRUE(replay(config, script, without)->end.problem);
}

TEST_F(TradingCommands, RefusedWithASentenceThatIsJournaled) {
    start();
    ASSERT_NO_FATAL_FAILURE(quote_both());
    const std::size_t sent = venue.received.size();
    Command garbage = command(CommandKind::pause, "scripted");
    garbage.kind = 77;
    Command nameless = command(CommandKind::cancel, "all");
    nameless.author[0] = ':';
    Command long_target = command(CommandKind::cancel, "all");
    long_target.target_length = ~0ull;
    Command old = command(CommandKind::cancel, "all");
    old.generation = 0;
    EXPECT_EQ(send(garbage), "command kind 77 is none");
    EXPECT_EQ(send(nameless), "the author is no name");
    EXPECT_EQ(send(long_target), "a cancel is aimed at all, instrument SYMBOL or order NUMBER");
    EXPECT_EQ(send(old), "generation 0 is not above 0, which is in force");
    EXPECT_EQ(send(CommandKind::pause, "another"), "the strategy here is scripted");
    EXPECT_EQ(send(CommandKind::cancel, "instrument MSFT"), "no instrument has this symbol");
    EXPECT_EQ(send(CommandKind::cancel, "order 4711"), "there is no order 4711");
    for (const char* target : {"", "everything", "order", "order ", "order x", "order 0", "order 4294967296", "order 1 2", "instrument "})
        EXPECT_EQ(send(CommandKind::cancel, target), "a cancel is aimed at all, instrument SYMBOL or order NUMBER") << target;
    EXPECT_EQ(controls()[0], "command refused: alice: command kind 77 is none");
    EXPECT_EQ(controls()[1], "command refused: nobody: the author is no name");
    EXPECT_EQ(venue.received.size(), sent) << "nothing was sent";
    EXPECT_FALSE(engine->core().paused());
    venue.break_connection();
    settle();
    EXPECT_EQ(send(CommandKind::cancel, "all").substr(0, 25), "the order session is down");
    expect_same_in_replay();
}

TEST_F(TradingCommands, ATextIsReadBackAndNothingElseIs) {
    const Command made = *command_of(CommandKind::cancel, "7 alice@desk order 42");
    EXPECT_EQ(made.generation, 7u);
    EXPECT_EQ(made.author_view(), "alice@desk");
    EXPECT_EQ(made.target_view(), "order 42");
    EXPECT_EQ(text_of(made).view(), "7 alice@desk order 42");
    for (const char* wrong : {"", "7", "7 ", "7 alice", "7 alice ", "x alice all", "7  all", "7 a:b all", "-1 alice all"})
        EXPECT_FALSE(command_of(CommandKind::cancel, wrong)) << wrong;
}

TEST_F(TradingCommands, WhatStandsIsShown) {
    const std::filesystem::path shown = path.string() + "_orders";
    make_engine();
    engine->show_orders(shown);
    start_engine();
    make_market();
    ASSERT_NO_FATAL_FAILURE(quote_both());
    tick();
    auto found = OpenOrdersFile::open(shown).read();
    ASSERT_TRUE(found);
    ASSERT_EQ(found->count, 2u);
    ASSERT_EQ(found->listed, 2u);
    EXPECT_EQ(found->orders[0].side, 'B');
    EXPECT_EQ(found->orders[0].price, 999'800);
    EXPECT_EQ(found->orders[0].leaves, 100);
    EXPECT_EQ(static_cast<OrderState>(found->orders[0].state), OrderState::live);
    venue.execute(found->orders[0].number, 999'800, 30, 1);
    settle();
    found = OpenOrdersFile::open(shown).read();
    EXPECT_EQ(found->orders[0].leaves, 70);
    EXPECT_EQ(found->orders[0].filled, 30);
    engine.reset();
    EXPECT_THROW(static_cast<void>(OpenOrdersFile::open(shown)), std::runtime_error);
}

TEST_F(TradingCommands, TheListOfOrdersIsBounded) {
    OrderTable table(1, 200);
    for (int i = 0; i < 100; ++i) table.enter(instrument, Side::buy, Price{100}, Quantity{1});
    const OpenOrders found = open_orders(table);
    EXPECT_EQ(found.count, 100u);
    EXPECT_EQ(found.listed, OpenOrders::listed_max);
    EXPECT_EQ(found.orders.back().number, 64u);
}

}  // namespace
}  // namespace colo
