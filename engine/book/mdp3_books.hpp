// Books kept by a CME MDP 3.0 channel: what each message means to an instrument's price levels and to its orders.
//
// CME sends two views of one market, and each is kept in Books of its own: `levels()`, the ten best prices of each side
// with their sums and two implied ones (an implied level stands behind the real one at its price), and `orders()`, every
// order ranked by CME's order priority, which is not arrival. An event of the matching engine is many messages, in which
// the book may be crossed; the consumer is told at its end and acts there only:
//
//   Mdp3Books books;
//   struct Consumer { void on_event(const Mdp3Event& event); };        // books are consistent now
//   books.apply(packet, consumer);                                     // packets in order: BasicArbiter<mdp3::Packet>
//   Top top = books.levels().book(*books.find(security_id)).top();     // prices count 10^-9
//
// A snapshot's packets are applied the same way; what they cover is passed over in the incremental feed. Where entries of
// an instrument were lost (its rpt_seq jumps), its books are emptied, and known again by snapshot or, level by level, by
// what is sent. A channel reset empties all books; a feed whose packet numbers begin anew needs a new arbiter.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "engine/book/books.hpp"
#include "engine/book/mdp3_instruments.hpp"
#include "engine/book/order_books.hpp"
#include "engine/protocol/mdp3.hpp"

namespace colo {

struct Mdp3Trade {
    std::uint16_t instrument;
    mdp3::MDUpdateAction action;  // new_, or a correction: change, delete_
    mdp3::AggressorSide aggressor;
    Price price;
    Quantity quantity;
    std::int32_t order_count;
};

// What one event of the matching engine did, told when the last of its messages is applied. Valid during the call.
struct Mdp3Event {
    SequenceNumber sequence;  // of the packet that ended it
    Timestamp time;
    std::span<const std::uint16_t> instruments;  // whose books or states it touched, each once
    std::span<const Mdp3Trade> trades;
};

template <class T>
concept Mdp3Sink = requires(T sink, const Mdp3Event& event) { sink.on_event(event); };

template <RankedBooks AnyBooks>
class BasicMdp3Books {
public:
    struct Counts {
        std::uint64_t packets = 0, messages = 0, events = 0, entries = 0, trades = 0;
        std::uint64_t unknown_templates = 0;  // passed over by their length
        std::uint64_t malformed = 0;          // a block or group that leaves its message: passed over
        std::uint64_t old_entries = 0;        // that a snapshot covers already
        std::uint64_t rpt_gaps = 0;           // of an instrument: its books were emptied
        std::uint64_t disagreements = 0;      // a level sent was not the one known at its place
        std::uint64_t unknown_orders = 0, duplicate_orders = 0, invalid_fields = 0, out_of_capacity = 0;
        std::uint64_t untold = 0;             // trades beyond what an event has room for, instruments beyond the table
    };

    template <class... Args>
    explicit BasicMdp3Books(Args... args) : levels_(args...), orders_(args...) {
        touched_.reserve(Mdp3Instruments::count_max);
        trades_.reserve(trades_max);
    }

    template <Mdp3Sink Sink>
    void apply(const mdp3::Packet& packet, Sink& sink) {
        ++counts_.packets;
        sequence_ = packet.sequence();
        sending_time_ = packet.sending_time();
        for (const mdp3::Message message : packet.messages()) {
            ++counts_.messages;
            const auto visited = mdp3::visit(message, [&](const auto& decoded) { take(decoded, sink); });
            if (visited == mdp3::Visited::unknown_template) ++counts_.unknown_templates;
            if (visited == mdp3::Visited::malformed) ++counts_.malformed;
        }
    }

    // Forgets instruments, books and counts, for a new session.
    void clear() {
        levels_.clear();
        orders_.clear();
        instruments_.clear();
        counts_ = {};
        touched_.clear();
        trades_.clear();
    }

    [[nodiscard]] const AnyBooks& levels() const { return levels_; }
    [[nodiscard]] const AnyBooks& orders() const { return orders_; }
    [[nodiscard]] const Mdp3Instruments& instruments() const { return instruments_; }
    // The instrument's number in both books.
    [[nodiscard]] std::optional<std::uint16_t> find(mdp3::SecurityId id) const {
        const Mdp3Instrument* found = instruments_.find(id);
        return found != nullptr ? std::optional(found->index) : std::nullopt;
    }
    [[nodiscard]] const Counts& counts() const { return counts_; }
    // Whether an event has begun whose end has not been seen: the books may be crossed.
    [[nodiscard]] bool within_event() const { return !touched_.empty() || !trades_.empty(); }

private:
    static constexpr std::size_t trades_max = 4096;  // of one event
    template <class Type, class... Among>
    static constexpr bool one_of = (std::same_as<Type, Among> || ...);

