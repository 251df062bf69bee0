// The order table against every history that a venue can give two orders, in every order of its answers, with a lost
// connection at every point: in the end it knows what the venue knows, and on the way what a slow model knows.
#include <gtest/gtest.h>

#include <numeric>

#include "engine/orders/order_table.hpp"
#include "tests/engine/order_histories.hpp"

namespace colo {
namespace {

using namespace histories;

// An answer about the order of this number.
struct Of {
    std::uint32_t number;
    bool operator()(const auto& answer) const { return answer.user_ref_num.value() == number; }
};

// What may be said of an order from the answers had so far: looked up in the whole list each time, nothing remembered.
class SlowModel {
public:
    SlowModel(const History& history, std::vector<std::size_t> had, std::ptrdiff_t disconnected_after)
        : history_(history), had_(std::move(had)), disconnected_after_(disconnected_after) {}

    [[nodiscard]] OrderState state(std::uint32_t number) const {
        if (any<OrderReplaced>([&](const auto& a) { return a.original.value() == number; })) return OrderState::replaced;
        if (any<OrderRejected>(Of{number}) || given_up(number)) return OrderState::rejected;
        const std::int64_t filled = sum<OrderExecuted>(number);
        if (leaves(number) <= 0) return taken_out(number) > 0 ? OrderState::cancelled : OrderState::filled;
        if (unknown(number)) return OrderState::unknown;
        if (cancel_wanted(number) && !any<CancelRejected>(Of{number})) return OrderState::pending_cancel;
        if (!acknowledged(number)) return OrderState::pending_new;
        if (const std::uint32_t by = replacement_of(number); by != 0 && !any<OrderRejected>(Of{by}))
            return OrderState::pending_replace;
        return filled > 0 ? OrderState::partly_filled : OrderState::live;
    }

private:
    template <class Answer, class Such>
    [[nodiscard]] bool any(Such&& such, std::size_t from = 0) const {
        for (std::size_t i = from; i < had_.size(); ++i)
            if (const auto* answer = std::get_if<Answer>(&history_.answers[had_[i]]); answer != nullptr && such(*answer))
                return true;
        return false;
    }
    template <class Answer>
    [[nodiscard]] std::int64_t sum(std::uint32_t number) const {
        std::int64_t total = 0;
        for (const std::size_t i : had_)
            if (const auto* answer = std::get_if<Answer>(&history_.answers[i]);
                answer != nullptr && answer->user_ref_num.value() == number)
                total += answer->quantity.value();
        return total;
    }
    [[nodiscard]] bool acknowledged(std::uint32_t number) const {
        return any<OrderAccepted>(Of{number}) || any<OrderReplaced>(Of{number});
    }
    // What the venue has confirmed, else what was asked for.
    [[nodiscard]] std::int64_t quantity(std::uint32_t number) const {
        std::int64_t found = number == 1 ? 100 : 0;
        for (const Request& request : history_.requests)
            if (request.number == number && request.kind != Request::Kind::cancel) found = request.quantity;
        for (const std::size_t i : had_)
            if (const auto* answer = std::get_if<OrderReplaced>(&history_.answers[i]);
                answer != nullptr && Of{number}(*answer))
                found = answer->quantity.value();
        return found;
    }
    [[nodiscard]] bool dead(std::uint32_t number) const {
        return any<OrderAccepted>([&](const auto& a) { return a.user_ref_num.value() == number && !a.live; });
    }
    [[nodiscard]] std::int64_t taken_out(std::uint32_t number) const {
        return dead(number) ? quantity(number) - sum<OrderExecuted>(number) : sum<OrderCancelled>(number);
    }
    [[nodiscard]] std::int64_t leaves(std::uint32_t number) const {
        return quantity(number) - sum<OrderExecuted>(number) - taken_out(number);
    }
    [[nodiscard]] std::uint32_t replacement_of(std::uint32_t number) const {
        for (const Request& request : history_.requests)
            if (request.kind == Request::Kind::replace && request.original == number) return request.number;
        return 0;
    }
    // A venue ignores the replacement of an order that has ended.
    [[nodiscard]] bool given_up(std::uint32_t number) const {
        for (const Request& request : history_.requests)
            if (request.kind == Request::Kind::replace && request.number == number)
                return !acknowledged(number) && leaves(request.original) <= 0;
        return false;
    }
    [[nodiscard]] bool cancel_wanted(std::uint32_t number) const {
        return std::any_of(history_.requests.begin(), history_.requests.end(), [&](const Request& request) {
            return request.kind == Request::Kind::cancel && request.number == number;
        });
    }
    [[nodiscard]] bool unknown(std::uint32_t number) const {
        if (disconnected_after_ < 0) return false;
        const auto from = static_cast<std::size_t>(disconnected_after_);
        return !any<OrderAccepted>(Of{number}, from) && !any<OrderReplaced>(Of{number}, from) &&
               !any<OrderExecuted>(Of{number}, from) && !any<OrderCancelled>(Of{number}, from);
    }

