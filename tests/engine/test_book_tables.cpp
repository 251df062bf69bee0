// The tables under the book, each against an obvious one from the standard library.
#include <map>
#include <unordered_map>

#include "engine/book/ladder.hpp"
#include "engine/book/order_cells.hpp"
#include "tests/engine/wire_fixture.hpp"

namespace colo {
namespace {

// Cells, and one level to append orders to.
struct Cells : OrderCells {
    explicit Cells(std::uint32_t pages_max) : OrderCells(1 << 16, pages_max) {
        make_level_at(level);
        EXPECT_FALSE(level_exists(window(7, Side::buy)));
    }
    const Handle level = window(7, Side::sell);
};

// References of every kind in a table whose pages run out, so that both ways of keeping one are used and mixed.
TEST(OrderCells, AgreeWithAHashMap) {
    for (std::uint32_t round = 0; round < 10; ++round) {
        const std::uint32_t from = test::seed(round);
        std::mt19937_64 random(from);
        Cells cells(8);
        std::unordered_map<std::uint64_t, std::uint32_t> expected;  // quantity by reference
        const std::uint64_t masks[] = {0x3ff, 0xfff, 0xffffff, 0x3ffffffff, 0xffffffffffffffff};
        const auto remove = [&](std::uint64_t id) {
            cells.remove_order(cells.find(OrderId{id}), OrderId{id});
            expected.erase(id);
        };
        for (std::uint32_t step = 1; step < 50'000; ++step) {
            const std::uint64_t id = random() & masks[random() % 5];
            const Handle found = cells.find(OrderId{id});
            ASSERT_EQ(found != 0, expected.contains(id)) << "seed " << from;
            if (found == 0) {
                ASSERT_TRUE(cells.room());
                cells.append_order(cells.level, OrderId{id}, step);
                expected[id] = step;
            } else {
                ASSERT_EQ(cells[found].quantity(), expected[id]) << "seed " << from;
                ASSERT_EQ(cells.id(found), OrderId{id}) << "seed " << from;
                if (random() % 2) remove(id);
            }
            if (expected.size() > 3'000) remove(expected.begin()->first);
        }
        std::size_t walked = 0;
        for (Handle at = cells[cells.level].next; at != cells.level; at = cells[at].next, ++walked)
            ASSERT_EQ(expected.at(cells.id(at).value()), cells[at].quantity()) << "seed " << from;
        ASSERT_EQ(walked, expected.size()) << "seed " << from;
        cells.clear();
        for (const auto& [id, kept] : expected) ASSERT_EQ(cells.find(OrderId{id}), 0u);
    }
}

TEST(OrderCells, PagesOfADayComeBack) {
    Cells cells(10);
    Handle highest = 0;
    for (std::uint64_t id = 0; id < 1'000'000; ++id) {
        highest = std::max(highest, cells.append_order(cells.level, OrderId{id}, 1));
        if (id >= 1000) cells.remove_order(cells.find(OrderId{id - 1000}), OrderId{id - 1000});
    }
    EXPECT_LT(highest - OrderCells::pages_begin, 12 * OrderCells::page_cells) << "an order took more than the open ones' pages";
    for (std::uint64_t id = 999'000; id < 1'000'000; ++id) EXPECT_EQ(cells.id(cells.find(OrderId{id})), OrderId{id});
    EXPECT_EQ(cells.find(OrderId{998'999}), 0u);
}

TEST(OrderCells, ALevelTellsWhoseItIs) {
    Cells cells(8);
    for (const std::uint16_t instrument : {std::uint16_t{0}, std::uint16_t{1}, std::uint16_t{65'535}})
        for (const Side side : {Side::buy, Side::sell}) {
            const Handle far = cells.make_level({-5, 0, instrument, side, 0}), first = cells.window(instrument, side);
            for (const Handle level : {first, first + OrderCells::window_cells - 1, far}) {
                EXPECT_EQ(cells.instrument(level), instrument);
                EXPECT_EQ(cells.side(level), side);
            }
        }
}

// Against the division that it avoids: any tick, any key, also far beyond the window and between two ticks.
TEST(PriceWindow, AgreesWithDivision) {
    const std::uint32_t from = test::seed(1);
    std::mt19937_64 random(from);
    PriceWindow window(OrderCells::window(3, Side::sell));
    for (int round = 0; round < 2'000; ++round) {
        const auto tick = static_cast<std::uint32_t>(1 + (random() >> (32 + random() % 32)));
        const LadderKey begin = static_cast<LadderKey>(random() >> 2) >> random() % 62;
        window.move(begin, tick);
        for (int step = 0; step < 50; ++step) {
            const auto offset = static_cast<std::int64_t>(random() % 1024) - 256;
            const LadderKey key = begin + offset * tick + (random() % 3 == 0 ? static_cast<LadderKey>(random() % tick) : 0);
            const LadderKey from_begin = key - begin;
            const bool inside = from_begin >= 0 && from_begin % tick == 0 && from_begin / tick < PriceWindow::length;
            const std::uint32_t place = window.place(key);
            ASSERT_EQ(place < PriceWindow::length, inside) << "key " << key << ", tick " << tick << ", seed " << from;
            ASSERT_EQ(window.holds(key), from_begin >= 0 && from_begin < std::int64_t{tick} * PriceWindow::length);
            if (!inside) continue;
            ASSERT_EQ(window.key_at(place), key) << "tick " << tick << ", seed " << from;
            ASSERT_EQ(window.likely_cell(key), window.cell(place)) << "tick " << tick << ", seed " << from;
            ASSERT_EQ(window.place_at(window.offset_of(place)), place);
            // A window that moves by whole ticks keeps the places of the keys that stay.
            PriceWindow moved = window;
            moved.move(begin + std::int64_t{tick} * (static_cast<std::int64_t>(random() % 64) - 32), tick);
            if (moved.holds(key)) { ASSERT_EQ(moved.place(key), place) << "tick " << tick << ", seed " << from; }
        }
    }
}

// Each level holds one order whose quantity stands for its key, so that a level whose orders went astray is seen.
void expect_same(const OrderCells& cells, const Ladder& ladder, const std::map<LadderKey, std::uint32_t>& expected,
                 std::uint32_t from) {
    std::vector<std::pair<LadderKey, std::uint32_t>> walked;
    for (const Ladder::Place place : ladder) {
        const Handle order = cells[place.level].next;
        ASSERT_EQ(cells[order].level(), place.level) << "seed " << from;
        ASSERT_EQ(cells[order].next, place.level) << "seed " << from;
        ASSERT_EQ(cells[order].previous, place.level) << "seed " << from;
        ASSERT_EQ(ladder.key_of(cells, place.level), place.key) << "seed " << from;
        ASSERT_EQ(ladder.find(place.key), place.level) << "seed " << from;
        walked.emplace_back(place.key, cells[order].quantity());
    }
    ASSERT_EQ(walked, (std::vector<std::pair<LadderKey, std::uint32_t>>(expected.begin(), expected.end()))) << "seed " << from;
    ASSERT_EQ(ladder.empty(), expected.empty());
    if (!expected.empty()) {
        ASSERT_EQ(ladder.best().key, expected.begin()->first) << "seed " << from;
        ASSERT_EQ(ladder.best().level, ladder.find(ladder.best().key)) << "seed " << from;
    }
}

// A ladder beside an obvious one.
struct LadderPair {
    Cells cells{64};
    PriceWindow window{cells.window(3, Side::sell)};
    Ladder ladder{window};
    std::map<LadderKey, std::uint32_t> expected;

    void insert(LadderKey key, std::uint32_t mark) {
        cells.append_order(ladder.insert(cells, key), OrderId{mark}, mark);
        expected[key] = mark;
    }
    void erase(std::map<LadderKey, std::uint32_t>::iterator victim) {
        const Handle level = ladder.find(victim->first);
        cells.remove_order(cells[level].next, OrderId{victim->second});
        ladder.erase(cells, level);
        expected.erase(victim);
    }
};

// A price that wanders by each of several widths, so that the window moves a little, moves far, and does not suffice.
TEST(Ladder, AgreesWithAMap) {
    const std::int64_t widths[] = {50, 5'000, 60'000, 2'000'000, 1ll << 40};
    const std::int64_t ticks[] = {0, 1, 25, 100, 500'000};
    for (std::uint32_t round = 0; round < 25; ++round) {
        const std::uint32_t from = test::seed(round);
        std::mt19937_64 random(from);
        LadderPair pair;
        const std::int64_t width = widths[round % 5], tick = ticks[round / 5];
        if (tick != 0) pair.ladder.set_tick(pair.cells, tick);
        std::int64_t middle = static_cast<std::int64_t>(random() % 4'000'000) - 2'000'000;
        for (std::uint32_t step = 1; step <= 6'000; ++step) {
            middle += static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(width)) - width / 2;
            LadderKey key = middle + static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(width)) - width / 2;
            if (random() % 4) key = key / 100 * 100;
            ASSERT_EQ(pair.ladder.find(key) != 0, pair.expected.contains(key)) << "seed " << from;
            if (!pair.expected.contains(key)) pair.insert(key, step);
            while (pair.expected.size() > 40 || (!pair.expected.empty() && random() % 3 == 0)) {
                // Often the best goes, as in a market.
                auto victim = pair.expected.begin();
                if (random() % 2) std::advance(victim, random() % pair.expected.size());
                pair.erase(victim);
            }
            // A tick that turns out to be another moves every level.
            if (step % 1000 == 0) pair.ladder.set_tick(pair.cells, ticks[1 + random() % 4]);
            if (step % 7 == 0) expect_same(pair.cells, pair.ladder, pair.expected, from);
            if (HasFatalFailure()) return;
        }
    }
}

TEST(Ladder, KeysAtTheEndsOfTheRange) {
    LadderPair pair;
    std::uint32_t mark = 0;
    const LadderKey keys[] = {INT64_MIN, INT64_MIN + 1, -100, 0, 100, INT64_MAX - 1, INT64_MAX};
    for (LadderKey key : {keys[3], keys[6], keys[0], keys[4], keys[1], keys[5], keys[2]}) {
        pair.insert(key, ++mark);
        expect_same(pair.cells, pair.ladder, pair.expected, 0);
    }
    while (!pair.expected.empty()) {
        pair.erase(pair.expected.begin());
        expect_same(pair.cells, pair.ladder, pair.expected, 0);
    }
}

}  // namespace
}  // namespace colo
