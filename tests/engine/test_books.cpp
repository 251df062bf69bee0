// What the book says after each message, by example: queue places, the facts of a change, states of trading, bounds.
#include "engine/book/itch_books.hpp"

#include "tests/engine/wire_fixture.hpp"

namespace colo {
namespace {

constexpr Locate amzn{1}, aapl{2};

// Writes messages as a feed would and keeps the change that each made.
class Feed {
public:
    explicit Feed(BookCapacity capacity = {}) : books(capacity) {}

    ItchChange add(std::uint64_t id, Side side, std::int64_t price, std::int64_t shares, Locate locate = amzn) {
        itch50::AddOrder m;
        m.order_reference_number = OrderId{id};
        m.buy_sell_indicator = side;
        m.price = Price{price};
        m.shares = Quantity{shares};
        m.stock = locate == amzn ? "AMZN" : "AAPL";
        return apply(m, locate);
    }
    ItchChange execute(std::uint64_t id, std::int64_t shares, Locate locate = amzn) {
        itch50::OrderExecuted m;
        m.order_reference_number = OrderId{id};
        m.executed_shares = Quantity{shares};
        m.match_number = MatchNumber{++match};
        return apply(m, locate);
    }
    ItchChange cancel(std::uint64_t id, std::int64_t shares, Locate locate = amzn) {
        itch50::OrderCancel m;
        m.order_reference_number = OrderId{id};
        m.cancelled_shares = Quantity{shares};
        return apply(m, locate);
    }
    ItchChange remove(std::uint64_t id, Locate locate = amzn) {
        itch50::OrderDelete m;
        m.order_reference_number = OrderId{id};
        return apply(m, locate);
    }
    ItchChange replace(std::uint64_t id, std::uint64_t new_id, std::int64_t price, std::int64_t shares) {
        itch50::OrderReplace m;
        m.original_order_reference_number = OrderId{id};
        m.new_order_reference_number = OrderId{new_id};
        m.price = Price{price};
        m.shares = Quantity{shares};
        return apply(m, amzn);
    }
    template <class M>
    ItchChange apply(M m, Locate locate) {
        m.stock_locate = locate;
        m.timestamp = SessionTime{++time};
        return apply_bytes(bytes_of(m));
    }
    // A feed's bytes may be any message: where the compiler sees which one it is, it warns of the other ones' fields.
    [[gnu::noinline]] ItchChange apply_bytes(Bytes message) { return books.apply(message); }
    [[nodiscard]] std::vector<std::uint64_t> queue(Side side, std::int64_t price) const {
        std::vector<std::uint64_t> ids;
        if (const auto level = books.book(amzn).level(side, Price{price}))
            for (Order order : level->orders()) ids.push_back(order.id.value());
        return ids;
    }
    [[nodiscard]] const Top& top(Locate locate = amzn) const { return books.book(locate).top(); }

