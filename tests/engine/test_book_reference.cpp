// The engine's book against the slow one, after every message of random and recorded sessions, and the proof that the
// comparison sees a mistake in either.
#include "engine/book/itch_books.hpp"
#include "engine/protocol/session_file.hpp"
#include "tests/engine/random_session.hpp"
#include "tests/engine/reference_book.hpp"
#include "tests/engine/wire_fixture.hpp"

namespace colo {
namespace {

using test::Fault;
using test::RandomSession;
using test::ReferenceBook;
using test::ReferenceLevel;

// Small tables, so that references leave the direct index and handles are used again and again.
constexpr BookCapacity small{.cells_max = 1u << 20, .reference_pages_max = 8};

std::vector<ReferenceLevel> levels_of(const Book& book, Side side) {
    std::vector<ReferenceLevel> result;
    for (Level level : book.levels(side)) {
        ReferenceLevel copy{level.price().value(), {}};
        for (Order order : level.orders()) {
            copy.orders.push_back({order.id.value(), order.quantity.value()});
            if (copy.orders.size() > 100'000) break;  // a ring that does not close: differs from any reference
        }
        result.push_back(std::move(copy));
    }
    return result;
}

std::int64_t total(const ReferenceLevel& level) {
    std::int64_t sum = 0;
    for (const auto& order : level.orders) sum += order.quantity;
    return sum;
}

// Empty where both books of the instrument are the same in every respect, else what differs.
std::string difference(const ItchBooks& books, const ReferenceBook& reference, std::uint16_t locate) {
    const Book& book = books.book(Locate{locate});
    if ((book.fault() != BookStatus::ok) != reference.faulty(locate)) return "fault";
    for (const Side side : {Side::buy, Side::sell}) {
        const auto expected = reference.levels(locate, static_cast<char>(side));
        if (levels_of(book, side) != expected) return "levels";
        const Top& top = book.top();
        const std::int64_t price = expected.empty() ? 0 : expected[0].price, quantity = expected.empty() ? 0 : total(expected[0]);
        if (top.price(side) != Price{price} || top.quantity(side) != Quantity{quantity}) return "top";
        for (const auto& level : expected) {
            const auto found = book.level(side, Price{level.price});
            if (!found || found->quantity() != Quantity{total(level)} || found->side() != side) return "level quantity";
            if (found->order_count() != level.orders.size()) return "level order count";
        }
    }
    return "";
}

// What find and quantity_ahead say of every order of the instrument.
std::string lookup_difference(const ItchBooks& books, const ReferenceBook& reference, std::uint16_t locate) {
    for (const Side side : {Side::buy, Side::sell})
        for (const auto& level : reference.levels(locate, static_cast<char>(side))) {
            std::int64_t ahead = 0;
            for (const auto& order : level.orders) {
                const auto found = books.find(OrderId{order.id});
                if (!found || found->price != Price{level.price} || found->quantity != Quantity{order.quantity} ||
                    found->side != side || found->instrument != locate)
                    return "find " + std::to_string(order.id);
                if (books.quantity_ahead(OrderId{order.id}) != Quantity{ahead}) return "quantity ahead";
                ahead += order.quantity;
            }
        }
    return "";
}

// The first difference of a session, with the message that brought it.
std::string run(std::uint32_t seed, RandomSession::Shape shape, std::size_t messages, BookCapacity capacity, Fault fault) {
    RandomSession session(seed, shape);
    ItchBooks books(capacity);
    ReferenceBook reference(fault);
    for (std::size_t n = 0; n < messages; ++n) {
        const Bytes message = session.next();
        const std::uint16_t locate = itch50::header_of(message).stock_locate.get().value();
        const std::string expected = reference.apply(message), status = to_string(books.apply(message).status);
        std::string what = status == expected ? "" : "status " + status + ", expected " + expected;
        if (what.empty()) what = difference(books, reference, locate);
        if (what.empty() && n % 50 == 0) what = lookup_difference(books, reference, locate);
        if (what.empty() && books.books().order_count() != reference.order_count()) what = "order count";
        if (!what.empty())
            return what + " after message " + std::to_string(n) + " of type " + itch50::type_of(message) + ", seed " + std::to_string(seed);
    }
    return "";
}

TEST(BookReference, RandomSessionsAgreeAfterEveryMessage) {
    const RandomSession::Shape shapes[] = {
        {},
        {.instruments = 1, .open_orders = 300, .impossible = 0.0, .far_prices = 0.0, .sparse_references = 0.0},
        {.instruments = 2, .open_orders = 150, .impossible = 0.02, .far_prices = 0.9, .sparse_references = 0.9},
        {.instruments = 40, .open_orders = 200, .impossible = 0.1, .far_prices = 0.2, .sparse_references = 0.5},
        {.instruments = 2, .open_orders = 4, .impossible = 0.1, .far_prices = 0.5, .sparse_references = 0.1},
    };
    for (std::uint32_t n = 0; n < 40; ++n) {
        const std::uint32_t seed = test::seed(n);
        EXPECT_EQ(run(seed, shapes[n % std::size(shapes)], 3000, n % 2 == 0 ? small : BookCapacity{}, Fault::none), "");
    }
}

TEST(BookReference, EveryPlantedFaultIsSeen) {
    for (int fault = 1; fault <= static_cast<int>(test::fault_last); ++fault)
        EXPECT_NE(run(test::seed(1), {}, 5000, small, static_cast<Fault>(fault)), "") << "fault number " << fault;
}

// The engine's book gets one message of the session changed: at a seeded place one field, or left out, or twice.
TEST(BookReference, EveryMutatedMessageIsSeen) {
    for (std::uint32_t n = 0; n < 60; ++n) {
        const std::uint32_t seed = test::seed(1000 + n);
        std::mt19937 random(seed);
        RandomSession session(seed, {.impossible = 0.0});
        ItchBooks books(small);
        ReferenceBook reference;
        const std::size_t mutated = 200 + random() % 500;
        bool seen = false;
        std::string mutation;
        for (std::size_t count = 0; count < 1500 && !seen; ++count) {
            const Bytes message = session.next();
            const std::uint16_t locate = itch50::header_of(message).stock_locate.get().value();
            auto changed = test::copy_of(message);
            // All changing messages hold the reference at 11 to 18; the byte at 14 makes it one that is not used.
            // Twice the same replace may be one, where the reference stays.
            const auto kind = count != mutated ? 3 : random() % (itch50::type_of(message) == 'U' ? 2 : 3);
            if (kind == 0) changed[14] ^= std::byte{0x55};
            const std::string expected = reference.apply(message);
            std::string status = kind == 1 ? "left out" : to_string(books.apply(changed).status);
            if (kind == 2) status = to_string(books.apply(changed).status);
            if (kind < 3) mutation = std::to_string(kind) + " of type " + itch50::type_of(message);
            seen = count >= mutated && (status != expected || !difference(books, reference, locate).empty());
        }
        EXPECT_TRUE(seen) << "mutation " << mutation << ", seed " << seed;
    }
}

TEST(BookReference, RecordedSessionsAgreeAfterEveryMessage) {
    COLO_NEEDS_RECORDED_DATA(data);
    const std::pair<const char*, std::uint64_t> files[] = {{"aapl_20200130_first10k.itch50", 0},
                                                           {"aapl_20191230_0935_banded_std.itch50", 3'970}};
    for (const auto& [name, unknown] : files) {
        auto file = SessionFile::open((data / "itch" / name).string());
        ASSERT_TRUE(file);
        ItchBooks books;
        ReferenceBook reference;
        auto cursor = file->cursor();
        while (auto record = cursor.next()) {
            const std::uint16_t locate = itch50::header_of(record->message).stock_locate.get().value();
            ASSERT_EQ(to_string(books.apply(record->message).status), reference.apply(record->message)) << record->offset;
            // The whole book is slow to compare: after every message of the first part, then now and then.
            if (record->sequence.value() < 3'000 || record->sequence.value() % 50 == 0) {
                ASSERT_EQ(difference(books, reference, locate), "") << name << " offset " << record->offset;
            }
        }
        EXPECT_EQ(books.counts().unknown_orders, unknown) << name;
        EXPECT_EQ(lookup_difference(books, reference, 13), "");
    }
}

}  // namespace
}  // namespace colo
