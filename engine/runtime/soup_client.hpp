// The client's side of a SoupBinTCP connection, over any byte stream: login, packets in order, heartbeats, loss.
//
// A state machine that is polled and never waits. Sequenced messages are counted here, so that a new login asks for the
// next one and none is missed or seen twice. A server that restarts behind what it had sent is given the time to send
// those messages again, which are passed over. A client that may have forgotten what it heard (its journal lost its tail
// with the machine's power) asks first where the server's messages end, and is up when it has heard them all again:
// before that, no answer can be told from an old one.
//
//   SoupClient<TcpConnection> client(connection, login, first_wanted, timings);
//   client.poll(now, handler);       // handler: on_up(), on_down(reason), on_sequenced(sequence, payload), ...
//   client.send(encoded_order);      // false: the connection is gone or its buffer is full
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include "engine/protocol/soupbintcp.hpp"
#include "engine/runtime/config.hpp"
#include "engine/runtime/order_gateway.hpp"
#include "engine/transport/transport.hpp"

namespace colo {

// A byte stream that can be opened again and again to the same place.
template <class T>
concept Connection = ByteStream<T> && requires(T connection) {
    connection.open();                                              // begins to connect
    { connection.opened() } -> std::same_as<StreamStatus>;          // would_block: not yet; closed: refused
    { connection.place() } -> std::convertible_to<std::string>;     // for errors
};

struct SoupTimings {
    Duration heartbeat = seconds(1);
    Duration silence_max = seconds(15);     // of the server, before the connection counts as lost
    Duration retry = milliseconds(50);      // between attempts to connect
    Duration connect_max = seconds(30);     // without a login, before it is given up
};

template <Connection C>
class SoupClient {
public:
    enum class State : std::uint8_t { closed, connecting, logging_in, catching_up, hearing, up, ended, failed };

    SoupClient(C& connection, const LoginConfig& login, std::uint64_t next_sequence, const SoupTimings& timings)
        : connection_(connection), login_(login), timings_(timings), next_sequence_(next_sequence) {}

    // Before the first poll: the first login only asks how far the server is.
    void hear_out_first() { asks_for_end_ = true; }
    // Moves on as far as it can without waiting; says whether anything came in.
    template <class Handler>
    bool poll(Timestamp now, Handler& handler);

    // Only what the order gateway has encoded leaves. What the socket does not take at once is queued; false where that
    // cannot be: the connection is closed then, and the next poll tells the handler.
    bool send(const EncodedOrder& order) { return write(order.packet()); }
    // Tells the server and ends the connection for good.
    void log_out();

    [[nodiscard]] State state() const { return state_; }
    [[nodiscard]] std::uint64_t next_sequence() const { return next_sequence_; }
    // Why the state is failed: one sentence.
    [[nodiscard]] const std::string& failure() const { return failure_; }

private:
    bool write(Bytes packet);
    template <class Handler>
    bool receive(Timestamp now, Handler& handler);
    template <class Handler>
    void on_packet(const soupbintcp::Packet& packet, Handler& handler);
    template <class Handler>
    void on_login(const soupbintcp::LoginAccepted& accepted, Handler& handler);
    template <class Handler>
    void on_sequenced(Bytes payload, Handler& handler);
    template <class Handler>
    void go_up_if_caught_up(Handler& handler);
    template <class Handler>
    void lose(const char* reason, Handler& handler);
    [[nodiscard]] bool connected() const {
        return state_ >= State::logging_in && state_ <= State::up;
    }
    [[nodiscard]] bool overdue(Timestamp now);
    [[nodiscard]] std::string behind(std::uint64_t sequence) const;
    void fail(std::string why);
    void begin_connect(Timestamp now);
    void begin_login(Timestamp now);
    void flush();

