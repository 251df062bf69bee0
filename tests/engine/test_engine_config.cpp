// engine.json is read field by field, and what is missing or impossible is named by its path.
#include "tests/engine/trading_fixture.hpp"

namespace colo {
namespace {

using trading_test::config_text;

std::string replaced(std::string text, const std::string& what, const std::string& by) {
    const std::size_t at = text.find(what);
    EXPECT_NE(at, std::string::npos) << what;
    return text.replace(at, what.size(), by);
}

std::string error_of(const std::string& text) {
    try {
        static_cast<void>(parse_engine_config(text, "engine.json"));
    } catch (const ConfigError& error) {
        return error.what();
    }
    return "no error";
}

TEST(EngineConfig, IsReadWhole) {
    const EngineConfig config = parse_engine_config(config_text({{"position_max", "77"}}, true), "engine.json");
    EXPECT_EQ(config.mic, "XNAS");
    EXPECT_EQ(config.midnight, trading_test::midnight);
    EXPECT_TRUE(config.paced);
    EXPECT_EQ(config.clock, ClockKind::session);
    ASSERT_EQ(config.channels[0].lines.size(), 2u);
    EXPECT_EQ(config.channels[0].lines[1].group, (Endpoint{"239.0.0.2", 2}));
    EXPECT_EQ(config.channels[0].rerequest.timeout, milliseconds(10));
    EXPECT_EQ(config.order_session.login.password, "secret");
    EXPECT_EQ(config.order_session.heartbeat, seconds(1));
    EXPECT_EQ(config.thread("trading").wait, Wait::yield);
    EXPECT_EQ(config.thread("nobody").cpu, -1);
    ASSERT_EQ(config.risk.size(), 5u);
    EXPECT_EQ(config.risk[0].limits.position_max, Quantity{77});
    EXPECT_EQ(config.risk[0].limits.message_window, seconds(1));
    EXPECT_EQ(config.strategies[0].instruments, std::vector{InstrumentIndex{0}});
    EXPECT_EQ(config.instruments[0].locate, trading_test::locate);
    EXPECT_NE(config.digest, parse_engine_config(config_text(), "engine.json").digest);
}

TEST(EngineConfig, ErrorsNameTheField) {
    const std::string sound = config_text();
    EXPECT_EQ(error_of(replaced(sound, R"("firm": "COLO")", R"("form": "COLO")")), "engine.json: order_session.firm: is missing");
    EXPECT_EQ(error_of(replaced(sound, R"("port": 2)", R"("port": 70000)")),
              "engine.json: feed.channels[0].lines[1].port: must be an integer from 1 to 65535");
    EXPECT_EQ(error_of(replaced(sound, R"("wait": "yield")", R"("wait": "doze")")),
              "engine.json: threads[0].wait: must be one of: spin, yield, block");
    EXPECT_EQ(error_of(replaced(sound, R"("instruments": [11])", R"("instruments": [12])")),
              "engine.json: strategies[0].instruments[0]: no instrument has this id");
    EXPECT_EQ(error_of(replaced(sound, R"("paced": false)", R"("paced": 0)")), "engine.json: paced: must be true or false");
    EXPECT_EQ(error_of(replaced(sound, R"("price_collar_bps": 1000)", R"("price_collar_bps": 0)")),
              "engine.json: risk[0].price_collar_bps: must be an integer from 1 to 9223372036854775807");
    EXPECT_EQ(error_of(replaced(sound, R"("level": "session")", R"("level": "firm")")),
              "engine.json: risk: no limits of level session for strategy scripted on instrument AMZN");
    EXPECT_EQ(error_of("{\"site\": }"), "engine.json: is not JSON: error at byte 10");
    EXPECT_EQ(error_of("[]"), "engine.json: the document: must be an object");
}

TEST(EngineConfig, NumberBeyondAllNumbersIsASentence) {
    EXPECT_THROW(JsonField::parse("[5e502512]", "engine.json"), ConfigError);
}

TEST(LatencyHistogram, PercentilesAreNeverBelowTheTruthAndWithinAThirtySecond) {
    LatencyHistogram histogram;
    EXPECT_EQ(histogram.percentile(0.5), Duration{0});
    for (std::int64_t value = 1; value <= 100'000; ++value) histogram.record(nanoseconds(value));
    for (const double fraction : {0.5, 0.99, 0.999}) {
        const auto exact = static_cast<std::int64_t>(fraction * 100'000);
        const std::int64_t found = histogram.percentile(fraction).value();
        EXPECT_GE(found, exact);
        EXPECT_LE(found, exact + exact / 32 + 1);
    }
    EXPECT_EQ(histogram.max(), nanoseconds(100'000));
    EXPECT_EQ(histogram.percentile(1.0), nanoseconds(100'000));
    histogram.record(Duration{INT64_MAX});
    histogram.record(Duration{-5});
    EXPECT_EQ(histogram.count(), 100'002u);
}

TEST(Controls, AreTexts) {
    EXPECT_EQ(control_of("kill switch: file"), Control::kill_switch);
    EXPECT_EQ(control_of("order session up"), Control::order_session_up);
    EXPECT_FALSE(control_of("kill"));
    EXPECT_EQ(word_of(Control::snapshot_end), "snapshot end");
}

}  // namespace
}  // namespace colo
