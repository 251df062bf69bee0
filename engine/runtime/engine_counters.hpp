// What a running engine counts, by name: the one list of the counters that stand in its telemetry block.
//
// The list is a visit, so that names and values cannot drift apart: the engine visits once for the names, and then,
// as often as it publishes, for the values in the same order.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/feed/arbiter.hpp"
#include "engine/runtime/config.hpp"
#include "engine/runtime/telemetry.hpp"
#include "engine/runtime/trading_core.hpp"

namespace colo {

// The stages of an order's life, by the histogram's place in the block.
enum class LatencyStage : std::size_t {
    kernel_to_taken,      // the packet waited in the kernel's queue
    taken_to_decoded,     // arbitration, journal of the message, decode, book
    decoded_to_decided,   // strategy and risk gate
    decided_to_journaled,
    journaled_to_sent,    // the call that sends
    tick_to_trade,        // taken to journaled
    wire_to_wire,         // kernel receive timestamp to return of the send
    count
};
[[nodiscard]] inline std::vector<std::string> latency_stage_names() {
    return {"kernel_to_taken",   "taken_to_decoded", "decoded_to_decided", "decided_to_journaled",
            "journaled_to_sent", "tick_to_trade",    "wire_to_wire"};
}

// Calls visit(group, name, value) for each counter, always the same ones in the same order.
template <class Core, class Visit>
void for_each_counter(const EngineConfig& config, const Core& core, const Arbiter::Counts& feed,
                      SequenceNumber next_sequence, Visit&& visit) {
    const auto count = [&](std::string_view group, std::string_view name, std::uint64_t value) {
        visit(group, name, static_cast<std::int64_t>(value));
    };
    count("feed", "sequence", next_sequence.value() - 1);
    count("feed", "packets_a", feed.packets[0]);
    count("feed", "packets_b", feed.packets[1]);
    count("feed", "packets_rerequested", feed.packets[2]);
    count("feed", "duplicates", feed.duplicates);
    count("feed", "gaps", feed.gaps);
    count("feed", "requests", feed.requests);
    count("feed", "snapshots", feed.snapshots);
    count("feed", "lost_messages", feed.lost_messages);
    count("feed", "bad_packets", feed.bad_packets);
    count("feed", "foreign_packets", feed.foreign_packets);
    const CoreCounts& counts = core.counts();
    count("orders", "sent", counts.orders);
    count("orders", "cancels", counts.cancels);
    count("orders", "fills", counts.fills);
    count("orders", "broken_trades", counts.broken_trades);
    count("orders", "venue_rejects", counts.venue_rejects);
    count("orders", "malformed_answers", counts.malformed_answers);
    count("orders", "open", core.orders().open_count());
    count("session", "ready", core.session() == SessionState::ready ? 1 : 0);
    count("session", "killed", core.killed() ? 1 : 0);
    count("session", "paused", core.paused() ? 1 : 0);
    for (const RiskRuleName& rule : risk_rule_names) count("refused", rule.name, core.gate().rejects(rule.rule));
    for (std::size_t i = 1; i < anomaly_count; ++i)
        count("anomaly", name_of(static_cast<Anomaly>(i)), counts.anomalies[i]);
    for (const InstrumentIndex index : core.market().traded())
        visit("position", config.instruments[index.value()].symbol, core.position(index).quantity().value());
}

template <class Core>
[[nodiscard]] std::vector<std::string> counter_names(const EngineConfig& config, const Core& core) {
    std::vector<std::string> names;
    for_each_counter(config, core, Arbiter::Counts{}, SequenceNumber{1}, [&](auto group, auto name, std::int64_t) {
        names.push_back(std::string(group) + "/" + std::string(name));
    });
    return names;
}

// Stores all counters: some forty stores, done where the engine has nothing better to do.
template <class Core>
void publish_counters(Telemetry& telemetry, const EngineConfig& config, const Core& core, const Arbiter::Counts& feed,
                      SequenceNumber next_sequence) {
    std::size_t at = 0;
    for_each_counter(config, core, feed, next_sequence,
                     [&](auto, auto, std::int64_t value) { telemetry.set(at++, value); });
}

}  // namespace colo
