// Texts of engine_summary.hpp.
#include "engine/runtime/engine_summary.hpp"

namespace colo {

std::string progress_line(const EngineConfig& config, const Telemetry& telemetry) {
    const auto value = [&](const std::string& name) { return telemetry.value(name).value_or(0); };
    nlohmann::ordered_json positions = nlohmann::ordered_json::object();
    for (const InstrumentIndex index : config.strategies[0].instruments) {
        const std::string& symbol = config.instruments[index.value()].symbol;
        positions[symbol] = value("position/" + symbol);
    }
    return nlohmann::ordered_json{{"sequence", value("feed/sequence")},
                                  {"orders", value("orders/sent")},
                                  {"fills", value("orders/fills")},
                                  {"open_orders", value("orders/open")},
                                  {"position", positions}}
        .dump();
}

nlohmann::ordered_json percentiles(const LatencyHistogram& histogram) {
    return {{"count", histogram.count()},
            {"p50", histogram.percentile(0.50).value()},
            {"p99", histogram.percentile(0.99).value()},
            {"p999", histogram.percentile(0.999).value()},
            {"max", histogram.max().value()}};
}

nlohmann::ordered_json self_check_summary(const std::vector<SelfCheckItem>& items) {
    nlohmann::ordered_json summary = nlohmann::ordered_json::object();
    for (const SelfCheckItem& item : items)
        summary[item.name] = {
            {"declared", item.declared}, {"found", item.found}, {"met", item.met}, {"waived", item.waived}};
    return summary;
}

}  // namespace colo
