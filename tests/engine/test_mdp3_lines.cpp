// MDP 3.0 from two lossy lines to consistent books: self-made packets, and the recorded lines against slow books.
#include <deque>
#include <functional>
#include <map>
#include <random>
#include <set>

#include "engine/book/mdp3_books.hpp"
#include "engine/feed/arbiter.hpp"
#include "tests/engine/mdp3_fixture.hpp"
#include "tests/engine/reference_ranked_books.hpp"

namespace colo {
namespace {

using test::ByteString;
using test::packet_of;

// Books behind the arbiter of two lines; after each event `check` may look.
struct Receiver {
    explicit Receiver(std::uint32_t first) : arbiter(ArbiterConfig{.first = SequenceNumber{first}}) {}

    Mdp3Books books;
    BasicArbiter<mdp3::Packet> arbiter;
    test::EventLog<Books> log{books};
    std::function<void(const Mdp3Event&)> check;
    std::vector<std::uint64_t> sequences, snapshots;

    void on_message(const FeedMessage& message) {
        sequences.push_back(message.sequence.value());
        books.apply(*mdp3::Packet::parse(message.message), *this);
    }
    void on_event(const Mdp3Event& event) {
        log.on_event(event);
        if (check) check(event);
    }
    void on_snapshot_needed(SequenceNumber missing) { snapshots.push_back(missing.value()); }
    void on_gap(SequenceNumber, SequenceNumber) {}
    void on_feed_lost(SequenceNumber) {}

