// Looking ahead changes nothing but time: the same changes and the same books as message by message, in stretches of any
// length, with impossible messages among them.
#include "engine/book/itch_books.hpp"
#include "tests/engine/random_session.hpp"

namespace colo {
namespace {

bool same(const ItchChange& a, const ItchChange& b) {
    return a.status == b.status && a.side == b.side && a.instrument == b.instrument && a.price == b.price &&
           a.quantity_before == b.quantity_before && a.quantity_after == b.quantity_after &&
           a.price_before == b.price_before && a.type == b.type && a.printable == b.printable && a.locate == b.locate &&
           a.order_id == b.order_id && a.execution_price == b.execution_price && a.executed == b.executed &&
           a.match_number == b.match_number;
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
            const std::vector<Bytes> messages(kept.begin(), kept.end());
            std::size_t at = 0;
            ahead.apply(messages, piece, [&](Bytes message, const ItchChange& change) {
                ASSERT_EQ(message.data(), messages[at].data()) << "seed " << from;
                ASSERT_TRUE(same(change, plain.apply(messages[at]))) << "message " << applied + at << ", seed " << from;
                const Locate locate = itch50::header_of(message).stock_locate;
                ASSERT_EQ(ahead.book(locate).top(), plain.book(locate).top()) << "seed " << from;
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
