// The whole system in one process, a step at a time: venue, lines, engine, journal and the operator's hand on the kill
// switch, on one clock and one source of chance, so that a seed is a run.
//
// A step moves the clock, lets the venue and then the engine have a turn, and looks at every invariant. An engine that
// dies is started again from its journal, as an operator would. When the venue has played its day the faults end, and
// the engine must come to rest knowing everything; then the session ends, and the journal is replayed.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "engine/runtime/trading_engine.hpp"
#include "tests/engine/reference_book.hpp"
#include "tests/simulation/crashing_journal.hpp"
#include "tests/simulation/quoter.hpp"
#include "tests/simulation/simulated_venue.hpp"
#include "tests/simulation/truth.hpp"
#include "tests/simulation/witness.hpp"

namespace colo::simulation {

using SimulatedEngine = TradingEngine<Quoter, SimulatedNetwork, SimulatedClock, CrashingJournal>;

[[nodiscard]] EngineConfig engine_config(const Scenario& scenario, const Limits& limits);

// What a run was made of: tells whether the faults happened that the invariants are to stand up to.
struct Tally {
    std::uint64_t steps = 0, messages = 0, orders = 0, fills = 0, refusals = 0, venue_rejects = 0, lives = 0, crashes = 0,
                  power_losses = 0, failures = 0, requests = 0, snapshots = 0, lost_messages = 0,
                  bad_packets = 0, broken_trades = 0, kills = 0, rearms = 0, venue_restarts = 0, halted_books = 0, replayed_records = 0;
    Tally& operator+=(const Tally& other);
};

class WholeSystem {
public:
    explicit WholeSystem(const Scenario& scenario);
    ~WholeSystem();

    // Throws Violation.
    void run();

    [[nodiscard]] std::uint64_t step() const { return tally_.steps; }
    [[nodiscard]] const Tally& tally() const { return tally_; }
    // Why an engine ended that was to go on, the latest.
    [[nodiscard]] const std::string& last_failure() const { return last_failure_; }

private:
    void trade_the_day();
    void come_to_rest();
    void end_the_session();
    void replay_the_day();

    void take_step();
    void move_clock();
    void boot();
    void bury(const Crash& crash);
    void attend_engine();
    void end_life();
    void attend_operator();
    void pull_kill_switch();
    void rearm();
    void restart_venue();
    void count_engine();
    void draw_end_of_life();
    [[nodiscard]] bool signal_due() const;
    void require_new_number(Bytes order);

    void check();
    void check_book();
    void check_positions();
    void check_kill_switch();
    void check_rest();
    [[nodiscard]] std::string situation() const;
    [[nodiscard]] bool at_rest() const;
    [[nodiscard]] bool all_heard() const;
    void on_append(const RecordFields& fields, Bytes payload);

    Scenario scenario_;
    RandomSource random_;
    SimulatedClock clock_;
    SimulatedNetwork network_;
    MarketDay day_;
    SessionFile session_;
    test::ScratchDirectory venue_files_{test::memory_root()};
    std::optional<simulator::ExchangeJournal> exchange_journal_;
    std::optional<simulator::Exchange> exchange_;
    SimulatedVenue venue_;
    Truth truth_;
    CrashingJournal journal_;
    EngineConfig config_;
    Witness witness_;
    EngineSignals signals_;
    std::unique_ptr<SimulatedEngine> engine_;
    bool booting_ = false;   // from its journal
    bool starting_ = false;  // then, before its first turn
    bool power_lost_ = false;
    bool kill_pulled_ = false, rearmed_ = false;
    std::uint64_t kill_step_ = UINT64_MAX, rearm_step_ = UINT64_MAX;
    std::uint32_t number_sent_ = 0;  // the highest that an order ever left with
    std::uint64_t crashes_left_ = 0;
    Timestamp restart_at_;
    std::uint64_t idle_steps_ = 0;
    // The venue's true stream, message by message, as far as the engine has come.
    std::optional<test::ReferenceBook> reference_;
    std::uint64_t reference_next_ = 1;
    std::string last_failure_;
    Tally tally_;
};

}  // namespace colo::simulation
