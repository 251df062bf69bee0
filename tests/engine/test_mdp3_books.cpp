// What each MDP 3.0 message does to the books: levels by place, orders by priority, events, snapshots, resets, gaps.
#include "engine/book/mdp3_books.hpp"
#include "tests/engine/mdp3_fixture.hpp"

namespace colo {
namespace {

using test::book_refresh;
using test::Fields;
using test::group;
using test::LevelEntry;
using test::null32;
using test::null64;
using test::order_of_level;
using test::order_refresh;
using test::OrderEntry;
using test::packet_of;
using test::TestMessage;

constexpr std::int64_t new_entry = 0, change = 1, delete_entry = 2, delete_thru = 3, delete_from = 4, overlay = 5;
constexpr std::int64_t unit = 1'000'000'000;

// A channel, fed message by message; entries of one instrument are numbered as the venue would.
struct Channel {
    Mdp3Books books;
    test::EventLog<Books> log{books};
    std::uint32_t sequence = 0, rpt_seq = 0;

    void send(const TestMessage& message) { log.apply(packet_of(++sequence, {message})); }
    void level(std::int64_t action, std::int64_t place, char type, std::int64_t price, std::int64_t quantity,
               std::int64_t indicator = test::end_of_event) {
        send(book_refresh({{price, quantity, 5602, ++rpt_seq, 1, place, action, type}}, indicator));
    }
    void order(std::int64_t action, std::uint64_t id, std::int64_t priority, std::int64_t price, std::int64_t quantity, char type) {
        send(order_refresh({{id, priority, price, quantity, 5602, action, type}}));
    }
    [[nodiscard]] const Book& levels() const { return books.levels().book(books.find(mdp3::SecurityId{5602}).value_or(0)); }
    [[nodiscard]] const Book& orders() const { return books.orders().book(books.find(mdp3::SecurityId{5602}).value_or(0)); }
    [[nodiscard]] const Mdp3Instrument& instrument() const { return *books.instruments().find(mdp3::SecurityId{5602}); }
};

using Pairs = std::vector<std::pair<std::int64_t, std::int64_t>>;

// (price, quantity) from the best on.
Pairs depth(const Book& book, Side side) {
    Pairs result;
    for (const Level level : book.levels(side)) result.emplace_back(level.price().value(), level.quantity().value());
    return result;
}
// (order, quantity) in the order of the queues.
Pairs queue(const Book& book, Side side) {
    Pairs result;
    for (const Level level : book.levels(side))
        for (const Order order : level.orders())
            result.emplace_back(static_cast<std::int64_t>(order.id.value()), order.quantity.value());
    return result;
}

TEST(Mdp3Books, LevelsMoveByPlace) {
    Channel channel;
    for (std::int64_t place = 1; place <= 10; ++place) channel.level(new_entry, place, '0', -place * unit, place);
    EXPECT_EQ(channel.levels().top().bid_price, Price{-unit});
    channel.level(new_entry, 3, '0', -25 * unit / 10, 77);
    Pairs expected{{-unit, 1}, {-2 * unit, 2}, {-25 * unit / 10, 77}};
    for (std::int64_t place = 3; place <= 9; ++place) expected.emplace_back(-place * unit, place);
    EXPECT_EQ(depth(channel.levels(), Side::buy), expected) << "the tenth level falls out unsaid";
    channel.level(change, 1, '0', -unit, 50);
    channel.level(delete_entry, 2, '0', -2 * unit, null32);
    expected[0].second = 50;
    expected.erase(expected.begin() + 1);
    EXPECT_EQ(depth(channel.levels(), Side::buy), expected);
    channel.level(overlay, 1, '0', -unit / 2, 9);
    expected[0] = {-unit / 2, 9};
    EXPECT_EQ(depth(channel.levels(), Side::buy), expected);
    channel.level(delete_from, 4, '0', null64, null32);
    expected.resize(3);
    EXPECT_EQ(depth(channel.levels(), Side::buy), expected);
    channel.level(delete_thru, 2, '0', null64, null32);
    EXPECT_EQ(depth(channel.levels(), Side::buy), (Pairs{expected[2]}));
    EXPECT_EQ(channel.books.counts().disagreements, 0u);
    EXPECT_EQ(channel.books.counts().invalid_fields, 0u);
    channel.level(change, 1, '0', unit, 5);
    EXPECT_EQ(channel.books.counts().disagreements, 1u) << "another price than the one at this place";
    channel.level(new_entry, 11, '0', unit, 5);
    channel.level(new_entry, 0, '0', unit, 5);
    channel.level(new_entry, 1, '0', null64, 5);
    channel.level(new_entry, 1, '1', unit, 0);
    channel.level(new_entry, 3, 'E', unit, 1);
    channel.level(9, 1, '0', unit, 1);
    EXPECT_EQ(channel.books.counts().invalid_fields, 6u);
}

TEST(Mdp3Books, ImpliedLevelsStandBehindRealOnes) {
    Channel channel;
    channel.level(new_entry, 1, 'F', 5 * unit, 30);
    channel.level(new_entry, 1, '1', 5 * unit, 10);
    channel.level(new_entry, 2, 'F', 4 * unit, 1);
    EXPECT_EQ(depth(channel.levels(), Side::sell), (Pairs{{4 * unit, 1}, {5 * unit, 40}}));
    Pairs quantities = queue(channel.levels(), Side::sell);
    ASSERT_EQ(quantities.size(), 3u);
    EXPECT_EQ(quantities[1].second, 10);
    EXPECT_EQ(quantities[2].second, 30);
}

// Between the messages of an event the book may be crossed; nobody is told until it has ended, packets later.
TEST(Mdp3Books, TheConsumerIsToldAtTheEndOfAnEvent) {
    Channel channel;
    channel.level(new_entry, 1, '0', 10 * unit, 1);
    channel.level(new_entry, 1, '1', 11 * unit, 1);
    EXPECT_EQ(channel.log.events, 2u);
    channel.level(new_entry, 1, '0', 12 * unit, 1, 4);
    EXPECT_TRUE(channel.log.is_crossed(channel.levels().top()));
    EXPECT_EQ(channel.log.events, 2u);
    EXPECT_TRUE(channel.books.within_event());
    const Fields trade = Fields().put(8, 11 * unit).put(4, 1).put(4, 5602).put(4, ++channel.rpt_seq).put(4, 2).put(1, 2).put(1, 0).put(4, 8);
    channel.send({48, 11, test::refresh(1).then(group(3, 32, {trade}))});
    channel.send(book_refresh({{7 * unit, 4, 99, 1, 1, 1, new_entry, '1'}}, 4));
    EXPECT_EQ(channel.log.events, 2u);
    channel.level(overlay, 1, '1', 13 * unit, 1, 0x84);
    EXPECT_EQ(channel.log.events, 3u);
    EXPECT_EQ(channel.log.crossed, 0u);
    EXPECT_FALSE(channel.books.within_event());
    EXPECT_EQ(channel.log.instruments, (std::vector<std::uint16_t>{0, 1})) << "each once";
    ASSERT_EQ(channel.log.trades.size(), 1u);
    EXPECT_EQ(channel.log.trades[0].price, Price{11 * unit});
    EXPECT_EQ(channel.log.trades[0].aggressor, mdp3::AggressorSide::sell);
    EXPECT_EQ(channel.levels().last_trade().quantity, Quantity{1});
    EXPECT_EQ(channel.levels().last_trade().match_number, MatchNumber{8});
    channel.level(change, 1, '1', 13 * unit, 2);
    EXPECT_TRUE(channel.log.trades.empty());
}

TEST(Mdp3Books, OrdersRankByPriority) {
    Channel channel;
    channel.order(new_entry, 6'413'238'832'874, 500, 7 * unit, 5, '0');
    channel.order(new_entry, 6'413'238'864'862, 300, 7 * unit, 2, '0');
    channel.order(new_entry, 6'413'238'864'863, 400, 7 * unit, 3, '0');
    EXPECT_EQ(queue(channel.orders(), Side::buy), (Pairs{{6'413'238'864'862, 2}, {6'413'238'864'863, 3}, {6'413'238'832'874, 5}}));
    channel.order(change, 6'413'238'864'863, 400, 7 * unit, 1, '0');
    EXPECT_EQ(queue(channel.orders(), Side::buy)[1], (Pairs::value_type{6'413'238'864'863, 1})) << "less, in the same place";
    channel.order(change, 6'413'238'864'862, 600, 7 * unit, 9, '0');
    EXPECT_EQ(queue(channel.orders(), Side::buy), (Pairs{{6'413'238'864'863, 1}, {6'413'238'832'874, 5}, {6'413'238'864'862, 9}}));
    channel.order(delete_entry, 6'413'238'832'874, null64, null64, null32, '0');
    EXPECT_EQ(channel.orders().top().bid_quantity, Quantity{10});
    channel.order(delete_entry, 6'413'238'832'874, null64, null64, null32, '0');
    EXPECT_EQ(channel.books.counts().unknown_orders, 1u);
    channel.order(new_entry, 5, 1, 7 * unit, 1, 'E');
    channel.order(new_entry, 5, 1, null64, 1, '0');
    channel.order(delete_from, 5, 1, 7 * unit, 1, '0');
    EXPECT_EQ(channel.books.counts().invalid_fields, 3u);
    channel.order(new_entry, 6'413'238'864'863, 1, 7 * unit, 1, '0');
    EXPECT_EQ(channel.books.counts().duplicate_orders, 1u);
    EXPECT_EQ(channel.orders().fault(), BookStatus::duplicate_order);
}

// One message carries levels and the orders within them; each order takes price and side from the level it refers to.
TEST(Mdp3Books, LevelsAndTheirOrdersComeTogether) {
    Channel channel;
    channel.send(book_refresh({{10 * unit, 5, 5602, ++channel.rpt_seq, 2, 1, new_entry, '0'}, {12 * unit, 1, 5602, ++channel.rpt_seq, 1, 1, new_entry, '1'}},
                              0x84, {order_of_level(1, 20, 2, 1, 0), order_of_level(2, 10, 3, 1, 0), order_of_level(3, 30, 1, 2, 0),
                                     order_of_level(4, 30, 1, 3, 0), order_of_level(5, 30, 1, 255, 0)}));
    EXPECT_EQ(queue(channel.orders(), Side::buy), (Pairs{{2, 3}, {1, 2}}));
    EXPECT_EQ(queue(channel.orders(), Side::sell), (Pairs{{3, 1}}));
    EXPECT_EQ(channel.books.counts().invalid_fields, 2u) << "references to no level";
    EXPECT_EQ(channel.orders().top(), channel.levels().top());
}

TestMessage level_snapshot(std::uint32_t rpt_seq, const std::vector<LevelEntry>& levels) {
    Fields root = Fields().put(4, 1).put(4, 1).put(4, 5602).put(4, rpt_seq).put(8, 1).put(8, 2).put(2, 19'000).put(1, 17);
    std::vector<Fields> entries;
    for (const LevelEntry& e : levels)
        entries.push_back(Fields().put(8, e.price).put(4, e.quantity).put(4, e.orders).put(1, e.place).put(2, 65'535).put(1, 255).put(1, 0).put(1, e.type));
    return {52, 59, root.put(8, null64).put(8, null64).put(8, null64).then(group(3, 22, entries))};
}

TEST(Mdp3Books, JoinsBySnapshot) {
    Channel channel;
    channel.rpt_seq = 40;
    channel.level(change, 2, '0', 10 * unit, 1);
    EXPECT_FALSE(channel.instrument().levels_complete());
    EXPECT_EQ(depth(channel.levels(), Side::buy), (Pairs{{10 * unit, 1}}));
    channel.send(level_snapshot(40, {}));
    EXPECT_FALSE(channel.instrument().levels_complete()) << "older than what was applied";
    channel.send(level_snapshot(43, {{11 * unit, 7, 0, 0, 2, 1, 0, '0'}, {10 * unit, 2, 0, 0, 1, 2, 0, '0'}, {12 * unit, 3, 0, 0, null32, 1, 0, 'F'},
                                     {99 * unit, 3, 0, 0, 0, 1, 0, '7'}}));
    EXPECT_TRUE(channel.instrument().levels_complete());
    EXPECT_EQ(depth(channel.levels(), Side::buy), (Pairs{{11 * unit, 7}, {10 * unit, 2}}));
    EXPECT_EQ(depth(channel.levels(), Side::sell), (Pairs{{12 * unit, 3}}));
    EXPECT_EQ(channel.levels().trading_state(), 'T');
    channel.level(change, 1, '0', 11 * unit, 1);  // 42 and 43 are in the snapshot
    channel.level(change, 1, '0', 11 * unit, 2);
    EXPECT_EQ(channel.levels().top().bid_quantity, Quantity{7});
    EXPECT_EQ(channel.books.counts().old_entries, 2u);
    channel.level(change, 1, '0', 11 * unit, 8);
    EXPECT_EQ(channel.levels().top().bid_quantity, Quantity{8});
    channel.send(level_snapshot(44, {}));
    EXPECT_EQ(channel.levels().top().bid_quantity, Quantity{8}) << "the loop tells nothing new";
}

TestMessage order_snapshot(std::int64_t processed, std::int64_t chunk, std::int64_t chunks, const std::vector<OrderEntry>& orders) {
    std::vector<Fields> entries;
    for (const OrderEntry& e : orders)
        entries.push_back(Fields().put(8, static_cast<std::int64_t>(e.id)).put(8, e.priority).put(8, e.price).put(4, e.quantity).put(1, e.type));
    return {53, 28, Fields().put(4, processed).put(4, 1).put(4, 5602).put(4, chunks).put(4, chunk).put(8, 6).then(group(3, 29, entries))};
}

TEST(Mdp3Books, OrderBooksComeInChunks) {
    Channel channel;
    channel.sequence = 100;
    channel.order(new_entry, 9, 9, 9 * unit, 9, '1');
    channel.log.apply(packet_of(1, {order_snapshot(103, 2, 2, {{8, 8, 8 * unit, 8, 0, 0, '1'}})}));
    EXPECT_EQ(queue(channel.orders(), Side::sell), (Pairs{{9, 9}})) << "a snapshot begins with its first chunk";
    channel.log.apply(packet_of(2, {order_snapshot(103, 1, 2, {{1, 30, 9 * unit, 1, 0, 0, '1'}, {2, 20, 9 * unit, 2, 0, 0, '1'}})}));
    EXPECT_FALSE(channel.instrument().orders_complete);
    channel.log.apply(packet_of(3, {order_snapshot(103, 2, 2, {{3, 25, 9 * unit, 3, 0, 0, '1'}})}));
    EXPECT_TRUE(channel.instrument().orders_complete);
    const Pairs expected{{2, 2}, {3, 3}, {1, 1}};
    EXPECT_EQ(queue(channel.orders(), Side::sell), expected);
    channel.log.apply(packet_of(4, {order_snapshot(103, 1, 1, {})}));
    EXPECT_EQ(queue(channel.orders(), Side::sell), expected) << "a complete book needs none";
    channel.order(delete_entry, 2, null64, null64, null32, '1');  // packets 102 and 103 are in the snapshot
    channel.order(delete_entry, 3, null64, null64, null32, '1');
    EXPECT_EQ(queue(channel.orders(), Side::sell), expected);
    channel.order(delete_entry, 3, null64, null64, null32, '1');
    EXPECT_EQ(queue(channel.orders(), Side::sell), (Pairs{{2, 2}, {1, 1}}));
}

TEST(Mdp3Books, LostEntriesEmptyTheInstrument) {
    Channel channel;
    channel.level(new_entry, 1, '0', 10 * unit, 1);
    channel.order(new_entry, 1, 1, 10 * unit, 1, '0');
    channel.send(book_refresh({{50 * unit, 1, 77, 1, 1, 1, new_entry, '0'}}));
    ++channel.rpt_seq;
    channel.level(new_entry, 2, '0', 9 * unit, 1);
    EXPECT_EQ(channel.books.counts().rpt_gaps, 1u);
    EXPECT_EQ(depth(channel.levels(), Side::buy), (Pairs{{9 * unit, 1}})) << "what is sent since is known";
    EXPECT_FALSE(channel.orders().top().has_bid());
    EXPECT_FALSE(channel.instrument().levels_complete() || channel.instrument().orders_complete);
    EXPECT_TRUE(channel.books.levels().book(1).top().has_bid()) << "another instrument lost nothing";
}

TEST(Mdp3Books, ResetsEmptyTheBooks) {
    Channel channel;
    channel.level(new_entry, 1, '0', 10 * unit, 1);
    channel.order(new_entry, 1, 1, 10 * unit, 1, '0');
    channel.level(new_entry, 1, 'J', null64, null32);
    EXPECT_FALSE(channel.levels().top().has_bid() || channel.orders().top().has_bid());
    EXPECT_TRUE(channel.instrument().levels_complete() && channel.instrument().orders_complete);
    channel.level(new_entry, 1, '0', 10 * unit, 1);
    channel.order(new_entry, 1, 1, 10 * unit, 1, '0');
    channel.send({4, 9, Fields().put(8, 3).put(1, 0x80).then(group(3, 2, {Fields().put(2, 310)}))});
    EXPECT_FALSE(channel.levels().top().has_bid() || channel.orders().top().has_bid());
    channel.rpt_seq = 0;
    channel.level(new_entry, 1, '0', 10 * unit, 1);
    EXPECT_TRUE(channel.levels().top().has_bid());
    EXPECT_EQ(channel.books.counts().rpt_gaps, 0u);
}

TEST(Mdp3Books, DefinitionsAndStates) {
    Channel channel;
    Fields root = Fields().put(1, 0x80).put(4, 1).text(1, "A").put(8, 5).put(1, 21).put(2, 310).put(1, 64).put(1, 5)
                      .text(4, "XCME").text(6, "ES").text(6, "ES").text(20, "ESM4").put(4, 5602).text(6, "FUT");
    root.content.resize(91);
    root.put(8, 250'000'000);
    root.content.resize(216);
    const auto feed = [](const char* name, std::int64_t depth) { return Fields().text(3, name).put(1, depth); };
    channel.send({54, 216, Fields(root).then(group(3, 9, {})).then(group(3, 4, {feed("GBX", 5), feed("GBI", 1)}))});
    EXPECT_EQ(channel.instrument().symbol.view(), "ESM4");
    EXPECT_EQ(channel.instrument().tick, Price{250'000'000});
    EXPECT_EQ(channel.levels().trading_state(), 'Q') << "before the open orders come, and nothing trades";
    for (std::int64_t place = 1; place <= 6; ++place) channel.level(new_entry, place, '0', -place * unit, place);
    EXPECT_EQ(depth(channel.levels(), Side::buy).size(), 5u);
    EXPECT_EQ(channel.books.counts().invalid_fields, 1u) << "the sixth level of a book of five";
    const auto status = [](std::int64_t security, const char* group_name, std::int64_t state) {
        return TestMessage{30, 30, Fields().put(8, 3).text(6, group_name).text(6, "").put(4, security).put(2, 19'000).put(1, 0x80).put(1, state).put(1, 0).put(1, 0)};
    };
    channel.send(status(null32, "NQ", 2));
    EXPECT_EQ(channel.levels().trading_state(), 'Q');
    channel.send(status(null32, "ES", 17));
    EXPECT_EQ(channel.levels().trading_state(), 'T');
    channel.send(status(5602, "", 2));
    EXPECT_TRUE(channel.levels().halted() && channel.orders().halted());
    channel.send(status(null32, "ES", 103));
    EXPECT_TRUE(channel.levels().halted()) << "no change";
}

TEST(Mdp3Books, UnknownTemplatesArePassedOver) {
    Channel channel;
    channel.log.apply(packet_of(1, {{999, 4, Fields().zeros(40)},
                                    book_refresh({{10 * unit, 1, 5602, 1, 1, 1, new_entry, '0'}}),
                                    {46, 200, Fields().zeros(11)}, {39, 35, Fields().zeros(35)}}));
    EXPECT_TRUE(channel.levels().top().has_bid());
    EXPECT_EQ(channel.books.counts().unknown_templates, 2u);
    EXPECT_EQ(channel.books.counts().malformed, 1u);
    EXPECT_EQ(channel.books.counts().messages, 4u);
}

}  // namespace
}  // namespace colo
