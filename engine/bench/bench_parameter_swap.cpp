// How long a change of parameters, or of the model that a strategy asks, holds up the trading loop: the turn that sees it
// reads it from shared memory, checks it, journals it, and hands it to the strategy. The floor is a turn that finds
// nothing changed.
#include "engine/bench/memory_venue.hpp"
#include "engine/bench/measure.hpp"

namespace colo::bench {
namespace {

// As many parameters as a strategy has, of every kind.
class EightParameters {
public:
    static constexpr std::array<ParameterRule, 8> rules{{{"quote_quantity", "shares", true, 0, 999'999},
                                                         {"gamma", "1/dollar", false, 0, 1'000},
                                                         {"sigma_window_ms", "ms", true, 0, 86'400'000},
                                                         {"k", "1/dollar", false, 0, 1'000},
                                                         {"horizon_ms", "ms", true, 0, 86'400'000},
                                                         {"inventory_max", "shares", true, 0, 1'000'000},
                                                         {"spread_ticks_min", "ticks", true, 0, 1'000},
                                                         {"requote_ticks", "ticks", true, 0, 1'000}}};
    [[nodiscard]] static std::span<const ParameterRule> parameter_rules() { return rules; }
    [[nodiscard]] std::span<const double> parameters() const { return values_; }
    void set_parameters(std::span<const double> values) { std::copy_n(values.begin(), values_.size(), values_.begin()); }
    static constexpr std::array<std::string_view, 1> inputs{"imbalance"};
    [[nodiscard]] static std::span<const std::string_view> model_inputs() { return inputs; }
    void set_model(const TreeModel& model) { model_ = model; }
    [[nodiscard]] Quotes on_book(const MarketView&) const { return {}; }
    void on_fill(const Fill&) {}

private:
    std::array<double, 8> values_{100, 0.1, 60'000, 10, 60'000, 500, 2, 5};
    TreeModel model_;
};

using Engine = TradingEngine<EightParameters, MemoryNetwork, HostClock, CopyingRecorder>;

// A model of as many trees and nodes as there can be.
ModelChange whole_model() {
    ModelChange change;
    TreeModel& model = change.model;
    model.value_max = 10;
    model.tree_count = TreeModel::trees_max;
    model.node_count = TreeModel::nodes_max;
    for (std::uint16_t i = 0; i < TreeModel::nodes_max; ++i) {
        const auto next = static_cast<std::uint16_t>(i + 1);
        const bool leaf = i + 2u >= TreeModel::nodes_max || i % 3 != 0;
        model.nodes[i] = {0.5, leaf ? TreeNode::leaf : std::uint16_t{0}, next, static_cast<std::uint16_t>(i + 2), 0};
    }
    return change;
}

// Proposes so many changes, each made by `change(proposal, number)`, and times the turns that see them.
template <class Proposed, class Change>
void measure(const char* name, Engine& engine, const std::filesystem::path& file, Proposed proposed, Change&& change) {
    constexpr std::uint64_t changes = 20'000;
    auto block = ProposalBlock<Proposed>::open(file);
    proposed.sign("bench");
    std::vector<std::uint64_t> swaps, turns;
    for (std::uint64_t i = 1; i <= changes; ++i) {
        proposed.generation = i;
        change(proposed, static_cast<double>(i));
        block.propose(proposed);
        const std::uint64_t start = ticks();
        engine.turn();
        const std::uint64_t swapped = ticks();
        engine.turn();
        const std::uint64_t turned = ticks();
        swaps.push_back(swapped - start);
        turns.push_back(turned - swapped);
    }
    if (block.in_force()->generation != changes) fail("a change was not applied");
    const double scale = nanoseconds_per_tick();
    const Percentiles found = percentiles(swaps, scale);
    print({.name = name,
           .value = found[2].second,  // p99.9
           .unit = "ns",
           .floor = percentiles(turns, scale)[2].second,
           .percentiles = found});
}

void measure(const CommandLine& line) {
    const EngineConfig config = wide_config(2, "eight");
    MemoryNetwork network;
    HostClock clock;
    CopyingRecorder recorder;
    EngineSignals signals;
    const auto engine = std::make_unique<Engine>(config, EightParameters{}, network, clock, recorder, signals);
    const std::string files = "/dev/shm/colo-bench-swap-" + std::to_string(::getpid());
    engine->offer_parameters(files + "-parameters");
    engine->offer_models(files + "-models");
    engine->start();
    for (int i = 0; i < 100; ++i) engine->turn();
    if (line.wants("parameter_swap"))
        measure("parameter_swap", *engine, files + "-parameters", engine->core().parameters(),
                [](ParameterChange& change, double number) { change.values[1] = 0.1 + 1e-7 * number; });
    if (line.wants("parameter_swap/model"))
        measure("parameter_swap/model", *engine, files + "-models", whole_model(),
                [](ModelChange& change, double number) { change.model.nodes[0].number = 1e-7 * number; });
}

}  // namespace
}  // namespace colo::bench

int main(int count, char** values) {
    colo::bench::measure(colo::bench::CommandLine(count, values, {"parameter_swap", "parameter_swap/model"}));
}
