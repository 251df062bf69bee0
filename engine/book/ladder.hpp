// The price levels of one side of one book, in price order.
//
// Nearly all messages touch levels within a few hundred ticks of the best price. Those lie in a window of 512 ticks, each
// in the cell of its price, counted round and round: finding a level is arithmetic, finding the next best two bit scans,
// and when the window follows the best price only the levels that leave or enter it move. Every other level (stub quotes,
// sub-penny prices in a penny stock, a thin book's far end) lies in a sorted list outside. Both sides are kept in the same
// direction: a key is the price of an ask and the negated price of a bid, so that the best is always the smallest.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <limits>
#include <vector>

#include "engine/book/order_cells.hpp"
#include "engine/book/price_window.hpp"
#include "engine/core/types.hpp"

namespace colo {

class Ladder {
public:
    static constexpr std::uint32_t window = PriceWindow::length;

    struct Place {
        LadderKey key = 0;
        Handle level = 0;
    };

    // Room for a whole window moving out, and some, so that only a book of thousands of far levels allocates later. The
    // window must outlive the ladder, which moves it.
    explicit Ladder(PriceWindow& of) : window_(&of) { outside_.reserve(window + window / 4); }

    // The best level, with handle 0 where the side is empty.
    [[nodiscard]] Place best() const { return best_; }
    [[nodiscard]] bool empty() const { return best_.level == 0; }

    [[nodiscard]] Handle find(LadderKey key) const {
        const std::uint32_t place = window_->place(key);
        if (place < window) [[likely]] return is_set(place) ? window_->cell(place) : 0;
        return find_outside_window(key);
    }
    // Precondition: the key has no place in the window.
    [[nodiscard, gnu::noinline]] Handle find_outside_window(LadderKey key) const {
        const auto found = find_outside(key);
        return found != outside_.end() && found->key == key ? found->level : 0;
    }
    [[nodiscard]] LadderKey key_of(const OrderCells& cells, Handle level) const {
        if (cells.in_window(level)) [[likely]] return window_->key_at(level - window_->first_cell());
        const LevelFacts facts = cells.facts(level);
        return ladder_key(facts.side, Price{facts.price});
    }

    // Makes the level. Preconditions: no level has this key, and the cells have room. Levels may move.
    [[gnu::noinline]] Handle insert(OrderCells& cells, LadderKey key) {
        const std::uint32_t place = window_->place(key);
        Handle level = window_->cell(place);
        if (place < window) [[likely]] {
            set(place);
            cells.make_level_at(level);
        } else {
            level = make_far(cells, key);
            outside_.insert(find_outside(key), Place{key, level});
        }
        if (best_.level == 0 || key < best_.key) {
            best_ = {key, level};
            if (!window_->holds(key)) [[unlikely]] {
                follow_best(cells);
                return best_.level;
            }
        }
        return level;
    }

    // Precondition: the level is one of these and has no orders. Levels may move.
    [[gnu::noinline]] void erase(OrderCells& cells, Handle level) {
        if (cells.in_window(level)) [[likely]] unset(cells, level - window_->first_cell());
        else outside_.erase(find_outside(key_of(cells, level)));
        cells.remove_level(level);
        if (level == best_.level) find_best(cells);
    }

    // Fixes the tick; without it the window guesses a cent, or a hundredth of it below one dollar (Rule 612).
    void set_tick(OrderCells& cells, std::int64_t tick) {
        tick_is_given_ = true;
        follow_best(cells, tick);
    }

    // Walks the levels from the best on, merging the window and the outside.
    class Iterator {
    public:
        using value_type = Place;
        using difference_type = std::ptrdiff_t;
        Iterator() = default;
        explicit Iterator(const Ladder& ladder)
            : ladder_(&ladder), offset_(ladder.next_set(0)), outside_(ladder.outside_.size()) { choose(); }
        Place operator*() const { return now_; }
        Iterator& operator++() {
            if (from_window_) offset_ = ladder_->next_set(offset_ + 1);
            else --outside_;
            choose();
            return *this;
        }
        Iterator operator++(int) { Iterator before = *this; ++*this; return before; }
        bool operator==(const Iterator& other) const { return now_.level == other.now_.level; }

    private:
        void choose() {
            const bool inside = offset_ < window, out = outside_ > 0;
            from_window_ = inside && (!out || ladder_->at_offset(offset_).key < ladder_->outside_[outside_ - 1].key);
            if (from_window_) now_ = ladder_->at_offset(offset_);
            else now_ = out ? ladder_->outside_[outside_ - 1] : Place{};
        }
        const Ladder* ladder_ = nullptr;
        std::uint32_t offset_ = window;  // from the window's better end
        std::size_t outside_ = 0;
        bool from_window_ = false;
        Place now_;
    };
    [[nodiscard]] Iterator begin() const { return Iterator(*this); }
    [[nodiscard]] Iterator end() const { return {}; }

private:
    friend class Iterator;
    using Outside = std::vector<Place>;
    static constexpr std::uint32_t words = window / 64;
    // Ticks that the window keeps free for better prices when it moves, and where the best has fallen so far behind
    // that it moves again: they differ by far, so that a price going to and fro does not move it.
    static constexpr std::uint32_t room_ahead = 128, far_behind = 384;

    [[nodiscard]] Place at_offset(std::uint32_t offset) const {
        const std::uint32_t place = window_->place_at(offset);
        return {window_->key_at(place), window_->cell(place)};
    }

