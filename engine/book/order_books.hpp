// What a venue's feed needs of the books that it keeps: the operations, whatever lies beneath them.
//
// Every venue's decoder ends in these calls. A queue's order is either arrival's (add, reduce, remove, replace: ITCH) or
// explicit (add and modify with a Priority, remove, clear: CME's order-by-order book, and price levels that are one
// aggregated entry). Prices are signed; their scale is the instrument's. The slow reference book of the tests has the
// same operations, so that a feed runs over either.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>

#include "engine/book/books.hpp"
#include "engine/core/types.hpp"

namespace colo {

template <class T>
concept RankedBooks = requires(T books, std::uint16_t instrument, OrderId id, Side side, Price price, Quantity quantity,
                               Priority priority, const LastTrade& trade) {
    { books.add(instrument, id, side, price, quantity, priority) } -> std::same_as<BookChange>;
    { books.modify(instrument, id, price, quantity, priority) } -> std::same_as<BookChange>;
    { books.remove(instrument, id) } -> std::same_as<BookChange>;
    books.clear(instrument);
    books.clear();
    books.set_tick(instrument, price);
    books.set_trading_state(instrument, char{});
    books.set_last_trade(instrument, trade);
};

template <class T>
concept ArrivalBooks = requires(T books, std::uint16_t instrument, OrderId id, Side side, Price price, Quantity quantity) {
    { books.add(instrument, id, side, price, quantity) } -> std::same_as<BookChange>;
    { books.reduce(instrument, id, quantity) } -> std::same_as<BookChange>;
    { books.remove(instrument, id) } -> std::same_as<BookChange>;
    { books.replace(instrument, id, id, price, quantity) } -> std::same_as<BookChange>;
};

static_assert(RankedBooks<Books> && ArrivalBooks<Books>);

}  // namespace colo
