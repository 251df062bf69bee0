// Any bytes on any port leave the engine running and are counted; an impossible message halts its instrument and says
// why.
#include <random>

#include "engine/runtime/engine_summary.hpp"
#include "tests/engine/trading_venue.hpp"

namespace colo {
namespace {

using namespace trading_test;

class BadInputTest : public TradingTest, public testing::WithParamInterface<std::uint32_t> {
protected:
    std::mt19937 random{GetParam()};

    // Never a whole message: its type is none.
    std::vector<std::byte> noise(std::size_t length_max) {
        std::vector<std::byte> bytes(1 + random() % length_max);
        for (std::byte& byte : bytes) byte = static_cast<std::byte>(random());
        bytes[0] = std::byte{'?'};
        return bytes;
    }
    // Until the session is there again, after a lost connection.
    void come_back() {
        for (int i = 0; i < 20; ++i) {
            clock.time += milliseconds(20);
            engine->turn();
            venue.attend();
        }
    }
    void expect_trading() {
        ASSERT_FALSE(engine->finished());
        ASSERT_FALSE(engine->failure()) << *engine->failure();
        ASSERT_EQ(engine->core().session(), SessionState::ready);
        want(quote(999'800, 100), {});
        tick(milliseconds(200));
        EXPECT_EQ(venue.open.size(), 1u);
    }
};

TEST_P(BadInputTest, DatagramsThatAreNoneAreCounted) {
    start_engine();
    make_market();
    for (int i = 0; i < 200; ++i) {
        network.lines[random() % 2].send(noise(60), clock.now());
        network.rerequest.incoming.send(noise(60), clock.now());
        settle();
    }
    EXPECT_EQ(engine->arbiter().counts().bad_packets + engine->arbiter().counts().foreign_packets, 400u);
    expect_trading();
}

TEST_P(BadInputTest, MessagesThatAreNoneAreCountedAndTheFeedGoesOn) {
    start_engine();
    make_market();
    for (int i = 0; i < 50; ++i) venue.publish_bytes(noise(60));
    settle();
    EXPECT_EQ(engine->core().market().malformed(), 50u);
    for (int i = 0; i < 50; ++i) venue.answer_bytes(noise(60));
    settle();
    EXPECT_EQ(engine->core().counts().malformed_answers, 50u);
    expect_trading();
}

TEST_P(BadInputTest, BytesThatAreNoProtocolEndTheConnectionAndItComesBack) {
    start_engine();
    make_market();
    for (int i = 0; i < 5; ++i) {
        auto bytes = noise(60);
        bytes.insert(bytes.begin(), {std::byte{0}, std::byte{1}});
        const int opens = network.order_connection.opens;
        static_cast<void>(network.order_connection.theirs.write(bytes));
        come_back();
        EXPECT_EQ(network.order_connection.opens, opens + 1);
    }
    expect_trading();
}

INSTANTIATE_TEST_SUITE_P(Seeds, BadInputTest, testing::Values(1u, 2u, 3u));

TEST_F(TradingTest, ImpossibleMessageHaltsItsInstrumentAndSaysWhy) {
    start_engine();
    make_market();
    want(quote(999'800, 100), {});
    tick();
    ASSERT_EQ(venue.open.size(), 1u);
    itch50::OrderExecuted executed;
    executed.order_reference_number = OrderId{1};
    executed.executed_shares = Quantity{501};
    venue.publish(executed, SessionTime{event_time_ns += 1'000'000});
    want(quote(999'700, 100), {});
    tick(milliseconds(200));
    EXPECT_EQ(script.phases.back(), TradingPhase::halted);
    EXPECT_TRUE(venue.open.empty()) << "the order that should have moved is gone";
    EXPECT_EQ(venue.received_count('U'), 0u);
    EXPECT_GT(engine->core().gate().rejects(RiskRule::halted_instrument), 0u);
    const auto summary = core_summary(config, engine->core());
    EXPECT_EQ(summary["instruments"]["AMZN"]["fault"], to_string(BookStatus::over_execution));
}

}  // namespace
}  // namespace colo
