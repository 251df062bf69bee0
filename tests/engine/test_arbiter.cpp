// The feed out of two lines: by example, and under seeded loss, duplication, reordering and delay of everything.
#include "engine/feed/arbiter.hpp"

#include <queue>

#include "tests/engine/wire_fixture.hpp"

namespace colo {
namespace {

using test::ByteString;
constexpr moldudp64::Session session{"0123456789"};

// The message with this sequence number, recognisable.
ByteString message(std::uint64_t sequence) {
    ByteString bytes(1 + sequence % 40, static_cast<std::byte>(sequence * 7));
    bytes.resize(bytes.size() + 8);
    store_big_endian(bytes.data() + bytes.size() - 8, sequence);
    return bytes;
}

ByteString packet(std::uint64_t first, std::uint64_t count, moldudp64::Session of = session) {
    ByteString buffer(moldudp64::packet_bytes_max);
    moldudp64::PacketBuilder builder(buffer, of);
    builder.start(SequenceNumber{first});
    for (std::uint64_t n = 0; n < count; ++n) EXPECT_TRUE(builder.add(message(first + n)));
    return test::copy_of(builder.finish());
}

ByteString end_packet(std::uint64_t next) {
    ByteString buffer(64);
    moldudp64::PacketBuilder builder(buffer, session);
    return test::copy_of(builder.end_of_session(SequenceNumber{next}));
}

// Keeps what the arbiter says, and checks that messages come whole and in order.
struct Sink {
    void on_message(const FeedMessage& m) {
        EXPECT_EQ(m.sequence.value(), next);
        EXPECT_EQ(test::copy_of(m.message), message(m.sequence.value()));
        ++next;
        sources += "AB*S"[static_cast<std::size_t>(m.source)];
    }
    void on_request(const moldudp64::Request& request) {
        requests.emplace_back(request.sequence_number.get().value(), request.requested_message_count.get());
    }
    void on_snapshot_needed(SequenceNumber first) { snapshots.push_back(first.value()); }
    void on_gap(SequenceNumber first, SequenceNumber last) {
        EXPECT_EQ(first.value(), next);
        lost += last - first + 1;
        next = last.value() + 1;
    }
    void on_end_of_session(SequenceNumber at) {
        EXPECT_EQ(at.value(), next);
        ++ends;
    }
    void on_foreign_session(const moldudp64::Session& other) { foreign.push_back(std::string(other.view())); }
    void on_feed_lost(SequenceNumber) { ++feed_lost; }

