// Books whose queues follow an explicit priority, against the slow ones, at prices of either sign.
#include <random>

#include "engine/book/books.hpp"
#include "tests/engine/reference_ranked_books.hpp"
#include "tests/engine/wire_fixture.hpp"

namespace colo {
namespace {

using test::RankFault;
using test::ReferenceRankedBooks;

// One random operation for both; what they say differently.
class Operations {
public:
    Operations(std::uint32_t seed, RankFault fault, std::optional<Price> tick) : random_(seed), reference_(fault) {
        if (tick)
            for (std::uint16_t instrument = 0; instrument < instruments; ++instrument) books_.set_tick(instrument, *tick);
        tick_ = tick.value_or(Price{250'000'000});
    }

    std::string step() {
        const auto instrument = static_cast<std::uint16_t>(below(instruments));
        const OrderId id{below(60) + (below(2) << 43)};
        const Side side = below(2) == 0 ? Side::buy : Side::sell;
        // Around zero, and now and then far away or between two ticks.
        Price price = tick_ * (static_cast<std::int64_t>(below(9)) - 4);
        if (below(20) == 0) price += tick_ * (static_cast<std::int64_t>(below(3)) - 1) * 5'000;
        if (below(30) == 0) price += Price{1};
        const Quantity quantity{static_cast<std::int64_t>(below(40)) - (below(30) == 0 ? 40 : -1)};
        const Priority priority{below(12)};
        BookStatus fast, slow;
        switch (const auto kind = below(20)) {
        case 0: {
            if (below(5) != 0) return "";
            books_.clear(instrument);
            reference_.clear(instrument);
            return difference(books_, reference_, instrument);
        }
        default:
            if (kind < 9) {
                fast = books_.add(instrument, id, side, price, quantity, priority).status;
                slow = reference_.add(instrument, id, side, price, quantity, priority).status;
            } else if (kind < 16) {
                // Half of the time at the price where it rests.
                const auto resting = books_.find(id);
                const Price at = resting && below(2) == 0 ? resting->price : price;
                fast = books_.modify(instrument, id, at, quantity, priority).status;
                slow = reference_.modify(instrument, id, at, quantity, priority).status;
            } else {
                fast = books_.remove(instrument, id).status;
                slow = reference_.remove(instrument, id).status;
            }
        }
        if (fast != slow) return std::string("status ") + to_string(fast) + ", expected " + to_string(slow);
        if (books_.order_count() != reference_.entries().size()) return "order count";
        return difference(books_, reference_, instrument);
    }

private:
    static constexpr std::uint16_t instruments = 3;
    std::uint64_t below(std::uint64_t bound) { return random_() % bound; }

    std::mt19937_64 random_;
    Books books_{BookCapacity{.cells_max = 1u << 16, .reference_pages_max = 8}};
    ReferenceRankedBooks reference_;
    Price tick_;
};

std::string run(std::uint32_t seed, RankFault fault, std::optional<Price> tick) {
    Operations operations(seed, fault, tick);
    for (int step = 0; step < 3'000; ++step)
        if (const std::string what = operations.step(); !what.empty())
            return what + " after operation " + std::to_string(step) + ", seed " + std::to_string(seed);
    return "";
}

TEST(RankedBooks, RandomOperationsAgree) {
    // Without a given tick, with a quarter point of 10^-9, with one that the table of prices can not hold, and a small one.
    const std::optional<Price> ticks[] = {std::nullopt, Price{250'000'000}, Price{std::int64_t{1} << 45}, Price{1}};
    for (std::uint32_t n = 0; n < 24; ++n) EXPECT_EQ(run(test::seed(n), RankFault::none, ticks[n % 4]), "");
}

TEST(RankedBooks, EveryPlantedFaultIsSeen) {
    for (int fault = 1; fault <= static_cast<int>(RankFault::last); ++fault)
        EXPECT_NE(run(test::seed(1), static_cast<RankFault>(fault), Price{250'000'000}), "") << "fault number " << fault;
}

TEST(RankedBooks, PriorityNotArrivalMakesTheQueue) {
    Books books;
    const auto queue = [&] {
        std::vector<std::uint64_t> ids;
        if (const auto level = books.book(0).level(Side::buy, Price{-5}))
            for (const Order order : level->orders()) ids.push_back(order.id.value());
        return ids;
    };
    using Ids = std::vector<std::uint64_t>;
    books.add(0, OrderId{1}, Side::buy, Price{-5}, Quantity{10}, Priority{30});
    books.add(0, OrderId{2}, Side::buy, Price{-5}, Quantity{20}, Priority{10});
    books.add(0, OrderId{3}, Side::buy, Price{-5}, Quantity{30}, Priority{20});
    books.add(0, OrderId{4}, Side::buy, Price{-5}, Quantity{40}, Priority{20});
    EXPECT_EQ(queue(), (Ids{2, 3, 4, 1}));
    EXPECT_EQ(books.quantity_ahead(OrderId{1}), Quantity{90});
    EXPECT_EQ(books.modify(0, OrderId{2}, Price{-5}, Quantity{90}, Priority{10}).quantity_after, Quantity{90});
    EXPECT_EQ(queue(), (Ids{2, 3, 4, 1})) << "a larger quantity of the same priority keeps its place";
    EXPECT_EQ(books.book(0).top().bid_quantity, Quantity{170});
    books.modify(0, OrderId{2}, Price{-5}, Quantity{90}, Priority{25});
    EXPECT_EQ(queue(), (Ids{3, 4, 2, 1}));
    books.modify(0, OrderId{3}, Price{-4}, Quantity{30}, Priority{20});
    EXPECT_EQ(queue(), (Ids{4, 2, 1}));
    EXPECT_EQ(books.book(0).top().bid_price, Price{-4});
    EXPECT_EQ(books.modify(1, OrderId{3}, Price{-4}, Quantity{30}, Priority{20}).status, BookStatus::invalid_field);
    EXPECT_EQ(books.modify(0, OrderId{9}, Price{-4}, Quantity{30}, Priority{20}).status, BookStatus::unknown_order);
    books.clear(0);
    EXPECT_EQ(books.order_count(), 0u);
    EXPECT_FALSE(books.book(0).top().has_bid());
}

}  // namespace
}  // namespace colo
