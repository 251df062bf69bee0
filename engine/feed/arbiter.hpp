// One stream of messages, whole and in order, out of two lossy multicast lines, a re-request server and a snapshot.
//
// Arbiter is that of a MoldUDP64 feed. Any other framing whose packets are numbered fits too: BasicArbiter<Packet>, where
// Packet parses a datagram, tells its sequence numbers and holds the messages. A framing without sessions (MDP 3.0) has no
// server to ask again either: what neither line brings is left to a snapshot.
//
// Every packet comes on both lines; the first to arrive counts and the other is dropped. Where a sequence number is
// missing, later packets wait in a buffer. The other line gets `reorder_wait` to bring what is missing, less if it has
// passed the place already; then it is asked for, at most `messages_max` messages a request, each request repeated up to
// `attempts_max` times. When that fails, a snapshot is asked for, and the stream goes on at the sequence number that it
// names. Everything is bounded; time and network are the caller's:
//
//   Arbiter arbiter(config);
//   arbiter.on_packet(FeedSource::line_a, datagram, receive_time, now, sink);  // sink: a FeedSink, see below
//   arbiter.on_timer(now, sink);                                               // by next_deadline() at the latest
//   arbiter.on_snapshot(next, now, sink);                                      // after on_snapshot_needed
//
// A sink must not call back into the arbiter that calls it.
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstdint>
#include <optional>

#include "engine/core/types.hpp"
#include "engine/core/wire.hpp"
#include "engine/feed/packet_buffer.hpp"
#include "engine/protocol/moldudp64.hpp"

namespace colo {

struct FeedMessage {
    SequenceNumber sequence;
    Bytes message;
    FeedSource source;
    Timestamp receive_time;  // of the packet that brought it
};

template <class T>
concept PacketSink = requires(T sink, const FeedMessage& message, SequenceNumber sequence) {
    // The next message of the stream. Its bytes are not checked beyond the packet's bounds. A sink that has on_packet_ahead
    // is shown each packet before its first message, for hints; some of its messages may be duplicates.
    sink.on_message(message);
    // Fetch a snapshot, then call on_snapshot or on_snapshot_failed; `sequence` is the first message missing.
    sink.on_snapshot_needed(sequence);
    // These messages, first and last, will never come: the snapshot stands for them.
    sink.on_gap(sequence, sequence);
    // Neither re-request nor snapshot helped: nothing more will come.
    sink.on_feed_lost(sequence);
};

template <class T>
concept FeedSink = PacketSink<T> && requires(T sink, const moldudp64::Request& request, SequenceNumber sequence,
                                             const moldudp64::Session& session) {
    // Send this to the re-request server.
    sink.on_request(request);
    // The stream is complete; `sequence` would have been next.
    sink.on_end_of_session(sequence);
    // A packet of another session came; it was dropped. Told once for each change.
    sink.on_foreign_session(session);
};

// What a stream of these packets tells its consumer.
template <class T, class Packet>
concept SinkOf = PacketSink<T> && (!Packet::has_sessions || FeedSink<T>);

struct ArbiterConfig {
    moldudp64::Session session{};             // blank: the first packet's
    SequenceNumber first{1};                  // the first message wanted
    std::uint32_t lines = 2;                  // 1 or 2
    std::uint32_t buffered_packets_max = 1024;
    Duration reorder_wait = microseconds(500);
    std::uint16_t messages_max = 1000;        // of one request; 0: there is no re-request server
    std::uint32_t attempts_max = 5;
    Duration timeout = milliseconds(50);      // of one request
    std::uint32_t snapshot_attempts_max = 3;
    Duration snapshot_timeout = seconds(30);
    // A packet farther ahead is not believed; three of them in a row mean that we are too far behind for re-requests.
    std::uint64_t gap_messages_max = 100'000'000;
};

template <class Packet>
class BasicArbiter {
public:
    enum class State : std::uint8_t { flowing, waiting, requested, snapshotting, ended, lost };