    std::uint64_t next = 1, lost = 0;
    std::string sources;
    std::vector<std::pair<std::uint64_t, int>> requests;
    std::vector<std::uint64_t> snapshots;
    std::vector<std::string> foreign;
    int ends = 0, feed_lost = 0;
};

struct Line {
    explicit Line(ArbiterConfig config = {}) : arbiter(config) {}
    void a(const ByteString& datagram) { arbiter.on_packet(FeedSource::line_a, datagram, now, sink); }
    void b(const ByteString& datagram) { arbiter.on_packet(FeedSource::line_b, datagram, now, sink); }
    void answer(const ByteString& datagram) { arbiter.on_packet(FeedSource::rerequest, datagram, now, sink); }
    void wait(Duration duration) { arbiter.on_timer(now += duration, sink); }
    Arbiter arbiter;
    Sink sink;
    Timestamp now{1'000'000'000};
};

using Requests = std::vector<std::pair<std::uint64_t, int>>;

TEST(Arbiter, TakesTheFirstOfBothLines) {
    Line line;
    line.a(packet(1, 3));
    line.b(packet(1, 3));
    line.b(packet(4, 2));
    line.a(packet(4, 2));
    line.a(packet(5, 3));
    EXPECT_EQ(line.sink.sources, "AAABBAA");
    EXPECT_EQ(line.arbiter.counts().duplicates, 3u + 2u + 1u);
    EXPECT_EQ(line.arbiter.counts().messages, 7u);
    EXPECT_EQ(line.arbiter.counts().first[0], 5u);
    EXPECT_EQ(line.arbiter.state(), Arbiter::State::flowing);
    EXPECT_FALSE(line.arbiter.next_deadline());
}

TEST(Arbiter, OtherLineFillsTheGap) {
    Line line;
    line.a(packet(1, 1));
    line.a(packet(3, 1));
    EXPECT_EQ(line.arbiter.state(), Arbiter::State::waiting);
    line.b(packet(1, 1));
    line.b(packet(2, 1));
    EXPECT_EQ(line.sink.sources, "ABA");
    EXPECT_TRUE(line.sink.requests.empty());
    EXPECT_EQ(line.arbiter.counts().gaps, 1u);
}

TEST(Arbiter, AsksOnceBothLinesHavePassed) {
    Line line;
    line.a(packet(1, 1));
    line.b(packet(1, 1));
    line.a(packet(4, 1));
    EXPECT_TRUE(line.sink.requests.empty());
    line.b(packet(4, 1));
    EXPECT_EQ(line.sink.requests, (Requests{{2, 2}}));
    line.answer(packet(2, 1));
    EXPECT_EQ(line.sink.requests, (Requests{{2, 2}, {3, 1}})) << "the rest is asked for at once";
    line.answer(packet(3, 1));
    EXPECT_EQ(line.sink.sources, "A**A");
    EXPECT_EQ(line.arbiter.state(), Arbiter::State::flowing);
}

TEST(Arbiter, AsksAfterTheWaitAndByHeartbeat) {
    Line line({.reorder_wait = microseconds(500)});
    line.a(packet(1, 1));
    line.a(packet(3, 0));  // heartbeat: message 2 exists
    line.wait(microseconds(499));
    EXPECT_TRUE(line.sink.requests.empty());
    line.wait(microseconds(1));
    EXPECT_EQ(line.sink.requests, (Requests{{2, 1}}));
}

TEST(Arbiter, RequestsAreBoundedThenASnapshotIsAskedFor) {
    Line line({.lines = 1, .messages_max = 10, .attempts_max = 3, .timeout = milliseconds(5), .snapshot_timeout = seconds(1)});
    line.a(packet(101, 2));
    EXPECT_EQ(line.sink.requests, (Requests{{1, 10}}));
    line.wait(milliseconds(4));
    EXPECT_EQ(line.sink.requests.size(), 1u);
    line.wait(milliseconds(1));
    line.wait(milliseconds(5));
    EXPECT_EQ(line.sink.requests.size(), 3u);
    EXPECT_TRUE(line.sink.snapshots.empty());
    line.wait(milliseconds(5));
    EXPECT_EQ(line.sink.snapshots, (std::vector<std::uint64_t>{1}));
    line.a(packet(103, 1));
    line.arbiter.on_snapshot(SequenceNumber{102}, line.now, line.sink);
    EXPECT_EQ(line.sink.next, 104u) << "what waited follows the snapshot, and what it holds already is dropped";
    EXPECT_EQ(line.sink.lost, 101u);
    EXPECT_EQ(line.arbiter.state(), Arbiter::State::flowing);
    EXPECT_EQ(line.sink.requests.size(), 3u);
}

TEST(Arbiter, SnapshotsAreBounded) {
    Line line({.lines = 1, .messages_max = 0, .snapshot_attempts_max = 3, .snapshot_timeout = seconds(1)});
    line.a(packet(1, 1));
    line.a(packet(9, 1));
    EXPECT_EQ(line.sink.snapshots.size(), 1u) << "without a re-request server at once";
    line.arbiter.on_snapshot_failed(line.now, line.sink);
    line.wait(seconds(1));
    EXPECT_EQ(line.sink.snapshots.size(), 3u);
    EXPECT_EQ(line.sink.feed_lost, 0);
    line.arbiter.on_snapshot(SequenceNumber{1}, line.now, line.sink);
    EXPECT_EQ(line.sink.feed_lost, 1) << "a snapshot from before what was emitted is no snapshot";
    EXPECT_EQ(line.arbiter.state(), Arbiter::State::lost);
    line.a(packet(2, 1));
    EXPECT_EQ(line.sink.next, 2u);
}

TEST(Arbiter, AttemptsCountAnewAfterEachRecovery) {
    Line line({.lines = 1, .messages_max = 0, .snapshot_attempts_max = 2});
    for (std::uint64_t n = 1; n < 20; n += 2) {
        line.a(packet(n + 1, 1));
        line.arbiter.on_snapshot_failed(line.now, line.sink);
        line.arbiter.on_snapshot(SequenceNumber{n + 1}, line.now, line.sink);
        EXPECT_EQ(line.sink.next, n + 2);
    }
    EXPECT_EQ(line.sink.feed_lost, 0);
    EXPECT_EQ(line.arbiter.counts().snapshots, 20u);
}

TEST(Arbiter, EndsWhenEverythingIsThere) {
    Line line({.lines = 1});
    line.a(packet(1, 1));
    line.a(end_packet(3));
    EXPECT_EQ(line.sink.ends, 0);
    EXPECT_EQ(line.sink.requests, (Requests{{2, 1}}));
    line.answer(packet(2, 1));
    EXPECT_EQ(line.sink.ends, 1);
    line.a(end_packet(3));
    EXPECT_EQ(line.sink.ends, 1);
    EXPECT_EQ(line.arbiter.state(), Arbiter::State::ended);
}

TEST(Arbiter, OtherSessionsAreDroppedAndTold) {
    Line line;
    line.a(packet(1, 1));
    line.a(packet(1, 5, moldudp64::Session("OTHER")));
    line.b(packet(6, 5, moldudp64::Session("OTHER")));
    line.a(packet(2, 1));
    EXPECT_EQ(line.sink.foreign, (std::vector<std::string>{"OTHER"}));
    EXPECT_EQ(line.sink.next, 3u);
    EXPECT_EQ(line.arbiter.counts().foreign_packets, 2u);
    Line fixed({.session = moldudp64::Session("EXPECTED")});
    fixed.a(packet(1, 1));
    EXPECT_EQ(fixed.sink.foreign, (std::vector<std::string>{"0123456789"}));
    EXPECT_EQ(fixed.sink.next, 1u);
}

TEST(Arbiter, OneImpossibleSequenceNumberDoesNotMatterThreeDo) {
    Line line({.lines = 1, .gap_messages_max = 1000});
    line.a(packet(1, 1));
    line.a(packet(1ull << 60, 1));
    line.a(packet(UINT64_MAX, 1));
    line.a(packet(2, 1));
    EXPECT_EQ(line.sink.next, 3u);
    EXPECT_EQ(line.arbiter.counts().implausible_packets, 2u);
    for (std::uint64_t n = 0; n < 3; ++n) line.a(packet(5000 + n, 1));
    EXPECT_EQ(line.sink.snapshots, (std::vector<std::uint64_t>{3}));
    line.arbiter.on_snapshot(SequenceNumber{5003}, line.now, line.sink);
    line.a(packet(5003, 1));
    EXPECT_EQ(line.sink.next, 5004u);
}

TEST(Arbiter, BufferIsBounded) {
    Line line({.lines = 1, .buffered_packets_max = 4, .messages_max = 100, .attempts_max = 1000});
    line.a(packet(1, 1));
    for (std::uint64_t n = 3; n <= 20; ++n) line.a(packet(n, 1));
    EXPECT_EQ(line.arbiter.counts().buffer_drops, 14u);
    line.answer(packet(2, 1));
    EXPECT_EQ(line.sink.next, 7u) << "the nearest packets were kept";
    EXPECT_EQ(line.sink.requests, (Requests{{2, 1}, {7, 14}}));
    line.answer(packet(7, 14));
    EXPECT_EQ(line.arbiter.state(), Arbiter::State::flowing);
}

TEST(Arbiter, BrokenPacketsAreCounted) {
    Line line;
    auto cut = packet(1, 3);
    cut.resize(cut.size() - 1);
    line.a(cut);
    line.a({});
    EXPECT_EQ(line.arbiter.counts().bad_packets, 2u);
    EXPECT_EQ(line.sink.next, 1u);
}

// A network that loses, repeats and delays datagrams, a re-request server and a snapshot server, in simulated time.
class Network {
public:
    struct Faults {
        double loss_a = 0.01, loss_b = 0.01, loss_both = 0.001, loss_answers = 0.05, repeat = 0.01;
        std::int64_t delay_max = 20'000;   // ns, of each datagram on its own: this reorders
        bool refuse = false;               // the re-request server answers nothing
    };

