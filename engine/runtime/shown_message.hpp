// A message as people read it: its name, and each field by the specification's name, as a value and as text.
//
//   ShownMessage shown = show_feed_message(bytes);     // "AddOrder", {"price", 2195000, "219.5000"}, ...
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "engine/core/wire.hpp"

namespace colo {

struct ShownField {
    std::string name;
    nlohmann::ordered_json value;  // numbers in the units of the wire: prices count 1e-4 dollars
    std::string text;
};

struct ShownMessage {
    std::string name;  // where the bytes are no message, why they are none
    std::vector<ShownField> fields;
};

[[nodiscard]] ShownMessage show_feed_message(Bytes itch);
[[nodiscard]] ShownMessage show_order(Bytes ouch);   // from us to the venue
[[nodiscard]] ShownMessage show_answer(Bytes ouch);  // from the venue to us

// "219.5000", "-0.0100"
[[nodiscard]] std::string price_text(std::int64_t price);
// "10:31:02.123456789"
[[nodiscard]] std::string time_of_day_text(std::int64_t nanoseconds);
[[nodiscard]] nlohmann::ordered_json json_of(const ShownMessage& message);

}  // namespace colo
