// Time from the kill switch to the last cancel: N orders are open at a venue in memory, the signal is set, and one turn
// of the real engine's loop journals, encodes and writes a cancel for each.
//
// The floor is what no kill switch can be below: the N cancel messages copied with their checksums into the journal's
// memory and once more into the memory that a socket would take.
#include <cstring>

#include "engine/bench/memory_venue.hpp"
#include "engine/bench/measure.hpp"

namespace colo::bench {
namespace {

constexpr std::size_t instruments = 64;

struct QuotesBothSides {
    [[nodiscard]] Quotes on_book(const MarketView& market) const {
        if (!market.two_sided()) return {};
        return {Quote{market.bid, Quantity{100}}, Quote{market.ask, Quantity{100}}};
    }
    void on_fill(const Fill&) {}
};

using Engine = TradingEngine<QuotesBothSides, MemoryNetwork, HostClock, CopyingRecorder>;

// An engine whose orders are all open at its venue.
struct Market {
    EngineConfig config = wide_config(instruments, "quotes");
    MemoryNetwork network;
    HostClock clock;
    CopyingRecorder recorder;
    EngineSignals signals;
    std::unique_ptr<Engine> engine =
        std::make_unique<Engine>(config, QuotesBothSides{}, network, clock, recorder, signals);

    Market() {
        engine->start();
        for (int i = 0; i < 4; ++i) engine->turn();
        std::uint64_t reference = 1;
        for (std::size_t i = 0; i < instruments; ++i)
            for (const Side side : {Side::buy, Side::sell}) publish(i, side, reference++);
        for (int i = 0; i < 4; ++i) engine->turn();
        if (engine->core().orders().open_count() != 2 * instruments) fail("the market was not made");
    }
    void publish(std::size_t at, Side side, std::uint64_t reference) {
        itch50::AddOrder message;
        message.stock_locate = config.instruments[at].locate;
        message.timestamp = SessionTime{34'200'000'000'000};
        message.order_reference_number = OrderId{reference};
        message.buy_sell_indicator = side;
        message.shares = Quantity{500};
        message.stock = Alpha<8>(config.instruments[at].symbol);
        message.price = side == Side::buy ? Price{999'900} : Price{1'000'100};
        engine->on_message({SequenceNumber{reference}, bytes_of(message), FeedSource::line_a, clock.now()});
    }
};

std::uint64_t pull(Market& market) {
    const std::size_t before = market.network.order_session.cancels;
    const std::uint64_t start = ticks();
    market.signals.kill.store(true, std::memory_order_relaxed);
    market.engine->turn();
    const std::uint64_t end = ticks();
    if (market.network.order_session.cancels - before != 2 * instruments) fail("not every order was cancelled");
    return end - start;
}

std::uint64_t copy(std::size_t cancels, CopyingRecorder& recorder, std::vector<std::byte>& wire) {
    soupbintcp::Enveloped<ouch50::CancelOrder> cancel;
    const std::uint64_t start = ticks();
    for (std::size_t i = 0; i < cancels; ++i) {
        cancel.message.user_ref_num = UserRefNum{static_cast<std::uint32_t>(i)};
        const RecordFields fields{RecordKind::order_sent, RecordSource::engine, ChannelId{0}, SequenceNumber{1}, Timestamp{1}};
        keep(recorder.append(fields, bytes_of(cancel.message)));
        std::memcpy(wire.data() + i * sizeof cancel, &cancel, sizeof cancel);
        keep(wire);
    }
    return ticks() - start;
}

void measure() {
    constexpr int rounds = 40;
    CopyingRecorder recorder;
    std::vector<std::byte> wire(1 << 16);
    std::vector<std::uint64_t> pulled, copied;
    for (int i = 0; i < rounds; ++i) {
        Market market;
        pulled.push_back(pull(market));
        copied.push_back(copy(2 * instruments, recorder, wire));
    }
    const double scale = nanoseconds_per_tick();
    const Percentiles found = percentiles(pulled, scale);
    print({.name = "kill_switch",
           .value = found.front().second,
           .unit = "ns",
           .floor = percentiles(copied, scale).front().second,
           .percentiles = found});
}

}  // namespace
}  // namespace colo::bench

int main(int count, char** values) {
    const colo::bench::CommandLine line(count, values, {"kill_switch"});
    if (line.wants("kill_switch")) colo::bench::measure();
}
