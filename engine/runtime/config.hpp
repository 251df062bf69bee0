// What an engine is told: engine.json, rendered from the site's declaration.
//
// Everything is checked here, so that nothing behind it meets an impossible value; an error names the field's path.
//
//   EngineConfig config = read_engine_config("engine.json");   // throws ConfigError
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "engine/core/types.hpp"
#include "engine/orders/anomaly.hpp"
#include "engine/orders/order.hpp"
#include "engine/orders/position.hpp"
#include "engine/orders/risk_limits.hpp"
#include "engine/runtime/audit_evidence.hpp"
#include "engine/runtime/json_field.hpp"
#include "engine/transport/transport.hpp"
#include "engine/transport/waiting.hpp"

namespace colo {

// `session`: time is the venue's, as the feed tells it, so that a replayed day takes the same decisions at any speed.
enum class ClockKind : std::uint8_t { session, host };

struct LineConfig {
    std::string name;
    Endpoint group;
    std::string interface;
};

struct LoginConfig {
    Endpoint endpoint;
    std::string username;
    std::string password;  // read from the file that the configuration names
};

struct RerequestConfig {
    Endpoint endpoint;
    std::uint16_t messages_max = 0;
    std::uint32_t attempts_max = 0;
    Duration timeout;
};

struct ChannelConfig {
    ChannelId id;
    std::vector<LineConfig> lines;
    RerequestConfig rerequest;
    LoginConfig snapshot;
};

struct OrderSessionConfig {
    LoginConfig login;
    std::string firm;
    std::string account;
    Duration heartbeat;
    bool cancel_on_disconnect = true;
    bool cancel_on_disconnect_required = false;
};

struct ThreadConfig {
    std::string role;
    int cpu = -1;  // -1: wherever the kernel puts it
    Wait wait{Wait::block};
};

// The thread with this role, or one that floats and blocks where none is declared.
[[nodiscard]] ThreadConfig thread_of(const std::vector<ThreadConfig>& threads, const std::string& role);

struct TablesConfig {
    std::uint32_t resting_orders = 0;  // memory for them is touched before trading
    std::uint32_t own_orders = 0;      // in a day
};

struct HugepagesConfig {
    int numa_node = 0;
    std::int64_t page_mib = 0;
    std::int64_t count = 0;
};

// What the start-up self-check looks at (self_check.hpp), by the name under which an item can be waived.
inline const std::vector<std::string> self_check_names = {"cpus_isolated", "tick_stopped", "governor",
                                                          "clock_source",  "hugepages",    "memory_locked",
                                                          "audit"};

struct InstrumentConfig {
    InstrumentId id;
    std::string symbol;
    Locate locate;
    Price tick_size;
    Quantity lot_size;
    Quantity opening_quantity;  // held when the day began, and what a share of it cost
    Price opening_price;
    bool restricted = false;  // may not be traded
};

struct StrategyConfig {
    std::string name;
    std::string spec_digest;
    std::vector<InstrumentIndex> instruments;
    JsonField parameters;  // the strategy reads its own
};

// The order gateway as a process of its own, and how long it bears an engine that stands still.
struct SeparateGatewayConfig {
    std::string name;
    std::filesystem::path socket;  // where it listens for the engine
    std::filesystem::path journal_directory;
    std::filesystem::path hot_directory;
    std::uint64_t segment_bytes = 0;
    std::vector<ThreadConfig> threads;
    Duration stall_max;
    Duration cancel_wait;  // for the answers to its cancels
};

struct EngineConfig {
    std::string site;
    std::string process;
    std::string environment;
    std::string release_digest;
    std::string digest;  // of the configuration's text

    std::string mic;
    std::string trading_day;
    Timestamp midnight;

    ClockKind clock{ClockKind::session};
    bool paced = false;

    std::string mold_session;
    std::vector<ChannelConfig> channels;
    OrderSessionConfig order_session;
    std::optional<SeparateGatewayConfig> gateway;  // none: the engine logs in at the venue itself
    std::filesystem::path journal_directory;
    std::filesystem::path hot_directory;
    std::uint64_t segment_bytes = 0;
    TablesConfig tables;
    std::vector<ThreadConfig> threads;
    std::vector<HugepagesConfig> hugepages;
    std::vector<std::string> waived;  // items of the self-check
    std::optional<AuditConfig> audit;  // of this host; none where it is not tuned, or the environment not production
    std::filesystem::path kill_switch_file;
    std::vector<RiskLevelLimits> risk;
    AnomalyThresholds anomalies;
    std::vector<StrategyConfig> strategies;
    std::vector<InstrumentConfig> instruments;
    FeeSchedule fees;

    [[nodiscard]] ThreadConfig thread(const std::string& role) const { return thread_of(threads, role); }
};

[[nodiscard]] EngineConfig read_engine_config(const std::filesystem::path& path);
[[nodiscard]] EngineConfig parse_engine_config(const std::string& text, const std::string& file);

}  // namespace colo
