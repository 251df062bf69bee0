// Once its instruments are there, the book lives on the memory that it has: messages allocate nothing.
#include <atomic>
#include <cstdlib>
#include <new>

#include "engine/book/itch_books.hpp"
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

}  // namespace
}  // namespace colo
