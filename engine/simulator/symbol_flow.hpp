// The order flow of one generated instrument: zero-intelligence orders around a latent efficient price that informed
// traders know.
//
// Limit orders arrive at random distances from the touch, cancellations fall on orders at random (the young and the
// near more often), market orders take from the best level on; rates and shape follow the zero-intelligence models of
// Smith, Farmer, Gillemot and Krishnamurthy (Quantitative Finance 3:481, 2003) and Cont, Stoikov and Talreja
// (Operations Research 58:549, 2010). The efficient price is a random walk with bursts of drift. Where it lies away
// from the mid-price, market orders follow it, stale orders on its side are cancelled, and nobody bids above it: so the
// market moves, and a market maker meets adverse selection.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "engine/simulator/flow_book.hpp"
#include "engine/simulator/random_source.hpp"
#include "engine/simulator/session_writer.hpp"

namespace colo::simulator {

class SymbolFlow {
public:
    struct Parameters {
        std::string symbol;
        Locate locate;
        Price opening_price;
        double spread_ticks = 4;        // about which the spread settles
        std::size_t live_orders = 300;  // about which the number of open orders settles
    };

    SymbolFlow(const Parameters& parameters, std::uint64_t seed, SessionWriter& writer);

    // One more order of the book that continuous trading opens with.
    void build(SessionTime time);
    // One event of continuous trading, of one or a few messages.
    void trade(SessionTime time);
    // An event while trading is halted: a cancellation.
    void withdraw(SessionTime time);
    // A net order imbalance indication before a cross of this type, and the cross: 'O' opening, 'C' closing, 'H' halt.
    void indicate(SessionTime time, char cross_type);
    void cross(SessionTime time, char cross_type);
    // Trading action of this instrument.
    void act(SessionTime time, char trading_state, const char* reason);
    // Breaks one of the latest trades; nothing where there was none.
    void break_trade(SessionTime time);

    [[nodiscard]] const Parameters& parameters() const { return parameters_; }
    [[nodiscard]] const FlowBook& book() const { return book_; }

private:
    static constexpr std::int64_t tick = 100;

    void move_efficient_price(SessionTime time);
    // Distance of the efficient price from the mid-price in spreads, from -2 to 2.
    [[nodiscard]] double pressure() const;
    void add(SessionTime time, Side side);
    void place(SessionTime time, Side side, Price price, Quantity quantity);
    void remove_one(SessionTime time);
    void replace_one(SessionTime time);
    void reduce_one(SessionTime time);
    void market_order(SessionTime time);
    void execute_first(SessionTime time, Side resting, Quantity quantity);
    void hidden_trade(SessionTime time);
    [[nodiscard]] Price limit_price(Side side);
    [[nodiscard]] Quantity quantity();
    [[nodiscard]] std::uint32_t chosen();
    [[nodiscard]] bool thin(Side side) const { return book_.count(side) < 15; }
    void remember(MatchNumber match);

    Parameters parameters_;
    RandomSource random_;
    SessionWriter* writer_;
    FlowBook book_;
    itch50::Stock stock_;
    double efficient_price_;      // in ticks
    double drift_ = 0;            // ticks a second
    SessionTime drift_end_;
    SessionTime last_time_;
    std::array<OrderId, 32> young_{};        // the latest orders, by id: a handle may be used again
    std::array<std::uint32_t, 32> young_handles_{};
    std::size_t young_next_ = 0;
    std::array<MatchNumber, 64> matches_{};  // the latest printed trades
    std::size_t match_count_ = 0;
};

}  // namespace colo::simulator
