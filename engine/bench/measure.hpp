// What every benchmark program shares: its command line, its clocks, percentiles, and the line that it prints.
//
// A program measures one round of each of its figures and prints one JSON object a line; the runner repeats rounds,
// interleaves programs and takes medians. `--list` prints the names; `--inputs DIR` says where the inputs lie; names
// choose what is measured.
//
//   int main(int count, char** values) {
//       const colo::bench::CommandLine line(count, values, {"copy"});
//       if (line.wants("copy")) colo::bench::print({.name = "copy", .value = ns, .unit = "ns", .floor = floor_ns});
//   }
#pragma once

#include <x86intrin.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

namespace colo::bench {

[[noreturn]] inline void fail(const std::string& sentence) {
    std::fprintf(stderr, "benchmark: %s\n", sentence.c_str());
    std::exit(1);
}

class CommandLine {
public:
    CommandLine(int count, char** values, std::vector<std::string> names) : names_(std::move(names)) {
        for (int at = 1; at < count; ++at) {
            const std::string_view value = values[at];
            if (value == "--list") {
                for (const std::string& name : names_) std::puts(name.c_str());
                std::exit(0);
            } else if (value == "--inputs" && at + 1 < count) {
                inputs_ = values[++at];
            } else if (std::find(names_.begin(), names_.end(), value) != names_.end()) {
                chosen_.emplace_back(value);
            } else {
                fail("'" + std::string(value) + "' is neither --list, nor --inputs DIR, nor a name of this program");
            }
        }
    }
    // Whether the name was asked for; without names, all are.
    [[nodiscard]] bool wants(std::string_view name) const {
        return chosen_.empty() || std::find(chosen_.begin(), chosen_.end(), name) != chosen_.end();
    }
    // Where the input of this name lies, such as SYN.
    [[nodiscard]] std::string input(const std::string& name) const { return inputs_ + "/" + name + ".itch"; }

private:
    std::vector<std::string> names_, chosen_;
    std::string inputs_ = "build/bench";
};

// What the compiler must compute although nobody reads it.
template <class T>
inline void keep(const T& value) { asm volatile("" : : "r,m"(value) : "memory"); }

template <class Work>
[[nodiscard]] double nanoseconds_of(Work&& work) {
    const auto start = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - start).count();
}

// The processor's time stamp, read when everything before it is done.
[[nodiscard]] inline std::uint64_t ticks() {
    unsigned processor;
    return __rdtscp(&processor);
}
[[nodiscard]] inline double nanoseconds_per_tick() {
    static const double measured = [] {
        const std::uint64_t start = ticks();
        const double nanoseconds = nanoseconds_of([] {
            const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(50);
            while (std::chrono::steady_clock::now() < until) {}
        });
        return nanoseconds / static_cast<double>(ticks() - start);
    }();
    return measured;
}

using Percentiles = std::vector<std::pair<std::string, double>>;

// Of durations in any unit, each multiplied by `scale`. The durations are reordered.
[[nodiscard]] inline Percentiles percentiles(std::vector<std::uint64_t>& durations, double scale = 1) {
    if (durations.empty()) fail("no duration was measured");
    std::sort(durations.begin(), durations.end());
    const auto at = [&](double fraction) {
        const auto place = static_cast<std::size_t>(fraction * static_cast<double>(durations.size()));
        return scale * static_cast<double>(durations[std::min(place, durations.size() - 1)]);
    };
    return {{"p50", at(0.5)}, {"p99", at(0.99)}, {"p99.9", at(0.999)}, {"max", at(1)}};
}

struct Peer {
    std::string name;
    double value;  // in the unit of the figure
};

struct Figure {
    std::string name;
    double value;
    std::string unit;
    double floor;
    Percentiles percentiles = {};
    std::optional<Peer> peer = std::nullopt;
};

inline void print(const Figure& figure) {
    nlohmann::ordered_json line{{"name", figure.name}, {"value", figure.value}, {"unit", figure.unit}, {"floor", figure.floor}};
    for (const auto& [name, value] : figure.percentiles) line["percentiles"][name] = value;
    if (figure.peer) line["peer"] = {{"name", figure.peer->name}, {"value", figure.peer->value}};
    std::puts(line.dump().c_str());
    std::fflush(stdout);
}

}  // namespace colo::bench
