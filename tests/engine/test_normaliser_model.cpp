// The normaliser against a slow, obvious model of its own on random sessions: every field of every row.
#include <map>
#include <random>

#include "tests/engine/journal_fixture.hpp"
#include "tests/engine/normaliser_fixture.hpp"

namespace colo::test {
namespace {

struct ModelOrder {
    std::uint16_t locate;
    Side side;
    std::int64_t price;
    std::int64_t quantity;
};

// Recomputes everything from all open orders after every message.
struct Model {
    std::map<std::uint64_t, ModelOrder> orders;
    std::map<std::uint16_t, std::int64_t> last_time;

    struct Best {
        std::int64_t bid = 0, bid_quantity = 0, ask = 0, ask_quantity = 0;
        bool two_sided() const { return bid_quantity > 0 && ask_quantity > 0; }
    };
    Best best(std::uint16_t locate) const {
        Best best;
        for (const auto& [id, order] : orders) {
            if (order.locate != locate) continue;
            const bool buy = order.side == Side::buy;
            std::int64_t& price = buy ? best.bid : best.ask;
            std::int64_t& quantity = buy ? best.bid_quantity : best.ask_quantity;
            if (quantity == 0 || (buy ? order.price > price : order.price < price)) price = order.price, quantity = 0;
            if (order.price == price) quantity += order.quantity;
        }
        return best;
    }
    static std::int64_t imbalance(const Best& a, const Best& b) {
        if (!a.two_sided() || !b.two_sided()) return 0;
        const auto side = [](bool better, bool worse, std::int64_t before, std::int64_t after) {
            return better ? after : worse ? -before : after - before;
        };
        return side(b.bid > a.bid, b.bid < a.bid, a.bid_quantity, b.bid_quantity) -
               side(b.ask < a.ask, b.ask > a.ask, a.ask_quantity, b.ask_quantity);
    }
};

class RandomSession {
public:
    explicit RandomSession(std::uint64_t seed) : random_(seed) {}

    void run(int messages) {
        for (int i = 0; i < messages && !::testing::Test::HasFailure(); ++i) step();
    }

private:
    std::int64_t between(std::int64_t low, std::int64_t high) {
        return low + static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(high - low + 1));
    }
    std::map<std::uint64_t, ModelOrder>::iterator any_order() {
        auto found = model_.orders.lower_bound(random_() % next_id_);
        return found == model_.orders.end() ? model_.orders.begin() : found;
    }

