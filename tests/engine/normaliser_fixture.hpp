// A journal's records made by hand, and the reference data of a day with two instruments, for tests of the normaliser.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "engine/normalise/normaliser.hpp"
#include "engine/protocol/glimpse50.hpp"
#include "engine/protocol/ouch50.hpp"

namespace colo::test {

inline constexpr std::int64_t midnight_ns = 1'340'251'200'000'000'000;
inline constexpr std::int64_t open_ns = 34'200'000'000'000;
inline constexpr std::int64_t close_ns = 57'600'000'000'000;
inline constexpr std::uint16_t synthetic_tracking = 0xC010;

inline const char* reference_json = R"({
  "mic": "XNAS", "trading_day": "2012-06-21", "midnight_ns": 1340251200000000000, "synthetic_tracking_number": 49168,
  "calendar": {"open_ns": 34200000000000, "close_ns": 57600000000000},
  "instruments": [{"instrument_id": 111, "symbol": "AMZN", "locate": 1, "tick_size": 100, "lot_size": 100},
                  {"instrument_id": 222, "symbol": "AAPL", "locate": 2, "tick_size": 100, "lot_size": 100}]})";

inline ReferenceData reference_data() {
    auto parsed = ReferenceData::parse(reference_json);
    if (!parsed) ADD_FAILURE() << parsed.error().reason;
    return *parsed;
}

// Small tables: a test makes many normalisers.
inline BookCapacity small_capacity() { return {.cells_max = 1u << 16, .reference_pages_max = 1u << 10}; }

// Feeds records one by one; sequence numbers and offsets count up by themselves.
class Feed {
public:
    Normaliser normaliser{reference_data(), small_capacity()};
    std::int64_t time_ns = open_ns;  // of the messages that at() has not set
    std::uint16_t tracking = 0;

    template <class Message>
    Message at(std::int64_t since_midnight_ns, std::uint16_t locate) {
        Message message;
        time_ns = since_midnight_ns;
        message.stock_locate = Locate{locate};
        message.tracking_number = tracking;
        message.timestamp = SessionTime{time_ns};
        return message;
    }
    template <class Message>
    TickRecord tick(const Message& message) { return row(RecordKind::feed_message, bytes_of(message), RowKind::tick); }
    template <class Message>
    TickRecord sent(const Message& message) {
        return row(RecordKind::order_sent, bytes_of(message), RowKind::order_event);
    }
    template <class Message>
    TickRecord answer(Message message, std::int64_t since_midnight_ns) {
        message.timestamp = SessionTime{since_midnight_ns};
        return row(RecordKind::order_answer, bytes_of(message), RowKind::order_event);
    }
    TickRecord row(RecordKind kind, Bytes payload, RowKind expected) {
        RecordView record;
        record.header = {.length = static_cast<std::uint32_t>(payload.size()),
                         .crc32c = 0,
                         .receive_time_ns = 900 + static_cast<std::int64_t>(sequence),
                         .sequence = sequence,
                         .kind = kind,
                         .source = RecordSource::line_a,
                         .channel = 0,
                         .reserved = 0};
        record.offset = JournalOffset{4096 + 100 * sequence};
        record.payload = payload;
        ++sequence;
        TickRecord filled{};
        EXPECT_EQ(normaliser.apply(record, filled), expected);
        return filled;
    }
    std::uint64_t sequence = 1;

    TickRecord add(std::uint16_t locate, std::uint64_t id, Side side, std::int64_t price, std::int64_t quantity,
                   std::int64_t time = open_ns) {
        auto message = at<itch50::AddOrder>(time, locate);
        message.order_reference_number = OrderId{id};
        message.buy_sell_indicator = side;
        message.price = Price{price};
        message.shares = Quantity{quantity};
        message.stock = locate == 1 ? "AMZN" : "AAPL";
        return tick(message);
    }
    TickRecord execute(std::uint16_t locate, std::uint64_t id, std::int64_t quantity, std::uint64_t match,
                       std::int64_t time = open_ns) {
        auto message = at<itch50::OrderExecuted>(time, locate);
        message.order_reference_number = OrderId{id};
        message.executed_shares = Quantity{quantity};
        message.match_number = MatchNumber{match};
        return tick(message);
    }
    TickRecord system_event(char event, std::int64_t time) {
        auto message = at<itch50::SystemEvent>(time, 0);
        message.event_code = event;
        return tick(message);
    }
};

}  // namespace colo::test
