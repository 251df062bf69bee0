// The client's orders that rest at the venue: by their number, and in price-time order for each side of an instrument.
// They are few (a strategy keeps some tens), so that each queue is a short sorted array.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/core/types.hpp"
#include "engine/protocol/ouch50.hpp"
#include "engine/simulator/reference_table.hpp"

namespace colo::simulator {

struct ClientOrder {
    static constexpr SessionTime never{INT64_MAX};

    UserRefNum user_ref_num;
    OrderId id;               // the venue's order reference number
    Locate locate;
    ouch50::Symbol symbol;
    ouch50::OrderSide side{};
    Price price;
    Quantity open;
    Quantity executed;        // by the whole chain of replacements
    SequenceNumber arrival;   // the last recorded message before it; recorded orders up to that one stand before it
    SessionTime expires = never;
    ouch50::TimeInForce time_in_force{};
    ouch50::Display display{};
    ouch50::Capacity capacity{};
    char inter_market_sweep_eligibility = 'N';
    bool post_only = false;
    ouch50::ClOrdId cl_ord_id;

    [[nodiscard]] Side book_side() const { return ouch50::side_of(side); }
    // Whether it may trade against an order of the other side at this price.
    [[nodiscard]] bool crosses(Price other) const {
        return other == price || better(opposite(book_side()), other, price);
    }
    // Whether it goes before a recorded order of its own side.
    [[nodiscard]] bool before(Price other, SequenceNumber other_arrival) const {
        return better(book_side(), price, other) || (price == other && arrival < other_arrival);
    }
};

class ClientOrders {
public:
    static constexpr std::uint32_t none = ReferenceTable::none;

    ClientOrders() : table_(10) {}

    [[nodiscard]] std::uint32_t find(UserRefNum number) const { return table_.find(number.value()); }
    [[nodiscard]] ClientOrder& order(std::uint32_t handle) { return orders_[handle]; }
    [[nodiscard]] const ClientOrder& order(std::uint32_t handle) const { return orders_[handle]; }
    [[nodiscard]] std::size_t count() const { return table_.count(); }

    // Behind all orders of its price. Precondition: its number is not in use.
    std::uint32_t add(const ClientOrder& order);
    void remove(std::uint32_t handle);
    void clear();
    // A side in price-time order; valid until the next add or remove. The price lies beside the handle, so that a place
    // in the queue, or whether its first order trades, is found without fetching the orders.
    struct Waiting {
        Price price;
        std::uint32_t handle;
    };
    [[nodiscard]] std::span<const Waiting> queue(Locate locate, Side side) const {
        const std::size_t at = place(locate, side);
        if (at >= queues_.size()) return {};
        return queues_[at];
    }
    // The numbers of all orders, in the order of their numbers.
    [[nodiscard]] std::vector<UserRefNum> numbers() const;

private:
    [[nodiscard]] static std::size_t place(Locate locate, Side side) {
        return 2u * locate.value() + (side == Side::sell ? 1u : 0u);
    }

    ReferenceTable table_;
    std::vector<ClientOrder> orders_;
    std::vector<std::uint32_t> free_;
    std::vector<std::vector<Waiting>> queues_;  // by locate, up to the highest that had an order
};

inline std::uint32_t ClientOrders::add(const ClientOrder& order) {
    if (free_.empty()) {
        free_.push_back(static_cast<std::uint32_t>(orders_.size()));
        orders_.emplace_back();
    }
    const std::uint32_t handle = free_.back();
    free_.pop_back();
    orders_[handle] = order;
    table_.insert(order.user_ref_num.value(), handle);
    const std::size_t at = place(order.locate, order.book_side());
    if (at >= queues_.size()) queues_.resize(at + 1);
    auto& queue = queues_[at];
    const auto behind =
        std::upper_bound(queue.begin(), queue.end(), order.price, [&](Price price, const Waiting& other) {
            return better(order.book_side(), price, other.price);
        });
    queue.insert(behind, {order.price, handle});
    return handle;
}

inline void ClientOrders::remove(std::uint32_t handle) {
    const ClientOrder& order = orders_[handle];
    auto& queue = queues_[place(order.locate, order.book_side())];
    queue.erase(std::find_if(queue.begin(), queue.end(), [&](const Waiting& w) { return w.handle == handle; }));
    table_.erase(order.user_ref_num.value());
    free_.push_back(handle);
}

inline void ClientOrders::clear() {
    table_.clear();
    orders_.clear();
    free_.clear();
    queues_.clear();
}

inline std::vector<UserRefNum> ClientOrders::numbers() const {
    std::vector<UserRefNum> numbers;
    for (const auto& queue : queues_) {
        for (const Waiting& waiting : queue) numbers.push_back(orders_[waiting.handle].user_ref_num);
    }
    std::sort(numbers.begin(), numbers.end());
    return numbers;
}

}  // namespace colo::simulator
