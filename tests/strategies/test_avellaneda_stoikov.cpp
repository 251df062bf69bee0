// Avellaneda-Stoikov: the paper's results from the code that trades, and what that code makes of a live book.
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "strategies/avellaneda_stoikov/decision.hpp"

namespace colo::avellaneda_stoikov {
namespace {

// ---- The paper's simulation (section 3.3): s = 100, T = 1, sigma = 2, dt = 0.005, q = 0, k = 1.5, A = 140 ----

struct Published {
    double gamma;
    bool symmetric;  // the average spread of the inventory strategy, around the mid price
    double spread, profit, profit_deviation, inventory_deviation;
};

// Recomputed with 100,000 paths from the stated formulas. The paper's own deviations of the symmetric strategy lie 2.4
// to 2.8 standard errors below what its 1,000 paths converge to.
constexpr Published published[] = {
    {0.1, false, 1.492, 64.9, 6.55, 2.93},  {0.1, true, 1.492, 68.3, 13.42, 8.39},
    {0.01, false, 1.349, 68.4, 8.97, 5.22}, {0.01, true, 1.349, 68.7, 13.65, 8.69},
    {1.0, false, 3.032, 31.4, 4.83, 1.64},  {1.0, true, 3.032, 43.8, 10.72, 5.17},
};

class Moments {
public:
    void add(double value) {
        ++count_;
        const double before = value - mean_;
        mean_ += before / count_;
        squares_ += before * (value - mean_);
    }
    [[nodiscard]] double mean() const { return mean_; }
    [[nodiscard]] double deviation() const { return std::sqrt(squares_ / (count_ - 1)); }

private:
    double count_ = 0, mean_ = 0, squares_ = 0;
};

struct Simulated {
    Moments spread, profit, inventory;
};

Simulated simulate(const Published& row, int paths, std::mt19937_64& random) {
    constexpr double horizon = 1, sigma = 2, k = 1.5, intensity = 140;
    constexpr int steps = 200;
    constexpr double step = horizon / steps;
    constexpr double mean_time_left = horizon / 2 + step / 2;
    const double move = sigma * std::sqrt(step);
    const Model model(row.gamma, k);
    std::uniform_real_distribution<double> uniform(0, 1);
    Simulated simulated;
    for (int path = 0; path < paths; ++path) {
        double mid = 100, cash = 0, inventory = 0;
        for (int i = 0; i < steps; ++i) {
            const double time_left = horizon - i * step;
            const QuotePrices quote = row.symmetric ? model.quote(mid, 0, sigma * sigma, mean_time_left)
                                                    : model.quote(mid, inventory, sigma * sigma, time_left);
            simulated.spread.add(quote.ask - quote.bid);
            // The probability of a fill in a step is literally lambda dt (1 - exp(-lambda dt) gives 57.2, not 65).
            const bool sold = uniform(random) < intensity * std::exp(-k * (quote.ask - mid)) * step;
            const bool bought = uniform(random) < intensity * std::exp(-k * (mid - quote.bid)) * step;
            if (sold) cash += quote.ask;
            if (bought) cash -= quote.bid;
            inventory += static_cast<double>(bought) - static_cast<double>(sold);
            mid += (random() >> 63) != 0 ? move : -move;
        }
        simulated.profit.add(cash + inventory * mid);
        simulated.inventory.add(inventory);
    }
    return simulated;
}

TEST(AvellanedaStoikovPaper, ResultsAreReproduced) {
    constexpr int paths = 20'000;
    constexpr std::uint64_t seed = 2008;
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    // Four standard errors of both samples, and half of the last digit given.
    const double errors = 4 * std::sqrt(1.0 / paths + 1.0 / 100'000);
    for (const Published& row : published) {
        SCOPED_TRACE("gamma " + std::to_string(row.gamma) + (row.symmetric ? ", symmetric" : ", inventory"));
        const Simulated found = simulate(row, paths, random);
        EXPECT_NEAR(found.spread.mean(), row.spread, 0.0006);
        EXPECT_NEAR(found.profit.mean(), row.profit, errors * row.profit_deviation + 0.05);
        EXPECT_NEAR(found.profit.deviation(), row.profit_deviation, errors * row.profit_deviation + 0.005);
        EXPECT_NEAR(found.inventory.deviation(), row.inventory_deviation, errors * row.inventory_deviation + 0.005);
        EXPECT_NEAR(found.inventory.mean(), 0, errors * row.inventory_deviation);
    }
}

TEST(AvellanedaStoikovPaper, FormulaLeansAgainstInventory) {
    const Model model(0.1, 1.5);
    EXPECT_DOUBLE_EQ(model.reservation_price(100, 3, 4, 0.5), 100 - 3 * 0.1 * 4 * 0.5);
    EXPECT_NEAR(model.spread(4, 0), 2 / 0.1 * std::log(1 + 0.1 / 1.5), 1e-12);
    EXPECT_LT(model.quote(100, 5, 4, 1).ask, model.quote(100, 0, 4, 1).ask);
    EXPECT_LT(model.quote(100, 5, 4, 1).bid, model.quote(100, 0, 4, 1).bid);
}

// ---- On a live book ----

class LiveTest : public testing::Test {
protected:
    ParameterValues parameters{100, 0.1, 60'000, 10, 60'000, 300, 2, 3};
    AvellanedaStoikov strategy{parameters, 1};
    MarketView market{InstrumentIndex{0}, TradingPhase::continuous, Price{2'199'000}, Price{2'201'000}, Quantity{100},
                      Quantity{100}, Price{2'200'000}, Price{100}, Quantity{0}, Timestamp{0}};

    // Prices that move by a cent up and down each second, for so long.
    Quotes watch(int seconds_long) {
        Quotes quotes;
        for (int i = 0; i < seconds_long; ++i) {
            const Price move{i % 2 == 0 ? 100 : -100};
            market.bid += move;
            market.ask += move;
            market.now += seconds(1);
            quotes = strategy.on_book(market);
        }
        return quotes;
    }
    Quotes watch_closely();
};

// Until the variance is known; from then on each quote stands at its target.
Quotes LiveTest::watch_closely() {
    watch(62);
    parameters[7] = 1;
    strategy.set_parameters(parameters);
    return strategy.on_book(market);
}

TEST_F(LiveTest, WaitsUntilItKnowsTheVariance) {
    EXPECT_FALSE(watch(60).bid);
    const Quotes quotes = watch(2);
    ASSERT_TRUE(quotes.bid && quotes.ask);
    EXPECT_LT(quotes.bid->price, market.ask);
    EXPECT_GT(quotes.ask->price, market.bid);
    EXPECT_EQ(quotes.bid->price.value() % 100, 0);
    EXPECT_EQ(quotes.bid->quantity, Quantity{100});
    // 2 / k is 20 cents; rounding outwards adds less than a tick on each side.
    EXPECT_NEAR(static_cast<double>((quotes.ask->price - quotes.bid->price).value()), 2'000, 250);
}

TEST_F(LiveTest, VarianceIsThatOfThePrices) {
    VarianceEstimate estimate(seconds(60));
    double mid = 100;
    std::mt19937_64 random(7);
    std::normal_distribution<double> move(0, 0.05);
    Moments over_time;
    for (int i = 0; i < 20'000; ++i) {
        estimate.observe(mid += move(random), Timestamp{i * 1'000'000'000LL});
        if (i > 100) over_time.add(*estimate.per_second());
    }
    EXPECT_NEAR(over_time.mean(), 0.05 * 0.05, 0.0001);
}

TEST_F(LiveTest, ActsInContinuousTradingOnly) {
    ASSERT_TRUE(watch(62).bid);
    for (const TradingPhase phase : {TradingPhase::closed, TradingPhase::auction, TradingPhase::halted}) {
        market.phase = phase;
        const Quotes quotes = strategy.on_book(market);
        EXPECT_FALSE(quotes.bid || quotes.ask);
    }
    market.phase = TradingPhase::continuous;
    EXPECT_TRUE(strategy.on_book(market).bid);
    market.ask = Price{0};
    EXPECT_FALSE(strategy.on_book(market).bid) << "a book with one side has no mid price";
}

TEST_F(LiveTest, LeavesAQuoteUntilItsTargetHasMovedFarEnough) {
    const Quotes before = watch(62);
    market.bid += Price{200};
    market.ask += Price{200};
    EXPECT_EQ(strategy.on_book(market).bid, before.bid) << "two ticks are less than three";
    market.bid += Price{300};
    market.ask += Price{300};
    EXPECT_GT(strategy.on_book(market).bid->price, before.bid->price);
}

TEST_F(LiveTest, NeverCrossesTheBook) {
    std::mt19937_64 random(11);
    ASSERT_TRUE(watch(62).bid);
    for (int i = 0; i < 20'000; ++i) {
        market.bid = Price{2'200'000 + static_cast<std::int64_t>(random() % 400) * 100};
        market.ask = market.bid + Price{100 + static_cast<std::int64_t>(random() % 20) * 100};
        market.position = Quantity{static_cast<std::int64_t>(random() % 601) - 300};
        market.now += milliseconds(static_cast<std::int64_t>(random() % 2'000));
        const Quotes quotes = strategy.on_book(market);
        if (quotes.bid) {
            ASSERT_LT(quotes.bid->price, market.ask);
        }
        if (quotes.ask) {
            ASSERT_GT(quotes.ask->price, market.bid);
        }
        if (quotes.bid && quotes.ask) {
            ASSERT_LT(quotes.bid->price, quotes.ask->price);
        }
    }
}

TEST_F(LiveTest, StopsAddingAtItsLargestInventory) {
    market.position = Quantity{250};
    Quotes quotes = watch(62);
    EXPECT_FALSE(quotes.bid);
    EXPECT_TRUE(quotes.ask);
    market.position = Quantity{-250};
    quotes = strategy.on_book(market);
    EXPECT_TRUE(quotes.bid);
    EXPECT_FALSE(quotes.ask);
}

// A model that gives so many ticks where an input is above zero, else as many below.
TreeModel sign_of(std::uint16_t input, double ticks) {
    TreeModel model;
    model.value_max = 50;
    model.tree_count = 1;
    model.node_count = 3;
    model.nodes[0] = {0, input, 1, 2, 0};
    model.nodes[1] = {-ticks, TreeNode::leaf, 0, 0, 0};
    model.nodes[2] = {ticks, TreeNode::leaf, 0, 0, 0};
    return model;
}

TEST_F(LiveTest, QuotesStandAroundWhereTheModelExpectsThePrice) {
    const Quotes without = watch_closely();
    strategy.set_model(sign_of(0, 4));
    market.bid_quantity = Quantity{300};  // imbalance 0.5
    const Quotes up = strategy.on_book(market);
    EXPECT_EQ(up.bid->price - without.bid->price, Price{400});
    EXPECT_EQ(up.ask->price - without.ask->price, Price{400});
    market.bid_quantity = Quantity{50};
    EXPECT_EQ(strategy.on_book(market).bid->price - without.bid->price, Price{-400});
    strategy.set_model(TreeModel{});
    EXPECT_EQ(strategy.on_book(market).bid, without.bid);
}

TEST_F(LiveTest, AModelSeesEachInput) {
    const Quotes without = watch_closely();
    const auto moved = [&](std::uint16_t input) {
        strategy.set_model(sign_of(input, 4));
        return (strategy.on_book(market).bid->price - without.bid->price).value() / 100;
    };
    EXPECT_EQ(moved(1), 4) << "the spread is positive";
    EXPECT_EQ(moved(3), 4) << "so is the volatility";
    market.last_trade = market.bid;
    EXPECT_EQ(moved(2), -4);
    market.last_trade = market.ask;
    EXPECT_EQ(moved(2), 4);
    market.last_trade = Price{0};
    EXPECT_EQ(moved(2), -4) << "zero is not above zero";
    market.position = Quantity{1};
    EXPECT_EQ(moved(4), 4);
}

TEST(AvellanedaStoikovParameters, AreReadByNameAndWithinBounds) {
    const std::string sound = R"({"quote_quantity": 100, "gamma": 0.1, "sigma_window_ms": 60000, "k": 10, "horizon_ms": 60000,
                                  "inventory_max": 500, "spread_ticks_min": 2, "requote_ticks": 5})";
    EXPECT_EQ(read_parameters(JsonField::parse(sound, "engine.json"))[2], 60'000);
    std::string wrong = sound;
    wrong.replace(wrong.find("0.1"), 3, "0.0");
    try {
        static_cast<void>(read_parameters(JsonField::parse(wrong, "engine.json")));
        FAIL() << "gamma 0 was accepted";
    } catch (const ConfigError& error) {
        EXPECT_STREQ(error.what(), "engine.json: gamma: must be a number above 0.0");
    }
}

}  // namespace
}  // namespace colo::avellaneda_stoikov