    // The entries by which a side's price levels stand in the Books: real ones before implied ones of the same price.
    struct LevelEntries {
        BasicMdp3Books& owner;
        std::uint16_t instrument;
        Side side;
        bool implied;

        [[nodiscard]] OrderId id(std::uint8_t entry) const {
            return OrderId{std::uint64_t{instrument} << 5 | std::uint64_t{side == Side::sell} << 4 | entry};
        }
        void add(std::uint8_t entry, const AggregatedLevel& level) {
            owner.count(owner.levels_.add(instrument, id(entry), side, level.price, level.quantity, Priority{implied}));
        }
        void modify(std::uint8_t entry, const AggregatedLevel& level) {
            owner.count(owner.levels_.modify(instrument, id(entry), level.price, level.quantity, Priority{implied}));
        }
        void remove(std::uint8_t entry) { owner.count(owner.levels_.remove(instrument, id(entry))); }
    };

    template <class Type, class Sink>
    void take(const sbe::Decoded<Type>& message, Sink& sink) {
        using namespace mdp3;
        const Type root = message.root();
        if constexpr (one_of<Type, MDIncrementalRefreshBook32, MDIncrementalRefreshBook46>) take_book(message);
        else if constexpr (one_of<Type, MDIncrementalRefreshOrderBook43, MDIncrementalRefreshOrderBook47>) take_orders(message);
        else if constexpr (one_of<Type, MDIncrementalRefreshTradeSummary42, MDIncrementalRefreshTradeSummary48>)
            take_trades(message, root);
        else if constexpr (one_of<Type, SnapshotFullRefresh38, SnapshotFullRefresh52>) take_snapshot(message, root);
        else if constexpr (one_of<Type, SnapshotFullRefreshOrderBook44, SnapshotFullRefreshOrderBook53>)
            take_order_snapshot(message, root);
        else if constexpr (requires { root.min_price_increment; }) take_definition(message, root);
        else if constexpr (std::same_as<Type, SecurityStatus30>) take_status(root);
        else if constexpr (std::same_as<Type, ChannelReset4>) reset_channel();
        else if constexpr (requires { typename Type::NoMDEntries; }) take_numbers(message);
        if constexpr (requires { root.match_event_indicator; })
            if (root.match_event_indicator.end_of_event()) end_event(root, sink);
    }

    template <class Type>
    void take_book(const sbe::Decoded<Type>& message) {
        const auto entries = message.template entries<typename Type::NoMDEntries>();
        for (const auto entry : entries) {
            Mdp3Instrument* of = accept(entry);
            if (of == nullptr) continue;
            const auto type = entry.md_entry_type.get();
            if (type == mdp3::MDEntryTypeBook::book_reset) reset(*of, LevelTable::State::empty);
            else apply_level(*of, entry, type);
        }
        for (const auto order : message.template entries<typename Type::NoOrderIDEntries>()) {
            // The price level to which it belongs, counted from 1.
            const std::size_t reference = order.reference_id.value_or(0);
            if (reference == 0 || reference > entries.count()) {
                ++counts_.invalid_fields;
                continue;
            }
            const auto level = entries[reference - 1];
            Mdp3Instrument* of = instruments_.find_or_make(mdp3::SecurityId{level.security_id.get()});
            if (of == nullptr || already_in_orders(*of)) continue;
            ++counts_.entries;
            apply_order(*of, static_cast<int>(order.order_update_action.get()), OrderId{order.order_id.get()},
                        level.md_entry_type.get(), mdp3::price_of(level.md_entry_px), order.md_display_qty.get(),
                        order.md_order_priority.get());
        }
    }

    template <class Entry>
    void apply_level(Mdp3Instrument& of, const Entry& entry, mdp3::MDEntryTypeBook type) {
        using enum mdp3::MDUpdateAction;
        const auto view = view_of(static_cast<char>(type));
        const std::size_t place = std::size_t{entry.md_price_level.get()} - 1;
        const auto price = mdp3::price_of(entry.md_entry_px);
        const auto action = entry.md_update_action.get();
        const bool sets = action == new_ || action == change || action == mdp3::MDUpdateAction::overlay;
        const AggregatedLevel level{price.value_or(Price{0}), Quantity{entry.md_entry_size.value_or(0)},
                                    entry.number_of_orders.value_or(0)};
        if (!view || place >= of.table(view->side, view->implied).depth() || (sets && (!price || level.quantity <= Quantity{0}))) {
            ++counts_.invalid_fields;
            return;
        }
        touch(of);
        LevelTable& table = of.table(view->side, view->implied);
        LevelEntries to{*this, of.index, view->side, view->implied};
        bool agrees = true;
        switch (action) {
        case new_: agrees = table.insert(place, level, to); break;
        case change: agrees = table.change(place, level, to); break;
        case delete_: agrees = table.erase(place, level.price, to); break;
        case delete_thru: table.erase_through(place + 1, to); break;
        case delete_from: table.erase_from(place, to); break;
        case mdp3::MDUpdateAction::overlay: table.overlay(place, level, to); break;
        default: ++counts_.invalid_fields;
        }
        if (!agrees) ++counts_.disagreements;
    }

