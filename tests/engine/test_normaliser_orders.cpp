// Our own order flow as rows: what was sent, what the venue answered, what our risk gate refused.
#include "tests/engine/normaliser_fixture.hpp"

namespace colo::test {
namespace {

ouch50::EnterOrder short_sale() {
    ouch50::EnterOrder enter;
    enter.user_ref_num = UserRefNum{31};
    enter.symbol = "AMZN";
    enter.side = ouch50::OrderSide::sell_short;
    enter.price = Price{2'000'500};
    enter.quantity = Quantity{200};
    return enter;
}

TEST(NormaliserOwnOrders, entry_and_fill) {
    Feed feed;
    feed.add(1, 1, Side::buy, 2'000'000, 5, open_ns + 100);
    TickRecord row = feed.sent(short_sale());
    EXPECT_EQ(row.action, tick_action::own_new);
    EXPECT_EQ(row.event_time_ns, midnight_ns + open_ns + 100) << "the time of its cause";
    EXPECT_EQ(row.sequence, 2);
    EXPECT_EQ(row.instrument_id, 111);
    EXPECT_EQ(row.order_id, 31);
    EXPECT_EQ(row.side, 'S');
    EXPECT_EQ(row.price, 2'000'500);
    EXPECT_EQ(row.quantity, 200);
    EXPECT_EQ(row.bid_price, 2'000'000);
    EXPECT_EQ(row.flags, tick_flag::own);

    ouch50::OrderExecuted executed;
    executed.user_ref_num = UserRefNum{31};
    executed.quantity = Quantity{50};
    executed.price = Price{2'000'600};
    executed.match_number = MatchNumber{4'000};
    row = feed.answer(executed, open_ns + 140);
    EXPECT_EQ(row.action, tick_action::own_executed);
    EXPECT_EQ(row.event_time_ns, midnight_ns + open_ns + 140) << "the venue's own time";
    EXPECT_EQ(row.instrument_id, 111);
    EXPECT_EQ(row.side, 'S');
    EXPECT_EQ(row.price, 2'000'600);
    EXPECT_EQ(row.quantity, 50);
    EXPECT_EQ(row.reference, 4'000);
}

TEST(NormaliserOwnOrders, replace_and_cancel_remember_the_order) {
    Feed feed;
    feed.sent(short_sale());
    ouch50::ReplaceOrder replace;
    replace.orig_user_ref_num = UserRefNum{31};
    replace.user_ref_num = UserRefNum{32};
    replace.price = Price{2'000'700};
    replace.quantity = Quantity{150};
    TickRecord row = feed.sent(replace);
    EXPECT_EQ(row.action, tick_action::own_replace);
    EXPECT_EQ(row.order_id, 32);
    EXPECT_EQ(row.reference, 31);
    EXPECT_EQ(row.side, 'S');
    EXPECT_EQ(row.price, 2'000'700);

    ouch50::CancelOrder cancel;
    cancel.user_ref_num = UserRefNum{32};
    row = feed.sent(cancel);
    EXPECT_EQ(row.action, tick_action::own_cancel);
    EXPECT_EQ(row.price, 2'000'700);
    EXPECT_EQ(row.quantity, 0);
    ouch50::OrderCanceled cancelled;
    cancelled.user_ref_num = UserRefNum{32};
    cancelled.quantity = Quantity{150};
    row = feed.answer(cancelled, open_ns + 150);
    EXPECT_EQ(row.action, tick_action::own_cancelled);
    EXPECT_EQ(row.quantity, 150);
    EXPECT_EQ(row.instrument_id, 111);
}

TEST(NormaliserOwnOrders, answers_have_their_actions) {
    Feed feed;
    std::string actions;
    const auto one = [&](auto message) { actions += static_cast<char>(feed.answer(message, open_ns).action); };
    one(ouch50::OrderAccepted{});
    one(ouch50::Rejected{});
    one(ouch50::OrderReplaced{});
    one(ouch50::OrderCanceled{});
    one(ouch50::AiqCanceled{});
    one(ouch50::OrderExecuted{});
    one(ouch50::BrokenTrade{});
    one(ouch50::CancelPending{});
    one(ouch50::CancelReject{});
    one(ouch50::OrderPriorityUpdate{});
    one(ouch50::OrderModified{});
    one(ouch50::OrderRestated{});
    one(ouch50::SystemEvent{});
    one(ouch50::AccountQueryResponse{});
    EXPECT_EQ(actions, "armkkfoooooooo");
}

TEST(NormaliserOwnOrders, a_risk_refusal_is_a_row) {
    Feed feed;
    feed.add(2, 1, Side::sell, 5'000'000, 5, open_ns + 7);
    const RiskRejectPayload refused{.cause_sequence = 1,
                                    .price = 6'000'000,
                                    .quantity = 900,
                                    .instrument_id = 222,
                                    .user_ref_num = 0,
                                    .rule = 3,
                                    .side = 'B',
                                    .reserved = {}};
    const Bytes payload = std::as_bytes(std::span{&refused, 1});
    const TickRecord row = feed.row(RecordKind::risk_reject, payload, RowKind::order_event);
    EXPECT_EQ(row.action, tick_action::own_refused);
    EXPECT_EQ(row.event_time_ns, midnight_ns + open_ns + 7);
    EXPECT_EQ(row.instrument_id, 222);
    EXPECT_EQ(row.side, 'B');
    EXPECT_EQ(row.price, 6'000'000);
    EXPECT_EQ(row.quantity, 900);
    EXPECT_EQ(row.ask_price, 5'000'000);
}

}  // namespace
}  // namespace colo::test
