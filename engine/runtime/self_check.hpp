// Whether the host is tuned as the declaration says, asked at start: in a venue's production environment an engine does
// not trade on a host that is not, unless the item is waived by name in the declaration.
//
//   cpus_isolated        the kernel schedules nothing of its own where a thread spins (isolcpus)
//   tick_stopped         nor interrupts it a thousand times a second (nohz_full)
//   governor             those cpus keep their frequency
//   clock_source         the time stamp counter, read without a system call
//   hugepages            as many on each NUMA node as declared
//   memory_locked        no page of this process can be taken from it
//   audit                all else that the declaration says of the host was read of it and holds (audit_evidence.hpp)
//
// Items come from /sys and /proc below a root that a test may choose.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "engine/runtime/config.hpp"

namespace colo {

struct SelfCheckItem {
    std::string name;      // one of self_check_names
    std::string declared;
    std::string found;
    bool met = false;
    bool waived = false;
};

// Locks all memory of this process, as it is touched: what is only reserved costs nothing. False where locked memory is
// limited.
[[nodiscard]] bool lock_memory();

[[nodiscard]] std::vector<SelfCheckItem> check_host(const EngineConfig& config, bool memory_locked, std::int64_t now_s,
                                                    const std::filesystem::path& root = "/");

// Why this engine must not trade here: one sentence that names each item. Nothing outside production.
[[nodiscard]] std::optional<std::string> refusal(const EngineConfig& config, const std::vector<SelfCheckItem>& items);

}  // namespace colo
