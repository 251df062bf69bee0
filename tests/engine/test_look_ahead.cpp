// Looking ahead changes nothing but time: the same statuses and the same books as message by message, in stretches of any
// length, with impossible messages among them.
#include "engine/book/itch_books.hpp"
#include "tests/engine/random_session.hpp"

namespace colo {
namespace {

// Of the order that a message names, or of the one that takes its place.
bool same(const ItchBooks& a, const ItchBooks& b, OrderId id) {
    const auto one = a.find(id), other = b.find(id);
    if (!one || !other) return one.has_value() == other.has_value();
    return one->instrument == other->instrument && one->side == other->side && one->price == other->price &&
           one->quantity == other->quantity && a.quantity_ahead(id) == b.quantity_ahead(id);
}
bool same(const LastTrade& a, const LastTrade& b) {
    return a.price == b.price && a.quantity == b.quantity && a.match_number == b.match_number && a.time == b.time;
}

TEST(LookAhead, ChangesNothingButTime) {
    for (std::uint32_t round = 0; round < 6; ++round) {
        const std::uint32_t from = test::seed(round);
        std::mt19937_64 random(from);
        test::RandomSession session(from, {.instruments = 5, .open_orders = 300, .impossible = 0.05, .sparse_references = 0.2});
        // Small tables in every second round, so that references leave the pages.
        const BookCapacity capacity = round % 2 == 0 ? BookCapacity{} : BookCapacity{.cells_max = 1u << 16, .reference_pages_max = 8};
        ItchBooks plain(capacity), ahead(capacity);
        for (std::size_t applied = 0; applied < 20'000;) {
            const std::size_t count = 1 + random() % ItchBooks::look_ahead_max, piece = 1 + random() % 40;
            // Each message in memory of its own, as long as itself: a hint that reads beyond it is seen by the sanitizer.
            std::vector<std::vector<std::byte>> kept;
            for (std::size_t n = 0; n < count; ++n) {
                const Bytes next = session.next();
                kept.emplace_back(next.begin(), next.end());
            }
            std::vector<const std::byte*> messages;
            for (const auto& message : kept) messages.push_back(message.data());
            std::size_t at = 0;
            ahead.update(messages, piece, [&](const std::byte* message, BookStatus status) {
                ASSERT_EQ(message, messages[at]) << "seed " << from;
                const ItchChange change = plain.apply(kept[at]);
                ASSERT_EQ(status, change.status) << "message " << applied + at << ", seed " << from;
                ASSERT_TRUE(same(ahead, plain, change.order_id)) << "message " << applied + at << ", seed " << from;
                ASSERT_EQ(ahead.book(change.locate).top(), plain.book(change.locate).top()) << "seed " << from;
                ASSERT_TRUE(same(ahead.book(change.locate).last_trade(), plain.book(change.locate).last_trade()));
                ++at;
            });
            ASSERT_EQ(at, count) << "seed " << from;
            applied += count;
        }
        EXPECT_EQ(ahead.books().order_count(), plain.books().order_count());
        EXPECT_GT(plain.counts().unknown_orders, 0u) << "the session holds impossible messages";
    }
}

}  // namespace
}  // namespace colo
