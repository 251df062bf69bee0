// The rings in every interleaving of two threads, with every value that the memory model lets them see; and the proof
// that this would notice an order that is too weak, or a store in the wrong place.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "engine/core/mpmc_ring.hpp"
#include "engine/core/spsc_ring.hpp"
#include "engine/core/stream_ring.hpp"
#include "tests/engine/model_memory.hpp"

namespace colo::test {
namespace {

// As long as leaves two elements in a block, so that both kinds of step, within a block and to the next, are short.
struct Wide {
    std::uint64_t number = 0;
    std::uint64_t same = 0;
    std::uint64_t filling = 0;
};

Wide wide(std::uint64_t number) { return {number, number, 0}; }

using SmallSpsc = SpscRing<Wide, 2, ModelMemory>;
static_assert(SmallSpsc::per_block == 2 && SmallSpsc::capacity == 4);
using SmallMpmc = MpmcRing<std::uint64_t, 2, ModelMemory>;

// Everything that was pushed comes out, once and in order: what the consumer got, then what is left.
void check_order(Model& model, SmallSpsc& ring, std::vector<std::uint64_t> got, std::uint64_t pushed) {
    Wide left;
    while (ring.pop(left)) got.push_back(left.same);
    for (std::uint64_t n = 0; n < std::max<std::uint64_t>(got.size(), pushed); ++n) {
        if (n >= got.size()) return model.fail("element " + std::to_string(n) + " was lost");
        if (n >= pushed || got[n] != n) return model.fail("element " + std::to_string(n) + " is wrong");
    }
}

void spsc_single(Model& model) {
    const auto ring = std::make_unique<SmallSpsc>();
    std::uint64_t pushed = 0;
    std::vector<std::uint64_t> got;
    const auto produce = [&] {
        for (int tries = 0; tries < 5; ++tries) {
            if (ring->push(wide(pushed))) ++pushed;
        }
    };
    const auto consume = [&] {
        Wide next;
        for (int tries = 0; tries < 3; ++tries) {
            if (ring->pop(next)) got.push_back(next.number);
        }
    };
    model.run({produce, consume});
    check_order(model, *ring, got, pushed);
}

void spsc_bulk(Model& model) {
    const auto ring = std::make_unique<SmallSpsc>();
    std::uint64_t pushed = 0;
    std::vector<std::uint64_t> got;
    const auto produce = [&] {
        for (const std::size_t length : {3u, 4u}) {
            std::vector<Wide> batch;
            for (std::uint64_t i = 0; i < length; ++i) batch.push_back(wide(pushed + i));
            pushed += ring->push(std::span<const Wide>{batch});
        }
    };
    const auto consume = [&] {
        std::array<Wide, 3> batch;
        for (int tries = 0; tries < 3; ++tries) {
            const std::size_t count = ring->pop(std::span{batch});
            for (std::size_t i = 0; i < count; ++i) got.push_back(batch[i].number);
        }
    };
    model.run({produce, consume});
    check_order(model, *ring, got, pushed);
}

// Each thread pushes a number and pops one, in a ring that holds one already, so that a slot is used again; in the end
// every number was seen once.
void mpmc(Model& model) {
    const auto ring = std::make_unique<SmallMpmc>();
    std::vector<std::uint64_t> pushed, got;
    if (ring->push(1)) pushed.push_back(1);
    const auto thread = [&](std::uint64_t first) {
        return [&, first] {
            if (ring->push(first)) pushed.push_back(first);
            std::uint64_t next = 0;
            if (ring->pop(next)) got.push_back(next);
        };
    };
    model.run({thread(10), thread(20)});
    std::uint64_t next = 0;
    while (ring->pop(next)) got.push_back(next);
    std::sort(pushed.begin(), pushed.end());
    std::sort(got.begin(), got.end());
    if (pushed != got) model.fail("what came out is not what went in");
}

// Batches of two from one thread, taken by the other: they stay whole and in order.
void mpmc_bulk(Model& model) {
    const auto ring = std::make_unique<SmallMpmc>();
    std::uint64_t pushed = 0;
    std::vector<std::uint64_t> got;
    const auto produce = [&] {
        for (int tries = 0; tries < 2; ++tries) {
            const std::array<std::uint64_t, 2> batch{pushed, pushed + 1};
            pushed += ring->push(std::span<const std::uint64_t>{batch});
        }
    };
    const auto consume = [&] {
        std::array<std::uint64_t, 2> batch{};
        for (int tries = 0; tries < 2; ++tries) {
            const std::size_t count = ring->pop(std::span<std::uint64_t>{batch});
            got.insert(got.end(), batch.begin(), batch.begin() + static_cast<std::ptrdiff_t>(count));
        }
    };
    model.run({produce, consume});
    std::uint64_t next = 0;
    while (ring->pop(next)) got.push_back(next);
    for (std::uint64_t n = 0; n < got.size(); ++n) {
        if (got[n] != n) return model.fail("element " + std::to_string(n) + " is wrong");
    }
    if (got.size() != pushed) model.fail("an element was lost");
}

// Single calls on one side, batches on the other, and the other way round within a thread.
void spsc_mixed(Model& model) {
    const auto ring = std::make_unique<SmallSpsc>();
    std::uint64_t pushed = 0;
    std::vector<std::uint64_t> got;
    const auto produce = [&] {
        if (ring->push(wide(pushed))) ++pushed;
        const std::array<Wide, 2> batch{wide(pushed), wide(pushed + 1)};
        pushed += ring->push(std::span<const Wide>{batch});
        if (ring->push(wide(pushed))) ++pushed;
    };
    const auto consume = [&] {
        Wide next;
        std::array<Wide, 3> batch;
        const auto take_batch = [&] {
            const std::size_t count = ring->pop(std::span{batch});
            for (std::size_t i = 0; i < count; ++i) got.push_back(batch[i].number);
        };
        take_batch();
        for (int tries = 0; tries < 2; ++tries) {
            if (ring->pop(next)) got.push_back(next.number);
        }
        take_batch();
    };
    model.run({produce, consume});
    check_order(model, *ring, got, pushed);
}

// Bytes in pieces of a cell and a bit, read in pieces that end within one: they stay whole and in order.
void stream(Model& model) {
    using Ring = StreamRing<2, ModelMemory>;
    const auto ring = std::make_unique<Ring>();
    StreamRingWriter writer(*ring);
    StreamRingReader reader(*ring);
    std::size_t written = 0;
    std::vector<std::byte> got;
    const auto produce = [&] {
        for (const std::size_t length : {57u, 56u}) {
            std::vector<std::byte> piece;
            for (std::size_t i = 0; i < length; ++i) piece.push_back(static_cast<std::byte>(written + i));
            written += writer.write(piece);
        }
    };
    const auto read = [&](std::size_t length) {
        std::vector<std::byte> piece(length);
        piece.resize(reader.read(piece));
        got.insert(got.end(), piece.begin(), piece.end());
    };
    model.run({produce, [&] { read(50); read(60); }});
    read(1'000);
    if (reader.corrupt() || writer.corrupt()) return model.fail("an honest side was called corrupt");
    for (std::size_t i = 0; i < got.size(); ++i)
        if (got[i] != static_cast<std::byte>(i)) return model.fail("byte " + std::to_string(i) + " is wrong");
    if (got.size() != written) model.fail("a byte was lost");
}

struct Scenario {
    const char* name;
    void (*run)(Model&);
};
constexpr Scenario scenarios_of_spsc[] = {
    {"spsc_single", spsc_single}, {"spsc_bulk", spsc_bulk}, {"spsc_mixed", spsc_mixed}};
constexpr Scenario scenarios_of_stream[] = {{"stream", stream}};
constexpr Scenario scenarios_of_mpmc[] = {{"mpmc", mpmc}, {"mpmc_bulk", mpmc_bulk}};

class Interleavings : public ::testing::TestWithParam<std::span<const Scenario>> {};

TEST_P(Interleavings, all_are_right) {
    for (const Scenario& scenario : GetParam()) {
        const Exploration found = explore(scenario.run);
        EXPECT_EQ(found.failure, "") << scenario.name << " in execution " << found.executions;
        EXPECT_TRUE(found.complete) << scenario.name;
        EXPECT_GT(found.executions, 1'000u) << scenario.name;
        std::printf("%s: %llu executions\n", scenario.name, static_cast<unsigned long long>(found.executions));
    }
}

// Each order is needed by one of the scenarios at least.
TEST_P(Interleavings, notice_each_order_that_is_too_weak) {
    std::set<std::uint32_t> lines;
    for (const Scenario& scenario : GetParam()) lines.merge(explore(scenario.run).ordering_lines);
    EXPECT_GE(lines.size(), 3u);
    for (const std::uint32_t line : lines) {
        const bool noticed = std::any_of(GetParam().begin(), GetParam().end(), [&](const Scenario& scenario) {
            return !explore(scenario.run, {.weakened_line = line}).failure.empty();
        });
        EXPECT_TRUE(noticed) << "the order in line " << line << " was relaxed, and nothing went wrong";
    }
}

TEST_P(Interleavings, notice_an_element_that_is_stored_after_it_is_announced) {
    EXPECT_TRUE(std::any_of(GetParam().begin(), GetParam().end(), [](const Scenario& scenario) {
        return !explore(scenario.run, {.cells_after_stores = true}).failure.empty();
    }));
}

INSTANTIATE_TEST_SUITE_P(SpscRing, Interleavings, ::testing::Values(std::span<const Scenario>{scenarios_of_spsc}));
INSTANTIATE_TEST_SUITE_P(StreamRing, Interleavings, ::testing::Values(std::span<const Scenario>{scenarios_of_stream}));
INSTANTIATE_TEST_SUITE_P(MpmcRing, Interleavings, ::testing::Values(std::span<const Scenario>{scenarios_of_mpmc}));

}  // namespace
}  // namespace colo::test
