// Each risk rule refuses an order of a whole engine: the refusal is counted and journaled, its order reaches no wire, and
// replay gives the same. The list of rules is the gate's own: a rule that no scenario here provokes fails.
#include "tests/engine/replayed_journal.hpp"

namespace colo {
namespace {

using namespace trading_test;

class EveryRiskRule : public TradingTest, public testing::WithParamInterface<RiskRuleName> {
protected:
    struct Scenario {
        std::map<std::string, std::string> limits = {};
        std::function<void()> prepare = [] {};  // before the engine starts
        std::function<void()> lead_up = [] {};  // after the market is made
        std::optional<Quote> bid = quote(999'800, 100);
        std::optional<Quote> ask = std::nullopt;
        std::size_t orders_beside = 0;  // that leave with the refused one
    };

    void stand(std::optional<Quote> bid, std::optional<Quote> ask) {
        want(bid, ask);
        tick(milliseconds(200));
    }
    void buy(std::int64_t at, std::int64_t quantity) {
        stand(quote(999'800, quantity), {});
        want({}, {});
        venue.execute(static_cast<std::uint32_t>(venue.highest_number), at, quantity, 1);
        settle();
    }
    template <WireMessage Message>
    void tell(Message message) {
        event_time_ns += 1'000'000;
        message.stock = "AMZN";
        venue.publish(message, SessionTime{event_time_ns});
        settle();
    }
    void trade(std::int64_t at) {
        itch50::Trade message;
        message.buy_sell_indicator = Side::buy;
        message.shares = Quantity{100};
        message.price = Price{at};
        message.match_number = MatchNumber{1};
        tell(message);
    }

    std::map<RiskRule, Scenario> scenarios() {
        itch50::RegShoRestriction restriction;
        restriction.reg_sho_action = '1';
        return {
            {RiskRule::kill_switch, {.lead_up = [this] { signals.kill = true; }}},
            {RiskRule::halted_instrument, {.lead_up = [this] { halt('H'); }}},
            {RiskRule::trading_phase, {.lead_up = [this] { halt('Q'); }}},
            {RiskRule::order_quantity, {.limits = {{"order_quantity_max", "99"}}}},
            {RiskRule::notional, {.limits = {{"notional_max", "99979999"}}}},
            {RiskRule::price_collar, {.limits = {{"price_collar_bps", "100"}}, .bid = quote(989'900, 100)}},
            {RiskRule::last_trade_collar,
             {.limits = {{"last_trade_collar_bps", "100"}}, .lead_up = [this] { trade(1'010'000); }}},
            {RiskRule::position,
             {.limits = {{"position_max", "150"}}, .lead_up = [this] { buy(999'800, 100); }, .bid = quote(999'700, 51)}},
            {RiskRule::gross_notional,
             {.limits = {{"gross_notional_max", "150000000"}},
              .lead_up = [this] { buy(999'800, 100); },
              .bid = quote(999'700, 51)}},
            {RiskRule::loss_limit,
             {.limits = {{"loss_max", "1000000"}}, .lead_up = [this] { buy(1'011'000, 100); }, .bid = quote(999'700, 1)}},
            {RiskRule::message_rate,
             {.limits = {{"message_rate_max", R"({"messages": 1, "window_ms": 1000})"}},
              .lead_up = [this] { stand(quote(999'800, 100), {}); },
              .ask = quote(1'000'200, 100)}},
            {RiskRule::order_rate,
             {.limits = {{"order_rate_max", R"({"messages": 1, "window_ms": 1000})"}},
              .lead_up = [this] { stand(quote(999'800, 100), {}); },
              .ask = quote(1'000'200, 100)}},
            {RiskRule::duplicate_order,
             {.limits = {{"duplicate_orders_max", R"({"orders": 1, "window_ms": 1000})"}},
              .lead_up =
                  [this] {
                      stand(quote(999'800, 100), {});
                      stand({}, {});
                  }}},
            {RiskRule::self_trade, {.bid = quote(1'000'000, 100), .ask = quote(1'000'000, 100), .orders_beside = 1}},
            {RiskRule::restricted_list, {.prepare = [this] { config.instruments[0].restricted = true; }}},
            {RiskRule::short_sale,
             {.lead_up = [this, restriction] { tell(restriction); }, .bid = {}, .ask = quote(999'900, 100)}},
            {RiskRule::cancel_on_disconnect,
             {.prepare = [this] { config.order_session.cancel_on_disconnect = false; }}},
            {RiskRule::order_numbers,
             {.prepare = [this] { config.tables.own_orders = 1; },
              .lead_up = [this] { stand(quote(999'800, 100), {}); },
              .ask = quote(1'000'200, 100)}},
        };
    }
    [[nodiscard]] std::size_t orders_on_the_wire() const { return venue.received_count('O') + venue.received_count('U'); }
    [[nodiscard]] std::map<RiskRule, std::uint64_t> journaled() const {
        std::map<RiskRule, std::uint64_t> found;
        for (const StoredRecord& record : recorder.records) {
            if (record.header.kind != RecordKind::risk_reject) continue;
            RiskRejectPayload payload;
            std::memcpy(&payload, record.payload.data(), sizeof payload);
            ++found[static_cast<RiskRule>(payload.rule)];
        }
        return found;
    }
};

TEST_P(EveryRiskRule, RefusesIsCountedAndJournaled) {
    const RiskRule rule = GetParam().rule;
    const auto found = scenarios();
    ASSERT_TRUE(found.contains(rule)) << "no scenario provokes the rule " << GetParam().name;
    const Scenario& scenario = found.at(rule);
    config = parse_engine_config(config_text(scenario.limits), "engine.json");
    scenario.prepare();
    start_engine();
    make_market();
    scenario.lead_up();
    settle();
    const RiskGate& gate = engine->core().gate();
    for (const RiskRuleName& other : risk_rule_names) ASSERT_EQ(gate.rejects(other.rule), 0u) << other.name;
    const std::size_t orders = orders_on_the_wire();
    stand(scenario.bid, scenario.ask);
    EXPECT_EQ(gate.rejects(rule), 1u);
    EXPECT_EQ(orders_on_the_wire(), orders + scenario.orders_beside);
    for (const auto& [journaled_rule, count] : journaled()) EXPECT_EQ(count, gate.rejects(journaled_rule));
    EXPECT_EQ(journaled()[rule], 1u);
    EXPECT_EQ(journaled().size(), 1u) << "and no other rule";
    const auto replayed = replay(config, script, recorder.records);
    EXPECT_FALSE(replayed->end.problem) << *replayed->end.problem;
}

INSTANTIATE_TEST_SUITE_P(Rules, EveryRiskRule, testing::ValuesIn(risk_rule_names),
                         [](const auto& parameter) { return std::string(parameter.param.name); });

// A refusal behind the kill switch is not repeated at every message.
TEST_F(TradingTest, RefusedQuotesPause) {
    start_engine();
    make_market();
    signals.kill = true;
    settle();
    want(quote(999'800, 10), {});
    for (int i = 0; i < 5; ++i) tick(milliseconds(200));
    EXPECT_EQ(engine->core().gate().rejects(RiskRule::kill_switch), 1u);
}

// Orders that stand when the loss is seen go at once; what brings the position back may leave.
TEST_F(TradingTest, LossLimitCancelsWhatStands) {
    config = parse_engine_config(config_text({{"loss_max", "1000000"}}), "engine.json");
    start_engine();
    make_market();
    want(quote(999'800, 100), quote(1'000'200, 50));
    tick();
    venue.execute(1, 1'020'000, 60, 1);
    settle();
    tick();
    EXPECT_TRUE(engine->core().gate().over_loss_limit());
    EXPECT_FALSE(venue.open.contains(1)) << "what would add to it is gone";
    tick(milliseconds(200));
    tick(milliseconds(200));
    EXPECT_EQ(venue.open.size(), 1u) << "the ask stands again";
    EXPECT_FALSE(engine->core().killed());
}

// Regulation SHO rule 200(g): a sale is marked by whether it is covered by what is held.
TEST_F(TradingTest, SalesAreMarkedShortWhereNothingIsHeld) {
    const auto mark_of_last = [this] {
        char mark = ' ';
        for (const auto& message : venue.received)
            if (static_cast<char>(message[0]) == ouch50::EnterOrder::type)
                mark = static_cast<char>(overlay<ouch50::EnterOrder>(Bytes(message)).side);
        return mark;
    };
    config.instruments[0].opening_quantity = Quantity{300};
    config.instruments[0].opening_price = Price{990'000};
    start_engine();
    make_market();
    want({}, quote(1'000'200, 300));
    tick();
    EXPECT_EQ(mark_of_last(), 'S') << "all of it is held";
    const auto replaced = venue.received_count(ouch50::ReplaceOrder::type);
    want({}, quote(1'000'300, 300));
    tick();
    EXPECT_EQ(venue.received_count(ouch50::ReplaceOrder::type), replaced + 1) << "the mark stays right";
    want({}, quote(1'000'400, 400));
    tick();
    EXPECT_EQ(venue.received_count(ouch50::ReplaceOrder::type), replaced + 1) << "a replacement would keep the mark";
    tick();
    EXPECT_EQ(mark_of_last(), 'T') << "100 of it are not held";
    EXPECT_EQ(engine->core().orders().open_count(), 1u);
}

}  // namespace
}  // namespace colo
