// Books kept by an ITCH 5.0 feed: what each message type means to a book, and to the state of trading around it.
//
//   ItchBooks books;
//   if (itch50::well_formed(message)) {
//       ItchChange change = books.apply(message);
//       if (change.status == BookStatus::ok && change.executed > Quantity{0}) on_trade(change);
//       Top top = books.book(change.locate).top();
//   }
//
// A snapshot is applied like the feed: clear, then its directory and add messages, then the feed from the snapshot's
// sequence number on.
#pragma once

#include <algorithm>
#include <array>
#include <cassert>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "engine/book/books.hpp"
#include "engine/book/look_ahead.hpp"
#include "engine/core/types.hpp"
#include "engine/protocol/itch50.hpp"

namespace colo {

// What a message did, with the facts that it does not carry itself.
struct ItchChange : BookChange {
    char type = 0;             // the message's
    bool printable = false;    // an execution or trade that counts for volume
    Locate locate;             // the message's
    OrderId order_id;          // the order's; of a replace the new one
    Price execution_price;     // where it traded: the resting price, the message's (C, P), or the cross's
    Quantity executed;         // 0 unless it is a trade; of an unknown order what the message says
    MatchNumber match_number;  // of a trade or a broken trade
};

namespace detail {
// Where a hint finds what it follows in a message of each type; where there is nothing, something harmless is read.
struct ItchHint {
    std::uint8_t reference_at = 0, side_at = 0, price_at = 0, adds = 0;
    Handle comes = 0;  // LookAhead::Message
};
inline constexpr std::array<ItchHint, 256> itch_hints = [] {
    std::array<ItchHint, 256> hints{};
    for (const char type : {'A', 'F'}) hints[static_cast<std::size_t>(type)] = {11, 19, 32, 1, ~Handle{0}};
    for (const char type : {'E', 'C', 'X', 'D'}) hints[static_cast<std::size_t>(type)] = {11, 0, 0, 0, 0};
    hints['U'] = {11, 0, 31, 0, ~Handle{0}};
    return hints;
}();
}  // namespace detail

class ItchBooks {
public:
    // Messages by what became of them.
    struct Counts {
        std::uint64_t messages = 0, unknown_orders = 0, duplicate_orders = 0, over_executions = 0, invalid_fields = 0,
                      out_of_capacity = 0;
    };

    explicit ItchBooks(BookCapacity capacity = {}) : books_(capacity) {}

    // Precondition: itch50::well_formed(message).
    ItchChange apply(Bytes message) {
        return itch50::dispatch(message.data(), [this](const auto& m) { return apply(m); });
    }

    // The same where nobody asks what changed.
    BookStatus update(const std::byte* message) { return update_here(message); }

    // The messages of a packet or of a stretch of a file, in order, with the memory that they will touch asked for ahead
    // (LookAhead): a piece of messages at a time, all of a packet at once, few of a long stretch. `updated` is called after
    // each message with it and its status, when no later one is applied. Precondition: all well-formed, and no more than
    // look_ahead_max.
    template <class Updated>
    [[gnu::always_inline]] void update(std::span<const std::byte* const> messages, std::size_t piece, Updated&& updated) {
        assert(messages.size() <= look_ahead_max && piece > 0);
        LookAhead ahead(books_);
        std::size_t expected = 0, applied = 0;
        for (std::size_t begin = 0; applied < messages.size(); begin += piece) {
            for (const std::size_t end = std::min(begin + piece, messages.size()); expected < end; ++expected) expect(messages[expected], ahead);
            ahead.advance();
            if (begin < 3 * piece) continue;
            for (const std::size_t end = std::min(begin - 2 * piece, messages.size()); applied < end; ++applied)
                updated(messages[applied], update_here(messages[applied]));
        }
    }
    static constexpr std::size_t look_ahead_max = LookAhead::messages_max;