    const History& history_;
    std::vector<std::size_t> had_;
    std::ptrdiff_t disconnected_after_;  // so many answers; -1: never
};

class Ordering {
public:
    // `order`: in which the answers come after the known ones; `broken_at`: how many of them before the connection
    // breaks, -1: it does not.
    Ordering(const History& history, const std::vector<std::size_t>& order, std::ptrdiff_t broken_at)
        : history_(history), order_(order), broken_at_(broken_at) {}

    // The first thing that is wrong, empty where nothing is.
    [[nodiscard]] std::string run() {
        send_known();
        send(history_.requests);
        for (std::size_t i = 0; i <= order_.size(); ++i) {
            if (std::cmp_equal(i, broken_at_)) {
                table_.disconnected();
                disconnected_after_ = static_cast<std::ptrdiff_t>(had_.size());
            }
            if (std::string wrong = compare_with_model(); !wrong.empty()) return wrong + where(i);
            if (i < order_.size()) deliver(order_[i]);
        }
        if (broken_at_ >= 0) table_.reconcile(UserRefNum{1});
        return compare_with_truth();
    }

private:
    void send_known() {
        if (history_.known == 0) return;
        table_.enter(instrument, Side::buy, price, shares(100));
        for (std::size_t i = 0; i < history_.known; ++i) deliver(i);
    }
    void send(const std::vector<Request>& requests) {
        for (const Request& request : requests) {
            if (request.kind == Request::Kind::enter)
                table_.enter(instrument, Side::buy, price, shares(request.quantity));
            else if (request.kind == Request::Kind::cancel)
                table_.request_cancel(UserRefNum{request.number});
            else
                table_.replace(UserRefNum{request.original}, price, shares(request.quantity));
        }
    }
    void deliver(std::size_t answer) {
        const AnswerOutcome outcome = table_.apply(history_.answers[answer]);
        if (outcome.fill) position_ += outcome.fill->quantity;
        had_.push_back(answer);
    }
    [[nodiscard]] std::string compare_with_model() const {
        const SlowModel model(history_, had_, disconnected_after_);
        for (std::uint32_t number = 1; number <= 2; ++number) {
            const OwnOrder* order = table_.find(UserRefNum{number});
            if (order != nullptr && order->state != model.state(number)) return differs(number, order->state, model.state(number));
        }
        return {};
    }
    [[nodiscard]] std::string compare_with_truth() const {
        std::size_t open = 0;
        for (std::uint32_t number = 1; number <= 2; ++number) {
            const OwnOrder* order = table_.find(UserRefNum{number});
            const VenueOrder& truth = history_.orders[number];
            if (order == nullptr) continue;
            open += truth.open() > 0;
            if (order->state != truth.state()) return differs(number, order->state, truth.state()) + " in the end";
            if (order->leaves() != shares(truth.open())) return "leaves of " + std::to_string(number);
            if (truth.arrived && !truth.refused && order->executed_before != shares(truth.executed_before))
                return "executed before " + std::to_string(number);
        }
        if (position_ != shares(history_.position())) return "position";
        if (table_.exposure(instrument, Side::buy) != shares(history_.open())) return "exposure";
        if (table_.open_count() != open) return "count of open orders";
        std::size_t listed = 0;
        table_.for_each_open([&](const OwnOrder&) { ++listed; });
        std::size_t on_side = 0;
        static_cast<void>(table_.any_open(instrument, Side::buy, [&](const OwnOrder&) { return ++on_side > 9; }));
        if (listed != open || on_side != open) return "lists of open orders";
        return {};
    }
    [[nodiscard]] static std::string differs(std::uint32_t number, OrderState found, OrderState expected) {
        return "order " + std::to_string(number) + " is " + std::string(name_of(found)) + ", not " + std::string(name_of(expected));
    }
    [[nodiscard]] static std::string where(std::size_t answers) { return " after " + std::to_string(answers) + " answers"; }

