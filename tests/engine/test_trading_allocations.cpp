// Nothing on the hot path allocates: message to book, decision, risk, order, answer and fill, counted.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include "tests/engine/trading_venue.hpp"

namespace {
std::atomic<std::uint64_t> allocations{0};
}  // namespace

// Out of line, because the compiler takes an inlined free for a mismatch with new.
[[gnu::noinline]] void* operator new(std::size_t bytes) {
    allocations.fetch_add(1, std::memory_order_relaxed);
    if (void* memory = std::malloc(bytes)) return memory;
    throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace colo {
namespace {

using namespace trading_test;

// Moves its quotes every few messages.
struct RestlessStrategy {
    std::uint64_t asked = 0;
    [[nodiscard]] Quotes on_book(const MarketView& market) {
        const std::int64_t step = static_cast<std::int64_t>(++asked / 3 % 7) * 100;
        return {Quote{market.bid - Price{step}, Quantity{100}}, Quote{market.ask + Price{step}, Quantity{100}}};
    }
    void on_fill(const Fill&) {}
};

// Keeps the bytes of the orders that are to be answered, in place.
struct FlatSink {
    std::uint64_t orders = 0, rejects = 0;
    std::array<std::array<std::byte, 64>, 8> waiting{};
    std::size_t waiting_count = 0;
    void decoded() {}
    void send(const EncodedOrder& order, SequenceNumber) {
        ++orders;
        if (waiting_count < waiting.size())
            std::copy(order.message().begin(), order.message().end(), waiting[waiting_count++].begin());
    }
    void reject(const RiskRejectPayload&) { ++rejects; }
    void raise(const AnomalyPayload&) {}
};

using Core = TradingCore<RestlessStrategy, FlatSink>;

void fill(Core& core, UserRefNum number, Price price, std::int64_t quantity, std::uint64_t match) {
    ouch50::OrderExecuted executed;
    executed.user_ref_num = number;
    executed.quantity = Quantity{quantity};
    executed.price = price;
    executed.match_number = MatchNumber{match};
    core.on_answer(bytes_of(executed), {});
}

// Accepts or replaces an order, and fills some of it, now and then all.
void answer(Core& core, const std::byte* message, std::uint64_t match) {
    const char type = static_cast<char>(message[0]);
    if (type == ouch50::EnterOrder::type) {
        const auto& order = overlay<ouch50::EnterOrder>(message);
        ouch50::OrderAccepted accepted;
        accepted.user_ref_num = order.user_ref_num;
        accepted.quantity = order.quantity;
        accepted.price = order.price;
        accepted.symbol = order.symbol;
        core.on_answer(bytes_of(accepted), {});
        fill(core, order.user_ref_num, order.price, match % 10 == 0 ? 100 : 10, match);
    } else if (type == ouch50::ReplaceOrder::type) {
        const auto& order = overlay<ouch50::ReplaceOrder>(message);
        ouch50::OrderReplaced replaced;
        replaced.orig_user_ref_num = order.orig_user_ref_num;
        replaced.user_ref_num = order.user_ref_num;
        replaced.quantity = Quantity{100};
        replaced.price = order.price;
        core.on_answer(bytes_of(replaced), {});
        fill(core, order.user_ref_num, order.price, match % 10 == 0 ? 100 : 10, match);
    }
}

TEST(TradingAllocations, HotPathHasNone) {
    EngineConfig config = parse_engine_config(
        config_text({{"message_rate_max", R"({"messages": 100000, "window_ms": 1})"}, {"position_max", "100000000"},
                     {"gross_notional_max", "1000000000000000"}}),
        "engine.json");
    config.tables.own_orders = 100'000;
    FlatSink sink;
    Core core(config, RestlessStrategy{}, sink);
    core.on_control("start", {});
    core.on_control("order session up", {});
    ouch50::AccountQueryResponse response;
    response.next_user_ref_num = UserRefNum{1};
    core.on_answer(bytes_of(response), {});
    ASSERT_EQ(core.session(), SessionState::ready);
    itch50::AddOrder add;
    add.stock_locate = locate;
    add.stock = "AMZN";
    add.shares = Quantity{100};
    std::uint64_t before = 0;
    constexpr std::uint64_t messages = 40'000, warm_up = 2'000;
    for (std::uint64_t i = 1; i <= messages; ++i) {
        if (i == warm_up) before = allocations.load();
        const auto side = i % 2 == 0 ? Side::buy : Side::sell;
        add.timestamp = SessionTime{34'200'000'000'000 + static_cast<std::int64_t>(i) * 1'000'000};
        add.order_reference_number = OrderId{i};
        add.buy_sell_indicator = side;
        add.price = Price{side == Side::buy ? 990'000 : 1'010'000};
        core.on_feed_message(SequenceNumber{i}, bytes_of(add), {});
        const auto waiting = sink.waiting;
        const std::size_t count = std::exchange(sink.waiting_count, 0);
        for (std::size_t n = 0; n < count; ++n) answer(core, waiting[n].data(), i);
        if (i <= 100) continue;
        itch50::OrderDelete gone;
        gone.stock_locate = locate;
        gone.timestamp = add.timestamp;
        gone.order_reference_number = OrderId{i - 100};
        core.on_feed_message(SequenceNumber{i}, bytes_of(gone), {});
    }
    EXPECT_EQ(allocations.load() - before, 0u);
    EXPECT_GT(sink.orders, 10'000u);
    EXPECT_GT(core.counts().fills, 1'000u);
}

}  // namespace
}  // namespace colo
