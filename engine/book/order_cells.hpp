// The memory of orders and price levels: cells of 16 bytes, named by 32-bit handles, found by the venue's reference.
//
// An order is one cell {level and quantity, next, previous}; four lie in a cache line. References rise through the day, so
// a page of 128 cells is laid under each run of 128 references, and an order's place in its page is its reference: a
// message finds its order with one cold cache line, where a hash or a table of handles costs two (17 to 25 ns less a
// message against a hash, measured on two synthetic days). A page is given back when its last order goes, so that the
// day's hundreds of millions of references cost no more than the pages that hold open ones. References beyond the
// directory, and those for which no page is left, are hashed: any 64-bit reference is correct, only slower.
//
// A level is the sentinel of its ring of orders, a cell like theirs in one handle space, so that linking and unlinking
// never ask whether a neighbour is the sentinel; its total quantity stands where an order has its level and quantity. The
// levels near the best price have their cells by their price: 512 for each side of each instrument, before all others, so
// that the cell tells instrument, side and price (PriceWindow). A level elsewhere is a pair of cells, the second of which holds
// these facts; a hashed order is a pair too, whose second cell holds its reference.
#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "engine/book/sparse_references.hpp"
#include "engine/core/reserved_memory.hpp"
#include "engine/core/types.hpp"

namespace colo {

// 0 names nothing.
using Handle = std::uint32_t;

struct Cell {
    // Of an order its level below its quantity, 0 where no order lies; of a level its total quantity. One integer, so that
    // no part of it is read while the whole is on its way to memory.
    std::uint64_t head;
    Handle next, previous;

    [[nodiscard]] Handle level() const { return static_cast<Handle>(head); }
    [[nodiscard]] std::uint32_t quantity() const { return static_cast<std::uint32_t>(head >> 32); }
    static constexpr std::uint64_t order(Handle level, std::uint32_t quantity) { return std::uint64_t{quantity} << 32 | level; }
};
static_assert(sizeof(Cell) == 16);

// The second cell of a level that lies in no window.
struct LevelFacts {
    std::int64_t price;
    std::uint32_t reserved;
    std::uint16_t instrument;
    Side side;
    char also_reserved;
};
static_assert(sizeof(LevelFacts) == sizeof(Cell));

class OrderCells {
public:
    static constexpr unsigned page_bits = 7;
    static constexpr Handle page_cells = 1u << page_bits;

    // The cells of one side's levels near its best price. In front of the windows lies as much as an instrument has, of
    // which nothing is ever given out: 0 names nothing, and the first page stays empty.
    static constexpr Handle window_cells = 512;
    static constexpr std::uint32_t windows = 2u << 16;
    static constexpr Handle windows_begin = 2 * window_cells, pages_begin = windows_begin + windows * window_cells;

    // pages_max bounds the pages laid under references, cells_max all cells.
    OrderCells(std::uint32_t cells_max, std::uint32_t pages_max)
        : cells_(std::size_t{pages_begin} + cells_max), pages_end_(pages_begin + cells_max / page_cells * page_cells),
          priorities_(cells_max, HugePages::transparent), directory_(directory_length + 1), owners_(cells_max >> page_bits), pages_max_(pages_max) {
        assert(cells_max >= 3 * page_cells && cells_max <= UINT32_MAX - pages_begin);
    }

    [[nodiscard]] Cell& operator[](Handle handle) { return cells_[handle]; }
    [[nodiscard]] const Cell& operator[](Handle handle) const { return cells_[handle]; }

