// A journal in memory run again through a core, with everything that the core gave out compared.
#pragma once

#include "tests/engine/trading_venue.hpp"

namespace colo::trading_test {

// Runs a core from records; the problem, or nothing.
struct Replayed {
    OrderComparison comparison;
    std::unique_ptr<TradingCore<ScriptedStrategy, OrderComparison>> core;
    ReplayEnd end;
    std::vector<std::byte> orders;
};

[[nodiscard]] inline std::unique_ptr<Replayed> replay(const EngineConfig& config, Script& script,
                                                      const std::vector<StoredRecord>& records) {
    auto replayed = std::make_unique<Replayed>();
    script.asked = 0;
    replayed->core = std::make_unique<TradingCore<ScriptedStrategy, OrderComparison>>(
        config, ScriptedStrategy(script), replayed->comparison);
    MemoryReader reader{records};
    replayed->end = replay_journal(reader, *replayed->core, replayed->comparison, [&](SequenceNumber, Bytes message) {
        replayed->orders.insert(replayed->orders.end(), message.begin(), message.end());
    });
    return replayed;
}

}  // namespace colo::trading_test
