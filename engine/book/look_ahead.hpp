// The memory that coming messages will touch, asked for before they are applied: cold cache lines are then waited for
// together and not one by one.
//
// Each step asks for what the step before made known: the order that a message names and its instrument's book; the
// orders beside it and the level; the level's last order, and the ladder where a level comes or goes. Hints follow where
// an order or a price leads now, so that they cost nothing but time where that changes. No step branches on a message: what
// is mispredicted here is mispredicted again when it is applied. So all messages take the same steps, and where one needs
// nothing, something is asked for that is there.
//
//   LookAhead ahead(books);
//   ahead.expect({.instrument = 7, .id = OrderId{1}});     // a piece of messages, and then
//   ahead.advance();                                       // three times before they are applied
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "engine/book/books.hpp"

namespace colo {

class LookAhead {
public:
    static constexpr std::size_t messages_max = 256;

    struct Message {
        std::uint16_t instrument = 0;
        OrderId id;
        std::uint32_t asks = 0;   // 1 where an order is added on that side
        Handle comes = 0;         // all bits set where it brings an order to a level, else none
        std::uint32_t price = 0;  // of one that comes
    };

    explicit LookAhead(const Books& books) : books_(&books) {}

    // Precondition: no more than messages_max in all.
    [[gnu::always_inline]] void expect(const Message& m) {
        const Book& book = books_->at(m.instrument);
        const Handle order = books_->cells_.home(m.id);
        __builtin_prefetch(&book);
        __builtin_prefetch(reinterpret_cast<const std::byte*>(&book) + (Book::windows_at & m.comes));
        books_->cells_.fetch(order);
        expected_[count_++] = {&book, order, m.comes, m.price, m.asks};
    }
    // The next step of each piece of messages that was expected.
    [[gnu::always_inline]] void advance() {
        for (std::size_t at = done_; at < leveled_; ++at) fetch_last(expected_[at]);
        for (std::size_t at = leveled_; at < found_; ++at) fetch_level(expected_[at]);
        done_ = leveled_;
        leveled_ = found_;
        found_ = count_;
    }

private:
    struct Expected {
        const Book* book;
        Handle at;  // the order first, the level that it is likely to change after the second step
        Handle comes;
        std::uint32_t price, asks;
    };

    // Where there is no order yet, its cell holds zeros.
    [[gnu::always_inline]] void fetch_level(Expected& expected) const {
        const OrderCells& cells = books_->cells_;
        const Cell& order = cells[expected.at];
        const Side side = side_at(expected.asks | index_of(OrderCells::side_of_window(order.level())));
        const LadderKey key = ladder_key(side, Price{expected.price});
        const Handle next_level = expected.book->window(side).likely_cell(key) & expected.comes;
        cells.fetch(next_level);
        cells.fetch(order.level());
        cells.fetch(order.next);
        cells.fetch(order.previous);
        expected.at = next_level | (order.level() & ~expected.comes);
    }
    // A level of one order is likely to go, one of none to come.
    [[gnu::always_inline]] void fetch_last(const Expected& expected) const {
        const Cell& level = books_->cells_[expected.at];
        books_->cells_.fetch(level.previous & expected.comes);
        expected.book->fetch_ladder(OrderCells::side_of_window(expected.at), level.next == level.previous);
    }

    const Books* books_;
    std::size_t count_ = 0, found_ = 0, leveled_ = 0, done_ = 0;
    std::array<Expected, messages_max> expected_;
};

}  // namespace colo
