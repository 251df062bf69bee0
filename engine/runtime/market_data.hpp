// The market as the feed tells it: the books of the traded instruments, their trading phase, and the venue's time.
//
// Messages of instruments that are not traded are left out before they cost anything; they are recorded all the same.
#pragma once

#include <algorithm>
#include <optional>
#include <vector>

#include "engine/book/itch_books.hpp"
#include "engine/orders/risk.hpp"
#include "engine/runtime/config.hpp"
#include "engine/runtime/strategy.hpp"

namespace colo {

class MarketData {
public:
    // What a message changed: one traded instrument, or the phase of all of them.
    struct Change {
        std::optional<InstrumentIndex> instrument;
        bool every_instrument = false;
        bool well_formed = true;
    };

    explicit MarketData(const EngineConfig& config)
        : instruments_(config.instruments), resting_orders_(config.tables.resting_orders), index_of_(1 << 16, none), rules_(instruments_.size()) {
        for (const StrategyConfig& strategy : config.strategies)
            for (const InstrumentIndex index : strategy.instruments) {
                index_of_[instruments_[index.value()].locate.value()] = index.value();
                traded_.push_back(index);
            }
        prepare_books();
    }

    Change apply(Bytes message) {
        if (!itch50::well_formed(message)) {
            ++malformed_;
            return {std::nullopt, false, false};
        }
        const itch50::Header& header = itch50::header_of(message);
        venue_time_ = std::max(venue_time_, header.timestamp.get());
        if (header.message_type == itch50::SystemEvent::type) return on_system_event(message);
        const std::uint32_t index = index_of_[header.stock_locate.get().value()];
        if (index == none) return {};
        if (header.message_type == itch50::RegShoRestriction::type || header.message_type == itch50::LuldAuctionCollar::type)
            [[unlikely]] note_rule(index, message);
        books_.update(message.data());
        return {InstrumentIndex{index}, false, true};
    }

    // The memory that a packet's messages will touch, all of it asked for before the first is applied: without that, each
    // waits for its own. A single message has nothing to gain.
    template <class Packet>
    void fetch(const Packet& packet) const {
        if (packet.message_count() < 2) return;
        LookAhead ahead(books_.books());
        std::size_t expected = 0;
        for (const auto [sequence, message] : packet) {
            if (!itch50::well_formed(message)) continue;
            if (index_of_[itch50::header_of(message).stock_locate.get().value()] == none) continue;
            books_.expect(message.data(), ahead);
            if (++expected == LookAhead::messages_max) break;
        }
        for (int step = 0; step < 3; ++step) ahead.advance();
    }

    // Before a snapshot. What the day has told of market hours stays known.
    void clear_books() {
        books_.clear();
        prepare_books();
    }

    [[nodiscard]] MarketView view(InstrumentIndex index, Quantity position, Timestamp now) const {
        const InstrumentConfig& instrument = instruments_[index.value()];
        const Book& book = books_.book(instrument.locate);
        const Top& top = book.top();
        return {index, phase(book), top.bid_price, top.ask_price, top.bid_quantity, top.ask_quantity,
                book.last_trade().price, instrument.tick_size, position, now,
                rules_[index.value()].short_sale_restricted, rules_[index.value()].collar, &books_, instrument.locate};
    }
    [[nodiscard]] static MarketReference reference(const MarketView& view) {
        return {view.bid, view.ask, view.last_trade, view.phase, view.short_sale_restricted};
    }
    [[nodiscard]] const Book& book(InstrumentIndex index) const {
        return books_.book(instruments_[index.value()].locate);
    }

    [[nodiscard]] const std::vector<InstrumentIndex>& traded() const { return traded_; }
    [[nodiscard]] SessionTime venue_time() const { return venue_time_; }
    [[nodiscard]] std::uint64_t malformed() const { return malformed_; }
    [[nodiscard]] const ItchBooks::Counts& counts() const { return books_.counts(); }

private:
    static constexpr std::uint32_t none = 0xFFFFFFFF;

    void prepare_books() {
        for (const InstrumentIndex index : traded_) {
            const InstrumentConfig& instrument = instruments_[index.value()];
            books_.books().set_tick(instrument.locate.value(), instrument.tick_size);
        }
        books_.books().prefault(resting_orders_);
    }

    // What the feed says of how an instrument may be traded, beside its book.
    struct Rules {
        bool short_sale_restricted = false;
        AuctionCollar collar;
    };
    void note_rule(std::uint32_t index, Bytes message) {
        if (itch50::type_of(message) == itch50::RegShoRestriction::type) {
            rules_[index].short_sale_restricted = overlay<itch50::RegShoRestriction>(message).reg_sho_action != '0';
            return;
        }
        const auto& told = overlay<itch50::LuldAuctionCollar>(message);
        rules_[index].collar = {told.auction_collar_reference_price, told.lower_auction_collar_price,
                                told.upper_auction_collar_price, told.auction_collar_extension.get()};
    }

    Change on_system_event(Bytes message) {
        market_hours_ = overlay<itch50::SystemEvent>(message).event_code;
        books_.update(message.data());
        return {std::nullopt, true, true};
    }

    // A recording without system events counts as market hours all along.
    [[nodiscard]] TradingPhase phase(const Book& book) const {
        if (market_hours_ != ' ' && market_hours_ != 'Q') return TradingPhase::closed;
        if (!book.halted()) return TradingPhase::continuous;
        return book.trading_state() == 'Q' && book.fault() == BookStatus::ok ? TradingPhase::auction
                                                                              : TradingPhase::halted;
    }

    std::vector<InstrumentConfig> instruments_;
    std::uint32_t resting_orders_;
    std::vector<std::uint32_t> index_of_;  // by locate
    std::vector<InstrumentIndex> traded_;
    std::vector<Rules> rules_;             // by instrument index
    ItchBooks books_;
    SessionTime venue_time_;
    char market_hours_ = ' ';  // the latest system event, ' ' before the first
    std::uint64_t malformed_ = 0;
};

}  // namespace colo