    struct Counts {
        std::uint64_t messages = 0;              // emitted
        std::array<std::uint64_t, 3> packets{};  // by source: line A, line B, re-request
        std::array<std::uint64_t, 3> first{};    // messages that this source brought first
        std::uint64_t duplicates = 0;            // messages that were there already
        std::uint64_t heartbeats = 0;
        std::uint64_t bad_packets = 0;
        std::uint64_t foreign_packets = 0;       // of another session
        std::uint64_t implausible_packets = 0;   // too far ahead
        std::uint64_t gaps = 0;                  // times that the stream had to wait
        std::uint64_t buffer_drops = 0;
        std::uint64_t requests = 0;
        std::uint64_t snapshots = 0;             // asked for
        std::uint64_t lost_messages = 0;         // jumped over by a snapshot
    };

    explicit BasicArbiter(const ArbiterConfig& config)
        : config_(config), session_(config.session), next_(config.first), known_(config.first),
          buffer_(config.buffered_packets_max) {}

    // `source` is line_a, line_b or rerequest: where the datagram came in. Every `now` is of one clock that never steps:
    // a wall clock that is set back would stop all time-outs. `receive_time` is passed on with the messages.
    template <SinkOf<Packet> Sink>
    void on_packet(FeedSource source, Bytes datagram, Timestamp receive_time, Timestamp now, Sink& sink);
    // Where receive times are of such a clock themselves.
    template <SinkOf<Packet> Sink>
    void on_packet(FeedSource source, Bytes datagram, Timestamp receive_time, Sink& sink) {
        on_packet(source, datagram, receive_time, receive_time, sink);
    }

    // Moves what waits for a time. To be called at next_deadline() or later; earlier does no harm.
    template <SinkOf<Packet> Sink>
    void on_timer(Timestamp now, Sink& sink);

    // The sink has applied a snapshot that is followed by message `next`.
    template <SinkOf<Packet> Sink>
    void on_snapshot(SequenceNumber next, Timestamp now, Sink& sink);
    template <SinkOf<Packet> Sink>
    void on_snapshot_failed(Timestamp now, Sink& sink);

    [[nodiscard]] State state() const { return state_; }
    [[nodiscard]] SequenceNumber next_sequence() const { return next_; }
    [[nodiscard]] const moldudp64::Session& session() const { return session_; }
    [[nodiscard]] const Counts& counts() const { return counts_; }
    // When on_timer has something to do, nothing while only packets matter.
    [[nodiscard]] std::optional<Timestamp> next_deadline() const {
        const bool timed = state_ == State::waiting || state_ == State::requested || state_ == State::snapshotting;
        return timed ? std::optional(deadline_) : std::nullopt;
    }

private:
    template <SinkOf<Packet> Sink>
    [[nodiscard]] bool belongs(const Packet& packet, Sink& sink);
    template <SinkOf<Packet> Sink>
    [[nodiscard]] bool plausible(const Packet& packet, Sink& sink);
    template <SinkOf<Packet> Sink>
    void emit(const Packet& packet, FeedSource source, Timestamp receive_time, Sink& sink);
    template <SinkOf<Packet> Sink>
    void drain(Sink& sink);
    template <SinkOf<Packet> Sink>
    void settle(bool answered, Sink& sink);
    template <SinkOf<Packet> Sink>
    void request(Sink& sink);
    template <SinkOf<Packet> Sink>
    void ask_snapshot(Sink& sink);
    void hold(const Packet& packet, FeedSource source, Timestamp receive_time);

    // Neither line will bring the missing message any more, if each keeps its order.
    [[nodiscard]] bool all_lines_passed() const {
        return std::all_of(line_next_.begin(), line_next_.begin() + config_.lines,
                           [this](SequenceNumber line) { return line > next_; });
    }

