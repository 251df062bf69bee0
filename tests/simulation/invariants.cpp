// What must hold after every step of whole_system.hpp, and what must hold once everything has come to rest.
#include "tests/simulation/whole_system.hpp"

namespace colo::simulation {

namespace {
std::string name_of(const Book& book, Side side) {
    return std::string(side == Side::buy ? "the bids of locate " : "the asks of locate ") +
           std::to_string(book.locate().value());
}

std::string described(const std::vector<test::ReferenceOrder>& orders) {
    std::string text;
    for (const test::ReferenceOrder& order : orders)
        text += " " + std::to_string(order.id) + ":" + std::to_string(order.quantity);
    return text;
}

// Level by level and order by order, in the order in which they will trade.
void require_same(const Book& book, Side side, const std::vector<test::ReferenceLevel>& expected, std::uint64_t at) {
    const auto fail = [&](const std::string& what) {
        require(false, "the book equals the reference", [&] {
            return name_of(book, side) + " after message " + std::to_string(at) + ": " + what;
        });
    };
    std::size_t depth = 0;
    for (const Level level : book.levels(side)) {
        if (depth == expected.size()) fail("a level too many");
        const test::ReferenceLevel& reference = expected[depth++];
        if (level.price().value() != reference.price)
            fail(std::to_string(level.price().value()) + " instead of " + std::to_string(reference.price));
        std::vector<test::ReferenceOrder> orders;
        for (const Order& order : level.orders()) orders.push_back({order.id.value(), order.quantity.value()});
        if (orders != reference.orders)
            fail("at " + std::to_string(reference.price) + described(orders) + " instead of" + described(reference.orders));
    }
    if (depth != expected.size()) fail("a level is missing");
}
}  // namespace

// Each record before it is stored: the witness first, then what the venue will be held to.
void WholeSystem::on_append(const RecordFields& fields, Bytes payload) {
    if (fields.kind == RecordKind::order_answer) {
        const auto& answers = venue_.answers();
        const std::uint64_t n = fields.sequence.value();
        // A message without bytes says nothing, and no journal holds it.
        for (std::uint64_t skipped = witness_.answers_heard() + 1; skipped < n; ++skipped)
            require(answers[skipped - 1].empty(), "nothing acknowledged is lost",
                    [&] { return "answer " + std::to_string(skipped) + " was passed over"; });
        require(n >= 1 && n <= answers.size() &&
                    std::equal(payload.begin(), payload.end(), answers[n - 1].begin(), answers[n - 1].end()),
                "nothing acknowledged is lost", [&] { return "answer " + std::to_string(n) + " is not the venue's"; });
    }
    if (fields.kind == RecordKind::feed_message)
        for (std::uint64_t skipped = witness_.next_feed(); skipped < fields.sequence.value(); ++skipped)
            require(venue_.published(SequenceNumber{skipped}).empty(), "the feed is whole",
                    [&] { return "message " + std::to_string(skipped) + " was passed over"; });
    witness_.on_record(fields, payload, booting_ || !engine_ ? nullptr : &truth_);
    if (fields.kind != RecordKind::order_sent || booting_) return;
    require_new_number(payload);
    if (network_.order_session.link) network_.order_session.link->journaled.emplace_back(payload.begin(), payload.end());
}

// Whatever was lost since: no order leaves with a number that another has left with.
void WholeSystem::require_new_number(Bytes order) {
    const auto number = number_of(order);
    if (!number) return;
    require(number->value() > number_sent_, "no order twice", [&] {
        return "number " + std::to_string(number->value()) + " after " + std::to_string(number_sent_);
    });
    number_sent_ = number->value();
}

void WholeSystem::check() {
    if (!engine_) return;
    check_positions();
    check_kill_switch();
    // Messages that the journal did not take are not acted upon: the engine ends in its next turn.
    if (!engine_->core().snapshotting() && !journal_.full()) check_book();
}

// Within the turn in which it was pulled, or in which the orders became known again.
void WholeSystem::check_kill_switch() {
    if (!witness_.killed() || engine_->core().session() != SessionState::ready) return;
    engine_->core().orders().for_each_open([](const OwnOrder& order) {
        require(order.cancel_pending, "a killed engine cancels at once",
                [&] { return "order " + std::to_string(order.user_ref_num.value()) + " stands"; });
    });
}

void WholeSystem::check_positions() {
    for (std::uint32_t i = 0; i < instruments.size(); ++i) {
        const std::int64_t held = engine_->core().position(InstrumentIndex{i}).quantity().value();
        require(held == witness_.position(i), "positions equal fills", [&] {
            return std::string(instruments[i].symbol) + ": " + std::to_string(held) + " held, " +
                   std::to_string(witness_.position(i)) + " filled";
        });
    }
}

// The venue's true stream up to where the engine is, through a book that shares nothing with the engine's.
void WholeSystem::check_book() {
    const std::uint64_t next = engine_->arbiter().next_sequence().value();
    if (reference_ && next == reference_next_) return;
    idle_steps_ = 0;
    if (!reference_ || next < reference_next_) {
        reference_.emplace();
        reference_next_ = 1;
    }
    for (; reference_next_ < next; ++reference_next_) reference_->apply(venue_.published(SequenceNumber{reference_next_}));
    for (std::uint32_t i = 0; i < instruments.size(); ++i) {
        if (!instruments[i].traded) continue;
        const Book& book = engine_->core().market().book(InstrumentIndex{i});
        for (const Side side : {Side::buy, Side::sell}) {
            const auto expected = reference_->levels(instruments[i].locate.value(), static_cast<char>(side));
            require_same(book, side, expected, next - 1);
        }
        const WitnessedMarket& market = witness_.market(i);
        require(book.trading_state() == market.state && (book.fault() != BookStatus::ok) == market.broken &&
                    book.last_trade().price == market.last_trade,
                "the book equals the reference", [&] {
                    return "state, fault or last trade of " + std::string(instruments[i].symbol) + " after message " +
                           std::to_string(next - 1);
                });
        tally_.halted_books += market.broken;
    }
}

// Everything has been said and heard on both sides: they must agree on every order that stands.
void WholeSystem::check_rest() {
    const auto& clients = exchange_->matching().client_orders();
    std::size_t open = 0;
    engine_->core().orders().for_each_open([&](const OwnOrder& order) {
        ++open;
        const std::uint32_t handle = clients.find(order.user_ref_num);
        const std::string what = "order " + std::to_string(order.user_ref_num.value());
        require(handle != simulator::ClientOrders::none, "open orders agree", [&] { return what + " stands for us alone"; });
        const simulator::ClientOrder& theirs = clients.order(handle);
        require(theirs.open == order.leaves() && theirs.price == order.price && theirs.book_side() == order.side,
                "open orders agree", [&] { return what + " is another one at the venue"; });
        require(order.settled_open(), "nothing is waited for that was answered", [&] { return what + " is " + std::string(colo::name_of(order.state)); });
    });
    require(open == clients.count(), "open orders agree", [&] {
        return "the venue has " + std::to_string(clients.count()) + ", we know " + std::to_string(open);
    });
    require(!engine_->core().killed() || open == 0, "a killed engine has nothing in the market",
            [&] { return std::to_string(open) + " orders stand"; });
    const Exposure exposure = truth_.exposure(venue_.answers().size());
    for (std::size_t i = 0; i < instruments.size(); ++i)
        require(exposure.position[i] == witness_.position(i), "positions equal fills", [&] {
            return std::string(instruments[i].symbol) + ": the venue has filled " + std::to_string(exposure.position[i]);
        });
}

}  // namespace colo::simulation
