// Models are swapped while an engine trades: checked, journaled whole, applied between two messages, the same in replay.
#include "engine/runtime/proposal_block.hpp"
#include "tests/engine/replayed_journal.hpp"

namespace colo {
namespace {

using namespace trading_test;

// Bids so many ticks behind the best bid as its model says of the shares there.
class AskingStrategy {
public:
    static constexpr std::array<std::string_view, 2> inputs{"bid_quantity", "ask_quantity"};
    [[nodiscard]] static std::span<const std::string_view> model_inputs() { return inputs; }
    void set_model(const TreeModel& model) { model_ = model; }
    [[nodiscard]] Quotes on_book(const MarketView& market) const {
        if (!market.two_sided()) return {};
        const std::array<double, 2> asked{static_cast<double>(market.bid_quantity.value()),
                                          static_cast<double>(market.ask_quantity.value())};
        const auto ticks = static_cast<std::int64_t>(model_.value(asked));
        return {Quote{market.bid - market.tick_size * (1 + ticks), Quantity{100}}, std::nullopt};
    }
    void on_fill(const Fill&) {}

private:
    TreeModel model_;
};
static_assert(Modelled<AskingStrategy> && !Modelled<ScriptedStrategy>);

// One tree: `small` ticks up to 300 shares at the best bid, `large` above.
TreeModel stump(double small, double large) {
    TreeModel model;
    model.digest[0] = 7;
    model.value_max = 100;
    model.tree_count = 1;
    model.node_count = 3;
    model.nodes[0] = {300, 0, 1, 2, 0};
    model.nodes[1] = {small, TreeNode::leaf, 0, 0, 0};
    model.nodes[2] = {large, TreeNode::leaf, 0, 0, 0};
    return model;
}

class TradingModels : public TradingTest {
protected:
    using Engine = TradingEngine<AskingStrategy, MemoryNetwork, ManualClock, MemoryRecorder>;
    using Core = TradingCore<AskingStrategy, OrderComparison>;
    std::filesystem::path path = std::filesystem::temp_directory_path() / ("colo_models_" + std::to_string(::getpid()));
    std::unique_ptr<Engine> asking;

