// Books kept by recorded order-by-order data (DBN): each order ranked by when the matching engine gave it its place.
//
// A record does not carry the venue's priority, but the rule that makes it: an order that is added, changes its price or
// grows takes its place at the record's event time; one that shrinks keeps it. A snapshot brings each order with the time
// of the place that it has, so its queues are the venue's, whatever the order of the references.
//
//   MboBooks books;
//   BookChange change = books.apply(record);
//   if (record.ends_event()) act(books.books().book(*books.find(record.header.instrument_id)));   // consistent now
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>

#include "engine/book/books.hpp"
#include "engine/core/types.hpp"
#include "engine/protocol/dbn.hpp"

namespace colo {

class MboBooks {
public:
    struct Counts {
        std::uint64_t records = 0, events = 0, trades = 0, unknown_orders = 0, duplicate_orders = 0, over_executions = 0,
                      invalid_fields = 0, out_of_capacity = 0;
    };

    explicit MboBooks(BookCapacity capacity = {}) : books_(capacity) {}

    // Trades and fills change nothing: the cancel or modification that follows does.
    BookChange apply(const dbn::Mbo& record) {
        const BookChange change = dispatch(record);
        ++counts_.records;
        counts_.events += record.ends_event();
        switch (change.status) {
        case BookStatus::ok: break;
        case BookStatus::unknown_order: ++counts_.unknown_orders; break;
        case BookStatus::duplicate_order: ++counts_.duplicate_orders; break;
        case BookStatus::over_execution: ++counts_.over_executions; break;
        case BookStatus::invalid_field: ++counts_.invalid_fields; break;
        case BookStatus::out_of_capacity: ++counts_.out_of_capacity; break;
        }
        return change;
    }

    // Forgets orders, instruments and counts, for a new file.
    void clear() {
        books_.clear();
        instruments_.clear();
        counts_ = {};
    }

    [[nodiscard]] const Books& books() const { return books_; }
    [[nodiscard]] Books& books() { return books_; }
    // The number in the books of Databento's instrument id.
    [[nodiscard]] std::optional<std::uint16_t> find(std::uint32_t instrument_id) const {
        const auto found = instruments_.find(instrument_id);
        return found == instruments_.end() ? std::nullopt : std::optional(found->second);
    }
    [[nodiscard]] const Counts& counts() const { return counts_; }

private:
    BookChange dispatch(const dbn::Mbo& record) {
        const auto index = index_of(record.header.instrument_id);
        if (!index) return says(BookStatus::out_of_capacity, 0);
        const OrderId id = record.order_id;
        const Quantity quantity{record.quantity.get()};
        switch (record.action.get()) {
        case 'A': {
            const auto side = side_of(record);
            if (!side || record.price.get() == no_price) return says(BookStatus::invalid_field, *index);
            return books_.add(*index, id, *side, record.price, quantity, place_now(record));
        }
        case 'M': return modify(record, *index, quantity);
        case 'C': return books_.reduce(*index, id, quantity);
        case 'R': books_.clear(*index); return says(BookStatus::ok, *index);
        case 'T':
            ++counts_.trades;
            books_.set_last_trade(*index, {record.price, quantity, MatchNumber{}, time_of_day(record)});
            return says(BookStatus::ok, *index);
        case 'F':
        case 'N': return says(BookStatus::ok, *index);
        default: return says(BookStatus::invalid_field, *index);
        }
    }
    BookChange modify(const dbn::Mbo& record, std::uint16_t index, Quantity quantity) {
        const auto resting = books_.find(record.order_id);
        if (!resting) return says(BookStatus::unknown_order, index);
        const bool same_side = side_of(record) == resting->side;
        if (!same_side || record.price.get() == no_price) return says(BookStatus::invalid_field, index);
        const bool keeps_place = record.price.get() == resting->price && quantity <= resting->quantity;
        if (!keeps_place) return books_.modify(index, record.order_id, record.price, quantity, place_now(record));
        if (quantity == resting->quantity) return says(BookStatus::ok, index);
        return books_.reduce(index, record.order_id, resting->quantity - quantity);
    }

    static constexpr Price no_price{INT64_MAX};

    [[nodiscard]] static Priority place_now(const dbn::Mbo& record) { return Priority{record.header.ts_event.get()}; }
    [[nodiscard]] static std::optional<Side> side_of(const dbn::Mbo& record) {
        if (record.side.get() == 'B') return Side::buy;
        if (record.side.get() == 'A') return Side::sell;
        return std::nullopt;
    }
    [[nodiscard]] static SessionTime time_of_day(const dbn::Mbo& record) {
        return SessionTime{static_cast<std::int64_t>(record.header.ts_event.get() % std::uint64_t{86'400'000'000'000})};  // of UTC
    }
    [[nodiscard]] static BookChange says(BookStatus status, std::uint16_t instrument) {
        BookChange change;
        change.status = status;
        change.instrument = instrument;
        return change;
    }
    [[nodiscard]] std::optional<std::uint16_t> index_of(std::uint32_t instrument_id) {
        if (const auto known = find(instrument_id)) return known;
        if (instruments_.size() == Books::instruments_max) return std::nullopt;
        return instruments_.emplace(instrument_id, static_cast<std::uint16_t>(instruments_.size())).first->second;
    }

    Books books_;
    std::unordered_map<std::uint32_t, std::uint16_t> instruments_;
    Counts counts_;
};

}  // namespace colo
