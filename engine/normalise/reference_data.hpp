// What the normaliser must know of a trading day beyond its journal: the day's locates and the instruments they mean,
// the Unix time of midnight, the hours of trading, and the mark of messages that completion added.
//
//   auto parsed = ReferenceData::parse(json_text);
//   if (!parsed) fail("reference_data.json: " + parsed.error().reason);
//   parsed->instrument(Locate{7});
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "engine/core/result.hpp"
#include "engine/core/types.hpp"

namespace colo {

struct ReferenceDataError {
    std::string reason;  // names the field
};

struct ReferenceData {
    Timestamp midnight;
    std::optional<std::uint16_t> synthetic_tracking_number;
    SessionTime open;
    SessionTime close;
    std::unordered_map<Locate, InstrumentId> instrument_by_locate;
    std::unordered_map<InstrumentId, Locate> locate_by_instrument;
    std::unordered_map<std::string, Locate> locate_by_symbol;

    [[nodiscard]] static Result<ReferenceData, ReferenceDataError> parse(std::string_view json);

    // 0 where the day has no such instrument.
    [[nodiscard]] InstrumentId instrument(Locate locate) const {
        const auto found = instrument_by_locate.find(locate);
        return found == instrument_by_locate.end() ? InstrumentId{} : found->second;
    }
};

}  // namespace colo
