// The book of the recorded flow as the matching needs it: for each order its place in time, what is displayed, and what
// client orders have taken of it.
//
// It is not the book that strategies read (engine/book): a venue and its client do not share their state, so that an
// error in either shows as a difference between them. Levels are few near the touch, where nearly all changes happen;
// a side is a sorted array with its best level at the end.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "engine/core/types.hpp"
#include "engine/simulator/reference_table.hpp"

namespace colo::simulator {

struct RecordedOrder {
    OrderId id;
    SequenceNumber arrival;  // sequence number of the message that put it in its place
    Price price;
    Quantity quantity;       // displayed, according to the recording
    Quantity taken;          // by client orders; the recording knows nothing of it
    Locate locate;
    Side side = Side::buy;
    std::uint32_t level = ReferenceTable::none;
    std::uint32_t ahead = ReferenceTable::none;   // its neighbours in the level's queue
    std::uint32_t behind = ReferenceTable::none;

    // What a client order can still take.
    [[nodiscard]] Quantity available() const { return quantity > taken ? quantity - taken : Quantity{0}; }
};

class RecordedBook {
public:
    static constexpr std::uint32_t none = ReferenceTable::none;

    RecordedBook() : table_(10) {}

    // The order's handle, valid until it leaves; none for an unknown reference.
    [[nodiscard]] std::uint32_t find(OrderId id) const { return table_.find(id.value()); }
    [[nodiscard]] RecordedOrder& order(std::uint32_t handle) { return orders_[handle]; }
    [[nodiscard]] const RecordedOrder& order(std::uint32_t handle) const { return orders_[handle]; }

    // Puts an order behind its level's queue; none, and no change, where the reference is already in the book.
    std::uint32_t add(const RecordedOrder& order);
    // Takes quantity off; at zero the order leaves.
    void reduce(std::uint32_t handle, Quantity by);
    void remove(std::uint32_t handle);
    void clear();

    // Visits the orders of a side in price-time order until the visitor returns false. Handles stay valid meanwhile if
    // the visitor changes nothing but `taken`.
    template <class Visitor>
    void walk(Locate locate, Side side, Visitor&& visitor) const {
        walk_while(locate, side, [](Price) { return true; }, std::forward<Visitor>(visitor));
    }
    // The same, as long as the level's price is wanted. An order that crosses nothing, as most do, then looks at one
    // price and fetches no recorded order from memory.
    template <class Wanted, class Visitor>
    void walk_while(Locate locate, Side side, Wanted&& wanted, Visitor&& visitor) const;
    // Best price with something available, false where there is none.
    [[nodiscard]] bool best(Locate locate, Side side, Price& price) const;
    [[nodiscard]] std::size_t count() const { return table_.count(); }
    // Every open order, in no order.
    template <class Visitor>
    void each(Visitor&& visitor) const;

private:
    struct Level {
        std::uint32_t first = none;
        std::uint32_t last = none;
    };
    struct Place {
        Price price;
        std::uint32_t level;
    };
    using Levels = std::vector<Place>;  // sorted, the best at the end

    [[nodiscard]] Levels& levels(Locate locate, Side side) {
        const std::size_t place = 2u * locate.value() + (side == Side::sell ? 1u : 0u);
        if (place >= sides_.size()) [[unlikely]] sides_.resize(place + 1);
        return sides_[place];
    }
    [[nodiscard]] const Levels& levels(Locate locate, Side side) const {
        static const Levels none_yet;
        const std::size_t place = 2u * locate.value() + (side == Side::sell ? 1u : 0u);
        return place < sides_.size() ? sides_[place] : none_yet;
    }
    [[nodiscard]] static Levels::iterator place_of(Levels& levels, Side side, Price price);
    [[nodiscard]] std::uint32_t level_at(Locate locate, Side side, Price price);
    template <class Item>
    static std::uint32_t taken_slot(std::vector<Item>& items, std::vector<std::uint32_t>& free);

    ReferenceTable table_;
    std::vector<RecordedOrder> orders_;
    std::vector<std::uint32_t> free_orders_;
    std::vector<Level> level_pool_;
    std::vector<std::uint32_t> free_levels_;
    std::vector<Levels> sides_;  // by locate, up to the highest seen
};

template <class Wanted, class Visitor>
void RecordedBook::walk_while(Locate locate, Side side, Wanted&& wanted, Visitor&& visitor) const {
    const Levels& all = levels(locate, side);
    for (auto place = all.rbegin(); place != all.rend() && wanted(place->price); ++place) {
        for (std::uint32_t at = level_pool_[place->level].first; at != none; at = orders_[at].behind) {
            if (!visitor(at)) return;
        }
    }
}

template <class Visitor>
void RecordedBook::each(Visitor&& visitor) const {
    for (const Levels& side : sides_) {
        for (const Place& place : side) {
            for (std::uint32_t at = level_pool_[place.level].first; at != none; at = orders_[at].behind) visitor(orders_[at]);
        }
    }
}

}  // namespace colo::simulator
