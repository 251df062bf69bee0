// One instrument after a message, as a decision sees it: the best prices at hand, and the whole book behind them.
//
// What most decisions need lies in the view itself. The rest is read from the book where it stands, so that it costs
// nothing to whoever does not ask:
//
//   for (Level level : market.book().levels(Side::buy)) ...       // any level, each order in its place, without copying
//   market.book().imbalance();                                    // of the coming cross (NOII)
//   market.book().halted();
//   double signal = market.imbalance(3);
//   if (const OwnOrder* bid = market.own(Side::buy)) ahead = market.queue_ahead(*bid);
#pragma once

#include <array>
#include <cassert>
#include <cstdint>
#include <optional>

#include "engine/book/itch_books.hpp"
#include "engine/core/types.hpp"
#include "engine/orders/order.hpp"
#include "engine/orders/trading_phase.hpp"

namespace colo {

// The prices within which trading will begin again after a volatility pause (ITCH 5.0, 1.2.7); zeros while none was told.
struct AuctionCollar {
    Price reference, lower, upper;
    std::uint32_t extension = 0;  // how often it was widened
    bool operator==(const AuctionCollar&) const = default;
};

// A side that is empty has price and quantity zero. Valid during the decision.
struct MarketView {
    InstrumentIndex instrument;
    TradingPhase phase{TradingPhase::closed};
    Price bid;
    Price ask;
    Quantity bid_quantity;
    Quantity ask_quantity;
    Price last_trade;
    Price tick_size;    // of the day's reference data
    Quantity position;  // ours
    Timestamp now;      // of the engine's clock: the venue's time in a session, the host's when live
    bool short_sale_restricted = false;  // Regulation SHO rule 201 is in force
    AuctionCollar collar{};
    const ItchBooks* books = nullptr;    // never nothing in a decision
    Locate locate{};
    std::array<const OwnOrder*, 2> working{};  // of ours, bought and sold; nothing where none stands

    [[nodiscard]] bool two_sided() const { return bid > Price{0} && ask > bid; }
    [[nodiscard]] const Book& book() const {
        assert(books != nullptr);
        return books->book(locate);
    }
    // (bids - asks) / (bids + asks) of the displayed quantity at the best `depth` levels of each side: above zero where
    // more is bid for. Zero where there is nothing.
    [[nodiscard]] double imbalance(std::size_t depth = 1) const {
        const double bids = displayed(Side::buy, depth), asks = displayed(Side::sell, depth);
        return bids + asks > 0 ? (bids - asks) / (bids + asks) : 0;
    }
    // The middle, weighted by the quantity on the other side: near the ask where much is bid for. In units of Price, which
    // is too coarse for it. Precondition: two_sided().
    [[nodiscard]] double microprice() const {
        const auto bids = static_cast<double>(bid_quantity.value()), asks = static_cast<double>(ask_quantity.value());
        return (static_cast<double>(bid.value()) * asks + static_cast<double>(ask.value()) * bids) / (bids + asks);
    }
    [[nodiscard]] bool on_tick(Price price) const { return price % tick_size == Price{0}; }

    // Our order of this side, nothing where none stands.
    [[nodiscard]] const OwnOrder* own(Side side) const { return working[side == Side::sell]; }
    // Displayed quantity that trades before any order of the book at its price; nothing where it is not in the book.
    [[nodiscard]] std::optional<Quantity> queue_ahead(OrderId id) const { return books->quantity_ahead(id); }
    // The same for an order of ours, where the feed shows it; where it does not, as in a simulated session, all that is
    // displayed at its price: never too little.
    [[nodiscard]] Quantity queue_ahead(const OwnOrder& order) const {
        if (const auto known = books->quantity_ahead(order.venue_id)) return *known;
        const auto level = book().level(order.side, order.price);
        return level ? level->quantity() : Quantity{0};
    }
    // The sum of a side's best levels.
    [[nodiscard]] double displayed(Side side, std::size_t depth) const {
        if (depth == 1) return static_cast<double>((side == Side::buy ? bid_quantity : ask_quantity).value());
        std::int64_t sum = 0;
        for (const Level level : book().levels(side)) {
            if (depth-- == 0) break;
            sum += level.quantity().value();
        }
        return static_cast<double>(sum);
    }
};

}  // namespace colo
