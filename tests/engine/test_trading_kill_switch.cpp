// The kill switch, by signal and by file: everything that is open is cancelled within one turn of the loop whatever the
// limits say, and nothing new leaves before somebody has released it by name.
#include "tests/engine/replayed_journal.hpp"

namespace colo {
namespace {

using namespace trading_test;

class KillSwitch : public TradingTest {
protected:
    std::filesystem::path path = std::filesystem::temp_directory_path() / ("colo_kill_" + std::to_string(::getpid()));
    std::filesystem::path release = path.string() + ".re-arm";

    KillSwitch() {
        take_away();
        config.kill_switch_file = path;
    }
    ~KillSwitch() override { take_away(); }
    void take_away() const {
        std::filesystem::remove(path);
        std::filesystem::remove(release);
    }
    static void write(const std::filesystem::path& file, const std::string& text) { std::ofstream(file) << text << '\n'; }
    void look_again() {
        clock.time += milliseconds(6);
        settle();
    }
    // Two orders stand, and trading is stopped.
    void kill_two_orders() {
        start_engine();
        make_market();
        want(quote(999'800, 100), quote(1'000'200, 100));
        tick();
        ASSERT_EQ(venue.open.size(), 2u);
        signals.kill = true;
        settle();
        ASSERT_TRUE(venue.open.empty());
    }
    [[nodiscard]] std::size_t controls(std::string_view text) const {
        std::size_t found = 0;
        for (const StoredRecord& record : recorder.records)
            found += record.header.kind == RecordKind::control && text_of(record.payload) == text;
        return found;
    }
};

TEST_F(KillSwitch, CancelsEverythingAndNothingNewLeaves) {
    ASSERT_NO_FATAL_FAILURE(kill_two_orders());
    tick();
    tick();
    EXPECT_TRUE(venue.open.empty());
    EXPECT_TRUE(engine->core().killed());
    EXPECT_EQ(recorder.records[recorder.records.size() - 1].header.kind, RecordKind::feed_message);
    std::size_t kills = 0;
    for (const StoredRecord& record : recorder.records)
        kills += record.header.kind == RecordKind::control && text_of(record.payload) == "kill switch: signal";
    EXPECT_EQ(kills, 1u);
}

TEST_F(KillSwitch, FileIsSeenWithinMilliseconds) {
    start_engine();
    EXPECT_FALSE(engine->core().killed());
    write(path, "now");
    clock.time += milliseconds(6);
    settle();
    EXPECT_TRUE(engine->core().killed());
}

// The kill switch while answers are on their way: what was not acknowledged yet goes too.
TEST_F(KillSwitch, ReachesPendingOrders) {
    start_engine();
    make_market();
    venue.answering = false;
    want(quote(999'800, 100), quote(1'000'200, 100));
    tick();
    signals.kill = true;
    settle();
    EXPECT_EQ(venue.received_count(ouch50::CancelOrder::type), 2u);
    settle();
    EXPECT_EQ(venue.received_count(ouch50::CancelOrder::type), 2u) << "asked once";
}

TEST_F(KillSwitch, EveryCancelLeavesInOneTurnWhateverTheRate) {
    config = parse_engine_config(config_text({{"message_rate_max", R"({"messages": 2, "window_ms": 60000})"}}), "engine.json");
    start_engine();
    make_market();
    want(quote(999'800, 100), quote(1'000'200, 100));
    tick();
    ASSERT_EQ(venue.open.size(), 2u);
    signals.kill = true;
    engine->turn();
    venue.attend();
    EXPECT_EQ(venue.received_count(ouch50::CancelOrder::type), 2u);
    EXPECT_TRUE(venue.open.empty());
}

TEST_F(KillSwitch, IsReleasedByNameAndTradingGoesOn) {
    kill_two_orders();
    tick(milliseconds(200));
    EXPECT_TRUE(venue.open.empty());
    write(release, "alice@desk");
    look_again();
    EXPECT_FALSE(engine->core().killed());
    EXPECT_EQ(controls("re-arm: alice@desk"), 1u);
    EXPECT_FALSE(std::filesystem::exists(release)) << "one release for one pull";
    tick(milliseconds(200));
    EXPECT_EQ(venue.open.size(), 2u) << "the quotes stand again, however often they were refused";
    signals.kill = true;
    settle();
    EXPECT_TRUE(engine->core().killed()) << "and it can be pulled again";
    EXPECT_EQ(controls("kill switch: signal"), 2u);
    const auto replayed = replay(config, script, recorder.records);
    EXPECT_FALSE(replayed->end.problem) << *replayed->end.problem;
}

TEST_F(KillSwitch, IsNotReleasedByNobodyNorInAdvanceNorWhileItsFileIsThere) {
    write(release, "early");
    kill_two_orders();
    look_again();
    EXPECT_TRUE(engine->core().killed()) << "a release from before";
    write(release, "kill switch: \"quoted\"");
    look_again();
    EXPECT_TRUE(engine->core().killed()) << "what is no name";
    write(path, "");
    write(release, "alice");
    look_again();
    EXPECT_TRUE(engine->core().killed()) << "the file still says stop";
    std::filesystem::remove(path);
    look_again();
    EXPECT_FALSE(engine->core().killed());
}

TEST_F(KillSwitch, OutlivesTheProcess) {
    kill_two_orders();
    const std::vector<StoredRecord> records = recorder.records;
    const auto replayed = replay(config, script, records);
    EXPECT_TRUE(replayed->core->killed());
}

// A venue that cannot be reached is told as soon as it can: the orders are unknown until then.
TEST_F(KillSwitch, PulledWhileTheSessionIsDownCancelsAfterItIsReconciled) {
    start_engine();
    make_market();
    want(quote(999'800, 100), {});
    tick();
    venue.break_connection(false);
    engine->turn();
    signals.kill = true;
    engine->turn();
    EXPECT_EQ(venue.received_count(ouch50::CancelOrder::type), 0u);
    clock.time += milliseconds(60);
    settle();
    EXPECT_EQ(venue.received_count(ouch50::CancelOrder::type), 1u);
    EXPECT_TRUE(venue.open.empty());
}

}  // namespace
}  // namespace colo
