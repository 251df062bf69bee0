// An engine, the gateway that guards it and the venue behind both, in one thread: the test gives each its turns.
#pragma once

#include <memory>
#include <string>

#include "engine/gateway/gateway.hpp"
#include "tests/engine/trading_venue.hpp"

namespace colo::trading_test {

// The engine's network: lines and snapshot in memory, orders over what it shares with the gateway.
struct SeparatedNetwork {
    MemoryNetwork& memory;
    SharedConnection order_connection;

    [[nodiscard]] std::size_t line_count() const { return memory.line_count(); }
    [[nodiscard]] std::span<const Datagram> receive(std::size_t line) { return memory.receive(line); }
    [[nodiscard]] std::span<const Datagram> receive_rerequested() { return memory.receive_rerequested(); }
    void request(Bytes payload) { memory.request(payload); }
    [[nodiscard]] SharedConnection& orders() { return order_connection; }
    [[nodiscard]] MemoryConnection& snapshot() { return memory.snapshot(); }
    void wait() {}
};

using MemoryGateway = Gateway<MemoryConnection, ManualClock, MemoryRecorder>;
using SeparatedEngine = TradingEngine<ScriptedStrategy, SeparatedNetwork, ManualClock, MemoryRecorder>;

class GatewayTest : public testing::Test {
protected:
    static constexpr Duration stall_max = milliseconds(50);
    static constexpr Duration cancel_wait = milliseconds(20);

    std::filesystem::path socket =
        std::filesystem::temp_directory_path() / ("colo-gateway-" + std::to_string(::getpid())) / "orders";
    ManualClock clock;
    MemoryNetwork network;
    MemoryVenue venue{network, clock};
    EngineConfig config = separated(config_text());
    Waiter waiter{Wait::block};
    SharedListener listener{socket, Wait::block};
    MemoryRecorder gateway_records, engine_records;
    EngineSignals gateway_signals, engine_signals;
    Script script;
    SeparatedNetwork engine_network{network, {socket, "order gateway", waiter, {Wait::block, false}}};
    std::unique_ptr<MemoryGateway> gateway;
    std::unique_ptr<SeparatedEngine> engine;
    std::int64_t event_time_ns = 34'200'000'000'000;
    std::uint64_t next_order_id = 1;

    ~GatewayTest() override { std::filesystem::remove_all(socket.parent_path()); }

    [[nodiscard]] EngineConfig separated(const std::string& text) const {
        EngineConfig found = parse_engine_config(text, "engine.json");
        found.gateway.emplace();
        found.gateway->name = "engine-gateway";
        found.gateway->socket = socket;
        found.gateway->stall_max = stall_max;
        found.gateway->cancel_wait = cancel_wait;
        return found;
    }
    void start_gateway() {
        gateway = std::make_unique<MemoryGateway>(config, listener, network.order_connection, waiter, clock,
                                                  gateway_records, gateway_signals);
    }
    void start_engine() {
        engine = std::make_unique<SeparatedEngine>(config, ScriptedStrategy(script), engine_network, clock,
                                                   engine_records, engine_signals);
        engine->start();
        settle();
    }
    // What SIGKILL does to an engine: its connection ends, and its journal stays.
    void kill_engine() {
        engine.reset();
        engine_network.order_connection.close();
    }
    void restart_engine() {
        engine = std::make_unique<SeparatedEngine>(config, ScriptedStrategy(script), engine_network, clock,
                                                   engine_records, engine_signals);
        script.asked = 0;  // its strategy begins again
        MemoryReader reader{engine_records.records};
        ASSERT_EQ(engine->resume(reader), std::nullopt);
        engine->start();
        settle(100);
    }
    // All that can move moves, but for an engine that stands still.
    void settle(int turns = 16, bool engine_stands_still = false) {
        for (int i = 0; i < turns; ++i) {
            clock.time += microseconds(10);
            if (engine && !engine_stands_still && !engine->finished()) engine->turn();
            if (gateway && !gateway->finished()) gateway->turn();
            attend_venue();
        }
    }
    // A venue cancels what stands when the session drops.
    void attend_venue() {
        const bool dropped = was_connected_ && !network.order_connection.connected();
        was_connected_ = network.order_connection.connected();
        if (dropped) {
            ++sessions_dropped;
            open_at_drop = venue.open.size();
            venue.break_connection();
        }
        venue.attend();
    }
    void add(Side side, std::int64_t price, std::int64_t quantity) {
        event_time_ns += 1'000'000;
        itch50::AddOrder message;
        message.order_reference_number = OrderId{next_order_id++};
        message.buy_sell_indicator = side;
        message.shares = Quantity{quantity};
        message.stock = "AMZN";
        message.price = Price{price};
        venue.publish(message, SessionTime{event_time_ns});
        settle();
    }
    void tick() { add(Side::buy, 990'000, 100); }
    // An engine that quotes both sides around 100 dollars.
    void quote_both_sides() {
        start_gateway();
        start_engine();
        add(Side::buy, 999'900, 500);
        add(Side::sell, 1'000'100, 500);
        script.wanted[script.asked + 1] = {quote(999'800, 100), quote(1'000'200, 100)};
        tick();
        ASSERT_EQ(venue.open.size(), 2u);
        sessions_dropped = 0;  // a gateway logs in twice: first it asks how far the venue is
    }
    // An engine that was seen alive stands still for so long.
    void stand_still(Duration time) {
        settle(16, true);
        clock.time += time;
        settle(16, true);
    }
    [[nodiscard]] static std::vector<std::string> notes(const MemoryRecorder& recorder) {
        std::vector<std::string> found;
        for (const StoredRecord& record : recorder.records)
            if (record.header.kind == RecordKind::control) found.emplace_back(text_of(record.payload));
        return found;
    }
    [[nodiscard]] static std::vector<std::vector<std::byte>> sent(const MemoryRecorder& recorder) {
        std::vector<std::vector<std::byte>> found;
        for (const StoredRecord& record : recorder.records)
            if (record.header.kind == RecordKind::order_sent) found.push_back(record.payload);
        return found;
    }

    std::size_t sessions_dropped = 0;
    std::size_t open_at_drop = 0;

private:
    bool was_connected_ = false;
};

}  // namespace colo::trading_test
