// Reads engine.json into config.hpp's types, field by field.
#include "engine/runtime/config.hpp"

#include <algorithm>
#include <cstdio>
#include <fstream>

#include "engine/core/crc32c.hpp"
#include "engine/orders/risk.hpp"

namespace colo {

namespace {

constexpr std::int64_t int64_max = std::numeric_limits<std::int64_t>::max();
// Their product is a Notional with room for a day.
constexpr std::int64_t shares_max = 1'000'000'000;
constexpr std::int64_t price_max = 2'000'000'000;

Endpoint endpoint(const JsonField& field, const char* address_key) {
    return {field[address_key].text(), static_cast<std::uint16_t>(field["port"].integer(1, 65535))};
}

std::string text_up_to(const JsonField& field, std::size_t characters_max) {
    std::string text = field.text();
    if (text.size() > characters_max) field.fail("has more than " + std::to_string(characters_max) + " characters");
    return text;
}

// SoupBinTCP has six characters for the user and ten for the password.
LoginConfig login(const JsonField& field) {
    LoginConfig login{endpoint(field, "address"), text_up_to(field["username"], 6), {}};
    const JsonField file = field["password_file"];
    std::ifstream stream(file.text());
    if (!stream || !std::getline(stream, login.password)) file.fail("cannot read a password from " + file.text());
    if (login.password.size() > 10) file.fail("the password in " + file.text() + " has more than 10 characters");
    return login;
}

ChannelConfig channel(const JsonField& field) {
    ChannelConfig channel;
    channel.id = ChannelId{static_cast<std::uint16_t>(field["id"].integer(0, 65535))};
    for (const JsonField& line : field["lines"].elements())
        channel.lines.push_back({line["name"].text(), endpoint(line, "group"), line["interface"].text()});
    if (channel.lines.empty() || channel.lines.size() > 2) field["lines"].fail("must be one or two lines");
    const JsonField rerequest = field["rerequest"];
    channel.rerequest = {endpoint(rerequest, "address"),
                         static_cast<std::uint16_t>(rerequest["messages_max"].integer(1, 65534)),
                         static_cast<std::uint32_t>(rerequest["attempts_max"].integer(1, 1000)),
                         milliseconds(rerequest["timeout_ms"].integer(1, 60'000))};
    channel.snapshot = login(field["snapshot"]);
    return channel;
}

OrderSessionConfig order_session(const JsonField& field) {
    OrderSessionConfig session;
    session.login = login(field);
    session.firm = text_up_to(field["firm"], 4);
    session.account = field["account"].text();
    session.heartbeat = milliseconds(field["heartbeat_ms"].integer(1, 60'000));
    session.cancel_on_disconnect = field["cancel_on_disconnect"].boolean();
    session.cancel_on_disconnect_required = field["cancel_on_disconnect_required"].boolean();
    return session;
}

void read_rate(const JsonField& field, std::uint32_t& messages, Duration& window) {
    messages = static_cast<std::uint32_t>(field["messages"].integer(1, 10'000'000));
    window = milliseconds(field["window_ms"].integer(1, 86'400'000));
}

RiskLevelLimits risk_level(const JsonField& field) {
    RiskLevelLimits level;
    level.level = static_cast<RiskLevel>(
        field["level"].choice({"firm", "account", "session", "strategy", "instrument"}));
    level.name = field["name"].text();
    level.limits.price_collar_bps = field["price_collar_bps"].integer(1, int64_max);
    level.limits.last_trade_collar_bps = field["last_trade_collar_bps"].integer(1, int64_max);
    level.limits.order_quantity_max = Quantity{field["order_quantity_max"].integer(1, int64_max)};
    level.limits.position_max = Quantity{field["position_max"].integer(1, int64_max)};
    level.limits.notional_max = Notional{field["notional_max"].integer(1, int64_max)};
    level.limits.gross_notional_max = Notional{field["gross_notional_max"].integer(1, int64_max)};
    level.limits.loss_max = Notional{field["loss_max"].integer(1, int64_max)};
    read_rate(field["message_rate_max"], level.limits.messages_max, level.limits.message_window);
    read_rate(field["order_rate_max"], level.limits.orders_max, level.limits.order_window);
    const JsonField duplicates = field["duplicate_orders_max"];
    level.limits.duplicates_max = static_cast<std::uint32_t>(duplicates["orders"].integer(1, LatestOrders::remembered - 1));
    level.limits.duplicate_window = milliseconds(duplicates["window_ms"].integer(1, 86'400'000));
    return level;
}

InstrumentConfig instrument(const JsonField& field) {
    InstrumentConfig instrument;
    instrument.id = InstrumentId{static_cast<std::int32_t>(field["instrument_id"].integer(1, 0x7fffffff))};
    instrument.symbol = text_up_to(field["symbol"], 8);
    instrument.locate = Locate{static_cast<std::uint16_t>(field["locate"].integer(0, 65535))};
    instrument.tick_size = Price{field["tick_size"].integer(1, 1'000'000'000)};
    instrument.lot_size = Quantity{field["lot_size"].integer(1, 1'000'000)};
    instrument.restricted = field["restricted"].boolean();
    const JsonField opening = field["opening_position"];
    instrument.opening_quantity = Quantity{opening["quantity"].integer(-shares_max, shares_max)};
    instrument.opening_price = Price{opening["average_price"].integer(0, price_max)};
    return instrument;
}

AnomalyThresholds anomalies(const JsonField& field) {
    AnomalyThresholds thresholds;
    thresholds.fill_off_book_bps_max = field["fill_off_book_bps_max"].integer(1, int64_max);
    thresholds.rejects = static_cast<std::uint32_t>(field["reject_burst"]["rejects"].integer(1, 10'000));
    thresholds.reject_window = milliseconds(field["reject_burst"]["window_ms"].integer(1, 86'400'000));
    thresholds.latency_max = nanoseconds(field["latency_ns_max"].integer(1, int64_max));
    return thresholds;
}

StrategyConfig strategy(const JsonField& field, const std::vector<InstrumentConfig>& instruments) {
    StrategyConfig strategy{field["name"].text(), field["spec_digest"].text(), {}, field["parameters"]};
    for (const JsonField& element : field["instruments"].elements()) {
        const InstrumentId id{static_cast<std::int32_t>(element.integer(1, 0x7fffffff))};
        const auto found = std::find_if(instruments.begin(), instruments.end(),
                                        [id](const InstrumentConfig& candidate) { return candidate.id == id; });
        if (found == instruments.end()) element.fail("no instrument has this id");
        strategy.instruments.push_back(InstrumentIndex{static_cast<std::uint32_t>(found - instruments.begin())});
    }
    return strategy;
}

std::string hexadecimal(std::uint32_t value) {
    char text[9];
    std::snprintf(text, sizeof text, "%08x", value);
    return text;
}

// A level without limits limits nothing: each traded instrument must have one of every level above it.
void require_limits(const EngineConfig& config, const JsonField& field) {
    for (const StrategyConfig& strategy : config.strategies) {
        for (const InstrumentIndex index : strategy.instruments) {
            const std::string& symbol = config.instruments[index.value()].symbol;
            for (std::size_t i = 0; i < risk_level_count; ++i) {
                const auto level = static_cast<RiskLevel>(i);
                const auto covers = [&](const RiskLevelLimits& limits) {
                    if (limits.level != level) return false;
                    if (level == RiskLevel::strategy) return limits.name == strategy.name;
                    return level != RiskLevel::instrument || limits.name == symbol;
                };
                if (std::none_of(config.risk.begin(), config.risk.end(), covers))
                    field.fail("no limits of level " + std::string(name_of(level)) + " for strategy " + strategy.name +
                               " on instrument " + symbol);
            }
        }
    }
}

std::vector<ThreadConfig> threads(const JsonField& field) {
    std::vector<ThreadConfig> threads;
    for (const JsonField& thread : field.elements())
        threads.push_back({thread["role"].text(), static_cast<int>(thread["cpu"].integer(-1, 4095)),
                           static_cast<Wait>(thread["wait"].choice({"spin", "yield", "block"}))});
    return threads;
}

SeparateGatewayConfig separate_gateway(const JsonField& field) {
    SeparateGatewayConfig gateway;
    gateway.name = field["name"].text();
    gateway.socket = field["socket"].text();
    const JsonField journal = field["journal"];
    gateway.journal_directory = journal["directory"].text();
    gateway.hot_directory = journal["hot_directory"].text();
    gateway.segment_bytes = static_cast<std::uint64_t>(journal["segment_bytes"].integer(1, int64_max));
    gateway.threads = threads(field["threads"]);
    gateway.stall_max = milliseconds(field["watchdog"]["stall_ms_max"].integer(1, 60'000));
    gateway.cancel_wait = milliseconds(field["watchdog"]["cancel_wait_ms"].integer(1, 60'000));
    return gateway;
}

void read_places(const JsonField& root, EngineConfig& config) {
    const JsonField journal = root["journal"];
    config.journal_directory = journal["directory"].text();
    config.hot_directory = journal["hot_directory"].text();
    config.segment_bytes = static_cast<std::uint64_t>(journal["segment_bytes"].integer(1, int64_max));
    config.kill_switch_file = root["kill_switch_file"].text();
    config.threads = threads(root["threads"]);
    if (root.has("gateway")) config.gateway = separate_gateway(root["gateway"]);
}

void read_host(const JsonField& root, EngineConfig& config) {
    const JsonField tables = root["tables"];
    config.tables = {static_cast<std::uint32_t>(tables["resting_orders"].integer(1, 1 << 28)),
                     static_cast<std::uint32_t>(tables["own_orders"].integer(1, 1 << 24))};
    const JsonField host = root["host"];
    for (const JsonField& pages : host["hugepages"].elements())
        config.hugepages.push_back({static_cast<int>(pages["numa_node"].integer(0, 1023)),
                                    pages["page_mib"].integer(1, 1 << 20), pages["count"].integer(1, int64_max)});
    for (const JsonField& name : host["waived"].elements())
        config.waived.push_back(self_check_names[name.choice(self_check_names)]);
    if (!host.has("audit")) return;
    const JsonField audit = host["audit"];
    config.audit = {audit["host"].text(), audit["host_digest"].text(), audit["file"].text(), {}};
    for (const JsonField& signer : audit["allowed_signers"].elements())
        config.audit->allowed_signers += signer.text() + "\n";
}

void read_trading(const JsonField& root, EngineConfig& config) {
    for (const JsonField& level : root["risk"].elements()) config.risk.push_back(risk_level(level));
    config.anomalies = anomalies(root["anomalies"]);
    for (const JsonField& element : root["instruments"].elements()) config.instruments.push_back(instrument(element));
    for (const JsonField& element : root["strategies"].elements())
        config.strategies.push_back(strategy(element, config.instruments));
    if (config.strategies.size() != 1) root["strategies"].fail("must be one strategy");
    require_limits(config, root["risk"]);
    if (root.has("fees"))
        config.fees = {root["fees"]["add_per_share"].integer(), root["fees"]["remove_per_share"].integer()};
}

EngineConfig engine_config(const JsonField& root) {
    EngineConfig config;
    config.site = root["site"].text();
    config.process = root["process"].text();
    config.environment = root["environment"].text();
    config.release_digest = root["release_digest"].text();
    const JsonField venue = root["venue"];
    config.mic = venue["mic"].text();
    config.trading_day = venue["trading_day"].text();
    config.midnight = Timestamp{venue["midnight_ns"].integer()};
    config.clock = static_cast<ClockKind>(root["clock"].choice({"session", "host"}));
    config.paced = root["paced"].boolean();
    const JsonField feed = root["feed"];
    config.mold_session = text_up_to(feed["session"], 10);
    for (const JsonField& element : feed["channels"].elements()) config.channels.push_back(channel(element));
    if (config.channels.size() != 1) feed["channels"].fail("must be one channel");
    config.order_session = order_session(root["order_session"]);
    read_places(root, config);
    read_host(root, config);
    read_trading(root, config);
    return config;
}

}  // namespace

EngineConfig parse_engine_config(const std::string& text, const std::string& file) {
    EngineConfig config = engine_config(JsonField::parse(text, file));
    config.digest = "crc32c:" + hexadecimal(crc32c(std::string_view(text)));
    return config;
}

EngineConfig read_engine_config(const std::filesystem::path& path) {
    return parse_engine_config(read_text(path), path.filename().string());
}

ThreadConfig thread_of(const std::vector<ThreadConfig>& threads, const std::string& role) {
    const auto found = std::find_if(threads.begin(), threads.end(),
                                    [&](const ThreadConfig& thread) { return thread.role == role; });
    return found == threads.end() ? ThreadConfig{role, -1, Wait::block} : *found;
}

}  // namespace colo
