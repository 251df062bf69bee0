// The books of all instruments of one feed channel, with one table of orders, whatever protocol feeds them.
//
// Messages that change an order name it by its reference alone, so the table is the channel's, not the instrument's.
// Four operations are enough where arrival makes the queue: add, reduce (a partial cancel or an execution), remove,
// replace. Where the venue ranks orders itself (CME's order priority), add and modify take the priority. Each answers
// with a BookChange: a status and what the consumer would otherwise look up again. Wrong input is a value, the book
// stays consistent after any of them:
//
//   Books books;
//   books.add(instrument, OrderId{7}, Side::buy, Price{1'000'000}, Quantity{100});
//   BookChange change = books.reduce(OrderId{7}, Quantity{40});
//   change.quantity_after == Quantity{60};
//   books.reduce(OrderId{8}, Quantity{1}).status == BookStatus::unknown_order;
//
// Nothing allocates once an instrument exists, except the list of far levels of a book that grows beyond its past.
#pragma once

#include <cstdint>
#include <memory>
#include <new>
#include <optional>
#include <vector>

#include "engine/book/book.hpp"
#include "engine/book/order_cells.hpp"
#include "engine/core/types.hpp"

namespace colo {

// Bounds of the tables. They are addresses; memory is used as orders come.
struct BookCapacity {
    std::uint32_t cells_max = 1u << 26;            // of 16 bytes; two for each level
    std::uint32_t reference_pages_max = 1u << 18;  // of 128 cells under 128 references; further ones are hashed
};

// What an operation did. Prices and quantities are those of the displayed order.
struct BookChange {
    BookStatus status = BookStatus::ok;
    Side side = Side::buy;
    std::uint16_t instrument = 0;
    Price price;               // where the order rests, or rested when it is gone; of a replace the new one
    Quantity quantity_before;  // displayed before (0 for an add)
    Quantity quantity_after;   // displayed after (0 when it is gone)
    Price price_before;        // of a replace the old price, else as `price`
};

// An order and where it rests.
struct RestingOrder {
    Handle handle = 0;
    std::uint16_t instrument = 0;
    Side side = Side::buy;
    Price price;
    Quantity quantity;
};

class Books {
    friend class ItchBooks;
    friend class LookAhead;

public:
    explicit Books(BookCapacity capacity = {})
        : cells_(capacity.cells_max, capacity.reference_pages_max), books_(instruments_max) {}
    Books(const Books&) = delete;
    Books& operator=(const Books&) = delete;
    ~Books() { destroy_books(); }

    static constexpr std::size_t instruments_max = 1u << 16;

    // Makes the instrument's book on first use.
    [[nodiscard]] Book& book(std::uint16_t instrument) {
        Book& book = at(instrument);
        if (!book.exists()) [[unlikely]] make_book(instrument);
        return book;
    }
    [[nodiscard]] const Book& book(std::uint16_t instrument) const {
        const Book& book = at(instrument);
        return book.exists() ? book : nothing_;
    }
    // Instruments in the order of their first appearance.
    [[nodiscard]] const std::vector<std::uint16_t>& instruments() const { return seen_; }
    // Open orders of all instruments.
    [[nodiscard]] std::uint64_t order_count() const { return order_count_; }

    [[nodiscard]] std::optional<RestingOrder> find(OrderId id) const {
        const Handle order = cells_.find(id);
        if (order == 0) return std::nullopt;
        const Handle level = cells_[order].level();
        const std::uint16_t instrument = cells_.instrument(level);
        const Side side = cells_.side(level);
        const LadderKey key = at(instrument).ladder(side).key_of(cells_, level);
        return RestingOrder{order, instrument, side, price_of(side, key), Quantity{cells_[order].quantity()}};
    }
    // Displayed quantity that trades before this order at its price; nothing where the order is not in the book.
    // Takes a step for each order ahead.
    [[nodiscard]] std::optional<Quantity> quantity_ahead(OrderId id) const {
        const Handle order = cells_.find(id);
        if (order == 0) return std::nullopt;
        std::int64_t ahead = 0;
        const Handle level = cells_[order].level();
        for (Handle at = cells_[order].previous; at != level; at = cells_[at].previous) ahead += cells_[at].quantity();
        return Quantity{ahead};
    }

