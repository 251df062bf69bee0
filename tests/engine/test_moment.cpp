// The moment of a message: what came, the book, what was wanted, each rule's verdict, what left; the same as was journaled.
#include "engine/runtime/moment_page.hpp"
#include "tests/engine/replayed_journal.hpp"

namespace colo {
namespace {

using namespace trading_test;

// Reads what a MemoryRecorder holds, of a segment.
struct SegmentReader : MemoryReader {
    std::optional<SegmentHeader> header = SegmentHeader{3, 1 << 20, {"test", "TESTSESS01", "2012-06-21", "release", "config"}};
    [[nodiscard]] const std::optional<SegmentHeader>& segment() const { return header; }
};

class MomentTest : public TradingTest {
protected:
    [[nodiscard]] Result<Moment, std::string> moment(SequenceNumber sequence) {
        script.asked = 0;
        MomentWitness witness;
        TradingCore<ScriptedStrategy, MomentWitness> core(config, ScriptedStrategy(script), witness);
        SegmentReader reader{{recorder.records}};
        return find_moment(reader, core, witness, sequence);
    }
    [[nodiscard]] SequenceNumber last() const { return SequenceNumber{venue.messages().size()}; }
    static const RuleVerdict& verdict(const MomentRequest& asked, RiskRule rule) {
        return *std::find_if(asked.rules.begin(), asked.rules.end(), [&](const RuleVerdict& v) { return v.rule == rule; });
    }
};

TEST_F(MomentTest, ShowsTheOrdersOfAMessage) {
    start_engine();
    make_market();
    want(quote(999'800, 100), quote(1'000'200, 100));
    tick();
    const SequenceNumber quoted = last();
    tick();
    const auto found = moment(quoted);
    ASSERT_TRUE(found) << found.error();
    const MomentInput& message = found->inputs.at(0);
    EXPECT_EQ(message.message.name, "AddOrder");
    EXPECT_EQ(message.header.sequence, quoted.value());
    ASSERT_EQ(message.decisions.size(), 1u);
    const MomentDecision& decision = message.decisions[0];
    EXPECT_EQ(decision.view.bid, Price{999'900});
    ASSERT_TRUE(decision.wanted);
    EXPECT_EQ(decision.wanted->bid, quote(999'800, 100));
    EXPECT_EQ(decision.bids.at(0).price, Price{999'900});
    EXPECT_EQ(decision.bids.at(0).quantity, Quantity{500});
    EXPECT_EQ(decision.asks.at(0).price, Price{1'000'100});
    ASSERT_EQ(decision.requests.size(), 2u);
    for (const MomentRequest& asked : decision.requests) {
        EXPECT_EQ(asked.rules.size(), risk_rule_count);
        EXPECT_FALSE(asked.refused_by);
        EXPECT_EQ(asked.sent.name, "EnterOrder");
    }
    EXPECT_EQ(verdict(decision.requests[0], RiskRule::order_quantity).value, 100);
    EXPECT_EQ(verdict(decision.requests[0], RiskRule::order_quantity).limit, 1'000);
    EXPECT_EQ(verdict(decision.requests[0], RiskRule::price_collar).value, 2);
    // The answers came before the next message, and belong to the moment.
    EXPECT_EQ(std::count_if(found->inputs.begin(), found->inputs.end(),
                            [](const MomentInput& input) { return input.message.name == "OrderAccepted"; }), 2);
    EXPECT_EQ(found->segment.segment_index, 3u);
    EXPECT_TRUE(found->unmet.empty());

    const auto next = moment(quoted + 1);
    ASSERT_TRUE(next) << next.error();
    const auto& own = next->inputs.at(0).decisions.at(0).bids.at(1);
    EXPECT_EQ(own.price, Price{999'800});
    ASSERT_EQ(own.own.size(), 1u);
    EXPECT_EQ(own.own[0].state, OrderState::live);
    EXPECT_TRUE(next->inputs.at(0).decisions.at(0).requests.empty());
}

TEST_F(MomentTest, ShowsWhoRefused) {
    start_engine();
    make_market();
    want(quote(999'800, 5'000), {});
    tick();
    const auto found = moment(last());
    ASSERT_TRUE(found) << found.error();
    const MomentRequest& asked = found->inputs.at(0).decisions.at(0).requests.at(0);
    EXPECT_EQ(asked.refused_by, RiskRule::order_quantity);
    EXPECT_TRUE(asked.sent.name.empty());
    EXPECT_TRUE(verdict(asked, RiskRule::order_quantity).refused);
    EXPECT_FALSE(verdict(asked, RiskRule::price_collar).refused);
    const std::string page = moment_page(*found, config);
    EXPECT_NE(page.find("REFUSED order_quantity"), std::string::npos) << page;
    EXPECT_NE(page.find("Refused by order_quantity"), std::string::npos) << page;
    const auto json = moment_json(*found, config);
    EXPECT_EQ(json["inputs"][0]["decisions"][0]["requests"][0]["refused_by"], "order_quantity");
    EXPECT_EQ(json["release_digest"], "release");
}

// Every message of a journal has a moment, and the orders of all moments are those of the journal.
TEST_F(MomentTest, MomentsTogetherAreTheJournal) {
    start_engine();
    make_market();
    for (int i = 0; i < 10; ++i) {
        want(quote(999'800 - i * 100, 100), quote(1'000'200 + i * 100, 100));
        tick(milliseconds(200));
    }
    std::size_t orders = 0;
    for (SequenceNumber sequence{1}; sequence <= last(); sequence += 1) {
        const auto found = moment(sequence);
        ASSERT_TRUE(found) << found.error();
        for (const MomentInput& input : found->inputs)
            for (const MomentDecision& decision : input.decisions)
                for (const MomentRequest& asked : decision.requests) orders += !asked.sent.name.empty();
    }
    EXPECT_EQ(orders + 1, recorder.count(RecordKind::order_sent)) << "all but the account query, which is no order";
    EXPECT_GT(orders, 15u);
}

TEST_F(MomentTest, SaysWhichMessagesThereAre) {
    start_engine();
    make_market();
    const auto found = moment(SequenceNumber{99});
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error(), "message 99 is not there: the journal has messages 1 to 2");
    recorder.records.clear();
    const auto empty = moment(SequenceNumber{1});
    ASSERT_FALSE(empty);
    EXPECT_EQ(empty.error(), "message 1 is not there: the journal has no feed message");
}

TEST_F(MomentTest, SaysThatAMessageWasLost) {
    start_engine();
    make_market();
    const GapPayload gap{3, 5};
    const Bytes bytes = std::as_bytes(std::span{&gap, 1});
    ASSERT_TRUE(recorder.append({RecordKind::gap, RecordSource::engine}, bytes));
    const auto found = moment(SequenceNumber{4});
    ASSERT_FALSE(found);
    EXPECT_NE(found.error().find("message 4 never came: messages 3 to 5 were lost"), std::string::npos) << found.error();
}

}  // namespace
}  // namespace colo
