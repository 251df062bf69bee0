// exchange.json: every key is read, and every wrong one is named by its path.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "engine/runtime/json_field.hpp"
#include "tests/engine/simulator_client.hpp"

namespace colo::simulator {
namespace {

class ExchangeConfig : public ::testing::Test {
protected:
    ExchangeConfig() {
        std::ofstream(folder.path() / "password") << "secret\n";
        const std::string password = (folder.path() / "password").string();
        json = {{"mic", "XNAS"},
                {"midnight_ns", 1'340'251'200'000'000'000},
                {"mold_session", mold_session},
                {"session_file", "session.itch"},
                {"journal_directory", "exchange"},
                {"lines",
                 {{{"name", "A"}, {"group", "239.1.1.1"}, {"port", 1001}, {"interface", "127.0.0.1"}},
                  {{"name", "B"}, {"group", "239.1.1.2"}, {"port", 1002}, {"interface", "lo"}}}},
                {"rerequest", {{"address", "127.0.0.1"}, {"port", 1003}, {"refuse", true}}},
                {"snapshot",
                 {{"address", "127.0.0.1"}, {"port", 1004}, {"username", "GLIMPS"}, {"password_file", password}}},
                {"order_entry",
                 {{"address", "127.0.0.1"}, {"port", 1005}, {"username", "COLO01"}, {"password_file", password},
                  {"cancel_on_disconnect", false}}},
                {"pacing", {{"mode", "original"}, {"window_packets", 4}, {"packet_span_ns", 7}, {"speed", 2.5}}},
                {"packet_messages_max", 12},
                {"loss", {{"line_a", 0.25}, {"line_b", 0.5}, {"both", 0.125}, {"seed", 9}}},
                {"wait", "block"},
                {"cpu", 1}};
    }
    [[nodiscard]] Config read() {
        std::ofstream(path) << json.dump();
        return read_config(path);
    }
    [[nodiscard]] std::string error() {
        try {
            static_cast<void>(read());
        } catch (const ConfigError& caught) {
            return caught.what();
        }
        return "";
    }

    TemporaryFolder folder;
    const std::filesystem::path path = folder.path() / "exchange.json";
    nlohmann::json json;
};

TEST_F(ExchangeConfig, EveryKeyIsRead) {
    const Config config = read();
    EXPECT_EQ(config.mic, "XNAS");
    EXPECT_EQ(config.mold_session, mold_session);
    ASSERT_EQ(config.lines.size(), 2u);
    EXPECT_EQ(config.lines[1].name, "B");
    EXPECT_EQ(config.lines[1].group.to_string(), "239.1.1.2:1002");
    EXPECT_EQ(config.lines[1].interface, "lo");
    EXPECT_EQ(config.rerequest.port, 1003);
    EXPECT_TRUE(config.rerequest_refused);
    EXPECT_EQ(config.snapshot.username, "GLIMPS");
    EXPECT_EQ(config.order_entry.password, "secret");
    EXPECT_FALSE(config.cancel_on_disconnect);
    EXPECT_EQ(config.pacing.mode, PacingConfig::Mode::original);
    EXPECT_EQ(config.pacing.window_packets, 4u);
    EXPECT_EQ(config.pacing.packet_span, nanoseconds(7));
    EXPECT_EQ(config.pacing.speed, 2.5);
    EXPECT_EQ(config.packet_messages_max, 12u);
    EXPECT_EQ(config.loss.line, (std::vector<double>{0.25, 0.5}));
    EXPECT_EQ(config.loss.both, 0.125);
    EXPECT_EQ(config.loss.seed, 9u);
    EXPECT_EQ(config.wait, Wait::block);
    EXPECT_EQ(config.cpu, 1);
}

TEST_F(ExchangeConfig, WhatMayBeAbsentHasADefault) {
    for (const char* key : {"loss", "wait", "cpu"}) json.erase(key);
    json["pacing"] = {{"mode", "lockstep"}};
    const Config config = read();
    EXPECT_EQ(config.pacing.window_packets, 1u);
    EXPECT_EQ(config.loss.line, (std::vector<double>{0, 0}));
    EXPECT_EQ(config.wait, Wait::yield);
    EXPECT_EQ(config.cpu, -1);
}

TEST_F(ExchangeConfig, EveryFaultIsNamedByItsPath) {
    using Place = nlohmann::json::json_pointer;
    const auto expect = [&](const Place& place, const nlohmann::json& value, const std::string& said) {
        const nlohmann::json before = json;
        json[place] = value;
        EXPECT_EQ(error().substr(0, said.size()), said);
        json = before;
    };
    expect(Place("/lines/1/port"), 0, "exchange.json: lines[1].port: must be");
    expect(Place("/lines"), nlohmann::json::array(), "exchange.json: lines: must have");
    expect(Place("/mold_session"), "short", "exchange.json: mold_session: must have 10 characters");
    expect(Place("/pacing/mode"), "fast", "exchange.json: pacing.mode: must be one of");
    expect(Place("/pacing/window_packets"), 0, "exchange.json: pacing.window_packets: must be");
    expect(Place("/pacing/speed"), 0, "exchange.json: pacing.speed: must be");
    expect(Place("/loss/both"), 1.5, "exchange.json: loss.both: must be at most 1");
    expect(Place("/loss/line_a"), -0.5, "exchange.json: loss.line_a: must be");
    expect(Place("/wait"), "sleep", "exchange.json: wait: must be one of");
    expect(Place("/order_entry/username"), "TOOLONG", "exchange.json: order_entry.username: must have at most 6");
    expect(Place("/order_entry/password_file"), "/none", "exchange.json: order_entry.password_file: cannot read");
    expect(Place("/packet_messages_max"), 0, "exchange.json: packet_messages_max: must be");
    json.erase("rerequest");
    EXPECT_EQ(error(), "exchange.json: rerequest: is missing");
    std::ofstream(path) << "{\"mic\": }";
    EXPECT_THROW(static_cast<void>(read_config(path)), ConfigError);
    EXPECT_THROW(static_cast<void>(read_config(folder.path() / "absent.json")), ConfigError);
}

}  // namespace
}  // namespace colo::simulator
