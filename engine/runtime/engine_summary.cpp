// Texts of engine_summary.hpp.
#include "engine/runtime/engine_summary.hpp"

namespace colo {

std::string progress_line(const EngineConfig& config, const EngineProgress& progress) {
    nlohmann::ordered_json positions = nlohmann::ordered_json::object();
    for (const InstrumentIndex index : config.strategies[0].instruments) {
        if (index.value() >= EngineProgress::instruments_max) continue;
        positions[config.instruments[index.value()].symbol] = progress.positions[index.value()].load();
    }
    return nlohmann::ordered_json{{"sequence", progress.sequence.load()}, {"orders", progress.orders.load()},
                                  {"fills", progress.fills.load()},       {"open_orders", progress.open_orders.load()},
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

}  // namespace colo
