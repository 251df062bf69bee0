// A whole engine in memory: lines, order session, clock and journal are held by the test, which plays the venue.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/protocol/glimpse50.hpp"
#include "engine/runtime/trading_engine.hpp"
#include "engine/transport/memory_transport.hpp"

namespace colo::trading_test {

constexpr Timestamp midnight{1'340'251'200'000'000'000};
constexpr Locate locate{7};
constexpr InstrumentIndex instrument{0};

// The time moves only when a test says so.
struct ManualClock {
    Timestamp time = midnight + seconds(34'200);
    Duration wall_step;  // how far somebody has set the wall clock
    [[nodiscard]] Timestamp now() const { return time + wall_step; }
    [[nodiscard]] Timestamp monotonic() const { return time; }
};

struct StoredRecord {
    RecordHeader header{};
    std::vector<std::byte> payload;
};

// A journal in memory. `appends_left` makes the disk fill up.
struct MemoryRecorder {
    std::vector<StoredRecord> records;
    std::size_t appends_left = SIZE_MAX;
    bool disk_failed = false;
    bool disk_keeps_up = true;  // what is appended is certain at once

    bool append(const RecordFields& fields, Bytes payload) {
        if (appends_left == 0) return false;
        --appends_left;
        RecordHeader header{};
        header.length = static_cast<std::uint32_t>(payload.size());
        header.receive_time_ns = fields.receive_time.value();
        header.sequence = fields.sequence.value();
        header.kind = fields.kind;
        header.source = fields.source;
        records.push_back({header, {payload.begin(), payload.end()}});
        return true;
    }
    void sync_soon() {}
    [[nodiscard]] bool synced() const { return disk_keeps_up; }
    [[nodiscard]] bool failed() const { return disk_failed; }
    [[nodiscard]] std::string failure() const { return "journal: /full/journal-0000000000.colo at offset 4096: no space"; }

    [[nodiscard]] std::size_t count(RecordKind kind) const {
        std::size_t found = 0;
        for (const StoredRecord& record : records) found += record.header.kind == kind;
        return found;
    }
};

// Reads what a MemoryRecorder holds, as a JournalReader would.
struct MemoryReader {
    const std::vector<StoredRecord>& records;
    std::size_t last = records.size();
    std::size_t at = 0;

    ReadStatus next(RecordView& record) {
        if (at == last) return ReadStatus::end;
        record.header = records[at].header;
        record.payload = records[at].payload;
        record.offset = JournalOffset{at};
        ++at;
        return ReadStatus::record;
    }
    struct Error {
        [[nodiscard]] static std::string to_string() { return "never"; }
    };
    [[nodiscard]] static Error error() { return {}; }
};

// A connection that the venue's side can refuse and break.
class MemoryConnection {
public:
    bool refusing = false;

    void open() {
        if (refusing) return;
        pair_ = std::make_unique<MemoryStreamPair>();
        mine_ = pair_->first();
        theirs = pair_->second();
        ++opens;
    }
    [[nodiscard]] StreamStatus opened() const { return pair_ ? StreamStatus::open : StreamStatus::closed; }
    [[nodiscard]] StreamResult read(MutableBytes into) { return mine_.read(into); }
    [[nodiscard]] StreamResult write(Bytes from) { return mine_.write(from); }
    void close() { break_off(); }
    [[nodiscard]] static std::string place() { return "venue in memory"; }

    void break_off() {
        mine_.close();
        theirs = MemoryStream{};
        mine_ = MemoryStream{};
        pair_.reset();
    }
    [[nodiscard]] bool connected() const { return pair_ != nullptr; }

    MemoryStream theirs;
    int opens = 0;

private:
    std::unique_ptr<MemoryStreamPair> pair_;
    MemoryStream mine_;
};

struct MemoryNetwork {
    std::array<MemoryLink, 2> lines;
    MemoryPeer rerequest;
    MemoryConnection order_connection;
    MemoryConnection snapshot_connection;
    std::function<void()> before_receive;  // what happens between the turn's beginning and its packets

