// Rows by example: one for each kind of feed message and own order event, with the fields that it must have.
#include <cstring>

#include "tests/engine/normaliser_fixture.hpp"

namespace colo::test {
namespace {

constexpr std::int64_t minute = 60'000'000'000;

TEST(Normaliser, a_row_has_these_bytes) {
    Feed feed;
    feed.tracking = synthetic_tracking;
    feed.add(1, 7, Side::buy, 2'230'000, 100, open_ns + 1);
    feed.sequence = 0x0102030405;
    const TickRecord row = feed.add(1, 8, Side::sell, 2'231'000, 0x250, open_ns + 2);
    std::string hex;
    for (unsigned char byte : std::span{reinterpret_cast<const unsigned char*>(&row), sizeof row}) {
        char digits[3];
        std::snprintf(digits, sizeof digits, "%02x", byte);
        hex += digits;
    }
    EXPECT_EQ(hex,
              "0270a45c78a69912" "8907030201000000" "0504030201000000" "f4a12dc964000000"  // times, sequence, offset
              "0800000000000000" "0000000000000000" "d80a220000000000" "5002000000000000"  // id, reference, the order
              "f006220000000000" "6400000000000000" "d80a220000000000" "5002000000000000"  // bid and ask
              "0000000000000000" "0000000000000000" "0000000000000000"                     // imbalance, spread, elapsed
              "6f000000" "41" "53" "0200");  // instrument, action, side, flags
}

TEST(Normaliser, add_replace_cancel_and_delete_name_the_order) {
    Feed feed;
    TickRecord row = feed.add(1, 7, Side::buy, 1'000'000, 100);
    EXPECT_EQ(row.action, tick_action::add_order);
    EXPECT_EQ(row.event_time_ns, midnight_ns + open_ns);
    EXPECT_EQ(row.receive_time_ns, 901);
    EXPECT_EQ(row.sequence, 1);
    EXPECT_EQ(row.journal_offset, 4196);
    EXPECT_EQ(row.instrument_id, 111);
    EXPECT_EQ(row.order_id, 7);
    EXPECT_EQ(row.side, 'B');
    EXPECT_EQ(row.price, 1'000'000);
    EXPECT_EQ(row.quantity, 100);
    EXPECT_EQ(row.bid_price, 1'000'000);
    EXPECT_EQ(row.bid_quantity, 100);
    EXPECT_EQ(row.ask_price, 0);
    EXPECT_EQ(row.ask_quantity, 0);

    auto replace = feed.at<itch50::OrderReplace>(open_ns, 1);
    replace.original_order_reference_number = OrderId{7};
    replace.new_order_reference_number = OrderId{9};
    replace.price = Price{1'000'100};
    replace.shares = Quantity{80};
    row = feed.tick(replace);
    EXPECT_EQ(row.action, tick_action::replace_order);
    EXPECT_EQ(row.order_id, 9);
    EXPECT_EQ(row.reference, 7);
    EXPECT_EQ(row.price, 1'000'100);
    EXPECT_EQ(row.quantity, 80);
    EXPECT_EQ(row.side, 'B');
    EXPECT_EQ(row.bid_price, 1'000'100);

    auto cancel = feed.at<itch50::OrderCancel>(open_ns, 1);
    cancel.order_reference_number = OrderId{9};
    cancel.cancelled_shares = Quantity{30};
    row = feed.tick(cancel);
    EXPECT_EQ(row.action, tick_action::cancel_order);
    EXPECT_EQ(row.quantity, 30);
    EXPECT_EQ(row.price, 1'000'100);
    EXPECT_EQ(row.bid_quantity, 50);

    auto erase = feed.at<itch50::OrderDelete>(open_ns, 1);
    erase.order_reference_number = OrderId{9};
    row = feed.tick(erase);
    EXPECT_EQ(row.action, tick_action::delete_order);
    EXPECT_EQ(row.quantity, 50);
    EXPECT_EQ(row.price, 1'000'100);
    EXPECT_EQ(row.bid_quantity, 0);
    EXPECT_EQ(row.bid_price, 0);
    EXPECT_EQ(row.reference, 0);
}

TEST(Normaliser, executions_trade_at_the_resting_price_or_the_message_s) {
    Feed feed;
    feed.add(1, 7, Side::sell, 1'000'000, 100);
    TickRecord row = feed.execute(1, 7, 40, 501);
    EXPECT_EQ(row.action, tick_action::execute_order);
    EXPECT_EQ(row.price, 1'000'000);
    EXPECT_EQ(row.quantity, 40);
    EXPECT_EQ(row.reference, 501);
    EXPECT_EQ(row.order_id, 7);
    EXPECT_EQ(row.side, 'S');
    EXPECT_EQ(row.flags, tick_flag::printable);
    EXPECT_EQ(row.ask_quantity, 60);

    auto priced = feed.at<itch50::OrderExecutedWithPrice>(open_ns, 1);
    priced.order_reference_number = OrderId{7};
    priced.executed_shares = Quantity{10};
    priced.match_number = MatchNumber{502};
    priced.execution_price = Price{999'900};
    priced.printable = 'N';
    row = feed.tick(priced);
    EXPECT_EQ(row.action, tick_action::execute_order);
    EXPECT_EQ(row.price, 999'900);
    EXPECT_EQ(row.flags, 0);
}

TEST(Normaliser, trades_against_hidden_orders_and_crosses) {
    Feed feed;
    auto hidden = feed.at<itch50::Trade>(open_ns, 2);
    hidden.buy_sell_indicator = Side::buy;
    hidden.shares = Quantity{11};
    hidden.price = Price{5'000'000};
    hidden.match_number = MatchNumber{77};
    TickRecord row = feed.tick(hidden);
    EXPECT_EQ(row.action, tick_action::trade);
    EXPECT_EQ(row.instrument_id, 222);
    EXPECT_EQ(row.price, 5'000'000);
    EXPECT_EQ(row.quantity, 11);
    EXPECT_EQ(row.reference, 77);
    EXPECT_EQ(row.side, 'B');
    EXPECT_EQ(row.flags, tick_flag::printable);

    auto cross = feed.at<itch50::CrossTrade>(open_ns, 2);
    cross.shares = Quantity{123'456};
    cross.cross_price = Price{5'010'000};
    cross.match_number = MatchNumber{78};
    row = feed.tick(cross);
    EXPECT_EQ(row.action, tick_action::cross);
    EXPECT_EQ(row.quantity, 123'456);
    EXPECT_EQ(row.price, 5'010'000);
    EXPECT_EQ(row.side, 0);
    EXPECT_EQ(row.flags, tick_flag::printable | tick_flag::auction);

    cross.shares = Quantity{0};
    EXPECT_EQ(feed.tick(cross).flags, tick_flag::auction) << "a cross in which nothing traded is no print";
}

TEST(Normaliser, a_broken_trade_repeats_the_trade_that_it_breaks) {
    Feed feed;
    feed.add(1, 7, Side::sell, 1'000'000, 100);
    feed.execute(1, 7, 40, 501);
    auto unprinted = feed.at<itch50::OrderExecutedWithPrice>(open_ns, 1);
    unprinted.order_reference_number = OrderId{7};
    unprinted.executed_shares = Quantity{10};
    unprinted.match_number = MatchNumber{502};
    unprinted.execution_price = Price{999'900};
    unprinted.printable = 'N';
    feed.tick(unprinted);

    auto bust = feed.at<itch50::BrokenTrade>(open_ns, 1);
    bust.match_number = MatchNumber{501};
    TickRecord row = feed.tick(bust);
    EXPECT_EQ(row.action, tick_action::bust);
    EXPECT_EQ(row.reference, 501);
    EXPECT_EQ(row.price, 1'000'000);
    EXPECT_EQ(row.quantity, 40);
    EXPECT_EQ(row.side, 'S');
    EXPECT_EQ(row.flags, tick_flag::printable);
    bust.match_number = MatchNumber{502};
    row = feed.tick(bust);
    EXPECT_EQ(row.price, 999'900);
    EXPECT_EQ(row.flags, 0) << "nothing was counted, so nothing may be taken back";
    bust.match_number = MatchNumber{999};
    row = feed.tick(bust);
    EXPECT_EQ(row.price, 0);
    EXPECT_EQ(row.flags, tick_flag::unknown_order);
}

TEST(Normaliser, an_unknown_order_is_flagged_and_counted) {
    Feed feed;
    TickRecord row = feed.execute(1, 99, 40, 501);
    EXPECT_EQ(row.flags, tick_flag::unknown_order) << "without a price it is no print";
    EXPECT_EQ(row.order_id, 99);
    EXPECT_EQ(row.price, 0);
    EXPECT_EQ(row.quantity, 40);
    auto erase = feed.at<itch50::OrderDelete>(open_ns, 1);
    erase.order_reference_number = OrderId{98};
    row = feed.tick(erase);
    EXPECT_EQ(row.flags, tick_flag::unknown_order);
    EXPECT_EQ(row.side, 0);
    EXPECT_EQ(feed.normaliser.counts().unknown_orders, 2u);
}

TEST(Normaliser, spread_elapsed_and_imbalance_need_both_sides) {
    Feed feed;
    TickRecord row = feed.add(1, 1, Side::buy, 100, 5, open_ns + 10);
    row = feed.add(1, 2, Side::sell, 110, 7, open_ns + 20);
    EXPECT_EQ(row.spread_before, 0);
    EXPECT_EQ(row.elapsed_ns, 0);
    EXPECT_EQ(row.order_flow_imbalance, 0);
    feed.add(2, 3, Side::buy, 500, 1, open_ns + 25);  // another instrument changes nothing here
    row = feed.add(1, 4, Side::buy, 100, 3, open_ns + 50);
    EXPECT_EQ(row.spread_before, 10);
    EXPECT_EQ(row.elapsed_ns, 30);
    EXPECT_EQ(row.order_flow_imbalance, 3);
    row = feed.add(1, 5, Side::buy, 105, 2, open_ns + 60);  // a better bid counts its whole quantity
    EXPECT_EQ(row.order_flow_imbalance, 2);
    row = feed.add(1, 6, Side::sell, 108, 4, open_ns + 61);  // a better offer likewise, negative
    EXPECT_EQ(row.spread_before, 5);
    EXPECT_EQ(row.order_flow_imbalance, -4);
    row = feed.execute(1, 6, 4, 9, open_ns + 62);  // the offer retreats: what was there before counts
    EXPECT_EQ(row.order_flow_imbalance, 4);
    row = feed.execute(1, 2, 7, 9, open_ns + 70);  // and vanishes
    EXPECT_EQ(row.spread_before, 5);
    EXPECT_EQ(row.elapsed_ns, 8);
    EXPECT_EQ(row.order_flow_imbalance, 0);
    row = feed.add(1, 8, Side::sell, 120, 4, open_ns + 90);
    EXPECT_EQ(row.elapsed_ns, 0);
}

TEST(Normaliser, halts_and_auctions_are_flagged) {
    Feed feed;
    EXPECT_EQ(feed.add(1, 1, Side::buy, 100, 5, open_ns - minute).flags, tick_flag::auction);
    EXPECT_EQ(feed.add(1, 2, Side::buy, 100, 5, open_ns).flags, 0);
    auto action = feed.at<itch50::StockTradingAction>(open_ns + minute, 1);
    action.trading_state = 'H';
    EXPECT_EQ(feed.tick(action).flags, tick_flag::halted);
    EXPECT_EQ(feed.add(1, 3, Side::buy, 100, 5, open_ns + minute).flags, tick_flag::halted);
    EXPECT_EQ(feed.add(2, 4, Side::buy, 100, 5, open_ns + minute).flags, 0);
    action.trading_state = 'Q';
    EXPECT_EQ(feed.tick(action).flags, tick_flag::halted | tick_flag::auction);
    action.trading_state = 'T';
    EXPECT_EQ(feed.tick(action).flags, 0);
    auto halt = feed.at<itch50::OperationalHalt>(open_ns + minute, 1);
    halt.operational_halt_action = 'H';
    EXPECT_EQ(feed.tick(halt).flags, tick_flag::halted);
    halt.operational_halt_action = 'T';
    EXPECT_EQ(feed.tick(halt).flags, 0);
    auto cross = feed.at<itch50::CrossTrade>(close_ns - minute, 1);
    cross.cross_type = 'C';
    feed.tick(cross);
    EXPECT_EQ(feed.add(1, 5, Side::buy, 100, 5, close_ns - minute).flags, tick_flag::auction);
    EXPECT_EQ(feed.add(2, 6, Side::buy, 100, 5, close_ns - minute).flags, 0);
    EXPECT_EQ(feed.add(2, 7, Side::buy, 100, 5, close_ns).flags, tick_flag::auction);
}

TEST(Normaliser, system_events_open_and_close_the_market) {
    Feed feed;
    EXPECT_EQ(feed.system_event('S', open_ns - minute).flags, tick_flag::auction);
    const TickRecord row = feed.system_event('Q', open_ns - 5);
    EXPECT_EQ(row.flags, 0);
    EXPECT_EQ(row.action, tick_action::status);
    EXPECT_EQ(row.instrument_id, 0);
    EXPECT_EQ(feed.system_event('M', close_ns - 4 * 60 * minute).flags, tick_flag::auction) << "a day that ends early";
    EXPECT_EQ(feed.add(1, 1, Side::buy, 100, 5, close_ns - 4 * 60 * minute).flags, tick_flag::auction);
}

template <class... Types>
void expect_a_row_for_each(itch50::MessageList<Types...>) {
    Feed feed;
    std::string actions;
    const auto one = [&](auto message) {
        message.stock_locate = Locate{1};
        message.timestamp = SessionTime{open_ns};
        const TickRecord row = feed.tick(message);
        EXPECT_EQ(row.event_time_ns, midnight_ns + open_ns) << message.name;
        EXPECT_EQ(row.instrument_id, 111) << message.name;
        actions += static_cast<char>(row.action);
    };
    (one(Types{}), ...);
    EXPECT_EQ(actions, "SSSSSSSSSSAAFFXDMTCBISS");
    EXPECT_EQ(feed.normaliser.counts().ticks, sizeof...(Types));
}
TEST(Normaliser, every_message_type_gives_one_row) { expect_a_row_for_each(itch50::Messages{}); }

TEST(Normaliser, an_imbalance_indicator_has_price_quantity_and_side) {
    Feed feed;
    auto message = feed.at<itch50::NetOrderImbalance>(open_ns, 1);
    message.imbalance_shares = Quantity{700};
    message.paired_shares = Quantity{9};
    message.imbalance_direction = 'S';
    message.current_reference_price = Price{123};
    TickRecord row = feed.tick(message);
    EXPECT_EQ(row.price, 123);
    EXPECT_EQ(row.quantity, 700);
    EXPECT_EQ(row.side, 'S');
    message.imbalance_direction = 'O';
    EXPECT_EQ(feed.tick(message).side, 0);
}

TEST(Normaliser, bytes_that_are_no_message_still_give_a_row) {
    Feed feed;
    feed.add(1, 1, Side::buy, 100, 5, open_ns + 3);
    for (const char* text : {"z", "A", "Dtooshort"}) {
        const TickRecord row = feed.row(RecordKind::feed_message, bytes_of(std::string_view(text)), RowKind::tick);
        EXPECT_EQ(row.action, tick_action::status);
        EXPECT_EQ(row.event_time_ns, midnight_ns + open_ns + 3);
        EXPECT_EQ(row.instrument_id, 0);
        feed.row(RecordKind::order_sent, bytes_of(std::string_view(text)), RowKind::order_event);
        feed.row(RecordKind::order_answer, bytes_of(std::string_view(text)), RowKind::order_event);
        feed.row(RecordKind::risk_reject, bytes_of(std::string_view(text)), RowKind::order_event);
    }
    EXPECT_EQ(feed.normaliser.counts().malformed_messages, 3u);
    EXPECT_EQ(feed.normaliser.counts().order_events, 9u);
}

TEST(Normaliser, timers_control_timings_and_gaps_are_no_rows) {
    Feed feed;
    for (const auto kind : {RecordKind::timer, RecordKind::control, RecordKind::timing, RecordKind::gap}) {
        feed.row(kind, bytes_of(std::string_view("12345678")), RowKind::none);
    }
}

TEST(Normaliser, a_snapshot_replaces_the_books) {
    Feed feed;
    feed.add(1, 1, Side::buy, 100, 5);
    itch50::AddOrder resting;
    resting.stock_locate = Locate{1};
    resting.order_reference_number = OrderId{50};
    resting.buy_sell_indicator = Side::buy;
    resting.price = Price{90};
    resting.shares = Quantity{6};
    glimpse50::EndOfSnapshot end;
    for (int attempt = 0; attempt < 2; ++attempt) {  // the second begins anew, because a control record lies between
        feed.row(RecordKind::control, bytes_of(std::string_view("snapshot")), RowKind::none);
        resting.order_reference_number = OrderId{static_cast<std::uint64_t>(50 + attempt)};
        feed.row(RecordKind::snapshot_message, bytes_of(resting), RowKind::none);
    }
    feed.row(RecordKind::snapshot_message, bytes_of(end), RowKind::none);
    const TickRecord row = feed.add(1, 2, Side::sell, 120, 5);
    EXPECT_EQ(row.bid_price, 90);
    EXPECT_EQ(row.bid_quantity, 6);
    EXPECT_EQ(feed.execute(1, 1, 1, 1).flags, tick_flag::unknown_order);
}

TEST(MatchTable, keeps_every_trade_as_it_grows) {
    MatchTable table;
    for (std::uint64_t n = 1; n <= 50'000; ++n) {
        table.put({MatchNumber{n * 1'000}, Price{static_cast<std::int64_t>(n)}, Quantity{1}, 'B', true});
    }
    for (std::uint64_t n = 1; n <= 50'000; ++n) {
        const MatchedTrade* trade = table.find(MatchNumber{n * 1'000});
        ASSERT_NE(trade, nullptr);
        ASSERT_EQ(trade->price, Price{static_cast<std::int64_t>(n)});
    }
    EXPECT_EQ(table.find(MatchNumber{1}), nullptr);
    EXPECT_EQ(table.find(MatchNumber{0}), nullptr);
}

TEST(ReferenceData, wrong_fields_are_named) {
    const auto reason = [](std::string from, std::string to) {
        std::string text = reference_json;
        text.replace(text.find(from), from.size(), to);
        const auto parsed = ReferenceData::parse(text);
        return parsed ? std::string("no error") : parsed.error().reason;
    };
    EXPECT_EQ(reason("\"midnight_ns\": 1340251200000000000", "\"midnight\": 1"), "midnight_ns must be an integer");
    EXPECT_EQ(reason("\"locate\": 2", "\"locate\": 70000"), "instruments[1].locate cannot be 70000");
    EXPECT_EQ(reason("\"locate\": 2", "\"locate\": 1"), "instruments[1].locate 1 stands twice");
    EXPECT_EQ(reason("\"instrument_id\": 222", "\"instrument_id\": 111"),
              "instruments[1].instrument_id 111 stands twice");
    EXPECT_EQ(reason("\"close_ns\"", "\"closed\""), "calendar.close_ns must be an integer");
    EXPECT_EQ(reason("{", "["), "the text is not a JSON object");
    EXPECT_EQ(reason("49168", "null"), "no error");
}

}  // namespace
}  // namespace colo::test
