// Market making after Avellaneda and Stoikov, "High-frequency trading in a limit order book", Quantitative Finance 8(3),
// 2008: quotes around a reservation price that leans against the inventory.
//
// `Model` is the paper's formula and nothing else, so that its published results are a test of this very code.
// `AvellanedaStoikov` applies it to a live book: it estimates the variance, counts inventory in quotes, rounds outwards
// to ticks, stays off the other side of the book, and leaves a quote alone until its target has moved far enough.
// Floating point stays inside: prices leave as whole ticks.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "engine/runtime/json_field.hpp"
#include "engine/runtime/parameters.hpp"
#include "engine/runtime/strategy.hpp"
#include "engine/runtime/tree_model.hpp"

namespace colo::avellaneda_stoikov {

struct QuotePrices {
    double bid;
    double ask;
};

// Prices in dollars, time in any unit that `variance` (dollars squared per unit) shares.
class Model {
public:
    // gamma: risk aversion, 1/dollar; k: decay of the fill intensity with distance, 1/dollar.
    Model(double gamma, double k);

    // Equation 3.17 (indifference price): r = s - q gamma sigma^2 (T - t).
    [[nodiscard]] double reservation_price(double mid, double inventory, double variance, double time_left) const {
        return mid - inventory * gamma_ * variance * time_left;
    }
    // Equation 3.18: bid and ask lie gamma sigma^2 (T - t) + (2 / gamma) ln(1 + gamma / k) apart.
    [[nodiscard]] double spread(double variance, double time_left) const {
        return gamma_ * variance * time_left + intensity_spread_;
    }
    [[nodiscard]] QuotePrices quote(double mid, double inventory, double variance, double time_left) const {
        const double centre = reservation_price(mid, inventory, variance, time_left);
        const double half = spread(variance, time_left) / 2;
        return {centre - half, centre + half};
    }

private:
    double gamma_;
    double intensity_spread_;
};

// As spec.yaml documents them, in its order; a test compares the two. `python -m strategies.parameters` changes them while
// the strategy trades.
inline constexpr std::array<ParameterRule, 8> parameter_rules = {{
    {"quote_quantity", "shares", true, 0, 999'999},
    {"gamma", "1/dollar", false, 0, 1'000'000},
    {"sigma_window_ms", "ms", true, 0, 86'400'000},
    {"k", "1/dollar", false, 0, 1'000'000},
    {"horizon_ms", "ms", true, 0, 86'400'000},
    {"inventory_max", "shares", true, 0, 1'000'000'000},
    {"spread_ticks_min", "ticks", true, -1, 1'000'000},
    {"requote_ticks", "ticks", true, 0, 1'000'000},
}};
using ParameterValues = std::array<double, parameter_rules.size()>;

// What a model may ask for, as spec.yaml documents it; a test compares the two. The model's value is where the price goes,
// in ticks: the quotes stand around the mid price and that. `python -m strategies.model` swaps it.
inline constexpr std::array<std::string_view, 5> model_inputs = {"imbalance", "spread_ticks", "last_trade_ticks",
                                                                 "volatility_ticks", "inventory_quotes"};

struct Parameters {
    Quantity quote_quantity;
    double gamma = 0;
    Duration sigma_window;
    double k = 0;
    Duration horizon;
    Quantity inventory_max;
    std::int64_t spread_ticks_min = 0;
    std::int64_t requote_ticks = 0;
};

// Throws ConfigError.
[[nodiscard]] ParameterValues read_parameters(const JsonField& field);

// Variance of the mid price, dollars squared a second: squared moves between samples, averaged with weights that
// decay over the window. Samples are taken at fixed distances of the engine's clock, so that bursts of messages do not
// turn the bounce of the book into volatility.
class VarianceEstimate {
public:
    explicit VarianceEstimate(Duration window) { set_window(window); }

    // What was seen so far stays seen.
    void set_window(Duration window) {
        window_ = window;
        sample_distance_ = window / samples_a_window;
    }

    void observe(double mid, Timestamp now);
    // Nothing before a whole window was seen.
    [[nodiscard]] std::optional<double> per_second() const;

private:
    static constexpr std::int64_t samples_a_window = 60;
    Duration window_;
    Duration sample_distance_;
    double last_mid_ = 0;
    double variance_ = 0;
    std::int64_t samples_ = 0;
    Timestamp last_sample_;
};

class AvellanedaStoikov {
public:
    // The values are allowed by their rules.
    AvellanedaStoikov(const ParameterValues& values, std::size_t instruments);

    [[nodiscard]] static std::span<const ParameterRule> parameter_rules() { return avellaneda_stoikov::parameter_rules; }
    [[nodiscard]] std::span<const double> parameters() const { return values_; }
    void set_parameters(std::span<const double> values);
    [[nodiscard]] static std::span<const std::string_view> model_inputs() { return avellaneda_stoikov::model_inputs; }
    void set_model(const TreeModel& model) { forecast_ = model; }

    [[nodiscard]] Quotes on_book(const MarketView& market);
    void on_fill(const Fill&) {}  // inventory comes with the market view

private:
    struct PerInstrument {
        VarianceEstimate variance;
        std::optional<Price> bid;
        std::optional<Price> ask;
    };

    // Dollars that the mid price is expected to move by.
    [[nodiscard]] double expected_move(const MarketView& market, double variance, double inventory) const;
    [[nodiscard]] Quotes target(const MarketView& market, double variance) const;
    [[nodiscard]] std::optional<Quote> keep_or_move(std::optional<Price>& standing, const std::optional<Quote>& wanted,
                                                    const MarketView& market, Side side) const;

    ParameterValues values_;
    Parameters parameters_;
    Model model_;
    TreeModel forecast_;
    std::vector<PerInstrument> instruments_;
};

static_assert(Strategy<AvellanedaStoikov> && Tunable<AvellanedaStoikov> && Modelled<AvellanedaStoikov>);

}  // namespace colo::avellaneda_stoikov
