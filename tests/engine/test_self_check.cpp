// The self-check against made-up /sys trees: each item is met, missed and waived on its own.
#include <gtest/gtest.h>

#include <unistd.h>

#include <fstream>

#include "engine/runtime/self_check.hpp"
#include "tests/engine/trading_fixture.hpp"

namespace colo {
namespace {

class SelfCheckTest : public testing::Test {
protected:
    void SetUp() override {
        root = std::filesystem::temp_directory_path() / ("colo-self-check-" + std::to_string(::getpid()));
        put("cpu/isolated", "2-3,7");
        put("cpu/nohz_full", "2,3,7");
        put("cpu/cpu3/cpufreq/scaling_governor", "performance");
        put("cpu/cpu7/cpufreq/scaling_governor", "performance");
        put("clocksource/clocksource0/current_clocksource", "tsc");
        put("node/node1/hugepages/hugepages-1048576kB/nr_hugepages", "16");
        config = parse_engine_config(trading_test::config_text(), "engine.json");
        config.environment = "production";
        config.threads = {{"trading", 3, Wait::spin}, {"second", 7, Wait::spin}, {"housekeeping", 0, Wait::block}};
        config.hugepages = {{1, 1024, 16}};
    }
    void TearDown() override { std::filesystem::remove_all(root); }
    void put(const std::string& file, const std::string& text) const {
        const std::filesystem::path path = root / "sys/devices/system" / file;
        std::filesystem::create_directories(path.parent_path());
        std::ofstream(path) << text << '\n';
    }
    [[nodiscard]] std::string why(bool locked = true) const {
        return refusal(config, check_host(config, locked, root)).value_or("");
    }
    std::filesystem::path root;
    EngineConfig config;
};

TEST_F(SelfCheckTest, ATunedHostTrades) {
    EXPECT_EQ(why(), "");
    const auto items = check_host(config, true, root);
    ASSERT_EQ(items.size(), self_check_names.size());
    for (std::size_t i = 0; i < items.size(); ++i) EXPECT_EQ(items[i].name, self_check_names[i]);
}

TEST_F(SelfCheckTest, EachItemIsMissedOnItsOwnAndCanBeWaived) {
    const std::string start = "this host is not tuned as process engine declares, and its environment is production: ";
    const auto expect = [&](const std::string& item, const std::string& sentence, bool locked = true) {
        EXPECT_EQ(why(locked), start + item + ": " + sentence);
        config.waived = {item};
        EXPECT_EQ(why(locked), "") << "waived by name";
        config.waived.clear();
        SetUp();
    };
    put("cpu/isolated", "2-3");
    expect("cpus_isolated", "declared cpus 3,7, found cpus 2,3");
    put("cpu/nohz_full", "(null)");
    expect("tick_stopped", "declared cpus 3,7, found cpus none");
    put("cpu/cpu7/cpufreq/scaling_governor", "powersave");
    expect("governor", "declared performance, found powersave on cpu 7");
    put("clocksource/clocksource0/current_clocksource", "hpet");
    expect("clock_source", "declared tsc, found hpet");
    put("node/node1/hugepages/hugepages-1048576kB/nr_hugepages", "15");
    expect("hugepages", "declared 16 of 1024 MiB on node1, found 15 of 1024 MiB on node1");
    expect("memory_locked", "declared locked, found not locked", false);
}

TEST_F(SelfCheckTest, EverythingThatIsMissedIsNamedInOneSentence) {
    std::filesystem::remove_all(root);
    const std::string sentence = why(false);
    for (const char* item : {"cpus_isolated", "tick_stopped", "clock_source", "hugepages", "memory_locked"})
        EXPECT_NE(sentence.find(item), std::string::npos) << item;
    EXPECT_EQ(sentence.find("governor"), std::string::npos) << "a host without frequency scaling has none to keep";
}

TEST_F(SelfCheckTest, OutsideProductionItOnlyTells) {
    put("cpu/isolated", "");
    config.environment = "certification";
    EXPECT_EQ(why(), "");
    EXPECT_FALSE(check_host(config, true, root)[0].met);
}

TEST_F(SelfCheckTest, AnItemThatDoesNotExistCannotBeWaived) {
    std::string text = trading_test::config_text();
    text.replace(text.find("\"waived\": []"), 12, "\"waived\": [\"everything\"]");
    try {
        static_cast<void>(parse_engine_config(text, "engine.json"));
        FAIL() << "it was accepted";
    } catch (const ConfigError& error) {
        EXPECT_NE(std::string(error.what()).find("host.waived[0]"), std::string::npos) << error.what();
    }
}

}  // namespace
}  // namespace colo
