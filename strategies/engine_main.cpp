// The program `engine`: trades a session with the strategy that its configuration names, or replays a journal.
//
//   engine --config engine.json [--progress]
//   engine --replay JOURNAL_DIRECTORY --config engine.json [--orders FILE]
//   engine --replay JOURNAL_DIRECTORY@SEQUENCE [--config engine.json] [--json]
//   engine --version
#include <charconv>
#include <csignal>
#include <cstdio>
#include <exception>
#include <filesystem>
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
    "       engine --replay JOURNAL_DIRECTORY@SEQUENCE [--config engine.json] [--json]\n"
    "       engine --version\n";

EngineSignals signals;

void on_kill(int) { signals.kill.store(true, std::memory_order_relaxed); }
void on_stop(int) { signals.stop.store(true, std::memory_order_relaxed); }

// What `JOURNAL_DIRECTORY@SEQUENCE` means; nothing where no number follows the last @.
struct MomentPlace {
    std::string directory;
    SequenceNumber sequence;
};
std::optional<MomentPlace> moment_of(const std::string& text) {
    const std::size_t at = text.rfind('@');
    if (at == std::string::npos || at == 0) return std::nullopt;
    std::uint64_t sequence = 0;
    const char* const end = text.data() + text.size();
    const auto [stopped, error] = std::from_chars(text.data() + at + 1, end, sequence);
    if (error != std::errc{} || stopped != end) return std::nullopt;
    return MomentPlace{text.substr(0, at), SequenceNumber{sequence}};
}

// Options by name; a flag has an empty value. Nothing where the command line is wrong.
std::optional<std::map<std::string, std::string>> parsed(int count, char** arguments) {
    std::map<std::string, std::string> options;
    for (int i = 1; i < count; ++i) {
        const std::string name = arguments[i];
        if (name == "--progress" || name == "--version" || name == "--json") {
            options[name];
        } else if ((name == "--config" || name == "--replay" || name == "--orders") && i + 1 < count) {
            options[name] = arguments[++i];
        } else {
            return std::nullopt;
        }
    }
    if (options.count("--version") || options.count("--config")) return options;
    if (!options.count("--replay") || !moment_of(options.at("--replay"))) return std::nullopt;
    // A run keeps its configuration beside its journal.
    const auto journal = std::filesystem::absolute(moment_of(options.at("--replay"))->directory).lexically_normal();
    options["--config"] = ((journal.has_filename() ? journal : journal.parent_path()).parent_path() / "engine.json").string();
    return options;
}

template <Strategy S>
void run(const EngineConfig& config, S strategy, const std::map<std::string, std::string>& options) {
    const auto directory = options.find("--replay");
    if (directory == options.end()) return trade(config, std::move(strategy), signals, options.count("--progress") > 0);
    if (const auto place = moment_of(directory->second))
        return show_moment(config, std::move(strategy), place->directory, place->sequence, options.count("--json") > 0);
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
