// One side of an aggregated book, by place: what a market-by-price feed changes, turned into entries of a Book.
//
// CME's market-by-price messages name a level by its place from the best on: a new level moves the ones behind it back,
// the last one falls out unsaid, a deleted one lets them move up. Whoever joins a running feed knows no place yet; each
// place is then learned as it is sent. Every level that is known stands in the Book as one entry, under an order id of its
// own, so that the best price, depth and queues are read as everywhere:
//
//   LevelTable bids(10);
//   bids.insert(0, {price, quantity, orders}, entries);      // entries: add(entry, level), modify(...), remove(entry)
//   bids.at(0).state == LevelTable::State::present;
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "engine/core/types.hpp"

namespace colo {

// A price level as the venue sums it up.
struct AggregatedLevel {
    Price price;
    Quantity quantity;
    std::int32_t order_count = 0;  // 0 where the venue does not say (implied levels)
    bool operator==(const AggregatedLevel&) const = default;
};

class LevelTable {
public:
    static constexpr std::size_t depth_max = 10;

    enum class State : std::uint8_t { unknown, empty, present };
    struct Slot {
        AggregatedLevel level;
        State state = State::unknown;
        std::uint8_t entry = 0;  // which of the side's entries stands for it in the Book; moves with the level
    };

    // `first_entry` is the number of the first of `depth` entries.
    explicit LevelTable(std::size_t depth, std::size_t first_entry = 0) : depth_(depth) {
        for (std::size_t place = 0; place < depth_max; ++place)
            slots_[place].entry = static_cast<std::uint8_t>(first_entry + place);
    }

    [[nodiscard]] std::size_t depth() const { return depth_; }
    // Precondition: place < depth.
    [[nodiscard]] const Slot& at(std::size_t place) const { return slots_[place]; }
    // Whether every place is known, be it that there is no level.
    [[nodiscard]] bool complete() const {
        for (std::size_t place = 0; place < depth_; ++place)
            if (slots_[place].state == State::unknown) return false;
        return true;
    }

    // The operations. Precondition: place < depth. Each says whether the message agrees with what was known.
    template <class Entries>
    bool insert(std::size_t place, const AggregatedLevel& level, Entries& entries) {
        Slot fresh = slots_[depth_ - 1];
        if (fresh.state == State::present) entries.remove(fresh.entry);
        for (std::size_t to = depth_ - 1; to > place; --to) slots_[to] = slots_[to - 1];
        fresh.level = level;
        fresh.state = State::present;
        slots_[place] = fresh;
        entries.add(fresh.entry, level);
        return true;
    }
    template <class Entries>
    bool change(std::size_t place, const AggregatedLevel& level, Entries& entries) {
        const bool agrees = slots_[place].state == State::unknown ||
                            (slots_[place].state == State::present && slots_[place].level.price == level.price);
        overlay(place, level, entries);
        return agrees;
    }
    // The level at this place is another one now, whatever it was.
    template <class Entries>
    void overlay(std::size_t place, const AggregatedLevel& level, Entries& entries) {
        Slot& slot = slots_[place];
        if (slot.state == State::present) entries.modify(slot.entry, level);
        else entries.add(slot.entry, level);
        slot.level = level;
        slot.state = State::present;
    }
    template <class Entries>
    bool erase(std::size_t place, Price price, Entries& entries) {
        const Slot gone = slots_[place];
        const bool agrees = gone.state == State::unknown || (gone.state == State::present && gone.level.price == price);
        if (gone.state == State::present) entries.remove(gone.entry);
        for (std::size_t to = place; to + 1 < depth_; ++to) slots_[to] = slots_[to + 1];
        slots_[depth_ - 1] = {.level = {}, .state = State::empty, .entry = gone.entry};
        return agrees;
    }
    // The `count` best levels go, those behind them move up.
    template <class Entries>
    void erase_through(std::size_t count, Entries& entries) {
        for (std::size_t n = 0; n < count; ++n) erase(0, slots_[0].level.price, entries);
    }
    // The levels from this place on go.
    template <class Entries>
    void erase_from(std::size_t place, Entries& entries) {
        for (; place < depth_; ++place) forget(place, State::empty, entries);
    }
    // Everything goes; what is there from now on is `state`.
    template <class Entries>
    void reset(State state, Entries& entries) {
        for (std::size_t place = 0; place < depth_; ++place) forget(place, state, entries);
    }

private:
    template <class Entries>
    void forget(std::size_t place, State state, Entries& entries) {
        Slot& slot = slots_[place];
        if (slot.state == State::present) entries.remove(slot.entry);
        slot.level = {};
        slot.state = state;
    }

    std::array<Slot, depth_max> slots_;
    std::size_t depth_;
};

}  // namespace colo
