// Turns the journal into rows: ticks from the feed's messages, order events from our own order flow.
//
//   Normaliser normaliser(reference_data);
//   TickRecord row;
//   while (reader.next(record) == ReadStatus::record)
//       switch (normaliser.apply(record, row)) {
//           case RowKind::tick: ticks.push_back(row); break;
//           case RowKind::order_event: order_events.push_back(row); break;
//           case RowKind::none: break;
//       }
//
// The rows are a pure function of the journal and the reference data: each feed message gives exactly one tick, each
// order sent, venue answer and risk refusal exactly one order event, whatever the bytes. It keeps the books, so it must
// be given the journal from its beginning, in order. What a row holds, field by field, says engine/records.py.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/book/itch_books.hpp"
#include "engine/journal/reader.hpp"
#include "engine/normalise/match_table.hpp"
#include "engine/normalise/own_orders.hpp"
#include "engine/normalise/reference_data.hpp"
#include "engine/normalise/tick_record.hpp"

namespace colo {

enum class RowKind : std::uint8_t { none, tick, order_event };

class Normaliser {
public:
    struct Counts {
        std::uint64_t ticks = 0;
        std::uint64_t order_events = 0;
        std::uint64_t malformed_messages = 0;  // feed messages of no known type or length; their rows are status rows
        std::uint64_t unknown_orders = 0;      // references to orders that the book does not hold
    };

    explicit Normaliser(ReferenceData reference_data, BookCapacity capacity = {});
    Normaliser(const Normaliser&) = delete;
    Normaliser& operator=(const Normaliser&) = delete;

    // Fills `row` and says what kind it is; none: records that are no rows (timers, control, timings, snapshots, gaps).
    RowKind apply(const RecordView& record, TickRecord& row);

    [[nodiscard]] const Counts& counts() const { return counts_; }
    [[nodiscard]] const ItchBooks& books() const { return books_; }
    [[nodiscard]] const ReferenceData& reference_data() const { return reference_data_; }

private:
    struct Instrument {
        std::int64_t last_event_time_ns = 0;  // 0: no message yet
        std::int32_t instrument_id = 0;
        bool closed = false;                  // its closing cross is over
    };

    void apply_feed(Bytes message, TickRecord& row);
    void describe(const itch50::Header& header, Bytes message, const ItchChange& change, TickRecord& row);
    void describe_trade(const ItchChange& change, TickRecord& row);
    void describe_bust(const ItchChange& change, TickRecord& row);
    void describe_order(Bytes message, const ItchChange& change, TickRecord& row);
    void apply_order_event(const RecordView& record, TickRecord& row);
    void apply_snapshot(Bytes message);
    void follow_session(const itch50::Header& header, Bytes message);
    [[nodiscard]] std::int16_t venue_flags(Locate locate, std::int64_t event_time_ns) const;

    ReferenceData reference_data_;
    ItchBooks books_;
    MatchTable matches_;
    OwnOrders own_orders_;
    std::vector<Instrument> instruments_;  // by locate
    std::int64_t event_time_ns_;           // latest of the feed
    std::int64_t open_ns_;                 // Unix, of the calendar
    std::int64_t close_ns_;
    bool market_opened_ = false;           // system event 'Q' was seen
    bool market_closed_ = false;           // system event 'M' was seen
    bool in_snapshot_ = false;
    Counts counts_;
};

// The contribution of one book event to order flow imbalance, in shares: Cont, Kukanov and Stoikov (2014), equation 4.
// 0 unless both sides exist before and after.
[[nodiscard]] std::int64_t order_flow_imbalance(const Top& before, const Top& after);

}  // namespace colo
