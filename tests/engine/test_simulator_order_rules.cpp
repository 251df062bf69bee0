// What the simulated venue does with each OUCH 5.0 message: acceptance, refusals, cancels, replacements, modifications,
// retransmissions, the end of the day and of the connection.
#include <gtest/gtest.h>

#include "tests/engine/venue_session.hpp"

namespace colo::simulator {
namespace {

class OrderRules : public ::testing::Test, public VenueSession {
protected:
    void expect_reject(const ouch50::EnterOrder& message, ouch50::RejectReason reason) {
        send(message);
        EXPECT_EQ(said(), (Said{"J" + std::to_string(message.user_ref_num.get().value()) + " " +
                                std::to_string(static_cast<int>(reason))}));
    }
    template <class Value>
    void expect_option_reject(std::uint32_t number, ouch50::Option option, Value value, ouch50::RejectReason reason) {
        std::array<std::byte, 64> room;
        ouch50::Encoder encoder(room);
        encoder.start(order(number, 'B', 100, cents(1000)));
        encoder.option(option, value);
        matching.receive(encoder.finish());
        EXPECT_EQ(said(), (Said{"J" + std::to_string(number) + " " + std::to_string(static_cast<int>(reason))}));
    }
};

TEST_F(OrderRules, AcceptanceEchoesTheOrder) {
    ouch50::EnterOrder message = order(5, 'T', 100, cents(1000));
    message.cl_ord_id = "mine";
    message.capacity = ouch50::Capacity::agency;
    send(message);
    const auto& accepted = overlay<ouch50::OrderAccepted>(matching.answers().message(1));
    EXPECT_EQ(accepted.timestamp.get(), time);
    EXPECT_EQ(accepted.side, ouch50::OrderSide::sell_short);
    EXPECT_EQ(accepted.symbol, "AMZN");
    EXPECT_EQ(accepted.cl_ord_id, "mine");
    EXPECT_EQ(accepted.capacity, ouch50::Capacity::agency);
    EXPECT_GE(accepted.order_reference_number.get(), OrderId{std::uint64_t{1} << 62});
}

TEST_F(OrderRules, RefusesValuesOutOfRange) {
    using enum ouch50::RejectReason;
    expect_reject(order(1, 'Z', 100, cents(1000)), invalid_side);
    expect_reject(order(2, 'B', 0, cents(1000)), invalid_quantity);
    expect_reject(order(3, 'B', 1'000'000, cents(1000)), invalid_quantity);
    expect_reject(order(4, 'B', 100, Price{0}), invalid_price);
    expect_reject(order(5, 'B', 100, Price{100'050}), invalid_price);  // half a cent
    expect_reject(order(6, 'B', 100, Price{2'000'000'000}), invalid_price);
    ouch50::EnterOrder message = order(7, 'B', 100, cents(1000));
    message.symbol = "NONE";
    expect_reject(message, invalid_symbol);
    message = order(8, 'B', 100, cents(1000));
    message.display = ouch50::Display::hidden;
    expect_reject(message, invalid_display);
    message = order(9, 'B', 100, cents(1000));
    message.cross_type = 'O';
    expect_reject(message, invalid_cross_order);
    message = order(10, 'B', 100, cents(1000));
    message.time_in_force = ouch50::TimeInForce::after_hours;
    expect_reject(message, destination_closed);
    message.user_ref_num = UserRefNum{11};
    message.time_in_force = static_cast<ouch50::TimeInForce>('?');
    expect_reject(message, other);
    EXPECT_EQ(matching.counts().rejects, 11u);
}

TEST_F(OrderRules, RefusesOptionsThatItDoesNotHave) {
    using enum ouch50::RejectReason;
    BigEndian<std::uint32_t> hundred;
    hundred = 100;
    expect_option_reject(1, ouch50::Option::min_qty, hundred, invalid_min_quantity);
    expect_option_reject(2, ouch50::Option::max_floor, hundred, invalid_max_floor);
    expect_option_reject(3, ouch50::Option::price_type, 'M', invalid_peg_type);
    expect_option_reject(4, ouch50::Option::peg_offset, hundred, pegging_not_allowed);
    expect_option_reject(5, ouch50::Option::route, Alpha<4>("DIRC"), routing_not_allowed);
}

TEST_F(OrderRules, SubDollarPricesHaveAFinerTick) {
    enter(1, 'B', 100, Price{9'999});
    EXPECT_EQ(said(), (Said{"A1 100@1.00 L"}));  // 0.9999 shown in cents
}

TEST_F(OrderRules, RefusesHaltedInstrumentsAndTakesThemAgain) {
    for (const char halted : {'H', 'P', 'Q'}) {
        state(halted);
        enter(static_cast<std::uint32_t>(halted), 'B', 100, cents(1000));
        EXPECT_EQ(said(), (Said{"J" + std::to_string(halted) + " 7"}));
    }
    state('T');
    enter(200, 'B', 100, cents(1000));
    EXPECT_EQ(said(), (Said{"A200 100@10.00 L"}));
    state('H');
    replace_own(200, 201, 100, cents(1001));
    EXPECT_EQ(said(), (Said{"J201 7"}));
    cancel(200);
    EXPECT_EQ(said(), (Said{"C200 100 U"}));
}

TEST_F(OrderRules, OperationalHaltCountsForThisVenueOnly) {
    itch50::OperationalHalt halt;
    halt.stock = "AMZN";
    halt.operational_halt_action = 'H';
    halt.market_code = 'B';
    record(halt);
    enter(1, 'B', 100, cents(1000));
    EXPECT_EQ(said(), (Said{"A1 100@10.00 L"}));
    halt.market_code = 'Q';
    record(halt);
    enter(2, 'B', 100, cents(1000));
    EXPECT_EQ(said(), (Said{"J2 7"}));
}

TEST_F(OrderRules, RefusesOrdersOutsideMarketHours) {
    for (const std::int64_t at : {9 * 3600 + 1799, 16 * 3600}) {
        VenueSession session(SessionTime{at * second});
        session.enter(1, 'B', 100, cents(1000));
        EXPECT_EQ(session.said(), (Said{"J1 2"})) << at;
    }
    event('M');  // an early close
    enter(2, 'B', 100, cents(1000));
    EXPECT_EQ(said(), (Said{"J2 2"}));
}

TEST_F(OrderRules, CloseCancelsWhatRests) {
    enter(1, 'B', 100, cents(1000));
    enter(2, 'B', 100, cents(999));
    said();
    event('M');
    EXPECT_EQ(said(), (Said{"C1 100 T", "C2 100 T"}));
    VenueSession late;
    late.enter(1, 'B', 100, cents(1000));
    late.time = SessionTime{16 * 3600 * second};
    late.state('T');  // a recording without the event
    EXPECT_EQ(late.said(), (Said{"A1 100@10.00 L", "C1 100 T"}));
}

TEST_F(OrderRules, ExpireTimeEndsAnOrder) {
    std::array<std::byte, 64> room;
    ouch50::Encoder encoder(room);
    ouch50::EnterOrder message = order(1, 'B', 100, cents(1000));
    message.time_in_force = ouch50::TimeInForce::good_till_time;
    encoder.start(message);
    BigEndian<std::uint32_t> ten_seconds;
    ten_seconds = 10;
    encoder.option(ouch50::Option::expire_time, ten_seconds);
    matching.receive(encoder.finish());
    enter(2, 'B', 100, cents(999));
    time += seconds(9);
    state('T');
    EXPECT_EQ(said(), (Said{"A1 100@10.00 L", "A2 100@9.99 L"}));
    time += seconds(1);
    state('T');
    EXPECT_EQ(said(), (Said{"C1 100 T"}));
}

TEST_F(OrderRules, PostOnlyOrderThatWouldTakeIsCancelled) {
    add(1, Side::sell, 100, cents(1001));
    enter_post_only(1, 'B', 100, cents(1001));
    enter_post_only(2, 'B', 100, cents(1000));
    EXPECT_EQ(said(), (Said{"A1 100@10.01 L", "C1 100 G", "A2 100@10.00 L"}));
}

TEST_F(OrderRules, ShortSaleRestrictionRefusesSalesAtTheBid) {
    add(1, Side::buy, 100, cents(1000));
    itch50::RegShoRestriction restriction;
    restriction.stock = "AMZN";
    restriction.reg_sho_action = '1';
    record(restriction);
    enter(1, 'T', 100, cents(1000));
    enter(2, 'T', 100, cents(1001));
    enter(3, 'S', 50, cents(1000));
    EXPECT_EQ(said(), (Said{"J1 35", "A2 100@10.01 L", "A3 50@10.00 L", "E3 50@10.00 R"}));
}

TEST_F(OrderRules, RetransmissionsAreIgnored) {
    enter(5, 'B', 100, cents(1000));
    enter(5, 'B', 100, cents(1000));
    enter(4, 'B', 100, cents(1000));
    EXPECT_EQ(said(), (Said{"A5 100@10.00 L"}));
    enter(6, 'B', 0, cents(1000));  // a rejected number is used up too
    enter(6, 'B', 100, cents(1000));
    EXPECT_EQ(said(), (Said{"J6 19"}));
}

TEST_F(OrderRules, CancelReducesToTheIntendedQuantity) {
    enter(1, 'B', 500, cents(1000));
    add(1, Side::sell, 100, cents(1000));
    said();
    cancel(1, 600);  // superfluous
    cancel(1, 500);
    EXPECT_EQ(said(), Said{});
    cancel(1, 300);  // 100 of these are executed
    EXPECT_EQ(said(), (Said{"C1 200 U"}));
    add(2, Side::sell, 1000, cents(1000));
    EXPECT_EQ(said(), (Said{"E1 200@10.00 A"}));
    cancel(1);
    cancel(99);
    EXPECT_EQ(said(), Said{});
}

TEST_F(OrderRules, CancelToLessThanExecutedCancelsWhatIsOpen) {
    enter(1, 'B', 500, cents(1000));
    add(1, Side::sell, 300, cents(1000));
    said();
    cancel(1, 200);
    EXPECT_EQ(said(), (Said{"C1 200 U"}));
}

TEST_F(OrderRules, PartialCancelKeepsTheQueuePlace) {
    enter(1, 'B', 500, cents(1000));
    add(1, Side::buy, 100, cents(1000));
    cancel(1, 50);
    execute(1, 100);
    EXPECT_EQ(said(), (Said{"A1 500@10.00 L", "C1 450 U", "E1 50@10.00 A"}));
}

TEST_F(OrderRules, ReplaceCountsTheWholeChain) {
    enter(1, 'B', 500, cents(1000));
    add(1, Side::sell, 100, cents(1000));
    said();
    replace_own(1, 2, 500, cents(1001));
    EXPECT_EQ(said(), (Said{"U1>2 400@10.01"}));
    add(2, Side::sell, 100, cents(1001));
    replace_own(2, 3, 600, cents(1001));
    EXPECT_EQ(said(), (Said{"E2 100@10.01 A", "U2>3 400@10.01"}));
    cancel(1);
    EXPECT_EQ(said(), Said{});
    cancel(3, 250);  // 200 of the chain are executed
    EXPECT_EQ(said(), (Said{"C3 350 U"}));
}

TEST_F(OrderRules, ReplaceGoesToTheBackOfTheQueue) {
    enter(1, 'B', 50, cents(1000));
    add(1, Side::buy, 100, cents(1000));
    EXPECT_EQ(ahead(1), 0);
    replace_own(1, 2, 50, cents(1000));
    EXPECT_EQ(ahead(2), 100);
}

TEST_F(OrderRules, ReplaceMayTake) {
    add(1, Side::sell, 30, cents(1001));
    enter(1, 'B', 50, cents(1000));
    replace_own(1, 2, 50, cents(1001));
    EXPECT_EQ(said(), (Said{"A1 50@10.00 L", "U1>2 50@10.01", "E2 30@10.01 R"}));
    replace_own(2, 3, 50, cents(1001), '3');
    EXPECT_EQ(said(), (Said{"U2>3 20@10.01", "C3 20 I"}));
}

TEST_F(OrderRules, ReplaceOfADeadOrderDoesNotUseUpItsNumber) {
    replace_own(1, 2, 50, cents(1000));
    enter(2, 'B', 50, cents(1000));
    EXPECT_EQ(said(), (Said{"A2 50@10.00 L"}));
    replace_own(2, 2, 60, cents(1000));
    replace_own(2, 1, 60, cents(1000));
    EXPECT_EQ(said(), Said{});
}

TEST_F(OrderRules, InvalidReplaceCancelsTheOrder) {
    for (const std::int64_t quantity : {0, 1'000'000}) {
        VenueSession session;
        session.enter(1, 'B', 50, cents(1000));
        session.replace_own(1, 2, quantity, cents(1000));
        session.enter(2, 'B', 50, cents(1000));  // the number was not used up
        EXPECT_EQ(session.said(), (Said{"A1 50@10.00 L", "C1 50 Z", "A2 50@10.00 L"}));
    }
    enter(1, 'B', 50, cents(1000));
    replace_own(1, 2, 50, Price{100'001});
    EXPECT_EQ(said(), (Said{"A1 50@10.00 L", "C1 50 Z"}));
}

TEST_F(OrderRules, ModifyKeepsThePlaceUnlessTheQuantityGrows) {
    enter(1, 'S', 100, cents(1001));
    add(1, Side::sell, 100, cents(1001));
    modify(1, 'T', 60);
    EXPECT_EQ(said(), (Said{"A1 100@10.01 L", "M1 T60"}));
    EXPECT_EQ(ahead(1), 0);
    modify(1, 'T', 80);
    EXPECT_EQ(said(), (Said{"M1 T80"}));
    EXPECT_EQ(ahead(1), 100);
    modify(1, 'S', 80);  // a short sale does not become a long one
    modify(1, 'B', 80);
    modify(9, 'S', 80);
    EXPECT_EQ(said(), Said{});
    modify(1, 'T', 0);
    EXPECT_EQ(said(), (Said{"C1 80 U"}));
}

TEST_F(OrderRules, AccountQueryTellsTheNextNumber) {
    send(ouch50::AccountQuery{});
    enter(41, 'B', 100, cents(1000));
    said();
    send(ouch50::AccountQuery{});
    EXPECT_EQ(said(), (Said{"Q42"}));
}

TEST_F(OrderRules, DisconnectCancelsEveryOrderOnce) {
    enter(1, 'B', 100, cents(1000));
    enter(2, 'S', 100, cents(1002));
    said();
    matching.disconnect();
    EXPECT_EQ(said(), (Said{"C1 100 Z", "C2 100 Z"}));
    matching.disconnect();
    EXPECT_EQ(said(), Said{});
}

TEST_F(OrderRules, SystemEventsOpenAndCloseTheDay) {
    event('O');
    event('S');
    event('E');
    EXPECT_EQ(said(), (Said{"S S", "S E"}));
}

TEST_F(OrderRules, MalformedMessagesAreCounted) {
    matching.receive({});
    matching.receive(bytes_of(std::string_view("?")));
    ouch50::EnterOrder message = order(1, 'B', 100, cents(1000));
    matching.receive(bytes_of(message).first(46));
    message.appendage_length = 5;
    send(message);
    EXPECT_EQ(matching.counts().malformed, 4u);
    EXPECT_EQ(said(), Said{});
}

}  // namespace
}  // namespace colo::simulator
