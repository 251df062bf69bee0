// CRC32C (Castagnoli), the checksum of journal records and the source of stable instrument identifiers.
//
// x86 computes it in one instruction for eight bytes (SSE4.2); a table serves where that is missing and in constants.
// Both give the values of RFC 3720: crc32c of "123456789" is 0xE3069283. A running checksum continues by `seed`:
//
//   std::uint32_t whole = crc32c(ab);
//   std::uint32_t same = crc32c(b, crc32c(a));
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace colo {

[[nodiscard]] std::uint32_t crc32c(std::span<const std::byte> bytes, std::uint32_t seed = 0);

namespace detail {
constexpr std::array<std::uint32_t, 256> crc32c_table = [] {
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t byte = 0; byte < 256; ++byte) {
        std::uint32_t crc = byte;
        for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) ? 0x82F63B78u : 0u);
        table[byte] = crc;
    }
    return table;
}();

constexpr std::uint32_t crc32c_step(std::uint32_t crc, std::uint8_t byte) {
    return (crc >> 8) ^ crc32c_table[(crc ^ byte) & 0xff];
}
}  // namespace detail

// By table, usable in constant expressions.
[[nodiscard]] constexpr std::uint32_t crc32c(std::string_view text, std::uint32_t seed = 0) {
    std::uint32_t crc = ~seed;
    for (char c : text) crc = detail::crc32c_step(crc, static_cast<std::uint8_t>(c));
    return ~crc;
}

[[nodiscard]] inline std::uint32_t crc32c_software(std::span<const std::byte> bytes, std::uint32_t seed = 0) {
    std::uint32_t crc = ~seed;
    for (std::byte b : bytes) crc = detail::crc32c_step(crc, std::to_integer<std::uint8_t>(b));
    return ~crc;
}

inline std::uint32_t crc32c(std::span<const std::byte> bytes, std::uint32_t seed) {
#if defined(__SSE4_2__)
    std::uint64_t crc = ~seed;
    const std::byte* at = bytes.data();
    std::size_t left = bytes.size();
    for (; left >= 8; at += 8, left -= 8) {
        std::uint64_t word;
        std::memcpy(&word, at, 8);
        crc = __builtin_ia32_crc32di(crc, word);
    }
    auto tail = static_cast<std::uint32_t>(crc);
    for (; left > 0; ++at, --left) tail = __builtin_ia32_crc32qi(tail, std::to_integer<std::uint8_t>(*at));
    return ~tail;
#else
    return crc32c_software(bytes, seed);
#endif
}

static_assert(crc32c(std::string_view("123456789")) == 0xE3069283u);

}  // namespace colo
