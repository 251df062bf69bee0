// The tables under the book, each against an obvious one from the standard library.
#include <map>
#include <unordered_map>

#include "engine/book/ladder.hpp"
#include "engine/book/order_index.hpp"
#include "tests/engine/wire_fixture.hpp"

namespace colo {
namespace {

// References of every kind in one table whose pages run out, so that all three ways of keeping one are used and mixed.
TEST(OrderIndex, AgreesWithAHashMap) {
    for (std::uint32_t round = 0; round < 10; ++round) {
        const std::uint32_t from = test::seed(round);
        std::mt19937_64 random(from);
        OrderIndex index(4);
        std::unordered_map<std::uint64_t, std::uint32_t> expected;
        const std::uint64_t masks[] = {0x3ff, 0xfff, 0xffffff, 0x3ffffffff, 0xffffffffffffffff};
        std::uint32_t handle = 0;
        for (int step = 0; step < 50'000; ++step) {
            const std::uint64_t id = random() & masks[random() % 5];
            const auto found = expected.find(id);
            ASSERT_EQ(index.find(OrderId{id}), found == expected.end() ? 0 : found->second) << "seed " << from;
            if (found == expected.end()) {
                index.insert(OrderId{id}, ++handle);
                expected[id] = handle;
            } else if (random() % 2) {
                index.erase(OrderId{id});
                expected.erase(found);
            }
            if (expected.size() > 3'000) {
                const auto victim = expected.begin();
                index.erase(OrderId{victim->first});
                expected.erase(victim);
            }
        }
        for (const auto& [id, kept] : expected) ASSERT_EQ(index.find(OrderId{id}), kept) << "seed " << from;
        index.clear();
        for (const auto& [id, kept] : expected) ASSERT_EQ(index.find(OrderId{id}), 0u);
    }
}

TEST(OrderIndex, PagesOfADayComeBack) {
    OrderIndex index(4);
    for (std::uint64_t id = 0; id < 1'000'000; ++id) {
        index.insert(OrderId{id}, static_cast<std::uint32_t>(id + 1));
        if (id >= 1000) index.erase(OrderId{id - 1000});
    }
    for (std::uint64_t id = 999'000; id < 1'000'000; ++id) EXPECT_EQ(index.find(OrderId{id}), id + 1);
    EXPECT_EQ(index.find(OrderId{998'999}), 0u);
}

void expect_same(const Ladder& ladder, const std::map<LadderKey, Handle>& expected, std::uint32_t from) {
    std::vector<std::pair<LadderKey, Handle>> walked;
    for (const Ladder::Place place : ladder) walked.emplace_back(place.key, place.level);
    ASSERT_EQ(walked, (std::vector<std::pair<LadderKey, Handle>>(expected.begin(), expected.end()))) << "seed " << from;
    ASSERT_EQ(ladder.empty(), expected.empty());
    if (!expected.empty()) {
        ASSERT_EQ(ladder.best().key, expected.begin()->first) << "seed " << from;
        ASSERT_EQ(ladder.best().level, expected.begin()->second) << "seed " << from;
    }
}

// A price that wanders by each of several widths, so that the window moves a little, moves far, and does not suffice.
TEST(Ladder, AgreesWithAMap) {
    const std::int64_t widths[] = {50, 5'000, 60'000, 2'000'000, 1ll << 40};
    const std::int64_t ticks[] = {0, 1, 25, 100, 500'000};
    for (std::uint32_t round = 0; round < 25; ++round) {
        const std::uint32_t from = test::seed(round);
        std::mt19937_64 random(from);
        Ladder ladder;
        std::map<LadderKey, Handle> expected;
        const std::int64_t width = widths[round % 5], tick = ticks[round / 5];
        if (tick != 0) ladder.set_tick(tick);
        std::int64_t middle = static_cast<std::int64_t>(random() % 4'000'000) - 2'000'000;
        for (int step = 0; step < 6'000; ++step) {
            middle += static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(width)) - width / 2;
            LadderKey key = middle + static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(width)) - width / 2;
            if (random() % 4) key = key / 100 * 100;
            const auto found = expected.find(key);
            ASSERT_EQ(ladder.find(key), found == expected.end() ? 0 : found->second) << "seed " << from;
            if (found == expected.end()) {
                const auto level = static_cast<Handle>(step + 1);
                ladder.insert(key, level);
                expected[key] = level;
            }
            while (expected.size() > 40 || (!expected.empty() && random() % 3 == 0)) {
                // Often the best goes, as in a market.
                auto victim = expected.begin();
                if (random() % 2) std::advance(victim, random() % expected.size());
                ladder.erase(victim->first);
                expected.erase(victim);
            }
            if (step % 7 == 0) expect_same(ladder, expected, from);
            if (HasFatalFailure()) return;
        }
        ladder.clear();
        expect_same(ladder, {}, from);
    }
}

TEST(Ladder, KeysAtTheEndsOfTheRange) {
    Ladder ladder;
    const LadderKey keys[] = {INT64_MIN, INT64_MIN + 1, -100, 0, 100, INT64_MAX - 1, INT64_MAX};
    std::map<LadderKey, Handle> expected;
    Handle level = 0;
    for (LadderKey key : {keys[3], keys[6], keys[0], keys[4], keys[1], keys[5], keys[2]}) {
        ladder.insert(key, ++level);
        expected[key] = level;
        expect_same(ladder, expected, 0);
    }
    while (!expected.empty()) {
        ladder.erase(expected.begin()->first);
        expected.erase(expected.begin());
        expect_same(ladder, expected, 0);
    }
}

}  // namespace
}  // namespace colo
