// OUCH messages of both directions: a client's into the venue's matching, a venue's into our order table.
#include "engine/orders/order_table.hpp"
#include "engine/orders/ouch_answer.hpp"
#include "engine/simulator/matching.hpp"
#include "tests/fuzz/fuzz_input.hpp"

using namespace colo;

namespace {
// A venue with two orders in its book, in market hours.
simulator::Matching& open_venue() {
    static simulator::Matching venue;
    venue.clear();
    std::uint64_t number = 0;
    for (const Side side : {Side::buy, Side::sell}) {
        itch50::AddOrder order;
        order.stock_locate = Locate{1};
        order.timestamp = SessionTime{10 * 3'600'000'000'000};
        order.order_reference_number = OrderId{++number};
        order.buy_sell_indicator = side;
        order.shares = Quantity{500};
        order.stock = "AMZN";
        order.price = side == Side::buy ? Price{999'900} : Price{1'000'100};
        venue.play(SequenceNumber{number}, bytes_of(order));
    }
    return venue;
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t count) {
    simulator::Matching& venue = open_venue();
    OrderTable orders(2, 64);
    for (int i = 0; i < 4; ++i)
        orders.enter(InstrumentIndex{0}, i % 2 == 0 ? Side::buy : Side::sell, Price{1'000'000}, Quantity{100});
    const auto index_of = [](std::string_view symbol) { return InstrumentIndex{symbol == "AMZN" ? 0u : 9u}; };
    for (fuzz::Pieces pieces(fuzz::bytes_of_input(data, count)); !pieces.empty();) {
        const bool answer = pieces.number() % 2 == 1;
        const Bytes message = pieces.piece();
        if (!answer) {
            const std::uint64_t before = venue.counts().malformed;
            venue.receive(message);
            const auto error = ouch50::visit_inbound(message, [](const auto&, ouch50::Appendage) {});
            fuzz::expect((venue.counts().malformed > before) == error.has_value(), "what is no OUCH is counted");
            continue;
        }
        OrderAnswer decoded;
        if (const auto error = decode_answer(message, index_of, decoded)) {
            fuzz::expect(!error->to_string().empty(), "an error says why");
            continue;
        }
        static_cast<void>(orders.apply(decoded));
        for (const Side side : {Side::buy, Side::sell})
            fuzz::expect(orders.exposure(InstrumentIndex{0}, side) >= Quantity{0}, "no exposure is negative");
    }
    std::size_t open = 0;
    orders.for_each_open([&](const OwnOrder& order) { open += order.open(); });
    fuzz::expect(open == orders.open_count(), "open orders are counted");
    return 0;
}