    void receive(bool line_a, const ByteString& datagram, Timestamp now) {
        arbiter.on_packet(line_a ? FeedSource::line_a : FeedSource::line_b, datagram, now, *this);
    }
};

TEST(Mdp3Lines, EachLineFillsTheOthersGaps) {
    Receiver receiver(1);
    const auto packet = [](std::uint32_t sequence) {
        return packet_of(sequence, {test::book_refresh({{-1'000'000'000, sequence, 5602, sequence, 1, 1, sequence > 1, '0'}})});
    };
    const std::set<std::uint32_t> lost_a{2, 3, 4, 8}, lost_b{1, 5, 6, 9};
    for (std::uint32_t sequence = 1; sequence <= 10; ++sequence) {
        const Timestamp now{sequence * 1'000};
        if (!lost_a.contains(sequence)) receiver.receive(true, packet(sequence), now);
        if (!lost_b.contains(sequence)) receiver.receive(false, packet(sequence), now);
    }
    EXPECT_EQ(receiver.sequences, (std::vector<std::uint64_t>{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}));
    EXPECT_EQ(receiver.arbiter.counts().duplicates, 2u);
    EXPECT_EQ(receiver.books.levels().book(0).top().bid_quantity, Quantity{10});
    EXPECT_TRUE(receiver.snapshots.empty());
    // What both lose is left to a snapshot, at once: there is nobody to ask for it.
    receiver.receive(true, packet(13), Timestamp{13'000});
    receiver.receive(false, packet(12), Timestamp{13'001});
    EXPECT_EQ(receiver.snapshots, std::vector<std::uint64_t>{11});
    receiver.arbiter.on_snapshot(SequenceNumber{12}, Timestamp{14'000}, receiver);
    EXPECT_EQ(receiver.sequences.back(), 13u);
    EXPECT_EQ(receiver.arbiter.counts().lost_messages, 1u);
    EXPECT_EQ(receiver.books.counts().rpt_gaps, 1u);
}

// The price levels of every instrument as the venue numbers them, slow and obvious: a list for each side, new levels put
// in, deleted ones taken out, places that nobody told us of empty.
class SlowLevels {
public:
    enum class Fault : std::uint8_t { none, implied_is_real, delete_leaves_level, change_ignored, insert_replaces };
    explicit SlowLevels(Fault fault = Fault::none) : fault_(fault) {}

    // The packet's messages wait until the books have told of the end of their event.
    void take(const ByteString& datagram) {
        const auto packet = mdp3::Packet::parse(datagram);
        for (const mdp3::Message message : packet->messages()) waiting_.emplace_back(message.header, test::copy_of(message.body));
    }
    void apply_event() {
        for (bool ended = false; !ended && !waiting_.empty(); waiting_.pop_front())
            mdp3::visit({waiting_.front().first, waiting_.front().second}, [&]<class Type>(const sbe::Decoded<Type>& decoded) {
                if constexpr (std::same_as<Type, mdp3::MDIncrementalRefreshBook32>)
                    for (const auto entry : decoded.template entries<typename Type::NoMDEntries>()) apply_entry(entry);
                if constexpr (requires { decoded.root().match_event_indicator; })
                    ended = decoded.root().match_event_indicator.end_of_event();
            });
    }
    // (price, quantity) from the best on, of real and implied levels together.
    [[nodiscard]] std::vector<std::pair<std::int64_t, std::int64_t>> levels(std::int32_t security, Side side) const {
        std::map<std::int64_t, std::int64_t> sums;
        for (const char type : side == Side::buy ? std::string("0E") : std::string("1F")) {
            const auto found = lists_.find({security, type});
            if (found == lists_.end()) continue;
            for (const auto& level : found->second)
                if (level) sums[side == Side::buy ? -level->first : level->first] += level->second;
        }
        std::vector<std::pair<std::int64_t, std::int64_t>> result;
        for (const auto& [key, quantity] : sums) result.emplace_back(side == Side::buy ? -key : key, quantity);
        return result;
    }

private:
    using Level = std::optional<std::pair<std::int64_t, std::int64_t>>;

    template <class Entry>
    void apply_entry(const Entry& entry) {
        char type = static_cast<char>(entry.md_entry_type.get());
        if (fault_ == Fault::implied_is_real && (type == 'E' || type == 'F')) type = type == 'E' ? '0' : '1';
        auto& list = lists_[{entry.security_id.get(), type}];
        const std::size_t depth = type == 'E' || type == 'F' ? 2 : 10, place = entry.md_price_level.get() - 1u;
        list.resize(depth);
        const auto price = mdp3::price_of(entry.md_entry_px);
        const Level level = price ? Level({price->value(), entry.md_entry_size.value_or(0)}) : std::nullopt;
        switch (static_cast<int>(entry.md_update_action.get())) {
        case 0:
            if (fault_ == Fault::insert_replaces) list[place] = level;
            else list.insert(list.begin() + static_cast<std::ptrdiff_t>(place), level);
            break;
        case 1:
            if (fault_ != Fault::change_ignored) list[place] = level;
            break;
        case 2:
            if (fault_ != Fault::delete_leaves_level) list.erase(list.begin() + static_cast<std::ptrdiff_t>(place));
            break;
        default: ADD_FAILURE() << "an action that the recording does not hold";
        }
        list.resize(depth);
    }

    Fault fault_;
    std::deque<std::pair<sbe::MessageHeader, ByteString>> waiting_;
    std::map<std::pair<std::int32_t, char>, std::vector<Level>> lists_;
};

std::vector<std::pair<std::int64_t, std::int64_t>> depth(const Book& book, Side side) {
    std::vector<std::pair<std::int64_t, std::int64_t>> result;
    for (const Level level : book.levels(side)) result.emplace_back(level.price().value(), level.quantity().value());
    return result;
}

// Runs line A through books and slow levels; how often they differ after an event, or the books refuse or doubt an entry.
// `changed` may change a packet on its way to the books.
std::size_t complaints(const std::vector<test::RecordedPacket>& packets, SlowLevels::Fault fault,
                             const std::function<void(ByteString&)>& changed = {}) {
    Receiver receiver(5'615);
    SlowLevels slow(fault);
    std::size_t differing = 0;
    receiver.check = [&](const Mdp3Event& event) {
        slow.apply_event();
        bool same = true;
        for (const std::uint16_t index : event.instruments)
            for (const Side side : {Side::buy, Side::sell})
                same = same && depth(receiver.books.levels().book(index), side) ==
                                   slow.levels(receiver.books.instruments()[index].security_id.value(), side);
        differing += !same;
    };
    for (const auto& [line_a, datagram] : packets) {
        if (!line_a) continue;
        slow.take(datagram);
        ByteString given = datagram;
        if (changed) changed(given);
        receiver.books.apply(*mdp3::Packet::parse(given), receiver);
    }
    return differing + receiver.books.counts().invalid_fields + receiver.books.counts().disagreements;
}

TEST(Mdp3Lines, RecordedLevelsAgreeAfterEveryEvent) {
    COLO_NEEDS_RECORDED_DATA(data);
    const auto packets = test::recorded_mdp3(data);
    EXPECT_EQ(complaints(packets, SlowLevels::Fault::none), 0u);
    for (int fault = 1; fault <= static_cast<int>(SlowLevels::Fault::insert_replaces); ++fault)
        EXPECT_GT(complaints(packets, static_cast<SlowLevels::Fault>(fault)), 0u) << "fault number " << fault;
}

// One byte of one best level's price, quantity, place or action is another one: the comparison sees it.
TEST(Mdp3Lines, EveryMutatedEntryIsSeen) {
    COLO_NEEDS_RECORDED_DATA(data);
    const auto packets = test::recorded_mdp3(data);
    for (std::uint32_t n = 0; n < 16; ++n) {
        const std::uint32_t seed = test::seed(n);
        std::mt19937 random(seed);
        std::size_t countdown = 1'000 + random() % 3'000;
        const std::size_t field = std::array{0u, 8u, 24u, 25u}[n % 4];
        bool done = false;
        const auto changed = [&](ByteString& datagram) {
            // The first message's first entry: behind the headers of packet and message, the root and the dimension.
            constexpr std::size_t entry = 12 + 10 + 11 + 3;
            const bool best = load_little_endian<std::uint16_t>(&datagram[16]) == 32 && datagram[entry + 24] == std::byte{1} &&
                              (datagram[entry + 26] == std::byte{'0'} || datagram[entry + 26] == std::byte{'1'});
            if (countdown > 0) --countdown;
            if (!best || countdown > 0 || done) return;
            done = true;
            auto& byte = datagram[entry + field];
            byte = field == 25 ? static_cast<std::byte>((std::to_integer<unsigned>(byte) + 1) % 3) : byte ^ std::byte{1};
        };
        EXPECT_GT(complaints(packets, SlowLevels::Fault::none, changed), 0u) << "field at " << field << ", seed " << seed;
    }
}

TEST(Mdp3Lines, RecordedBooksAreNeverCrossedAtTheEndOfAnEvent) {
    COLO_NEEDS_RECORDED_DATA(data);
    Receiver receiver(5'615);
    std::uint64_t crossed_within = 0;
    for (const auto& [line_a, datagram] : test::recorded_mdp3(data)) {
        receiver.receive(line_a, datagram, Timestamp{1});
        if (!receiver.books.within_event()) continue;
        for (std::size_t index = 0; index < receiver.books.instruments().count(); ++index) {
            const auto number = static_cast<std::uint16_t>(index);
            crossed_within += receiver.books.instruments()[number].touched && receiver.log.is_crossed(receiver.books.levels().book(number).top());
        }
    }
    const auto& counts = receiver.books.counts();
    EXPECT_EQ(counts.packets, 5'000u);
    EXPECT_EQ(counts.messages, 10'273u);
    EXPECT_EQ(counts.events, 4'781u);
    EXPECT_EQ(receiver.log.events, 4'781u);
    EXPECT_EQ(counts.entries, 14'574u + 355 + 406 + 396);  // levels, trades, volumes, statistics
    EXPECT_EQ(counts.trades, 355u);
    EXPECT_EQ(receiver.books.instruments().count(), 127u);
    EXPECT_EQ(counts.unknown_templates + counts.malformed + counts.old_entries + counts.rpt_gaps + counts.disagreements +
                  counts.unknown_orders + counts.duplicate_orders + counts.invalid_fields + counts.untold, 0u);
    EXPECT_EQ(receiver.log.crossed, 0u);
    EXPECT_GT(crossed_within, 0u) << "a consumer that acted at once would have seen crossed books";
    EXPECT_EQ(receiver.arbiter.counts().duplicates, 5'000u);
}

// The last state of every instrument, as text.
std::string state_of(const Mdp3Books& books) {
    std::string result;
    for (std::size_t index = 0; index < books.instruments().count(); ++index) {
        const auto number = static_cast<std::uint16_t>(index);
        result += std::to_string(books.instruments()[number].security_id.value()) + ' ' + std::to_string(books.instruments()[number].rpt_seq);
        for (const Side side : {Side::buy, Side::sell})
            for (const auto& [price, quantity] : depth(books.levels().book(number), side))
                result += ' ' + std::to_string(price) + 'x' + std::to_string(quantity);
        result += '\n';
    }
    return result;
}

TEST(Mdp3Lines, LineBFillsWhatRecordedLineALoses) {
    COLO_NEEDS_RECORDED_DATA(data);
    const auto packets = test::recorded_mdp3(data);
    Receiver whole(5'615);
    for (const auto& [line_a, datagram] : packets)
        if (line_a) whole.receive(true, datagram, Timestamp{1});
    const std::string expected = state_of(whole.books);
    EXPECT_FALSE(expected.empty());
    for (std::uint32_t n = 0; n < 4; ++n) {
        const std::uint32_t seed = test::seed(n);
        std::mt19937 random(seed);
        Receiver lossy(5'615);
        // Line A loses one packet in ten, and a long run; line B others, never the same.
        std::vector<char> lost_by(10'615, ' ');
        for (std::size_t sequence = 5'615; sequence < lost_by.size(); ++sequence) {
            const auto draw = random() % 10;
            lost_by[sequence] = draw == 0 || (sequence > 7'000 && sequence < 7'100) ? 'A' : draw == 1 ? 'B' : ' ';
        }
        std::int64_t now = 0;
        for (const auto& [line_a, datagram] : packets) {
            const std::uint64_t sequence = mdp3::Packet::parse(datagram)->sequence().value();
            if (lost_by[sequence] != (line_a ? 'A' : 'B')) lossy.receive(line_a, datagram, Timestamp{now += 1'000});
        }
        EXPECT_TRUE(lossy.sequences == whole.sequences) << "seed " << seed;
        EXPECT_TRUE(state_of(lossy.books) == expected) << "seed " << seed;
        EXPECT_EQ(lossy.books.counts().rpt_gaps, 0u);
        EXPECT_TRUE(lossy.snapshots.empty());
        EXPECT_GT(lossy.arbiter.counts().first[1], 400u) << "line B brought what A lost";
    }
}

// What both lines lose is seen, by the arbiter and by each instrument, and levels are learned again as they are sent.
TEST(Mdp3Lines, WhatBothLosePartsTheBooksAndIsLearnedAgain) {
    COLO_NEEDS_RECORDED_DATA(data);
    Receiver receiver(5'615);
    for (const auto& [line_a, datagram] : test::recorded_mdp3(data)) {
        const std::uint64_t sequence = mdp3::Packet::parse(datagram)->sequence().value();
        if (sequence >= 7'000 && sequence < 7'020) continue;
        receiver.receive(line_a, datagram, Timestamp{1});
        if (receiver.arbiter.state() == BasicArbiter<mdp3::Packet>::State::snapshotting)
            receiver.arbiter.on_snapshot(SequenceNumber{7'020}, Timestamp{2}, receiver);
    }
    EXPECT_EQ(receiver.snapshots, std::vector<std::uint64_t>{7'000});
    EXPECT_EQ(receiver.arbiter.counts().lost_messages, 20u);
    EXPECT_EQ(receiver.arbiter.next_sequence(), SequenceNumber{10'615});
    EXPECT_GT(receiver.books.counts().rpt_gaps, 0u);
    EXPECT_EQ(receiver.log.crossed, 0u);
    EXPECT_EQ(receiver.books.counts().disagreements, 0u);
}

// The same feed over the slow books: another thing with the same operations, and the same result.
TEST(Mdp3Lines, AnyRankedBooksWillDo) {
    COLO_NEEDS_RECORDED_DATA(data);
    struct Silent { void on_event(const Mdp3Event&) {} } silent;
    Mdp3Books fast;
    BasicMdp3Books<test::ReferenceRankedBooks> slow;
    std::size_t packets = 0;
    for (const auto& [line_a, datagram] : test::recorded_mdp3(data)) {
        if (!line_a || ++packets > 1'500) continue;
        const auto packet = mdp3::Packet::parse(datagram);
        fast.apply(*packet, silent);
        slow.apply(*packet, silent);
        for (std::uint16_t index = 0; packets % 50 == 0 && index < fast.instruments().count(); ++index) {
            ASSERT_EQ(difference(fast.levels(), slow.levels(), index), "") << "packet " << packets;
        }
    }
}

}  // namespace
}  // namespace colo
