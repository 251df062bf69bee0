// Adding, reducing and removing recorded orders.
#include "engine/simulator/recorded_book.hpp"

#include <algorithm>

namespace colo::simulator {

template <class Item>
std::uint32_t RecordedBook::taken_slot(std::vector<Item>& items, std::vector<std::uint32_t>& free) {
    if (free.empty()) {
        items.emplace_back();
        return static_cast<std::uint32_t>(items.size() - 1);
    }
    const std::uint32_t slot = free.back();
    free.pop_back();
    return slot;
}

RecordedBook::Levels::iterator RecordedBook::place_of(Levels& levels, Side side, Price price) {
    // The first level from the worst that is not worse than this price.
    return std::lower_bound(levels.begin(), levels.end(), price,
                            [&](const Place& place, Price wanted) { return better(side, wanted, place.price); });
}

std::uint32_t RecordedBook::level_at(Locate locate, Side side, Price price) {
    Levels& all = levels(locate, side);
    const auto place = place_of(all, side, price);
    if (place != all.end() && place->price == price) return place->level;
    const auto offset = place - all.begin();
    const std::uint32_t level = taken_slot(level_pool_, free_levels_);
    level_pool_[level] = {none, none};
    all.insert(all.begin() + offset, {price, level});
    return level;
}

std::uint32_t RecordedBook::add(const RecordedOrder& order) {
    if (find(order.id) != none) return none;
    const std::uint32_t level = level_at(order.locate, order.side, order.price);
    const std::uint32_t handle = taken_slot(orders_, free_orders_);
    RecordedOrder& added = orders_[handle] = order;
    added.level = level;
    added.ahead = level_pool_[level].last;
    added.behind = none;
    if (added.ahead == none) level_pool_[level].first = handle;
    else orders_[added.ahead].behind = handle;
    level_pool_[level].last = handle;
    table_.insert(order.id.value(), handle);
    return handle;
}

void RecordedBook::reduce(std::uint32_t handle, Quantity by) {
    if (by >= orders_[handle].quantity) return remove(handle);
    orders_[handle].quantity -= by;
}

void RecordedBook::remove(std::uint32_t handle) {
    const RecordedOrder& gone = orders_[handle];
    Level& level = level_pool_[gone.level];
    if (gone.ahead == none) level.first = gone.behind;
    else orders_[gone.ahead].behind = gone.behind;
    if (gone.behind == none) level.last = gone.ahead;
    else orders_[gone.behind].ahead = gone.ahead;
    if (level.first == none) {
        Levels& all = levels(gone.locate, gone.side);
        all.erase(place_of(all, gone.side, gone.price));
        free_levels_.push_back(gone.level);
    }
    table_.erase(gone.id.value());
    free_orders_.push_back(handle);
}

void RecordedBook::clear() {
    table_.clear();
    orders_.clear();
    free_orders_.clear();
    level_pool_.clear();
    free_levels_.clear();
    sides_.clear();
}

bool RecordedBook::best(Locate locate, Side side, Price& price) const {
    bool found = false;
    walk(locate, side, [&](std::uint32_t handle) {
        if (orders_[handle].available() == Quantity{0}) return true;
        price = orders_[handle].price;
        found = true;
        return false;
    });
    return found;
}

}  // namespace colo::simulator
