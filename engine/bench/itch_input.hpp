// A benchmark's input in memory: length-prefixed ITCH messages on huge pages, and the floor that they allow.
//
// The floor is what reading costs without doing anything: `decode` follows the length prefixes and reads every field
// that a book needs. It fetches 4 KiB ahead, because without that it differs several times over between machines. It is
// measured in the same process and compiled with the same flags as what is compared with it.
#pragma once

#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "engine/bench/measure.hpp"
#include "engine/core/wire.hpp"

namespace colo::bench {

class ItchInput {
public:
    static constexpr std::size_t fetched_ahead = 4096;

    // Ends the program with a sentence where the file cannot be read.
    explicit ItchInput(const std::string& path) {
        std::FILE* file = std::fopen(path.c_str(), "rb");
        if (file == nullptr) fail(path + " cannot be opened; `python -m engine.bench.run` makes it");
        std::fseek(file, 0, SEEK_END);
        const long length = std::ftell(file);
        std::rewind(file);
        length_ = static_cast<std::size_t>(std::max(length, 0l));
        constexpr std::size_t huge_page = std::size_t{2} << 20;
        const std::size_t room = (length_ + 2 * fetched_ahead + huge_page - 1) / huge_page * huge_page;
        bytes_ = static_cast<std::byte*>(std::aligned_alloc(huge_page, room));
        if (bytes_ == nullptr) fail("no memory for " + path);
        ::madvise(bytes_, room, MADV_HUGEPAGE);
        const bool whole = std::fread(bytes_, 1, length_, file) == length_;
        std::fclose(file);
        if (!whole || length_ == 0) fail(path + " could not be read");
        for (const std::byte* at = begin(); at < end(); at += prefixed_length(at)) ++messages_;
    }
    ItchInput(const ItchInput&) = delete;
    ItchInput& operator=(const ItchInput&) = delete;
    ~ItchInput() { std::free(bytes_); }

    [[nodiscard]] const std::byte* begin() const { return bytes_; }
    [[nodiscard]] const std::byte* end() const { return bytes_ + length_; }
    [[nodiscard]] double messages() const { return messages_; }

    // The length of the message whose prefix lies here, with the prefix.
    [[nodiscard]] static std::size_t prefixed_length(const std::byte* prefix) {
        return std::size_t{2} + load_big_endian<std::uint16_t>(prefix);
    }

private:
    std::byte* bytes_ = nullptr;
    std::size_t length_ = 0;
    double messages_ = 0;
};

namespace detail {
// Written without the project's decoder, which is measured against it.
[[gnu::noinline]] inline std::uint64_t read_every_field(const std::byte* at, const std::byte* end) {
    const auto u8 = [](const std::byte* from) { return static_cast<std::uint64_t>(*from); };
    const auto u16 = [](const std::byte* from) { return std::uint64_t{load_big_endian<std::uint16_t>(from)}; };
    const auto u32 = [](const std::byte* from) { return std::uint64_t{load_big_endian<std::uint32_t>(from)}; };
    const auto u64 = [](const std::byte* from) { return load_big_endian<std::uint64_t>(from); };
    std::uint64_t sum = 0;
    while (at < end) {
        __builtin_prefetch(at + ItchInput::fetched_ahead);
        const std::byte* m = at + 2;
        sum += u16(m + 1) + (u64(m + 3) & 0xffff'ffff'ffff);
        switch (static_cast<char>(*m)) {
        case 'A': case 'F': sum += u64(m + 11) ^ u8(m + 19) ^ u32(m + 20) ^ u32(m + 32); break;
        case 'E': sum += u64(m + 11) ^ u32(m + 19) ^ u64(m + 23); break;
        case 'C': sum += u64(m + 11) ^ u32(m + 19) ^ u64(m + 23) ^ u32(m + 32); break;
        case 'X': sum += u64(m + 11) ^ u32(m + 19); break;
        case 'D': sum += u64(m + 11); break;
        case 'U': sum += u64(m + 11) ^ u64(m + 19) ^ u32(m + 27) ^ u32(m + 31); break;
        case 'P': sum += u64(m + 11) ^ u32(m + 20) ^ u32(m + 32) ^ u64(m + 36); break;
        default: break;
        }
        at += ItchInput::prefixed_length(at);
    }
    return sum;
}
}  // namespace detail

// Nanoseconds a message, the median of three passes.
[[nodiscard]] inline double decode_floor(const ItchInput& input) {
    std::array<double, 3> passes{};
    for (double& pass : passes) {
        std::uint64_t sum = 0;
        pass = nanoseconds_of([&] { sum = detail::read_every_field(input.begin(), input.end()); }) / input.messages();
        keep(sum);
    }
    std::sort(passes.begin(), passes.end());
    return passes[1];
}

}  // namespace colo::bench
