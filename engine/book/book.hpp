// One instrument's limit order book, every order in its place in the queue.
//
// The best prices and quantities of both sides lie in one 32-byte Top, read at once. Levels are walked from the best on,
// the orders of a level in the order in which they will trade, without copying:
//
//   const Book& book = books.book(locate);
//   Top top = book.top();                                 // quantity 0: that side is empty
//   for (Level level : book.levels(Side::buy))
//       for (Order order : level.orders()) ...
//
// A Book is read here and changed only through the Books that own it, because the orders of all instruments of a channel
// share one table. A reference to the book of an instrument that was seen stays valid until its Books are cleared.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "engine/book/ladder.hpp"
#include "engine/book/order_cells.hpp"
#include "engine/core/types.hpp"
#include "engine/core/wire.hpp"

namespace colo {

struct alignas(32) Top {
    Price bid_price;
    Quantity bid_quantity;
    Price ask_price;
    Quantity ask_quantity;

    [[nodiscard]] bool has_bid() const { return bid_quantity > Quantity{0}; }
    [[nodiscard]] bool has_ask() const { return ask_quantity > Quantity{0}; }
    [[nodiscard]] bool two_sided() const { return has_bid() && has_ask(); }
    [[nodiscard]] Price price(Side side) const { return side == Side::buy ? bid_price : ask_price; }
    [[nodiscard]] Quantity quantity(Side side) const { return side == Side::buy ? bid_quantity : ask_quantity; }
    bool operator==(const Top&) const = default;
};
static_assert(sizeof(Top) == 32);

enum class BookStatus : std::uint8_t {
    ok,
    unknown_order,    // the reference is not in the book: from before our start; counted, nothing else
    duplicate_order,  // an add with a reference that is in the book: halts the instrument
    over_execution,   // more is executed or cancelled than was displayed: halts the instrument, the order is removed
    invalid_field,    // a value that no book can hold: not applied
    out_of_capacity,  // the tables are full: not applied, halts the instrument
};
[[nodiscard]] constexpr const char* to_string(BookStatus status) {
    constexpr std::array names{"ok", "unknown order", "duplicate order", "over-execution", "invalid field", "out of capacity"};
    return names[static_cast<std::size_t>(status)];
}

struct Order {
    Handle handle = 0;
    OrderId id;
    Quantity quantity;
};

// A price level as a view: valid until the book changes.
class Level {
public:
    class OrderIterator {
    public:
        using value_type = Order;
        using difference_type = std::ptrdiff_t;
        OrderIterator() = default;
        OrderIterator(const OrderCells* cells, Handle at) : cells_(cells), at_(at) {}
        Order operator*() const { return {at_, cells_->id(at_), Quantity{(*cells_)[at_].quantity()}}; }
        OrderIterator& operator++() { at_ = (*cells_)[at_].next; return *this; }
        OrderIterator operator++(int) { OrderIterator before = *this; ++*this; return before; }
        bool operator==(const OrderIterator& other) const { return at_ == other.at_; }

    private:
        const OrderCells* cells_ = nullptr;
        Handle at_ = 0;
    };
    // From the first to trade to the last.
    struct Orders {
        const OrderCells* cells;
        Handle level;
        [[nodiscard]] OrderIterator begin() const { return {cells, (*cells)[level].next}; }
        [[nodiscard]] OrderIterator end() const { return {cells, level}; }
    };

    Level(const OrderCells& cells, Handle handle, Side side, Price price)
        : cells_(&cells), handle_(handle), side_(side), price_(price) {}
    [[nodiscard]] Price price() const { return price_; }
    [[nodiscard]] Side side() const { return side_; }
    [[nodiscard]] Quantity quantity() const { return Quantity{static_cast<std::int64_t>(cells_->level_quantity(handle_))}; }
    // Takes a step for each order.
    [[nodiscard]] std::uint32_t order_count() const {
        std::uint32_t count = 0;
        for ([[maybe_unused]] const Order order : orders()) ++count;
        return count;
    }
    [[nodiscard]] Orders orders() const { return {cells_, handle_}; }

private:
    const OrderCells* cells_;
    Handle handle_;
    Side side_;
    Price price_;
};

struct LastTrade {
    Price price;
    Quantity quantity;  // 0: none yet
    MatchNumber match_number;
    SessionTime time;
};

// The latest net order imbalance indication.
struct Imbalance {
    Quantity paired, imbalance;
    char direction = 0;   // 0: none yet
    char cross_type = 0;
    Price far_price, near_price, reference_price;
    SessionTime time;
};

class Book {
public:
    Book(const OrderCells& cells, std::uint16_t instrument)
        : cells_(&cells), instrument_(instrument),
          windows_{PriceWindow(cells.window(instrument, Side::buy)), PriceWindow(cells.window(instrument, Side::sell))},
          ladders_{Ladder(windows_[0]), Ladder(windows_[1])} {
        static_assert(offsetof(Book, windows_) == windows_at && offsetof(Book, ladders_) == windows_at + sizeof windows_);
    }
    Book(const Book&) = delete;
    Book& operator=(const Book&) = delete;

    [[nodiscard]] const Top& top() const { return top_; }
    [[nodiscard]] std::uint16_t instrument() const { return instrument_; }
    // The day's number of the instrument at the venue, which names it within the channel.
    [[nodiscard]] Locate locate() const { return Locate{instrument_}; }

