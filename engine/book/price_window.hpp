// Where the window of a ladder lies: which of its 512 cells is whose price.
//
// The window begins at some key and covers 512 ticks; cells are counted round and round, so that a window that moves keeps
// the cells of the prices that stay. A window that lies anywhere is correct; one around the best price is fast. Both of a
// book's windows share a cache line, because all that finds the level of a message is here.
#pragma once

#include <bit>
#include <cstdint>

#include "engine/book/order_cells.hpp"
#include "engine/core/types.hpp"

namespace colo {

// Of an ask its price, of a bid its negated price, so that the best of a side is always the smallest.
using LadderKey = std::int64_t;

[[nodiscard]] constexpr LadderKey ladder_key(Side side, Price price) {
    const LadderKey flip = static_cast<LadderKey>(index_of(side)) - 1;
    return (price.value() ^ flip) - flip;
}
[[nodiscard]] constexpr Price price_of(Side side, LadderKey key) { return Price{ladder_key(side, Price{key})}; }

class PriceWindow {
public:
    static constexpr std::uint32_t length = OrderCells::window_cells;

    explicit PriceWindow(Handle first_cell) : first_cell_(first_cell) { move(nowhere, 100); }

    // The place of a key among the cells, counted from the first; `length` where it lies outside or between two ticks.
    // The division is the multiplication by the inverse modulo 2^64 of the tick's odd part: it maps multiples of the tick
    // to their quotients and all other numbers beyond every quotient (Granlund and Montgomery 1994, section 9).
    [[nodiscard, gnu::always_inline]] std::uint32_t place(LadderKey key) const {
        const std::uint64_t offset = ticks_from_begin(key);
        if (offset >= length) [[unlikely]] return length;
        return (static_cast<std::uint32_t>(offset) + first_) % length;
    }
    // The cell of a key that is likely in the window, for a hint.
    [[nodiscard, gnu::always_inline]] Handle likely_cell(LadderKey key) const {
        return first_cell_ + (static_cast<std::uint32_t>(ticks_from_begin(key)) + first_) % length;
    }
    [[nodiscard]] bool holds(LadderKey key) const { return distance(key) < std::uint64_t{tick_} * length; }

    [[nodiscard]] Handle first_cell() const { return first_cell_; }
    [[nodiscard]] Handle cell(std::uint32_t place) const { return first_cell_ + place; }
    [[nodiscard]] LadderKey key_at(std::uint32_t place) const { return begin_ + std::int64_t{tick_} * offset_of(place); }
    // Places counted from the better end.
    [[nodiscard]] std::uint32_t offset_of(std::uint32_t place) const { return (place - first_) % length; }
    [[nodiscard]] std::uint32_t place_at(std::uint32_t offset) const { return (offset + first_) % length; }

    [[nodiscard]] std::uint32_t tick() const { return tick_; }
    [[nodiscard]] LadderKey begin() const { return begin_; }
    // Begins at this key from now on. With the same tick, and a key that is a whole number of ticks away, keys keep their
    // places. Precondition: the tick is not 0.
    void move(LadderKey begin, std::uint32_t tick) {
        if (tick == tick_) first_ = static_cast<std::uint16_t>((first_ + static_cast<std::uint64_t>((begin - begin_) / tick)) % length);
        begin_ = begin;
        tick_ = tick;
        shift_ = static_cast<std::uint8_t>(std::countr_zero(tick));
        inverse_ = inverse_of(tick >> shift_);
    }

private:
    static constexpr LadderKey nowhere = INT64_MIN / 2;  // before the first level comes

    [[nodiscard]] std::uint64_t distance(LadderKey key) const {
        return static_cast<std::uint64_t>(key) - static_cast<std::uint64_t>(begin_);
    }
    [[nodiscard, gnu::always_inline]] std::uint64_t ticks_from_begin(LadderKey key) const {
        return std::rotr(distance(key) * inverse_, shift_);
    }
    // By Newton's iteration: an odd number is its own inverse modulo 8, and each step doubles the bits.
    [[nodiscard]] static std::uint64_t inverse_of(std::uint64_t odd) {
        std::uint64_t inverse = odd;
        for (int bits = 3; bits < 64; bits *= 2) inverse *= 2 - odd * inverse;
        return inverse;
    }

    LadderKey begin_ = 0;
    std::uint64_t inverse_ = 0;
    Handle first_cell_;
    std::uint32_t tick_ = 0;
    std::uint16_t first_ = 0;  // the place of the key at the beginning
    std::uint8_t shift_ = 0;
};
static_assert(sizeof(PriceWindow) == 32);

}  // namespace colo
