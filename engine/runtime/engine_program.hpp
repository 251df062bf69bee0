// What the program `engine` does with one kind of strategy: trade live with kernel sockets and a journal, replay, or show
// one moment of a journal.
#pragma once

#include <cstdio>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "engine/runtime/engine_summary.hpp"
#include "engine/runtime/journal_recorder.hpp"
#include "engine/runtime/kernel_network.hpp"
#include "engine/runtime/moment_page.hpp"
#include "engine/runtime/self_check.hpp"
#include "engine/runtime/thread_placement.hpp"
#include "engine/runtime/trading_engine.hpp"

namespace colo {

// Ends the program with exit code 1 and this sentence.
class EngineError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

inline void print_line(const std::string& line) {
    std::fputs((line + "\n").c_str(), stdout);
    std::fflush(stdout);
}

namespace detail {
[[nodiscard]] inline JournalReader open_reader(const std::filesystem::path& directory) {
    auto reader = JournalReader::open(directory);
    if (!reader) throw EngineError(reader.error().to_string());
    return *std::move(reader);
}

template <class Engine>
[[nodiscard]] std::string live_summary(const EngineConfig& config, const Engine& engine, const Journal& journal,
                                       const std::vector<SelfCheckItem>& host) {
    nlohmann::ordered_json summary{{"sequence", engine.arbiter().next_sequence().value() - 1}};
    summary.update(core_summary(config, engine.core()));
    const Arbiter::Counts& feed = engine.arbiter().counts();
    summary["gaps"] = feed.gaps;
    summary["duplicates"] = feed.duplicates;
    summary["rerequested"] = feed.first[static_cast<std::size_t>(FeedSource::rerequest)];
    summary["requests"] = feed.requests;
    summary["snapshots"] = feed.snapshots;
    summary["lost_messages"] = feed.lost_messages;
    summary["bad_packets"] = feed.bad_packets;
    summary["resumed"] = journal.recovery().resumed;
    summary["tick_to_trade_ns"] = percentiles(engine.latency(LatencyStage::tick_to_trade));
    summary["wire_to_wire_ns"] = percentiles(engine.latency(LatencyStage::wire_to_wire));
    summary["self_check"] = self_check_summary(host);
    summary["done"] = true;
    return summary.dump();
}
}  // namespace detail

namespace detail {
template <EngineNetwork Network, Strategy S>
void trade_over(const EngineConfig& config, S strategy, EngineSignals& signals, bool show_progress) {
    const ThreadConfig trading = config.thread("trading");
    keep_memory_near(trading.cpu);
    const std::vector<SelfCheckItem> host = check_host(config, lock_memory(), std::time(nullptr));
    if (const auto why = refusal(config, host)) throw EngineError(*why);
    const HostClock clock;
    Network network(config, trading.wait);
    const std::unique_ptr<Journal> journal =
        open_journal(config, config.journal_directory, config.hot_directory, config.segment_bytes);
    JournalRecorder recorder(*journal);
    using Engine = TradingEngine<S, Network, HostClock, JournalRecorder>;
    auto engine = std::make_unique<Engine>(config, std::move(strategy), network, clock, recorder, signals,
                                           config.hot_directory / "telemetry");
    Housekeeping housekeeping(*journal, config.thread("housekeeping").cpu, [&] {
        if (show_progress) print_line(progress_line(config, engine->telemetry()));
    });
    JournalReader reader = open_reader(config.journal_directory);
    if (const auto problem = engine->resume(reader))
        throw EngineError("journal " + config.journal_directory.string() +
                          ": cannot be continued by this release and configuration: " + *problem);
    engine->offer_parameters(config.hot_directory / "parameters");
    engine->offer_commands(config.hot_directory / "commands");
    engine->offer_models(config.hot_directory / "models");
    engine->show_orders(config.hot_directory / "open_orders");
    pin_thread(trading.cpu, "trading");
    engine->run();
    housekeeping.end();
    const auto closing = journal->close();
    if (engine->failure()) throw EngineError(*engine->failure());
    if (closing) throw EngineError("journal: " + closing->to_string());
    const std::string summary = live_summary(config, *engine, *journal, host);
    engine.reset();  // its counters and parameters leave memory, after the journal
    std::error_code not_empty;
    std::filesystem::remove(config.hot_directory, not_empty);
    print_line(summary);
}
}  // namespace detail

// Trades the session that the configuration names, from where the journal ends. Throws one sentence where that fails.
template <Strategy S>
void trade(const EngineConfig& config, S strategy, EngineSignals& signals, bool show_progress) {
    if (config.gateway)
        return detail::trade_over<KernelNetwork<SharedConnection>>(config, std::move(strategy), signals, show_progress);
    detail::trade_over<KernelNetwork<TcpConnection>>(config, std::move(strategy), signals, show_progress);
}

// Runs the journal's inputs again and compares every order with the journaled one; `orders_file`, where not empty, gets
// the order stream: for each order its cause (8 bytes), its length (2 bytes), both little endian, and its OUCH message.
template <Strategy S>
void replay(const EngineConfig& config, S strategy, const std::filesystem::path& directory,
            const std::filesystem::path& orders_file) {
    OrderComparison comparison;
    const auto core = std::make_unique<TradingCore<S, OrderComparison>>(config, std::move(strategy), comparison);
    JournalReader reader = detail::open_reader(directory);
    std::ofstream orders;
    if (!orders_file.empty()) {
        orders.open(orders_file, std::ios::binary);
        if (!orders) throw EngineError(orders_file.string() + ": cannot be written");
    }
    const auto write = [&](SequenceNumber cause, Bytes message) {
        if (!orders.is_open()) return;
        const std::uint64_t sequence = cause.value();
        const auto length = static_cast<std::uint16_t>(message.size());
        orders.write(reinterpret_cast<const char*>(&sequence), sizeof sequence);
        orders.write(reinterpret_cast<const char*>(&length), sizeof length);
        orders.write(reinterpret_cast<const char*>(message.data()), length);
    };
    const ReplayEnd end = replay_journal(reader, *core, comparison, write);
    if (end.problem) throw EngineError("replay of " + directory.string() + ": " + *end.problem);
    if (const auto damage = reader.check_end())
        throw EngineError("replay of " + directory.string() + ": " + damage->to_string());
    if (end.records == 0) throw EngineError("replay of " + directory.string() + ": the journal has no records");
    if (orders.is_open() && !orders.flush()) throw EngineError(orders_file.string() + ": cannot be written");
    nlohmann::ordered_json summary{{"sequence", end.next_feed.value() - 1}, {"records", end.records}};
    summary.update(core_summary(config, *core));
    summary["orders_compared"] = end.orders;
    summary["unmet"] = comparison.unmet().size();
    summary["done"] = true;
    print_line(summary.dump());
}

// Runs the journal up to a feed message and shows what happened then, as a page or as JSON.
template <Strategy S>
void show_moment(const EngineConfig& config, S strategy, const std::filesystem::path& directory, SequenceNumber sequence,
                 bool as_json) {
    MomentWitness witness;
    const auto core = std::make_unique<TradingCore<S, MomentWitness>>(config, std::move(strategy), witness);
    JournalReader reader = detail::open_reader(directory);
    const Result<Moment, std::string> moment = find_moment(reader, *core, witness, sequence);
    if (!moment) throw EngineError("replay of " + directory.string() + ": " + moment.error());
    const std::string& written_with = moment->segment.identity.config_digest;
    if (written_with != config.digest)
        throw EngineError("replay of " + directory.string() + ": the journal was written with configuration " +
                          written_with + ", not with the given one, " + config.digest);
    print_line(as_json ? moment_json(*moment, config).dump(2) : moment_page(*moment, config));
}

}  // namespace colo
