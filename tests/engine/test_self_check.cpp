// The self-check against made-up /sys trees: each item is met, missed and waived on its own.
#include <gtest/gtest.h>

#include <unistd.h>

#include <cstdlib>
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
        config.audit = AuditConfig{"trading-1", "d1", root / "audit.json", signer()};
        sign_audit(R"("passed": true, "failed": [])");
    }
    void TearDown() override { std::filesystem::remove_all(root); }
    // The line of an allowed signers file for a key that is made here.
    [[nodiscard]] std::string signer() const {
        const std::string key = (root / "key").string();
        if (!std::filesystem::exists(key)) run("ssh-keygen -q -t ed25519 -N '' -C '' -f " + key);
        std::string line;
        std::getline(std::ifstream(key + ".pub") >> std::ws, line);
        return "auditor namespaces=\"colo-audit\" " + line + "\n";
    }
    // An audit of this host that holds until just after now, signed.
    void sign_audit(const std::string& result, const std::string& host = "trading-1", const std::string& digest = "d1",
                    std::int64_t expires_s = now_s + 1, const std::string& use = "colo-audit") const {
        std::ofstream(root / "audit.json") << "{\"host\": \"" << host << "\", \"host_digest\": \"" << digest
                                           << "\", \"expires_s\": " << expires_s << ", \"expires\": \"noon\", "
                                           << result << "}";
        std::filesystem::remove(root / "audit.json.sig");
        run("ssh-keygen -q -Y sign -n " + use + " -f " + (root / "key").string() + " " + (root / "audit.json").string());
    }
    static void run(const std::string& command) {
        ASSERT_EQ(std::system((command + " 2>/dev/null").c_str()), 0) << command;
    }
    void put(const std::string& file, const std::string& text) const {
        const std::filesystem::path path = root / "sys/devices/system" / file;
        std::filesystem::create_directories(path.parent_path());
        std::ofstream(path) << text << '\n';
    }
    [[nodiscard]] std::string why(bool locked = true) const {
        return refusal(config, check_host(config, locked, now_s, root)).value_or("");
    }
    static constexpr std::int64_t now_s = 1'800'000'000;
    std::filesystem::path root;
    EngineConfig config;
};

TEST_F(SelfCheckTest, ATunedHostTrades) {
    EXPECT_EQ(why(), "");
    const auto items = check_host(config, true, now_s, root);
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
    for (const char* item : {"cpus_isolated", "tick_stopped", "clock_source", "hugepages", "memory_locked", "audit"})
        EXPECT_NE(sentence.find(item), std::string::npos) << item;
    EXPECT_EQ(sentence.find("governor"), std::string::npos) << "a host without frequency scaling has none to keep";
}

TEST_F(SelfCheckTest, OutsideProductionItOnlyTells) {
    put("cpu/isolated", "");
    config.environment = "certification";
    EXPECT_EQ(why(), "");
    EXPECT_FALSE(check_host(config, true, now_s, root)[0].met);
    config.audit.reset();
    EXPECT_TRUE(check_host(config, true, now_s, root).back().met) << "nobody asks for an audit there";
}

TEST_F(SelfCheckTest, WithoutAnAuditThatHoldsNothingTradesUnlessItIsWaived) {
    const std::string start = "this host is not tuned as process engine declares, and its environment is production: ";
    const std::string file = "audit " + (root / "audit.json").string();
    const auto expect = [&](const std::string& sentence) {
        EXPECT_EQ(why(), start + "audit: declared signed, passed and not expired, found " + sentence);
        config.waived = {"audit"};
        EXPECT_EQ(why(), "") << "waived by name";
        config.waived.clear();
    };
    const std::string passed = R"("passed": true, "failed": [])";
    sign_audit(R"("passed": false, "failed": ["sysctl vm.stat_interval", "irq feed-a-3"])");
    expect(file + " failed: sysctl vm.stat_interval, irq feed-a-3");
    sign_audit(passed, "trading-1", "d1", now_s);
    expect(file + " expired at noon");
    sign_audit(passed, "trading-2");
    expect(file + " is of host trading-2, not of trading-1");
    sign_audit(passed, "trading-1", "d2");
    expect(file + " is of another declaration of this host");
    sign_audit(passed, "trading-1", "d1", now_s + 1, "file");
    expect(file + " is signed by nobody whom the site declares");
    sign_audit(passed);
    std::ofstream(root / "audit.json", std::ios::app) << ' ';
    expect(file + " is signed by nobody whom the site declares");
    sign_audit(passed);
    config.audit->allowed_signers.clear();
    expect(file + " is signed by nobody whom the site declares");
    config.audit->allowed_signers = signer();
    sign_audit(R"("passed": "perhaps")");
    expect((root / "audit.json").string() + ": passed: must be true or false");
    std::filesystem::remove(root / "audit.json");
    expect(file + " cannot be read");
    config.audit.reset();
    EXPECT_EQ(why(), start + "audit: declared a tuned host, found none");
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
