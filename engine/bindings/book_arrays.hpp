// Levels and queues of a book as NumPy arrays, the same for the books of every venue.
#pragma once

#include <nanobind/nanobind.h>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "engine/bindings/numpy_array.hpp"
#include "engine/book/books.hpp"

namespace colo::bindings {

// The bytes are no message of the protocol.
struct FormatError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

[[nodiscard]] inline Side side_of(const std::string& text) {
    if (text == "B") return Side::buy;
    if (text == "S") return Side::sell;
    throw std::invalid_argument("side must be 'B' or 'S', not '" + text + "'");
}

[[nodiscard]] inline Bytes bytes_in(const nanobind::bytes& bytes) {
    return {reinterpret_cast<const std::byte*>(bytes.data()), bytes.size()};
}

// int64 [n, 3]: (price, quantity, entries) from the best on, `depth` levels at most.
[[nodiscard]] inline nanobind::object level_array(const Book& book, Side side, std::size_t depth) {
    std::vector<Level> found;
    for (Level level : book.levels(side)) {
        if (found.size() == depth) break;
        found.push_back(level);
    }
    const FilledArray rows = make_array("i8", {found.size(), 3});
    auto* row = static_cast<std::int64_t*>(rows.data);
    for (const Level& level : found) {
        *row++ = level.price().value();
        *row++ = level.quantity().value();
        *row++ = level.order_count();
    }
    return rows.array;
}

// uint64 [n, 2]: (order, quantity) in the order of the queue at this price.
[[nodiscard]] inline nanobind::object order_array(const Book& book, Side side, Price price) {
    std::vector<Order> found;
    if (const auto level = book.level(side, price))
        for (Order order : level->orders()) found.push_back(order);
    const FilledArray rows = make_array("u8", {found.size(), 2});
    auto* row = static_cast<std::uint64_t*>(rows.data);
    for (const Order& order : found) {
        *row++ = order.id.value();
        *row++ = static_cast<std::uint64_t>(order.quantity.value());
    }
    return rows.array;
}

[[nodiscard]] inline nanobind::object top_tuple(const Top& top) {
    return nanobind::make_tuple(top.bid_price.value(), top.bid_quantity.value(), top.ask_price.value(), top.ask_quantity.value());
}

}  // namespace colo::bindings
