// The venue against a slow, plain one on random sessions, and what must hold whatever happens: no recorded share is
// given twice, no order is filled beyond its quantity, no order loses its place in the queue.
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>

#include "engine/simulator/random_source.hpp"
#include "tests/engine/reference_venue.hpp"
#include "tests/engine/venue_session.hpp"

namespace colo::simulator {
namespace {

// Plays random messages to both venues. Few prices and small quantities, so that everything meets.
class RandomVenues {
public:
    explicit RandomVenues(std::uint64_t seed) : random_(seed) {}

    void step() {
        if (random_.chance(0.3)) client_message();
        else recorded_message();
    }
    // What happened in the step: the quantity that the recorded message offered, 0 for a client message.
    std::int64_t offered = 0;
    VenueSession real;
    ReferenceVenue reference;
    std::map<std::uint64_t, std::int64_t> entered;  // quantity by client order number
    std::uint64_t moved = 0;                        // the client order that a replacement has put at a new place

private:
    [[nodiscard]] std::int64_t price() { return 1000 + random_.between(0, 5); }
    [[nodiscard]] std::int64_t quantity() { return random_.between(1, 60); }
    [[nodiscard]] std::uint64_t known() { return ids_.empty() ? 1 : ids_[random_.below(ids_.size())]; }
    [[nodiscard]] std::uint64_t number() { return 1 + random_.below(next_number_ + 1); }

    void recorded_message() {
        const std::uint64_t id = known();
        const std::int64_t shares = quantity(), at = price();
        offered = shares;
        switch (random_.below(8)) {
        case 0: case 1: case 2: {
            const bool buy = random_.chance(0.5);
            const std::uint64_t fresh = random_.chance(0.02) ? id : next_id_++;
            ids_.push_back(fresh);
            real.add(fresh, buy ? Side::buy : Side::sell, shares, cents(at));
            reference.add(fresh, buy, shares, at);
            break;
        }
        case 3: real.execute(id, shares, next_match_++); reference.execute(id, shares); break;
        case 4: real.reduce(id, shares); reference.reduce(id, shares); break;
        case 5: real.remove(id); reference.remove(id); break;
        case 6: {
            const std::uint64_t fresh = next_id_++;
            ids_.push_back(fresh);
            real.replace(id, fresh, shares, cents(at));
            reference.replace(id, fresh, shares, at);
            break;
        }
        default: real.hidden_trade(shares, cents(at), next_match_++); reference.hidden_trade(shares, at); break;
        }
    }

    void client_message() {
        const std::int64_t shares = quantity(), at = price();
        const std::uint64_t old = number();
        offered = 0;
        switch (random_.below(4)) {
        case 0: case 1: {
            const bool buy = random_.chance(0.5), rests = random_.chance(0.8);
            const std::uint64_t fresh = random_.chance(0.05) ? old : next_number_++;
            entered.emplace(fresh, shares);
            real.enter(static_cast<std::uint32_t>(fresh), buy ? 'B' : 'S', shares, cents(at), rests ? '0' : '3');
            reference.enter(fresh, buy, shares, at, rests);
            break;
        }
        case 2:
            real.cancel(static_cast<std::uint32_t>(old), shares / 2);
            reference.cancel(old, shares / 2);
            break;
        default: {
            const std::uint64_t fresh = next_number_++;
            real.replace_own(static_cast<std::uint32_t>(old), static_cast<std::uint32_t>(fresh), shares, cents(at));
            reference.replace_own(old, fresh, shares, at);
            break;
        }
        }
    }

