// What the configuration says of each instrument, as the tables by instrument index that orders and risk work with.
#pragma once

#include <vector>

#include "engine/core/wire.hpp"
#include "engine/orders/position.hpp"
#include "engine/orders/risk.hpp"
#include "engine/runtime/config.hpp"

namespace colo {

[[nodiscard]] inline std::vector<RiskMembership> memberships(const EngineConfig& config) {
    std::vector<RiskMembership> members(config.instruments.size());
    for (std::size_t i = 0; i < members.size(); ++i) {
        members[i].symbol = config.instruments[i].symbol;
        members[i].restricted = config.instruments[i].restricted;
    }
    for (const StrategyConfig& strategy : config.strategies)
        for (const InstrumentIndex index : strategy.instruments) members[index.value()].strategy = strategy.name;
    return members;
}

[[nodiscard]] inline std::vector<Position> opening_positions(const EngineConfig& config) {
    std::vector<Position> positions;
    for (const InstrumentConfig& instrument : config.instruments)
        positions.emplace_back(instrument.opening_quantity, instrument.opening_price);
    return positions;
}

[[nodiscard]] inline std::vector<Alpha<8>> symbols(const EngineConfig& config) {
    std::vector<Alpha<8>> symbols;
    for (const InstrumentConfig& instrument : config.instruments) symbols.emplace_back(instrument.symbol);
    return symbols;
}

// One beyond the last where the symbol is not one of these.
[[nodiscard]] inline InstrumentIndex index_of(const std::vector<Alpha<8>>& symbols, std::string_view symbol) {
    std::uint32_t index = 0;
    while (index < symbols.size() && symbols[index] != symbol) ++index;
    return InstrumentIndex{index};
}

}  // namespace colo
