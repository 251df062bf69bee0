// The price levels of one side of one book, in price order.
//
// Nearly all messages touch levels within a few hundred ticks of the best price. Those lie in a window of 512 ticks: a
// table of handles and a bitmap, so that finding a level is one load and finding the next best is two bit scans. Every
// other level (stub quotes, sub-penny prices in a penny stock, a thin book's far end) lies in a sorted list outside. The
// window follows the best price. Both sides are kept in the same direction: a key is the price of an ask and the negated
// price of a bid, so that the best is always the smallest.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <limits>
#include <vector>

#include "engine/book/order_cells.hpp"
#include "engine/core/types.hpp"

namespace colo {

using LadderKey = std::int64_t;

[[nodiscard]] constexpr LadderKey ladder_key(Side side, Price price) {
    return side == Side::sell ? price.value() : -price.value();
}

class Ladder {
public:
    static constexpr std::uint32_t window = 512;

    struct Place {
        LadderKey key = 0;
        Handle level = 0;
    };

    // Room for a whole window moving out, and some, so that only a book of thousands of far levels allocates later.
    Ladder() { outside_.reserve(window + window / 4); }

    // The best level, with handle 0 where the side is empty.
    [[nodiscard]] Place best() const { return best_; }
    [[nodiscard]] bool empty() const { return best_.level == 0; }

    [[nodiscard]] Handle find(LadderKey key) const {
        const std::uint32_t place = place_in_window(key);
        if (place < window) [[likely]] return levels_[place];
        const auto found = find_outside(key);
        return found != outside_.end() && found->key == key ? found->level : 0;
    }

    // Precondition: no level has this key.
    void insert(LadderKey key, Handle level) {
        const std::uint32_t place = place_in_window(key);
        if (place < window) [[likely]] set(place, level);
        else outside_.insert(find_outside(key), Place{key, level});
        if (best_.level == 0 || key < best_.key) {
            best_ = {key, level};
            if (!within_window(key)) [[unlikely]] follow_best();
        }
    }

    // Precondition: a level has this key.
    void erase(LadderKey key) {
        const std::uint32_t place = place_in_window(key);
        if (place < window) [[likely]] unset(place);
        else outside_.erase(find_outside(key));
        if (key == best_.key) find_best();
    }

    // Fixes the tick; without it the window guesses a cent, or a hundredth of it below one dollar (Rule 612).
    void set_tick(std::int64_t tick) {
        tick_is_given_ = true;
        follow_best(tick);
    }

    void clear() {
        bits_.fill(0);
        summary_ = 0;
        levels_.fill(0);
        outside_.clear();
        best_ = {};
    }

    // Walks the levels from the best on, merging the window and the outside.
    class Iterator {
    public:
        using value_type = Place;
        using difference_type = std::ptrdiff_t;
        Iterator() = default;
        explicit Iterator(const Ladder& ladder)
            : ladder_(&ladder), place_(ladder.next_set(0)), outside_(ladder.outside_.size()) { choose(); }
        Place operator*() const { return now_; }
        Iterator& operator++() {
            if (from_window_) place_ = ladder_->next_set(place_ + 1);
            else --outside_;
            choose();
            return *this;
        }
        Iterator operator++(int) { Iterator before = *this; ++*this; return before; }
        bool operator==(const Iterator& other) const { return now_.level == other.now_.level; }

    private:
        void choose() {
            const bool inside = place_ < window, out = outside_ > 0;
            from_window_ = inside && (!out || ladder_->key_at(place_) < ladder_->outside_[outside_ - 1].key);
            if (from_window_) now_ = {ladder_->key_at(place_), ladder_->levels_[place_]};
            else now_ = out ? ladder_->outside_[outside_ - 1] : Place{};
        }
        const Ladder* ladder_ = nullptr;
        std::uint32_t place_ = window;
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

    [[nodiscard]] std::uint64_t distance(LadderKey key) const {
        return static_cast<std::uint64_t>(key) - static_cast<std::uint64_t>(base_);
    }
    [[nodiscard]] bool within_window(LadderKey key) const { return distance(key) < span_; }
    // `window` where the key lies outside or between two ticks. The division is a multiplication by 2^48 / tick,
    // rounded up: exact while 512 * tick^2 < 2^48, which set_window ensures.
    [[nodiscard]] std::uint32_t place_in_window(LadderKey key) const {
        const std::uint64_t from_base = distance(key);
        if (from_base >= span_) return window;
        const std::uint64_t place = (from_base * reciprocal_) >> 48;
        return place * static_cast<std::uint64_t>(tick_) == from_base ? static_cast<std::uint32_t>(place) : window;
    }
    [[nodiscard]] LadderKey key_at(std::uint32_t place) const { return base_ + tick_ * place; }

