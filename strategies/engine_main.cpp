// The program `engine`: trades a session with the strategy that its configuration names, or replays a journal.
//
//   engine --config engine.json [--progress]
//   engine --replay JOURNAL_DIRECTORY --config engine.json [--orders FILE]
//   engine --version
#include <csignal>
#include <cstdio>
#include <exception>
#include <map>
#include <optional>
#include <string>

#include "engine/runtime/build_id.hpp"
#include "engine/runtime/engine_program.hpp"
#include "strategies/avellaneda_stoikov/decision.hpp"

namespace {

using namespace colo;

constexpr const char* usage =
    "usage: engine --config engine.json [--progress]\n"
    "       engine --replay JOURNAL_DIRECTORY --config engine.json [--orders FILE]\n"
    "       engine --version\n";

EngineSignals signals;

void on_kill(int) { signals.kill.store(true, std::memory_order_relaxed); }
void on_stop(int) { signals.stop.store(true, std::memory_order_relaxed); }

// Options by name; a flag has an empty value. Nothing where the command line is wrong.
std::optional<std::map<std::string, std::string>> parsed(int count, char** arguments) {
    std::map<std::string, std::string> options;
    for (int i = 1; i < count; ++i) {
        const std::string name = arguments[i];
        if (name == "--progress" || name == "--version") {
            options[name];
        } else if ((name == "--config" || name == "--replay" || name == "--orders") && i + 1 < count) {
            options[name] = arguments[++i];
        } else {
            return std::nullopt;
        }
    }
    return options.count("--version") || options.count("--config") ? std::optional(options) : std::nullopt;
}

template <Strategy S>
void run(const EngineConfig& config, S strategy, const std::map<std::string, std::string>& options) {
    const auto directory = options.find("--replay");
    if (directory == options.end()) return trade(config, std::move(strategy), signals, options.count("--progress") > 0);
    const auto orders = options.find("--orders");
    replay(config, std::move(strategy), directory->second, orders == options.end() ? "" : orders->second);
}

void run_named(const EngineConfig& config, const std::map<std::string, std::string>& options) {
    const StrategyConfig& placed = config.strategies[0];
    if (placed.name == "avellaneda_stoikov") {
        using namespace avellaneda_stoikov;
        return run(config, AvellanedaStoikov(read_parameters(placed.parameters), config.instruments.size()), options);
    }
    throw ConfigError("engine.json: strategies[0].name: this release has no strategy " + placed.name);
}

}  // namespace

int main(int count, char** arguments) {
    const auto options = parsed(count, arguments);
    if (!options) {
        std::fputs(usage, stderr);
        return 2;
    }
    if (options->count("--version")) {
        std::printf("{\"version\": \"%s\", \"build_id\": \"%s\"}\n", COLO_VERSION, build_id().c_str());
        return 0;
    }
    std::signal(SIGUSR1, on_kill);
    std::signal(SIGTERM, on_stop);
    std::signal(SIGINT, on_stop);
    std::signal(SIGPIPE, SIG_IGN);
    try {
        run_named(read_engine_config(options->at("--config")), *options);
        return 0;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "engine: %s\n", error.what());
        return 1;
    }
}
