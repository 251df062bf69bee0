// The program `simulate`: runs the whole system under the faults of one seed or of many, and shows that planted
// mistakes are found.
//
//   simulate --seed 7                       one seed, and what happened in it
//   simulate --first 1 --count 250          many seeds; the first that fails ends the run
//   simulate --mistakes --count 1000        each planted mistake must be found within so many seeds
//   simulate --seed 7 --mistake price_misread
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <optional>
#include <string>

#include "tests/simulation/commit.hpp"
#include "tests/simulation/whole_system.hpp"

namespace {

using namespace colo::simulation;

struct Options {
    std::uint64_t first = 1, count = 0;
    Mistake mistake = Mistake::none;
    bool all_mistakes = false;
};

// Nothing where the command line is wrong.
std::optional<Options> parsed(int count, char** arguments) {
    Options options;
    for (int i = 1; i < count; ++i) {
        const std::string name = arguments[i];
        if (name == "--mistakes") {
            options.all_mistakes = true;
            continue;
        }
        if (++i == count) return std::nullopt;
        if (name == "--mistake") {
            std::size_t at = 0;
            while (at < mistake_names.size() && std::strcmp(mistake_names[at], arguments[i]) != 0) ++at;
            if (at == mistake_names.size()) return std::nullopt;
            options.mistake = static_cast<Mistake>(at);
            continue;
        }
        char* end = nullptr;
        const std::uint64_t number = std::strtoull(arguments[i], &end, 10);
        if (end == arguments[i] || *end != '\0') return std::nullopt;
        if (name == "--seed") options.first = number, options.count = std::max<std::uint64_t>(options.count, 1);
        else if (name == "--first") options.first = number;
        else if (name == "--count") options.count = number;
        else return std::nullopt;
    }
    if (options.count == 0) return std::nullopt;
    return options;
}

// Runs a seed; prints what broke, and says whether nothing did.
bool holds(std::uint64_t seed, Mistake mistake, Tally& sum, bool quiet) {
    WholeSystem system(drawn_scenario(seed, mistake));
    try {
        system.run();
    } catch (const Violation& violation) {
        if (quiet) return false;
        std::printf("seed %llu, step %llu: broken: %s: %s\n", static_cast<unsigned long long>(seed),
                    static_cast<unsigned long long>(system.step()), violation.invariant.c_str(), violation.detail.c_str());
        std::printf("commit %s; repeat with: make simulate SEED=%llu\n", COLO_COMMIT, static_cast<unsigned long long>(seed));
        return false;
    }
    sum += system.tally();
    return true;
}

void print(const Tally& t, std::uint64_t seeds) {
    const std::pair<const char*, std::uint64_t> counts[] = {
        {"seeds", seeds}, {"steps", t.steps}, {"feed messages", t.messages}, {"orders", t.orders}, {"fills", t.fills},
        {"broken trades", t.broken_trades}, {"risk refusals", t.refusals}, {"venue rejects", t.venue_rejects},
        {"lives", t.lives}, {"crashes", t.crashes}, {"of them power losses", t.power_losses}, {"engine failures", t.failures},
        {"re-requests", t.requests}, {"snapshots", t.snapshots}, {"messages lost to snapshots", t.lost_messages},
        {"bad packets", t.bad_packets}, {"kills", t.kills}, {"re-arms", t.rearms}, {"venue restarts", t.venue_restarts}, {"records replayed", t.replayed_records}};
    for (const auto& [name, count] : counts) std::printf("%-28s %llu\n", name, static_cast<unsigned long long>(count));
}

int run_seeds(const Options& options) {
    Tally sum;
    for (std::uint64_t seed = options.first; seed < options.first + options.count; ++seed)
        if (!holds(seed, options.mistake, sum, false)) return 1;
    print(sum, options.count);
    return 0;
}

int find_mistakes(const Options& options) {
    int hidden = 0;
    for (std::size_t at = 1; at < mistake_names.size(); ++at) {
        Tally sum;
        std::uint64_t seed = options.first;
        while (seed < options.first + options.count && holds(seed, static_cast<Mistake>(at), sum, true)) ++seed;
        const bool found = seed < options.first + options.count;
        if (found) std::printf("%-22s found by seed %llu\n", mistake_names[at], static_cast<unsigned long long>(seed));
        else std::printf("%-22s NOT found in %llu seeds\n", mistake_names[at], static_cast<unsigned long long>(options.count));
        hidden += !found;
    }
    return hidden == 0 ? 0 : 1;
}

}  // namespace

int main(int count, char** arguments) {
    const auto options = parsed(count, arguments);
    if (!options) {
        std::fputs("usage: simulate --seed N | [--first N] --count N [--mistake NAME | --mistakes]\n", stderr);
        return 2;
    }
    return options->all_mistakes ? find_mistakes(*options) : run_seeds(*options);
}