    void step() {
        time_ += between(0, 3) == 0 ? 0 : between(1, 5'000);
        TickRecord want{};
        const auto choice = model_.orders.empty() ? 0 : between(0, 9);
        const auto order = model_.orders.empty() ? model_.orders.end() : any_order();
        locate_ = choice < 4 ? static_cast<std::uint16_t>(between(1, 2)) : order->second.locate;
        const Model::Best before = model_.best(locate_);
        const TickRecord row = choice < 4 ? add(want) : choice < 6 ? execute(order, want)
                             : choice < 7 ? cancel(order, want) : choice < 8 ? erase(order, want)
                                                                             : replace(order, want);
        finish(before, want);
        ASSERT_EQ(std::memcmp(&row, &want, sizeof row), 0) << "message " << row.sequence << ", action "
                                                           << static_cast<char>(row.action);
    }

    TickRecord add(TickRecord& want) {
        const ModelOrder order{locate_, between(0, 1) == 0 ? Side::buy : Side::sell, 0, between(1, 500)};
        const std::int64_t price = (order.side == Side::buy ? 10'000 : 10'200) + 100 * between(-6, 6);
        want.action = 'A';
        const std::uint64_t id = next_id_++;
        describe(want, id, order.side, price, order.quantity);
        model_.orders[id] = {locate_, order.side, price, order.quantity};
        return feed_.add(locate_, id, order.side, price, order.quantity, time_);
    }
    TickRecord execute(std::map<std::uint64_t, ModelOrder>::iterator at, TickRecord& want) {
        auto& [id, order] = *at;
        const std::int64_t quantity = between(1, order.quantity);
        want.action = 'F';
        want.reference = static_cast<std::int64_t>(++match_);
        want.flags = tick_flag::printable;
        describe(want, id, order.side, order.price, quantity);
        const std::uint64_t executed = id;
        reduce(at, quantity);
        return feed_.execute(locate_, executed, quantity, match_, time_);
    }
    TickRecord cancel(std::map<std::uint64_t, ModelOrder>::iterator at, TickRecord& want) {
        auto message = feed_.at<itch50::OrderCancel>(time_, locate_);
        const std::int64_t quantity = between(1, at->second.quantity);
        message.order_reference_number = OrderId{at->first};
        message.cancelled_shares = Quantity{quantity};
        want.action = 'X';
        describe(want, at->first, at->second.side, at->second.price, quantity);
        reduce(at, quantity);
        return feed_.tick(message);
    }
    TickRecord erase(std::map<std::uint64_t, ModelOrder>::iterator at, TickRecord& want) {
        auto message = feed_.at<itch50::OrderDelete>(time_, locate_);
        message.order_reference_number = OrderId{at->first};
        want.action = 'D';
        describe(want, at->first, at->second.side, at->second.price, at->second.quantity);
        model_.orders.erase(at);
        return feed_.tick(message);
    }
    TickRecord replace(std::map<std::uint64_t, ModelOrder>::iterator at, TickRecord& want) {
        auto message = feed_.at<itch50::OrderReplace>(time_, locate_);
        const std::uint64_t id = next_id_++;
        const std::int64_t price = at->second.price + 100 * between(-2, 2), quantity = between(1, 500);
        message.original_order_reference_number = OrderId{at->first};
        message.new_order_reference_number = OrderId{id};
        message.price = Price{price};
        message.shares = Quantity{quantity};
        want.action = 'M';
        want.reference = static_cast<std::int64_t>(at->first);
        describe(want, id, at->second.side, price, quantity);
        const Side side = at->second.side;
        model_.orders.erase(at);
        model_.orders[id] = {locate_, side, price, quantity};
        return feed_.tick(message);
    }

    static void describe(TickRecord& want, std::uint64_t id, Side side, std::int64_t price, std::int64_t quantity) {
        want.order_id = static_cast<std::int64_t>(id);
        want.side = static_cast<std::int8_t>(side);
        want.price = price;
        want.quantity = quantity;
    }
    void reduce(std::map<std::uint64_t, ModelOrder>::iterator at, std::int64_t quantity) {
        at->second.quantity -= quantity;
        if (at->second.quantity == 0) model_.orders.erase(at);
    }
    void finish(const Model::Best& before, TickRecord& want) {
        const Model::Best after = model_.best(locate_);
        const auto sequence = static_cast<std::int64_t>(feed_.sequence) - 1;
        want.event_time_ns = midnight_ns + time_;
        want.receive_time_ns = 900 + sequence;
        want.sequence = sequence;
        want.journal_offset = 4096 + 100 * sequence;
        want.bid_price = after.bid;
        want.bid_quantity = after.bid_quantity;
        want.ask_price = after.ask;
        want.ask_quantity = after.ask_quantity;
        want.order_flow_imbalance = Model::imbalance(before, after);
        want.spread_before = before.two_sided() ? before.ask - before.bid : 0;
        const auto last = model_.last_time.find(locate_);
        want.elapsed_ns = before.two_sided() && last != model_.last_time.end() ? time_ - last->second : 0;
        want.instrument_id = locate_ == 1 ? 111 : 222;
        model_.last_time[locate_] = time_;
    }

    std::mt19937_64 random_;
    Feed feed_;
    Model model_;
    std::int64_t time_ = open_ns;
    std::uint64_t next_id_ = 1;
    std::uint64_t match_ = 0;
    std::uint16_t locate_ = 1;
};

TEST(NormaliserModel, every_field_equals_the_slow_model) {
    const std::uint64_t chosen = seed();
    SCOPED_TRACE("COLO_SEED=" + std::to_string(chosen));
    for (std::uint64_t session = 0; session < 10; ++session) RandomSession(chosen + session).run(3'000);
}

}  // namespace
}  // namespace colo::test
