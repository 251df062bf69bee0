// Anything on every port of a whole engine: both lines, the re-request server, the snapshot and the order session.
//
// The engine must not throw, may end only with a sentence or because it was told that the session is over, and its
// journal must give the same orders again. An input is a list of pieces, each behind a byte that names its port and
// whether it is wrapped into what that port expects, so that the bytes get past the first check.
#include <memory>

#include "tests/engine/trading_fixture.hpp"
#include "tests/fuzz/fuzz_input.hpp"

using namespace colo;
using namespace colo::trading_test;

namespace {
// Quotes around whatever it sees.
struct Quoter {
    [[nodiscard]] Quotes on_book(const MarketView& market) {
        if (!market.two_sided()) return {};
        return {Quote{market.bid, Quantity{100}}, Quote{market.ask, Quantity{100}}};
    }
    void on_fill(const Fill&) {}
};
using Engine = TradingEngine<Quoter, MemoryNetwork, ManualClock, MemoryRecorder>;

struct Ports {
    MemoryNetwork network;
    ManualClock clock;
    std::array<std::byte, 512> room{};

    void mold(MemoryLink& line, SequenceNumber sequence, Bytes message) {
        moldudp64::PacketBuilder builder(room, moldudp64::Session("TESTSESS01"));
        builder.start(sequence);
        static_cast<void>(builder.add(message));
        line.send(builder.finish(), clock.now());
    }
    void soup(MemoryConnection& connection, char type, Bytes payload) {
        if (!connection.connected()) return;
        static_cast<void>(connection.theirs.write(Bytes(room).first(soupbintcp::encode(room, type, payload))));
    }
    void raw(MemoryConnection& connection, Bytes bytes) {
        if (connection.connected()) static_cast<void>(connection.theirs.write(bytes));
    }
    void log_in(MemoryConnection& connection, std::uint64_t next) {
        soupbintcp::LoginAccepted accepted;
        accepted.session = "SESSION";
        accepted.sequence_number = next;
        raw(connection, bytes_of(accepted));
    }
    void put(unsigned port, Bytes piece, SequenceNumber next) {
        switch (port % 12) {
        case 0: network.lines[0].send(piece, clock.now()); break;
        case 1: network.lines[1].send(piece, clock.now()); break;
        case 2: network.rerequest.incoming.send(piece, clock.now()); break;
        case 3: raw(network.order_connection, piece); break;
        case 4: raw(network.snapshot_connection, piece); break;
        case 5: mold(network.lines[0], next, piece); break;
        case 6: mold(network.lines[1], next + port / 12, piece); break;
        case 7: soup(network.order_connection, soupbintcp::sequenced_data_type, piece); break;
        case 8: soup(network.snapshot_connection, soupbintcp::sequenced_data_type, piece); break;
        case 9: log_in(network.order_connection, port / 12); break;
        case 10: log_in(network.snapshot_connection, port / 12); break;
        default: clock.time += milliseconds(port * 8); break;
        }
    }
};

// Tables and rates take memory as long as their limits, which is made anew for every input.
EngineConfig small_config() {
    EngineConfig config = parse_engine_config(
        config_text({{"order_rate_max", R"({"messages": 100, "window_ms": 1})"}}), "engine.json");
    config.tables = {.resting_orders = 1000, .own_orders = 1000};
    return config;
}

void expect_replay(const EngineConfig& config, const MemoryRecorder& recorder) {
    OrderComparison comparison;
    const auto core = std::make_unique<TradingCore<Quoter, OrderComparison>>(config, Quoter{}, comparison);
    MemoryReader reader{recorder.records};
    const ReplayEnd end = replay_journal(reader, *core, comparison);
    if (end.problem) std::fprintf(stderr, "%s\n", end.problem->c_str());
    fuzz::expect(!end.problem && comparison.unmet().empty(), "replay gives the same orders");
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t count) {
    static const EngineConfig config = small_config();
    Ports ports;
    MemoryRecorder recorder;
    EngineSignals signals;
    const auto engine =
        std::make_unique<Engine>(config, Quoter{}, ports.network, ports.clock, recorder, signals);
    engine->start();
    for (fuzz::Pieces pieces(fuzz::bytes_of_input(data, count)); !pieces.empty() && !engine->finished();) {
        const unsigned port = pieces.number();
        ports.put(port, pieces.piece(), engine->arbiter().next_sequence());
        ports.clock.time += microseconds(10);
        engine->turn();
    }
    fuzz::expect(!engine->failure() || !engine->failure()->empty(), "an engine that ends says why");
    expect_replay(config, recorder);
    return 0;
}