    class LevelIterator {
    public:
        using value_type = Level;
        using difference_type = std::ptrdiff_t;
        LevelIterator() = default;
        LevelIterator(const OrderCells* cells, Side side, Ladder::Iterator at) : cells_(cells), side_(side), at_(at) {}
        Level operator*() const { return {*cells_, (*at_).level, side_, price_of(side_, (*at_).key)}; }
        LevelIterator& operator++() { ++at_; return *this; }
        LevelIterator operator++(int) { LevelIterator before = *this; ++*this; return before; }
        bool operator==(const LevelIterator& other) const { return at_ == other.at_; }

    private:
        const OrderCells* cells_ = nullptr;
        Side side_ = Side::buy;
        Ladder::Iterator at_;
    };
    struct Levels {
        const OrderCells* cells;
        Side side;
        const Ladder* ladder;
        [[nodiscard]] LevelIterator begin() const { return {cells, side, ladder->begin()}; }
        [[nodiscard]] LevelIterator end() const { return {cells, side, ladder->end()}; }
    };
    // From the best price to the worst.
    [[nodiscard]] Levels levels(Side side) const { return {cells_, side, &ladder(side)}; }
    [[nodiscard]] std::optional<Level> level(Side side, Price price) const {
        const Handle found = ladder(side).find(ladder_key(side, price));
        if (found == 0) return std::nullopt;
        return Level(*cells_, found, side, price);
    }
    // 0 is the best; nothing where the side has fewer levels.
    [[nodiscard]] std::optional<Level> level_at(Side side, std::size_t depth) const {
        for (Level level : levels(side))
            if (depth-- == 0) return level;
        return std::nullopt;
    }

    // The first broken invariant, ok while there was none: this instrument must not be traded any more.
    [[nodiscard]] BookStatus fault() const { return fault_; }
    // 'T' trading, 'H' halted, 'P' paused, 'Q' quotation only; ' ' when the venue never said, which counts as trading.
    [[nodiscard]] char trading_state() const { return trading_state_; }
    [[nodiscard]] bool operational_halt() const { return operational_halt_; }
    [[nodiscard]] bool halted() const {
        return fault_ != BookStatus::ok || operational_halt_ || (trading_state_ != 'T' && trading_state_ != ' ');
    }
    [[nodiscard]] const LastTrade& last_trade() const { return last_trade_; }
    [[nodiscard]] const Imbalance& imbalance() const { return imbalance_; }
    // From the stock directory or the first order; blank before.
    [[nodiscard]] const Alpha<8>& symbol() const { return symbol_; }

private:
    friend class Books;
    friend class ItchBooks;
    friend class LookAhead;

    [[nodiscard]] const Ladder& ladder(Side side) const { return ladders_[index_of(side)]; }
    [[nodiscard]] Ladder& ladder(Side side) { return ladders_[index_of(side)]; }

    // Where no book was made, memory holds zeros.
    [[nodiscard]] bool exists() const { return cells_ != nullptr; }
    [[nodiscard]] const PriceWindow& window(Side side) const { return windows_[index_of(side)]; }
    // A hint, where it is needed, for what changes when a level comes or goes.
    [[gnu::always_inline]] void fetch_ladder(Side side, bool needed) const {
        const std::size_t offset = windows_at + sizeof windows_ + index_of(side) * sizeof(Ladder);
        const auto* from = reinterpret_cast<const std::byte*>(this) + (offset & -std::size_t{needed});
        __builtin_prefetch(from);
        __builtin_prefetch(from + 64);
    }
    // After the best level of a side came or went.
    [[gnu::noinline]] void refresh_top(Side side) {
        const Ladder::Place best = ladder(side).best();
        const Price price = best.level == 0 ? Price{0} : price_of(side, best.key);
        best_levels_[index_of(side)] = best.level;
        (side == Side::buy ? top_.bid_price : top_.ask_price) = price;
        best_quantity(side) = best.level == 0 ? Quantity{0} : Level(*cells_, best.level, side, price).quantity();
    }
    [[nodiscard]] bool is_best(Side side, Handle level) const { return best_levels_[index_of(side)] == level; }
    [[nodiscard, gnu::always_inline]] Quantity& best_quantity(Side side) {
        auto* bid = reinterpret_cast<std::byte*>(&top_.bid_quantity);
        return *reinterpret_cast<Quantity*>(bid + index_of(side) * (offsetof(Top, ask_quantity) - offsetof(Top, bid_quantity)));
    }
    [[gnu::noinline]] BookStatus fail(BookStatus status) {
        if (fault_ == BookStatus::ok) fault_ = status;
        return status;
    }

    // The first cache line serves most messages: those that neither make nor empty a level. The second finds the level of
    // an order that is added; the ladders' own are for levels that come and go.
    static constexpr std::size_t windows_at = 64;
    alignas(64) Top top_;
    std::array<Handle, 2> best_levels_{};
    const OrderCells* cells_;
    std::uint16_t instrument_;
    BookStatus fault_ = BookStatus::ok;
    char trading_state_ = ' ';
    bool operational_halt_ = false;
    bool has_symbol_ = false;
    Alpha<8> symbol_;
    alignas(64) std::array<PriceWindow, 2> windows_;
    std::array<Ladder, 2> ladders_;
    LastTrade last_trade_;
    Imbalance imbalance_;
};

}  // namespace colo
