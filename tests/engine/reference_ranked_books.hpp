// The slow books that Books with explicit priorities are checked against: one list of orders, sorted whenever it is read.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "engine/book/order_books.hpp"

namespace colo::test {

// A mistake planted in the reference, which the comparison must see.
enum class RankFault : std::uint8_t {
    none,
    arrival_is_priority,      // as at a venue that ranks by arrival
    equals_go_ahead,          // an order goes ahead of those of its own priority
    change_loses_place,       // every modification sends the order behind its equals
    change_keeps_old_rank,    // a new priority at the same price is ignored
    clear_forgets_one_side,
    last = clear_forgets_one_side,
};

class ReferenceRankedBooks {
public:
    struct Entry {
        std::uint16_t instrument;
        std::uint64_t id;
        Side side;
        std::int64_t price, quantity;
        std::uint64_t priority, arrival;
    };

    explicit ReferenceRankedBooks(RankFault fault = RankFault::none) : fault_(fault) {}

    BookChange add(std::uint16_t instrument, OrderId id, Side side, Price price, Quantity quantity, Priority priority) {
        if (quantity <= Quantity{0} || quantity > Quantity{UINT32_MAX} || !valid(side)) return says(BookStatus::invalid_field);
        if (find(id) != entries_.end()) return says(BookStatus::duplicate_order);
        entries_.push_back({instrument, id.value(), side, price.value(), quantity.value(), priority.value(), ++arrivals_});
        return says(BookStatus::ok);
    }
    BookChange modify(std::uint16_t instrument, OrderId id, Price price, Quantity quantity, Priority priority) {
        const auto order = find(id);
        if (order == entries_.end()) return says(BookStatus::unknown_order);
        if (order->instrument != instrument || quantity <= Quantity{0} || quantity > Quantity{UINT32_MAX})
            return says(BookStatus::invalid_field);
        const bool moves = order->price != price.value() || order->priority != priority.value();
        const bool kept = fault_ == RankFault::change_keeps_old_rank && order->price == price.value();
        if ((moves && !kept) || fault_ == RankFault::change_loses_place) order->arrival = ++arrivals_;
        order->price = price.value();
        order->quantity = quantity.value();
        if (!kept) order->priority = priority.value();
        return says(BookStatus::ok);
    }
    BookChange remove(std::uint16_t instrument, OrderId id) {
        const auto order = find(id);
        if (order == entries_.end()) return says(BookStatus::unknown_order);
        if (order->instrument != instrument) return says(BookStatus::invalid_field);
        entries_.erase(order);
        return says(BookStatus::ok);
    }
    void clear(std::uint16_t instrument) {
        std::erase_if(entries_, [&](const Entry& e) {
            return e.instrument == instrument && !(fault_ == RankFault::clear_forgets_one_side && e.side == Side::sell);
        });
    }
    void clear() { entries_.clear(); }
    void set_tick(std::uint16_t, Price) {}
    void set_trading_state(std::uint16_t, char) {}
    void set_last_trade(std::uint16_t, const LastTrade&) {}

    // All orders of one side, from the first to trade to the last.
    [[nodiscard]] std::vector<Entry> queue(std::uint16_t instrument, Side side) const {
        std::vector<Entry> found;
        for (const Entry& e : entries_)
            if (e.instrument == instrument && e.side == side) found.push_back(e);
        std::sort(found.begin(), found.end(), [this](const Entry& a, const Entry& b) {
            if (a.price != b.price) return a.side == Side::buy ? a.price > b.price : a.price < b.price;
            if (a.priority != b.priority && fault_ != RankFault::arrival_is_priority) return a.priority < b.priority;
            return fault_ == RankFault::equals_go_ahead ? a.arrival > b.arrival : a.arrival < b.arrival;
        });
        return found;
    }
    [[nodiscard]] const std::vector<Entry>& entries() const { return entries_; }

private:
    [[nodiscard]] static BookChange says(BookStatus status) {
        BookChange change;
        change.status = status;
        return change;
    }
    [[nodiscard]] std::vector<Entry>::iterator find(OrderId id) {
        return std::find_if(entries_.begin(), entries_.end(), [&](const Entry& e) { return e.id == id.value(); });
    }

    RankFault fault_;
    std::vector<Entry> entries_;
    std::uint64_t arrivals_ = 0;
};
static_assert(RankedBooks<ReferenceRankedBooks>);

// What differs between the two in one instrument, empty where nothing does: prices, orders in their queues, sums, top.
inline std::string difference(const Books& books, const ReferenceRankedBooks& reference, std::uint16_t instrument) {
    const Book& book = books.book(instrument);
    for (const Side side : {Side::buy, Side::sell}) {
        const auto expected = reference.queue(instrument, side);
        std::size_t at = 0;
        Quantity best_quantity{0};
        for (const Level level : book.levels(side)) {
            Quantity sum{0};
            for (const Order order : level.orders()) {
                if (at == expected.size()) return "an order too many";
                const auto& e = expected[at++];
                if (level.price().value() != e.price) return "price of order " + std::to_string(e.id);
                if (order.id.value() != e.id) return "place of order " + std::to_string(e.id);
                if (order.quantity.value() != e.quantity) return "quantity of order " + std::to_string(e.id);
                if (books.quantity_ahead(order.id) != sum) return "quantity ahead of order " + std::to_string(e.id);
                sum += order.quantity;
            }
            if (level.quantity() != sum) return "quantity of a level";
            if (best_quantity == Quantity{0}) best_quantity = sum;
        }
        if (at != expected.size()) return "an order too few";
        const Price best{expected.empty() ? 0 : expected[0].price};
        if (book.top().price(side) != best || book.top().quantity(side) != best_quantity) return "top";
    }
    return "";
}

}  // namespace colo::test
