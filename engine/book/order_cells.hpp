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
// levels near the best price have their cells by their price: 512 for each side of each instrument, behind all others, so
// that the cell tells instrument, side and price (Ladder). A level elsewhere is a pair of cells, the second of which holds
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

    // The cells of one side's levels near its best price.
    static constexpr Handle window_cells = 512;
    static constexpr std::uint32_t windows = 2u << 16;

    // pages_max bounds the pages laid under references, cells_max all cells.
    OrderCells(std::uint32_t cells_max, std::uint32_t pages_max)
        : cells_(std::size_t{cells_max} + windows * window_cells), windows_begin_(cells_max), directory_(directory_length + 1), owners_((cells_max >> page_bits) + 1), pages_max_(pages_max) {
        assert(cells_max >= 3 * page_cells && cells_max <= UINT32_MAX - windows * window_cells);
    }

    [[nodiscard]] Cell& operator[](Handle handle) { return cells_[handle]; }
    [[nodiscard]] const Cell& operator[](Handle handle) const { return cells_[handle]; }

    // The order of this reference, 0 where there is none.
    [[nodiscard, gnu::always_inline]] Handle find(OrderId id) const {
        const Handle at = home(id);
        if (cells_[at].head != 0) [[likely]] return at;
        return sparse_.empty() ? 0 : sparse_.find(id.value());
    }
    [[nodiscard]] OrderId id(Handle order) const {
        const std::uint32_t owner = owners_[order >> page_bits];
        if (owner != 0) return OrderId{std::uint64_t{owner - 1} << page_bits | (order & page_mask)};
        std::uint64_t reference;
        std::memcpy(&reference, &cells_[order + 1], sizeof reference);
        return OrderId{reference};
    }

    [[nodiscard]] std::uint64_t level_quantity(Handle level) const { return cells_[level].head; }
    void set_level_quantity(Handle level, std::uint64_t quantity) { cells_[level].head = quantity; }
    [[nodiscard]] bool level_is_empty(Handle level) const { return cells_[level].next == level; }

    // The first cell of a side's window; where in a window a level lies, and whose it is.
    [[nodiscard]] Handle window(std::uint16_t instrument, Side side) const {
        return windows_begin_ + (2u * instrument + (side == Side::sell)) * window_cells;
    }
    [[nodiscard]] bool in_window(Handle level) const { return level >= windows_begin_; }
    [[nodiscard]] std::uint16_t instrument(Handle level) const {
        if (in_window(level)) [[likely]] return static_cast<std::uint16_t>((level - windows_begin_) / (2 * window_cells));
        return facts(level).instrument;
    }
    [[nodiscard]] Side side(Handle level) const {
        if (in_window(level)) [[likely]] return side_of_window(level);
        return facts(level).side;
    }
    // Of a cell that is in no window, any.
    [[nodiscard]] Side side_of_window(Handle level) const {
        return (level - windows_begin_) / window_cells % 2 == 0 ? Side::buy : Side::sell;
    }
    // Precondition: not in a window. Facts are copied, because two types must not lie over the same cells for the compiler.
    [[nodiscard]] LevelFacts facts(Handle level) const {
        LevelFacts facts;
        std::memcpy(&facts, &cells_[level + 1], sizeof facts);
        return facts;
    }

    // Whether a level and an order can be taken without running out: each is a pair at worst.
    [[nodiscard]] bool room() const {
        return fresh_pages() > 0 || free_pages_ != 0 || (free_pairs_ != 0 && cells_[free_pairs_].next != 0);
    }

    // An order at the end of the level's queue. Preconditions: room, and the reference has no order.
    [[gnu::always_inline]] Handle append_order(Handle level, OrderId id, std::uint32_t quantity) {
        const Handle order = take_order(id);
        const Handle last = cells_[level].previous;
        cells_[order] = {Cell::order(level, quantity), level, last};
        cells_[last].next = order;
        cells_[level].previous = order;
        return order;
    }
    // Precondition: the handle is this reference's.
    [[gnu::always_inline]] void remove_order(Handle order, OrderId id) {
        const Handle next = cells_[order].next, previous = cells_[order].previous;
        cells_[previous].next = next;
        cells_[next].previous = previous;
        cells_[order].head = 0;
        std::uint32_t& entry = directory_[page_of(id)];
        if (((order ^ entry) & ~page_mask) != 0) [[unlikely]] {
            sparse_.erase(id.value());
            give_pair(order);
        } else if ((entry & page_mask) != 0) [[likely]] {
            --entry;
        } else {
            cells_[entry].next = free_pages_;
            free_pages_ = entry;
            entry = 0;
            --pages_;
        }
    }

    // A level without orders, in its window's cell or elsewhere. Precondition of the latter: room.
    void make_level_at(Handle level) { cells_[level] = {0, level, level}; }
    void forget_level_at(Handle level) { cells_[level].next = 0; }
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

    void prefault(std::uint32_t orders) {
        cells_.prefault(orders);
        directory_.prefault(prefaulted_directory);
        owners_.prefault(orders >> page_bits);
    }
    void prefault_window(Handle first) {
        for (Handle level = first; level < first + window_cells; level += 4096 / sizeof(Cell)) cells_[level] = {};
    }
    void clear() {
        cells_.clear();
        directory_.clear();
        owners_.clear();
        sparse_.clear();
        used_ = page_cells;
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
    Handle take_order(OrderId id) {
        const std::size_t page = page_of(id);
        std::uint32_t& entry = directory_[page];
        const Handle in_page = static_cast<Handle>(id.value()) & page_mask;
        if (entry != 0) [[likely]] return (entry++ & ~page_mask) | in_page;
        if (page == directory_length || pages_ == pages_max_ || !take_page(entry)) return take_hashed(id);
        owners_[entry >> page_bits] = static_cast<std::uint32_t>(page) + 1;
        ++pages_;
        return entry | in_page;
    }
    [[gnu::noinline]] Handle take_hashed(OrderId id) {
        const Handle order = take_pair();
        const std::uint64_t reference = id.value();
        sparse_.insert(reference, order);
        std::memcpy(&cells_[order + 1], &reference, sizeof reference);
        return order;
    }
    [[nodiscard]] std::uint32_t fresh_pages() const { return (windows_begin_ - used_) / page_cells; }
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
        owners_[page >> page_bits] = 0;
        for (Handle pair = page + page_cells; pair > page;) give_pair(pair -= 2);
    }

    ReservedArray<Cell> cells_;
    Handle windows_begin_;
    ReservedArray<std::uint32_t> directory_;
    ReservedArray<std::uint32_t> owners_;  // by page of cells: one more than the page of references over it, 0 for pairs
    SparseReferences sparse_;
    std::uint32_t used_ = page_cells;
    Handle free_pages_ = 0, free_pairs_ = 0;
    std::uint32_t pages_ = 0, pages_max_;
};

}  // namespace colo