    // Appends to its level's queue.
    [[gnu::always_inline]] BookChange add(std::uint16_t instrument, OrderId id, Side side, Price price, Quantity quantity) {
        return add(book(instrument), id, side, price, quantity);
    }
    // The same with the instrument's book, which was found before.
    [[gnu::always_inline]] BookChange add(Book& of, OrderId id, Side side, Price price, Quantity quantity) {
        BookChange change{BookStatus::ok, side, of.instrument(), price, Quantity{0}, quantity, price};
        if (!holdable(quantity) || !valid(side)) [[unlikely]] return refused(change, BookStatus::invalid_field);
        if (cells_.holds(id)) [[unlikely]] return refused(change, of.fail(BookStatus::duplicate_order));
        if (!append(of, id, side, price, static_cast<std::uint32_t>(quantity.value()))) [[unlikely]]
            return refused(change, of.fail(BookStatus::out_of_capacity));
        return change;
    }

    // Takes quantity off an order, which keeps its place and goes when nothing is left. `instrument` is the one that the
    // message names, which must be the order's.
    [[gnu::always_inline]] BookChange reduce(std::uint16_t instrument, OrderId id, Quantity by) {
        const Handle order = cells_.find(id);
        if (order == 0) [[unlikely]] return unknown(instrument);
        BookChange change = describe(order);
        Cell& cell = cells_[order];
        const Handle level = cell.level();
        Side side;
        if (!cells_.belongs(level, instrument, side) || !holdable(by)) [[unlikely]]
            return unchanged(change, BookStatus::invalid_field);
        const auto taken = static_cast<std::uint32_t>(by.value());
        Book& of = at(instrument);
        if (taken >= cell.quantity()) {
            if (taken > cell.quantity()) [[unlikely]] change.status = of.fail(BookStatus::over_execution);
            take_out(of, order, id, side);
            return change;
        }
        cell.head = Cell::order(level, cell.quantity() - taken);
        change.quantity_after = Quantity{cell.quantity()};
        set_quantity(of, side, level, cells_.level_quantity(level) - taken);
        return change;
    }

    [[gnu::always_inline]] BookChange remove(std::uint16_t instrument, OrderId id) {
        const Handle order = cells_.find(id);
        if (order == 0) [[unlikely]] return unknown(instrument);
        const BookChange change = describe(order);
        const Handle level = cells_[order].level();
        Side side;
        if (!cells_.belongs(level, instrument, side)) [[unlikely]] return unchanged(change, BookStatus::invalid_field);
        take_out(at(instrument), order, id, side);
        return change;
    }

    // The new order takes the side of the old and the end of its level's queue, also at the same price.
    [[gnu::always_inline]] BookChange replace(std::uint16_t instrument, OrderId id, OrderId new_id, Price price,
                                              Quantity quantity) {
        const Handle order = cells_.find(id);
        if (order == 0) [[unlikely]] return unknown(instrument);
        BookChange change = describe(order);
        const Handle level = cells_[order].level();
        Side side;
        if (!cells_.belongs(level, instrument, side) || !holdable(quantity)) [[unlikely]]
            return unchanged(change, BookStatus::invalid_field);
        Book& of = at(instrument);
        if (new_id != id && cells_.holds(new_id)) [[unlikely]]
            return unchanged(change, of.fail(BookStatus::duplicate_order));
        if (!cells_.room()) [[unlikely]] return unchanged(change, of.fail(BookStatus::out_of_capacity));
        take_out(of, order, id, side);
        append(of, new_id, side, price, static_cast<std::uint32_t>(quantity.value()));
        change.price_before = change.price;
        change.price = price;
        change.quantity_after = quantity;
        return change;
    }

