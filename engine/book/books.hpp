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
#include <optional>
#include <vector>

#include "engine/book/book.hpp"
#include "engine/book/order_cells.hpp"
#include "engine/book/order_index.hpp"
#include "engine/core/types.hpp"

namespace colo {

// Bounds of the tables. They are addresses; memory is used as orders come.
struct BookCapacity {
    std::uint32_t cells_max = 1u << 24;            // orders, and two for each level: 16 bytes, and 8 for an order's id
    std::uint32_t reference_pages_max = 1u << 18;  // of the direct index, 2 KiB each; more references are hashed
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
        : cells_(capacity.cells_max), index_(capacity.reference_pages_max), books_(instruments_max) {}
    Books(const Books&) = delete;
    Books& operator=(const Books&) = delete;

    static constexpr std::size_t instruments_max = 1u << 16;

    // Makes the instrument's book on first use.
    [[nodiscard]] Book& book(std::uint16_t instrument) {
        if (books_[instrument] == nullptr) [[unlikely]] make_book(instrument);
        return *books_[instrument];
    }
    [[nodiscard]] const Book& book(std::uint16_t instrument) const {
        return books_[instrument] != nullptr ? *books_[instrument] : nothing_;
    }
    // Instruments in the order of their first appearance.
    [[nodiscard]] const std::vector<std::uint16_t>& instruments() const { return seen_; }
    // Open orders of all instruments.
    [[nodiscard]] std::uint64_t order_count() const { return order_count_; }

    [[nodiscard]] std::optional<RestingOrder> find(OrderId id) const {
        const Handle order = index_.find(id);
        if (order == 0) return std::nullopt;
        const LevelFacts level = cells_.facts(cells_[order].level);
        return RestingOrder{order, level.instrument, level.side, Price{level.price}, Quantity{cells_[order].quantity}};
    }
    // Displayed quantity that trades before this order at its price; nothing where the order is not in the book.
    // Takes a step for each order ahead.
    [[nodiscard]] std::optional<Quantity> quantity_ahead(OrderId id) const {
        const Handle order = index_.find(id);
        if (order == 0) return std::nullopt;
        std::int64_t ahead = 0;
        const Handle level = cells_[order].level;
        for (Handle at = cells_[order].previous; at != level; at = cells_[at].previous) ahead += cells_[at].quantity;
        return Quantity{ahead};
    }

    // Appends to its level's queue.
    BookChange add(std::uint16_t instrument, OrderId id, Side side, Price price, Quantity quantity) {
        BookChange change{BookStatus::ok, side, instrument, price, Quantity{0}, quantity, price};
        if (!holdable(quantity) || !valid(side)) [[unlikely]] return refuse(change, BookStatus::invalid_field);
        Book& of = book(instrument);
        if (index_.find(id) != 0) [[unlikely]] return refuse(change, BookStatus::duplicate_order);
        if (!cells_.room()) [[unlikely]] return refuse(change, BookStatus::out_of_capacity);
        append(of, id, side, price, static_cast<std::uint32_t>(quantity.value()));
        return change;
    }

    // Takes quantity off an order, which keeps its place and goes when nothing is left. `instrument` is the one that the
    // message names, which must be the order's.
    BookChange reduce(std::uint16_t instrument, OrderId id, Quantity by) {
        const Handle order = index_.find(id);
        if (order == 0) [[unlikely]] return unknown(instrument);
        BookChange change = describe(order);
        if (change.instrument != instrument || !holdable(by)) [[unlikely]] return unchanged(change, BookStatus::invalid_field);
        const auto taken = static_cast<std::uint32_t>(by.value());
        Cell& cell = cells_[order];
        if (taken >= cell.quantity) {
            if (taken > cell.quantity) [[unlikely]] {
                change.status = BookStatus::over_execution;
                book(instrument).fail(change.status);
            }
            take_out(order, change);
            index_.erase(id);
            return change;
        }
        cell.quantity -= taken;
        change.quantity_after = Quantity{cell.quantity};
        const Handle level = cell.level;
        cells_.set_level_quantity(level, cells_.level_quantity(level) - taken);
        Book& of = *books_[change.instrument];
        if (of.ladder(change.side).best().level == level) of.refresh_top(change.side);
        return change;
    }

    BookChange remove(std::uint16_t instrument, OrderId id) {
        const Handle order = index_.find(id);
        if (order == 0) [[unlikely]] return unknown(instrument);
        BookChange change = describe(order);
        if (change.instrument != instrument) [[unlikely]] return unchanged(change, BookStatus::invalid_field);
        take_out(order, change);
        index_.erase(id);
        return change;
    }