    const History& history_;
    const std::vector<std::size_t>& order_;
    std::ptrdiff_t broken_at_;
    std::ptrdiff_t disconnected_after_ = -1;
    OrderTable table_{1, 4};
    std::vector<std::size_t> had_;
    Quantity position_;
};

std::string told(const History& history, const std::vector<std::size_t>& order, std::ptrdiff_t broken_at) {
    std::string text;
    for (std::size_t i = 0; i < history.known; ++i) text += history.told[i] + "; ";
    for (std::size_t i = 0; i < order.size(); ++i)
        text += (std::cmp_equal(i, broken_at) ? "DISCONNECT; " : "") + history.told[order[i]] + "; ";
    return text;
}

// Every ordering of the answers of every history, with the connection lost at every point of each.
class EveryOrdering {
public:
    void operator()(const History& history) {
        ++histories;
        std::vector<std::size_t> order(history.answers.size() - history.known);
        std::iota(order.begin(), order.end(), history.known);
        do {
            for (auto broken = static_cast<std::ptrdiff_t>(history.lost_requests ? 0 : -1); broken <= std::ssize(order); ++broken) {
                ++orderings;
                const std::string wrong = Ordering(history, order, broken).run();
                ASSERT_EQ(wrong, "") << told(history, order, broken);
            }
        } while (std::next_permutation(order.begin(), order.end()));
    }
    std::size_t histories = 0, orderings = 0;
};

using Kind = Request::Kind;

TEST(OrderHistories, NewAndCancelInEveryOrdering) {
    EveryOrdering every;
    explore_from_nothing({{Kind::enter, 1, 100}}, 4, every);
    explore_from_nothing({{Kind::enter, 1, 100}, {Kind::cancel, 1}}, 4, every);
    EXPECT_EQ(every.histories, 52u);
    EXPECT_EQ(every.orderings, 34'029u);
}

TEST(OrderHistories, ReplaceInEveryOrdering) {
    EveryOrdering every;
    for (const std::int64_t filled : {0, 30})
        for (const std::int64_t quantity : {20, 100, 150})
            explore_from_live(filled, {{Kind::replace, 2, quantity, 1}}, 4, every);
    EXPECT_EQ(every.histories, 251u);
    EXPECT_EQ(every.orderings, 39'152u);
}

// What the kill switch does while a replacement is on its way: both are cancelled.
TEST(OrderHistories, ReplaceAndCancelOfBothInEveryOrdering) {
    EveryOrdering every;
    for (const std::int64_t filled : {0, 30})
        for (const std::int64_t quantity : {20, 100, 150}) {
            explore_from_live(filled, {{Kind::replace, 2, quantity, 1}, {Kind::cancel, 2}}, 3, every);
            explore_from_live(filled, {{Kind::replace, 2, quantity, 1}, {Kind::cancel, 1}, {Kind::cancel, 2}}, 3, every);
        }
    EXPECT_EQ(every.histories, 1'983u);
    EXPECT_EQ(every.orderings, 497'738u);
}

TEST(OrderNumbers, ComeFromBlocksAndNeverTwice) {
    OrderTable table(1, 100);
    EXPECT_EQ(table.numbers_left(), 100u) << "no block was told of";
    EXPECT_EQ(table.next_block(10), UserRefNum{10});
    table.reserve(UserRefNum{10});
    EXPECT_FALSE(table.room()) << "reserved, but not for certain";
    table.allow(UserRefNum{10});
    EXPECT_EQ(table.numbers_left(), 10u);
    for (int i = 0; i < 10; ++i) table.enter(instrument, Side::buy, price, shares(1));
    EXPECT_FALSE(table.room());
    table.allow(*table.next_block(10));
    EXPECT_EQ(table.enter(instrument, Side::buy, price, shares(1)).user_ref_num, UserRefNum{11});
    table.skip_reserved();  // a process begins that does not know how far another came
    EXPECT_FALSE(table.room());
    table.reserve(*table.next_block(10));
    table.skip_reserved();
    table.allow(*table.next_block(10));
    EXPECT_EQ(table.next(), UserRefNum{31}) << "what another reserved is never used, even if it had not begun";
    table.reconcile(UserRefNum{50});
    EXPECT_FALSE(table.room()) << "the venue has seen more than was reserved";
    EXPECT_EQ(table.next_block(1'000), UserRefNum{100}) << "what the table holds";
    table.allow(UserRefNum{1'000});
    EXPECT_EQ(table.next(), UserRefNum{50});
    EXPECT_EQ(table.numbers_left(), 51u);
    table.skip_reserved();
    EXPECT_FALSE(table.next_block(10));
}

}  // namespace
}  // namespace colo