    template <class Type>
    void take_orders(const sbe::Decoded<Type>& message) {
        for (const auto entry : message.template entries<typename Type::NoMDEntries>()) {
            Mdp3Instrument* of = instrument_of(entry);
            if (of == nullptr || already_in_orders(*of)) continue;
            ++counts_.entries;
            if (entry.md_entry_type.get() == mdp3::MDEntryTypeBook::book_reset) {
                reset_orders(*of, true);
                continue;
            }
            const auto id = entry.order_id.get();
            if (!id) ++counts_.invalid_fields;
            else apply_order(*of, static_cast<int>(entry.md_update_action.get()), OrderId{*id}, entry.md_entry_type.get(),
                             mdp3::price_of(entry.md_entry_px), entry.md_display_qty.get(), entry.md_order_priority.get());
        }
    }

    // Actions 0, 1 and 2 mean the same in both enumerations of actions.
    void apply_order(Mdp3Instrument& of, int action, OrderId id, mdp3::MDEntryTypeBook type, std::optional<Price> price,
                     std::optional<std::int32_t> quantity, std::optional<std::uint64_t> priority) {
        touch(of);
        const auto view = view_of(static_cast<char>(type));
        if (action == static_cast<int>(mdp3::OrderUpdateAction::delete_)) return count(orders_.remove(of.index, id));
        if (!view || view->implied || !price || !quantity || !priority) {
            ++counts_.invalid_fields;
        } else if (action == static_cast<int>(mdp3::OrderUpdateAction::new_)) {
            count(orders_.add(of.index, id, view->side, *price, Quantity{*quantity}, Priority{*priority}));
        } else if (action == static_cast<int>(mdp3::OrderUpdateAction::update)) {
            count(orders_.modify(of.index, id, *price, Quantity{*quantity}, Priority{*priority}));
        } else {
            ++counts_.invalid_fields;
        }
    }

    template <class Type>
    void take_trades(const sbe::Decoded<Type>& message, const Type& root) {
        for (const auto entry : message.template entries<typename Type::NoMDEntries>()) {
            Mdp3Instrument* of = accept(entry);
            if (of == nullptr) continue;
            const auto price = mdp3::price_of(entry.md_entry_px);
            const Quantity quantity{entry.md_entry_size.get()};
            if (!price || quantity < Quantity{0}) {
                ++counts_.invalid_fields;
                continue;
            }
            touch(*of);
            ++counts_.trades;
            const Mdp3Trade trade{of->index, entry.md_update_action.get(), entry.aggressor_side.get(), *price, quantity,
                                  sbe::value_or(entry.number_of_orders, 0)};
            if (trades_.size() < trades_max) trades_.push_back(trade);
            else ++counts_.untold;
            if (trade.action != mdp3::MDUpdateAction::new_) continue;
            const LastTrade last{*price, quantity, MatchNumber{entry.md_trade_entry_id.value_or(0)}, time_of_day(root.transact_time)};
            levels_.set_last_trade(of->index, last);
            orders_.set_last_trade(of->index, last);
        }
    }

    // Statistics, limits and volumes say nothing of the book, but they are numbered with what does.
    template <class Type>
    void take_numbers(const sbe::Decoded<Type>& message) {
        for (const auto entry : message.template entries<typename Type::NoMDEntries>()) accept(entry);
    }

