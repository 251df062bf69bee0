// A strategy that quotes anything: good prices and bad, too much, too far away, off the tick, through the other side.
//
// It is a function of its seed and of what it was shown, as the Strategy concept asks, and every fill and position that
// it is told changes what it wants next, so that a replay in which anything differs soon gives other orders.
#pragma once

#include "engine/runtime/strategy.hpp"
#include "tests/simulation/scenario.hpp"

namespace colo::simulation {

class Quoter {
public:
    explicit Quoter(const Scenario& scenario) : state_(simulator::mixed(scenario.seed ^ 0x9007e5u)), mistake_(scenario.mistake) {}

    [[nodiscard]] Quotes on_book(const MarketView& market) {
        PerInstrument& mine = wanted_[market.instrument.value() % wanted_.size()];
        const std::uint64_t seen = simulator::mixed(static_cast<std::uint64_t>(market.bid.value() * 3 + market.ask.value()) ^
                                                    static_cast<std::uint64_t>(market.phase) << 60);
        if (seen != mine.seen) {
            mine.seen = seen;
            mine.answers_without_change = 0;
            mine.quotes = market.phase == TradingPhase::closed ? Quotes{} : drawn(market, mine.quotes);
        }
        // Who is refused again and again gives up, until the market moves.
        if (++mine.answers_without_change > 12) mine.quotes = {};
        return mine.quotes;
    }
    void on_fill(const Fill& fill) {
        state_ = simulator::mixed(state_ ^ fill.match_number.value() ^ static_cast<std::uint64_t>(fill.quantity.value()));
    }

private:
    struct PerInstrument {
        std::uint64_t seen = 0;
        std::uint64_t answers_without_change = 0;
        Quotes quotes;
    };

    Quotes drawn(const MarketView& market, Quotes quotes) {
        state_ = simulator::mixed(state_ ^ static_cast<std::uint64_t>(market.position.value()));
        RandomSource random(state_);
        if (mistake_ == Mistake::clock_in_strategy && ++calls_ever % 64 == 0) state_ ^= calls_ever;
        for (const Side side : {Side::buy, Side::sell}) {
            std::optional<Quote>& quote = side == Side::buy ? quotes.bid : quotes.ask;
            if (random.chance(0.3)) continue;
            quote.reset();
            if (random.chance(0.2)) continue;
            const Price touch = side == Side::buy ? market.bid : market.ask;
            if (touch <= Price{0}) continue;
            const std::int64_t away = 100 * random.between(random.chance(0.1) ? -4 : 0, random.chance(0.03) ? 3000 : 4);
            const Price price = side == Side::buy ? touch - Price{away} : touch + Price{away};
            const std::int64_t quantity = random.chance(0.04) ? random.between(-100, 5000) : random.between(1, 30) * 20;
            quote = Quote{random.chance(0.03) ? price + Price{37} : price, Quantity{quantity}};
        }
        return quotes;
    }

    inline static std::uint64_t calls_ever = 0;  // of every Quoter there was: what no replay can know
    std::uint64_t state_;
    Mistake mistake_;
    std::array<PerInstrument, 4> wanted_{};
};

static_assert(Strategy<Quoter>);

}  // namespace colo::simulation