    // The new order takes the side of the old and the end of its level's queue, also at the same price.
    BookChange replace(std::uint16_t instrument, OrderId id, OrderId new_id, Price price, Quantity quantity) {
        const Handle order = index_.find(id);
        if (order == 0) [[unlikely]] return unknown(instrument);
        BookChange change = describe(order);
        if (change.instrument != instrument || !holdable(quantity)) [[unlikely]]
            return unchanged(change, BookStatus::invalid_field);
        if (new_id != id && index_.find(new_id) != 0) [[unlikely]] {
            book(instrument).fail(BookStatus::duplicate_order);
            return unchanged(change, BookStatus::duplicate_order);
        }
        if (!cells_.room()) [[unlikely]] {
            book(instrument).fail(BookStatus::out_of_capacity);
            return unchanged(change, BookStatus::out_of_capacity);
        }
        take_out(order, change);
        index_.erase(id);
        append(*books_[change.instrument], new_id, change.side, price, static_cast<std::uint32_t>(quantity.value()));
        change.price_before = change.price;
        change.price = price;
        change.quantity_after = quantity;
        return change;
    }

    // Fetches what a message about this order will touch; a hint, harmless for unknown references.
    void prefetch(OrderId id) const { index_.prefetch(id); }

    // Touches the memory of that many orders now, so that trading does not.
    void prefault(std::uint32_t orders) { cells_.prefault(orders); }

    // Fixes the tick of an instrument's ladders; else it is guessed from the price.
    void set_tick(std::uint16_t instrument, Price tick) {
        for (Ladder& ladder : book(instrument).ladders_) ladder.set_tick(tick.value());
    }

    // Forgets orders, instruments and their states, for a new session.
    void clear() {
        cells_.clear();
        index_.clear();
        for (std::uint16_t instrument : seen_) books_[instrument].reset();
        seen_.clear();
        order_count_ = 0;
    }

private:
    // Cells hold quantities of 32 bits, as ITCH and MDP3 send them.
    [[nodiscard]] static bool holdable(Quantity quantity) {
        return quantity > Quantity{0} && quantity <= Quantity{UINT32_MAX};
    }
    [[nodiscard]] BookChange describe(Handle order) const {
        const Cell& cell = cells_[order];
        const LevelFacts level = cells_.facts(cell.level);
        const Price price{level.price};
        return {BookStatus::ok, level.side, level.instrument, price, Quantity{cell.quantity}, Quantity{0}, price};
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

    void append(Book& of, OrderId id, Side side, Price price, std::uint32_t quantity) {
        Ladder& ladder = of.ladder(side);
        const LadderKey key = ladder_key(side, price);
        Handle level = ladder.find(key);
        LevelFacts facts;
        if (level == 0) {
            facts = {price.value(), 0, of.instrument_, side, 0};
            level = cells_.make_level(facts);
            ladder.insert(key, level);
        } else {
            facts = cells_.facts(level);
        }
        index_.insert(id, cells_.append_order(level, id, quantity));
        cells_.set_level_quantity(level, cells_.level_quantity(level) + quantity);
        cells_.set_order_count(level, facts.order_count + 1);
        ++order_count_;
        if (ladder.best().level == level) of.refresh_top(side);
    }

    // Unlinks an order and its level if that is empty then; the index is the caller's.
    void take_out(Handle order, const BookChange& change) {
        const Cell cell = cells_[order];
        const Handle level = cell.level;
        Book& of = *books_[change.instrument];
        Ladder& ladder = of.ladder(change.side);
        cells_.remove_order(order);
        --order_count_;
        const std::uint32_t left = cells_.facts(level).order_count - 1;
        const bool was_best = ladder.best().level == level;
        if (left == 0) {
            ladder.erase(ladder_key(change.side, change.price));
            cells_.remove_level(level);
        } else {
            cells_.set_level_quantity(level, cells_.level_quantity(level) - cell.quantity);
            cells_.set_order_count(level, left);
        }
        if (was_best) of.refresh_top(change.side);
    }

    void make_book(std::uint16_t instrument) {
        books_[instrument] = std::make_unique<Book>(cells_, instrument);
        seen_.push_back(instrument);
    }

    OrderCells cells_;
    OrderIndex index_;
    std::vector<std::unique_ptr<Book>> books_;
    std::vector<std::uint16_t> seen_;
    std::uint64_t order_count_ = 0;
    Book nothing_{cells_, 0};
};

}  // namespace colo