    [[nodiscard]] bool is_set(std::uint32_t place) const { return (bits_[place / 64] >> (place % 64) & 1) != 0; }
    void set(std::uint32_t place) {
        bits_[place / 64] |= std::uint64_t{1} << (place % 64);
        summary_ = static_cast<std::uint8_t>(summary_ | 1u << (place / 64));
    }
    void unset(OrderCells& cells, std::uint32_t place) {
        cells.forget_level_at(window_->cell(place));
        if ((bits_[place / 64] &= ~(std::uint64_t{1} << (place % 64))) == 0)
            summary_ = static_cast<std::uint8_t>(summary_ & ~(1u << (place / 64)));
    }
    // The first level at this offset or behind it, as an offset; `window` where there is none. Places are counted round:
    // the bits of the first word before the start come last.
    [[nodiscard]] std::uint32_t next_set(std::uint32_t offset) const {
        if (offset >= window) return window;
        const std::uint32_t place = window_->place_at(offset), word = place / 64;
        std::uint32_t found = place;
        if (const std::uint64_t rest = bits_[word] >> (place % 64)) {
            found += static_cast<std::uint32_t>(std::countr_zero(rest));
        } else {
            const auto start = static_cast<int>((word + 1) % words);
            const std::uint8_t later = std::rotr(summary_, start);
            if (later == 0) return window;
            const std::uint32_t next = (word + 1 + static_cast<std::uint32_t>(std::countr_zero(later))) % words;
            found = next * 64 + static_cast<std::uint32_t>(std::countr_zero(bits_[next]));
        }
        const std::uint32_t at = window_->offset_of(found);
        return at >= offset ? at : window;
    }

    // Sorted from the worst key to the best, so that what changes most lies at the end.
    [[nodiscard]] Outside::const_iterator find_outside(LadderKey key) const {
        return std::lower_bound(outside_.begin(), outside_.end(), key, [](const Place& a, LadderKey b) { return a.key > b; });
    }
    [[nodiscard]] Handle make_far(OrderCells& cells, LadderKey key) const {
        const Handle first = window_->first_cell();
        const Side side = cells.side(first);
        return cells.make_level({price_of(side, key).value(), 0, cells.instrument(first), side, 0});
    }

    void find_best(OrderCells& cells) {
        const std::uint32_t offset = next_set(0);
        best_ = offset < window ? at_offset(offset) : Place{};
        if (!outside_.empty() && (best_.level == 0 || outside_.back().key < best_.key)) {
            best_ = outside_.back();
            if (!window_->holds(best_.key)) follow_best(cells);
        } else if (offset < window && offset >= far_behind) {
            follow_best(cells);
        }
    }

    [[nodiscard]] static std::int64_t likely_tick(LadderKey key) { return key > -10'000 && key < 10'000 ? 1 : 100; }

    [[gnu::noinline]] void follow_best(OrderCells& cells) {
        follow_best(cells, tick_is_given_ ? std::int64_t{window_->tick()} : likely_tick(best_.key));
    }

    // Moves the window so that the best lies room_ahead ticks behind its better end. A level that stays keeps its cell,
    // because cells are counted round; where there is no room for those that leave, the window stays: slower, not wrong.
    void follow_best(OrderCells& cells, std::int64_t wanted_tick) {
        constexpr std::int64_t tick_max = UINT32_MAX, key_max = std::numeric_limits<std::int64_t>::max() / 4;
        const auto tick = static_cast<std::uint32_t>(std::clamp<std::int64_t>(wanted_tick, 1, tick_max));
        const LadderKey best = std::clamp(best_.key, -key_max, key_max);
        const std::int64_t rest = best % tick;
        const LadderKey base = best - (rest < 0 ? rest + tick : rest) - std::int64_t{tick} * room_ahead;
        const std::uint64_t span = std::uint64_t{tick} * window;
        const auto stays = [&](LadderKey key) {
            return tick == window_->tick() && static_cast<std::uint64_t>(key) - static_cast<std::uint64_t>(base) < span;
        };
        if (!cells.room_for_levels(window)) return;
        for (std::uint32_t offset = next_set(0); offset < window; offset = next_set(offset + 1)) {
            const Place level = at_offset(offset);
            if (stays(level.key)) continue;
            const Handle far = make_far(cells, level.key);
            cells.move_orders(level.level, far);
            unset(cells, level.level - window_->first_cell());
            outside_.push_back({level.key, far});
        }
        window_->move(base, tick);
        take_in(cells);
        best_.level = best_.level == 0 ? 0 : find(best_.key);
    }
    // After the window moved: what lies outside and belongs into it.
    void take_in(OrderCells& cells) {
        std::sort(outside_.begin(), outside_.end(), [](const Place& a, const Place& b) { return a.key > b.key; });
        const auto moves = [&](const Place& far) {
            const std::uint32_t place = window_->place(far.key);
            if (place >= window) return false;
            cells.make_level_at(window_->cell(place));
            cells.move_orders(far.level, window_->cell(place));
            cells.remove_level(far.level);
            set(place);
            return true;
        };
        outside_.erase(std::remove_if(outside_.begin(), outside_.end(), moves), outside_.end());
    }

    alignas(64) std::array<std::uint64_t, words> bits_{};
    PriceWindow* window_;
    Place best_;
    std::uint8_t summary_ = 0;
    bool tick_is_given_ = false;
    Outside outside_;
};

}  // namespace colo