    // An add at a venue that ranks orders itself: behind the orders of its level that rank before it or like it.
    BookChange add(std::uint16_t instrument, OrderId id, Side side, Price price, Quantity quantity, Priority priority) {
        const BookChange change = add(instrument, id, side, price, quantity);
        if (change.status == BookStatus::ok) [[likely]] cells_.rank_last(cells_.find(id), priority);
        return change;
    }

    // What a ranked order is from now on. It keeps its place where price and priority are what they were, whether its
    // quantity falls or rises.
    BookChange modify(std::uint16_t instrument, OrderId id, Price price, Quantity quantity, Priority priority) {
        const Handle order = cells_.find(id);
        if (order == 0) [[unlikely]] return unknown(instrument);
        BookChange change = describe(order);
        if (change.instrument != instrument || !holdable(quantity)) [[unlikely]]
            return unchanged(change, BookStatus::invalid_field);
        if (price != change.price || cells_.priority(order) != priority) {
            change = replace(instrument, id, id, price, quantity);
            if (change.status == BookStatus::ok) [[likely]] cells_.rank_last(cells_.find(id), priority);
            return change;
        }
        Cell& cell = cells_[order];
        const auto wanted = static_cast<std::uint32_t>(quantity.value());
        const std::uint64_t others = cells_.level_quantity(cell.level()) - cell.quantity();
        set_quantity(at(instrument), change.side, cell.level(), others + wanted);
        cell.head = Cell::order(cell.level(), wanted);
        change.quantity_after = quantity;
        return change;
    }

    // Takes every order of the instrument out: the venue reset its book, or what came of it was lost.
    void clear(std::uint16_t instrument) {
        Book& of = book(instrument);
        for (const Side side : {Side::buy, Side::sell})
            while (const Handle level = of.ladder(side).best().level) remove(instrument, cells_.id(cells_[level].next));
    }

    // What a venue says of an instrument beside its orders.
    void set_trading_state(std::uint16_t instrument, char state) { book(instrument).trading_state_ = state; }
    void set_last_trade(std::uint16_t instrument, const LastTrade& trade) { book(instrument).last_trade_ = trade; }

    // Touches the memory of that many orders now, so that trading does not.
    void prefault(std::uint32_t orders) { cells_.prefault(orders); }
    // What the table of orders and levels lies on.
    [[nodiscard]] HugePages pages() const { return cells_.pages(); }

    // Fixes the tick of an instrument's ladders; else it is guessed from the price.
    void set_tick(std::uint16_t instrument, Price tick) {
        Book& of = book(instrument);
        for (const Side side : {Side::buy, Side::sell}) {
            of.ladder(side).set_tick(cells_, tick.value());
            of.refresh_top(side);
        }
    }

    // Forgets orders, instruments and their states, for a new session.
    void clear() {
        cells_.clear();
        destroy_books();
        books_.clear();
        seen_.clear();
        order_count_ = 0;
    }

private:
    // Cells hold quantities of 32 bits, as ITCH and MDP3 send them.
    [[nodiscard]] static bool holdable(Quantity quantity) {
        return quantity > Quantity{0} && quantity <= Quantity{UINT32_MAX};
    }
    [[nodiscard, gnu::always_inline]] BookChange describe(Handle order) const {
        const Cell& cell = cells_[order];
        const std::uint16_t instrument = cells_.instrument(cell.level());
        const Side side = cells_.side(cell.level());
        const Price price = price_of(side, at(instrument).ladder(side).key_of(cells_, cell.level()));
        return {BookStatus::ok, side, instrument, price, Quantity{cell.quantity()}, Quantity{0}, price};
    }
    [[nodiscard]] static BookChange unknown(std::uint16_t instrument) {
        BookChange change;
        change.status = BookStatus::unknown_order;
        change.instrument = instrument;
        return change;
    }
    [[nodiscard]] static BookChange unchanged(BookChange change, BookStatus status) {
        change.status = status;
        change.quantity_after = change.quantity_before;
        return change;
    }
    [[nodiscard]] static BookChange refused(BookChange change, BookStatus status) {
        change.status = status;
        change.quantity_after = Quantity{0};
        return change;
    }

