// The items of self_check.hpp.
#include "engine/runtime/self_check.hpp"

#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <sstream>

namespace colo {

namespace {

// The first line of a small file of the kernel; empty where there is none.
std::string line_of(const std::filesystem::path& path) {
    std::ifstream in(path);
    std::string line;
    std::getline(in, line);
    return line;
}

// "0-2,5" as numbers; what is no number is left out.
std::vector<int> cpus_of(const std::string& list) {
    std::vector<int> cpus;
    std::istringstream in(list);
    for (std::string range; std::getline(in, range, ',');) {
        int first = 0;
        const char* end = range.data() + range.size();
        const auto [after, error] = std::from_chars(range.data(), end, first);
        if (error != std::errc{}) continue;
        int last = first;
        if (after != end && *after == '-') std::from_chars(after + 1, end, last);
        for (int cpu = first; cpu <= last; ++cpu) cpus.push_back(cpu);
    }
    return cpus;
}

std::string joined(const std::vector<int>& cpus) {
    std::string text;
    for (const int cpu : cpus) text += (text.empty() ? "" : ",") + std::to_string(cpu);
    return text.empty() ? "none" : text;
}

std::vector<int> spinning_cpus(const EngineConfig& config) {
    std::vector<int> cpus;
    for (const ThreadConfig& thread : config.threads)
        if (thread.wait == Wait::spin && thread.cpu >= 0) cpus.push_back(thread.cpu);
    std::sort(cpus.begin(), cpus.end());
    cpus.erase(std::unique(cpus.begin(), cpus.end()), cpus.end());
    return cpus;
}

SelfCheckItem within(std::string name, const std::vector<int>& wanted, const std::string& list) {
    const std::vector<int> found = cpus_of(list);
    const bool met = std::all_of(wanted.begin(), wanted.end(), [&](int cpu) {
        return std::find(found.begin(), found.end(), cpu) != found.end();
    });
    return {std::move(name), "cpus " + joined(wanted), "cpus " + joined(found), met};
}

// A host without frequency scaling has nothing to keep.
SelfCheckItem governor(const std::vector<int>& cpus, const std::filesystem::path& folder) {
    std::string found;
    bool met = true;
    for (const int cpu : cpus) {
        const std::string one = line_of(folder / ("cpu" + std::to_string(cpu)) / "cpufreq/scaling_governor");
        if (one.empty() || one == "performance") continue;
        met = false;
        found += (found.empty() ? "" : ", ") + one + " on cpu " + std::to_string(cpu);
    }
    return {"governor", "performance", met ? "performance, or none" : found, met};
}

SelfCheckItem hugepages(const std::vector<HugepagesConfig>& declared, const std::filesystem::path& folder) {
    SelfCheckItem item{"hugepages", "", "", true};
    for (const HugepagesConfig& pages : declared) {
        const std::string place = "node" + std::to_string(pages.numa_node);
        const std::string kind = "hugepages-" + std::to_string(pages.page_mib * 1024) + "kB";
        const std::string text = line_of(folder / place / "hugepages" / kind / "nr_hugepages");
        std::int64_t count = 0;
        std::from_chars(text.data(), text.data() + text.size(), count);
        const std::string unit = " of " + std::to_string(pages.page_mib) + " MiB on " + place;
        item.declared += (item.declared.empty() ? "" : ", ") + std::to_string(pages.count) + unit;
        item.found += (item.found.empty() ? "" : ", ") + std::to_string(count) + unit;
        item.met = item.met && count >= pages.count;
    }
    if (declared.empty()) item.declared = item.found = "none";
    return item;
}

// Outside production nobody asks for an audit.
SelfCheckItem audit(const EngineConfig& config, std::int64_t now_s) {
    if (!config.audit) {
        const bool needed = config.environment == "production";
        return {"audit", needed ? "a tuned host" : "none", "none", !needed};
    }
    const std::string problem = audit_problem(*config.audit, now_s);
    return {"audit", "signed, passed and not expired", problem.empty() ? "as declared" : problem, problem.empty()};
}

}  // namespace

bool lock_memory() {
    // Under a limit the lock may succeed now and refuse the tables that are reserved later, which are far larger.
    rlimit limit{};
    const bool unlimited = ::geteuid() == 0 ||
                           (::getrlimit(RLIMIT_MEMLOCK, &limit) == 0 && limit.rlim_cur == RLIM_INFINITY);
    return unlimited && ::mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) == 0;
}

std::vector<SelfCheckItem> check_host(const EngineConfig& config, bool memory_locked, std::int64_t now_s,
                                      const std::filesystem::path& root) {
    const std::filesystem::path system = root / "sys/devices/system";
    const std::vector<int> spinning = spinning_cpus(config);
    const std::string clock = line_of(system / "clocksource/clocksource0/current_clocksource");
    std::vector<SelfCheckItem> items = {
        within("cpus_isolated", spinning, line_of(system / "cpu/isolated")),
        within("tick_stopped", spinning, line_of(system / "cpu/nohz_full")),
        governor(spinning, system / "cpu"),
        {"clock_source", "tsc", clock.empty() ? "none" : clock, clock == "tsc"},
        hugepages(config.hugepages, system / "node"),
        {"memory_locked", "locked", memory_locked ? "locked" : "not locked", memory_locked},
        audit(config, now_s),
    };
    for (SelfCheckItem& item : items)
        item.waived = std::find(config.waived.begin(), config.waived.end(), item.name) != config.waived.end();
    return items;
}

std::optional<std::string> refusal(const EngineConfig& config, const std::vector<SelfCheckItem>& items) {
    if (config.environment != "production") return std::nullopt;
    std::string failed;
    for (const SelfCheckItem& item : items) {
        if (item.met || item.waived) continue;
        failed += (failed.empty() ? "" : "; ") + item.name + ": declared " + item.declared + ", found " + item.found;
    }
    if (failed.empty()) return std::nullopt;
    return "this host is not tuned as process " + config.process +
           " declares, and its environment is production: " + failed;
}

}  // namespace colo
