// Each kind of field as a value and as text.
#include "engine/runtime/shown_message.hpp"

#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <type_traits>

#include "engine/protocol/itch50.hpp"
#include "engine/protocol/message_fields.hpp"
#include "engine/protocol/ouch50.hpp"

namespace colo {

namespace {

struct ShowField {
    ShownMessage& shown;

    void operator()(std::string_view name, const auto& field) const {
        shown.fields.push_back({std::string(name), value_of(field), text_of_field(field)});
    }

private:
    template <std::integral Wire, class Value>
    static nlohmann::ordered_json value_of(const BigEndian<Wire, Value>& field) {
        return colo::detail::raw(field.get());
    }
    static nlohmann::ordered_json value_of(const Timestamp48& field) { return field.get().value(); }
    template <std::size_t width>
    static nlohmann::ordered_json value_of(const Alpha<width>& field) {
        return printable(field.view());
    }
    template <class Code>
    static nlohmann::ordered_json value_of(const Code& field) requires(sizeof(Code) == 1) {
        const char code = static_cast<char>(field);
        return printable({&code, 1});
    }

    template <class Field>
    static std::string text_of_field(const Field& field) {
        if constexpr (requires { { field.get() } -> std::same_as<Price>; }) return price_text(field.get().value());
        else if constexpr (requires { { field.get() } -> std::same_as<SessionTime>; })
            return time_of_day_text(field.get().value());
        else {
            const nlohmann::ordered_json value = value_of(field);
            return value.is_string() ? value.get<std::string>() : value.dump();
        }
    }

    // Bytes of the wire are not always text, and JSON takes nothing else.
    static std::string printable(std::string_view text) {
        std::string kept;
        for (const char c : text) kept += c >= ' ' && c <= '~' ? c : '?';
        return kept;
    }
};

void append_options(ouch50::Appendage appendage, ShownMessage& shown) {
    for (const auto option : appendage) {
        std::string bytes;
        for (const std::byte byte : option.value) {
            char digits[3];
            std::snprintf(digits, sizeof digits, "%02x", std::to_integer<unsigned>(byte));
            bytes += digits;
        }
        shown.fields.push_back({"option " + std::to_string(static_cast<int>(option.option)), bytes, bytes});
    }
}

}  // namespace

ShownMessage show_feed_message(Bytes itch) {
    ShownMessage shown;
    const auto error = itch50::visit(itch, [&shown](const auto& message) {
        shown.name = message.name;
        visit_fields(message, ShowField{shown});
    });
    if (error) shown.name = "no ITCH 5.0 message: " + error->to_string();
    return shown;
}

ShownMessage show_order(Bytes ouch) {
    ShownMessage shown;
    const auto error = ouch50::visit_inbound(ouch, [&shown](const auto& message, ouch50::Appendage appendage) {
        shown.name = message.name;
        visit_fields(message, ShowField{shown});
        append_options(appendage, shown);
    });
    if (error) shown.name = "no OUCH 5.0 order: " + error->to_string();
    return shown;
}

ShownMessage show_answer(Bytes ouch) {
    ShownMessage shown;
    const auto error = ouch50::visit_outbound(ouch, [&shown](const auto& message, ouch50::Appendage appendage) {
        shown.name = message.name;
        visit_fields(message, ShowField{shown});
        append_options(appendage, shown);
    });
    if (error) shown.name = "no OUCH 5.0 answer: " + error->to_string();
    return shown;
}

std::string price_text(std::int64_t price) {
    char text[40];
    std::snprintf(text, sizeof text, "%s%lld.%04lld", price < 0 ? "-" : "", std::llabs(price) / 10'000,
                  std::llabs(price) % 10'000);
    return text;
}

std::string time_of_day_text(std::int64_t nanoseconds) {
    const long long whole = nanoseconds / 1'000'000'000;
    char text[64];
    std::snprintf(text, sizeof text, "%02lld:%02lld:%02lld.%09lld", whole / 3600, whole / 60 % 60, whole % 60,
                  static_cast<long long>(nanoseconds % 1'000'000'000));
    return text;
}

nlohmann::ordered_json json_of(const ShownMessage& message) {
    nlohmann::ordered_json fields = nlohmann::ordered_json::object();
    for (const ShownField& field : message.fields) fields[field.name] = field.value;
    return {{"name", message.name}, {"fields", fields}};
}

}  // namespace colo