    template <class Type>
    void take_snapshot(const sbe::Decoded<Type>& message, const Type& root) {
        Mdp3Instrument* of = instrument_of(root);
        if (of == nullptr) return;
        const std::uint32_t rpt_seq = root.rpt_seq.get();
        // The loop tells again and again what is known already.
        if (of->levels_complete() ? rpt_seq <= of->rpt_seq : rpt_seq < of->rpt_seq) return;
        of->rpt_seq = rpt_seq;
        reset_levels(*of, LevelTable::State::empty);
        set_status(*of, root.md_security_trading_status.get());
        for (const auto entry : message.template entries<typename Type::NoMDEntries>()) {
            const auto view = view_of(static_cast<char>(entry.md_entry_type.get()));
            if (!view) continue;  // a statistic
            const auto price = mdp3::price_of(entry.md_entry_px);
            const auto place = static_cast<std::size_t>(entry.md_price_level.value_or(0)) - 1;
            const AggregatedLevel level{price.value_or(Price{0}), Quantity{entry.md_entry_size.value_or(0)},
                                        entry.number_of_orders.value_or(0)};
            LevelTable& table = of->table(view->side, view->implied);
            LevelEntries to{*this, of->index, view->side, view->implied};
            if (!price || place >= table.depth() || level.quantity <= Quantity{0}) ++counts_.invalid_fields;
            else table.overlay(place, level, to);
        }
    }

    // A large order book comes in several messages, the first of which empties ours.
    template <class Type>
    void take_order_snapshot(const sbe::Decoded<Type>& message, const Type& root) {
        Mdp3Instrument* of = instrument_of(root);
        if (of == nullptr || of->orders_complete) return;
        const std::uint32_t chunk = root.current_chunk.get();
        if (chunk == 1) {
            reset_orders(*of, false);
            of->next_chunk = 1;
        }
        if (chunk == 0 || chunk != of->next_chunk) return;
        for (const auto entry : message.template entries<typename Type::NoMDEntries>())
            apply_order(*of, static_cast<int>(mdp3::OrderUpdateAction::new_), OrderId{entry.order_id.get()},
                        entry.md_entry_type.get(), mdp3::price_of(entry.md_entry_px), entry.md_display_qty.get(),
                        entry.md_order_priority.get());
        ++of->next_chunk;
        if (chunk < root.no_chunks.get()) return;
        of->next_chunk = 0;
        of->orders_complete = true;
        of->orders_sequence = root.last_msg_seq_num_processed.get();
    }

    template <class Type>
    void take_definition(const sbe::Decoded<Type>& message, const Type& root) {
        Mdp3Instrument* of = instrument_of(root);
        if (of == nullptr) return;
        touch(*of);
        of->symbol = root.symbol;
        of->security_group = root.security_group;
        of->asset = root.asset;
        of->tick = mdp3::price_of(root.min_price_increment);
        if (of->tick && *of->tick > Price{0}) {
            levels_.set_tick(of->index, *of->tick);
            orders_.set_tick(of->index, *of->tick);
        }
        for (const auto feed : message.template entries<typename Type::NoMDFeedTypes>()) {
            const bool real = feed.md_feed_type.view() == "GBX", implied = feed.md_feed_type.view() == "GBI";
            const auto depth = static_cast<std::size_t>(feed.market_depth.get());
            if ((!real && !implied) || depth == 0 || depth > LevelTable::depth_max) continue;
            for (const Side side : {Side::buy, Side::sell}) set_depth(*of, side, implied, depth);
        }
        if (root.security_update_action.get() == mdp3::SecurityUpdateAction::delete_) reset(*of, LevelTable::State::empty);
        set_status(*of, root.md_security_trading_status.get());
    }
    void set_depth(Mdp3Instrument& of, Side side, bool implied, std::size_t depth) {
        LevelTable& table = of.table(side, implied);
        depth = implied ? std::min(depth, Mdp3Instrument::implied_depth) : depth;
        if (table.depth() == depth) return;
        LevelEntries to{*this, of.index, side, implied};
        table.reset(LevelTable::State::unknown, to);
        table = LevelTable(depth, implied ? LevelTable::depth_max : 0);
    }

    // Of one instrument, or of all of a product or group.
    void take_status(const mdp3::SecurityStatus30& root) {
        if (root.security_id.has_value()) {
            Mdp3Instrument* of = instruments_.find_or_make(mdp3::SecurityId{root.security_id.value_or(0)});
            if (of != nullptr) set_status(*of, root.security_trading_status.get());
            return;
        }
        for (std::size_t index = 0; index < instruments_.count(); ++index) {
            Mdp3Instrument& of = instruments_[static_cast<std::uint16_t>(index)];
            const bool product = root.asset.view().empty() || root.asset.view() == of.asset.view();
            if (product && root.security_group.view() == of.security_group.view())
                set_status(of, root.security_trading_status.get());
        }
    }
    void set_status(Mdp3Instrument& of, mdp3::SecurityTradingStatus status) {
        using enum mdp3::SecurityTradingStatus;
        if (status == no_change || static_cast<std::uint8_t>(status) == UINT8_MAX) return;
        const char state = status == ready_to_trade                                              ? 'T'
                           : status == pre_open || status == pre_cross || status == new_price_indication ? 'Q'
                                                                                                 : 'H';
        touch(of);
        levels_.set_trading_state(of.index, state);
        orders_.set_trading_state(of.index, state);
    }

