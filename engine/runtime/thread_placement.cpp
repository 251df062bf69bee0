// The system calls of thread_placement.hpp.
#include "engine/runtime/thread_placement.hpp"

#include <linux/mempolicy.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <cstring>
#include <string_view>

#include "engine/runtime/json_field.hpp"

namespace colo {

void pin_thread(int cpu, const std::string& role) { pin_thread(::pthread_self(), cpu, role); }

void pin_thread(pthread_t thread, int cpu, const std::string& role) {
    if (cpu < 0) return;
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(static_cast<std::size_t>(cpu), &set);
    if (const int error = ::pthread_setaffinity_np(thread, sizeof set, &set); error != 0)
        throw ConfigError("threads: role " + role + ": cannot run on cpu " + std::to_string(cpu) + ": " +
                          std::strerror(error));
}

// The folder of a cpu links to its node as node<number>.
std::optional<int> numa_node_of(int cpu, const std::filesystem::path& root) {
    constexpr std::string_view prefix = "node";
    std::error_code none;
    const std::filesystem::path folder = root / "sys/devices/system/cpu" / ("cpu" + std::to_string(cpu));
    for (const auto& entry : std::filesystem::directory_iterator(folder, none)) {
        const std::string name = entry.path().filename();
        if (!name.starts_with(prefix)) continue;
        int node = 0;
        const char* end = name.data() + name.size();
        if (std::from_chars(name.data() + prefix.size(), end, node).ptr == end) return node;
    }
    return std::nullopt;
}

std::optional<int> keep_memory_near(int cpu) {
    const std::optional<int> node = numa_node_of(cpu);
    if (!node) return std::nullopt;
    constexpr std::size_t word_bits = 8 * sizeof(unsigned long);
    std::array<unsigned long, 1024 / word_bits> nodes{};
    nodes[static_cast<std::size_t>(*node) / word_bits] = 1ul << (static_cast<std::size_t>(*node) % word_bits);
    if (::syscall(SYS_set_mempolicy, MPOL_PREFERRED, nodes.data(), nodes.size() * word_bits) != 0) return std::nullopt;
    return node;
}

}  // namespace colo
