// The order gateway as a process of its own: what passes, what the watchdog does when an engine dies or stands still,
// and how engine and gateway come back one by one.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/engine/gateway_fixture.hpp"

namespace colo::trading_test {
namespace {

TEST_F(GatewayTest, WhatTheEngineDecidesReachesTheVenueAsItIs) {
    quote_both_sides();
    script.wanted[script.asked + 1] = {quote(999'700, 100), std::nullopt};
    tick();
    EXPECT_EQ(venue.received_count('O'), 2u);
    EXPECT_EQ(venue.received_count('U'), 1u);
    EXPECT_EQ(venue.received_count('X'), 1u);
    EXPECT_EQ(sent(engine_records), venue.received);
    EXPECT_EQ(sent(gateway_records), venue.received);
    EXPECT_EQ(gateway->orders().open_count(), engine->core().orders().open_count());
    EXPECT_EQ(gateway->counts().passed, venue.received.size());
}

TEST_F(GatewayTest, KeepsPositionsFromWhatTheVenueSays) {
    quote_both_sides();
    const auto first = venue.open.begin()->first;
    venue.execute(first, 999'800, 60, 1);
    settle();
    EXPECT_EQ(gateway->position(instrument).quantity(), engine->core().position(instrument).quantity());
    EXPECT_NE(gateway->position(instrument).quantity(), Quantity{0});
    for (const Side side : {Side::buy, Side::sell})
        EXPECT_EQ(gateway->orders().exposure(instrument, side), engine->core().orders().exposure(instrument, side));
}

TEST_F(GatewayTest, AnEngineThatDiesIsCancelledAndItsSessionDropped) {
    quote_both_sides();
    kill_engine();
    gateway->turn();
    venue.attend();
    EXPECT_EQ(venue.received_count('X'), 2u) << "within one turn of the gateway";
    EXPECT_TRUE(network.order_connection.connected()) << "the answers are awaited";
    settle();
    EXPECT_EQ(sessions_dropped, 1u);
    EXPECT_EQ(open_at_drop, 0u);
    EXPECT_EQ(gateway->orders().open_count(), 0u);
    EXPECT_EQ(gateway->counts().lost(EngineLoss::gone), 1u);
    EXPECT_EQ(gateway->counts().cancels, 2u);
    EXPECT_EQ(sent(gateway_records), venue.received) << "its own cancels are journaled too";
    const auto told = notes(gateway_records);
    EXPECT_NE(std::find(told.begin(), told.end(), "engine lost: its process is gone"), told.end());
}

TEST_F(GatewayTest, AnEngineThatStandsStillIsCutOffInTime) {
    quote_both_sides();
    stand_still(stall_max - milliseconds(1));
    EXPECT_EQ(venue.received_count('X'), 0u);
    stand_still(milliseconds(1));
    EXPECT_EQ(venue.received_count('X'), 2u);
    EXPECT_EQ(sessions_dropped, 1u);
    EXPECT_EQ(gateway->counts().lost(EngineLoss::stalled), 1u);
}

TEST_F(GatewayTest, NothingLeavesOfAnEngineThatWasCutOff) {
    quote_both_sides();
    settle(16, true);
    clock.time += stall_max;
    gateway->turn();
    const std::size_t after = venue.received.size() + 2;
    // The engine goes on where it stood, and has not noticed yet.
    script.wanted[script.asked + 1] = {quote(999'700, 200), quote(1'000'300, 200)};
    event_time_ns += 1'000'000;
    engine->turn();
    settle(4, true);
    EXPECT_EQ(venue.received.size(), after);
    settle(100);
    EXPECT_EQ(engine->core().session(), SessionState::ready);
    const auto told = notes(engine_records);
    EXPECT_EQ(std::count(told.begin(), told.end(), "order session down: the venue closed the connection"), 1);
}

TEST_F(GatewayTest, AnEngineThatGoesOnReconcilesAndQuotesAgain) {
    quote_both_sides();
    stand_still(stall_max);
    settle(6'000);  // an engine tries again after 50 ms
    ASSERT_EQ(engine->core().session(), SessionState::ready);
    EXPECT_EQ(engine->core().orders().open_count(), 0u) << "it has heard of the gateway's cancels";
    tick();
    EXPECT_EQ(venue.open.size(), 2u);
    EXPECT_EQ(gateway->orders().open_count(), 2u);
    EXPECT_EQ(gateway->counts().logins, 2u);
}

TEST_F(GatewayTest, AVenueThatDoesNotAnswerIsLeftToItsCancelOnDisconnect) {
    quote_both_sides();
    venue.answering = false;
    kill_engine();
    settle();
    EXPECT_EQ(venue.received_count('X'), 2u);
    EXPECT_EQ(sessions_dropped, 0u);
    clock.time += cancel_wait;
    settle();
    EXPECT_EQ(sessions_dropped, 1u);
    EXPECT_EQ(open_at_drop, 2u);
    const auto told = notes(gateway_records);
    EXPECT_NE(std::find(told.begin(), told.end(), "order session down: not every cancel was answered in time"), told.end());
}

TEST_F(GatewayTest, AnEngineThatIsStartedAgainGoesOnFromItsJournal) {
    quote_both_sides();
    venue.execute(venue.open.begin()->first, 999'800, 40, 1);
    settle();
    kill_engine();
    settle();
    restart_engine();
    settle(6'000);
    ASSERT_EQ(engine->core().session(), SessionState::ready);
    EXPECT_EQ(engine->core().position(instrument).quantity(), gateway->position(instrument).quantity());
    tick();
    EXPECT_EQ(venue.open.size(), 2u);
}

TEST_F(GatewayTest, AGatewayThatIsStartedAgainLearnsTheDayFromTheVenue) {
    quote_both_sides();
    venue.execute(venue.open.begin()->first, 999'800, 40, 1);
    settle();
    const Quantity held = gateway->position(instrument).quantity();
    gateway.reset();
    network.order_connection.break_off();
    settle();
    EXPECT_EQ(engine->core().session(), SessionState::down);
    EXPECT_TRUE(venue.open.empty()) << "the venue cancelled on disconnect";
    start_gateway();
    settle(6'000);
    ASSERT_EQ(engine->core().session(), SessionState::ready);
    EXPECT_EQ(gateway->position(instrument).quantity(), held);
    EXPECT_EQ(gateway->orders().open_count(), engine->core().orders().open_count());
    tick();
    EXPECT_EQ(venue.open.size(), 2u);
    EXPECT_EQ(gateway->orders().open_count(), 2u);
}

TEST_F(GatewayTest, AVenueThatBreaksTheConnectionTakesTheEngineAlong) {
    quote_both_sides();
    network.order_connection.break_off();
    settle();
    EXPECT_EQ(gateway->counts().lost(EngineLoss::venue_down), 1u);
    settle(6'000);
    ASSERT_EQ(engine->core().session(), SessionState::ready);
    tick();
    EXPECT_EQ(venue.open.size(), 2u);
}

TEST_F(GatewayTest, AskedToEndItCancelsFirst) {
    quote_both_sides();
    gateway_signals.stop = true;
    settle();
    EXPECT_TRUE(gateway->finished());
    EXPECT_EQ(gateway->failure(), std::nullopt);
    EXPECT_EQ(venue.received_count('X'), 2u);
    EXPECT_TRUE(venue.open.empty());
}

TEST_F(GatewayTest, WhatCannotBeJournaledDoesNotLeave) {
    quote_both_sides();
    gateway_records.appends_left = 0;
    const std::size_t before = venue.received.size();
    kill_engine();
    settle();
    EXPECT_TRUE(gateway->finished());
    EXPECT_EQ(gateway->failure(), gateway_records.failure());
    EXPECT_EQ(venue.received.size(), before);
    EXPECT_EQ(sessions_dropped, 1u) << "the venue cancels";
}

}  // namespace
}  // namespace colo::trading_test