    Network(std::uint32_t seed, Faults faults, ArbiterConfig config, std::uint64_t messages)
        : random_(seed), faults_(faults), messages_(messages), line_(config) {}

    // Plays until the end of the session or a bound on time; whether it ended.
    bool play() {
        std::int64_t time = 0;
        for (std::uint64_t first = 1; first <= messages_;) {
            const std::uint64_t count = std::min<std::uint64_t>(1 + random_() % 10, messages_ + 1 - first);
            const auto datagram = packet(first, count);
            if (!chance(faults_.loss_both)) {
                if (!chance(faults_.loss_a)) deliver(FeedSource::line_a, datagram, time);
                if (!chance(faults_.loss_b)) deliver(FeedSource::line_b, datagram, time);
            }
            first += count;
            sent_.emplace_back(time, first);
            time += 1'000 + static_cast<std::int64_t>(random_() % 10'000);
        }
        for (int n = 0; n < 200; ++n, time += 1'000'000)
            for (const FeedSource source : {FeedSource::line_a, FeedSource::line_b})
                if (!chance(0.5)) deliver(source, end_packet(messages_ + 1), time);
        return run(time + 1'000'000'000);
    }

    [[nodiscard]] const Line& line() const { return line_; }

private:
    struct Event {
        std::int64_t time;
        std::uint64_t order;
        FeedSource source;
        ByteString datagram;
        bool operator>(const Event& other) const { return std::pair(time, order) > std::pair(other.time, other.order); }
    };

