// Once its instruments are there, the book lives on the memory that it has: messages allocate nothing.
#include <array>
#include <atomic>
#include <cstdlib>
#include <new>

#include "engine/book/itch_books.hpp"
#include "engine/book/mdp3_books.hpp"
#include "tests/engine/mdp3_fixture.hpp"
#include "tests/engine/random_session.hpp"

namespace {
std::atomic<std::uint64_t> allocations{0};
}  // namespace

// Out of line, because the compiler takes an inlined free for a mismatch with new.
[[gnu::noinline]] void* operator new(std::size_t bytes) {
    ++allocations;
    if (void* memory = std::malloc(bytes)) return memory;
    throw std::bad_alloc();
}
[[gnu::noinline]] void* operator new(std::size_t bytes, std::align_val_t alignment) {
    ++allocations;
    const auto align = static_cast<std::size_t>(alignment);
    if (void* memory = std::aligned_alloc(align, (bytes + align - 1) / align * align)) return memory;
    throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }

namespace colo {
namespace {

TEST(BookAllocations, NoneInSteadyState) {
    const std::uint32_t from = test::seed(1);
    test::RandomSession session(from, {.instruments = 5, .open_orders = 500, .impossible = 0.05, .sparse_references = 0.2});
    std::vector<test::ByteString> messages;
    for (int n = 0; n < 60'000; ++n) messages.push_back(test::copy_of(session.next()));
    ItchBooks books;
    std::size_t n = 0;
    for (; n < 40'000; ++n) books.apply(messages[n]);
    const std::uint64_t before = allocations;
    EXPECT_GT(before, 0u);
    for (; n < messages.size(); ++n) books.apply(messages[n]);
    EXPECT_EQ(allocations - before, 0u) << "seed " << from;
}

// Level entries, orders of any priority and trades of four instruments; only the end of an event is told.
TEST(BookAllocations, NoneInSteadyStateOfAnMdp3Channel) {
    const std::uint32_t from = test::seed(1);
    std::mt19937 random(from);
    std::vector<test::ByteString> packets;
    std::array<std::uint32_t, 4> rpt_seq{};
    for (std::uint32_t sequence = 1; sequence <= 30'000; ++sequence) {
        const std::size_t security = random() % rpt_seq.size();
        const auto draw = [&](std::uint32_t bound) { return static_cast<std::int64_t>(random() % bound); };
        const test::LevelEntry level{draw(40) * 250'000'000, 1 + draw(9), static_cast<std::int32_t>(security), ++rpt_seq[security], 1,
                                     1 + draw(10), draw(3), draw(2) == 0 ? '0' : '1'};
        const std::uint64_t order = 6'413'238'832'874 + random() % 400;
        packets.push_back(test::packet_of(sequence, {test::book_refresh({level}, draw(2) * 0x80, {test::order_of_level(order, draw(99), 1 + draw(9), 1, draw(3))})}));
    }
    struct Silent { void on_event(const Mdp3Event&) {} } silent;
    Mdp3Books books;
    std::size_t n = 0;
    for (; n < 20'000; ++n) books.apply(*mdp3::Packet::parse(packets[n]), silent);
    const std::uint64_t before = allocations;
    for (; n < packets.size(); ++n) books.apply(*mdp3::Packet::parse(packets[n]), silent);
    EXPECT_EQ(allocations - before, 0u) << "seed " << from;
    EXPECT_GT(books.orders().order_count(), 100u);
    EXPECT_GT(books.counts().events, 10'000u);
}

}  // namespace
}  // namespace colo