    // The order of this reference, 0 where there is none.
    [[nodiscard, gnu::always_inline]] Handle find(OrderId id) const {
        const Handle at = home(id);
        if (cells_[at].head != 0) [[likely]] return at;
        return find_hashed(id);
    }
    // The same, where it is likely that there is none.
    [[nodiscard, gnu::always_inline]] bool holds(OrderId id) const {
        return ((cells_[home(id)].head != 0) | !sparse_.empty()) && find(id) != 0;
    }
    [[nodiscard]] OrderId id(Handle order) const {
        const std::uint32_t owner = owners_[page_number(order)];
        if (owner != 0) return OrderId{std::uint64_t{owner - 1} << page_bits | (order & page_mask)};
        std::uint64_t reference;
        std::memcpy(&reference, &cells_[order + 1], sizeof reference);
        return OrderId{reference};
    }

    [[nodiscard]] std::uint64_t level_quantity(Handle level) const { return cells_[level].head; }
    void set_level_quantity(Handle level, std::uint64_t quantity) { cells_[level].head = quantity; }
    [[nodiscard]] bool level_is_empty(Handle level) const { return cells_[level].next == level; }

    // The first cell of a side's window; where in a window a level lies, and whose it is.
    [[nodiscard]] static Handle window(std::uint16_t instrument, Side side) {
        return windows_begin + static_cast<Handle>(2u * instrument + index_of(side)) * window_cells;
    }
    [[nodiscard]] static bool in_window(Handle level) { return level < pages_begin; }
    [[nodiscard]] std::uint16_t instrument(Handle level) const {
        if (in_window(level)) [[likely]] return static_cast<std::uint16_t>(level / (2 * window_cells) - 1);
        return facts(level).instrument;
    }
    // Whether the level is one of the instrument's; of which side, if it is. Cells of pages lie behind the windows of all
    // instruments, so one comparison tells almost always.
    [[nodiscard, gnu::always_inline]] bool belongs(Handle level, std::uint16_t instrument, Side& side) const {
        side = side_of_window(level);
        if (level / (2 * window_cells) == instrument + 1u) [[likely]] return true;
        side = this->side(level);
        return !in_window(level) && facts(level).instrument == instrument;
    }
    [[nodiscard, gnu::always_inline]] Side side(Handle level) const {
        if (in_window(level)) [[likely]] return side_of_window(level);
        return facts(level).side;
    }
    // Of a cell that is in no window, any.
    [[nodiscard, gnu::always_inline]] static Side side_of_window(Handle level) {
        return side_at(level / window_cells % 2);
    }
    // Precondition: not in a window. Facts are copied, because two types must not lie over the same cells for the compiler.
    [[nodiscard, gnu::noinline, gnu::pure]] LevelFacts facts(Handle level) const {
        LevelFacts facts;
        std::memcpy(&facts, &cells_[level + 1], sizeof facts);
        return facts;
    }

    // Whether a level and an order can be taken without running out: each is a pair at worst.
    [[nodiscard]] bool room() const {
        return fresh_pages() > 0 || free_pages_ != 0 || (free_pairs_ != 0 && cells_[free_pairs_].next != 0);
    }

    // Whether an order of this reference needs no room.
    [[nodiscard]] bool has_page(OrderId id) const { return directory_[page_of(id)] != 0; }