    ArbiterConfig config_;
    moldudp64::Session session_;
    moldudp64::Session foreign_;
    State state_ = State::flowing;
    SequenceNumber next_;   // to emit
    SequenceNumber known_;  // one past the highest message that a packet has shown to exist
    std::optional<SequenceNumber> end_;
    std::array<SequenceNumber, 2> line_next_{};
    Timestamp now_, deadline_;
    SequenceNumber request_first_, request_end_;
    std::uint32_t attempts_ = 0, snapshot_attempts_ = 0, implausible_run_ = 0;
    PacketBuffer buffer_;
    Counts counts_;
};

template <class Packet>
template <SinkOf<Packet> Sink>
void BasicArbiter<Packet>::on_packet(FeedSource source, Bytes datagram, Timestamp receive_time, Timestamp now,
                                     Sink& sink) {
    now_ = std::max(now_, now);
    const auto parsed = Packet::parse(datagram);
    if (!parsed) {
        ++counts_.bad_packets;
        return;
    }
    const Packet& packet = *parsed;
    if (!belongs(packet, sink) || !plausible(packet, sink)) return;
    const auto from = static_cast<std::size_t>(source);
    ++counts_.packets[from];
    if (packet.message_count() == 0) ++counts_.heartbeats;
    if (from < line_next_.size()) line_next_[from] = std::max(line_next_[from], packet.next_sequence());
    if (state_ == State::ended || state_ == State::lost) {
        counts_.duplicates += packet.message_count();
        return;
    }
    if constexpr (Packet::has_sessions)
        if (packet.end_of_session()) end_ = std::max(end_.value_or(packet.sequence()), packet.sequence());
    known_ = std::max(known_, packet.next_sequence());
    const bool in_order = packet.sequence() <= next_ && state_ != State::snapshotting;
    if (in_order) emit(packet, source, receive_time, sink);
    else if (packet.message_count() > 0) hold(packet, source, receive_time);
    settle(source == FeedSource::rerequest, sink);
}

template <class Packet>
template <SinkOf<Packet> Sink>
void BasicArbiter<Packet>::on_timer(Timestamp now, Sink& sink) {
    now_ = std::max(now_, now);
    if (!next_deadline() || now_ < deadline_) return;
    if (state_ == State::waiting) return request(sink);
    if (state_ == State::snapshotting) return on_snapshot_failed(now, sink);
    if (next_ > request_first_) attempts_ = 0;
    if (attempts_ < config_.attempts_max) request(sink);
    else ask_snapshot(sink);
}

template <class Packet>
template <SinkOf<Packet> Sink>
void BasicArbiter<Packet>::on_snapshot(SequenceNumber next, Timestamp now, Sink& sink) {
    now_ = std::max(now_, now);
    if (state_ != State::snapshotting) return;
    // A snapshot from before what was emitted already would take the stream back.
    if (next < next_) return on_snapshot_failed(now, sink);
    if (next > next_) {
        counts_.lost_messages += next - next_;
        sink.on_gap(next_, next - 1);
    }
    next_ = next;
    snapshot_attempts_ = attempts_ = implausible_run_ = 0;
    while (!buffer_.empty() && buffer_.front().next <= next_) buffer_.pop_front();
    known_ = buffer_.empty() ? next_ : buffer_.next_of_last();
    state_ = State::flowing;
    settle(false, sink);
}

template <class Packet>
template <SinkOf<Packet> Sink>
void BasicArbiter<Packet>::on_snapshot_failed(Timestamp now, Sink& sink) {
    now_ = std::max(now_, now);
    if (state_ == State::snapshotting) ask_snapshot(sink);
}

template <class Packet>
template <SinkOf<Packet> Sink>
bool BasicArbiter<Packet>::belongs(const Packet& packet, Sink& sink) {
    if constexpr (Packet::has_sessions) {
        if (session_.view().empty()) session_ = packet.session();
        if (packet.session() == session_) return true;
        ++counts_.foreign_packets;
        if (packet.session() != foreign_) sink.on_foreign_session(foreign_ = packet.session());
        return false;
    }
    return true;
}

template <class Packet>
template <SinkOf<Packet> Sink>
bool BasicArbiter<Packet>::plausible(const Packet& packet, Sink& sink) {
    const SequenceNumber first = packet.sequence();
    const bool wraps = packet.next_sequence() < first;
    if (!wraps && (first <= next_ || first - next_ <= config_.gap_messages_max)) {
        implausible_run_ = 0;
        return true;
    }
    ++counts_.implausible_packets;
    const bool recovering = state_ == State::snapshotting || state_ == State::ended || state_ == State::lost;
    if (!wraps && !recovering && ++implausible_run_ >= 3) ask_snapshot(sink);
    return false;
}

template <class Packet>
template <SinkOf<Packet> Sink>
void BasicArbiter<Packet>::emit(const Packet& packet, FeedSource source, Timestamp receive_time, Sink& sink) {
    if constexpr (requires { sink.on_packet_ahead(packet); }) sink.on_packet_ahead(packet);
    for (const auto [sequence, message] : packet) {
        if (sequence < next_) {
            ++counts_.duplicates;
            continue;
        }
        ++next_;
        ++counts_.messages;
        ++counts_.first[static_cast<std::size_t>(source)];
        sink.on_message({sequence, message, source, receive_time});
    }
}

template <class Packet>
void BasicArbiter<Packet>::hold(const Packet& packet, FeedSource source, Timestamp receive_time) {
    if (packet.next_sequence() <= next_) {
        counts_.duplicates += packet.message_count();
        return;
    }
    const auto evict = state_ == State::snapshotting ? PacketBuffer::Evict::oldest : PacketBuffer::Evict::farthest;
    switch (buffer_.insert(packet, source, receive_time, evict)) {
    case PacketBuffer::Insert::held: break;
    case PacketBuffer::Insert::duplicate: counts_.duplicates += packet.message_count(); break;
    case PacketBuffer::Insert::dropped: ++counts_.buffer_drops; break;
    }
}

template <class Packet>
template <SinkOf<Packet> Sink>
void BasicArbiter<Packet>::drain(Sink& sink) {
    while (!buffer_.empty() && buffer_.front().first <= next_) {
        const PacketBuffer::Held& held = buffer_.front();
        // It was parsed when it was put in.
        if (const auto packet = Packet::parse(held.view())) emit(*packet, held.source, held.receive_time, sink);
        buffer_.pop_front();
    }
}

// Decides what comes next once the stream has got as far as it can. `answered`: the re-request server has just sent.
template <class Packet>
template <SinkOf<Packet> Sink>
void BasicArbiter<Packet>::settle(bool answered, Sink& sink) {
    if (state_ == State::snapshotting) return;
    drain(sink);
    if (next_ >= known_) {
        state_ = State::flowing;
        attempts_ = 0;
        if (end_ && next_ >= *end_) {
            state_ = State::ended;
            if constexpr (Packet::has_sessions) sink.on_end_of_session(next_);
        }
        return;
    }
    if (state_ == State::flowing) {
        ++counts_.gaps;
        state_ = State::waiting;
        deadline_ = now_ + config_.reorder_wait;
    }
    if (state_ == State::waiting) {
        if (all_lines_passed() || now_ >= deadline_) request(sink);
        return;
    }
    // An answer may hold fewer messages than were asked for, as many as fit a datagram: the rest is asked for at once.
    const bool progressed = answered ? next_ > request_first_ : next_ >= request_end_;
    if (progressed) {
        attempts_ = 0;
        request(sink);
    }
}

template <class Packet>
template <SinkOf<Packet> Sink>
void BasicArbiter<Packet>::request(Sink& sink) {
    if (!Packet::has_sessions || config_.messages_max == 0 || config_.attempts_max == 0) return ask_snapshot(sink);
    const SequenceNumber end = buffer_.empty() ? known_ : std::min(known_, buffer_.front().first);
    const auto count = static_cast<std::uint16_t>(std::min<std::uint64_t>(end - next_, config_.messages_max));
    state_ = State::requested;
    request_first_ = next_;
    request_end_ = next_ + count;
    deadline_ = now_ + config_.timeout;
    ++attempts_;
    ++counts_.requests;
    if constexpr (Packet::has_sessions) sink.on_request(moldudp64::make_request(session_, next_, count));
}

template <class Packet>
template <SinkOf<Packet> Sink>
void BasicArbiter<Packet>::ask_snapshot(Sink& sink) {
    if (snapshot_attempts_ >= config_.snapshot_attempts_max) {
        state_ = State::lost;
        buffer_.clear();
        sink.on_feed_lost(next_);
        return;
    }
    state_ = State::snapshotting;
    ++snapshot_attempts_;
    ++counts_.snapshots;
    deadline_ = now_ + config_.snapshot_timeout;
    sink.on_snapshot_needed(next_);
}

using Arbiter = BasicArbiter<moldudp64::Packet>;

}  // namespace colo