    // A message that is applied soon. Precondition: well-formed.
    [[gnu::always_inline]] static void expect(const std::byte* m, LookAhead& ahead) {
        const detail::ItchHint hint = detail::itch_hints[static_cast<std::size_t>(*m)];
        ahead.expect({
            .instrument = load_big_endian<std::uint16_t>(m + 1),
            .id = OrderId{load_big_endian<std::uint64_t>(m + hint.reference_at)},
            .asks = static_cast<std::uint32_t>(m[hint.side_at]) & hint.adds,
            .comes = hint.comes,
            .price = load_big_endian<std::uint32_t>(m + hint.price_at),
        });
    }

    [[gnu::always_inline]] ItchChange apply(const itch50::AddOrder& m) { return add(m); }
    [[gnu::always_inline]] ItchChange apply(const itch50::AddOrderMpid& m) { return add(m); }
    [[gnu::always_inline]] ItchChange apply(const itch50::OrderExecuted& m) {
        const Quantity executed = m.executed_shares;
        ItchChange change = finish(m, m.order_reference_number,
                                   books_.reduce(m.stock_locate.get().value(), m.order_reference_number, executed));
        return traded(change, m, change.price, executed, true);
    }
    [[gnu::always_inline]] ItchChange apply(const itch50::OrderExecutedWithPrice& m) {
        const Quantity executed = m.executed_shares;
        ItchChange change = finish(m, m.order_reference_number,
                                   books_.reduce(m.stock_locate.get().value(), m.order_reference_number, executed));
        return traded(change, m, m.execution_price, executed, m.printable == 'Y');
    }
    [[gnu::always_inline]] ItchChange apply(const itch50::OrderCancel& m) {
        return finish(m, m.order_reference_number,
                      books_.reduce(m.stock_locate.get().value(), m.order_reference_number, m.cancelled_shares));
    }
    [[gnu::always_inline]] ItchChange apply(const itch50::OrderDelete& m) {
        return finish(m, m.order_reference_number,
                      books_.remove(m.stock_locate.get().value(), m.order_reference_number));
    }
    [[gnu::always_inline]] ItchChange apply(const itch50::OrderReplace& m) {
        return finish(m, m.new_order_reference_number,
                      books_.replace(m.stock_locate.get().value(), m.original_order_reference_number,
                                     m.new_order_reference_number, m.price, m.shares));
    }
    [[gnu::always_inline]] ItchChange apply(const itch50::Trade& m) {
        ItchChange change = other(m);
        change.order_id = m.order_reference_number;
        change.side = m.buy_sell_indicator;
        change.price = change.price_before = m.price;
        return traded(change, m, m.price, m.shares, true);
    }
    ItchChange apply(const itch50::CrossTrade& m) {
        ItchChange change = other(m);
        change.price = change.price_before = m.cross_price;
        return traded(change, m, m.cross_price, m.shares, true);
    }
    ItchChange apply(const itch50::BrokenTrade& m) {
        ItchChange change = other(m);
        change.match_number = m.match_number;
        return change;
    }
    ItchChange apply(const itch50::NetOrderImbalance& m) {
        book_of(m).imbalance_ = {m.paired_shares, m.imbalance_shares, m.imbalance_direction, m.cross_type,
                                 m.far_price, m.near_price, m.current_reference_price, m.timestamp};
        return other(m);
    }
    ItchChange apply(const itch50::StockDirectory& m) {
        name(book_of(m), m.stock);
        return other(m);
    }
    ItchChange apply(const itch50::StockTradingAction& m) {
        book_of(m).trading_state_ = m.trading_state;
        return other(m);
    }
    ItchChange apply(const itch50::OperationalHalt& m) {
        // A halt at one of the operator's other markets does not concern this book.
        if (m.market_code == 'Q') book_of(m).operational_halt_ = m.operational_halt_action == 'H';
        return other(m);
    }
    ItchChange apply(const itch50::SystemEvent& m) {
        system_event_ = m.event_code;
        return other(m);
    }
    // Messages that say nothing of the book or the state of trading.
    template <std::derived_from<itch50::Header> Message>
    ItchChange apply(const Message& m) { return other(m); }