    // An order at the end of the level's queue. Preconditions: room, and the reference has no order.
    [[gnu::always_inline]] Handle append_order(Handle level, OrderId id, std::uint32_t quantity) {
        const Handle order = take_order(id);
        const Handle last = cells_[level].previous;
        cells_[order] = {Cell::order(level, quantity), level, last};
        cells_[last].next = order;
        cells_[level].previous = order;
        return order;
    }
    [[nodiscard]] Priority priority(Handle order) const { return priorities_[order - pages_begin]; }
    // Gives the last order of a queue its priority, and the place that follows from it: ahead of those that rank behind
    // it, behind its equals. Takes a step for each order that it passes. Where a venue ranks by arrival, nobody calls
    // this, and no memory is touched for priorities.
    void rank_last(Handle order, Priority priority) {
        priorities_[order - pages_begin] = priority;
        const Cell cell = cells_[order];
        Handle ahead = cell.previous;
        while (ahead != cell.level() && this->priority(ahead) > priority) ahead = cells_[ahead].previous;
        if (ahead == cell.previous) return;
        cells_[cell.previous].next = cell.next;
        cells_[cell.next].previous = cell.previous;
        const Handle behind = cells_[ahead].next;
        cells_[order].previous = ahead;
        cells_[order].next = behind;
        cells_[ahead].next = order;
        cells_[behind].previous = order;
    }
    // Precondition: the handle is this reference's.
    [[gnu::always_inline]] void remove_order(Handle order, OrderId id) {
        const Handle next = cells_[order].next, previous = cells_[order].previous;
        cells_[previous].next = next;
        cells_[next].previous = previous;
        cells_[order] = {};  // also its neighbours, so that no hint follows them
        std::uint32_t& entry = directory_[page_of(id)];
        // In this page, and not alone there: the page keeps others.
        if (const Handle others = entry - (order & ~page_mask) - 1; others < page_mask) [[likely]] --entry;
        else give_place(entry, order, id);
    }

    // A level without orders, in its window's cell or elsewhere. Precondition of the latter: room.
    void make_level_at(Handle level) { cells_[level] = {0, level, level}; }
    void forget_level_at(Handle level) { cells_[level] = {}; }
    [[nodiscard]] bool level_exists(Handle level) const { return cells_[level].next != 0; }
    Handle make_level(LevelFacts facts) {
        const Handle level = take_pair();
        make_level_at(level);
        std::memcpy(&cells_[level + 1], &facts, sizeof facts);
        return level;
    }
    void remove_level(Handle level) {
        if (!in_window(level)) [[unlikely]] give_pair(level);
    }
    // Whether so many levels can be made outside windows, and an order after that.
    [[nodiscard]] bool room_for_levels(std::uint32_t count) const { return fresh_pages() > 1 + count / (page_cells / 2); }
    // Takes all orders of one level to another that has none. Takes a step for each.
    void move_orders(Handle from, Handle to) {
        if (level_is_empty(from)) return;
        const Handle first = cells_[from].next, last = cells_[from].previous;
        for (Handle order = first; order != from; order = cells_[order].next) cells_[order].head = Cell::order(to, cells_[order].quantity());
        cells_[first].previous = cells_[last].next = to;
        set_level_quantity(to, level_quantity(from));
        cells_[to].next = first;
        cells_[to].previous = last;
    }

    // A hint for messages that come soon. Hints are inlined by force, all the way to the caller: g++ takes a function that
    // only prefetches for one without effect, and drops the call.
    [[gnu::always_inline]] void fetch(Handle handle) const { __builtin_prefetch(&cells_[handle]); }
    // Where an order of this reference lies unless it is hashed; its cell is empty where there is none.
    [[nodiscard, gnu::always_inline]] Handle home(OrderId id) const {
        return (directory_[page_of(id)] & ~page_mask) | (static_cast<Handle>(id.value()) & page_mask);
    }

    // What the table that all messages touch lies on.
    [[nodiscard]] HugePages pages() const { return cells_.pages(); }
    void prefault(std::uint32_t orders) {
        cells_.prefault(pages_begin, orders);
        directory_.prefault(0, prefaulted_directory);
        owners_.prefault(0, orders >> page_bits);
    }
    void prefault_window(Handle first) { cells_.prefault(first, window_cells); }
    void clear() {
        cells_.clear();
        directory_.clear();
        owners_.clear();
        sparse_.clear();
        used_ = pages_begin;
        free_pages_ = free_pairs_ = 0;
        pages_ = 0;
    }

private:
    static constexpr Handle page_mask = page_cells - 1;
    static constexpr std::size_t directory_length = std::size_t{1} << (34 - page_bits);  // references below 2^34
    static constexpr std::size_t prefaulted_directory = std::size_t{1} << 19;            // 2 MiB: 67 million references

