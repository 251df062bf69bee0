// The displayed orders of one generated instrument, so that the generator never refers to an order that is not there
// and never crosses the market.
#pragma once

#include <algorithm>
#include <cstdint>
#include <list>
#include <map>
#include <vector>

#include "engine/core/types.hpp"

namespace colo::simulator {

struct FlowOrder {
    OrderId id;
    Side side = Side::buy;
    Price price;
    Quantity quantity;
    std::size_t live_place = 0;
    std::list<std::uint32_t>::iterator queue_place;
};

class FlowBook {
public:
    std::uint32_t add(OrderId id, Side side, Price price, Quantity quantity) {
        if (free_.empty()) {
            free_.push_back(static_cast<std::uint32_t>(orders_.size()));
            orders_.emplace_back();
        }
        const std::uint32_t handle = free_.back();
        free_.pop_back();
        auto& queue = levels(side)[price];
        queue.push_back(handle);
        orders_[handle] = {id, side, price, quantity, live_.size(), std::prev(queue.end())};
        live_.push_back(handle);
        ++counts_[side == Side::buy ? 0 : 1];
        return handle;
    }
    void remove(std::uint32_t handle) {
        const FlowOrder& order = orders_[handle];
        auto& side = levels(order.side);
        const auto level = side.find(order.price);
        level->second.erase(order.queue_place);
        if (level->second.empty()) side.erase(level);
        live_[order.live_place] = live_.back();
        orders_[live_.back()].live_place = order.live_place;
        live_.pop_back();
        --counts_[order.side == Side::buy ? 0 : 1];
        free_.push_back(handle);
    }
    void reduce(std::uint32_t handle, Quantity by) {
        if (by >= orders_[handle].quantity) return remove(handle);
        orders_[handle].quantity -= by;
    }

    [[nodiscard]] const FlowOrder& order(std::uint32_t handle) const { return orders_[handle]; }
    [[nodiscard]] const std::vector<std::uint32_t>& live() const { return live_; }
    [[nodiscard]] std::size_t count(Side side) const { return counts_[side == Side::buy ? 0 : 1]; }
    [[nodiscard]] bool two_sided() const { return !bids_.empty() && !asks_.empty(); }
    // Precondition for all below: the side is not empty.
    [[nodiscard]] Price best(Side side) const {
        return side == Side::buy ? bids_.rbegin()->first : asks_.begin()->first;
    }
    [[nodiscard]] std::uint32_t first(Side side) const {
        return side == Side::buy ? bids_.rbegin()->second.front() : asks_.begin()->second.front();
    }
    // The last order of the level that stands `depth` behind the best, or of the last level there is.
    [[nodiscard]] std::uint32_t last_at_depth(Side side, std::size_t depth) const {
        if (side == Side::buy) {
            auto level = bids_.rbegin();
            for (; depth > 0 && std::next(level) != bids_.rend(); --depth) ++level;
            return level->second.back();
        }
        auto level = asks_.begin();
        for (; depth > 0 && std::next(level) != asks_.end(); --depth) ++level;
        return level->second.back();
    }

private:
    using Levels = std::map<Price, std::list<std::uint32_t>>;
    [[nodiscard]] Levels& levels(Side side) { return side == Side::buy ? bids_ : asks_; }

    Levels bids_;
    Levels asks_;
    std::vector<FlowOrder> orders_;
    std::vector<std::uint32_t> free_;
    std::vector<std::uint32_t> live_;
    std::size_t counts_[2] = {0, 0};
};

}  // namespace colo::simulator
