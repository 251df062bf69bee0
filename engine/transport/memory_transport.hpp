// The same network inside one process: what tests and simulation put in place of sockets.
//
// A MemoryLink carries datagrams one way, a MemoryStreamPair bytes both ways. They keep order, lose nothing and deliver
// at once; a test that wants loss drops what it would have sent. Time is given by whoever sends.
//
//   MemoryLink line;
//   line.send(packet, Timestamp{1000});
//   for (const Datagram& datagram : line.receive()) ...
#pragma once

#include <algorithm>
#include <deque>
#include <vector>

#include "engine/transport/transport.hpp"

namespace colo {

class MemoryLink {
public:
    bool send(Bytes payload) { return send(payload, now_); }
    bool send(Bytes payload, Timestamp time) {
        waiting_.push_back({std::vector<std::byte>(payload.begin(), payload.end()), time});
        return true;
    }
    // The time that send(payload) stamps.
    void set_time(Timestamp time) { now_ = time; }

    [[nodiscard]] std::span<const Datagram> receive() {
        delivered_.clear();
        datagrams_.clear();
        while (!waiting_.empty()) {
            delivered_.push_back(std::move(waiting_.front()));
            waiting_.pop_front();
        }
        for (const Held& held : delivered_) datagrams_.push_back({held.payload, held.time});
        return datagrams_;
    }

private:
    struct Held {
        std::vector<std::byte> payload;
        Timestamp time;
    };
    std::deque<Held> waiting_;
    std::deque<Held> delivered_;
    std::vector<Datagram> datagrams_;
    Timestamp now_{1};
};

// One datagram peer: what it sends lies in `sent`, what it receives comes from `incoming`.
struct MemoryPeer {
    MemoryLink sent;
    MemoryLink incoming;

    [[nodiscard]] bool send(Bytes payload) { return sent.send(payload); }
    [[nodiscard]] std::span<const Datagram> receive() { return incoming.receive(); }
};

// One end of a stream. Ends hold pointers to the pair, which must outlive them.
class MemoryStream {
public:
    struct Direction {
        std::deque<std::byte> bytes;
        std::size_t capacity = 1 << 20;
    };
    struct Shared {
        Direction forward, backward;
        bool open = true;
    };

    MemoryStream() = default;
    MemoryStream(Shared& shared, bool first)
        : shared_(&shared), in_(first ? &shared.backward : &shared.forward),
          out_(first ? &shared.forward : &shared.backward) {}

    [[nodiscard]] StreamResult read(MutableBytes into) {
        if (shared_ == nullptr) return {0, StreamStatus::closed};
        const std::size_t count = std::min(into.size(), in_->bytes.size());
        if (count == 0) return {0, shared_->open ? StreamStatus::would_block : StreamStatus::closed};
        std::copy_n(in_->bytes.begin(), count, into.begin());
        in_->bytes.erase(in_->bytes.begin(), in_->bytes.begin() + static_cast<std::ptrdiff_t>(count));
        return {count, StreamStatus::open};
    }
    [[nodiscard]] StreamResult write(Bytes from) {
        if (shared_ == nullptr || !shared_->open) return {0, StreamStatus::closed};
        const std::size_t count = std::min(from.size(), out_->capacity - out_->bytes.size());
        if (count == 0) return {0, StreamStatus::would_block};
        out_->bytes.insert(out_->bytes.end(), from.begin(), from.begin() + static_cast<std::ptrdiff_t>(count));
        return {count, StreamStatus::open};
    }
    void close() {
        if (shared_ != nullptr) shared_->open = false;
    }

private:
    Shared* shared_ = nullptr;
    Direction* in_ = nullptr;
    Direction* out_ = nullptr;
};

struct MemoryStreamPair {
    MemoryStream::Shared shared;
    [[nodiscard]] MemoryStream first() { return {shared, true}; }
    [[nodiscard]] MemoryStream second() { return {shared, false}; }
};

static_assert(DatagramReceiver<MemoryLink> && DatagramSender<MemoryLink>);
static_assert(DatagramReceiver<MemoryPeer> && DatagramSender<MemoryPeer>);
static_assert(ByteStream<MemoryStream>);

}  // namespace colo
