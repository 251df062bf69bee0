// The program `exchange_simulator`: plays a recorded session to a trading engine and matches its orders against it, or
// generates a session from a seed.
//
//   exchange_simulator --config exchange.json [--progress]
//   exchange_simulator --config exchange.json --drop-copy FILE
//   exchange_simulator --generate --seed 1 --messages 300000 --symbols 2 --day 2026-01-15 --out session.itch
#include <sched.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <exception>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "engine/runtime/json_field.hpp"
#include "engine/simulator/config.hpp"
#include "engine/simulator/drop_copy.hpp"
#include "engine/simulator/exchange.hpp"
#include "engine/simulator/generated_session.hpp"
#include "engine/simulator/simulator.hpp"
#include "engine/simulator/simulator_error.hpp"

namespace {

using namespace colo;
using namespace colo::simulator;

constexpr const char* usage =
    "usage: exchange_simulator --config exchange.json [--progress]\n"
    "       exchange_simulator --config exchange.json --drop-copy FILE\n"
    "       exchange_simulator --generate --day YYYY-MM-DD --out session.itch\n"
    "                          [--seed N] [--messages N] [--symbols N]\n";

using Options = std::map<std::string, std::string>;

std::atomic<bool> stop_requested{false};

void request_stop(int) { stop_requested = true; }

// Options by name; a flag has an empty value. Nothing where the command line is wrong.
std::optional<Options> parsed(int count, char** arguments) {
    Options options;
    for (int i = 1; i < count; ++i) {
        const std::string name = arguments[i];
        if (name == "--progress" || name == "--generate" || name == "--version") {
            options[name];
            continue;
        }
        const bool known = name == "--config" || name == "--seed" || name == "--messages" || name == "--symbols" ||
                           name == "--day" || name == "--out" || name == "--drop-copy";
        if (!known || i + 1 == count) return std::nullopt;
        options[name] = arguments[++i];
    }
    return options;
}

std::uint64_t number(const Options& options, const std::string& name, std::uint64_t otherwise) {
    const auto found = options.find(name);
    if (found == options.end()) return otherwise;
    std::size_t used = 0;
    std::uint64_t value = 0;
    try {
        value = std::stoull(found->second, &used);
    } catch (const std::exception&) {
        used = 0;
    }
    if (used == 0 || used != found->second.size() || found->second[0] == '-') {
        throw SimulatorError(name + " " + found->second + ": must be a whole number");
    }
    return value;
}

void print(const Progress& progress) {
    nlohmann::ordered_json line{{"played", progress.played}, {"messages", progress.messages},
                                {"orders", progress.orders}, {"fills", progress.fills}};
    if (progress.done) {
        line["done"] = true;
        line["rejects"] = progress.rejects;
        line["malformed"] = progress.malformed;
        line["packets"] = progress.packets;
        line["packets_lost"] = progress.packets_lost;
        line["rerequests"] = progress.rerequests;
        line["rerequested_messages"] = progress.rerequested_messages;
        line["snapshots"] = progress.snapshots;
        line["orphans"] = progress.orphans;
        line["impossible"] = progress.impossible;
    }
    std::puts(line.dump().c_str());
    std::fflush(stdout);
}

void pin(int cpu) {
    if (cpu < 0) return;
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(static_cast<std::size_t>(cpu), &set);
    if (::sched_setaffinity(0, sizeof set, &set) != 0) {
        throw system_error("cannot run on cpu " + std::to_string(cpu), errno);
    }
}

// What was executed so far, from the journal of a venue that has ended.
void copy_executions(const std::string& path, const std::string& file) {
    const Config config = read_config(path);
    auto session = SessionFile::open(config.session_file.string());
    if (!session) throw SimulatorError(session.error().to_string());
    ExchangeJournal journal(config.journal_directory, config.mold_session);
    write_drop_copy(Exchange(*session, journal), file);
}

void play(const std::string& path, bool show_progress) {
    std::signal(SIGTERM, request_stop);
    std::signal(SIGINT, request_stop);
    std::signal(SIGPIPE, SIG_IGN);
    const Config config = read_config(path);
    pin(config.cpu);
    auto session = SessionFile::open(config.session_file.string());
    if (!session) throw SimulatorError(session.error().to_string());
    ExchangeJournal journal(config.journal_directory, config.mold_session);
    Exchange exchange(*session, journal);
    const auto notice = [](const std::string& sentence) {
        std::fprintf(stderr, "exchange_simulator: %s\n", sentence.c_str());
    };
    Simulator simulator(config, exchange, stop_requested, notice, [&](const Progress& progress) {
        if (show_progress) print(progress);
    });
    const Progress last = simulator.run();
    if (show_progress) print(last);
}

void generate(const Options& options) {
    GeneratedSession session;
    session.seed = number(options, "--seed", session.seed);
    session.messages = number(options, "--messages", session.messages);
    session.symbols = number(options, "--symbols", session.symbols);
    session.trading_day = options.at("--day");
    write_generated_session(session, options.at("--out"));
}

}  // namespace

int main(int count, char** arguments) {
    const auto options = parsed(count, arguments);
    const auto has = [&](const char* name) { return options && options->count(name) > 0; };
    const bool generates = has("--generate") && has("--day") && has("--out");
    if (has("--version")) {
        std::puts("exchange_simulator " COLO_VERSION);
        return 0;
    }
    if (!options || generates == has("--config")) {
        std::fputs(usage, stderr);
        return 2;
    }
    try {
        if (generates) generate(*options);
        else if (has("--drop-copy")) copy_executions(options->at("--config"), options->at("--drop-copy"));
        else play(options->at("--config"), has("--progress"));
        return 0;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "exchange_simulator: %s\n", error.what());
        return 1;
    }
}
