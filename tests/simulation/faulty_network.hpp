// Time and network of a simulated run: they do what the scenario draws, and nothing else.
//
// A Line carries datagrams that may be lost, doubled, late (and so overtaken) or nonsense. A Link is one connection: two
// streams of bytes that arrive in pieces, later than they were sent, until either end goes away. All times are those of
// a clock that moves only between steps; its wall time may step, its monotonic time never does.
#pragma once

#include <algorithm>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "engine/transport/transport.hpp"
#include "tests/simulation/scenario.hpp"

namespace colo::simulation {

inline constexpr Timestamp midnight{1'340'251'200'000'000'000};

struct SimulatedClock {
    Timestamp elapsed{1};   // monotonic
    Duration wall_offset = (midnight + seconds(34'200)) - Timestamp{1};
    [[nodiscard]] Timestamp now() const { return elapsed + wall_offset; }
    [[nodiscard]] Timestamp monotonic() const { return elapsed; }
};

// One line of the feed, or one way of the re-request exchange. `loss` in [0, 1] comes with each datagram.
class Line {
public:
    Line(const Scenario& scenario, RandomSource& random, const SimulatedClock& clock)
        : scenario_(&scenario), random_(&random), clock_(&clock) {}

    bool calm = false;      // no fault any more
    Timestamp dark_until;   // everything sent before this time is lost

    void send(Bytes payload, double loss) {
        if (calm) return arrive(payload, microseconds(20));
        if (random_->chance(scenario_->garbage_packets)) garble(payload);
        if (clock_->monotonic() < dark_until || random_->chance(loss)) return;
        const bool late = random_->chance(scenario_->late_packets);
        arrive(payload, microseconds(random_->between(5, late ? 4'000 : 40)));
        if (random_->chance(scenario_->duplicates)) arrive(payload, microseconds(random_->between(5, 2'000)));
    }
    [[nodiscard]] std::span<const Datagram> receive() {
        delivered_.clear();
        datagrams_.clear();
        for (Sent& sent : waiting_)
            if (sent.due <= clock_->monotonic()) delivered_.push_back(std::move(sent.payload));
        std::erase_if(waiting_, [this](const Sent& sent) { return sent.due <= clock_->monotonic(); });
        for (const auto& payload : delivered_) datagrams_.push_back({payload, clock_->now()});
        return datagrams_;
    }
    // What is on its way to a process that has died.
    void drop() { waiting_.clear(); }

private:
    struct Sent {
        std::vector<std::byte> payload;
        Timestamp due;
    };
    void arrive(Bytes payload, Duration later) {
        waiting_.push_back({{payload.begin(), payload.end()}, clock_->monotonic() + later});
    }
    // A datagram that nobody meant to send: cut, of another session, or noise. None can be taken for a packet of ours.
    void garble(Bytes payload) {
        std::vector<std::byte> bytes(payload.begin(), payload.end());
        const std::uint64_t kind = random_->below(3);
        if (kind == 0) bytes.resize(random_->below(bytes.size()));
        else if (kind == 1) bytes[random_->below(10)] = std::byte{'#'};
        else bytes.assign(random_->below(40), static_cast<std::byte>(random_->bits()));
        if (kind == 0 && bytes.size() == 20) bytes.pop_back();  // a whole header could be a heartbeat
        arrive(bytes, microseconds(random_->between(1, 60)));
    }

    const Scenario* scenario_;
    RandomSource* random_;
    const SimulatedClock* clock_;
    std::deque<Sent> waiting_;
    std::vector<std::vector<std::byte>> delivered_;
    std::vector<Datagram> datagrams_;
};

// One way of a connection.
struct Pipe {
    struct Piece {
        std::vector<std::byte> bytes;
        Timestamp due;
    };
    std::deque<Piece> pieces;
    Timestamp last_due;

    void write(Bytes bytes, Timestamp now, RandomSource& random) {
        while (!bytes.empty()) {
            const std::size_t count = random.chance(0.8) ? bytes.size() : 1 + random.below(bytes.size());
            last_due = std::max(last_due, now + microseconds(random.between(5, random.chance(0.1) ? 3'000 : 50)));
            pieces.push_back({{bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(count)}, last_due});
            bytes = bytes.subspan(count);
        }
    }
    [[nodiscard]] std::size_t read(MutableBytes into, Timestamp now) {
        std::size_t got = 0;
        while (got < into.size() && !pieces.empty() && pieces.front().due <= now) {
            std::vector<std::byte>& bytes = pieces.front().bytes;
            const std::size_t count = std::min(into.size() - got, bytes.size());
            std::copy_n(bytes.begin(), count, into.begin() + static_cast<std::ptrdiff_t>(got));
            bytes.erase(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(count));
            if (bytes.empty()) pieces.pop_front();
            got += count;
        }
        return got;
    }
    // Whatever was on its way is cut at some piece.
    void cut(RandomSource& random) { pieces.resize(random.below(pieces.size() + 1)); }
};

struct Link {
    Pipe to_venue, to_client;
    bool client_gone = false, venue_gone = false;
    // The orders that the client's journal has for this connection and the venue has not yet taken, oldest first.
    std::deque<std::vector<std::byte>> journaled;
};

// The engine's end of its connections to one place.
class SimulatedConnection {
public:
    SimulatedConnection(const Scenario& scenario, RandomSource& random, const SimulatedClock& clock, std::string place)
        : scenario_(&scenario), random_(&random), clock_(&clock), place_(std::move(place)) {}

    bool calm = false;
    std::shared_ptr<Link> link;                   // the one in use
    std::deque<std::shared_ptr<Link>> unaccepted;  // for the venue to take

    void open() {
        refused_ = !calm && random_->chance(scenario_->connects_refused);
        if (refused_) return;
        link = std::make_shared<Link>();
        unaccepted.push_back(link);
        ready_at_ = clock_->monotonic() + microseconds(random_->between(10, 500));
    }
    [[nodiscard]] StreamStatus opened() const {
        if (refused_ || !link) return StreamStatus::closed;
        return clock_->monotonic() < ready_at_ ? StreamStatus::would_block : StreamStatus::open;
    }
    [[nodiscard]] StreamResult read(MutableBytes into) {
        if (!link) return {0, StreamStatus::closed};
        const std::size_t got = link->to_client.read(into, clock_->monotonic());
        if (got > 0) return {got, StreamStatus::open};
        const bool over = link->venue_gone && link->to_client.pieces.empty();
        return {0, over ? StreamStatus::closed : StreamStatus::would_block};
    }
    [[nodiscard]] StreamResult write(Bytes from) {
        if (!link || link->venue_gone) return {0, StreamStatus::closed};
        if (blunder(from)) return {from.size(), StreamStatus::open};
        if (!calm && random_->chance(0.02)) from = from.first(random_->below(from.size() + 1));  // a full socket
        if (from.empty()) return {0, StreamStatus::would_block};
        link->to_venue.write(from, clock_->monotonic(), *random_);
        return {from.size(), StreamStatus::open};
    }
    void close() {
        if (link) link->client_gone = true;
        link.reset();
    }
    // The process dies, or somebody pulls the cable: what was on its way may arrive or not.
    void break_off() {
        if (!link) return;
        link->to_venue.cut(*random_);
        link->to_client.cut(*random_);
        link->client_gone = link->venue_gone = true;
    }
    [[nodiscard]] std::string place() const { return place_; }

private:
    // The planted mistakes of a gateway; true where the bytes are not to be written any more.
    bool blunder(Bytes from) {
        if (scenario_->mistake == Mistake::none || from.size() < 4 || !random_->chance(0.2)) return false;
        const auto type = static_cast<char>(from[3]);
        if (scenario_->mistake == Mistake::order_sent_twice && type == 'O')
            link->to_venue.write(from, clock_->monotonic(), *random_);
        return scenario_->mistake == Mistake::cancel_forgotten && type == 'X';
    }

    const Scenario* scenario_;
    RandomSource* random_;
    const SimulatedClock* clock_;
    std::string place_;
    bool refused_ = false;
    Timestamp ready_at_;
};

// All of it, as the engine's event loop asks for it.
struct SimulatedNetwork {
    SimulatedNetwork(const Scenario& scenario, RandomSource& random, const SimulatedClock& clock)
        : lines{Line(scenario, random, clock), Line(scenario, random, clock)}, requests(scenario, random, clock),
          rerequested(scenario, random, clock), order_session(scenario, random, clock, "the order session"),
          snapshots(scenario, random, clock, "the snapshot server"), scenario_(&scenario) {}

    std::array<Line, 2> lines;
    Line requests, rerequested;
    SimulatedConnection order_session, snapshots;

    [[nodiscard]] std::size_t line_count() const { return lines.size(); }
    [[nodiscard]] std::span<const Datagram> receive(std::size_t line) { return lines[line].receive(); }
    [[nodiscard]] std::span<const Datagram> receive_rerequested() { return rerequested.receive(); }
    void request(Bytes payload) { requests.send(payload, scenario_->rerequests_lost); }
    [[nodiscard]] SimulatedConnection& orders() { return order_session; }
    [[nodiscard]] SimulatedConnection& snapshot() { return snapshots; }
    void wait() {}

    void calm() {
        for (Line& line : lines) line.calm = true;
        requests.calm = rerequested.calm = order_session.calm = snapshots.calm = true;
    }
    // The engine's process is gone.
    void drop() {
        for (Line& line : lines) line.drop();
        rerequested.drop();
        for (SimulatedConnection* connection : {&order_session, &snapshots}) {
            connection->break_off();
            connection->close();
        }
    }

private:
    const Scenario* scenario_;
};

}  // namespace colo::simulation
