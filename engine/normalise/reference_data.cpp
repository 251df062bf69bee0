// Reading reference_data.json; a field that is missing or wrong is named by its path.
#include "engine/normalise/reference_data.hpp"

#include <limits>
#include <nlohmann/json.hpp>

namespace colo {
namespace {

using Json = nlohmann::json;

// Collects the first error, so that reading goes straight through.
struct FieldReader {
    std::string error;

    std::int64_t integer(const Json& object, const char* field, const std::string& path, std::int64_t max) {
        const auto found = object.find(field);
        if (found == object.end() || !found->is_number_integer()) return wrong(path + field + " must be an integer");
        const auto value = found->get<std::int64_t>();
        if (value < 0 || value > max) return wrong(path + field + " cannot be " + std::to_string(value));
        return value;
    }
    std::int64_t wrong(std::string reason) {
        if (error.empty()) error = std::move(reason);
        return 0;
    }
};

constexpr std::int64_t day_ns = 86'400'000'000'000;
constexpr std::int64_t any = std::numeric_limits<std::int64_t>::max();

void read_instrument(const Json& instrument, const std::string& path, FieldReader& reader, ReferenceData& data) {
    if (!instrument.is_object()) {
        reader.wrong(path + " must be an object");
        return;
    }
    const auto symbol = instrument.find("symbol");
    if (symbol == instrument.end() || !symbol->is_string()) reader.wrong(path + "symbol must be a text");
    constexpr std::int64_t locate_max = std::numeric_limits<std::uint16_t>::max();
    constexpr std::int64_t id_max = std::numeric_limits<std::int32_t>::max();
    const Locate locate{static_cast<std::uint16_t>(reader.integer(instrument, "locate", path, locate_max))};
    const InstrumentId id{static_cast<std::int32_t>(reader.integer(instrument, "instrument_id", path, id_max))};
    if (!reader.error.empty()) return;
    if (!data.instrument_by_locate.emplace(locate, id).second) {
        reader.wrong(path + "locate " + std::to_string(locate.value()) + " stands twice");
    }
    if (!data.locate_by_instrument.emplace(id, locate).second) {
        reader.wrong(path + "instrument_id " + std::to_string(id.value()) + " stands twice");
    }
    data.locate_by_symbol.emplace(symbol->get<std::string>(), locate);
}

}  // namespace

Result<ReferenceData, ReferenceDataError> ReferenceData::parse(std::string_view text) {
    const Json json = Json::parse(text, nullptr, false);
    if (!json.is_object()) return ReferenceDataError{"the text is not a JSON object"};
    FieldReader reader;
    ReferenceData data;
    data.midnight = Timestamp{reader.integer(json, "midnight_ns", "", any)};
    const auto tracking = json.find("synthetic_tracking_number");
    if (tracking != json.end() && !tracking->is_null()) {
        data.synthetic_tracking_number =
            static_cast<std::uint16_t>(reader.integer(json, "synthetic_tracking_number", "", 0xFFFF));
    }
    const auto calendar = json.find("calendar");
    if (calendar == json.end() || !calendar->is_object()) return ReferenceDataError{"calendar must be an object"};
    data.open = SessionTime{reader.integer(*calendar, "open_ns", "calendar.", day_ns)};
    data.close = SessionTime{reader.integer(*calendar, "close_ns", "calendar.", day_ns)};
    const auto instruments = json.find("instruments");
    if (instruments == json.end() || !instruments->is_array()) {
        return ReferenceDataError{"instruments must be a list"};
    }
    for (std::size_t i = 0; i < instruments->size(); ++i) {
        read_instrument((*instruments)[i], "instruments[" + std::to_string(i) + "].", reader, data);
    }
    if (!reader.error.empty()) return ReferenceDataError{reader.error};
    return data;
}

}  // namespace colo
