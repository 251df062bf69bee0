// Runs a core from a journal: the same inputs in the same order, and each order compared with the one that was journaled.
//
//   OrderComparison comparison;
//   TradingCore<S, OrderComparison> core(config, strategy, comparison);
//   ReplayEnd end = replay_journal(reader, core, comparison);
//   if (end.problem) fail(*end.problem);
//
// What a core gave out after the last input and the journal does not have (the process died in between) is left in the
// comparison: a resuming engine journals it, and the reconciliation with the venue finds that it never arrived.
#pragma once

#include <algorithm>
#include <cstring>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/journal/reader.hpp"
#include "engine/runtime/trading_core.hpp"

namespace colo {

// What a core gave out and has not yet been met by a record.
class OrderComparison {
public:
    struct Given {
        RecordKind kind;
        SequenceNumber cause;
        std::vector<std::byte> payload;
    };

    // As the sink of a core.
    void decoded() {}
    void send(const EncodedOrder& order, SequenceNumber cause) {
        given_.push_back({RecordKind::order_sent, cause, copy(order.message())});
    }
    void reject(const RiskRejectPayload& reject) {
        given_.push_back({RecordKind::risk_reject, SequenceNumber{reject.cause_sequence},
                          copy(std::as_bytes(std::span{&reject, 1}))});
    }
    void raise(const AnomalyPayload& anomaly) {
        given_.push_back({RecordKind::anomaly, SequenceNumber{anomaly.cause_sequence},
                          copy(std::as_bytes(std::span{&anomaly, 1}))});
    }

    // The next record that was given out must be this one. The sentence says where it differs.
    [[nodiscard]] std::optional<std::string> meet(const RecordView& record) {
        const std::string place = " at offset " + std::to_string(record.offset.value()) + ", cause " +
                                  std::to_string(record.header.sequence);
        if (given_.empty()) return "the journal has an order" + place + " that replay does not give";
        const Given& given = given_.front();
        const bool same = given.kind == record.header.kind && given.cause.value() == record.header.sequence &&
                          std::equal(given.payload.begin(), given.payload.end(), record.payload.begin(),
                                     record.payload.end());
        if (!same) return "the order" + place + " differs from the one that replay gives";
        given_.pop_front();
        return std::nullopt;
    }
    // Before the next input everything must have been met.
    [[nodiscard]] std::optional<std::string> settled(const RecordView& record) const {
        if (given_.empty()) return std::nullopt;
        return "replay gives an order, cause " + std::to_string(given_.front().cause.value()) +
               ", that the journal does not have before offset " + std::to_string(record.offset.value());
    }
    [[nodiscard]] const std::deque<Given>& unmet() const { return given_; }

private:
    static std::vector<std::byte> copy(Bytes bytes) { return {bytes.begin(), bytes.end()}; }
    std::deque<Given> given_;
};

static_assert(DecisionSink<OrderComparison>);

struct ReplayEnd {
    std::uint64_t records = 0;
    std::uint64_t orders = 0;
    SequenceNumber next_feed{1};
    std::uint64_t next_answer = 1;
    std::optional<std::string> problem;  // the first difference, or the journal's error
};

// Whether a record is something that a core gave out: what is measured is not.
[[nodiscard]] inline bool given_out(const RecordView& record) {
    if (record.header.kind != RecordKind::anomaly)
        return record.header.kind == RecordKind::order_sent || record.header.kind == RecordKind::risk_reject;
    return record.payload.size() == sizeof(AnomalyPayload) &&
           record.payload[offsetof(AnomalyPayload, anomaly)] != std::byte{static_cast<std::uint8_t>(Anomaly::latency_spike)};
}

// Hands one input to a core; false where the record is none.
template <class Core>
bool apply_input(Core& core, const RecordHeader& header, Bytes payload) {
    const Timestamp receive_time{header.receive_time_ns};
    switch (header.kind) {
    case RecordKind::feed_message: core.on_feed_message(SequenceNumber{header.sequence}, payload, receive_time); break;
    case RecordKind::snapshot_message: core.on_snapshot_message(payload); break;
    case RecordKind::order_answer: core.on_answer(payload, receive_time); break;
    case RecordKind::control: core.on_control(text_of(payload), receive_time); break;
    case RecordKind::model: core.on_model(payload, receive_time); break;
    case RecordKind::gap: break;
    default: return false;
    }
    return true;
}

namespace detail {
inline void follow_sequences(const RecordView& record, ReplayEnd& end) {
    const RecordHeader& header = record.header;
    if (header.kind == RecordKind::feed_message) end.next_feed = SequenceNumber{header.sequence + 1};
    if (header.kind == RecordKind::order_answer) end.next_answer = header.sequence + 1;
    if (header.kind == RecordKind::gap && record.payload.size() == sizeof(GapPayload)) {
        GapPayload gap;
        std::memcpy(&gap, record.payload.data(), sizeof gap);
        end.next_feed = SequenceNumber{gap.last + 1};
    }
}
}  // namespace detail

// A Reader is a JournalReader, or what a test puts in its place. `on_order(cause, message)` sees each order that was met,
// in the stream's order.
template <class Reader, class Core>
ReplayEnd replay_journal(Reader& reader, Core& core, OrderComparison& comparison,
                         const std::function<void(SequenceNumber, Bytes)>& on_order = {}) {
    ReplayEnd end;
    RecordView record;
    for (;;) {
        const ReadStatus status = reader.next(record);
        if (status == ReadStatus::end) return end;
        if (status == ReadStatus::error) {
            end.problem = reader.error().to_string();
            return end;
        }
        ++end.records;
        const RecordKind kind = record.header.kind;
        if (given_out(record)) {
            end.problem = comparison.meet(record);
            if (!end.problem && kind == RecordKind::order_sent) {
                ++end.orders;
                if (on_order) on_order(SequenceNumber{record.header.sequence}, record.payload);
            }
        } else if (kind != RecordKind::timing && kind != RecordKind::timer && kind != RecordKind::anomaly) {
            end.problem = comparison.settled(record);
            if (!end.problem) apply_input(core, record.header, record.payload);
        }
        if (end.problem) return end;
        detail::follow_sequences(record, end);
    }
}

}  // namespace colo
