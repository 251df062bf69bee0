// Threads run, and their memory lies, where the configuration says.
#include <gtest/gtest.h>
#include <linux/mempolicy.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <thread>

#include "engine/runtime/json_field.hpp"
#include "engine/runtime/thread_placement.hpp"
#include "tests/engine/trading_fixture.hpp"

namespace colo {
namespace {

namespace fs = std::filesystem;

TEST(ThreadPlacement, ANodeIsReadFromTheFolderOfTheCpu) {
    const fs::path root = fs::temp_directory_path() / ("colo-numa-" + std::to_string(::getpid()));
    fs::create_directories(root / "sys/devices/system/cpu/cpu5/node1");
    fs::create_directories(root / "sys/devices/system/cpu/cpu5/cache");
    fs::create_directories(root / "sys/devices/system/cpu/cpu6/nodes");
    EXPECT_EQ(numa_node_of(5, root), 1);
    EXPECT_EQ(numa_node_of(6, root), std::nullopt) << "a kernel without NUMA";
    EXPECT_EQ(numa_node_of(7, root), std::nullopt) << "no such cpu";
    fs::remove_all(root);
}

// In a thread of its own, because the policy stays with the thread.
TEST(ThreadPlacement, NewMemoryIsAskedForOnTheNodeOfTheCpu) {
    const std::optional<int> node = numa_node_of(0);
    if (!node) GTEST_SKIP() << "this kernel tells of no NUMA nodes";
    std::thread([&] {
        ASSERT_EQ(keep_memory_near(0), node);
        int policy = -1;
        std::array<unsigned long, 16> nodes{};
        ASSERT_EQ(::syscall(SYS_get_mempolicy, &policy, nodes.data(), sizeof nodes * 8, nullptr, 0), 0);
        EXPECT_EQ(policy, MPOL_PREFERRED);
        EXPECT_EQ(nodes[0], 1ul << *node);
        void* page = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        ASSERT_NE(page, MAP_FAILED);
        *static_cast<volatile char*>(page) = 1;
        int status = -1;
        EXPECT_EQ(::syscall(SYS_move_pages, 0, 1ul, &page, nullptr, &status, 0), 0);
        EXPECT_EQ(status, *node) << "where the page lies";
        ::munmap(page, 4096);
    }).join();
    EXPECT_EQ(keep_memory_near(-1), std::nullopt) << "a thread that floats";
}

TEST(ThreadPlacement, AThreadRunsWhereItIsPinnedOrTheErrorSaysWhy) {
    std::thread([] {
        pin_thread(0, "trading");
        EXPECT_EQ(::sched_getcpu(), 0);
    }).join();
    try {
        pin_thread(4095, "trading");
        FAIL() << "a cpu that is not there";
    } catch (const ConfigError& error) {
        EXPECT_STREQ(error.what(), "threads: role trading: cannot run on cpu 4095: Invalid argument");
    }
}

// The rule order_numbers refuses the order for which the declared table has no room.
TEST(ThreadPlacement, TablesAreAsLargeAsDeclared) {
    std::string text = trading_test::config_text();
    const std::string declared = "\"own_orders\": 10000";
    text.replace(text.find(declared), declared.size(), "\"own_orders\": 3");
    const EngineConfig config = parse_engine_config(text, "engine.json");
    EXPECT_EQ(config.tables.own_orders, 3u);
    EXPECT_EQ(config.tables.resting_orders, 262'144u);
    OrderTable table(1, config.tables.own_orders);
    EXPECT_EQ(table.numbers_left(), 3u);
}

}  // namespace
}  // namespace colo
