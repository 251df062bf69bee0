// Attacks on the chain of types between a decision and the wire: nothing but the risk gate makes a CheckedOrder, nothing
// but the gateway makes an EncodedOrder, and nothing else is taken by the order session.
#include <gtest/gtest.h>

#include <bit>
#include <type_traits>

#include "engine/orders/risk.hpp"
#include "engine/runtime/order_gateway.hpp"
#include "engine/runtime/soup_client.hpp"
#include "tests/engine/trading_fixture.hpp"

namespace colo {
namespace {

using OrderSession = SoupClient<trading_test::MemoryConnection>;

// What an attacker would write; each must not compile. The last of each pair is the way that is meant.
template <class T>
concept MadeOfNothing = requires { T{}; };
template <class T, class... From>
concept MadeOf = requires(From... from) { T{from...}; } || requires(From... from) { T(from...); };
template <class T>
concept Copied = requires(const T& value) { T(value); } || requires(T& to, const T& from) { to = from; };
template <class T, class From>
concept Reinterpreted = requires(From from) { std::bit_cast<T>(from); };
template <class T>
concept SentByASession = requires(OrderSession& session, T& value) { session.send(value); };
template <class T>
concept WrittenByASession = requires(OrderSession& session, T& value) { session.write(value); };
template <class T>
concept SpentAt = requires(OrderGateway& gateway, T value) { gateway.spend(std::forward<T>(value)); };
template <class T>
concept EncodedAt = requires(OrderGateway& gateway, T& value) { gateway.enter(value); } ||
                    requires(OrderGateway& gateway, T& value) { gateway.replace(value); } ||
                    requires(OrderGateway& gateway, T& value) { gateway.cancel(value); };
template <class T>
concept RequestChanged = requires(T& value) { value.request().quantity = Quantity{1}; } ||
                         requires(T& value) { value.request_.quantity = Quantity{1}; };

struct Derived : CheckedOrder {
    using CheckedOrder::CheckedOrder;
};

static_assert(!MadeOfNothing<CheckedOrder> && !MadeOf<CheckedOrder, OrderRequest>);
static_assert(!MadeOf<Derived, OrderRequest> && !std::is_default_constructible_v<Derived>);
static_assert(!Copied<CheckedOrder> && !std::is_trivially_copyable_v<CheckedOrder>);
static_assert(!Reinterpreted<CheckedOrder, std::array<std::byte, sizeof(CheckedOrder)>>);
static_assert(!RequestChanged<CheckedOrder>);
static_assert(!SpentAt<OrderRequest> && !SpentAt<CheckedOrder&> && SpentAt<CheckedOrder>);
static_assert(!EncodedAt<OrderRequest>);
static_assert(!MadeOfNothing<EncodedOrder> && !MadeOf<EncodedOrder, Bytes>);
static_assert(!MadeOf<EncodedOrder, ouch50::EnterOrder, UserRefNum>);
static_assert(!SentByASession<Bytes> && !SentByASession<CheckedOrder> && !SentByASession<ouch50::EnterOrder>);
static_assert(!WrittenByASession<Bytes> && SentByASession<EncodedOrder>);

class OrderGate : public testing::Test {
protected:
    OrderTable orders{1, 100};
    std::vector<Position> positions{1};
    RiskGate gate{{}, {{"AMZN", "quoter", false}}, orders, positions};
    std::vector<Alpha<8>> symbols{Alpha<8>("AMZN")};
    OrderGateway gateway{orders, symbols};

    CheckedOrder checked() {
        const OrderRequest request{OrderRequest::Kind::enter, {}, Side::buy, Price{1'000'000}, Quantity{1}, UserRefNum{0}};
        const MarketReference market{Price{999'900}, Price{1'000'100}, {}, TradingPhase::continuous, false};
        return *gate.check(request, market, Timestamp{1});
    }
};

TEST_F(OrderGate, IsSpentByMoving) {
    CheckedOrder order = checked();
    EXPECT_FALSE(order.spent());
    EXPECT_EQ(gateway.spend(std::move(order)).user_ref_num(), UserRefNum{1});
    EXPECT_TRUE(order.spent());  // NOLINT: that it was moved from is the point
}

TEST_F(OrderGate, OneCheckIsOneMessage) {
    CheckedOrder order = checked();
    static_cast<void>(gateway.spend(std::move(order)));
    EXPECT_DEATH(static_cast<void>(gateway.spend(std::move(order))), "");  // NOLINT: the attack
    EXPECT_EQ(orders.next(), UserRefNum{2});
}

}  // namespace
}  // namespace colo
