// The program `order_gateway`: stands between the engine of the same configuration and the venue, and guards it.
//
//   order_gateway --config engine.json [--progress]
//   order_gateway --version
#include <csignal>
#include <cstdio>
#include <exception>
#include <memory>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "engine/gateway/gateway.hpp"
#include "engine/runtime/build_id.hpp"
#include "engine/runtime/engine_summary.hpp"
#include "engine/runtime/journal_recorder.hpp"
#include "engine/runtime/kernel_network.hpp"
#include "engine/runtime/self_check.hpp"
#include "engine/runtime/thread_placement.hpp"

namespace {

using namespace colo;

constexpr const char* usage =
    "usage: order_gateway --config engine.json [--progress]\n"
    "       order_gateway --version\n";

EngineSignals signals;

void on_stop(int) { signals.stop.store(true, std::memory_order_relaxed); }

using LiveGateway = Gateway<TcpConnection, HostClock, JournalRecorder>;

// From the telemetry block, which another thread may read.
std::string counters_line(const Telemetry& telemetry, const RiskGate& gate, bool done) {
    nlohmann::ordered_json line;
    for_each_gateway_counter({}, gate, 0, [&](const std::string& name, std::uint64_t) {
        line[name] = telemetry.value(name).value_or(0);
    });
    if (!done) return line.dump();
    const std::vector<std::string> stages = gateway_stage_names();
    for (std::size_t i = 0; i < stages.size(); ++i) line[stages[i] + "_ns"] = percentiles(telemetry.histogram(i));
    line["done"] = true;
    return line.dump();
}

void print_line(const std::string& line) {
    std::puts(line.c_str());
    std::fflush(stdout);
}

void guard(const EngineConfig& config, bool show_progress) {
    const SeparateGatewayConfig& own = *config.gateway;
    const ThreadConfig thread = thread_of(own.threads, "gateway");
    keep_memory_near(thread.cpu);
    static_cast<void>(lock_memory());  // best effort: an engine checks the host, and may refuse to trade on it
    const HostClock clock;
    Waiter waiter(thread.wait);
    const auto journal = open_journal(config, own.journal_directory, own.hot_directory, own.segment_bytes);
    JournalRecorder recorder(*journal);
    SharedListener listener(own.socket, thread.wait);
    TcpConnection venue(config.order_session.login.endpoint, "order session", waiter);
    auto gateway = std::make_unique<LiveGateway>(config, listener, venue, waiter, clock, recorder, signals,
                                                 own.hot_directory / "telemetry");
    Housekeeping housekeeping(*journal, thread_of(own.threads, "housekeeping").cpu, [&] {
        if (show_progress) print_line(counters_line(gateway->telemetry(), gateway->gate(), false));
    });
    pin_thread(thread.cpu, "gateway");
    while (!gateway->finished())
        if (!gateway->turn()) waiter.wait();
    housekeeping.end();
    const auto closing = journal->close();
    if (gateway->failure()) throw std::runtime_error(*gateway->failure());
    if (closing) throw std::runtime_error("journal: " + closing->to_string());
    const std::string summary = counters_line(gateway->telemetry(), gateway->gate(), true);
    gateway.reset();  // its counters leave memory, after the journal
    std::error_code not_empty;
    std::filesystem::remove(own.hot_directory, not_empty);
    print_line(summary);
}

}  // namespace

int main(int count, char** arguments) {
    const std::string_view first = count > 1 ? arguments[1] : "";
    const bool show_progress = count == 4 && std::string_view(arguments[3]) == "--progress";
    if (first == "--version" && count == 2) {
        std::printf("{\"version\": \"%s\", \"build_id\": \"%s\"}\n", COLO_VERSION, build_id().c_str());
        return 0;
    }
    if (first != "--config" || (count != 3 && !show_progress)) {
        std::fputs(usage, stderr);
        return 2;
    }
    std::signal(SIGTERM, on_stop);
    std::signal(SIGINT, on_stop);
    std::signal(SIGPIPE, SIG_IGN);
    try {
        const EngineConfig config = read_engine_config(arguments[2]);
        if (!config.gateway)
            throw ConfigError("engine.json: gateway: is missing: the engine logs in at the venue itself");
        guard(config, show_progress);
        return 0;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "order_gateway: %s\n", error.what());
        return 1;
    }
}
