// The memory of orders and price levels: cells of 16 bytes, named by 32-bit handles, in one array.
//
// An order is one cell {level, quantity, next, previous}; four lie in a cache line. A level is two cells side by side:
// the first is the sentinel of its ring of orders, with the level's total quantity where an order has its level and
// quantity; the second holds its price, instrument, side and number of orders. Sentinel and orders share one handle
// space, so linking and unlinking never ask whether a neighbour is the sentinel. Smaller nodes than pointers allow were
// worth 7 to 20 ns a message in measurements, because a wide feed is bound by the cold cache lines that it touches.
#pragma once

#include <cassert>
#include <cstdint>
#include <cstring>

#include "engine/core/reserved_memory.hpp"
#include "engine/core/types.hpp"

namespace colo {

// 0 names nothing.
using Handle = std::uint32_t;

struct Cell {
    Handle level;
    std::uint32_t quantity;
    Handle next, previous;
};
static_assert(sizeof(Cell) == 16);

// The second cell of a level.
struct LevelFacts {
    std::int64_t price;
    std::uint32_t order_count;
    std::uint16_t instrument;
    Side side;
    char reserved;
};
static_assert(sizeof(LevelFacts) == sizeof(Cell));

class OrderCells {
public:
    explicit OrderCells(std::uint32_t cells_max) : cells_(cells_max), ids_(cells_max) { assert(cells_max >= 4); }

    [[nodiscard]] Cell& operator[](Handle handle) { return cells_[handle]; }
    [[nodiscard]] const Cell& operator[](Handle handle) const { return cells_[handle]; }

    [[nodiscard]] OrderId id(Handle order) const { return ids_[order]; }

    // Levels' fields are copied in and out, because two types must not lie over the same cells for the compiler.
    [[nodiscard]] std::uint64_t level_quantity(Handle level) const {
        std::uint64_t quantity;
        std::memcpy(&quantity, &cells_[level], sizeof quantity);
        return quantity;
    }
    void set_level_quantity(Handle level, std::uint64_t quantity) {
        std::memcpy(&cells_[level], &quantity, sizeof quantity);
    }
    [[nodiscard]] LevelFacts facts(Handle level) const {
        LevelFacts facts;
        std::memcpy(&facts, &cells_[level + 1], sizeof facts);
        return facts;
    }
    void set_order_count(Handle level, std::uint32_t count) {
        std::memcpy(reinterpret_cast<char*>(&cells_[level + 1]) + offsetof(LevelFacts, order_count), &count, sizeof count);
    }

    // Whether an order and a level can be taken without running out.
    [[nodiscard]] bool room() const {
        return (free_orders_ != 0 && free_levels_ != 0) || used_ + 2 * level_batch + 2 <= cells_.length();
    }

    // An order at the end of the level's queue. Precondition: room.
    Handle append_order(Handle level, OrderId id, std::uint32_t quantity) {
        const Handle order = take_order();
        const Handle last = cells_[level].previous;
        cells_[order] = {level, quantity, level, last};
        cells_[last].next = order;
        cells_[level].previous = order;
        ids_[order] = id;
        return order;
    }
    void remove_order(Handle order) {
        const Cell cell = cells_[order];
        cells_[cell.previous].next = cell.next;
        cells_[cell.next].previous = cell.previous;
        cells_[order].next = free_orders_;
        free_orders_ = order;
    }

    // A level without orders. Precondition: room.
    Handle make_level(LevelFacts facts) {
        if (free_levels_ == 0) carve_levels();
        const Handle level = free_levels_;
        free_levels_ = cells_[level].next;
        cells_[level] = {0, 0, level, level};
        std::memcpy(&cells_[level + 1], &facts, sizeof facts);
        return level;
    }
    void remove_level(Handle level) {
        cells_[level].next = free_levels_;
        free_levels_ = level;
    }

    void prefetch(Handle handle) const { __builtin_prefetch(&cells_[handle]); }
    void prefault(std::uint32_t count) {
        cells_.prefault(count);
        ids_.prefault(count);
    }
    void clear() {
        used_ = first_cell;
        free_orders_ = free_levels_ = 0;
    }

private:
    static constexpr std::uint32_t first_cell = 2;  // even, and handle 0 stays unused
    static constexpr std::uint32_t level_batch = 32;

    Handle take_order() {
        if (free_orders_ == 0) return used_++;
        const Handle order = free_orders_;
        free_orders_ = cells_[order].next;
        return order;
    }
    // Levels are taken from the array in batches, so that each lies within one cache line and near others.
    void carve_levels() {
        if (used_ % 2 != 0) {
            cells_[used_].next = free_orders_;
            free_orders_ = used_++;
        }
        for (std::uint32_t made = 0; made < level_batch && used_ + 2 <= cells_.length(); ++made, used_ += 2) {
            cells_[used_].next = free_levels_;
            free_levels_ = used_;
        }
    }

    ReservedArray<Cell> cells_;
    ReservedArray<OrderId> ids_;
    std::uint32_t used_ = first_cell;
    Handle free_orders_ = 0, free_levels_ = 0;
};

}  // namespace colo