    ItchBooks books;
    std::int64_t time = 0;
    std::uint64_t match = 0;
};

using Ids = std::vector<std::uint64_t>;

TEST(Books, OrdersKeepTheirPlaces) {
    Feed feed;
    for (std::uint64_t id = 1; id <= 4; ++id) feed.add(id, Side::buy, 1'000'000, 100);
    feed.execute(1, 30);
    feed.cancel(2, 10);
    EXPECT_EQ(feed.queue(Side::buy, 1'000'000), (Ids{1, 2, 3, 4})) << "less of an order does not move it";
    EXPECT_EQ(feed.books.quantity_ahead(OrderId{3}), Quantity{160});
    EXPECT_EQ(feed.books.quantity_ahead(OrderId{1}), Quantity{0});
    feed.replace(2, 5, 1'000'000, 90);
    EXPECT_EQ(feed.queue(Side::buy, 1'000'000), (Ids{1, 3, 4, 5})) << "a replace loses its place, also at the same price";
    feed.replace(5, 5, 1'000'000, 80);
    feed.remove(3);
    EXPECT_EQ(feed.queue(Side::buy, 1'000'000), (Ids{1, 4, 5}));
    EXPECT_EQ(feed.books.quantity_ahead(OrderId{99}), std::nullopt);
    EXPECT_EQ(feed.top().bid_quantity, Quantity{70 + 100 + 80});
}

TEST(Books, ChangesCarryTheFacts) {
    Feed feed;
    EXPECT_EQ(feed.add(1, Side::sell, 1'000'100, 100).quantity_after, Quantity{100});
    const ItchChange part = feed.execute(1, 40);
    EXPECT_EQ(part.status, BookStatus::ok);
    EXPECT_EQ(part.type, 'E');
    EXPECT_EQ(part.locate, amzn);
    EXPECT_EQ(part.order_id, OrderId{1});
    EXPECT_EQ(part.side, Side::sell);
    EXPECT_EQ(part.price, Price{1'000'100});
    EXPECT_EQ(part.execution_price, Price{1'000'100}) << "an execution is at the resting price";
    EXPECT_EQ(part.executed, Quantity{40});
    EXPECT_EQ(part.quantity_before, Quantity{100});
    EXPECT_EQ(part.quantity_after, Quantity{60});
    EXPECT_TRUE(part.printable);
    EXPECT_EQ(part.match_number, MatchNumber{1});

    itch50::OrderExecutedWithPrice priced;
    priced.order_reference_number = OrderId{1};
    priced.executed_shares = Quantity{10};
    priced.execution_price = Price{1'000'050};
    priced.printable = 'N';
    const ItchChange quiet = feed.apply(priced, amzn);
    EXPECT_EQ(quiet.price, Price{1'000'100});
    EXPECT_EQ(quiet.execution_price, Price{1'000'050});
    EXPECT_FALSE(quiet.printable);
    EXPECT_EQ(feed.books.book(amzn).last_trade().price, Price{1'000'100}) << "not printable, so not the last trade";
    priced.printable = 'Y';
    feed.apply(priced, amzn);
    EXPECT_EQ(feed.books.book(amzn).last_trade().price, Price{1'000'050});

    const ItchChange moved = feed.replace(1, 2, 1'000'300, 5);
    EXPECT_EQ(moved.side, Side::sell);
    EXPECT_EQ(moved.order_id, OrderId{2});
    EXPECT_EQ(moved.price_before, Price{1'000'100});
    EXPECT_EQ(moved.price, Price{1'000'300});
    EXPECT_EQ(moved.quantity_before, Quantity{40});
    EXPECT_EQ(moved.quantity_after, Quantity{5});
    const ItchChange gone = feed.remove(2);
    EXPECT_EQ(gone.quantity_before, Quantity{5});
    EXPECT_EQ(gone.quantity_after, Quantity{0});
    EXPECT_FALSE(feed.top().has_ask());
    EXPECT_EQ(feed.books.books().order_count(), 0u);
}

TEST(Books, TradesOutsideTheBook) {
    Feed feed;
    itch50::Trade hidden;
    hidden.shares = Quantity{7};
    hidden.price = Price{999'900};
    hidden.match_number = MatchNumber{5};
    const ItchChange trade = feed.apply(hidden, amzn);
    EXPECT_EQ(trade.executed, Quantity{7});
    EXPECT_EQ(trade.execution_price, Price{999'900});
    EXPECT_EQ(feed.books.book(amzn).last_trade().match_number, MatchNumber{5});
    itch50::CrossTrade cross;
    cross.shares = Quantity{1ll << 33};
    cross.cross_price = Price{1'000'000};
    EXPECT_EQ(feed.apply(cross, amzn).executed, Quantity{1ll << 33});
    cross.shares = Quantity{0};
    cross.cross_price = Price{1};
    feed.apply(cross, amzn);
    EXPECT_EQ(feed.books.book(amzn).last_trade().price, Price{1'000'000}) << "a cross without shares is no trade";
    itch50::BrokenTrade broken;
    broken.match_number = MatchNumber{5};
    EXPECT_EQ(feed.apply(broken, amzn).match_number, MatchNumber{5});
    EXPECT_EQ(feed.top(), Top{});
}

TEST(Books, LevelsAreInPriceOrderAtAnyPrice) {
    Feed feed;
    const std::int64_t prices[] = {1'000'000, 1, 2'000'000'000, 999'900, 1'000'037, 500'000, 1'060'000, 9'999, 1'000'100};
    std::uint64_t id = 0;
    for (std::int64_t price : prices) {
        feed.add(++id, Side::buy, price, 10);
        feed.add(++id, Side::sell, price, 10);
    }
    std::vector<std::int64_t> bids, asks, sorted(std::begin(prices), std::end(prices));
    for (Level level : feed.books.book(amzn).levels(Side::buy)) bids.push_back(level.price().value());
    for (Level level : feed.books.book(amzn).levels(Side::sell)) asks.push_back(level.price().value());
    std::sort(sorted.begin(), sorted.end());
    EXPECT_EQ(asks, sorted);
    std::reverse(sorted.begin(), sorted.end());
    EXPECT_EQ(bids, sorted);
    EXPECT_EQ(feed.books.book(amzn).level_at(Side::sell, 2)->price(), Price{500'000});
    EXPECT_FALSE(feed.books.book(amzn).level_at(Side::sell, 9));
    EXPECT_FALSE(feed.books.book(amzn).level(Side::sell, Price{3}));
    EXPECT_EQ(feed.top().bid_price, Price{2'000'000'000});
    EXPECT_EQ(feed.top().ask_price, Price{1});
}

TEST(Books, InstrumentsShareOrdersButNotBooks) {
    Feed feed;
    feed.add(1, Side::buy, 1'000'000, 100, amzn);
    feed.add(2, Side::buy, 5'000'000, 50, aapl);
    EXPECT_EQ(feed.top(amzn).bid_price, Price{1'000'000});
    EXPECT_EQ(feed.top(aapl).bid_price, Price{5'000'000});
    EXPECT_EQ(feed.books.book(aapl).symbol(), "AAPL");
    EXPECT_EQ(feed.remove(1, aapl).status, BookStatus::invalid_field) << "the order is another instrument's";
    EXPECT_EQ(feed.top(amzn).bid_quantity, Quantity{100});
    EXPECT_EQ(feed.books.book(Locate{77}).top(), Top{}) << "an instrument that was never seen has an empty book";
    EXPECT_EQ(feed.books.books().instruments(), (std::vector<std::uint16_t>{1, 2}));
}

TEST(Books, ReferencesMayComeAgain) {
    Feed feed;
    feed.add(1, Side::buy, 1'000'000, 100);
    feed.remove(1);
    EXPECT_EQ(feed.add(1, Side::sell, 1'000'500, 20).status, BookStatus::ok);
    EXPECT_EQ(feed.books.find(OrderId{1})->side, Side::sell);
    feed.execute(1, 20);
    EXPECT_EQ(feed.add(1, Side::buy, 1'000'000, 7).status, BookStatus::ok);
    EXPECT_EQ(feed.top().bid_quantity, Quantity{7});
}

TEST(Books, UnknownOrdersAreCountedOnly) {
    Feed feed;
    EXPECT_EQ(feed.execute(1, 5).status, BookStatus::unknown_order);
    EXPECT_EQ(feed.cancel(1, 5).status, BookStatus::unknown_order);
    EXPECT_EQ(feed.remove(1).status, BookStatus::unknown_order);
    EXPECT_EQ(feed.replace(1, 2, 1'000'000, 5).status, BookStatus::unknown_order);
    EXPECT_EQ(feed.books.counts().unknown_orders, 4u);
    EXPECT_FALSE(feed.books.book(amzn).halted());
    EXPECT_EQ(feed.books.book(amzn).last_trade().quantity, Quantity{0}) << "its price is not known";
    EXPECT_EQ(feed.books.books().order_count(), 0u);
}

TEST(Books, BrokenInvariantsHaltTheInstrumentAlone) {
    Feed feed;
    feed.add(1, Side::buy, 1'000'000, 100);
    feed.add(2, Side::buy, 5'000'000, 100, aapl);
    EXPECT_EQ(feed.add(1, Side::buy, 1'000'100, 7).status, BookStatus::duplicate_order);
    EXPECT_EQ(feed.top().bid_price, Price{1'000'000}) << "a duplicate is not applied";
    EXPECT_EQ(feed.books.book(amzn).fault(), BookStatus::duplicate_order);
    EXPECT_TRUE(feed.books.book(amzn).halted());
    EXPECT_FALSE(feed.books.book(aapl).halted());
    const ItchChange over = feed.execute(2, 101, aapl);
    EXPECT_EQ(over.status, BookStatus::over_execution);
    EXPECT_EQ(over.quantity_after, Quantity{0});
    EXPECT_FALSE(feed.top(aapl).has_bid()) << "what was displayed is gone in any case";
    EXPECT_EQ(feed.books.book(aapl).fault(), BookStatus::over_execution);
    EXPECT_EQ(feed.cancel(1, 101).status, BookStatus::over_execution);
    EXPECT_EQ(feed.books.book(amzn).fault(), BookStatus::duplicate_order) << "the first fault is kept";
    EXPECT_EQ(feed.books.counts().over_executions, 2u);
    EXPECT_EQ(feed.books.counts().duplicate_orders, 1u);
}

TEST(Books, ImpossibleFieldsAreNotApplied) {
    Feed feed;
    EXPECT_EQ(feed.add(1, Side::buy, 1'000'000, 0).status, BookStatus::invalid_field);
    EXPECT_EQ(feed.add(1, static_cast<Side>('X'), 1'000'000, 5).status, BookStatus::invalid_field);
    feed.add(1, Side::buy, 1'000'000, 5);
    EXPECT_EQ(feed.execute(1, 0).status, BookStatus::invalid_field);
    EXPECT_EQ(feed.replace(1, 2, 1'000'000, 0).status, BookStatus::invalid_field);
    EXPECT_EQ(feed.top().bid_quantity, Quantity{5});
    EXPECT_FALSE(feed.books.book(amzn).halted());
    EXPECT_EQ(feed.books.counts().invalid_fields, 4u);
}

TEST(Books, FullTablesHaltAndLoseNothing) {
    Feed feed({.cells_max = 512, .reference_pages_max = 1});
    std::uint64_t id = 0;
    while (feed.add(++id, Side::buy, 1'000'000, 1).status == BookStatus::ok) ASSERT_LT(id, 1000u);
    EXPECT_EQ(feed.books.book(amzn).fault(), BookStatus::out_of_capacity);
    EXPECT_EQ(feed.top().bid_quantity, Quantity{static_cast<std::int64_t>(id) - 1});
    for (std::uint64_t open = 1; open < id; ++open) EXPECT_EQ(feed.remove(open).status, BookStatus::ok);
    EXPECT_FALSE(feed.top().has_bid());
    EXPECT_EQ(feed.add(id, Side::buy, 1'000'000, 1).status, BookStatus::ok) << "there is room again";
}

TEST(Books, StatesOfTrading) {
    Feed feed;
    EXPECT_FALSE(feed.books.book(amzn).halted()) << "a recording may never say";
    EXPECT_TRUE(feed.books.continuous(amzn));
    itch50::StockTradingAction action;
    action.trading_state = 'H';
    feed.apply(action, amzn);
    EXPECT_TRUE(feed.books.book(amzn).halted());
    EXPECT_FALSE(feed.books.continuous(amzn));
    EXPECT_TRUE(feed.books.continuous(aapl));
    action.trading_state = 'Q';
    feed.apply(action, amzn);
    EXPECT_EQ(feed.books.book(amzn).trading_state(), 'Q');
    EXPECT_FALSE(feed.books.continuous(amzn));
    action.trading_state = 'T';
    feed.apply(action, amzn);
    EXPECT_TRUE(feed.books.continuous(amzn));

    itch50::OperationalHalt halt;
    halt.market_code = 'B';
    halt.operational_halt_action = 'H';
    feed.apply(halt, amzn);
    EXPECT_FALSE(feed.books.book(amzn).halted()) << "another market's halt";
    halt.market_code = 'Q';
    feed.apply(halt, amzn);
    EXPECT_TRUE(feed.books.book(amzn).operational_halt());
    halt.operational_halt_action = 'T';
    feed.apply(halt, amzn);
    EXPECT_TRUE(feed.books.continuous(amzn));

    itch50::SystemEvent event;
    for (const auto& [code, continuous] : {std::pair{'O', false}, {'S', true}, {'Q', true}, {'M', true}, {'E', false}}) {
        event.event_code = code;
        feed.apply(event, Locate{0});
        EXPECT_EQ(feed.books.continuous(amzn), continuous) << code;
    }

    itch50::NetOrderImbalance noii;
    noii.imbalance_shares = Quantity{300};
    noii.imbalance_direction = 'S';
    noii.current_reference_price = Price{1'000'000};
    noii.cross_type = 'C';
    feed.apply(noii, amzn);
    EXPECT_EQ(feed.books.book(amzn).imbalance().imbalance, Quantity{300});
    EXPECT_EQ(feed.books.book(amzn).imbalance().direction, 'S');
    EXPECT_EQ(feed.books.book(amzn).imbalance().reference_price, Price{1'000'000});
}

// A book started from a snapshot is the book that saw the whole day.
TEST(Books, SnapshotStartsTheSameBook) {
    Feed day;
    for (std::uint64_t id = 1; id <= 200; ++id) day.add(id, id % 2 ? Side::buy : Side::sell, 1'000'000 + (id % 2 ? -100 : 100) * static_cast<std::int64_t>(id % 7), 100);
    for (std::uint64_t id = 1; id <= 200; id += 3) day.cancel(id, 50);

    Feed late;
    late.add(7, Side::buy, 999'999, 1);
    late.books.clear();
    EXPECT_EQ(late.top(), Top{});
    for (const Side side : {Side::buy, Side::sell})
        for (Level level : day.books.book(amzn).levels(side))
            for (Order order : level.orders()) late.add(order.id.value(), side, level.price().value(), order.quantity.value());
    for (Feed* feed : {&day, &late}) {
        feed->execute(4, 20);
        feed->replace(5, 1000, 1'000'000, 30);
        feed->remove(6);
    }
    EXPECT_EQ(late.top(), day.top());
    for (std::int64_t price = 999'000; price <= 1'001'000; price += 100)
        for (const Side side : {Side::buy, Side::sell}) EXPECT_EQ(late.queue(side, price), day.queue(side, price)) << price;
}

}  // namespace
}  // namespace colo
