// SHA-256 (FIPS 180-4), for the digest that names a generated session; not on any fast path.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <string>

#include "engine/core/wire.hpp"

namespace colo::simulator {

// 64 lower-case hexadecimal digits.
[[nodiscard]] std::string sha256(Bytes bytes);

namespace detail {

// The first 32 bits of the fractional parts of the cube roots of the first 64 primes (4.2.2), by integer arithmetic.
constexpr std::array<std::uint32_t, 64> sha256_constants = [] {
    __extension__ using Wide = unsigned __int128;
    std::array<std::uint32_t, 64> constants{};
    unsigned found = 0;
    for (std::uint64_t candidate = 2; found < 64; ++candidate) {
        bool prime = true;
        for (std::uint64_t divisor = 2; divisor * divisor <= candidate; ++divisor) {
            prime = prime && candidate % divisor != 0;
        }
        if (!prime) continue;
        // The largest r with r^3 <= candidate * 2^96 has 32 fractional bits; r is below 2^35.
        const auto target = static_cast<Wide>(candidate) << 96;
        std::uint64_t root = 0;
        for (int bit = 34; bit >= 0; --bit) {
            const std::uint64_t tried = root | std::uint64_t{1} << bit;
            if (static_cast<Wide>(tried) * tried * tried <= target) root = tried;
        }
        constants[found++] = static_cast<std::uint32_t>(root);
    }
    return constants;
}();
static_assert(sha256_constants[0] == 0x428a2f98 && sha256_constants[63] == 0xc67178f2);

inline void sha256_block(std::array<std::uint32_t, 8>& state, const std::byte* block) {
    std::array<std::uint32_t, 64> w;
    for (std::size_t i = 0; i < 16; ++i) w[i] = load_big_endian<std::uint32_t>(block + 4 * i);
    for (std::size_t i = 16; i < 64; ++i) {
        const std::uint32_t s0 = std::rotr(w[i - 15], 7) ^ std::rotr(w[i - 15], 18) ^ (w[i - 15] >> 3);
        const std::uint32_t s1 = std::rotr(w[i - 2], 17) ^ std::rotr(w[i - 2], 19) ^ (w[i - 2] >> 10);
        w[i] = w[i - 16] + s0 + w[i - 7] + s1;
    }
    auto [a, b, c, d, e, f, g, h] = state;
    for (std::size_t i = 0; i < 64; ++i) {
        const std::uint32_t s1 = std::rotr(e, 6) ^ std::rotr(e, 11) ^ std::rotr(e, 25);
        const std::uint32_t one = h + s1 + ((e & f) ^ (~e & g)) + sha256_constants[i] + w[i];
        const std::uint32_t s0 = std::rotr(a, 2) ^ std::rotr(a, 13) ^ std::rotr(a, 22);
        const std::uint32_t two = s0 + ((a & b) ^ (a & c) ^ (b & c));
        h = g;
        g = f;
        f = e;
        e = d + one;
        d = c;
        c = b;
        b = a;
        a = one + two;
    }
    const std::array<std::uint32_t, 8> worked{a, b, c, d, e, f, g, h};
    for (std::size_t i = 0; i < 8; ++i) state[i] += worked[i];
}

}  // namespace detail

inline std::string sha256(Bytes bytes) {
    std::array<std::uint32_t, 8> state{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                       0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    std::size_t at = 0;
    for (; bytes.size() - at >= 64; at += 64) detail::sha256_block(state, bytes.data() + at);
    std::array<std::byte, 128> tail{};
    const std::size_t left = bytes.size() - at;
    if (left > 0) std::memcpy(tail.data(), bytes.data() + at, left);
    tail[left] = std::byte{0x80};
    const std::size_t padded = left < 56 ? 64 : 128;
    store_big_endian(tail.data() + padded - 8, static_cast<std::uint64_t>(bytes.size()) * 8);
    for (std::size_t block = 0; block < padded; block += 64) detail::sha256_block(state, tail.data() + block);
    std::string hex;
    for (const std::uint32_t word : state) {
        for (int shift = 28; shift >= 0; shift -= 4) hex += "0123456789abcdef"[word >> shift & 15u];
    }
    return hex;
}

}  // namespace colo::simulator
