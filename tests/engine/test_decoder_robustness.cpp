// Any bytes into every decoder: it may say no, it may not crash, read beyond them, or leave a book inconsistent.
//
// Most inputs are valid messages with a few bytes changed, cut or lengthened: random bytes alone rarely pass the first
// check. The sanitizers make this a test of bounds.
#include "engine/book/itch_books.hpp"
#include "engine/feed/arbiter.hpp"
#include "engine/protocol/glimpse50.hpp"
#include "engine/protocol/ouch50.hpp"
#include "engine/protocol/session_file.hpp"
#include "engine/protocol/soupbintcp.hpp"
#include "tests/engine/random_session.hpp"
#include "tests/engine/wire_fixture.hpp"

namespace colo {
namespace {

using test::ByteString;

constexpr int rounds = 4, inputs = 20'000;

class Mutator {
public:
    explicit Mutator(std::uint32_t seed) : random(seed) {}

    ByteString noise(std::size_t length_max) {
        ByteString bytes(random() % (length_max + 1));
        for (std::byte& b : bytes) b = static_cast<std::byte>(random());
        return bytes;
    }
    // In memory of exactly its length, so that a read beyond it is seen.
    ByteString mutate(Bytes valid) {
        ByteString bytes = test::copy_of(valid);
        for (std::uint64_t changes = random() % 4; changes > 0 && !bytes.empty(); --changes)
            bytes[random() % bytes.size()] = static_cast<std::byte>(random() % 3 ? random() : (random() % 2 ? 0xff : 0));
        if (random() % 4 == 0) bytes.resize(random() % (bytes.size() + 1));
        if (random() % 8 == 0) test::append(bytes, noise(5));
        bytes.shrink_to_fit();
        return bytes;
    }
    std::mt19937_64 random;
};

template <class Work>
void with_seeds(Work work) {
    for (std::uint32_t round = 0; round < rounds; ++round) {
        const std::uint32_t from = test::seed(round);
        SCOPED_TRACE("seed " + std::to_string(from));
        work(from);
    }
}

TEST(DecoderRobustness, ItchIntoTheBooks) {
    with_seeds([](std::uint32_t from) {
        Mutator mutator(from);
        test::RandomSession session(from, {.instruments = 5});
        ItchBooks books({.cells_max = 1u << 16, .reference_pages_max = 64});
        std::uint64_t refused = 0, applied = 0;
        for (int n = 0; n < inputs; ++n) {
            const ByteString bytes = n % 5 == 0 ? mutator.noise(60) : mutator.mutate(session.next());
            (void)itch50::validate(bytes);
            (void)itch50::visit(bytes, [](const auto& m) { return m.timestamp.get(); });
            if (const auto error = itch50::check(bytes)) {
                EXPECT_FALSE(error->to_string().empty());
                ++refused;
                continue;
            }
            books.apply(bytes);
            ++applied;
        }
        EXPECT_GT(refused, 1000u);
        EXPECT_GT(applied, 1000u);
        std::uint64_t orders = 0;
        for (const std::uint16_t locate : books.books().instruments())
            for (const Side side : {Side::buy, Side::sell})
                for (Level level : books.book(Locate{locate}).levels(side)) {
                    Quantity total;
                    for (Order order : level.orders()) {
                        total += order.quantity;
                        ++orders;
                        EXPECT_EQ(books.find(order.id)->handle, order.handle);
                    }
                    EXPECT_EQ(total, level.quantity());
                }
        EXPECT_EQ(orders, books.books().order_count());
    });
}

TEST(DecoderRobustness, SessionFiles) {
    with_seeds([](std::uint32_t from) {
        Mutator mutator(from);
        test::RandomSession session(from, {});
        for (int n = 0; n < inputs / 10; ++n) {
            ByteString file;
            for (int count = 0; count < 5; ++count) test::append_prefixed(file, session.next());
            const ByteString bytes = n % 5 == 0 ? mutator.noise(100) : mutator.mutate(file);
            const auto over = SessionFile::over("memory", bytes);
            auto cursor = over.cursor();
            std::uint64_t at = 0;
            while (auto record = cursor.next()) {
                EXPECT_TRUE(itch50::well_formed(record->message));
                at = record->offset + 2 + record->message.size();
            }
            EXPECT_EQ(cursor.error().has_value(), at != bytes.size());
        }
    });
}

ByteString valid_packet(Mutator& mutator, std::uint64_t first) {
    ByteString buffer(200);
    moldudp64::PacketBuilder builder(buffer, moldudp64::Session("0123456789"));
    builder.start(SequenceNumber{first});
    for (std::uint64_t count = mutator.random() % 5; count > 0; --count) (void)builder.add(mutator.noise(30));
    return test::copy_of(builder.finish());
}

struct CountingSink {
    void on_message(const FeedMessage& m) {
        EXPECT_EQ(m.sequence.value(), next++);
        bytes += m.message.size();
        for (std::byte b : m.message) bytes += std::to_integer<std::uint64_t>(b);
    }
    void on_request(const moldudp64::Request& request) { EXPECT_GT(request.requested_message_count.get(), 0); }
    void on_snapshot_needed(SequenceNumber) { ++snapshots; }
    void on_gap(SequenceNumber first, SequenceNumber last) {
        EXPECT_EQ(first.value(), next);
        next = last.value() + 1;
    }
    void on_end_of_session(SequenceNumber) {}
    void on_foreign_session(const moldudp64::Session&) {}
    void on_feed_lost(SequenceNumber) { lost = true; }
    std::uint64_t next = 1, bytes = 0, snapshots = 0;
    bool lost = false;
};

TEST(DecoderRobustness, MoldUdp64IntoTheArbiter) {
    with_seeds([](std::uint32_t from) {
        Mutator mutator(from);
        Arbiter arbiter({.buffered_packets_max = 16, .gap_messages_max = 1000});
        CountingSink sink;
        Timestamp now{1};
        std::uint64_t snapshots = 0;
        for (int n = 0; n < inputs; ++n) {
            const std::uint64_t first = sink.next + mutator.random() % 4;
            const ByteString bytes = n % 5 == 0 ? mutator.noise(60) : n % 5 == 1 ? valid_packet(mutator, first)
                                                                                : mutator.mutate(valid_packet(mutator, first));
            (void)moldudp64::parse_request(bytes);
            now += microseconds(static_cast<std::int64_t>(mutator.random() % 1000));
            arbiter.on_packet(static_cast<FeedSource>(mutator.random() % 3), bytes, now, sink);
            arbiter.on_timer(now, sink);
            if (sink.snapshots != snapshots) {
                snapshots = sink.snapshots;
                arbiter.on_snapshot(SequenceNumber{sink.next + mutator.random() % 50}, now, sink);
            }
            if (arbiter.state() == Arbiter::State::ended || sink.lost) {
                arbiter = Arbiter({.first = SequenceNumber{sink.next}, .buffered_packets_max = 16, .gap_messages_max = 1000});
                sink.lost = false;
            }
        }
        EXPECT_GT(arbiter.counts().bad_packets + sink.next, 1000u);
    });
}

TEST(DecoderRobustness, SoupBinTcpStreams) {
    with_seeds([](std::uint32_t from) {
        Mutator mutator(from);
        soupbintcp::Framer framer;
        std::uint64_t packets = 0, errors = 0;
        for (int n = 0; n < inputs; ++n) {
            std::array<std::byte, 100> room;
            const char types[] = "+ASJHZLURO";
            const std::size_t length = soupbintcp::encode(room, types[mutator.random() % 10], mutator.noise(50));
            framer.append(mutator.random() % 3 ? mutator.mutate(Bytes(room).first(length)) : Bytes(room).first(length));
            while (auto packet = framer.next()) {
                ++packets;
                EXPECT_EQ(packet->payload.size() + 3, packet->whole.size());
                if (packet->type == soupbintcp::LoginAccepted::type) (void)packet->as<soupbintcp::LoginAccepted>().sequence_number.get();
                if (packet->type == soupbintcp::LoginRequest::type) (void)packet->as<soupbintcp::LoginRequest>().username.view();
                (void)glimpse50::end_of_snapshot(packet->payload);
            }
            if (framer.error()) {
                ++errors;
                EXPECT_FALSE(framer.error()->to_string().empty());
                framer.reset();
            }
        }
        EXPECT_GT(packets, 100u);
        EXPECT_GT(errors, 100u);
    });
}

std::uint64_t read_all(ouch50::Appendage appendage) {
    std::uint64_t sum = 0;
    for (const ouch50::OptionValue option : appendage)
        for (std::byte b : option.value) sum += std::to_integer<std::uint64_t>(b);
    return sum;
}

TEST(DecoderRobustness, OuchBothWays) {
    with_seeds([](std::uint32_t from) {
        Mutator mutator(from);
        std::uint64_t seen = 0;
        const auto visitor = [&](const auto& m, ouch50::Appendage appendage) {
            ++seen;
            if constexpr (requires { m.user_ref_num; }) (void)m.user_ref_num.get();
            (void)read_all(appendage);
        };
        for (int n = 0; n < inputs; ++n) {
            std::array<std::byte, 200> buffer;
            ouch50::Encoder encoder(buffer);
            switch (mutator.random() % 4) {
            case 0: encoder.start(ouch50::EnterOrder()); break;
            case 1: encoder.start(ouch50::OrderAccepted()); break;
            case 2: encoder.start(ouch50::OrderExecuted()); break;
            default: encoder.start(ouch50::OrderRestated());
            }
            if (mutator.random() % 2) encoder.option(ouch50::Option::firm, Alpha<4>("LIME"));
            if (mutator.random() % 2) encoder.option(ouch50::Option::post_only, 'P');
            const ByteString bytes = n % 5 == 0 ? mutator.noise(80) : mutator.mutate(encoder.finish());
            if (const auto error = ouch50::visit_inbound(bytes, visitor)) { EXPECT_FALSE(error->to_string().empty()); }
            if (const auto error = ouch50::visit_outbound(bytes, visitor)) { EXPECT_FALSE(error->to_string().empty()); }
        }
        EXPECT_GT(seen, 1000u);
    });
}

}  // namespace
}  // namespace colo