    RandomSource random_;
    std::vector<std::uint64_t> ids_;
    std::uint64_t next_id_ = 1, next_number_ = 1, next_match_ = 1;
};

[[nodiscard]] std::uint64_t first_seed() {
    const char* text = std::getenv("COLO_SEED");
    return text != nullptr ? std::strtoull(text, nullptr, 10) : 20'260'115;
}

TEST(MatchingProperties, EqualsTheSlowVenueOnRandomSessions) {
    for (std::uint64_t seed = first_seed(); seed < first_seed() + 60; ++seed) {
        RandomVenues venues(seed);
        std::size_t heard = 0;
        for (int step = 0; step < 1500; ++step) {
            venues.step();
            const Said said = venues.real.said();
            const Said& all = venues.reference.said;
            const Said expected(all.begin() + static_cast<std::ptrdiff_t>(heard), all.end());
            ASSERT_EQ(said, expected) << "COLO_SEED=" << seed << " step " << step;
            heard = venues.reference.said.size();
        }
        EXPECT_GT(heard, 200u) << "COLO_SEED=" << seed;
    }
}

TEST(MatchingProperties, BothKnowTheSameQueues) {
    for (std::uint64_t seed = first_seed(); seed < first_seed() + 20; ++seed) {
        RandomVenues venues(seed);
        std::size_t resting = 0;
        for (int step = 0; step < 1000; ++step) {
            venues.step();
            for (const auto& order : venues.reference.orders) {
                if (!order.client) continue;
                ++resting;
                ASSERT_EQ(venues.real.ahead(static_cast<std::uint32_t>(order.id)), venues.reference.ahead(order.id))
                    << "COLO_SEED=" << seed << " step " << step << " order " << order.id;
            }
        }
        EXPECT_GT(resting, 500u);
    }
}

TEST(MatchingProperties, RecordedSharesAreGivenOnce) {
    for (std::uint64_t seed = first_seed(); seed < first_seed() + 40; ++seed) {
        RandomVenues venues(seed);
        std::uint64_t heard = 1;
        for (int step = 0; step < 1500; ++step) {
            venues.step();
            const Matching& matching = venues.real.matching;
            std::int64_t given = 0;
            for (; heard < matching.answers().next(); ++heard) {
                const Bytes answer = matching.answers().message(heard);
                if (static_cast<char>(answer[0]) != 'E') continue;
                const auto& executed = overlay<ouch50::OrderExecuted>(answer);
                if (executed.liquidity_flag == 'A') given += executed.quantity.get().value();
            }
            if (venues.offered > 0) ASSERT_LE(given, venues.offered) << "COLO_SEED=" << seed << " step " << step;
            else ASSERT_EQ(given, 0);
            matching.book().each([&](const RecordedOrder& order) {
                // No order was ever larger.
                ASSERT_LE(order.taken.value(), 60) << "COLO_SEED=" << seed << " step " << step;
                ASSERT_GT(order.quantity.value(), 0);
            });
        }
    }
}

TEST(MatchingProperties, NobodyMovesBackInTheQueue) {
    for (std::uint64_t seed = first_seed(); seed < first_seed() + 20; ++seed) {
        RandomVenues venues(seed);
        std::map<std::uint32_t, std::int64_t> before;  // quantity ahead by number
        for (int step = 0; step < 1000; ++step) {
            venues.step();
            std::map<std::uint32_t, std::int64_t> after;
            for (const UserRefNum number : venues.real.matching.client_orders().numbers()) {
                after[number.value()] = venues.real.ahead(number.value());
                const auto earlier = before.find(number.value());
                if (earlier != before.end()) {
                    ASSERT_LE(after[number.value()], earlier->second) << "COLO_SEED=" << seed << " step " << step;
                }
            }
            before = after;
        }
    }
}

TEST(MatchingProperties, SameMessagesGiveTheSameBytes) {
    RandomVenues first(first_seed()), second(first_seed());
    for (int step = 0; step < 3000; ++step) {
        first.step();
        second.step();
    }
    const AnswerLog& a = first.real.matching.answers();
    const AnswerLog& b = second.real.matching.answers();
    ASSERT_EQ(a.next(), b.next());
    EXPECT_EQ(text_of(a.packets_from(1)), text_of(b.packets_from(1)));
}

}  // namespace
}  // namespace colo::simulator
