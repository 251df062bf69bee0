// Each rule by which the simulated venue matches client orders against recorded flow, in a session of a few messages.
#include <gtest/gtest.h>

#include "tests/engine/venue_session.hpp"

namespace colo::simulator {
namespace {

class MatchingRules : public ::testing::Test, public VenueSession {};

TEST_F(MatchingRules, TakesRecordedLiquidityInPriceTimeOrder) {
    add(1, Side::sell, 100, cents(1002));
    add(2, Side::sell, 50, cents(1001));
    add(3, Side::sell, 70, cents(1001));
    enter(1, 'B', 160, cents(1002));
    EXPECT_EQ(said(), (Said{"A1 160@10.02 L", "E1 50@10.01 R", "E1 70@10.01 R", "E1 40@10.02 R"}));
}

TEST_F(MatchingRules, SellsTakeTheHighestBidFirst) {
    add(1, Side::buy, 100, cents(999));
    add(2, Side::buy, 50, cents(1000));
    enter(1, 'S', 120, cents(999));
    EXPECT_EQ(said(), (Said{"A1 120@9.99 L", "E1 50@10.00 R", "E1 70@9.99 R"}));
}

TEST_F(MatchingRules, RemainderRests) {
    add(1, Side::sell, 100, cents(1001));
    enter(1, 'B', 160, cents(1001));
    EXPECT_EQ(said(), (Said{"A1 160@10.01 L", "E1 100@10.01 R"}));
    add(2, Side::sell, 30, cents(1001));
    EXPECT_EQ(said(), (Said{"E1 30@10.01 A"}));
}

TEST_F(MatchingRules, ImmediateOrCancelDoesNotRest) {
    add(1, Side::sell, 100, cents(1001));
    enter(1, 'B', 160, cents(1001), '3');
    EXPECT_EQ(said(), (Said{"A1 160@10.01 L", "E1 100@10.01 R", "C1 60 I"}));
    add(2, Side::sell, 30, cents(1001));
    EXPECT_EQ(said(), Said{});
}

TEST_F(MatchingRules, TakenLiquidityIsNotGivenTwice) {
    add(1, Side::sell, 100, cents(1001));
    enter(1, 'B', 60, cents(1001), '3');
    enter(2, 'B', 60, cents(1001), '3');
    enter(3, 'B', 60, cents(1001), '3');
    EXPECT_EQ(said(), (Said{"A1 60@10.01 L", "E1 60@10.01 R", "A2 60@10.01 L", "E2 40@10.01 R", "C2 20 I",
                            "A3 60@10.01 L", "C3 60 I"}));
}

TEST_F(MatchingRules, TakenLiquidityIsRememberedThroughExecutionAndCancel) {
    add(1, Side::sell, 100, cents(1001));
    enter(1, 'B', 30, cents(1001), '3');
    execute(1, 20);
    reduce(1, 40);  // 40 displayed, 30 of them taken
    enter(2, 'B', 40, cents(1001), '3');
    EXPECT_EQ(said(), (Said{"A1 30@10.01 L", "E1 30@10.01 R", "A2 40@10.01 L", "E2 10@10.01 R", "C2 30 I"}));
}

TEST_F(MatchingRules, TakenLiquidityIsRememberedThroughReplacement) {
    add(1, Side::sell, 100, cents(1001));
    enter(1, 'B', 100, cents(1001), '3');
    replace(1, 2, 130, cents(1003));
    enter(2, 'B', 200, cents(1003), '3');
    EXPECT_EQ(said(), (Said{"A1 100@10.01 L", "E1 100@10.01 R", "A2 200@10.03 L", "E2 30@10.03 R", "C2 170 I"}));
}

TEST_F(MatchingRules, WhatWasTakenEndsWithTheOrder) {
    add(1, Side::sell, 100, cents(1001));
    enter(1, 'B', 100, cents(1001), '3');
    remove(1);
    add(1, Side::sell, 100, cents(1001));  // the reference comes back as another order
    enter(2, 'B', 100, cents(1001), '3');
    EXPECT_EQ(said().back(), "E2 100@10.01 R");
}

TEST_F(MatchingRules, QueuesBehindRecordedOrdersOfItsPrice) {
    add(1, Side::buy, 100, cents(1000));
    add(2, Side::buy, 200, cents(1000));
    enter(1, 'B', 50, cents(1000));
    add(3, Side::buy, 400, cents(1000));
    EXPECT_EQ(ahead(1), 300);
    execute(1, 60);
    EXPECT_EQ(ahead(1), 240);
    reduce(2, 150);
    EXPECT_EQ(ahead(1), 90);
    remove(1);
    EXPECT_EQ(ahead(1), 50);
    execute(2, 50);
    EXPECT_EQ(ahead(1), 0);
    EXPECT_EQ(said(), (Said{"A1 50@10.00 L"}));  // all that was executed stood before it
}

TEST_F(MatchingRules, ExecutionOfAnOrderBehindFillsTheClientFirst) {
    add(1, Side::buy, 100, cents(1000));
    enter(1, 'B', 50, cents(1000));
    add(2, Side::buy, 400, cents(1000));
    execute(2, 30);
    EXPECT_EQ(said(), (Said{"A1 50@10.00 L", "E1 30@10.00 A"}));
    execute(2, 30);
    EXPECT_EQ(said(), (Said{"E1 20@10.00 A"}));
    execute(2, 30);
    EXPECT_EQ(said(), Said{});
}

TEST_F(MatchingRules, ExecutionAtAWorsePriceFillsTheClientAtItsOwn) {
    add(1, Side::sell, 100, cents(1005));
    enter(1, 'S', 40, cents(1003));
    execute(1, 100);
    EXPECT_EQ(said(), (Said{"A1 40@10.03 L", "E1 40@10.03 A"}));
}

TEST_F(MatchingRules, ExecutionAtABetterPriceLeavesTheClientAlone) {
    add(1, Side::buy, 100, cents(1002));
    enter(1, 'B', 40, cents(1001));
    execute(1, 100);
    EXPECT_EQ(said(), (Said{"A1 40@10.01 L"}));
}

TEST_F(MatchingRules, ExecutionWithPriceCountsByTheOrdersPlace) {
    add(1, Side::buy, 100, cents(1000));
    enter(1, 'B', 40, cents(1000));
    add(2, Side::buy, 100, cents(1000));
    execute_at(1, 100, cents(1001));
    EXPECT_EQ(said(), (Said{"A1 40@10.00 L"}));
    execute_at(2, 10, cents(1001));
    EXPECT_EQ(said(), (Said{"E1 10@10.00 A"}));
}

TEST_F(MatchingRules, EachExecutedShareIsGivenOnce) {
    enter(1, 'B', 50, cents(1000));
    enter(2, 'B', 50, cents(1001));
    enter(3, 'B', 50, cents(1000));
    add(1, Side::buy, 400, cents(1000));
    said();
    execute(1, 120);
    EXPECT_EQ(said(), (Said{"E2 50@10.01 A", "E1 50@10.00 A", "E3 20@10.00 A"}));
}

TEST_F(MatchingRules, OwnOrdersQueueByTime) {
    enter(1, 'S', 50, cents(1001));
    enter(2, 'S', 50, cents(1001));
    said();
    add(1, Side::buy, 70, cents(1001));
    EXPECT_EQ(said(), (Said{"E1 50@10.01 A", "E2 20@10.01 A"}));
}

TEST_F(MatchingRules, RecordedOrderThatCrossesFillsUpToItsQuantityAndIsTaken) {
    enter(1, 'B', 50, cents(1001));
    add(1, Side::sell, 120, cents(1000));
    EXPECT_EQ(said(), (Said{"A1 50@10.01 L", "E1 50@10.01 A"}));
    enter(2, 'B', 100, cents(1000), '3');  // 70 of the recorded order are left
    EXPECT_EQ(said(), (Said{"A2 100@10.00 L", "E2 70@10.00 R", "C2 30 I"}));
}

TEST_F(MatchingRules, RecordedReplacementThatCrossesFills) {
    add(1, Side::sell, 120, cents(1005));
    enter(1, 'B', 50, cents(1001));
    replace(1, 2, 30, cents(1001));
    EXPECT_EQ(said(), (Said{"A1 50@10.01 L", "E1 30@10.01 A"}));
}

TEST_F(MatchingRules, ReplacementLosesItsPlaceInTheQueue) {
    add(1, Side::buy, 100, cents(1000));
    enter(1, 'B', 50, cents(1000));
    replace(1, 2, 100, cents(1000));
    EXPECT_EQ(ahead(1), 0);
    execute(2, 10);
    EXPECT_EQ(said(), (Said{"A1 50@10.00 L", "E1 10@10.00 A"}));
}

TEST_F(MatchingRules, HiddenTradeStrictlyThroughFills) {
    enter(1, 'B', 50, cents(1001));
    hidden_trade(30, cents(1001));
    EXPECT_EQ(said(), (Said{"A1 50@10.01 L"}));
    hidden_trade(30, cents(1000));
    EXPECT_EQ(said(), (Said{"E1 30@10.01 A"}));
    enter(2, 'S', 50, cents(1005));
    hidden_trade(80, cents(1006));
    EXPECT_EQ(said(), (Said{"A2 50@10.05 L", "E2 50@10.05 A"}));
}

TEST_F(MatchingRules, IncomingOrderNeverTradesWithTheClientsOwn) {
    add(1, Side::sell, 30, cents(1001));
    enter(1, 'S', 50, cents(1002));
    add(2, Side::sell, 100, cents(1002));
    said();
    enter(2, 'B', 100, cents(1002));
    EXPECT_EQ(said(), (Said{"A2 100@10.02 L", "E2 30@10.01 R", "D2 70 prevented 50@10.02"}));
    EXPECT_EQ(ahead(1), 0);  // the resting one stays
    EXPECT_EQ(ahead(2), -1);
}

TEST_F(MatchingRules, RecordedOrdersBeforeTheOwnAreTakenFirst) {
    add(1, Side::sell, 30, cents(1002));
    enter(1, 'S', 50, cents(1002));
    said();
    enter(2, 'B', 30, cents(1002));
    EXPECT_EQ(said(), (Said{"A2 30@10.02 L", "E2 30@10.02 R"}));
}

TEST_F(MatchingRules, BrokenTradeBreaksTheClientsFill) {
    enter(1, 'B', 50, cents(1000));
    add(1, Side::buy, 100, cents(1000));
    execute(1, 20, 77);
    execute(1, 20, 78);
    said();
    itch50::BrokenTrade broken;
    broken.match_number = MatchNumber{77};
    record(broken);
    EXPECT_EQ(said(), (Said{"B1"}));
    record(broken);
    EXPECT_EQ(said(), Said{});
}

TEST_F(MatchingRules, OrphansAndImpossibleMessagesAreCountedAndChangeNothing) {
    execute(99, 10);
    remove(98);
    add(1, Side::buy, 100, cents(1000));
    add(1, Side::buy, 100, cents(1001));
    execute(1, 150);
    EXPECT_EQ(matching.counts().orphans, 2u);
    EXPECT_EQ(matching.counts().impossible, 2u);
    EXPECT_EQ(matching.book().count(), 0u);
}

TEST_F(MatchingRules, OtherInstrumentsDoNotMeet) {
    enter(1, 'B', 50, cents(1001));
    itch50::AddOrder message;
    message.stock_locate = Locate{8};
    message.timestamp = time;
    message.order_reference_number = OrderId{5};
    message.buy_sell_indicator = Side::sell;
    message.shares = Quantity{100};
    message.stock = "AAPL";
    message.price = cents(1000);
    matching.play(++position, bytes_of(message));
    EXPECT_EQ(said(), (Said{"A1 50@10.01 L"}));
}

}  // namespace
}  // namespace colo::simulator
