// The order state machine under every ordering of what can happen to an order, and positions from fills alone.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <numeric>
#include <random>

#include "engine/orders/order_table.hpp"
#include "engine/orders/ouch_answer.hpp"
#include "engine/orders/position.hpp"

namespace colo {
namespace {

constexpr InstrumentIndex instrument{0};
constexpr Price price{1'000'000};

Quantity shares(std::int64_t count) { return Quantity{count}; }

OrderAccepted accepted(UserRefNum number, std::int64_t count, bool live = true) {
    return {number, instrument, Side::buy, price, shares(count), OrderId{7}, live};
}
OrderExecuted executed(UserRefNum number, std::int64_t count, std::uint64_t match) {
    return {number, price, shares(count), MatchNumber{match}, Liquidity::added};
}
OrderCancelled cancelled(UserRefNum number, std::int64_t count) { return {number, shares(count), false}; }
OrderReplaced replaced(UserRefNum original, UserRefNum number, std::int64_t count) {
    return {original, number, instrument, Side::buy, price + Price{100}, shares(count), OrderId{8}, true};
}

TEST(Orders, PassThroughTheirLife) {
    OrderTable table(1, 100);
    const UserRefNum number = table.enter(instrument, Side::buy, price, shares(100)).user_ref_num;
    EXPECT_EQ(number, UserRefNum{1});
    EXPECT_EQ(table.find(number)->state, OrderState::pending_new);
    EXPECT_EQ(table.exposure(instrument, Side::buy), shares(100));
    table.apply(accepted(number, 100));
    EXPECT_EQ(table.find(number)->state, OrderState::live);
    const AnswerOutcome outcome = table.apply(executed(number, 40, 1));
    ASSERT_TRUE(outcome.fill);
    EXPECT_EQ(outcome.fill->quantity, shares(40));
    EXPECT_EQ(table.find(number)->state, OrderState::partly_filled);
    EXPECT_EQ(table.exposure(instrument, Side::buy), shares(60));
    table.request_cancel(number);
    EXPECT_EQ(table.find(number)->state, OrderState::pending_cancel);
    table.apply(CancelRejected{number});
    EXPECT_EQ(table.find(number)->state, OrderState::partly_filled);
    table.request_cancel(number);
    table.apply(cancelled(number, 60));
    EXPECT_EQ(table.find(number)->state, OrderState::cancelled);
    EXPECT_EQ(table.exposure(instrument, Side::buy), shares(0));
    EXPECT_EQ(table.open_count(), 0u);
    EXPECT_EQ(table.next(), UserRefNum{2});
}

TEST(Orders, ReplacementTakesOverAndCountsTheChain) {
    OrderTable table(1, 100);
    const UserRefNum first = table.enter(instrument, Side::buy, price, shares(500)).user_ref_num;
    table.apply(accepted(first, 500));
    table.apply(executed(first, 100, 1));
    // The specification's example (2.2): 400 to stay open after 100 were executed are 500 shares liable.
    const OwnOrder& replacement = table.replace(first, price + Price{100}, shares(400));
    const UserRefNum second = replacement.user_ref_num;
    EXPECT_EQ(table.liable(replacement), shares(500));
    EXPECT_EQ(table.find(first)->state, OrderState::pending_replace);
    EXPECT_EQ(table.exposure(instrument, Side::buy), shares(400)) << "never both of them";
    table.apply(executed(first, 50, 2));  // crosses the replacement on the wire
    EXPECT_EQ(table.exposure(instrument, Side::buy), shares(350));
    table.apply(replaced(first, second, 350));
    EXPECT_EQ(table.find(first)->state, OrderState::replaced);
    EXPECT_EQ(table.find(second)->state, OrderState::live);
    EXPECT_EQ(table.find(second)->executed_before, shares(150));
    EXPECT_EQ(table.exposure(instrument, Side::buy), shares(350));
    EXPECT_EQ(table.open_count(), 1u);
}

TEST(Orders, LargerReplacementAddsTheExcess) {
    OrderTable table(1, 100);
    const UserRefNum first = table.enter(instrument, Side::sell, price, shares(100)).user_ref_num;
    table.apply(accepted(first, 100));
    const UserRefNum second = table.replace(first, price, shares(250)).user_ref_num;
    EXPECT_EQ(table.exposure(instrument, Side::sell), shares(250));
    table.apply(OrderRejected{second});
    EXPECT_EQ(table.find(first)->state, OrderState::live);
    EXPECT_EQ(table.find(second)->state, OrderState::rejected);
    EXPECT_EQ(table.exposure(instrument, Side::sell), shares(100));
}

TEST(Orders, ReplacementOfAnOrderThatFilledIsGivenUp) {
    OrderTable table(1, 100);
    const UserRefNum first = table.enter(instrument, Side::buy, price, shares(100)).user_ref_num;
    table.apply(accepted(first, 100));
    const UserRefNum second = table.replace(first, price, shares(100)).user_ref_num;
    table.apply(executed(first, 100, 1));
    EXPECT_EQ(table.find(first)->state, OrderState::filled);
    EXPECT_EQ(table.find(second)->state, OrderState::rejected) << "the venue ignores it silently";
    EXPECT_EQ(table.open_count(), 0u);
    EXPECT_EQ(table.exposure(instrument, Side::buy), shares(0));
}

// Everything that follows from a set of answers, whatever their order.
struct Ending {
    OrderState first, second;
    Quantity position, exposure;
    std::size_t open;
    bool operator==(const Ending&) const = default;
};

// Applies `answers` in every order; each must leave the same ending. `set_up` sends the orders.
void every_ordering(const std::function<void(OrderTable&)>& set_up, const std::vector<OrderAnswer>& answers,
                    const Ending& expected) {
    std::vector<std::size_t> order(answers.size());
    std::iota(order.begin(), order.end(), 0u);
    std::size_t orderings = 0;
    do {
        OrderTable table(1, 10);
        set_up(table);
        Quantity position;
        std::string told;
        for (const std::size_t i : order) {
            const AnswerOutcome outcome = table.apply(answers[i]);
            if (outcome.fill) position += outcome.fill->quantity * sign(outcome.fill->side);
            EXPECT_GE(table.exposure(instrument, Side::buy), shares(0));
            told += std::to_string(i) + " ";
        }
        const OwnOrder* second = table.find(UserRefNum{2});
        const Ending found{table.find(UserRefNum{1})->state, second ? second->state : OrderState::rejected, position,
                           table.exposure(instrument, Side::buy), table.open_count()};
        ASSERT_EQ(found, expected) << "answers in the order " << told << ": first " << name_of(found.first)
                                   << ", second " << name_of(found.second) << ", exposure " << found.exposure.value()
                                   << ", open " << found.open;
        ++orderings;
    } while (std::next_permutation(order.begin(), order.end()));
    std::size_t factorial = 1;
    for (std::size_t i = 2; i <= answers.size(); ++i) factorial *= i;
    EXPECT_EQ(orderings, factorial);
}

constexpr UserRefNum one{1}, two{2};

void enter_one(OrderTable& table) { table.enter(instrument, Side::buy, price, shares(100)); }
void enter_and_cancel(OrderTable& table) {
    enter_one(table);
    table.request_cancel(one);
}
void enter_and_replace(OrderTable& table) {
    enter_one(table);
    table.apply(accepted(one, 100));
    table.replace(one, price, shares(100));
}

TEST(OrderOrderings, FillsAroundTheAcknowledgement) {
    every_ordering(enter_one, {accepted(one, 100), executed(one, 40, 1), executed(one, 60, 2)},
                   {OrderState::filled, OrderState::rejected, shares(100), shares(0), 0});
    every_ordering(enter_one, {accepted(one, 100), executed(one, 40, 1), executed(one, 10, 2)},
                   {OrderState::partly_filled, OrderState::rejected, shares(50), shares(50), 1});
}

TEST(OrderOrderings, CancelFillAndCancelReject) {
    every_ordering(enter_and_cancel, {accepted(one, 100), executed(one, 40, 1), cancelled(one, 60)},
                   {OrderState::cancelled, OrderState::rejected, shares(40), shares(0), 0});
    every_ordering(enter_and_cancel, {accepted(one, 100), executed(one, 40, 1), CancelRejected{one}},
                   {OrderState::partly_filled, OrderState::rejected, shares(40), shares(60), 1});
    every_ordering(enter_and_cancel,
                   {accepted(one, 100), executed(one, 40, 1), executed(one, 60, 2), CancelRejected{one}},
                   {OrderState::filled, OrderState::rejected, shares(100), shares(0), 0});
    every_ordering(enter_and_cancel,
                   {accepted(one, 100), executed(one, 30, 1), cancelled(one, 20), executed(one, 10, 2), cancelled(one, 40)},
                   {OrderState::cancelled, OrderState::rejected, shares(40), shares(0), 0});
}

TEST(OrderOrderings, ReplaceAndFillsOfBoth) {
    every_ordering(enter_and_replace, {replaced(one, two, 100), executed(two, 40, 1), executed(two, 60, 2)},
                   {OrderState::replaced, OrderState::filled, shares(100), shares(0), 0});
    every_ordering(enter_and_replace, {executed(one, 30, 1), replaced(one, two, 70), executed(two, 20, 2)},
                   {OrderState::replaced, OrderState::partly_filled, shares(50), shares(50), 1});
    every_ordering(enter_and_replace, {executed(one, 30, 1), OrderRejected{two}, executed(one, 20, 2)},
                   {OrderState::partly_filled, OrderState::rejected, shares(50), shares(50), 1});
    every_ordering(enter_and_replace, {executed(one, 30, 1), cancelled(one, 70), OrderRejected{two}},
                   {OrderState::cancelled, OrderState::rejected, shares(30), shares(0), 0});
}

TEST(OrderOrderings, DeadOnArrival) {
    every_ordering(enter_one, {accepted(one, 100, false)},
                   {OrderState::cancelled, OrderState::rejected, shares(0), shares(0), 0});
    every_ordering(enter_one, {OrderRejected{one}},
                   {OrderState::rejected, OrderState::rejected, shares(0), shares(0), 0});
}

// A connection that breaks between any two answers, with the rest retransmitted, changes nothing.
TEST(OrderOrderings, DisconnectAnywhere) {
    const std::vector<OrderAnswer> answers{accepted(one, 100), executed(one, 40, 1), cancelled(one, 60)};
    for (std::size_t broken = 0; broken <= answers.size(); ++broken) {
        OrderTable table(1, 10);
        enter_and_cancel(table);
        for (std::size_t i = 0; i < answers.size(); ++i) {
            if (i == broken) {
                table.disconnected();
                EXPECT_EQ(table.find(one)->state, OrderState::unknown);
            }
            table.apply(answers[i]);
        }
        if (broken == answers.size()) table.disconnected();
        EXPECT_EQ(table.reconcile(UserRefNum{2}), 0u);
        EXPECT_EQ(table.find(one)->state, OrderState::cancelled) << "broken before answer " << broken;
        EXPECT_EQ(table.find(one)->filled, shares(40));
    }
}

TEST(Orders, ReconcileGivesUpWhatNeverArrived) {
    OrderTable table(1, 100);
    const UserRefNum live = table.enter(instrument, Side::buy, price, shares(100)).user_ref_num;
    table.apply(accepted(live, 100));
    const UserRefNum replacement = table.replace(live, price, shares(100)).user_ref_num;
    const UserRefNum lost = table.enter(instrument, Side::sell, price, shares(100)).user_ref_num;
    table.disconnected();
    EXPECT_EQ(table.find(lost)->state, OrderState::unknown);
    EXPECT_EQ(table.exposure(instrument, Side::sell), shares(100)) << "an unknown order may still fill";
    EXPECT_EQ(table.reconcile(replacement), 2u);
    EXPECT_EQ(table.find(live)->state, OrderState::live);
    EXPECT_EQ(table.find(replacement)->state, OrderState::rejected);
    EXPECT_EQ(table.find(lost)->state, OrderState::rejected);
    EXPECT_EQ(table.exposure(instrument, Side::sell), shares(0));
    EXPECT_EQ(table.open_count(), 1u);
}

// After power loss took the journal's tail the venue may know orders and numbers that we do not.
TEST(Orders, AdoptsWhatTheVenueKnows) {
    OrderTable table(1, 100);
    const AnswerOutcome outcome = table.apply(accepted(UserRefNum{5}, 100));
    EXPECT_EQ(outcome.anomaly, Anomaly::adopted_order);
    EXPECT_EQ(table.find(UserRefNum{5})->state, OrderState::live);
    EXPECT_EQ(table.next(), UserRefNum{6});
    table.reconcile(UserRefNum{9});
    EXPECT_EQ(table.next(), UserRefNum{9}) << "a number that the venue has seen is never used again";
    std::size_t open = 0;
    table.for_each_open([&](const OwnOrder&) { ++open; });
    EXPECT_EQ(open, 1u);
}

TEST(Orders, CountWhatCannotBe) {
    OrderTable table(1, 3);
    EXPECT_EQ(table.apply(executed(one, 10, 1)).anomaly, Anomaly::fill_without_order);
    enter_one(table);
    table.apply(accepted(one, 100));
    EXPECT_EQ(table.apply(accepted(one, 100)).anomaly, Anomaly::repeated_answer);
    const AnswerOutcome outcome = table.apply(executed(one, 150, 2));
    EXPECT_EQ(outcome.anomaly, Anomaly::overfill);
    EXPECT_TRUE(stops_trading(outcome.anomaly));
    EXPECT_EQ(outcome.fill->quantity, shares(150)) << "a fill is a fact";
    EXPECT_EQ(table.apply(TradeBroken{one, MatchNumber{9}}).anomaly, Anomaly::unknown_match);
    const AnswerOutcome broken = table.apply(TradeBroken{one, MatchNumber{2}});
    ASSERT_TRUE(broken.fill);
    EXPECT_TRUE(broken.fill->broken);
    EXPECT_EQ(table.apply(TradeBroken{one, MatchNumber{2}}).anomaly, Anomaly::unknown_match) << "broken once";
    enter_one(table);
    enter_one(table);
    EXPECT_FALSE(table.room());
}

TEST(Orders, AccountBeyondTheTableLeavesNoRoom) {
    OrderTable table(1, 10);
    table.enter(instrument, Side::buy, price, shares(100));
    table.reconcile(UserRefNum{0xFFFFFFFF});
    EXPECT_FALSE(table.room());
    int open = 0;
    table.for_each_open([&](const OwnOrder&) { ++open; });
    EXPECT_EQ(open, 0) << "the unacknowledged order never arrived";
}

TEST(Positions, KeepTheBooksExactly) {
    Position position;
    position.apply(Side::buy, Price{1'000'000}, shares(100));
    position.apply(Side::buy, Price{1'010'000}, shares(200));
    EXPECT_EQ(position.average_price(), Price{1'006'666});
    position.apply(Side::sell, Price{1'020'000}, shares(150));
    EXPECT_EQ(position.quantity(), shares(150));
    EXPECT_EQ(position.realised().value(), 150LL * 1'020'000 - (100LL * 1'000'000 + 200LL * 1'010'000) / 2);
    position.apply(Side::sell, Price{1'000'000}, shares(250));
    EXPECT_EQ(position.quantity(), shares(-100));
    EXPECT_EQ(position.average_price(), Price{1'000'000});
    EXPECT_EQ(position.unrealised(Price{990'000}), Notional{100 * 10'000});
}

TEST(Positions, ProfitIsCashPlusMarkWhateverTheFills) {
    const std::uint64_t seed = 20120621;
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    Position position;
    std::int64_t cash = 0, held = 0;
    for (int i = 0; i < 20'000; ++i) {
        const Side side = random() % 2 == 0 ? Side::buy : Side::sell;
        const Price at{static_cast<std::int64_t>(2'000'000 + random() % 50'000)};
        const Quantity quantity{static_cast<std::int64_t>(1 + random() % 300)};
        position.apply(side, at, quantity);
        cash -= sign(side) * quantity.value() * at.value();
        held += sign(side) * quantity.value();
        const Price mark{2'025'000};
        ASSERT_EQ(position.quantity().value(), held);
        ASSERT_EQ((position.realised() + position.unrealised(mark)).value(), cash + held * mark.value());
        if (held == 0) {
            ASSERT_EQ(position.realised().value(), cash);
        }
    }
}

TEST(OuchAnswers, BecomeOrderAnswers) {
    const auto index_of = [](std::string_view symbol) { return InstrumentIndex{symbol == "AMZN" ? 0u : 1u}; };
    OrderAnswer answer;
    ouch50::OrderAccepted message;
    message.user_ref_num = UserRefNum{3};
    message.symbol = "AMZN";
    message.side = ouch50::OrderSide::sell_short;
    message.quantity = shares(100);
    message.price = price;
    message.order_state = ouch50::OrderState::dead;
    ASSERT_FALSE(decode_answer(bytes_of(message), index_of, answer));
    const auto& found = std::get<OrderAccepted>(answer);
    EXPECT_EQ(found.user_ref_num, UserRefNum{3});
    EXPECT_EQ(found.side, Side::sell);
    EXPECT_FALSE(found.live);
    EXPECT_TRUE(decode_answer(bytes_of(message).first(10), index_of, answer)) << "a short message is an error";
}

}  // namespace
}  // namespace colo