    [[nodiscard]] std::size_t line_count() const { return lines.size(); }
    [[nodiscard]] std::span<const Datagram> receive(std::size_t line) {
        if (const auto happen = std::exchange(before_receive, nullptr)) happen();
        return lines[line].receive();
    }
    [[nodiscard]] std::span<const Datagram> receive_rerequested() { return rerequest.receive(); }
    void request(Bytes payload) { static_cast<void>(rerequest.send(payload)); }
    [[nodiscard]] MemoryConnection& orders() { return order_connection; }
    [[nodiscard]] MemoryConnection& snapshot() { return snapshot_connection; }
    void wait() {}
};

// Quotes by the sequence number of the feed message at which they begin to be wanted.
struct Script {
    std::map<std::uint64_t, Quotes> wanted;
    std::uint64_t asked = 0;
    std::vector<TradingPhase> phases;
    std::vector<Fill> fills;
};

// Wants what its script says at the n-th question.
class ScriptedStrategy {
public:
    explicit ScriptedStrategy(Script& script) : script_(&script) {}
    [[nodiscard]] Quotes on_book(const MarketView& market) {
        script_->phases.push_back(market.phase);
        ++script_->asked;
        const auto after = script_->wanted.upper_bound(script_->asked);
        return after == script_->wanted.begin() ? Quotes{} : std::prev(after)->second;
    }
    void on_fill(const Fill& fill) { script_->fills.push_back(fill); }

private:
    Script* script_;
};

using MemoryEngine = TradingEngine<ScriptedStrategy, MemoryNetwork, ManualClock, MemoryRecorder>;

// The configuration of these tests, as text; limits that a test wants to meet replace those of one rule.
[[nodiscard]] inline std::string config_text(const std::map<std::string, std::string>& limits = {}, bool paced = false) {
    // One a process: tests run side by side, and one reads its file while another writes its own.
    const std::string name = "colo_trading_test_password." + std::to_string(::getpid());
    const std::string password = (std::filesystem::temp_directory_path() / name).string();
    std::ofstream(password) << "secret\n";
    const auto limit = [&](const std::string& name, const std::string& otherwise) {
        const auto found = limits.find(name);
        return "\"" + name + "\": " + (found == limits.end() ? otherwise : found->second);
    };
    const std::string values =
        limit("price_collar_bps", "1000") + "," + limit("last_trade_collar_bps", "1000") + "," + limit("order_quantity_max", "1000") + "," +
        limit("position_max", "10000") + "," + limit("notional_max", "10000000000") + "," +
        limit("gross_notional_max", "100000000000") + "," +
        limit("loss_max", "1000000000000") + "," +
        limit("message_rate_max", R"({"messages": 1000, "window_ms": 1000})") + "," +
        limit("order_rate_max", R"({"messages": 100000, "window_ms": 1})") + "," +
        limit("duplicate_orders_max", R"({"orders": 15, "window_ms": 1})");
    std::string risk;
    for (const auto& [level, name] : std::map<std::string, std::string>{
             {"firm", "COLO"}, {"account", "A"}, {"session", "S"}, {"strategy", "scripted"}, {"instrument", "AMZN"}})
        risk += (risk.empty() ? "" : ",") + ("{\"level\": \"" + level + "\", \"name\": \"" + name + "\", " + values + "}");
    const std::string login = R"("address": "127.0.0.1", "port": 1, "username": "user", "password_file": ")" + password + "\"";
    return R"({"site": "test", "process": "engine", "environment": "simulation", "release_digest": "none",
        "venue": {"mic": "XNAS", "trading_day": "2012-06-21", "midnight_ns": 1340251200000000000,
                  "synthetic_tracking_number": null},
        "clock": "session", "paced": )" + std::string(paced ? "true" : "false") + R"(,
        "feed": {"session": "TESTSESS01", "channels": [{"id": 0,
            "lines": [{"name": "A", "group": "239.0.0.1", "port": 1, "interface": "127.0.0.1"},
                      {"name": "B", "group": "239.0.0.2", "port": 2, "interface": "127.0.0.1"}],
            "rerequest": {"address": "127.0.0.1", "port": 1, "messages_max": 100, "attempts_max": 2, "timeout_ms": 10},
            "snapshot": {)" + login + R"(}}]},
        "order_session": {)" + login + R"(, "firm": "COLO", "account": "A", "heartbeat_ms": 1000,
                          "cancel_on_disconnect": true, "cancel_on_disconnect_required": true},
        "journal": {"directory": "none", "hot_directory": "none", "segment_bytes": 1048576},
        "tables": {"resting_orders": 262144, "own_orders": 10000},
        "threads": [{"role": "trading", "cpu": 0, "wait": "yield"}],
        "host": {"hugepages": [], "waived": []},
        "kill_switch_file": "/nonexistent/colo/kill",
        "risk": [)" + risk + R"(],
        "anomalies": {"fill_off_book_bps_max": 500, "reject_burst": {"rejects": 5, "window_ms": 1000},
                      "latency_ns_max": 1000000},
        "strategies": [{"name": "scripted", "spec_digest": "none", "instruments": [11], "parameters": {}}],
        "instruments": [{"instrument_id": 11, "symbol": "AMZN", "locate": 7, "tick_size": 100, "lot_size": 100,
                         "restricted": false, "opening_position": {"quantity": 0, "average_price": 0}}]})";
}

[[nodiscard]] inline std::optional<Quote> quote(std::int64_t price, std::int64_t quantity) {
    return Quote{Price{price}, Quantity{quantity}};
}

}  // namespace colo::trading_test
