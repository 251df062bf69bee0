// An engine that has gone wrong, or is somebody else: whatever it writes into the memory that it shares with the
// gateway, nothing reaches the venue that the gateway's own risk gate has not passed and its own encoder written.
#include <gtest/gtest.h>

#include <cstring>
#include <random>

#include "tests/engine/gateway_fixture.hpp"

namespace colo::trading_test {
namespace {

constexpr std::int64_t order_quantity_max = 1'000;

// Speaks for an engine, by hand.
class GatewayAttack : public GatewayTest {
protected:
    SharedConnection attacker{socket, "order gateway", waiter, {Wait::block, false}};
    std::uint32_t number = 1;

    void SetUp() override { start_gateway(); }
    void log_in(std::string_view password = "secret") {
        attacker.open();
        settle(2);
        ASSERT_EQ(attacker.opened(), StreamStatus::open);
        soupbintcp::LoginRequest login;
        login.username = "user";
        login.password = password;
        login.requested_sequence_number = std::uint64_t{1};
        write(bytes_of(login));
        settle_attacker();
    }
    void write(Bytes bytes) { static_cast<void>(attacker.write(bytes)); }
    void settle_attacker(int turns = 16) {
        std::array<std::byte, 4'096> room;
        for (int i = 0; i < turns; ++i) {
            settle(1);
            static_cast<void>(attacker.read(room));  // its beat
        }
    }
    void write_message(Bytes message) {
        std::array<std::byte, 128> packet;
        write(Bytes(packet).first(soupbintcp::encode(packet, soupbintcp::unsequenced_data_type, message)));
        settle_attacker();
    }
    [[nodiscard]] ouch50::EnterOrder order(std::int64_t quantity = 100, std::int64_t price = 1'000'000) {
        ouch50::EnterOrder message;
        message.user_ref_num = UserRefNum{number++};
        message.quantity = Quantity{quantity};
        message.symbol = "AMZN";
        message.price = Price{price};
        return message;
    }
    void expect_refused(EngineLoss loss, const std::string& why) {
        EXPECT_EQ(gateway->counts().lost(loss), 1u) << why;
        const auto told = notes(gateway_records);
        EXPECT_TRUE(std::any_of(told.begin(), told.end(), [&](const std::string& note) {
            return note.find(why) != std::string::npos;
        })) << why << " is not in the journal; the last says " << told.back();
    }
};

TEST_F(GatewayAttack, AnOrderWithinTheLimitsPasses) {
    log_in();
    write_message(bytes_of(order()));
    EXPECT_EQ(venue.received_count('O'), 1u);
}

TEST_F(GatewayAttack, OrdersBeyondTheLimitsAreRefusedByRule) {
    struct Case {
        const char* rule;
        RiskRule refused;
        std::int64_t quantity, price;
    };
    for (const Case& one : {Case{"order_quantity", RiskRule::order_quantity, order_quantity_max + 1, 1'000'000},
                            Case{"notional", RiskRule::notional, 1'000, 20'000'000},
                            Case{"price_collar", RiskRule::price_collar, 100, 0}}) {
        log_in();
        const std::uint64_t before = gateway->gate().rejects(one.refused);
        write_message(bytes_of(order(one.quantity, one.price)));
        EXPECT_EQ(gateway->gate().rejects(one.refused), before + 1) << one.rule;
        EXPECT_EQ(venue.received_count('O'), 0u) << one.rule;
        EXPECT_EQ(gateway_records.records.back().header.kind, RecordKind::control);
        settle();
    }
    EXPECT_EQ(gateway->counts().lost(EngineLoss::refused_order), 3u);
    EXPECT_EQ(gateway_records.count(RecordKind::risk_reject), 3u);
}

TEST_F(GatewayAttack, ManyOrdersMeetThePositionLimitAndEverythingIsCancelled) {
    log_in();
    for (int i = 0; i < 20; ++i) write_message(bytes_of(order(1'000, 1'000'000 + i * 100)));
    EXPECT_EQ(venue.received_count('O'), 10u) << "the position limit is 10,000 shares";
    EXPECT_EQ(venue.received_count('X'), 10u);
    EXPECT_TRUE(venue.open.empty());
    expect_refused(EngineLoss::refused_order, "engine lost: position");
}

TEST_F(GatewayAttack, RatesCountWhereTheHostsClockRules) {
    config.clock = ClockKind::host;
    for (RiskLevelLimits& level : config.risk) level.limits.messages_max = 5;
    start_gateway();
    log_in();
    for (int i = 0; i < 8; ++i) write_message(bytes_of(order(100, 1'000'000 + i * 100)));
    EXPECT_EQ(venue.received_count('O'), 5u);
    EXPECT_EQ(venue.received_count('X'), 5u) << "its own cancels are free of the rate";
    expect_refused(EngineLoss::refused_order, "engine lost: message_rate");
}

TEST_F(GatewayAttack, AnOrderAgainstItsOwnIsRefused) {
    log_in();
    write_message(bytes_of(order()));
    auto against = order();
    against.side = ouch50::OrderSide::sell;
    write_message(bytes_of(against));
    EXPECT_EQ(venue.received_count('O'), 1u);
    expect_refused(EngineLoss::refused_order, "engine lost: self_trade");
}

TEST_F(GatewayAttack, ASaleIsMarkedShortAtLeastWhereTheGatewayKnowsThatItIs) {
    log_in();
    auto sale = order();
    sale.side = ouch50::OrderSide::sell_short;
    write_message(bytes_of(sale));
    ASSERT_EQ(venue.received_count('O'), 1u);
    venue.execute(1, 1'000'000, 100, 1);
    settle_attacker();
    write_message(bytes_of(order(300)));
    venue.execute(2, 1'000'000, 300, 2);
    settle_attacker();
    ASSERT_EQ(gateway->position(instrument).quantity(), Quantity{200});
    auto cautious = order();  // its engine has not heard of the purchase
    cautious.side = ouch50::OrderSide::sell_short;
    write_message(bytes_of(cautious));
    EXPECT_EQ(venue.received_count('O'), 3u);
    auto wrong = order(200);
    wrong.side = ouch50::OrderSide::sell;
    write_message(bytes_of(wrong));
    EXPECT_EQ(venue.received_count('O'), 3u) << "100 shares more than are held";
    expect_refused(EngineLoss::refused_message, "another way");
}

TEST_F(GatewayAttack, ARestrictedInstrumentIsRefused) {
    config.instruments[0].restricted = true;
    start_gateway();
    log_in();
    write_message(bytes_of(order()));
    EXPECT_TRUE(venue.received.empty());
    expect_refused(EngineLoss::refused_order, "engine lost: restricted_list");
}

TEST_F(GatewayAttack, MessagesThatNoEngineSendsAreRefused) {
    const auto refused = [&](Bytes message, const std::string& why) {
        start_gateway();
        log_in();
        const std::size_t before = venue.received.size();
        write_message(message);
        EXPECT_EQ(venue.received.size(), before) << why;
        expect_refused(EngineLoss::refused_message, why);
        settle();
    };
    auto hidden = order();
    hidden.display = ouch50::Display::hidden;
    refused(bytes_of(hidden), "would encode in another way");
    auto strange = order();
    strange.symbol = "GOOG";
    refused(bytes_of(strange), "an order for an unknown symbol");
    auto sideways = order();
    sideways.side = static_cast<ouch50::OrderSide>('Z');
    refused(bytes_of(sideways), "another way");
    ouch50::ReplaceOrder replace;
    replace.orig_user_ref_num = UserRefNum{77};
    refused(bytes_of(replace), "order 77 is replaced and was never entered");
    ouch50::CancelOrder cancel;
    cancel.user_ref_num = UserRefNum{78};
    refused(bytes_of(cancel), "order 78 is cancelled and was never entered");
    refused(bytes_of(ouch50::ModifyOrder{}), "a modification, which no engine sends");
    refused({}, "OUCH inbound message");
}

TEST_F(GatewayAttack, AnOrderNumberIsUsedOnce) {
    log_in();
    auto twice = order();
    write_message(bytes_of(twice));
    twice.price = Price{1'000'100};
    write_message(bytes_of(twice));
    EXPECT_EQ(venue.received_count('O'), 1u);
    expect_refused(EngineLoss::refused_message, "order number 1 is used again");
}

TEST_F(GatewayAttack, NobodyTradesWithoutTheLogin) {
    log_in("guess");
    EXPECT_EQ(network.order_connection.opens, 0) << "the venue hears nothing of it";
    expect_refused(EngineLoss::refused_message, "a login that is not this engine's");
    attacker.open();
    settle(2);
    ASSERT_EQ(attacker.opened(), StreamStatus::open);
    write_message(bytes_of(order()));
    EXPECT_TRUE(venue.received.empty());
    EXPECT_EQ(gateway->counts().lost(EngineLoss::refused_message), 2u);
}

// Messages that are nearly right, and bytes that are nothing, in any order.
TEST_F(GatewayAttack, WhateverIsWrittenTheVenueGetsNothingBeyondTheLimits) {
    const auto seed = std::random_device{}();
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    std::uint64_t attempts = 0;
    for (int session = 0; session < 60; ++session) {
        const std::uint64_t losses = gateway->counts().lost(EngineLoss::refused_message) +
                                     gateway->counts().lost(EngineLoss::refused_order);
        number = std::max(number, gateway->orders().next().value());
        log_in();
        for (int i = 0; i < 40; ++i) {
            ++attempts;
            auto message = order(static_cast<std::int64_t>(random() % 1'020), 990'000 + static_cast<std::int64_t>(random() % 200) * 100);
            std::array<std::byte, sizeof message> bytes;
            std::memcpy(bytes.data(), &message, sizeof message);
            if (random() % 32 == 0) bytes[random() % bytes.size()] ^= static_cast<std::byte>(1 << random() % 8);
            if (random() % 64 == 0) write(Bytes(bytes).first(random() % bytes.size()));  // and the frame is lost
            write_message(bytes);
            if (gateway->counts().lost(EngineLoss::refused_message) + gateway->counts().lost(EngineLoss::refused_order) > losses)
                break;
        }
        attacker.close();
        settle(40);
        ASSERT_TRUE(venue.open.empty());
    }
    std::set<std::uint32_t> numbers;
    for (const auto& bytes : venue.received) {
        if (static_cast<char>(bytes[0]) != 'O') continue;
        ASSERT_EQ(bytes.size(), sizeof(ouch50::EnterOrder));
        const auto& sent = overlay<ouch50::EnterOrder>(bytes);
        EXPECT_TRUE(numbers.insert(sent.user_ref_num.get().value()).second);
        EXPECT_EQ(sent.symbol, "AMZN");
        EXPECT_GT(Quantity{sent.quantity}, Quantity{0});
        EXPECT_LE(Quantity{sent.quantity}, Quantity{order_quantity_max});
        EXPECT_LE((Price{sent.price} * Quantity{sent.quantity}).value(), 10'000'000'000);
    }
    EXPECT_EQ(sent(gateway_records), venue.received) << "all that left was journaled";
    EXPECT_GT(numbers.size(), 60u);
    EXPECT_GT(attempts, numbers.size());
}

}  // namespace
}  // namespace colo::trading_test
