// The turns of the loop that trading_engine.hpp describes.
#pragma once

#include <algorithm>
#include <utility>

#include "engine/runtime/build_id.hpp"
#include "engine/runtime/trading_engine.hpp"

namespace colo {

// Order numbers are reserved in blocks, the next one when half of the last is used: a sync later it is on disk, long
// before it is needed. A block is small against what the table holds, because every restart leaves one unused.
[[nodiscard]] inline std::uint32_t number_block(std::size_t own_orders) {
    return static_cast<std::uint32_t>(std::max<std::size_t>(own_orders / 64, 16));
}

namespace detail {
[[nodiscard]] inline TelemetryIdentity telemetry_identity(const EngineConfig& config) {
    return {config.site, config.process, COLO_VERSION, build_id(), config.release_digest};
}
}  // namespace detail

// How long an ending engine waits for the venue to answer its cancels.
inline constexpr Duration stop_wait = seconds(2);

template <Strategy S, EngineNetwork Network, Clock C, Recorder R>
TradingEngine<S, Network, C, R>::TradingEngine(const EngineConfig& config, S strategy, Network& network,
                                               const C& clock, R& recorder, EngineSignals& signals,
                                               const std::filesystem::path& telemetry_file)
    : config_(config), network_(network), clock_(clock), recorder_(recorder), signals_(signals),
      core_(config, std::move(strategy), *this), kill_files_(config.kill_switch_file),
      snapshot_(network.snapshot(), config.channels[0].snapshot, SoupTimings{}),
      telemetry_(telemetry_file, detail::telemetry_identity(config), counter_names(config, core_),
                 latency_stage_names()) {}

template <Strategy S, EngineNetwork Network, Clock C, Recorder R>
template <class Reader>
std::optional<std::string> TradingEngine<S, Network, C, R>::resume(Reader& reader) {
    OrderComparison comparison;
    comparison_ = &comparison;
    resumed_ = replay_journal(reader, core_, comparison);
    comparison_ = nullptr;
    if (resumed_.problem) return resumed_.problem;
    // The process died between a decision and its record. The order goes into the journal, where it belongs, and not to
    // the venue: it is stale, and the account query will show that it never arrived.
    for (const OrderComparison::Given& given : comparison.unmet())
        record(given.kind, RecordSource::engine, given.cause.value(), clock_.now(), given.payload);
    return std::nullopt;
}

template <Strategy S, EngineNetwork Network, Clock C, Recorder R>
void TradingEngine<S, Network, C, R>::start() {
    control(Control::start, COLO_VERSION);
    reserve_numbers();
    arbiter_.emplace(arbiter_config());
    SoupTimings timings;
    timings.heartbeat = config_.order_session.heartbeat;
    timings.silence_max = std::max(timings.silence_max, timings.heartbeat * 15);
    order_session_.emplace(network_.orders(), config_.order_session.login, resumed_.next_answer, timings);
    if (resumed_.records > 0) order_session_->hear_out_first();
    if (core_.snapshotting()) snapshot_.start();  // the one before died half applied
}

template <Strategy S, EngineNetwork Network, Clock C, Recorder R>
ArbiterConfig TradingEngine<S, Network, C, R>::arbiter_config() const {
    const RerequestConfig& rerequest = config_.channels[0].rerequest;
    ArbiterConfig arbiter;
    arbiter.session = moldudp64::Session(config_.mold_session);
    arbiter.first = resumed_.next_feed;
    arbiter.lines = static_cast<std::uint32_t>(network_.line_count());
    arbiter.messages_max = rerequest.messages_max;
    arbiter.attempts_max = rerequest.attempts_max;
    arbiter.timeout = rerequest.timeout;
    return arbiter;
}

template <Strategy S, EngineNetwork Network, Clock C, Recorder R>
void TradingEngine<S, Network, C, R>::run() {
    start();
    while (!finished_)
        if (!turn()) network_.wait();
}

// One turn: whatever is there, once. False where there was nothing.
template <Strategy S, EngineNetwork Network, Clock C, Recorder R>
bool TradingEngine<S, Network, C, R>::turn() {
    const Timestamp monotonic_now = clock_.monotonic();
    attend_signals(monotonic_now);
    attend_operators();
    reserve_numbers();
    if (!numbers_allowed_ && !stopping_) return false;  // nothing is decided before the disk has the first of them
    bool busy = attend_orders();
    if (finished_) return true;
    if (may_receive()) {
        if (config_.paced && !reported_ && !stopping_) report();
        busy |= attend_feed(monotonic_now);
    } else {
        reported_ = false;
        help_venue_catch_up(monotonic_now);
    }
    attend_snapshot();
    if (feed_ended_ && !stopping_) begin_stop("end of session");
    if (stopping_ && (core_.orders().open_count() == 0 || core_.session() != SessionState::ready ||
                      clock_.monotonic() > stop_deadline_))
        finish();
    publish(busy);
    return busy;
}

// When there is a moment's rest, and in a long burst now and then.
template <Strategy S, EngineNetwork Network, Clock C, Recorder R>
void TradingEngine<S, Network, C, R>::publish(bool busy) {
    constexpr std::uint32_t busy_turns_max = 64;
    if (unpublished_ == 0 || (busy && ++unpublished_ < busy_turns_max)) return;
    unpublished_ = 0;
    publish_counters(telemetry_, config_, core_, arbiter_->counts(), arbiter_->next_sequence());
    if (open_orders_) open_orders_->publish(open_orders(core_.orders()));
}

template <Strategy S, EngineNetwork Network, Clock C, Recorder R>
void TradingEngine<S, Network, C, R>::attend_signals(Timestamp monotonic_now) {
    if (recorder_.failed() && !failure_) fail(recorder_.failure());
    if (journal_broken_) return finish();
    attend_kill_switch(monotonic_now);
    if (signals_.stop.load(std::memory_order_relaxed) && !stopping_) begin_stop("signal");
}

template <Strategy S, EngineNetwork Network, Clock C, Recorder R>
void TradingEngine<S, Network, C, R>::reserve_numbers() {
    if (journal_broken_) return;
    if (block_) {
        if (!recorder_.synced()) return;
        control(Control::order_numbers, std::to_string(std::exchange(block_, {})->value()));
        numbers_allowed_ = true;
        return;
    }
    const std::uint32_t block = number_block(config_.tables.own_orders);
    if (numbers_allowed_ && core_.orders().numbers_left() >= block / 2) return;
    block_ = core_.orders().next_block(block);
    if (!block_) {
        numbers_allowed_ = true;  // the table is full: each order is refused
        return;
    }
    control(Control::order_number_block, std::to_string(block_->value()));
    recorder_.sync_soon();
    reserve_numbers();
}

template <Strategy S, EngineNetwork Network, Clock C, Recorder R>
bool TradingEngine<S, Network, C, R>::attend_orders() {
    const bool busy = order_session_->poll(clock_.monotonic(), *this);
    if (order_session_->state() == OrderSession::State::failed && !failure_)
        fail("order session: " + order_session_->failure());
    return busy;
}

template <Strategy S, EngineNetwork Network, Clock C, Recorder R>
bool TradingEngine<S, Network, C, R>::attend_feed(Timestamp monotonic_now) {
    bool busy = false;
    if (!core_.snapshotting()) {
        for (std::size_t line = 0; line < network_.line_count(); ++line)
            busy |= take(static_cast<FeedSource>(line), network_.receive(line), monotonic_now);
        busy |= take(FeedSource::rerequest, network_.receive_rerequested(), monotonic_now);
    }
    if (const auto deadline = arbiter_->next_deadline(); deadline)
        if (const Timestamp now = clock_.monotonic(); now >= *deadline) arbiter_->on_timer(now, *this);
    return busy;
}

template <Strategy S, EngineNetwork Network, Clock C, Recorder R>
bool TradingEngine<S, Network, C, R>::take(FeedSource source, std::span<const Datagram> datagrams,
                                           Timestamp monotonic_now) {
    for (const Datagram& datagram : datagrams) {
        taken_ = clock_.now();
        // The venue sent its answers before this packet: a decision on the packet must know them.
        if (config_.paced) attend_orders();
        const SequenceNumber before = arbiter_->next_sequence();
        const std::uint64_t heartbeats = arbiter_->counts().heartbeats;
        arbiter_->on_packet(source, datagram.payload, datagram.receive_time, monotonic_now, *this);
        const bool advanced = arbiter_->next_sequence() != before;
        // A heartbeat on a silent line means that the venue waits: the last report may have been lost.
        if (config_.paced && (advanced || arbiter_->counts().heartbeats != heartbeats)) report();
    }
    return !datagrams.empty();
}

template <Strategy S, EngineNetwork Network, Clock C, Recorder R>
void TradingEngine<S, Network, C, R>::report() {
    reported_ = true;
    network_.request(bytes_of(moldudp64::make_request(arbiter_->session(), arbiter_->next_sequence(), 0)));
}

// A paced venue that was restarted behind our answers gets there when it hears how far we were.
template <Strategy S, EngineNetwork Network, Clock C, Recorder R>
void TradingEngine<S, Network, C, R>::help_venue_catch_up(Timestamp monotonic_now) {
    if (order_session_->state() != OrderSession::State::catching_up || monotonic_now < next_help_) return;
    next_help_ = monotonic_now + milliseconds(10);
    report();
    reported_ = false;
}

template <Strategy S, EngineNetwork Network, Clock C, Recorder R>
void TradingEngine<S, Network, C, R>::on_message(const FeedMessage& message) {
    if (message.message.empty()) return;  // MoldUDP64 allows it, ITCH has no such message
    if (!record(RecordKind::feed_message, static_cast<RecordSource>(message.source), message.sequence.value(),
                message.receive_time, message.message))
        return;
    receive_time_ = message.receive_time;
    in_feed_message_ = true;
    core_.on_feed_message(message.sequence, message.message, message.receive_time);
    in_feed_message_ = false;
}

template <Strategy S, EngineNetwork Network, Clock C, Recorder R>
void TradingEngine<S, Network, C, R>::on_sequenced(std::uint64_t sequence, Bytes message) {
    if (message.empty()) return;  // SoupBinTCP allows it, OUCH has no such message and the journal no such record
    const Timestamp now = clock_.now();
    if (!record(RecordKind::order_answer, RecordSource::order_session, sequence, now, message)) return;
    receive_time_ = decoded_ = now;
    core_.on_answer(message, now);
}

template <Strategy S, EngineNetwork Network, Clock C, Recorder R>
void TradingEngine<S, Network, C, R>::send(const EncodedOrder& order, SequenceNumber cause) {
    if (comparison_ != nullptr) return comparison_->send(order, cause);
    const Timestamp decided = clock_.now();
    if (!record(RecordKind::order_sent, RecordSource::engine, cause.value(), decided, order.message())) return;
    const Timestamp journaled = clock_.now();
    order_session_->send(order);
    if (order.user_ref_num() == UserRefNum{0}) return;
    const Timestamp sent = clock_.now();
    const TimingPayload timing{cause.value(), order.user_ref_num().value(), 0, receive_time_.value(),
                               decoded_.value(), decided.value(), journaled.value(), sent.value()};
    record(RecordKind::timing, RecordSource::engine, cause.value(), sent, std::as_bytes(std::span{&timing, 1}));
    if (!in_feed_message_) return;
    measure(LatencyStage::taken_to_decoded, decoded_ - taken_);
    measure(LatencyStage::decoded_to_decided, decided - decoded_);
    measure(LatencyStage::decided_to_journaled, journaled - decided);
    measure(LatencyStage::journaled_to_sent, sent - journaled);
    measure(LatencyStage::tick_to_trade, journaled - taken_);
    if (sent - taken_ > config_.anomalies.latency_max) tell_latency(order.user_ref_num(), sent - taken_);
    if (receive_time_ == Timestamp{0}) return;  // the network gives no kernel timestamp
    measure(LatencyStage::kernel_to_taken, taken_ - receive_time_);
    measure(LatencyStage::wire_to_wire, sent - receive_time_);
}

template <Strategy S, EngineNetwork Network, Clock C, Recorder R>
void TradingEngine<S, Network, C, R>::tell_latency(UserRefNum number, Duration latency) {
    core_.count_latency_spike();
    raise({.cause_sequence = core_.cause().value(),
           .price = 0,
           .quantity = latency.value(),
           .limit = config_.anomalies.latency_max.value(),
           .user_ref_num = number.value(),
           .instrument_id = 0,
           .anomaly = static_cast<std::uint8_t>(Anomaly::latency_spike),
           .reserved = {}});
}

template <Strategy S, EngineNetwork Network, Clock C, Recorder R>
void TradingEngine<S, Network, C, R>::reject(const RiskRejectPayload& reject) {
    if (comparison_ != nullptr) return comparison_->reject(reject);
    record(RecordKind::risk_reject, RecordSource::engine, reject.cause_sequence, clock_.now(),
           std::as_bytes(std::span{&reject, 1}));
}

template <Strategy S, EngineNetwork Network, Clock C, Recorder R>
void TradingEngine<S, Network, C, R>::raise(const AnomalyPayload& anomaly) {
    if (comparison_ != nullptr) return comparison_->raise(anomaly);
    record(RecordKind::anomaly, RecordSource::engine, anomaly.cause_sequence, clock_.now(),
           std::as_bytes(std::span{&anomaly, 1}));
}

template <Strategy S, EngineNetwork Network, Clock C, Recorder R>
void TradingEngine<S, Network, C, R>::record_gap(SequenceNumber first, SequenceNumber last) {
    const GapPayload gap{first.value(), last.value()};
    record(RecordKind::gap, RecordSource::engine, first.value(), clock_.now(), std::as_bytes(std::span{&gap, 1}));
}

template <Strategy S, EngineNetwork Network, Clock C, Recorder R>
void TradingEngine<S, Network, C, R>::on_feed_lost(SequenceNumber sequence) {
    fail("feed: message " + std::to_string(sequence.value()) +
         " is lost: neither the re-request server nor the snapshot brought what is missing");
}

// The venue has ended the order session, which it does after the feed.
template <Strategy S, EngineNetwork Network, Clock C, Recorder R>
void TradingEngine<S, Network, C, R>::on_end_of_session() {
    control(Control::order_session_down, "the venue ended the session");
    feed_ended_ = true;
}

template <Strategy S, EngineNetwork Network, Clock C, Recorder R>
void TradingEngine<S, Network, C, R>::attend_snapshot() {
    using State = typename decltype(snapshot_)::State;
    if (snapshot_.state() != State::fetching) return;
    snapshot_.poll(clock_.monotonic());
    // A snapshot from before what the books have had would take them back.
    const bool complete = snapshot_.state() == State::complete;
    if (complete && snapshot_.next_sequence() >= arbiter_->next_sequence()) return apply_snapshot();
    if (!complete && snapshot_.state() != State::failed) return;
    snapshot_.reset();
    if (arbiter_->state() == Arbiter::State::snapshotting) arbiter_->on_snapshot_failed(clock_.monotonic(), *this);
    else fail("feed: the snapshot that a restart needs cannot be fetched from " + network_.snapshot().place());
}

// The gap is journaled before the snapshot ends: a process that dies in between fetches another snapshot, one that dies
// after it knows that the books are beyond the gap.
template <Strategy S, EngineNetwork Network, Clock C, Recorder R>
void TradingEngine<S, Network, C, R>::apply_snapshot() {
    const Timestamp now = clock_.now();
    const SequenceNumber next = snapshot_.next_sequence();
    control(Control::snapshot_begin, "next " + std::to_string(next.value()));
    snapshot_.for_each_message([&](Bytes message) {
        if (record(RecordKind::snapshot_message, RecordSource::snapshot, next.value(), now, message))
            core_.on_snapshot_message(message);
    });
    if (next > arbiter_->next_sequence()) record_gap(arbiter_->next_sequence(), next - 1);
    control(Control::snapshot_end);
    snapshot_.reset();
    if (arbiter_->state() == Arbiter::State::snapshotting)
        return arbiter_->on_snapshot(next, clock_.monotonic(), *this);
    resumed_.next_feed = next;
    arbiter_.emplace(arbiter_config());
}

template <Strategy S, EngineNetwork Network, Clock C, Recorder R>
void TradingEngine<S, Network, C, R>::control(Control control, std::string_view detail) {
    const auto text = text_of(control, detail);
    const Timestamp now = clock_.now();
    if (!record(RecordKind::control, RecordSource::engine, 0, now, bytes_of(text.view()))) return;
    receive_time_ = decoded_ = now;
    core_.on_control(text.view(), now);
}

// The journal comes first: what cannot be recorded does not happen.
template <Strategy S, EngineNetwork Network, Clock C, Recorder R>
bool TradingEngine<S, Network, C, R>::record(RecordKind kind, RecordSource source, std::uint64_t sequence,
                                             Timestamp receive_time, Bytes payload) {
    if (journal_broken_) return false;
    unpublished_ = std::max(unpublished_, 1u);
    const RecordFields fields{kind, source, config_.channels[0].id, SequenceNumber{sequence}, receive_time};
    if (recorder_.append(fields, payload)) return true;
    journal_broken_ = true;
    if (!failure_) failure_ = recorder_.failure();
    return false;
}

template <Strategy S, EngineNetwork Network, Clock C, Recorder R>
void TradingEngine<S, Network, C, R>::fail(std::string sentence) {
    failure_ = std::move(sentence);
    if (!stopping_) begin_stop("failure");
}

template <Strategy S, EngineNetwork Network, Clock C, Recorder R>
void TradingEngine<S, Network, C, R>::begin_stop(std::string_view reason) {
    stopping_ = true;
    stop_deadline_ = clock_.monotonic() + stop_wait;
    control(Control::stop, reason);
}

// Where orders are still open, the venue cancels them when the connection goes (cancel_on_disconnect).
template <Strategy S, EngineNetwork Network, Clock C, Recorder R>
void TradingEngine<S, Network, C, R>::finish() {
    if (finished_) return;
    finished_ = true;
    unpublished_ = 1;
    publish(false);
    order_session_->log_out();
}

}  // namespace colo
