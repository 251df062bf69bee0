// What every fuzz target shares: the entry point that libFuzzer and the corpus driver call, a way to cut an input into
// pieces, and a check that ends the process, which both take for a finding.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>

#include "engine/core/wire.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t count);

namespace colo::fuzz {

inline void expect(bool holds, const char* what) {
    if (holds) return;
    std::fprintf(stderr, "broken: %s\n", what);
    std::abort();
}

[[nodiscard]] inline Bytes bytes_of_input(const std::uint8_t* data, std::size_t count) {
    return {reinterpret_cast<const std::byte*>(data), count};
}

// An input as numbers and pieces: a piece is a byte that says how long it is, and that many bytes or what is left.
class Pieces {
public:
    explicit Pieces(Bytes input) : left_(input) {}

    [[nodiscard]] bool empty() const { return left_.empty(); }
    [[nodiscard]] unsigned number() {
        if (left_.empty()) return 0;
        const auto value = std::to_integer<unsigned>(left_[0]);
        left_ = left_.subspan(1);
        return value;
    }
    [[nodiscard]] Bytes piece() {
        const std::size_t length = std::min<std::size_t>(number(), left_.size());
        const Bytes piece = left_.first(length);
        left_ = left_.subspan(length);
        return piece;
    }

private:
    Bytes left_;
};

}  // namespace colo::fuzz
