// Parameters change while an engine trades: applied between two messages, journaled with generation and author, refused
// with a sentence, and the same in replay.
#include <thread>

#include "engine/runtime/proposal_block.hpp"
#include "tests/engine/replayed_journal.hpp"

namespace colo {
namespace {

using namespace trading_test;

// Quotes so many ticks behind the best prices.
class DistantStrategy {
public:
    static constexpr std::array<ParameterRule, 2> rules{{{"ticks", "ticks", true, 0, 50}, {"lots", "lots", false, 0.5, 10}}};
    [[nodiscard]] static std::span<const ParameterRule> parameter_rules() { return rules; }
    [[nodiscard]] std::span<const double> parameters() const { return values_; }
    void set_parameters(std::span<const double> values) { std::copy_n(values.begin(), 2, values_.begin()); }

    [[nodiscard]] Quotes on_book(const MarketView& market) const {
        if (!market.two_sided()) return {};
        const Price distance = market.tick_size * static_cast<std::int64_t>(values_[0]);
        const Quantity quantity{static_cast<std::int64_t>(values_[1] * 100)};
        return {Quote{market.bid - distance, quantity}, Quote{market.ask + distance, quantity}};
    }
    void on_fill(const Fill&) {}

private:
    std::array<double, 2> values_{1, 1};
};
static_assert(Tunable<DistantStrategy> && !Tunable<ScriptedStrategy>);

ParameterChange change_to(std::uint64_t generation, std::string_view author, std::vector<double> values) {
    ParameterChange change;
    change.generation = generation;
    std::copy_n(author.data(), author.size(), change.author.data());
    change.author_length = author.size();
    change.count = values.size();
    std::copy(values.begin(), values.end(), change.values.begin());
    return change;
}

class TradingParameters : public TradingTest {
protected:
    using Engine = TradingEngine<DistantStrategy, MemoryNetwork, ManualClock, MemoryRecorder>;
    std::filesystem::path path = std::filesystem::temp_directory_path() / ("colo_parameters_" + std::to_string(::getpid()));
    std::unique_ptr<Engine> tuned;

