// What must hold of books whatever was done to them: every open order stands at a level, and a level is their sum.
#pragma once

#include "engine/book/books.hpp"
#include "tests/fuzz/fuzz_input.hpp"

namespace colo::fuzz {

inline void expect_whole(const Books& books) {
    std::uint64_t orders = 0;
    for (const std::uint16_t instrument : books.instruments())
        for (const Side side : {Side::buy, Side::sell})
            for (const Level level : books.book(instrument).levels(side)) {
                Quantity total;
                for (const Order& order : level.orders()) {
                    total += order.quantity;
                    ++orders;
                }
                expect(total == level.quantity(), "a level is the sum of its orders");
            }
    expect(orders == books.order_count(), "every order stands at a level");
}

}  // namespace colo::fuzz
