// What an engine says of itself: a line of progress while it runs, and a summary when it has ended.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "engine/runtime/config.hpp"
#include "engine/runtime/self_check.hpp"
#include "engine/runtime/telemetry.hpp"
#include "engine/runtime/trading_core.hpp"

namespace colo {

// {"sequence", "orders", "fills", "open_orders", "position": {symbol: shares}}
[[nodiscard]] std::string progress_line(const EngineConfig& config, const Telemetry& telemetry);

// {"count", "p50", "p99", "p999", "max"}
[[nodiscard]] nlohmann::ordered_json percentiles(const LatencyHistogram& histogram);

// {item: {"declared", "found", "met", "waived"}}
[[nodiscard]] nlohmann::ordered_json self_check_summary(const std::vector<SelfCheckItem>& items);

// What the core knows at the end, live or replayed. Money is in units of 1e-4 dollars.
template <class Core>
[[nodiscard]] nlohmann::ordered_json core_summary(const EngineConfig& config, const Core& core) {
    nlohmann::ordered_json rejects, anomalies, instruments;
    for (const RiskRuleName& rule : risk_rule_names) rejects[std::string(rule.name)] = core.gate().rejects(rule.rule);
    for (std::size_t i = 1; i < anomaly_count; ++i)
        anomalies[std::string(name_of(static_cast<Anomaly>(i)))] = core.counts().anomalies[i];
    std::int64_t total = 0;
    for (const InstrumentIndex index : core.market().traded()) {
        const MarketView view = core.market().view(index, Quantity{0}, Timestamp{});
        const Price mark = MarketData::reference(view).price();
        const Position& position = core.position(index);
        const std::int64_t fees = core.fees(index) / 10'000;
        const std::int64_t pnl = position.profit(mark).value();
        total += pnl;
        instruments[config.instruments[index.value()].symbol] = {
            {"position", position.quantity().value()},   {"average_price", position.average_price().value()},
            {"mark_price", mark.value()},                {"realised", position.realised().value()},
            {"unrealised", position.unrealised(mark).value()}, {"fees", fees}, {"pnl", pnl}};
        // Why its feed is not believed any more; an instrument with a fault is halted.
        if (const BookStatus fault = core.market().book(index).fault(); fault != BookStatus::ok)
            instruments[config.instruments[index.value()].symbol]["fault"] = to_string(fault);
    }
    const CoreCounts& counts = core.counts();
    return {{"messages", counts.feed_messages}, {"orders", counts.orders},
            {"cancels", counts.cancels},        {"fills", counts.fills},
            {"broken_trades", counts.broken_trades}, {"venue_rejects", counts.venue_rejects},
            {"malformed_messages", core.market().malformed()}, {"malformed_answers", counts.malformed_answers},
            {"rejects_by_rule", rejects},       {"anomalies", anomalies},
            {"killed", core.killed()},          {"open_orders", core.orders().open_count()},
            {"pnl", total},                     {"instruments", instruments}};
}

}  // namespace colo