    void reset_channel() {
        for (std::size_t index = 0; index < instruments_.count(); ++index) {
            Mdp3Instrument& of = instruments_[static_cast<std::uint16_t>(index)];
            reset(of, LevelTable::State::empty);
            of.rpt_seq = 0;
            of.orders_sequence = 0;
        }
    }
    // Empties both books: because the venue did (`empty`), or because what happened is not known.
    void reset(Mdp3Instrument& of, LevelTable::State state) {
        reset_levels(of, state);
        reset_orders(of, state == LevelTable::State::empty);
    }
    void reset_levels(Mdp3Instrument& of, LevelTable::State state) {
        touch(of);
        for (const Side side : {Side::buy, Side::sell})
            for (const bool implied : {false, true}) {
                LevelEntries to{*this, of.index, side, implied};
                of.table(side, implied).reset(state, to);
            }
    }
    void reset_orders(Mdp3Instrument& of, bool complete) {
        touch(of);
        orders_.clear(of.index);
        of.orders_complete = complete;
        of.next_chunk = 0;
    }

    template <class Entry>
    [[nodiscard]] Mdp3Instrument* instrument_of(const Entry& entry) {
        Mdp3Instrument* of = instruments_.find_or_make(mdp3::SecurityId{entry.security_id.get()});
        if (of == nullptr) ++counts_.untold;
        return of;
    }
    // The entry's instrument where this entry is the next of it or the first; nothing where it is an old one.
    template <class Entry>
    Mdp3Instrument* accept(const Entry& entry) {
        Mdp3Instrument* of = instrument_of(entry);
        if (of == nullptr) return nullptr;
        const std::uint32_t rpt_seq = entry.rpt_seq.get();
        if (of->rpt_seq != 0 && rpt_seq != of->rpt_seq + 1) [[unlikely]] {
            if (rpt_seq <= of->rpt_seq) {
                ++counts_.old_entries;
                return nullptr;
            }
            ++counts_.rpt_gaps;
            reset(*of, LevelTable::State::unknown);
        }
        of->rpt_seq = rpt_seq;
        ++counts_.entries;
        return of;
    }
    [[nodiscard]] bool already_in_orders(const Mdp3Instrument& of) {
        const bool old = sequence_.value() <= of.orders_sequence;
        counts_.old_entries += old;
        return old;
    }

    struct View { Side side; bool implied; };
    [[nodiscard]] static std::optional<View> view_of(char entry_type) {
        switch (entry_type) {
        case '0': return View{Side::buy, false};
        case '1': return View{Side::sell, false};
        case 'E': return View{Side::buy, true};
        case 'F': return View{Side::sell, true};
        default: return std::nullopt;
        }
    }

    void touch(Mdp3Instrument& of) {
        if (of.touched) return;
        of.touched = true;
        touched_.push_back(of.index);
    }
    template <class Root, class Sink>
    void end_event(const Root& root, Sink& sink) {
        ++counts_.events;
        Timestamp time = sending_time_;
        if constexpr (requires { root.transact_time; }) time = Timestamp{static_cast<std::int64_t>(root.transact_time.get())};
        sink.on_event(Mdp3Event{sequence_, time, touched_, trades_});
        for (const std::uint16_t index : touched_) instruments_[index].touched = false;
        touched_.clear();
        trades_.clear();
    }
    [[nodiscard]] static SessionTime time_of_day(std::uint64_t unix_ns) {
        return SessionTime{static_cast<std::int64_t>(unix_ns % std::uint64_t{86'400'000'000'000})};  // of UTC
    }
    void count(const BookChange& change) {
        switch (change.status) {
        case BookStatus::ok: break;
        case BookStatus::unknown_order: ++counts_.unknown_orders; break;
        case BookStatus::duplicate_order: ++counts_.duplicate_orders; break;
        case BookStatus::over_execution:
        case BookStatus::invalid_field: ++counts_.invalid_fields; break;
        case BookStatus::out_of_capacity: ++counts_.out_of_capacity; break;
        }
    }

    AnyBooks levels_, orders_;
    Mdp3Instruments instruments_;
    Counts counts_;
    SequenceNumber sequence_;
    Timestamp sending_time_;
    std::vector<std::uint16_t> touched_;
    std::vector<Mdp3Trade> trades_;
};

using Mdp3Books = BasicMdp3Books<Books>;

}  // namespace colo
