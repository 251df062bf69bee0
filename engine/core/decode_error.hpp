// What a decoder says of bytes that it cannot accept: a value that names the message, the field and the byte.
//
//   if (auto error = itch50::validate(bytes)) log(error->to_string());
//   // "OrderExecutedWithPrice.printable at byte 31: value 'Z' (0x5a) is not allowed"
#pragma once

#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>

namespace colo {

struct DecodeError {
    enum class Kind : std::uint8_t {
        truncated,        // expected = bytes needed, found = bytes present
        length_mismatch,  // expected = length of this type, found = length given
        unknown_type,     // found = the type byte
        invalid_value,    // found = the value of the field
    };

    Kind kind{};
    const char* message = "";  // name of the message or packet; static storage
    const char* field = "";    // name of the field; static storage
    std::uint64_t offset = 0;  // byte of the field within the message (or within what was decoded)
    std::uint64_t found = 0;
    std::uint64_t expected = 0;

    // The same error, told from the beginning of something larger.
    [[nodiscard]] DecodeError shifted(std::uint64_t by) const {
        DecodeError error = *this;
        error.offset += by;
        return error;
    }
    [[nodiscard]] std::string to_string() const;
};

using MaybeError = std::optional<DecodeError>;

inline std::string DecodeError::to_string() const {
    char why[96] = "";
    const bool printable = found > 0x20 && found < 0x7f;
    const auto f = static_cast<unsigned long long>(found), e = static_cast<unsigned long long>(expected);
    switch (kind) {
    case Kind::truncated: std::snprintf(why, sizeof why, "%llu bytes needed, %llu present", e, f); break;
    case Kind::length_mismatch: std::snprintf(why, sizeof why, "length is %llu, must be %llu", f, e); break;
    case Kind::unknown_type:
        if (printable) std::snprintf(why, sizeof why, "unknown type '%c' (0x%02llx)", static_cast<char>(found), f);
        else std::snprintf(why, sizeof why, "unknown type 0x%02llx", f);
        break;
    case Kind::invalid_value:
        if (printable) std::snprintf(why, sizeof why, "value '%c' (0x%02llx) is not allowed", static_cast<char>(found), f);
        else std::snprintf(why, sizeof why, "value 0x%02llx is not allowed", f);
        break;
    }
    return std::string(message) + "." + field + " at byte " + std::to_string(offset) + ": " + why;
}

}  // namespace colo
