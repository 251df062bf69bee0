// The telemetry block: readable from another mapping while it is written, gone when its engine ends.
#include <gtest/gtest.h>

#include <atomic>
#include <cstring>
#include <fstream>
#include <iterator>
#include <thread>

#include "engine/runtime/telemetry.hpp"

namespace colo {
namespace {

class TelemetryTest : public testing::Test {
protected:
    void SetUp() override {
        file = std::filesystem::temp_directory_path() /
               ("colo-telemetry-" + std::string(testing::UnitTest::GetInstance()->current_test_info()->name()));
        std::filesystem::remove(file);
    }
    [[nodiscard]] std::string block() const {
        std::ifstream in(file, std::ios::binary);
        return {std::istreambuf_iterator<char>(in), {}};
    }
    const TelemetryIdentity identity{"desk", "engine", "1.2.3", "abc", std::string(64, 'd')};
    std::filesystem::path file;
};

TEST_F(TelemetryTest, TheFileHoldsWhatWasSet) {
    Telemetry telemetry(file, identity, {"feed/sequence", "position/AAPL"}, {"tick_to_trade"});
    telemetry.set(0, 41);
    telemetry.set(1, -200);
    const std::string bytes = block();
    TelemetryHeader header;
    ASSERT_GE(bytes.size(), sizeof header);
    std::memcpy(&header, bytes.data(), sizeof header);
    EXPECT_EQ(std::string_view(header.magic, 8), "COLOTELE");
    EXPECT_EQ(header.counters, 2u);
    EXPECT_EQ(header.release_digest, identity.release_digest) << "a digest fits with its end";
    EXPECT_EQ(bytes.size(), sizeof header + 2 * header.counter_bytes + header.histogram_bytes);
    std::int64_t position = 0;
    std::memcpy(&position, bytes.data() + sizeof header + header.counter_bytes + Telemetry::name_bytes, 8);
    EXPECT_EQ(position, -200);
    EXPECT_EQ(telemetry.value("position/AAPL"), -200);
    EXPECT_EQ(telemetry.value("position/AAP"), std::nullopt);
}

TEST_F(TelemetryTest, AnEngineThatEndsTakesItAway) {
    { Telemetry telemetry(file, identity, {"a"}, {}); EXPECT_TRUE(std::filesystem::exists(file)); }
    EXPECT_FALSE(std::filesystem::exists(file));
}

TEST_F(TelemetryTest, WhatADeadEngineLeftIsReplaced) {
    std::ofstream(file) << "left over";
    Telemetry telemetry(file, identity, {"a"}, {});
    EXPECT_EQ(block().substr(0, 8), "COLOTELE");
}

TEST_F(TelemetryTest, WithoutAFileItStaysInTheProcess) {
    Telemetry telemetry({}, identity, {"a"}, {"b"});
    telemetry.set(0, 7);
    telemetry.histogram(0).record(Duration{5});
    EXPECT_EQ(telemetry.value("a"), 7);
    EXPECT_EQ(telemetry.histogram(0).count(), 1u);
}

TEST_F(TelemetryTest, AFileThatCannotBeMadeIsNamed) {
    std::ofstream(file) << "a file where a folder should be";
    try {
        Telemetry telemetry(file / "telemetry", identity, {"a"}, {});
        FAIL() << "it opened a file below a file";
    } catch (const std::system_error& error) {
        EXPECT_NE(std::string(error.what()).find(file.string()), std::string::npos) << error.what();
    }
}

TEST_F(TelemetryTest, AnotherThreadReadsWholeNumbers) {
    Telemetry telemetry(file, identity, {"both"}, {});
    std::atomic<bool> stop{false};
    std::thread reader([&] {
        while (!stop) {
            const std::int64_t seen = telemetry.value("both").value_or(-1);
            ASSERT_EQ(seen >> 32, seen & 0xffffffff);
        }
    });
    for (std::int64_t i = 0; i < 200'000; ++i) telemetry.set(0, (i << 32) | i);
    stop = true;
    reader.join();
}

}  // namespace
}  // namespace colo