    // The entry behind the last is never set: it stands for every reference that is too large.
    [[nodiscard]] static std::size_t page_of(OrderId id) {
        const std::uint64_t page = id.value() >> page_bits;
        return page < directory_length ? page : directory_length;
    }

    // An entry is the first cell of the page, in whose free bits the number of other open orders is counted: 0 is no
    // page, and leads to the first page of cells, which is never given out and stays empty.
    [[gnu::always_inline]] Handle take_order(OrderId id) {
        const std::size_t page = page_of(id);
        std::uint32_t& entry = directory_[page];
        const Handle in_page = static_cast<Handle>(id.value()) & page_mask;
        if (entry != 0) [[likely]] return (entry++ & ~page_mask) | in_page;
        return take_first(entry, page, id);
    }
    // The first order of a page, or one that finds none.
    [[gnu::noinline]] Handle take_first(std::uint32_t& entry, std::size_t page, OrderId id) {
        const Handle in_page = static_cast<Handle>(id.value()) & page_mask;
        if (page == directory_length || pages_ == pages_max_ || !take_page(entry)) return take_hashed(id);
        owners_[page_number(entry)] = static_cast<std::uint32_t>(page) + 1;
        ++pages_;
        return entry | in_page;
    }
    Handle take_hashed(OrderId id) {
        const Handle order = take_pair();
        const std::uint64_t reference = id.value();
        sparse_.insert(reference, order);
        std::memcpy(&cells_[order + 1], &reference, sizeof reference);
        return order;
    }
    // An order that was hashed, or the last one of its page, which is given back.
    [[gnu::noinline]] void give_place(std::uint32_t& entry, Handle order, OrderId id) {
        if (((order ^ entry) & ~page_mask) != 0) {
            sparse_.erase(id.value());
            give_pair(order);
            return;
        }
        cells_[entry].next = free_pages_;
        free_pages_ = entry;
        entry = 0;
        --pages_;
    }
    [[nodiscard, gnu::noinline]] Handle find_hashed(OrderId id) const { return sparse_.empty() ? 0 : sparse_.find(id.value()); }
    [[nodiscard]] static std::uint32_t page_number(Handle cell) { return (cell - pages_begin) >> page_bits; }
    [[nodiscard]] std::uint32_t fresh_pages() const { return (pages_end_ - used_) / page_cells; }
    // The cells of a page that was given back are empty.
    bool take_page(std::uint32_t& entry) {
        if (free_pages_ != 0) {
            entry = free_pages_;
            free_pages_ = cells_[entry].next;
        } else if (fresh_pages() > 0) {
            entry = used_;
            used_ += page_cells;
        } else {
            return false;
        }
        return true;
    }
    Handle take_pair() {
        if (free_pairs_ == 0) [[unlikely]] carve_pairs();
        const Handle pair = free_pairs_;
        free_pairs_ = cells_[pair].next;
        return pair;
    }
    void give_pair(Handle pair) {
        cells_[pair].next = free_pairs_;
        free_pairs_ = pair;
    }
    [[gnu::noinline]] void carve_pairs() {
        std::uint32_t page = 0;
        [[maybe_unused]] const bool taken = take_page(page);
        assert(taken);
        owners_[page_number(page)] = 0;
        for (Handle pair = page + page_cells; pair > page;) give_pair(pair -= 2);
    }

    ReservedArray<Cell> cells_;
    Handle pages_end_;
    ReservedArray<Priority> priorities_;  // of ranked orders, by handle
    ReservedArray<std::uint32_t> directory_;
    ReservedArray<std::uint32_t> owners_;  // by page of cells: one more than the page of references over it, 0 for pairs
    SparseReferences sparse_;
    std::uint32_t used_ = pages_begin;
    Handle free_pages_ = 0, free_pairs_ = 0;
    std::uint32_t pages_ = 0, pages_max_;
};

}  // namespace colo