    C& connection_;
    LoginConfig login_;
    SoupTimings timings_;
    State state_{State::closed};
    soupbintcp::Framer framer_;
    std::uint64_t next_sequence_;    // wanted
    std::uint64_t server_next_ = 0;  // that the server sends next, while catching up
    std::uint64_t hear_until_ = 0;   // the session is not up before this one is next
    bool asks_for_end_ = false;
    Alpha<10> session_;  // blank until the first login
    std::string failure_;
    Timestamp last_sent_, last_received_, retry_at_, give_up_at_;
    bool sent_since_heartbeat_ = false;
    std::array<std::byte, 1 << 16> unsent_{};
    std::size_t unsent_bytes_ = 0;
    bool broken_ = false;
};

template <Connection C>
template <class Handler>
bool SoupClient<C>::poll(Timestamp now, Handler& handler) {
    if (state_ == State::failed || state_ == State::ended) return false;
    if (state_ != State::up && overdue(now)) return false;
    if (state_ == State::closed && now >= retry_at_) begin_connect(now);
    if (state_ == State::connecting) {
        const StreamStatus status = connection_.opened();
        if (status == StreamStatus::closed) state_ = State::closed;
        if (status == StreamStatus::open) begin_login(now);
    }
    if (!connected()) return false;
    const bool received = receive(now, handler);
    if (!connected()) return received;
    if (sent_since_heartbeat_) {
        last_sent_ = now;
        sent_since_heartbeat_ = false;
    }
    if (now - last_sent_ >= timings_.heartbeat) write(bytes_of(soupbintcp::ClientHeartbeat{}));
    flush();
    if (broken_) lose("the connection broke", handler);
    else if (now - last_received_ > timings_.silence_max) lose("the venue has gone silent", handler);
    return received;
}

template <Connection C>
void SoupClient<C>::begin_connect(Timestamp now) {
    framer_.reset();
    unsent_bytes_ = 0;
    broken_ = false;
    connection_.open();
    state_ = State::connecting;
    retry_at_ = now + timings_.retry;
}

template <Connection C>
void SoupClient<C>::begin_login(Timestamp now) {
    soupbintcp::LoginRequest request;
    request.username = login_.username;
    request.password = login_.password;
    request.requested_session = session_.view();
    request.requested_sequence_number = asks_for_end_ ? 0 : next_sequence_;  // 0: the next that it will make
    last_received_ = last_sent_ = now;
    state_ = State::logging_in;
    write(bytes_of(request));
}

template <Connection C>
template <class Handler>
bool SoupClient<C>::receive(Timestamp now, Handler& handler) {
    bool received = false;
    while (connected()) {
        const MutableBytes room = framer_.free_space();
        const StreamResult read = connection_.read(room);
        if (read.status == StreamStatus::closed) {
            lose("the venue closed the connection", handler);
            break;
        }
        if (read.bytes == 0) break;
        received = true;
        last_received_ = now;
        framer_.received(read.bytes);
        while (const auto packet = framer_.next()) {
            on_packet(*packet, handler);
            if (!connected()) return true;
        }
        if (framer_.error()) {
            lose("the venue sent what is not SoupBinTCP", handler);
            break;
        }
        if (read.bytes < room.size()) break;  // nothing more was there: saves the call that would say so
    }
    return received;
}

template <Connection C>
template <class Handler>
void SoupClient<C>::on_packet(const soupbintcp::Packet& packet, Handler& handler) {
    switch (packet.type) {
    case soupbintcp::LoginAccepted::type: on_login(packet.as<soupbintcp::LoginAccepted>(), handler); break;
    case soupbintcp::LoginRejected::type:
        fail("login of \"" + login_.username + "\" refused at " + connection_.place() +
             (packet.as<soupbintcp::LoginRejected>().reject_reason_code == 'S' ? ": session not available"
                                                                               : ": not authorised"));
        break;
    case soupbintcp::sequenced_data_type:
        on_sequenced(packet.payload, handler);
        break;
    case soupbintcp::EndOfSession::type:
        connection_.close();
        state_ = State::ended;
        handler.on_end_of_session();
        break;
    default: break;  // heartbeats and debug texts have served by arriving
    }
}

template <Connection C>
template <class Handler>
void SoupClient<C>::on_login(const soupbintcp::LoginAccepted& accepted, Handler& handler) {
    const auto sequence = accepted.sequence_number.get();
    if (sequence && std::exchange(asks_for_end_, false)) {
        hear_until_ = *sequence;
        connection_.close();
        state_ = State::closed;
        retry_at_ = last_received_;
        return;
    }
    if (!sequence || *sequence > next_sequence_) return fail(behind(sequence.value_or(0)));
    session_ = accepted.session;
    server_next_ = *sequence;
    state_ = State::catching_up;
    go_up_if_caught_up(handler);
}

template <Connection C>
template <class Handler>
void SoupClient<C>::on_sequenced(Bytes payload, Handler& handler) {
    if (state_ == State::catching_up) {
        ++server_next_;
        return go_up_if_caught_up(handler);
    }
    if (state_ != State::hearing && state_ != State::up) return;
    handler.on_sequenced(next_sequence_++, payload);
    if (state_ == State::hearing) go_up_if_caught_up(handler);
}

template <Connection C>
template <class Handler>
void SoupClient<C>::go_up_if_caught_up(Handler& handler) {
    if (state_ == State::catching_up && server_next_ < next_sequence_) return;
    state_ = next_sequence_ < hear_until_ ? State::hearing : State::up;
    if (state_ == State::hearing) return;
    give_up_at_ = Timestamp{};
    handler.on_up();
}

template <Connection C>
bool SoupClient<C>::overdue(Timestamp now) {
    if (give_up_at_ == Timestamp{}) give_up_at_ = now + timings_.connect_max;
    if (now <= give_up_at_) return false;
    fail(state_ == State::catching_up ? behind(server_next_)
                                      : "cannot log in at " + connection_.place() + " for " +
                                            std::to_string(timings_.connect_max.value() / 1'000'000'000) + " s");
    return true;
}

template <Connection C>
std::string SoupClient<C>::behind(std::uint64_t sequence) const {
    return connection_.place() + " continues its messages at " + std::to_string(sequence) + ", but " +
           std::to_string(next_sequence_) + " is expected";
}

template <Connection C>
bool SoupClient<C>::write(Bytes packet) {
    if (!connected() || broken_) return false;
    sent_since_heartbeat_ = true;
    if (unsent_bytes_ == 0) {
        const StreamResult written = connection_.write(packet);
        if (written.status == StreamStatus::closed) {
            broken_ = true;
            return false;
        }
        packet = packet.subspan(written.bytes);
    }
    if (packet.size() > unsent_.size() - unsent_bytes_) {
        broken_ = true;  // a venue that takes nothing: better no connection than orders that leave at any later time
        return false;
    }
    if (!packet.empty()) std::memcpy(unsent_.data() + unsent_bytes_, packet.data(), packet.size());
    unsent_bytes_ += packet.size();
    return true;
}

template <Connection C>
void SoupClient<C>::flush() {
    if (unsent_bytes_ == 0 || broken_) return;
    const StreamResult written = connection_.write(Bytes(unsent_.data(), unsent_bytes_));
    if (written.status == StreamStatus::closed) broken_ = true;
    std::memmove(unsent_.data(), unsent_.data() + written.bytes, unsent_bytes_ - written.bytes);
    unsent_bytes_ -= written.bytes;
}

template <Connection C>
template <class Handler>
void SoupClient<C>::lose(const char* reason, Handler& handler) {
    const bool was_up = state_ == State::up;
    connection_.close();
    state_ = State::closed;
    retry_at_ = last_received_ + timings_.retry;
    if (was_up) handler.on_down(reason);
}

template <Connection C>
void SoupClient<C>::fail(std::string why) {
    connection_.close();
    state_ = State::failed;
    failure_ = std::move(why);
}

template <Connection C>
void SoupClient<C>::log_out() {
    if (state_ == State::up) write(bytes_of(soupbintcp::LogoutRequest{}));
    connection_.close();
    state_ = State::ended;
}

}  // namespace colo
