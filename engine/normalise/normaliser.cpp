// Rows from records: the book before and after each message, and what the message says itself.
#include "engine/normalise/normaliser.hpp"

#include <algorithm>
#include <utility>

#include "engine/protocol/glimpse50.hpp"

namespace colo {
namespace {

constexpr std::size_t locates = 1u << 16;

void put_top(const Top& top, TickRecord& row) {
    row.bid_price = top.bid_price.value();
    row.bid_quantity = top.bid_quantity.value();
    row.ask_price = top.ask_price.value();
    row.ask_quantity = top.ask_quantity.value();
}

std::int8_t action_of(char type) {
    switch (type) {
    case 'A': case 'F': return tick_action::add_order;
    case 'E': case 'C': return tick_action::execute_order;
    case 'X': return tick_action::cancel_order;
    case 'D': return tick_action::delete_order;
    case 'U': return tick_action::replace_order;
    case 'P': return tick_action::trade;
    case 'Q': return tick_action::cross;
    case 'B': return tick_action::bust;
    case 'I': return tick_action::imbalance;
    default: return tick_action::status;
    }
}

}  // namespace

std::int64_t order_flow_imbalance(const Top& before, const Top& after) {
    if (!before.two_sided() || !after.two_sided()) return 0;
    std::int64_t shares = 0;
    if (after.bid_price >= before.bid_price) shares += after.bid_quantity.value();
    if (after.bid_price <= before.bid_price) shares -= before.bid_quantity.value();
    if (after.ask_price <= before.ask_price) shares -= after.ask_quantity.value();
    if (after.ask_price >= before.ask_price) shares += before.ask_quantity.value();
    return shares;
}

Normaliser::Normaliser(ReferenceData reference_data, BookCapacity capacity)
    : reference_data_(std::move(reference_data)), books_(capacity), own_orders_(reference_data_),
      instruments_(locates), event_time_ns_(reference_data_.midnight.value()),
      open_ns_(at(reference_data_.midnight, reference_data_.open).value()),
      close_ns_(at(reference_data_.midnight, reference_data_.close).value()) {
    for (const auto& [locate, id] : reference_data_.instrument_by_locate) {
        instruments_[locate.value()].instrument_id = id.value();
    }
}

RowKind Normaliser::apply(const RecordView& record, TickRecord& row) {
    const RecordHeader& header = record.header;
    if (header.kind == RecordKind::snapshot_message) {
        apply_snapshot(record.payload);
        return RowKind::none;
    }
    const bool feed = header.kind == RecordKind::feed_message;
    if (feed || header.kind == RecordKind::control || header.kind == RecordKind::gap) in_snapshot_ = false;
    const bool order_event = header.kind == RecordKind::order_sent || header.kind == RecordKind::order_answer ||
                             header.kind == RecordKind::risk_reject;
    if (!feed && !order_event) return RowKind::none;
    row = TickRecord{};
    row.receive_time_ns = header.receive_time_ns;
    row.sequence = static_cast<std::int64_t>(header.sequence);
    row.journal_offset = static_cast<std::int64_t>(record.offset.value());
    if (feed) {
        ++counts_.ticks;
        apply_feed(record.payload, row);
        return RowKind::tick;
    }
    ++counts_.order_events;
    apply_order_event(record, row);
    return RowKind::order_event;
}

void Normaliser::apply_feed(Bytes message, TickRecord& row) {
    if (!itch50::well_formed(message)) [[unlikely]] {
        ++counts_.malformed_messages;
        row.action = tick_action::status;
        row.event_time_ns = event_time_ns_;
        return;
    }
    const itch50::Header& header = itch50::header_of(message);
    const Locate locate = header.stock_locate;
    event_time_ns_ = at(reference_data_.midnight, header.timestamp).value();
    Instrument& instrument = instruments_[locate.value()];

    const Top before = books_.book(locate).top();
    const ItchChange change = books_.apply(message);
    const Top& after = books_.book(locate).top();

    row.event_time_ns = event_time_ns_;
    row.instrument_id = instrument.instrument_id;
    put_top(after, row);
    if (before.two_sided()) {
        row.spread_before = (before.ask_price - before.bid_price).value();
        // An instrument whose time steps back has not traded for a negative while.
        if (instrument.last_event_time_ns != 0) {
            row.elapsed_ns = std::max<std::int64_t>(0, event_time_ns_ - instrument.last_event_time_ns);
        }
        row.order_flow_imbalance = order_flow_imbalance(before, after);
    }
    instrument.last_event_time_ns = event_time_ns_;
    describe(header, message, change, row);
}

void Normaliser::describe(const itch50::Header& header, Bytes message, const ItchChange& change, TickRecord& row) {
    row.action = action_of(change.type);
    switch (row.action) {
    case tick_action::execute_order:
    case tick_action::trade:
    case tick_action::cross: describe_trade(change, row); break;
    case tick_action::bust: describe_bust(change, row); break;
    case tick_action::imbalance: {
        const auto& m = overlay<itch50::NetOrderImbalance>(message);
        row.price = m.current_reference_price.get().value();
        row.quantity = m.imbalance_shares.get().value();
        if (m.imbalance_direction == 'B' || m.imbalance_direction == 'S') {
            row.side = static_cast<std::int8_t>(m.imbalance_direction);
        }
        break;
    }
    case tick_action::status: follow_session(header, message); break;
    default: describe_order(message, change, row); break;
    }
    if (change.status == BookStatus::unknown_order) {
        ++counts_.unknown_orders;
        row.flags |= tick_flag::unknown_order;
    } else if (change.status != BookStatus::ok) {
        row.flags |= tick_flag::refused;
    }
    if (reference_data_.synthetic_tracking_number == header.tracking_number.get()) row.flags |= tick_flag::synthetic;
    row.flags |= venue_flags(change.locate, row.event_time_ns);
    if (row.action == tick_action::cross) {
        row.flags |= tick_flag::auction;
        if (overlay<itch50::CrossTrade>(message).cross_type == 'C') instruments_[change.locate.value()].closed = true;
    }
}

// Executions, hidden trades and crosses.
void Normaliser::describe_trade(const ItchChange& change, TickRecord& row) {
    const bool cross = row.action == tick_action::cross;
    const bool known = change.status != BookStatus::unknown_order;
    row.order_id = static_cast<std::int64_t>(change.order_id.value());
    row.reference = static_cast<std::int64_t>(change.match_number.value());
    row.price = change.execution_price.value();
    row.quantity = change.executed.value();
    if (known && !cross) row.side = static_cast<std::int8_t>(change.side);
    // An execution of an order from before our start has no price of its own, a cross may have traded nothing.
    const bool priced = known || change.type != itch50::OrderExecuted::type;
    const bool printable = change.printable && priced && change.executed > Quantity{0};
    if (printable) row.flags |= tick_flag::printable;
    matches_.put({change.match_number, change.execution_price, change.executed, static_cast<char>(row.side),
                  printable});
}

void Normaliser::describe_bust(const ItchChange& change, TickRecord& row) {
    row.reference = static_cast<std::int64_t>(change.match_number.value());
    const MatchedTrade* broken = matches_.find(change.match_number);
    if (broken == nullptr) {
        row.flags |= tick_flag::unknown_order;
        return;
    }
    row.price = broken->price.value();
    row.quantity = broken->quantity.value();
    row.side = static_cast<std::int8_t>(broken->side);
    // Printable as the trade was, so that what is taken back is what was counted.
    if (broken->printable) row.flags |= tick_flag::printable;
}

// Messages that add, change or remove a displayed order without a trade.
void Normaliser::describe_order(Bytes message, const ItchChange& change, TickRecord& row) {
    row.order_id = static_cast<std::int64_t>(change.order_id.value());
    if (change.status != BookStatus::unknown_order) {
        row.side = static_cast<std::int8_t>(change.side);
        row.price = change.price.value();
    }
    switch (row.action) {
    case tick_action::add_order: row.quantity = change.quantity_after.value(); break;
    case tick_action::cancel_order:
        row.quantity = overlay<itch50::OrderCancel>(message).cancelled_shares.get().value();
        break;
    case tick_action::delete_order: row.quantity = change.quantity_before.value(); break;
    default: {
        const auto& m = overlay<itch50::OrderReplace>(message);
        row.reference = static_cast<std::int64_t>(m.original_order_reference_number.get().value());
        row.price = m.price.get().value();
        row.quantity = m.shares.get().value();
    }
    }
}

void Normaliser::apply_order_event(const RecordView& record, TickRecord& row) {
    row.event_time_ns = event_time_ns_;
    Locate locate;
    if (record.header.kind == RecordKind::order_sent) {
        locate = own_orders_.sent(record.payload, row);
    } else if (record.header.kind == RecordKind::order_answer) {
        locate = own_orders_.answered(record.payload, row);
    } else {
        locate = own_orders_.refused(record.payload, row);
    }
    row.flags = tick_flag::own;
    row.flags |= venue_flags(locate, row.event_time_ns);
    row.instrument_id = instruments_[locate.value()].instrument_id;
    if (locate != Locate{}) put_top(books_.book(locate).top(), row);
}

// A snapshot is whole: its first message empties the books.
void Normaliser::apply_snapshot(Bytes message) {
    if (!in_snapshot_) books_.clear();
    in_snapshot_ = !glimpse50::end_of_snapshot(message);
    if (!itch50::well_formed(message)) return;
    books_.apply(message);
    const itch50::Header& header = itch50::header_of(message);
    follow_session(header, message);
}

void Normaliser::follow_session(const itch50::Header& header, Bytes message) {
    if (header.message_type != itch50::SystemEvent::type) return;
    const char event = overlay<itch50::SystemEvent>(message).event_code;
    if (event == 'Q') market_opened_ = true;
    if (event == 'M') market_closed_ = true;
}

// Continuous trading lasts from the start of market hours (system event 'Q', or the calendar's open where the feed has
// none) to the closing cross, their end (system event 'M') or the calendar's close, and not while orders are gathered
// for an auction.
std::int16_t Normaliser::venue_flags(Locate locate, std::int64_t event_time_ns) const {
    const Book& book = books_.book(locate);
    const char state = book.trading_state();
    const bool halted = book.operational_halt() || (state != 'T' && state != ' ');
    const bool hours = (market_opened_ || event_time_ns >= open_ns_) && !market_closed_ && event_time_ns < close_ns_;
    std::int16_t flags = 0;
    if (halted) flags |= tick_flag::halted;
    if (!hours || state == 'Q' || instruments_[locate.value()].closed) flags |= tick_flag::auction;
    return flags;
}

}  // namespace colo
