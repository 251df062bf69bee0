// ouch_encode: an order's fields to the bytes that leave, envelope included, beside a copy of such bytes.
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <new>
#include <random>
#include <vector>

#include "engine/bench/measure.hpp"
#include "engine/core/types.hpp"
#include "engine/protocol/ouch50.hpp"
#include "engine/protocol/soupbintcp.hpp"

namespace colo::bench {
namespace {

struct Order {
    UserRefNum number;
    Side side;
    Quantity quantity;
    Price price;
    std::uint32_t instrument;
};
using Packet = soupbintcp::Enveloped<ouch50::EnterOrder>;
constexpr std::size_t kinds = 1024;
constexpr std::size_t places = 64;  // packets lie in a buffer that stays in the first cache
constexpr int passes = 31, rounds = 200;

// Not inlined, so that neither loop is specialised for what the other sees.
[[gnu::noinline]] void encode(const Order& order, const std::array<Alpha<8>, 16>& symbols, std::byte* to) {
    // In its place from the first byte on: a message that is built elsewhere and copied waits twice for its own stores.
    auto& message = (new (to) Packet)->message;
    message.user_ref_num = order.number;
    message.side = order.side == Side::buy ? ouch50::OrderSide::buy : ouch50::OrderSide::sell;
    message.quantity = order.quantity;
    message.symbol = symbols[order.instrument];
    message.price = order.price;
}
[[gnu::noinline]] void copy(const Packet& from, std::byte* to) { std::memcpy(to, &from, sizeof from); }

void measure() {
    std::array<Alpha<8>, 16> symbols{};
    for (std::size_t i = 0; i < symbols.size(); ++i) symbols[i] = std::string(1, static_cast<char>('A' + i)).c_str();
    std::mt19937_64 random(5);
    std::vector<Order> orders(kinds);
    std::uint32_t number = 0;
    for (Order& order : orders) {
        order = {UserRefNum{++number}, random() % 2 == 0 ? Side::buy : Side::sell,
                 Quantity{static_cast<std::int64_t>(1 + random() % 1'000)},
                 Price{static_cast<std::int64_t>(100 * (1 + random() % 1'000'000))},
                 static_cast<std::uint32_t>(random() % symbols.size())};
    }
    std::array<std::array<std::byte, 64>, places> buffer{};
    std::vector<Packet> packets(kinds);
    for (std::size_t i = 0; i < kinds; ++i) {
        encode(orders[i], symbols, buffer[0].data());
        std::memcpy(static_cast<void*>(&packets[i]), buffer[0].data(), sizeof(Packet));
    }
    const auto pass = [&](auto&& one) {
        return nanoseconds_of([&] {
                   for (int round = 0; round < rounds; ++round) {
                       for (std::size_t i = 0; i < kinds; ++i) one(i, buffer[i % places].data());
                   }
                   keep(buffer);
               }) /
               static_cast<double>(rounds * kinds);
    };
    std::vector<double> encoded, copied;
    for (int n = 0; n < passes; ++n) {
        encoded.push_back(pass([&](std::size_t i, std::byte* to) { encode(orders[i], symbols, to); }));
        copied.push_back(pass([&](std::size_t i, std::byte* to) { copy(packets[i], to); }));
    }
    std::sort(encoded.begin(), encoded.end());
    std::sort(copied.begin(), copied.end());
    print({.name = "ouch_encode", .value = encoded[passes / 2], .unit = "ns", .floor = copied[passes / 2]});
}

}  // namespace
}  // namespace colo::bench

int main(int count, char** values) {
    const colo::bench::CommandLine line(count, values, {"ouch_encode"});
    if (line.wants("ouch_encode")) colo::bench::measure();
}