    void set(std::uint32_t place, Handle level) {
        levels_[place] = level;
        bits_[place / 64] |= std::uint64_t{1} << (place % 64);
        summary_ |= 1u << (place / 64);
    }
    void unset(std::uint32_t place) {
        levels_[place] = 0;
        if ((bits_[place / 64] &= ~(std::uint64_t{1} << (place % 64))) == 0) summary_ &= ~(1u << (place / 64));
    }
    [[nodiscard]] std::uint32_t next_set(std::uint32_t from) const {
        if (from >= window) return window;
        const std::uint32_t word = from / 64;
        if (const std::uint64_t rest = bits_[word] >> (from % 64)) return from + static_cast<std::uint32_t>(std::countr_zero(rest));
        const std::uint32_t later = word + 1 < words ? summary_ >> (word + 1) << (word + 1) : 0;
        if (later == 0) return window;
        const auto next = static_cast<std::uint32_t>(std::countr_zero(later));
        return next * 64 + static_cast<std::uint32_t>(std::countr_zero(bits_[next]));
    }

    // Sorted from the worst key to the best, so that what changes most lies at the end.
    [[nodiscard]] Outside::const_iterator find_outside(LadderKey key) const {
        return std::lower_bound(outside_.begin(), outside_.end(), key, [](const Place& a, LadderKey b) { return a.key > b; });
    }

    void find_best() {
        const std::uint32_t place = next_set(0);
        best_ = place < window ? Place{key_at(place), levels_[place]} : Place{};
        if (!outside_.empty() && (best_.level == 0 || outside_.back().key < best_.key)) {
            best_ = outside_.back();
            if (!within_window(best_.key)) follow_best();
        } else if (place < window && place >= far_behind) {
            follow_best();
        }
    }

    [[nodiscard]] static std::int64_t likely_tick(LadderKey key) { return key > -10'000 && key < 10'000 ? 1 : 100; }

    void follow_best() { follow_best(tick_is_given_ ? tick_ : likely_tick(best_.key)); }

    // Moves the window so that the best lies room_ahead ticks behind its better end, and sorts all levels anew.
    void follow_best(std::int64_t tick) {
        for (std::uint32_t place = next_set(0); place < window; place = next_set(place + 1)) {
            outside_.push_back({key_at(place), levels_[place]});
            unset(place);
        }
        std::sort(outside_.begin(), outside_.end(), [](const Place& a, const Place& b) { return a.key > b.key; });
        set_window(best_.key, tick);
        const auto moves = [this](const Place& level) {
            const std::uint32_t place = place_in_window(level.key);
            if (place < window) set(place, level.level);
            return place < window;
        };
        outside_.erase(std::remove_if(outside_.begin(), outside_.end(), moves), outside_.end());
    }

    void set_window(LadderKey best, std::int64_t tick) {
        constexpr std::int64_t tick_max = 500'000, key_max = std::numeric_limits<std::int64_t>::max() / 4;
        tick_ = std::clamp<std::int64_t>(tick, 1, tick_max);
        best = std::clamp(best, -key_max, key_max);
        const std::int64_t rest = best % tick_;
        base_ = best - (rest < 0 ? rest + tick_ : rest) - tick_ * room_ahead;
        span_ = static_cast<std::uint64_t>(tick_) * window;
        reciprocal_ = ((std::uint64_t{1} << 48) + static_cast<std::uint64_t>(tick_) - 1) / static_cast<std::uint64_t>(tick_);
    }

    Place best_;
    LadderKey base_ = 0;
    std::uint64_t span_ = 0;  // 0 until the first level comes: everything is outside
    std::uint64_t reciprocal_ = 0;
    std::int64_t tick_ = 100;
    std::uint32_t summary_ = 0;
    bool tick_is_given_ = false;
    std::array<std::uint64_t, words> bits_{};
    std::array<Handle, window> levels_{};
    Outside outside_;
};

}  // namespace colo