    bool chance(double share) { return std::uniform_real_distribution<>(0, 1)(random_) < share; }

    void deliver(FeedSource source, const ByteString& datagram, std::int64_t time) {
        do {
            const auto delay = static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(faults_.delay_max));
            events_.push({time + delay, ++order_, source, datagram});
        } while (chance(faults_.repeat));
    }

    bool run(std::int64_t until) {
        std::int64_t now = 0;
        while (line_.sink.ends == 0 && now < until) {
            const auto deadline = line_.arbiter.next_deadline();
            if (!events_.empty() && (!deadline || events_.top().time <= deadline->value())) {
                const Event event = events_.top();
                events_.pop();
                now = std::max(now, event.time);
                line_.now = Timestamp{now};
                line_.arbiter.on_packet(event.source, event.datagram, line_.now, line_.sink);
            } else if (deadline) {
                now = std::max(now, deadline->value());
                line_.now = Timestamp{now};
                line_.arbiter.on_timer(line_.now, line_.sink);
            } else {
                break;
            }
            serve(now);
            if (testing::Test::HasFailure()) return false;
        }
        return line_.sink.ends == 1;
    }

    // What the servers do with what the arbiter has asked for since.
    void serve(std::int64_t now) {
        for (; requests_ < line_.sink.requests.size(); ++requests_) {
            auto [first, count] = line_.sink.requests[requests_];
            ASSERT_LE(count, 50);
            if (faults_.refuse || chance(faults_.loss_answers)) continue;
            // As many as fit a datagram.
            deliver(FeedSource::rerequest, packet(first, std::min(count, 20)), now + 50'000);
        }
        for (; snapshots_ < line_.sink.snapshots.size(); ++snapshots_) {
            if (chance(0.2)) {
                line_.arbiter.on_snapshot_failed(line_.now, line_.sink);
                continue;
            }
            std::uint64_t next = 1;
            for (const auto& [time, after] : sent_)
                if (time <= now) next = after;
            line_.arbiter.on_snapshot(SequenceNumber{std::max(next, line_.sink.next)}, line_.now, line_.sink);
        }
    }

    std::mt19937_64 random_;
    Faults faults_;
    std::uint64_t messages_, order_ = 0;
    std::vector<std::pair<std::int64_t, std::uint64_t>> sent_;
    std::priority_queue<Event, std::vector<Event>, std::greater<>> events_;
    Line line_;
    std::size_t requests_ = 0, snapshots_ = 0;
};

constexpr ArbiterConfig simulated{.buffered_packets_max = 64, .reorder_wait = microseconds(50), .messages_max = 50,
                                  .attempts_max = 10, .timeout = microseconds(200), .snapshot_attempts_max = 10,
                                  .snapshot_timeout = milliseconds(1)};

TEST(ArbiterSimulation, NothingIsMissingUnderLoss) {
    const Network::Faults faults[] = {
        {},
        {.loss_a = 0.0, .loss_b = 1.0, .loss_both = 0.0},
        {.loss_a = 0.3, .loss_b = 0.3, .loss_both = 0.1, .loss_answers = 0.3, .repeat = 0.3, .delay_max = 200'000},
        {.loss_a = 0.0, .loss_b = 0.0, .loss_both = 0.0, .repeat = 0.5, .delay_max = 1},
    };
    for (std::uint32_t round = 0; round < 40; ++round) {
        const std::uint32_t from = test::seed(round);
        Network network(from, faults[round % 4], simulated, 2'000);
        ASSERT_TRUE(network.play()) << "seed " << from << " round " << round;
        ASSERT_EQ(network.line().arbiter.counts().messages, 2'000u) << "seed " << from;
        ASSERT_EQ(network.line().sink.lost, 0u) << "seed " << from;
    }
}

TEST(ArbiterSimulation, SnapshotsStandInWhenRequestsAreRefused) {
    std::uint64_t lost = 0;
    for (std::uint32_t round = 0; round < 20; ++round) {
        const std::uint32_t from = test::seed(100 + round);
        Network network(from, {.loss_a = 0.1, .loss_b = 0.1, .loss_both = 0.01, .refuse = true}, simulated, 2'000);
        ASSERT_TRUE(network.play()) << "seed " << from;
        ASSERT_EQ(network.line().arbiter.counts().messages + network.line().sink.lost, 2'000u) << "seed " << from;
        ASSERT_EQ(network.line().arbiter.counts().lost_messages, network.line().sink.lost);
        lost += network.line().sink.lost;
    }
    EXPECT_GT(lost, 0u);
}

}  // namespace
}  // namespace colo