    // False, and nothing done, where the cells have no room.
    [[gnu::always_inline]] bool append(Book& of, OrderId id, Side side, Price price, std::uint32_t quantity) {
        const LadderKey key = ladder_key(side, price);
        const std::uint32_t place = of.window(side).place(key);
        Handle level = of.window(side).cell(place);
        if (place >= PriceWindow::length || !cells_.level_exists(level) || !cells_.has_page(id)) [[unlikely]] {
            level = make_room(of, side, key);
            if (level == 0) return false;
        }
        cells_.append_order(level, id, quantity);
        set_quantity(of, side, level, cells_.level_quantity(level) + quantity);
        ++order_count_;
        return true;
    }
    // The level, made where there was none; 0 where there is no room for it or the order.
    [[gnu::noinline]] Handle make_room(Book& of, Side side, LadderKey key) {
        if (!cells_.room()) return 0;
        Handle level = of.ladder(side).find(key);
        if (level != 0) return level;
        level = of.ladder(side).insert(cells_, key);
        if (of.ladder(side).best().level == level) of.refresh_top(side);
        return level;
    }

    // Unlinks an order, and its level if that is empty then.
    [[gnu::always_inline]] void take_out(Book& of, Handle order, OrderId id, Side side) {
        const Handle level = cells_[order].level();
        const std::uint32_t quantity = cells_[order].quantity();
        cells_.remove_order(order, id);
        --order_count_;
        if (cells_.level_is_empty(level)) [[unlikely]] take_level_out(of, level, side);
        else set_quantity(of, side, level, cells_.level_quantity(level) - quantity);
    }
    [[gnu::noinline]] void take_level_out(Book& of, Handle level, Side side) {
        of.ladder(side).erase(cells_, level);
        if (of.is_best(side, level)) of.refresh_top(side);
    }
    // Whether the level is the best is a coin's throw, so it chooses a value and not a branch.
    [[gnu::always_inline]] void set_quantity(Book& of, Side side, Handle level, std::uint64_t quantity) {
        cells_.set_level_quantity(level, quantity);
        Quantity& best = of.best_quantity(side);
        const std::int64_t change = static_cast<std::int64_t>(quantity) - best.value();
        best += Quantity{change & -std::int64_t{of.is_best(side, level)}};
    }

    [[nodiscard]] Book& at(std::uint16_t instrument) { return *std::launder(reinterpret_cast<Book*>(&books_[instrument])); }
    [[nodiscard]] const Book& at(std::uint16_t instrument) const {
        return *std::launder(reinterpret_cast<const Book*>(&books_[instrument]));
    }
    void make_book(std::uint16_t instrument) {
        new (&books_[instrument]) Book(cells_, instrument);
        for (const Side side : {Side::buy, Side::sell}) cells_.prefault_window(cells_.window(instrument, side));
        seen_.push_back(instrument);
    }
    void destroy_books() {
        for (const std::uint16_t instrument : seen_) std::destroy_at(&at(instrument));
    }

    // Room for a book, which is made there when its instrument is first seen; zeros until then. Books lie side by side: an
    // odd number of cache lines spreads their first ones over all sets of a cache.
    struct alignas(Book) Room { std::byte bytes[(sizeof(Book) / 64 | 1) * 64]; };

    OrderCells cells_;
    ReservedArray<Room> books_;
    std::vector<std::uint16_t> seen_;
    std::uint64_t order_count_ = 0;
    Book nothing_{cells_, 0};
};

}  // namespace colo
