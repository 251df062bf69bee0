// Where threads run and where their memory lies.
//
//   keep_memory_near(trading.cpu);      // first: tables, rings and hot segments are touched by whichever thread is there
//   pin_thread(trading.cpu, "trading");
#pragma once

#include <pthread.h>

#include <filesystem>
#include <optional>
#include <string>

namespace colo {

// Runs the calling thread on a cpu: -1 leaves the choice to the kernel. Throws ConfigError.
void pin_thread(int cpu, const std::string& role);
void pin_thread(pthread_t thread, int cpu, const std::string& role);

// The NUMA node of a cpu; nothing where the kernel tells of none.
[[nodiscard]] std::optional<int> numa_node_of(int cpu, const std::filesystem::path& root = "/");

// Memory that the calling thread, and threads that it starts from now on, touch for the first time comes from the node of
// this cpu while that has any (set_mempolicy(2), MPOL_PREFERRED); tmpfs pages too. A page of a table costs half as much
// again to reach from another node. Returns the node; nothing, and the kernel's own choice, for cpu -1 or without NUMA.
std::optional<int> keep_memory_near(int cpu);

}  // namespace colo
