// The venue's matching rules written down as slowly and plainly as they can be, to compare the real one with: all
// orders, recorded and the client's, lie in one list in the order in which they came, and every question sorts that
// list anew.
//
// It shares nothing with engine/simulator but the texts that it says. One instrument, prices in cents.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

namespace colo::simulator {

class ReferenceVenue {
public:
    struct Order {
        bool client = false;
        std::uint64_t id = 0;  // reference or UserRefNum
        bool buy = false;
        std::int64_t price = 0;
        std::int64_t open = 0;
        std::int64_t taken = 0;     // of a recorded order
        std::int64_t executed = 0;  // of a client order's chain
    };

    std::vector<std::string> said;
    std::vector<Order> orders;

    void add(std::uint64_t id, bool buy, std::int64_t quantity, std::int64_t price, std::int64_t taken = 0) {
        if (recorded(id) != nullptr) return;
        orders.push_back({false, id, buy, price, quantity, taken, 0});
        std::int64_t left = std::max<std::int64_t>(0, quantity - taken);
        for (const Order& resting : in_priority(!buy)) {
            const bool crosses = buy ? resting.price <= price : resting.price >= price;
            if (!resting.client || !crosses) continue;
            const std::int64_t filled = fill(resting.id, left);
            left -= filled;
            recorded(id)->taken += filled;
        }
    }
    void execute(std::uint64_t id, std::int64_t quantity) {
        const Order* hit = recorded(id);
        if (hit == nullptr) return;
        const Order copy = *hit;
        std::int64_t left = std::min(quantity, copy.open);
        for (const Order& before : in_priority(copy.buy)) {
            if (!before.client && before.id == id) break;
            if (before.client) left -= fill(before.id, left);
        }
        reduce(id, quantity);
    }
    void reduce(std::uint64_t id, std::int64_t quantity) {
        Order* order = recorded(id);
        if (order == nullptr) return;
        order->open -= quantity;
        if (order->open <= 0) erase(false, id);
    }
    void remove(std::uint64_t id) { erase(false, id); }
    void replace(std::uint64_t from, std::uint64_t to, std::int64_t quantity, std::int64_t price) {
        const Order* order = recorded(from);
        if (order == nullptr) return;
        const Order old = *order;
        erase(false, from);
        add(to, old.buy, quantity, price, old.taken);
    }
    void hidden_trade(std::int64_t quantity, std::int64_t price) {
        for (const bool buy : {true, false}) {
            for (const Order& resting : in_priority(buy)) {
                const bool through = buy ? resting.price > price : resting.price < price;
                if (resting.client && through) quantity -= fill(resting.id, quantity);
            }
        }
    }
    void enter(std::uint64_t number, bool buy, std::int64_t quantity, std::int64_t price, bool rests) {
        if (number <= last_number_) return;
        last_number_ = number;
        say("A" + std::to_string(number) + " " + std::to_string(quantity) + "@" + told(price) + " L");
        arrive({true, number, buy, price, quantity, 0, 0}, rests);
    }
    void cancel(std::uint64_t number, std::int64_t intended) {
        Order* order = own(number);
        if (order == nullptr) return;
        const std::int64_t off = order->open - std::max<std::int64_t>(0, intended - order->executed);
        if (off <= 0) return;
        say("C" + std::to_string(number) + " " + std::to_string(off) + " U");
        order->open -= off;
        if (order->open == 0) erase(true, number);
    }
    void replace_own(std::uint64_t from, std::uint64_t to, std::int64_t quantity, std::int64_t price) {
        Order* order = own(from);
        if (order == nullptr || to <= last_number_) return;
        if (quantity <= order->executed) {
            say("C" + std::to_string(from) + " " + std::to_string(order->open) + " Z");
            return erase(true, from);
        }
        last_number_ = to;
        Order next = *order;
        erase(true, from);
        next.id = to;
        next.price = price;
        next.open = quantity - next.executed;
        say("U" + std::to_string(from) + ">" + std::to_string(to) + " " + std::to_string(next.open) + "@" +
            told(price));
        arrive(next, true);
    }

    // Recorded quantity, still to be had, before a client order at its price; -1 for one that does not rest.
    [[nodiscard]] std::int64_t ahead(std::uint64_t number) const {
        std::int64_t sum = 0;
        for (const Order& order : orders) {
            if (order.client && order.id == number) {
                for (const Order& other : orders) {
                    if (&other == &order) return sum;
                    if (!other.client && other.buy == order.buy && other.price == order.price) {
                        sum += std::max<std::int64_t>(0, other.open - other.taken);
                    }
                }
            }
        }
        return -1;
    }

private:
    static std::string told(std::int64_t price) {
        char text[32];
        std::snprintf(text, sizeof text, "%lld.%02lld", static_cast<long long>(price / 100),
                      static_cast<long long>(price % 100));
        return text;
    }
    void say(std::string text) { said.push_back(std::move(text)); }
    // A copy of a side's orders, best price first and older first.
    [[nodiscard]] std::vector<Order> in_priority(bool buy) const {
        std::vector<Order> side;
        for (const Order& order : orders) {
            if (order.buy == buy) side.push_back(order);
        }
        std::stable_sort(side.begin(), side.end(), [&](const Order& a, const Order& b) {
            return buy ? a.price > b.price : a.price < b.price;
        });
        return side;
    }
    [[nodiscard]] Order* named(bool client, std::uint64_t id) {
        for (Order& order : orders) {
            if (order.client == client && order.id == id) return &order;
        }
        return nullptr;
    }
    [[nodiscard]] Order* recorded(std::uint64_t id) { return named(false, id); }
    [[nodiscard]] Order* own(std::uint64_t number) { return named(true, number); }
    void erase(bool client, std::uint64_t id) {
        std::erase_if(orders, [&](const Order& order) { return order.client == client && order.id == id; });
    }
    void say_executed(const Order& order, std::int64_t quantity, std::int64_t price, char liquidity) {
        say("E" + std::to_string(order.id) + " " + std::to_string(quantity) + "@" + told(price) + " " + liquidity);
    }
    std::int64_t fill(std::uint64_t number, std::int64_t most) {
        Order* order = own(number);
        const std::int64_t quantity = std::min(most, order->open);
        if (quantity <= 0) return 0;
        order->open -= quantity;
        order->executed += quantity;
        say_executed(*order, quantity, order->price, 'A');
        if (order->open == 0) erase(true, number);
        return quantity;
    }
    void arrive(Order order, bool rests) {
        for (const Order& resting : in_priority(!order.buy)) {
            const bool crosses = order.buy ? resting.price <= order.price : resting.price >= order.price;
            if (!crosses || order.open == 0) break;
            if (resting.client) {
                say("D" + std::to_string(order.id) + " " + std::to_string(order.open) + " prevented " +
                    std::to_string(std::min(order.open, resting.open)) + "@" + told(resting.price));
                return;
            }
            const std::int64_t quantity = std::min(order.open, std::max<std::int64_t>(0, resting.open - resting.taken));
            if (quantity == 0) continue;
            recorded(resting.id)->taken += quantity;
            order.open -= quantity;
            order.executed += quantity;
            say_executed(order, quantity, resting.price, 'R');
        }
        if (order.open == 0) return;
        if (rests) orders.push_back(order);
        else say("C" + std::to_string(order.id) + " " + std::to_string(order.open) + " I");
    }

    std::uint64_t last_number_ = 0;
};

}  // namespace colo::simulator
