// Each rule of the pre-trade risk gate refuses at its limit and passes just below, at whatever level sets it.
#include <gtest/gtest.h>

#include <random>
#include <set>

#include "engine/orders/risk.hpp"

namespace colo {
namespace {

constexpr InstrumentIndex first{0}, second{1};

RiskLimits wide() {
    RiskLimits limits;
    limits.price_collar_bps = 1'000;
    limits.order_quantity_max = Quantity{1'000};
    limits.position_max = Quantity{2'000};
    limits.notional_max = Notional{10'000'000'000};
    limits.gross_notional_max = Notional{10'000'000'000};
    limits.messages_max = 1'000;
    limits.message_window = seconds(1);
    return limits;
}

class Risk : public testing::Test {
protected:
    std::vector<RiskLevelLimits> levels{{RiskLevel::firm, "COLO", wide()},
                                        {RiskLevel::account, "A", wide()},
                                        {RiskLevel::session, "S", wide()},
                                        {RiskLevel::strategy, "quoter", wide()},
                                        {RiskLevel::instrument, "AMZN", wide()},
                                        {RiskLevel::instrument, "AAPL", wide()}};
    OrderTable orders{2, 100};
    std::vector<Position> positions{2};
    MarketReference market{Price{999'900}, Price{1'000'100}, Price{1'000'000}, TradingPhase::continuous, false};
    RiskSession session{true, true};
    Timestamp now{1'000'000'000'000};
    bool restricted_second = false;

    RiskGate gate() { return {levels, {{"AMZN", "quoter", false}, {"AAPL", "quoter", restricted_second}}, orders, positions, session}; }
    RiskLimits& limits(RiskLevel level) { return levels[static_cast<std::size_t>(level)].limits; }

    static OrderRequest buy(std::int64_t price, std::int64_t quantity, InstrumentIndex instrument = first) {
        return {OrderRequest::Kind::enter, instrument, Side::buy, Price{price}, Quantity{quantity}, UserRefNum{0}};
    }
    static OrderRequest sell(std::int64_t price, std::int64_t quantity) {
        return {OrderRequest::Kind::enter, first, Side::sell, Price{price}, Quantity{quantity}, UserRefNum{0}};
    }

    // The gate's verdict, which must be the one that it explains.
    Verdict checked(RiskGate& risk, const OrderRequest& request) {
        const std::vector<RuleVerdict> explained = risk.explain(request, market, now);
        Verdict verdict = risk.check(request, market, now);
        std::set<RiskRule> rules;
        bool refused = false, names_it = false;
        for (const RuleVerdict& rule : explained) {
            rules.insert(rule.rule);
            refused |= rule.refused;
            names_it |= !verdict && rule.rule == verdict.error().rule && rule.refused && rule.level == verdict.error().level;
        }
        EXPECT_EQ(rules.size(), request.kind == OrderRequest::Kind::cancel ? 0 : risk_rule_count);
        EXPECT_EQ(rules.size(), explained.size());
        EXPECT_EQ(refused, !verdict);
        EXPECT_EQ(names_it, !verdict) << describe(verdict.error().rule).name;
        return verdict;
    }
    void expect_pass(RiskGate& risk, const OrderRequest& request) {
        const Verdict verdict = checked(risk, request);
        EXPECT_TRUE(verdict) << (verdict ? "" : describe(verdict.error().rule).name);
    }
    void expect_reject(RiskGate& risk, const OrderRequest& request, RiskRule rule, RiskLevel level) {
        const std::uint64_t before = risk.rejects(rule);
        const Verdict verdict = checked(risk, request);
        ASSERT_FALSE(verdict) << describe(rule).name << " let the order pass";
        EXPECT_EQ(verdict.error().rule, rule) << describe(verdict.error().rule).name;
        EXPECT_EQ(verdict.error().level, level) << name_of(verdict.error().level);
        EXPECT_EQ(risk.rejects(rule), before + 1);
    }
};

TEST_F(Risk, NamesEveryRuleOnceWithItsRegulation) {
    std::set<std::string_view> names;
    for (const RiskRuleName& rule : risk_rule_names) {
        names.insert(rule.name);
        EXPECT_EQ(describe(rule.rule).name, rule.name);
        EXPECT_TRUE(rule.regulation.find("15c3-5") != std::string_view::npos ||
                    rule.regulation.find("RTS 6") != std::string_view::npos) << rule.name;
    }
    EXPECT_EQ(names.size(), risk_rule_count);
}

TEST_F(Risk, OrderQuantityOfTheTightestLevel) {
    limits(RiskLevel::account).order_quantity_max = Quantity{500};
    RiskGate risk = gate();
    expect_pass(risk, buy(1'000'000, 500));
    expect_reject(risk, buy(1'000'000, 501), RiskRule::order_quantity, RiskLevel::account);
    expect_reject(risk, buy(1'000'000, 0), RiskRule::order_quantity, RiskLevel::account);
}

TEST_F(Risk, Notional) {
    limits(RiskLevel::instrument).notional_max = Notional{100'000'000};
    RiskGate risk = gate();
    expect_pass(risk, buy(1'000'000, 100));
    expect_reject(risk, buy(1'000'001, 100), RiskRule::notional, RiskLevel::instrument);
    expect_pass(risk, buy(1'000'001, 100, second));
}

TEST_F(Risk, PriceCollarAroundMidElseLastElseNothingLeaves) {
    limits(RiskLevel::strategy).price_collar_bps = 100;  // one per cent
    RiskGate risk = gate();
    expect_pass(risk, buy(1'010'000, 10));
    expect_reject(risk, buy(1'010'100, 10), RiskRule::price_collar, RiskLevel::strategy);
    expect_pass(risk, sell(990'000, 10));
    expect_reject(risk, sell(989'900, 10), RiskRule::price_collar, RiskLevel::strategy);
    market.bid = Price{0};
    market.last = Price{2'000'000};
    expect_reject(risk, buy(1'010'000, 10), RiskRule::price_collar, RiskLevel::strategy);
    expect_pass(risk, buy(2'010'000, 10));
    market.last = Price{0};
    expect_reject(risk, buy(2'010'000, 10), RiskRule::price_collar, RiskLevel::strategy);
}

TEST_F(Risk, PositionInTheWorstCase) {
    limits(RiskLevel::instrument).position_max = Quantity{300};
    RiskGate risk = gate();
    positions[0].apply(Side::buy, Price{1'000'000}, Quantity{100});
    orders.enter(first, Side::buy, Price{1'000'000}, Quantity{100});
    expect_pass(risk, buy(1'000'000, 100));
    expect_reject(risk, buy(1'000'000, 101), RiskRule::position, RiskLevel::instrument);
    expect_pass(risk, sell(1'000'100, 400));
    expect_reject(risk, sell(1'000'100, 401), RiskRule::position, RiskLevel::instrument);
}

TEST_F(Risk, ReplacementAddsOnlyItsExcess) {
    limits(RiskLevel::instrument).position_max = Quantity{300};
    RiskGate risk = gate();
    const UserRefNum open = orders.enter(first, Side::buy, Price{1'000'000}, Quantity{300}).user_ref_num;
    OrderRequest replace{OrderRequest::Kind::replace, first, Side::buy, Price{1'000'100}, Quantity{300}, open};
    expect_pass(risk, replace);
    replace.quantity = Quantity{301};
    expect_reject(risk, replace, RiskRule::position, RiskLevel::instrument);
}

TEST_F(Risk, GrossNotionalOverInstruments) {
    limits(RiskLevel::firm).gross_notional_max = Notional{500'000'000};  // 500 shares at 100 dollars
    RiskGate risk = gate();
    positions[0].apply(Side::sell, Price{1'000'000}, Quantity{300});
    risk.refresh(first, Price{1'000'000});
    expect_pass(risk, buy(1'000'000, 200, second));
    expect_reject(risk, buy(1'000'000, 201, second), RiskRule::gross_notional, RiskLevel::firm);
    expect_pass(risk, buy(1'000'000, 300, first));  // reduces what is short
}

TEST_F(Risk, MessageRateSlides) {
    limits(RiskLevel::session).messages_max = 3;
    limits(RiskLevel::session).message_window = milliseconds(10);
    RiskGate risk = gate();
    for (int i = 0; i < 3; ++i) {
        expect_pass(risk, buy(1'000'000, 1));
        now += milliseconds(2);
    }
    expect_reject(risk, buy(1'000'000, 1), RiskRule::message_rate, RiskLevel::session);
    const OrderRequest cancel{OrderRequest::Kind::cancel, first, Side::buy, {}, {}, UserRefNum{1}};
    expect_pass(risk, cancel);  // a cancel reduces risk
    now += milliseconds(4);     // the first message is 10 ms old, the cancel counts
    expect_reject(risk, buy(1'000'000, 1), RiskRule::message_rate, RiskLevel::session);
    now += milliseconds(4);
    expect_pass(risk, buy(1'000'000, 1));
}

TEST_F(Risk, HaltedInstrumentAndKillSwitch) {
    RiskGate risk = gate();
    market.phase = TradingPhase::halted;
    expect_reject(risk, buy(1'000'000, 1), RiskRule::halted_instrument, RiskLevel::instrument);
    risk.set_killed(true);
    expect_reject(risk, buy(1'000'000, 1), RiskRule::kill_switch, RiskLevel::firm);
    const OrderRequest cancel{OrderRequest::Kind::cancel, first, Side::buy, {}, {}, UserRefNum{1}};
    expect_pass(risk, cancel);
}

TEST_F(Risk, CollarAroundTheLastTrade) {
    limits(RiskLevel::session).last_trade_collar_bps = 200;
    RiskGate risk = gate();
    market.last = Price{980'000};
    expect_pass(risk, buy(999'600, 10));
    expect_reject(risk, buy(999'700, 10), RiskRule::last_trade_collar, RiskLevel::session);
    market.last = Price{0};  // nothing was traded yet
    expect_pass(risk, buy(999'700, 10));
}

TEST_F(Risk, OrderRateCountsOrdersAndNotCancels) {
    limits(RiskLevel::account).orders_max = 2;
    limits(RiskLevel::account).order_window = milliseconds(10);
    RiskGate risk = gate();
    const OrderRequest cancel{OrderRequest::Kind::cancel, first, Side::buy, {}, {}, UserRefNum{1}};
    for (int i = 0; i < 20; ++i) expect_pass(risk, cancel);
    expect_pass(risk, buy(1'000'000, 1));
    expect_pass(risk, buy(1'000'000, 2));
    expect_reject(risk, buy(1'000'000, 3), RiskRule::order_rate, RiskLevel::account);
    now += milliseconds(10);
    expect_pass(risk, buy(1'000'000, 3));
}

TEST_F(Risk, DuplicateOrdersInAWindow) {
    limits(RiskLevel::strategy).duplicates_max = 2;
    limits(RiskLevel::strategy).duplicate_window = milliseconds(10);
    RiskGate risk = gate();
    expect_pass(risk, buy(1'000'000, 100));
    expect_pass(risk, buy(1'000'000, 101));
    expect_pass(risk, buy(1'000'000, 100));
    expect_reject(risk, buy(1'000'000, 100), RiskRule::duplicate_order, RiskLevel::strategy);
    expect_pass(risk, sell(1'000'000, 100));
    expect_pass(risk, buy(1'000'000, 100, second));
    now += milliseconds(10);
    expect_pass(risk, buy(1'000'000, 100));
}

TEST_F(Risk, NeverTradesWithItself) {
    RiskGate risk = gate();
    const UserRefNum ask = orders.enter(first, Side::sell, Price{1'000'100}, Quantity{100}).user_ref_num;
    orders.enter(first, Side::sell, Price{1'000'300}, Quantity{100});
    expect_pass(risk, buy(1'000'000, 10));
    expect_reject(risk, buy(1'000'100, 10), RiskRule::self_trade, RiskLevel::account);
    expect_pass(risk, buy(1'000'100, 10, second));
    orders.request_cancel(ask);
    expect_reject(risk, buy(1'000'100, 10), RiskRule::self_trade, RiskLevel::account);  // it may still trade
    orders.apply(OrderCancelled{ask, Quantity{100}, false});
    expect_pass(risk, buy(1'000'200, 10));
    expect_reject(risk, buy(1'000'300, 10), RiskRule::self_trade, RiskLevel::account);
    orders.enter(second, Side::buy, Price{1'000'000}, Quantity{100});
    const OrderRequest into_bid{OrderRequest::Kind::enter, second, Side::sell, Price{1'000'000}, Quantity{1}, {}};
    expect_reject(risk, into_bid, RiskRule::self_trade, RiskLevel::account);
}

TEST_F(Risk, RestrictedList) {
    restricted_second = true;
    RiskGate risk = gate();
    expect_pass(risk, buy(1'000'000, 1));
    expect_reject(risk, buy(1'000'000, 1, second), RiskRule::restricted_list, RiskLevel::firm);
}

TEST_F(Risk, ShortSalesBehindTheBidOnlyAboveIt) {
    RiskGate risk = gate();
    positions[0].apply(Side::buy, Price{1'000'000}, Quantity{100});
    expect_pass(risk, sell(999'900, 101));  // nothing is restricted
    market.short_sale_restricted = true;
    expect_pass(risk, sell(999'900, 100));  // long
    expect_reject(risk, sell(999'900, 101), RiskRule::short_sale, RiskLevel::instrument);
    expect_pass(risk, sell(1'000'000, 101));
    orders.enter(first, Side::sell, Price{1'000'100}, Quantity{60});
    expect_reject(risk, sell(999'900, 41), RiskRule::short_sale, RiskLevel::instrument);  // 60 of the 100 are spoken for
    expect_pass(risk, sell(999'900, 40));
    market.bid = Price{0};
    expect_reject(risk, sell(1'000'000, 41), RiskRule::short_sale, RiskLevel::instrument);
}

TEST_F(Risk, NothingOutsideContinuousTrading) {
    RiskGate risk = gate();
    for (const TradingPhase phase : {TradingPhase::closed, TradingPhase::auction}) {
        market.phase = phase;
        expect_reject(risk, buy(1'000'000, 1), RiskRule::trading_phase, RiskLevel::instrument);
    }
}

TEST_F(Risk, LossLimitLeavesTheWayBackOpen) {
    limits(RiskLevel::account).loss_max = Notional{1'000'000};  // 100 dollars
    RiskGate risk = gate();
    positions[0].apply(Side::buy, Price{1'010'000}, Quantity{100});
    expect_pass(risk, buy(1'000'000, 1));  // 100 dollars lost
    EXPECT_FALSE(risk.over_loss_limit());
    positions[0].pay(100'000'000);  // a dollar of fees
    expect_reject(risk, buy(1'000'000, 1), RiskRule::loss_limit, RiskLevel::account);
    expect_reject(risk, buy(1'000'000, 1, second), RiskRule::loss_limit, RiskLevel::account);
    EXPECT_TRUE(risk.over_loss_limit());
    expect_pass(risk, sell(1'000'000, 100));
    expect_reject(risk, sell(1'000'000, 101), RiskRule::loss_limit, RiskLevel::account);
    market.bid = Price{1'010'000};
    market.ask = Price{1'010'200};
    expect_pass(risk, buy(1'000'000, 1));  // the price came back
    EXPECT_FALSE(risk.over_loss_limit());
}

TEST_F(Risk, NothingLeavesThatADisconnectWouldLeaveUnattended) {
    session = {false, true};
    RiskGate risk = gate();
    expect_reject(risk, buy(1'000'000, 1), RiskRule::cancel_on_disconnect, RiskLevel::session);
    session = {false, false};
    RiskGate lenient = gate();
    expect_pass(lenient, buy(1'000'000, 1));
}

TEST_F(Risk, OrderNumbersRunOut) {
    RiskGate risk = gate();
    while (orders.room()) orders.enter(second, Side::buy, Price{1}, Quantity{1});
    limits(RiskLevel::firm) = wide();
    expect_reject(risk, buy(1'000'000, 1), RiskRule::order_numbers, RiskLevel::session);
}

TEST_F(Risk, HugeNumbersDoNotWrapAround) {
    RiskGate risk = gate();
    expect_reject(risk, buy(INT64_MAX / 2, 900), RiskRule::notional, RiskLevel::firm);
    expect_reject(risk, buy(1'000'000, INT64_MAX), RiskRule::order_quantity, RiskLevel::firm);
    expect_reject(risk, buy(-1'000'000, 10), RiskRule::price_collar, RiskLevel::firm);
}

// Limits at random levels, orders around them, a market that moves: every verdict is the explained one.
TEST_F(Risk, ExplainsEveryVerdict) {
    constexpr std::uint64_t seed = 20'120'621;
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    const auto between = [&](std::int64_t low, std::int64_t high) {
        return low + static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(high - low + 1));
    };
    const auto draw_limits = [&] {
        for (RiskLevelLimits& level : levels) {
            level.limits.price_collar_bps = between(80, 120);
            level.limits.last_trade_collar_bps = between(80, 120);
            level.limits.order_quantity_max = Quantity{between(180, 300)};
            level.limits.position_max = Quantity{between(200, 600)};
            level.limits.notional_max = Notional{between(170'000'000, 300'000'000)};
            level.limits.gross_notional_max = Notional{between(200'000'000, 600'000'000)};
            level.limits.messages_max = level.limits.orders_max = static_cast<std::uint32_t>(between(4, 9));
            if (between(0, 1) == 0) level.limits.messages_max = 0;
            level.limits.order_window = seconds(1);
            level.limits.duplicates_max = static_cast<std::uint32_t>(between(1, 2));
            level.limits.duplicate_window = seconds(2);
            level.limits.loss_max = Notional{between(1'000'000, 3'000'000)};
        }
    };
    const auto draw_market = [&] {
        const std::int64_t middle = 1'000'000 + between(-3, 3) * 1'000;
        const auto phase = between(0, 20) < 19 ? TradingPhase::continuous : static_cast<TradingPhase>(between(0, 3));
        market = {Price{middle - 100}, Price{middle + 100}, Price{middle + between(-5, 5) * 1'000}, phase, between(0, 3) == 0};
        now += milliseconds(between(0, 150));
    };
    // What passed stands, or is filled, or is cancelled.
    const auto follow = [&](const OrderRequest& request) {
        const UserRefNum number = orders.enter(first, request.side, request.price, request.quantity).user_ref_num;
        const std::int64_t fate = between(0, 3);
        if (fate == 0) static_cast<void>(orders.apply(OrderCancelled{number, request.quantity, false}));
        if (fate > 1) return;
        positions[0].apply(request.side, request.price, request.quantity);
        static_cast<void>(orders.apply(OrderExecuted{number, request.price, request.quantity, MatchNumber{1}, {}}));
    };
    std::set<RiskRule> provoked;
    std::size_t passed = 0;
    for (int round = 0; round < 100; ++round) {
        draw_limits();
        orders = OrderTable(2, 30);
        positions.assign(2, Position{});
        RiskGate risk = gate();
        for (int i = 0; i < 100; ++i) {
            draw_market();
            OrderRequest request = buy(1'000'000 + between(-5, 5) * 2'000, between(0, 10) * 20);
            if (between(0, 1) == 0) request.side = Side::sell;
            if (const Verdict verdict = checked(risk, request); !verdict) provoked.insert(verdict.error().rule);
            else ++passed, follow(request);
            if (between(0, 50) == 0) risk.set_killed(!risk.killed());
        }
    }
    std::string names;
    for (const RiskRule rule : provoked) names += " " + std::string(describe(rule).name);
    EXPECT_GT(passed, 500u);
    EXPECT_GT(provoked.size(), 14u) << "too tame:" << names;
}

}  // namespace
}  // namespace colo
