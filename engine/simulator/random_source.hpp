// Seeded random draws that are the same on every machine.
//
// Only integer arithmetic and additions, multiplications and comparisons of doubles are used: no library distribution
// (each standard library has its own) and no logarithm (its last bit differs between machines).
#pragma once

#include <cstdint>
#include <cstddef>
#include <span>

namespace colo::simulator {

// A well-mixed 64-bit value of its argument (the finalizer of SplitMix64).
[[nodiscard]] constexpr std::uint64_t mixed(std::uint64_t value) {
    value += 0x9E3779B97F4A7C15u;
    value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9u;
    value = (value ^ (value >> 27)) * 0x94D049BB133111EBu;
    return value ^ (value >> 31);
}

class RandomSource {
public:
    explicit RandomSource(std::uint64_t seed) : state_(mixed(seed)) {}

    [[nodiscard]] std::uint64_t bits() { return mixed(state_++); }
    // In [0, 1).
    [[nodiscard]] double uniform() { return static_cast<double>(bits() >> 11) * 0x1.0p-53; }
    [[nodiscard]] bool chance(double probability) { return uniform() < probability; }
    // In [0, bound), bound at least 1; the bias of the product is below 2^-32.
    [[nodiscard]] std::uint64_t below(std::uint64_t bound) {
        __extension__ using Wide = unsigned __int128;
        return static_cast<std::uint64_t>(static_cast<Wide>(bits()) * bound >> 64);
    }
    // In [low, high].
    [[nodiscard]] std::int64_t between(std::int64_t low, std::int64_t high) {
        return low + static_cast<std::int64_t>(below(static_cast<std::uint64_t>(high - low + 1)));
    }
    // Mean and standard deviation 1: von Neumann's comparisons of uniform draws.
    [[nodiscard]] double exponential() {
        for (double whole = 0;; whole += 1) {
            const double first = uniform();
            double last = first;
            bool odd = true;  // number of draws in the falling run so far
            for (double next = uniform(); next < last; next = uniform()) {
                last = next;
                odd = !odd;
            }
            if (odd) return whole + first;
        }
    }
    // Mean 0, standard deviation 1, never beyond 6: a sum of twelve uniform draws.
    [[nodiscard]] double gaussian() {
        double sum = -6;
        for (int i = 0; i < 12; ++i) sum += uniform();
        return sum;
    }
    // An index with probability in proportion to its weight.
    [[nodiscard]] std::size_t weighted(std::span<const double> weights) {
        double total = 0;
        for (const double weight : weights) total += weight;
        double at = uniform() * total;
        for (std::size_t i = 0; i + 1 < weights.size(); ++i) {
            if (at < weights[i]) return i;
            at -= weights[i];
        }
        return weights.size() - 1;
    }

private:
    std::uint64_t state_;
};

}  // namespace colo::simulator
