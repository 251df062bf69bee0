// The rings as their users see them: full and empty are values, everything comes out once and in order, between threads
// and between processes that die.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <new>
#include <random>
#include <thread>
#include <vector>

#include "engine/core/mpmc_ring.hpp"
#include "engine/core/spsc_ring.hpp"

namespace colo::test {
namespace {

// COLO_SEED repeats a failing run.
std::uint64_t seed() {
    const char* given = std::getenv("COLO_SEED");
    return given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
}

// An element that was torn or mixed up shows: its words are functions of its number.
template <std::size_t words>
struct Numbered {
    std::array<std::uint64_t, words> word{};
    static Numbered of(std::uint64_t number) {
        Numbered made;
        for (std::size_t i = 0; i < words; ++i) made.word[i] = number * (2 * i + 1);
        return made;
    }
    [[nodiscard]] bool is(std::uint64_t number) const { return word == of(number).word; }
};

TEST(SpscRing, is_full_and_empty_at_its_bounds) {
    auto ring = std::make_unique<SpscRing<std::uint64_t, 4>>();
    std::uint64_t next = 0;
    EXPECT_FALSE(ring->pop(next));
    for (std::uint64_t round = 0; round < 5; ++round) {
        for (std::uint64_t n = 0; n < ring->capacity; ++n) ASSERT_TRUE(ring->push(n)) << n;
        EXPECT_FALSE(ring->push(99));
        for (std::uint64_t n = 0; n < ring->capacity; ++n) {
            ASSERT_TRUE(ring->pop(next));
            ASSERT_EQ(next, n);
        }
        EXPECT_FALSE(ring->pop(next));
    }
}

TEST(SpscRing, takes_of_a_batch_what_there_is_room_for) {
    auto ring = std::make_unique<SpscRing<std::uint64_t, 2>>();
    std::vector<std::uint64_t> batch(20), got(20);
    for (std::uint64_t n = 0; n < 20; ++n) batch[n] = n;
    EXPECT_EQ(ring->push(std::span<const std::uint64_t>{batch}), 14u);
    EXPECT_EQ(ring->push(std::span<const std::uint64_t>{batch}), 0u);
    EXPECT_EQ(ring->pop(std::span{got}.first(3)), 3u);
    EXPECT_EQ(ring->push(std::uint64_t{1}), false) << "a block is free when it is empty";
    EXPECT_EQ(ring->pop(std::span{got}.subspan(3)), 11u);
    EXPECT_TRUE(std::equal(got.begin(), got.begin() + 14, batch.begin()));
}

TEST(SpscRing, of_zeroed_memory_is_a_ring) {
    using Ring = SpscRing<std::uint32_t, 8>;
    void* memory = ::mmap(nullptr, sizeof(Ring), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ASSERT_NE(memory, MAP_FAILED);
    auto* ring = static_cast<Ring*>(memory);
    ASSERT_TRUE(ring->push(7));
    std::uint32_t next = 0;
    ASSERT_TRUE(ring->pop(next));
    EXPECT_EQ(next, 7u);
    ::munmap(memory, sizeof(Ring));
}

// Single and bulk calls in random lengths, from one thread to another.
template <class Ring, std::size_t words>
void stress_spsc(std::uint64_t count) {
    using Element = Numbered<words>;
    const std::uint64_t first_seed = seed();
    SCOPED_TRACE("COLO_SEED=" + std::to_string(first_seed));
    const auto ring = std::make_unique<Ring>();
    std::thread producer([&] {
        std::mt19937_64 random(first_seed);
        std::vector<Element> batch(40);
        for (std::uint64_t n = 0; n < count;) {
            const std::uint64_t length = std::min<std::uint64_t>(random() % 40, count - n);
            std::size_t done = 0;
            if (length == 0) {
                done = ring->push(Element::of(n)) ? 1 : 0;
            } else {
                for (std::uint64_t i = 0; i < length; ++i) batch[i] = Element::of(n + i);
                done = ring->push(std::span<const Element>{batch}.first(length));
            }
            n += done;
            if (done == 0) std::this_thread::yield();
        }
    });
    std::mt19937_64 random(first_seed + 1);
    std::vector<Element> batch(40);
    std::uint64_t wrong = 0;
    for (std::uint64_t n = 0; n < count;) {
        const std::size_t length = random() % 40;
        const std::size_t done = length == 0 ? (ring->pop(batch[0]) ? 1 : 0) : ring->pop(std::span{batch}.first(length));
        for (std::size_t i = 0; i < done; ++i) wrong += batch[i].is(n + i) ? 0 : 1;
        n += done;
        if (done == 0) std::this_thread::yield();
    }
    producer.join();
    EXPECT_EQ(wrong, 0u);
    EXPECT_FALSE(ring->pop(batch[0]));
}

TEST(SpscRing, keeps_every_word_in_order_between_threads) {
    stress_spsc<SpscRing<Numbered<1>, 4>, 1>(300'000);
    stress_spsc<SpscRing<Numbered<1>, 1024>, 1>(300'000);
}
TEST(SpscRing, keeps_every_long_element_in_order_between_threads) {
    stress_spsc<SpscRing<Numbered<5>, 8>, 5>(200'000);
    stress_spsc<SpscRing<Numbered<16>, 8>, 16>(200'000);
}

// A producer that is killed at any instruction is succeeded by one that goes on behind what was published.
TEST(SpscRing, outlives_its_producer) {
    using Ring = SpscRing<std::uint64_t, 4>;
    const std::uint64_t first_seed = seed();
    SCOPED_TRACE("COLO_SEED=" + std::to_string(first_seed));
    std::mt19937_64 random(first_seed);
    void* memory = ::mmap(nullptr, sizeof(Ring), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ASSERT_NE(memory, MAP_FAILED);
    auto* ring = new (memory) Ring;
    std::uint64_t expected = 0;
    std::vector<std::uint64_t> batch(16);
    for (int life = 0; life < 60; ++life) {
        // The next number follows from what came out and what is still inside.
        const std::uint64_t begin = expected;
        const pid_t child = ::fork();
        ASSERT_GE(child, 0);
        if (child == 0) {
            ring->resume_producer();
            for (std::uint64_t n = begin;; ++n) {
                while (!ring->push(n)) {}
            }
        }
        const std::uint64_t enough = expected + 1 + random() % 200;
        while (expected < enough) {
            const std::size_t count = ring->pop(std::span{batch}.first(1 + random() % 16));
            for (std::size_t i = 0; i < count; ++i) ASSERT_EQ(batch[i], expected++) << "in life " << life;
        }
        ::kill(child, SIGKILL);
        ASSERT_EQ(::waitpid(child, nullptr, 0), child);
        ring->resume_consumer();
        while (ring->pop(batch[0])) ASSERT_EQ(batch[0], expected++) << "after life " << life;
    }
    ::munmap(memory, sizeof(Ring));
}

// Of what a dead consumer took with its last call, nothing or all of a block comes again; nothing else is skipped.
TEST(SpscRing, outlives_its_consumer) {
    using Ring = SpscRing<std::uint64_t, 4>;
    struct Shared {
        Ring ring;
        std::atomic<std::uint64_t> next;  // after the last element that a consumer made known
    };
    const std::uint64_t first_seed = seed();
    SCOPED_TRACE("COLO_SEED=" + std::to_string(first_seed));
    std::mt19937_64 random(first_seed);
    void* memory = ::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ASSERT_NE(memory, MAP_FAILED);
    auto* shared = new (memory) Shared{};
    std::uint64_t pushed = 0;
    for (int life = 0; life < 60; ++life) {
        const pid_t child = ::fork();
        ASSERT_GE(child, 0);
        if (child == 0) {
            shared->ring.resume_consumer();
            std::uint64_t element = 0;
            std::uint64_t next = shared->next;
            for (bool first = true;; first = false) {
                while (!shared->ring.pop(element)) {}
                const bool sound = first ? element + Ring::per_block > next && element <= next + 1 : element == next;
                if (!sound) ::_exit(1);
                shared->next = next = element + 1;
            }
        }
        for (const std::uint64_t enough = pushed + 1 + random() % 300; pushed < enough;) {
            if (shared->ring.push(pushed)) ++pushed;
            if (::waitpid(child, nullptr, WNOHANG) != 0) FAIL() << "an element was skipped in life " << life;
        }
        ::kill(child, SIGKILL);
        int status = 0;
        ASSERT_EQ(::waitpid(child, &status, 0), child);
        ASSERT_TRUE(WIFSIGNALED(status)) << "an element was skipped in life " << life;
    }
    EXPECT_GT(shared->next.load(), 0u);
    ::munmap(memory, sizeof(Shared));
}

TEST(MpmcRing, is_full_and_empty_at_its_bounds) {
    auto ring = std::make_unique<MpmcRing<std::uint64_t, 64>>();
    std::vector<std::uint64_t> batch(100), got(100);
    for (std::uint64_t n = 0; n < 100; ++n) batch[n] = n;
    EXPECT_EQ(ring->pop(std::span{got}), 0u);
    for (int round = 0; round < 3; ++round) {
        EXPECT_EQ(ring->push(std::span<const std::uint64_t>{batch}), 64u);
        EXPECT_FALSE(ring->push(1));
        EXPECT_EQ(ring->pop(std::span{got}), 64u);
        EXPECT_TRUE(std::equal(got.begin(), got.begin() + 64, batch.begin()));
    }
}

// Every element comes out once, and those of one producer in its order.
TEST(MpmcRing, loses_nothing_among_many_threads) {
    constexpr std::uint64_t producers = 3, each = 100'000;
    using Element = Numbered<2>;
    const auto ring = std::make_unique<MpmcRing<Element, 128>>();
    const std::uint64_t first_seed = seed();
    SCOPED_TRACE("COLO_SEED=" + std::to_string(first_seed));
    std::atomic<std::uint64_t> taken{0};
    std::vector<std::vector<std::uint64_t>> got(2);
    std::vector<std::thread> threads;
    for (std::uint64_t p = 0; p < producers; ++p) {
        threads.emplace_back([&, p] {
            std::mt19937_64 random(first_seed + p);
            for (std::uint64_t n = 0; n < each;) {
                std::vector<Element> batch(std::min<std::uint64_t>(1 + random() % 9, each - n));
                for (std::uint64_t i = 0; i < batch.size(); ++i) batch[i] = Element::of(p * each + n + i);
                const std::size_t done = ring->push(std::span<const Element>{batch});
                n += done;
                if (done == 0) std::this_thread::yield();
            }
        });
    }
    for (auto& mine : got) {
        threads.emplace_back([&] {
            std::vector<Element> batch(8);
            while (taken.load() < producers * each) {
                const std::size_t count = ring->pop(std::span{batch});
                for (std::size_t i = 0; i < count; ++i) {
                    mine.push_back(batch[i].is(batch[i].word[0]) ? batch[i].word[0] : UINT64_MAX);
                }
                taken += count;
                if (count == 0) std::this_thread::yield();
            }
        });
    }
    for (auto& thread : threads) thread.join();
    std::vector<std::uint64_t> all;
    for (const auto& mine : got) {
        for (std::uint64_t p = 0; p < producers; ++p) {
            std::vector<std::uint64_t> of_p;
            std::copy_if(mine.begin(), mine.end(), std::back_inserter(of_p), [&](auto n) { return n / each == p; });
            EXPECT_TRUE(std::is_sorted(of_p.begin(), of_p.end())) << "producer " << p;
        }
        all.insert(all.end(), mine.begin(), mine.end());
    }
    std::sort(all.begin(), all.end());
    ASSERT_EQ(all.size(), producers * each);
    for (std::uint64_t n = 0; n < all.size(); ++n) ASSERT_EQ(all[n], n);
}

}  // namespace
}  // namespace colo::test
