// The decision of decision.hpp.
#include "strategies/avellaneda_stoikov/decision.hpp"

#include <algorithm>
#include <cmath>

namespace colo::avellaneda_stoikov {

namespace {
constexpr double dollar = 10'000.0;  // price units
constexpr double second = 1e9;       // nanoseconds

double dollars(Price price) { return static_cast<double>(price.value()) / dollar; }

// Bids are rounded down and asks up: a rounded quote is never nearer to trading than the formula's.
Price tick_below(double price, Price tick) {
    return tick * static_cast<std::int64_t>(std::floor(price * dollar / static_cast<double>(tick.value())));
}
Price tick_above(double price, Price tick) {
    return tick * static_cast<std::int64_t>(std::ceil(price * dollar / static_cast<double>(tick.value())));
}
}  // namespace

Model::Model(double gamma, double k) : gamma_(gamma), intensity_spread_(2 / gamma * std::log1p(gamma / k)) {}

ParameterValues read_parameters(const JsonField& field) {
    ParameterValues values{};
    for (std::size_t i = 0; i < values.size(); ++i) {
        const ParameterRule& rule = parameter_rules[i];
        const JsonField value = field[std::string(rule.name)];
        if (rule.whole) {
            values[i] = static_cast<double>(
                value.integer(static_cast<std::int64_t>(rule.above) + 1, static_cast<std::int64_t>(rule.at_most)));
        } else {
            values[i] = value.number_above(rule.above);
            if (!rule.allows(values[i])) value.fail("must be at most " + std::to_string(rule.at_most));
        }
    }
    return values;
}

namespace {
Parameters parameters_of(std::span<const double> values) {
    const auto whole = [&](std::size_t at) { return static_cast<std::int64_t>(values[at]); };
    Parameters parameters;
    parameters.quote_quantity = Quantity{whole(0)};
    parameters.gamma = values[1];
    parameters.sigma_window = milliseconds(whole(2));
    parameters.k = values[3];
    parameters.horizon = milliseconds(whole(4));
    parameters.inventory_max = Quantity{whole(5)};
    parameters.spread_ticks_min = whole(6);
    parameters.requote_ticks = whole(7);
    return parameters;
}
}  // namespace

void VarianceEstimate::observe(double mid, Timestamp now) {
    if (samples_ == 0) {
        last_mid_ = mid;
        last_sample_ = now;
        samples_ = 1;
        return;
    }
    const Duration elapsed = now - last_sample_;
    if (elapsed < sample_distance_) return;
    const double elapsed_s = static_cast<double>(elapsed.value()) / second;
    const double move = mid - last_mid_;
    // The first window is a plain average; afterwards old samples fade.
    const double faded = static_cast<double>(elapsed.value()) / static_cast<double>(window_.value());
    const double weight = std::min(1.0, std::max(faded, 1.0 / static_cast<double>(samples_)));
    variance_ += weight * (move * move / elapsed_s - variance_);
    last_mid_ = mid;
    last_sample_ = now;
    ++samples_;
}

std::optional<double> VarianceEstimate::per_second() const {
    if (samples_ <= samples_a_window) return std::nullopt;
    return variance_;
}

AvellanedaStoikov::AvellanedaStoikov(const ParameterValues& values, std::size_t instruments)
    : values_(values), parameters_(parameters_of(values)), model_(parameters_.gamma, parameters_.k),
      instruments_(instruments, PerInstrument{VarianceEstimate(parameters_.sigma_window), {}, {}}) {}

void AvellanedaStoikov::set_parameters(std::span<const double> values) {
    std::copy_n(values.begin(), values_.size(), values_.begin());
    parameters_ = parameters_of(values_);
    model_ = Model(parameters_.gamma, parameters_.k);
    for (PerInstrument& instrument : instruments_) instrument.variance.set_window(parameters_.sigma_window);
}

Quotes AvellanedaStoikov::on_book(const MarketView& market) {
    PerInstrument& own = instruments_[market.instrument.value()];
    if (market.phase != TradingPhase::continuous || !market.two_sided()) {
        own.bid.reset();
        own.ask.reset();
        return {};
    }
    own.variance.observe((dollars(market.bid) + dollars(market.ask)) / 2, market.now);
    const std::optional<double> variance = own.variance.per_second();
    if (!variance) return {};
    const Quotes wanted = target(market, *variance);
    return {keep_or_move(own.bid, wanted.bid, market, Side::buy), keep_or_move(own.ask, wanted.ask, market, Side::sell)};
}

double AvellanedaStoikov::expected_move(const MarketView& market, double variance, double inventory) const {
    const double tick = dollars(market.tick_size);
    const double mid = (dollars(market.bid) + dollars(market.ask)) / 2;
    const auto bid = static_cast<double>(market.bid_quantity.value());
    const auto ask = static_cast<double>(market.ask_quantity.value());
    const std::array<double, avellaneda_stoikov::model_inputs.size()> inputs = {
        bid + ask > 0 ? (bid - ask) / (bid + ask) : 0, (dollars(market.ask) - dollars(market.bid)) / tick,
        market.last_trade > Price{0} ? (dollars(market.last_trade) - mid) / tick : 0, std::sqrt(variance) / tick,
        inventory};
    return forecast_.value(inputs) * tick;
}

Quotes AvellanedaStoikov::target(const MarketView& market, double variance) const {
    const double inventory =
        static_cast<double>(market.position.value()) / static_cast<double>(parameters_.quote_quantity.value());
    double mid = (dollars(market.bid) + dollars(market.ask)) / 2;
    if (forecast_.tree_count > 0) mid += expected_move(market, variance, inventory);
    const double horizon_s = static_cast<double>(parameters_.horizon.value()) / second;
    const QuotePrices prices = model_.quote(mid, inventory, variance, horizon_s);
    const Price tick = market.tick_size;
    Price bid = tick_below(prices.bid, tick);
    Price ask = tick_above(prices.ask, tick);
    while (ask - bid < tick * parameters_.spread_ticks_min) {
        bid -= tick;
        if (ask - bid < tick * parameters_.spread_ticks_min) ask += tick;
    }
    // A maker only: never at or through the other side.
    bid = std::min(bid, market.ask - tick);
    ask = std::max(ask, market.bid + tick);
    Quotes quotes;
    if (market.position + parameters_.quote_quantity <= parameters_.inventory_max && bid > Price{0})
        quotes.bid = Quote{bid, parameters_.quote_quantity};
    if (market.position - parameters_.quote_quantity >= -parameters_.inventory_max)
        quotes.ask = Quote{ask, parameters_.quote_quantity};
    return quotes;
}

// A quote that moves loses its place in the queue: it stays until its target is requote_ticks away, unless the book has
// come so near that it would trade as a taker if it were entered now.
std::optional<Quote> AvellanedaStoikov::keep_or_move(std::optional<Price>& standing, const std::optional<Quote>& wanted,
                                                     const MarketView& market, Side side) const {
    if (!wanted) {
        standing.reset();
        return std::nullopt;
    }
    const Price threshold = market.tick_size * parameters_.requote_ticks;
    const bool crossing = standing && (side == Side::buy ? *standing >= market.ask : *standing <= market.bid);
    const bool near = standing && *standing - wanted->price < threshold && wanted->price - *standing < threshold;
    if (!near || crossing) standing = wanted->price;
    return Quote{*standing, wanted->quantity};
}

}  // namespace colo::avellaneda_stoikov