    void start() {
        tuned = std::make_unique<Engine>(config, DistantStrategy{}, network, clock, recorder, signals);
        tuned->offer_parameters(path);
        tuned->start();
        turns();
        add(Side::buy, 999'900, 500);
        add(Side::sell, 1'000'100, 500);
        turns();
    }
    void turns() {
        for (int i = 0; i < 8; ++i) {
            clock.time += microseconds(10);
            tuned->turn();
            venue.attend();
        }
    }
    // What stands after one more message.
    void quote_again() {
        add(Side::buy, 900'000, 100, milliseconds(20));
        turns();
    }
    // Proposes, and lets the engine see it.
    std::optional<ProposalAnswer> propose(const ParameterChange& change) {
        ProposalBlock<ParameterChange> block = ProposalBlock<ParameterChange>::open(path);
        block.propose(change);
        tuned->turn();
        return block.answer_to(change.generation);
    }
    [[nodiscard]] Price bid_price() const {
        Price found;
        tuned->core().orders().for_each_open([&](const OwnOrder& order) {
            if (order.side == Side::buy) found = order.price;
        });
        return found;
    }
    [[nodiscard]] std::vector<std::string> controls(Control kind) const {
        std::vector<std::string> found;
        for (const StoredRecord& record : recorder.records)
            if (record.header.kind == RecordKind::control && control_of(text_of(record.payload)) == kind)
                found.emplace_back(detail_of(text_of(record.payload)));
        return found;
    }
};

TEST_F(TradingParameters, ChangeBetweenTwoMessages) {
    start();
    EXPECT_EQ(bid_price(), Price{999'800});
    const auto answer = propose(change_to(1, "alice", {5, 2.5}));
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->applied, 1u);
    EXPECT_EQ(bid_price(), Price{999'800}) << "the next message decides";
    quote_again();
    EXPECT_EQ(bid_price(), Price{999'400});
    EXPECT_EQ(venue.open.begin()->second, Quantity{250});
    EXPECT_EQ(controls(Control::parameters), std::vector<std::string>{"1 alice ticks=5 lots=2.5"});
    EXPECT_EQ(tuned->core().parameters().author_view(), "alice");
}

TEST_F(TradingParameters, RefusedWithASentenceAndNothingChanges) {
    start();
    ASSERT_TRUE(propose(change_to(3, "alice", {5, 1})));
    const std::vector<std::pair<ParameterChange, std::string>> wrong{
        {change_to(4, "bob", {0, 1}), "ticks must be whole, above 0 and at most 50 ticks, not 0"},
        {change_to(5, "bob", {1.5, 1}), "ticks must be whole, above 0 and at most 50 ticks, not 1.5"},
        {change_to(6, "bob", {1, 10.5}), "lots must be above 0.5 and at most 10 lots, not 10.5"},
        {change_to(7, "bob", {1, std::nan("")}), "lots must be above 0.5 and at most 10 lots, not nan"},
        {change_to(8, "bob", {1}), "there are 1 values, the strategy has 2 parameters"},
        {change_to(3, "bob", {1, 1}), "generation 3 is not above 3, which is in force"},
        {change_to(9, "bob: kill switch", {1, 1}), "the author is no name"},
    };
    std::vector<std::string> sentences;
    for (const auto& [change, sentence] : wrong) {
        const auto answer = propose(change);
        ASSERT_TRUE(answer) << sentence;
        EXPECT_EQ(answer->applied, 0u);
        EXPECT_EQ(answer->sentence.data(), sentence);
        sentences.push_back(sentence);
    }
    EXPECT_EQ(controls(Control::parameters_refused), sentences);
    EXPECT_EQ(tuned->core().parameters().generation, 3u);
    const ProposalBlock<ParameterChange> block = ProposalBlock<ParameterChange>::open(path);
    EXPECT_EQ(block.in_force()->generation, 3u) << "what was refused is not what is in force";
    EXPECT_EQ(block.in_force()->values[0], 5);
    EXPECT_EQ(block.next_generation(), 10u);
    quote_again();
    EXPECT_EQ(bid_price(), Price{999'400});
}

TEST_F(TradingParameters, ReplayChangesAtTheSamePlace) {
    start();
    for (int generation = 1; generation <= 20; ++generation) {
        ASSERT_TRUE(propose(change_to(static_cast<std::uint64_t>(generation), "alice", {1.0 + generation % 7, 1 + 0.1 * generation / 3})));
        quote_again();
        if (generation == 10) venue.execute(static_cast<std::uint32_t>(venue.highest_number), 1'000'200, 10, 1);
    }
    const auto run_again = [&](const std::vector<StoredRecord>& records, OrderComparison& comparison, auto& core) {
        MemoryReader reader{records};
        return replay_journal(reader, core, comparison);
    };
    OrderComparison comparison;
    TradingCore<DistantStrategy, OrderComparison> core(config, DistantStrategy{}, comparison);
    const ReplayEnd end = run_again(recorder.records, comparison, core);
    ASSERT_FALSE(end.problem) << *end.problem;
    EXPECT_GT(end.orders, 40u);
    EXPECT_EQ(core.parameters().generation, 20u);
    EXPECT_EQ(core.parameters().values, tuned->core().parameters().values) << "to the last bit";
    // Without one of the changes the orders are others.
    std::vector<StoredRecord> without = recorder.records;
    const auto found = std::find_if(without.begin(), without.end(), [](const StoredRecord& record) {
        return record.header.kind == RecordKind::control && text_of(record.payload).starts_with("parameters: 12 ");
    });
    ASSERT_NE(found, without.end());
    without.erase(found);
    OrderComparison other;
    TradingCore<DistantStrategy, OrderComparison> changed(config, DistantStrategy{}, other);
    EXPECT_TRUE(run_again(without, other, changed).problem);
}

TEST_F(TradingParameters, AResumedEngineOffersWhatIsInForce) {
    start();
    ASSERT_TRUE(propose(change_to(4, "alice", {7, 3})));
    const std::vector<StoredRecord> records = recorder.records;
    tuned.reset();
    EXPECT_FALSE(std::filesystem::exists(path));
    EXPECT_THROW(static_cast<void>(ProposalBlock<ParameterChange>::open(path)), std::runtime_error);
    MemoryNetwork again;
    Engine next(config, DistantStrategy{}, again, clock, recorder, signals);
    MemoryReader reader{records};
    ASSERT_FALSE(next.resume(reader));
    next.offer_parameters(path);
    const auto latest = ProposalBlock<ParameterChange>::open(path).in_force();
    ASSERT_TRUE(latest);
    EXPECT_EQ(latest->generation, 4u);
    EXPECT_EQ(latest->values[0], 7);
}

TEST_F(TradingParameters, AStrategyWithoutAnyRefuses) {
    make_engine();
    engine->offer_parameters(path);
    start_engine();
    ProposalBlock<ParameterChange> block = ProposalBlock<ParameterChange>::open(path);
    block.propose(change_to(1, "alice", {1}));
    engine->turn();
    const auto answer = block.answer_to(1);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->sentence.data(), std::string("the strategy has no parameters that can change"));
}

TEST(ParameterTexts, AreReadBackToTheLastBit) {
    const std::span<const ParameterRule> rules = DistantStrategy::rules;
    const ParameterChange change = change_to(7, "alice@desk", {3, 0.1 + 0.2});
    const auto text = text_of(rules, change);
    const auto read = change_of(rules, text.view());
    ASSERT_TRUE(read);
    EXPECT_EQ(read->values, change.values);
    EXPECT_EQ(read->generation, 7u);
    for (const char* wrong : {"", "7", "7 alice", "7 alice ticks=1", "7 alice ticks=1 lots=", "7 alice lots=1 ticks=1",
                              "7 alice ticks=1 lots=1 more=1", "x alice ticks=1 lots=1", "7 alice ticks=1x lots=1"})
        EXPECT_FALSE(change_of(rules, wrong)) << wrong;
}

// A reader beside a writer sees whole values only, in order.
TEST(Seqlocks, ReadersSeeWholeValues) {
    struct Value {
        std::array<std::uint64_t, 32> words;
    };
    Seqlock<Value> lock;
    std::atomic<bool> done{false};
    std::thread writer([&] {
        for (std::uint64_t i = 1; i <= 200'000; ++i) {
            Value value;
            value.words.fill(i);
            lock.write(value);
        }
        done = true;
    });
    std::uint64_t last = 0, read = 0;
    while (!done || read == 0) {
        const auto found = lock.read();
        if (!found) continue;
        ++read;
        for (const std::uint64_t word : found->first.words) ASSERT_EQ(word, found->first.words[0]);
        ASSERT_GE(found->first.words[0], last);
        last = found->first.words[0];
    }
    writer.join();
    EXPECT_EQ(lock.read()->first.words[31], 200'000u);
    EXPECT_EQ(lock.count() % 2, 0u);
}

}  // namespace
}  // namespace colo
