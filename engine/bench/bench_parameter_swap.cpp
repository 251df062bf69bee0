// How long a change of parameters holds up the trading loop: the turn that sees it reads it from shared memory, checks
// it, journals it, and hands it to the strategy. The floor is a turn that finds nothing changed.
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
    [[nodiscard]] Quotes on_book(const MarketView&) const { return {}; }
    void on_fill(const Fill&) {}

private:
    std::array<double, 8> values_{100, 0.1, 60'000, 10, 60'000, 500, 2, 5};
};

using Engine = TradingEngine<EightParameters, MemoryNetwork, HostClock, CopyingRecorder>;

void measure() {
    constexpr std::uint64_t changes = 20'000;
    const EngineConfig config = wide_config(2, "eight");
    MemoryNetwork network;
    HostClock clock;
    CopyingRecorder recorder;
    EngineSignals signals;
    const auto engine = std::make_unique<Engine>(config, EightParameters{}, network, clock, recorder, signals);
    const std::filesystem::path file = std::filesystem::path("/dev/shm") / ("colo-bench-parameters-" + std::to_string(::getpid()));
    engine->offer_parameters(file);
    engine->start();
    for (int i = 0; i < 100; ++i) engine->turn();
    ProposalBlock<ParameterChange> block = ProposalBlock<ParameterChange>::open(file);
    ParameterChange change = *block.in_force();
    const std::string_view author = "bench";
    change.author_length = author.copy(change.author.data(), change.author.size());
    std::vector<std::uint64_t> swaps, turns;
    for (std::uint64_t i = 1; i <= changes; ++i) {
        change.generation = i;
        change.values[1] = 0.1 + 1e-7 * static_cast<double>(i);
        block.propose(change);
        const std::uint64_t start = ticks();
        engine->turn();
        const std::uint64_t swapped = ticks();
        engine->turn();
        const std::uint64_t turned = ticks();
        swaps.push_back(swapped - start);
        turns.push_back(turned - swapped);
    }
    if (engine->core().parameters().generation != changes) fail("a change was not applied");
    const double scale = nanoseconds_per_tick();
    const Percentiles found = percentiles(swaps, scale);
    print({.name = "parameter_swap",
           .value = found[2].second,  // p99.9
           .unit = "ns",
           .floor = percentiles(turns, scale)[2].second,
           .percentiles = found});
}

}  // namespace
}  // namespace colo::bench

int main(int count, char** values) {
    const colo::bench::CommandLine line(count, values, {"parameter_swap"});
    if (line.wants("parameter_swap")) colo::bench::measure();
}
