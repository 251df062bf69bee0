// The books of all instruments of one feed channel, with one table of orders, whatever protocol feeds them.
//
// Messages that change an order name it by its reference alone, so the table is the channel's, not the instrument's.
// Four operations are enough for every venue: add, reduce (a partial cancel or an execution), remove, replace. Each
// answers with a BookChange: a status and what the consumer would otherwise look up again. Wrong input is a value, the
// book stays consistent after any of them:
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
        BookChange change{BookStatus::ok, side, instrument, price, Quantity{0}, quantity, price};
        if (!holdable(quantity) || !valid(side)) [[unlikely]] return refuse(change, BookStatus::invalid_field);
        Book& of = book(instrument);
        if (cells_.find(id) != 0) [[unlikely]] return refuse(change, BookStatus::duplicate_order);
        if (!cells_.room()) [[unlikely]] return refuse(change, BookStatus::out_of_capacity);
        append(of, id, side, price, static_cast<std::uint32_t>(quantity.value()));
        return change;
    }

    // Takes quantity off an order, which keeps its place and goes when nothing is left. `instrument` is the one that the
    // message names, which must be the order's.
    [[gnu::always_inline]] BookChange reduce(std::uint16_t instrument, OrderId id, Quantity by) {
        const Handle order = cells_.find(id);
        if (order == 0) [[unlikely]] return unknown(instrument);
        BookChange change = describe(order);
        if (change.instrument != instrument || !holdable(by)) [[unlikely]] return unchanged(change, BookStatus::invalid_field);
        const auto taken = static_cast<std::uint32_t>(by.value());
        Cell& cell = cells_[order];
        Book& of = at(instrument);
        if (taken >= cell.quantity()) {
            if (taken > cell.quantity()) [[unlikely]] {
                change.status = BookStatus::over_execution;
                of.fail(change.status);
            }
            take_out(of, order, id, change.side);
            return change;
        }
        cell.head = Cell::order(cell.level(), cell.quantity() - taken);
        change.quantity_after = Quantity{cell.quantity()};
        set_quantity(of, change.side, cell.level(), cells_.level_quantity(cell.level()) - taken);
        return change;
    }

    [[gnu::always_inline]] BookChange remove(std::uint16_t instrument, OrderId id) {
        const Handle order = cells_.find(id);
        if (order == 0) [[unlikely]] return unknown(instrument);
        const BookChange change = describe(order);
        if (change.instrument != instrument) [[unlikely]] return unchanged(change, BookStatus::invalid_field);
        take_out(at(instrument), order, id, change.side);
        return change;
    }

    // The new order takes the side of the old and the end of its level's queue, also at the same price.
    [[gnu::always_inline]] BookChange replace(std::uint16_t instrument, OrderId id, OrderId new_id, Price price,
                                              Quantity quantity) {
        const Handle order = cells_.find(id);
        if (order == 0) [[unlikely]] return unknown(instrument);
        BookChange change = describe(order);
        if (change.instrument != instrument || !holdable(quantity)) [[unlikely]]
            return unchanged(change, BookStatus::invalid_field);
        Book& of = at(instrument);
        if (new_id != id && cells_.find(new_id) != 0) [[unlikely]] {
            of.fail(BookStatus::duplicate_order);
            return unchanged(change, BookStatus::duplicate_order);
        }
        if (!cells_.room()) [[unlikely]] {
            of.fail(BookStatus::out_of_capacity);
            return unchanged(change, BookStatus::out_of_capacity);
        }
        take_out(of, order, id, change.side);
        append(of, new_id, change.side, price, static_cast<std::uint32_t>(quantity.value()));
        change.price_before = change.price;
        change.price = price;
        change.quantity_after = quantity;
        return change;
    }

    // Hints for a message that comes soon, in three steps, each of which fetches what the step before made known. They
    // follow where an order or a price leads now, so they cost nothing but time where that changes.
    struct Coming {
        const Book* book;
        Handle order, level;
    };
    [[gnu::always_inline]] Coming fetch_order(std::uint16_t instrument, OrderId id) const {
        const Coming coming{&at(instrument), cells_.home(id), 0};
        coming.book->fetch();
        cells_.fetch(coming.order);
        return coming;
    }
    // `add_mask` has all bits set for an order that is added at this price, none for one that rests.
    [[gnu::always_inline]] void fetch_level(Coming& coming, std::uint32_t add_mask, Side side, Price price) const {
        const Cell& order = cells_[coming.order];
        const Handle new_level = coming.book->ladder(side).likely_cell(ladder_key(side, price));
        coming.level = (new_level & add_mask) | (order.level() & ~add_mask);
        cells_.fetch(coming.level);
        cells_.fetch(order.next);
        cells_.fetch(order.previous);
    }
    // A level of one order or none is likely to go or to come: then the bitmap is needed.
    [[gnu::always_inline]] void fetch_last(const Coming& coming) const {
        const Cell& level = cells_[coming.level];
        cells_.fetch(level.previous);
        coming.book->ladder(cells_.side_of_window(coming.level)).fetch_bitmap(level.next == level.previous);
    }

    // Touches the memory of that many orders now, so that trading does not.
    void prefault(std::uint32_t orders) { cells_.prefault(orders); }

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
    BookChange refuse(BookChange change, BookStatus status) {
        if (status != BookStatus::invalid_field) book(change.instrument).fail(status);
        change.status = status;
        change.quantity_after = Quantity{0};
        return change;
    }

    [[gnu::always_inline]] void append(Book& of, OrderId id, Side side, Price price, std::uint32_t quantity) {
        Ladder& ladder = of.ladder(side);
        const LadderKey key = ladder_key(side, price);
        Handle level = ladder.find(cells_, key);
        if (level == 0) {
            level = ladder.insert(cells_, key);
            if (ladder.best().level == level) of.refresh_top(side);
        }
        cells_.append_order(level, id, quantity);
        set_quantity(of, side, level, cells_.level_quantity(level) + quantity);
        ++order_count_;
    }

    // Unlinks an order, and its level if that is empty then.
    [[gnu::always_inline]] void take_out(Book& of, Handle order, OrderId id, Side side) {
        const Handle level = cells_[order].level();
        const std::uint32_t quantity = cells_[order].quantity();
        cells_.remove_order(order, id);
        --order_count_;
        if (cells_.level_is_empty(level)) {
            of.ladder(side).erase(cells_, level);
            if (of.is_best(side, level)) of.refresh_top(side);
        } else {
            set_quantity(of, side, level, cells_.level_quantity(level) - quantity);
        }
    }
    // Whether the level is the best is a coin's throw, so it chooses an address and not a branch.
    [[gnu::always_inline]] void set_quantity(Book& of, Side side, Handle level, std::uint64_t quantity) {
        cells_.set_level_quantity(level, quantity);
        Quantity* const best[2] = {&unused_, &of.best_quantity(side)};
        *best[of.is_best(side, level)] = Quantity{static_cast<std::int64_t>(quantity)};
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

    // Room for a book, which is made there when its instrument is first seen; zeros until then.
    struct alignas(Book) Room { std::byte bytes[sizeof(Book)]; };

    OrderCells cells_;
    ReservedArray<Room> books_;
    std::vector<std::uint16_t> seen_;
    std::uint64_t order_count_ = 0;
    Quantity unused_;  // takes what is written nowhere else
    Book nothing_{cells_, 0};
};

}  // namespace colo
