// What a strategy sees of the market, against the slow book, after every message of random sessions.
#include <cmath>

#include "engine/runtime/market_data.hpp"
#include "tests/engine/random_session.hpp"
#include "tests/engine/reference_book.hpp"
#include "tests/engine/wire_fixture.hpp"

namespace colo {
namespace {

using test::Fault;
using test::RandomSession;
using test::ReferenceBook;
using test::ReferenceLevel;

constexpr std::uint16_t instruments = 3;

EngineConfig config_of(std::uint16_t count) {
    EngineConfig config;
    config.tables = {.resting_orders = 1 << 12, .own_orders = 16};
    StrategyConfig strategy{"viewer", "none", {}, JsonField::parse("{}", "parameters")};
    for (std::uint16_t i = 0; i < count; ++i) {
        InstrumentConfig instrument;
        instrument.symbol = "S" + std::to_string(i);
        instrument.locate = Locate{static_cast<std::uint16_t>(i + 1)};
        instrument.tick_size = Price{100};
        config.instruments.push_back(instrument);
        strategy.instruments.push_back(InstrumentIndex{i});
    }
    config.strategies.push_back(std::move(strategy));
    return config;
}

double total(const std::vector<ReferenceLevel>& levels, std::size_t depth) {
    std::int64_t sum = 0;
    for (std::size_t at = 0; at < std::min(depth, levels.size()); ++at)
        for (const auto& order : levels[at].orders) sum += order.quantity;
    return static_cast<double>(sum);
}

bool near(double a, double b) { return std::abs(a - b) <= 1e-9 * std::max(1.0, std::abs(b)); }

// Empty where the view says what the slow book says.
std::string difference(const MarketView& view, const ReferenceBook& reference, std::uint16_t locate) {
    const auto bids = reference.levels(locate, 'B'), asks = reference.levels(locate, 'S');
    for (const std::size_t depth : {1, 3}) {
        const double b = total(bids, depth), a = total(asks, depth);
        if (!near(view.imbalance(depth), a + b > 0 ? (b - a) / (b + a) : 0)) return "imbalance";
    }
    if (view.two_sided()) {
        const double b = total(bids, 1), a = total(asks, 1);
        const double expected = (static_cast<double>(bids[0].price) * a + static_cast<double>(asks[0].price) * b) / (a + b);
        if (!near(view.microprice(), expected)) return "microprice";
    }
    for (const Side side : {Side::buy, Side::sell}) {
        const auto& levels = side == Side::buy ? bids : asks;
        for (std::size_t depth = 0; depth <= levels.size(); ++depth) {
            const auto level = view.book().level_at(side, depth);
            if (level.has_value() != (depth < levels.size())) return "depth";
            if (!level) break;
            if (level->price() != Price{levels[depth].price}) return "price of a level";
            Quantity ahead;
            for (const auto& order : levels[depth].orders) {
                if (view.queue_ahead(OrderId{order.id}) != ahead) return "queue ahead";
                OwnOrder ours;
                ours.venue_id = OrderId{order.id};
                if (view.queue_ahead(ours) != ahead) return "queue ahead of ours";
                ahead += Quantity{order.quantity};
            }
            OwnOrder unseen;
            unseen.side = side;
            unseen.price = level->price();
            unseen.venue_id = OrderId{UINT64_MAX - 1};
            if (view.queue_ahead(unseen) != ahead) return "queue ahead of an order that no feed shows";
        }
    }
    return "";
}

// The first difference of a session.
std::string run(std::uint32_t seed, Fault fault, std::size_t messages) {
    RandomSession session(seed, {.instruments = instruments});
    MarketData market(config_of(instruments));
    ReferenceBook reference(fault);
    for (std::size_t n = 0; n < messages; ++n) {
        const Bytes message = session.next();
        reference.apply(message);
        market.apply(message);
        for (std::uint16_t i = 0; i < instruments; ++i) {
            const std::string found = difference(market.view(InstrumentIndex{i}, {}, {}), reference, static_cast<std::uint16_t>(i + 1));
            if (!found.empty()) return "message " + std::to_string(n) + ": " + found;
        }
    }
    return "";
}

TEST(MarketView, SaysWhatTheSlowBookSays) {
    for (std::uint32_t seed = 1; seed <= 20; ++seed) EXPECT_EQ(run(seed, Fault::none, 600), "") << "seed " << seed;
}

TEST(MarketView, IsSeenToDifferFromABrokenBook) {
    for (const Fault fault : {Fault::add_goes_to_the_front, Fault::execution_off_by_one, Fault::cancel_removes_the_order,
                              Fault::replace_flips_side, Fault::price_execution_ignored})
        EXPECT_NE(run(1, fault, 2'000), "") << "fault " << static_cast<int>(fault);
}

class MarketRules : public testing::Test {
protected:
    MarketData market{config_of(2)};

    template <class Message>
    void tell(Message message, std::uint16_t locate = 1) {
        message.stock_locate = Locate{locate};
        market.apply(bytes_of(message));
    }
    [[nodiscard]] MarketView view(std::uint32_t index = 0) const { return market.view(InstrumentIndex{index}, {}, {}); }
};

TEST_F(MarketRules, TheCollarOfAReopeningAuctionIsKept) {
    EXPECT_EQ(view().collar, AuctionCollar{});
    itch50::LuldAuctionCollar collar;
    collar.auction_collar_reference_price = Price{1'000'000};
    collar.upper_auction_collar_price = Price{1'050'000};
    collar.lower_auction_collar_price = Price{950'000};
    collar.auction_collar_extension = 2;
    tell(collar);
    EXPECT_EQ(view().collar, (AuctionCollar{Price{1'000'000}, Price{950'000}, Price{1'050'000}, 2}));
    EXPECT_EQ(view(1).collar, AuctionCollar{}) << "another instrument was told nothing";
}

TEST_F(MarketRules, AuctionHaltAndRestrictionAreSeen) {
    itch50::NetOrderImbalance told;
    told.paired_shares = Quantity{300};
    told.imbalance_shares = Quantity{70};
    told.imbalance_direction = 'B';
    told.near_price = Price{1'010'000};
    tell(told);
    EXPECT_EQ(view().book().imbalance().paired, Quantity{300});
    EXPECT_EQ(view().book().imbalance().imbalance, Quantity{70});
    EXPECT_EQ(view().book().imbalance().direction, 'B');
    EXPECT_EQ(view().book().imbalance().near_price, Price{1'010'000});
    itch50::StockTradingAction action;
    action.trading_state = 'H';
    tell(action);
    EXPECT_TRUE(view().book().halted());
    EXPECT_EQ(view().phase, TradingPhase::halted);
    itch50::RegShoRestriction restriction;
    restriction.reg_sho_action = '1';
    tell(restriction);
    EXPECT_TRUE(view().short_sale_restricted);
    EXPECT_FALSE(view(1).short_sale_restricted);
    EXPECT_FALSE(view(1).book().halted());
    EXPECT_TRUE(view().on_tick(Price{1'000'100}));
    EXPECT_FALSE(view().on_tick(Price{1'000'101}));
}

}  // namespace
}  // namespace colo