    [[nodiscard]] const Book& book(Locate locate) const { return static_cast<const Books&>(books_).book(locate.value()); }
    [[nodiscard]] const Books& books() const { return books_; }
    [[nodiscard]] Books& books() { return books_; }
    [[nodiscard]] const Counts& counts() const { return counts_; }
    [[nodiscard]] std::optional<RestingOrder> find(OrderId id) const { return books_.find(id); }
    [[nodiscard]] std::optional<Quantity> quantity_ahead(OrderId id) const { return books_.quantity_ahead(id); }

    // The latest system event (specification 1.1), ' ' before the first.
    [[nodiscard]] char system_event() const { return system_event_; }
    // Whether orders match continuously in this instrument: not halted, and within system hours. A feed without system
    // events (a converted recording) counts as within.
    [[nodiscard]] bool continuous(Locate locate) const {
        return !book(locate).halted() && (system_event_ == ' ' || system_event_ == 'S' || system_event_ == 'Q' ||
                                          system_event_ == 'M');
    }

    void clear() {
        books_.clear();
        counts_ = {};
        system_event_ = ' ';
    }

private:
    [[gnu::always_inline]] BookStatus update_here(const std::byte* message) {
        return itch50::dispatch_here(message, [this](const auto& m) __attribute__((always_inline)) { return apply(m).status; });
    }

    [[nodiscard]] Book& book_of(const itch50::Header& m) { return books_.book(m.stock_locate.get().value()); }

    [[gnu::noinline]] static void name(Book& book, const itch50::Stock& symbol) {
        book.symbol_ = symbol;
        book.has_symbol_ = !symbol.view().empty();
    }
    template <class Add>
    [[gnu::always_inline]] ItchChange add(const Add& m) {
        // A book that does not exist yet has no symbol either.
        Book& book = books_.at(m.stock_locate.get().value());
        if (!book.has_symbol_) [[unlikely]] name(book_of(m), m.stock);
        return finish(m, m.order_reference_number,
                      books_.add(book, m.order_reference_number, m.buy_sell_indicator, m.price, m.shares));
    }
    [[nodiscard]] ItchChange other(const itch50::Header& m) {
        ++counts_.messages;
        ItchChange change;
        change.type = m.message_type;
        change.locate = m.stock_locate;
        change.instrument = change.locate.value();
        return change;
    }
    [[nodiscard, gnu::always_inline]] ItchChange finish(const itch50::Header& m, OrderId id, const BookChange& done) {
        ++counts_.messages;
        if (done.status != BookStatus::ok) [[unlikely]] count(done.status);
        ItchChange change;
        static_cast<BookChange&>(change) = done;
        change.type = m.message_type;
        change.locate = m.stock_locate;
        change.order_id = id;
        return change;
    }
    [[gnu::noinline]] void count(BookStatus status) {
        switch (status) {
        case BookStatus::ok: break;
        case BookStatus::unknown_order: ++counts_.unknown_orders; break;
        case BookStatus::duplicate_order: ++counts_.duplicate_orders; break;
        case BookStatus::over_execution: ++counts_.over_executions; break;
        case BookStatus::invalid_field: ++counts_.invalid_fields; break;
        case BookStatus::out_of_capacity: ++counts_.out_of_capacity; break;
        }
    }
    // Fills in the trade; the last trade follows what is printable and whose price is known.
    template <class Message>
    [[gnu::always_inline]] ItchChange traded(ItchChange change, const Message& m, Price price, Quantity quantity, bool printable) {
        change.execution_price = price;
        change.executed = quantity;
        change.printable = printable;
        change.match_number = m.match_number;
        const bool price_known = change.status == BookStatus::ok || m.message_type != itch50::OrderExecuted::type;
        if (printable && price_known && quantity > Quantity{0})
            book_of(m).last_trade_ = {price, quantity, m.match_number, m.timestamp};
        return change;
    }

    Books books_;
    Counts counts_;
    char system_event_ = ' ';
};

}  // namespace colo