    void start() {
        asking = std::make_unique<Engine>(config, AskingStrategy{}, network, clock, recorder, signals);
        asking->offer_models(path);
        asking->start();
        turns();
        add(Side::buy, 999'900, 500);
        add(Side::sell, 1'000'100, 500);
        turns();
    }
    void turns() {
        for (int i = 0; i < 8; ++i) {
            clock.time += microseconds(10);
            asking->turn();
            venue.attend();
        }
    }
    void quote_again() {
        add(Side::buy, 900'000, 100, milliseconds(20));
        turns();
    }
    std::string swap(const TreeModel& model, std::string_view author = "alice") {
        auto block = ProposalBlock<ModelChange>::open(path);
        ModelChange change;
        change.generation = block.next_generation();
        change.sign(author);
        change.model = model;
        block.propose(change);
        asking->turn();
        const auto answer = block.answer_to(change.generation);
        return answer ? (answer->applied == 1 ? "" : answer->sentence.data()) : "no answer";
    }
    [[nodiscard]] Price bid_price() const {
        Price found;
        asking->core().orders().for_each_open([&](const OwnOrder& order) { found = order.price; });
        return found;
    }
    ReplayEnd run_again(const std::vector<StoredRecord>& records, OrderComparison& comparison, Core& core) const {
        MemoryReader reader{records};
        return replay_journal(reader, core, comparison);
    }
};

TEST_F(TradingModels, SwapBetweenTwoMessagesAndTheSameInReplay) {
    start();
    EXPECT_EQ(bid_price(), Price{999'800}) << "no model gives zero";
    ASSERT_EQ(swap(stump(0, 3)), "");
    EXPECT_EQ(bid_price(), Price{999'800}) << "the next message decides";
    quote_again();
    EXPECT_EQ(bid_price(), Price{999'500});
    ASSERT_EQ(swap(stump(0, 6), "bob"), "");
    quote_again();
    EXPECT_EQ(bid_price(), Price{999'200});
    EXPECT_EQ(recorder.count(RecordKind::model), 2u);
    const auto published = ProposalBlock<ModelChange>::open(path).in_force();
    ASSERT_TRUE(published);
    EXPECT_EQ(published->generation, 2u);
    EXPECT_EQ(published->author_view(), "bob");

    OrderComparison comparison;
    Core core(config, AskingStrategy{}, comparison);
    const ReplayEnd end = run_again(recorder.records, comparison, core);
    ASSERT_FALSE(end.problem) << *end.problem;
    EXPECT_EQ(core.model().generation, 2u);
    EXPECT_EQ(core.model().model.nodes[2].number, 6);
    std::vector<StoredRecord> without = recorder.records;
    std::erase_if(without, [](const StoredRecord& record) { return record.header.kind == RecordKind::model; });
    OrderComparison other;
    Core changed(config, AskingStrategy{}, other);
    EXPECT_TRUE(run_again(without, other, changed).problem);
}

TEST_F(TradingModels, AResumedEngineOffersTheOneInForce) {
    start();
    ASSERT_EQ(swap(stump(1, 2)), "");
    const std::vector<StoredRecord> records = recorder.records;
    asking.reset();
    MemoryNetwork again;
    Engine next(config, AskingStrategy{}, again, clock, recorder, signals);
    MemoryReader reader{records};
    ASSERT_FALSE(next.resume(reader));
    next.offer_models(path);
    EXPECT_EQ(ProposalBlock<ModelChange>::open(path).in_force()->model.nodes[1].number, 1);
}

TEST_F(TradingModels, RefusedWithASentenceAndNothingChanges) {
    start();
    ASSERT_EQ(swap(stump(0, 3)), "");
    const auto broken = [](auto&& change) {
        TreeModel model = stump(0, 9);
        change(model);
        return model;
    };
    const std::vector<std::pair<TreeModel, std::string>> wrong{
        {broken([](TreeModel& m) { m.tree_count = 33; }), "there are 33 trees, at most 32"},
        {broken([](TreeModel& m) { m.node_count = ~0ull; }), "there are 18446744073709551615 nodes, at most 240"},
        {broken([](TreeModel& m) { m.value_max = std::nan(""); }), "value_max must be a number, at least 0"},
        {broken([](TreeModel& m) { m.roots[0] = 3; }), "tree 0 begins at node 3, which is not there"},
        {broken([](TreeModel& m) { m.nodes[0].input = 2; }), "node 0: input 2 is none of 2"},
        {broken([](TreeModel& m) { m.nodes[0].below = 0; }), "node 0: leads to 0, not to a later node"},
        {broken([](TreeModel& m) { m.nodes[0].above = 3; }), "node 0: leads to 3, not to a later node"},
        {broken([](TreeModel& m) { m.nodes[2].number = INFINITY; }), "node 2: its number is none"},
    };
    for (const auto& [model, sentence] : wrong) EXPECT_EQ(swap(model), sentence);
    EXPECT_EQ(swap(stump(0, 9), "no name"), "the author is no name");
    EXPECT_EQ(recorder.count(RecordKind::model), 1u);
    EXPECT_EQ(text_of(recorder.records.back().payload), "command refused: nobody: the author is no name");
    quote_again();
    EXPECT_EQ(bid_price(), Price{999'500});
}

TEST_F(TradingModels, AStrategyThatAsksNoneRefuses) {
    make_engine();
    engine->offer_models(path);
    start_engine();
    auto block = ProposalBlock<ModelChange>::open(path);
    ModelChange change;
    change.generation = 1;
    change.sign("alice");
    block.propose(change);
    engine->turn();
    EXPECT_EQ(block.answer_to(1)->sentence.data(), std::string("the strategy asks no model"));
}

TEST(TreeModels, SumOfTheirTreesWithinBounds) {
    TreeModel model = stump(1, 2);
    model.tree_count = 2;
    model.roots[1] = 3;
    model.node_count = 6;
    model.nodes[3] = {10, 1, 4, 5, 0};
    model.nodes[4] = {-20, TreeNode::leaf, 0, 0, 0};
    model.nodes[5] = {20, TreeNode::leaf, 0, 0, 0};
    ASSERT_FALSE(model.fault(2));
    const auto value = [&](double first, double second) {
        const std::array<double, 2> inputs{first, second};
        return model.value(inputs);
    };
    EXPECT_EQ(value(300, 10), -19) << "a threshold belongs below";
    EXPECT_EQ(value(301, 11), 22);
    model.value_max = 5;
    EXPECT_EQ(value(300, 10), -5);
    EXPECT_EQ(value(301, 11), 5);
    EXPECT_EQ(TreeModel{}.value({}), 0);
    EXPECT_EQ(value(std::nan(""), 11), 5) << "what is no number goes above";
}

}  // namespace
}  // namespace colo
