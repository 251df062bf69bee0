// The steps of whole_system.hpp, from the first start to the last replay.
#include "tests/simulation/whole_system.hpp"

#include <exception>
#include <fstream>
#include <utility>

namespace colo::simulation {

namespace {
constexpr std::uint64_t steps_of_a_day = 30'000;
constexpr std::uint64_t steps_to_rest = 6'000;
}  // namespace

EngineConfig engine_config(const Scenario& scenario, const Limits& limits) {
    EngineConfig config;
    config.site = "simulation";
    config.midnight = midnight;
    config.clock = scenario.clock;
    config.paced = scenario.paced;
    config.mold_session = "SIMULATED1";
    config.tables = {.resting_orders = 1 << 12, .own_orders = 8'000};
    config.channels.resize(1);
    config.channels[0].lines.resize(2);
    config.channels[0].rerequest = {{}, 100, 3, milliseconds(5)};
    for (LoginConfig* login : {&config.channels[0].snapshot, &config.order_session.login}) {
        login->username = "user";
        login->password = "secret";
    }
    config.order_session.heartbeat = seconds(1);
    RiskLimits risk;
    risk.price_collar_bps = limits.price_collar_bps;
    risk.order_quantity_max = Quantity{limits.order_quantity_max};
    risk.position_max = Quantity{limits.position_max};
    risk.notional_max = Notional{limits.notional_max};
    risk.gross_notional_max = Notional{limits.gross_notional_max};
    risk.messages_max = limits.messages_max;
    risk.message_window = limits.message_window;
    for (const RiskLevel level : {RiskLevel::firm, RiskLevel::account, RiskLevel::session, RiskLevel::strategy})
        config.risk.push_back({level, "quoter", risk});
    StrategyConfig strategy{"quoter", "none", {}, JsonField::parse("{}", "parameters")};
    for (std::uint32_t i = 0; i < instruments.size(); ++i) {
        const Instrument& instrument = instruments[i];
        InstrumentConfig declared;
        declared.id = InstrumentId{static_cast<std::int32_t>(i + 1)};
        declared.symbol = instrument.symbol;
        declared.locate = instrument.locate;
        declared.tick_size = Price{100};
        declared.lot_size = Quantity{1};
        config.instruments.push_back(std::move(declared));
        if (instrument.traded) strategy.instruments.push_back(InstrumentIndex{i});
    }
    config.strategies.push_back(std::move(strategy));
    return config;
}

namespace {
// What a gate that looks away would be given.
Limits limits_of_engine(const Scenario& scenario) {
    Limits limits = scenario.limits;
    if (scenario.mistake != Mistake::limits_ignored) return limits;
    limits.position_max *= 2;
    limits.order_quantity_max *= 2;
    limits.messages_max *= 2;
    return limits;
}
}  // namespace

WholeSystem::WholeSystem(const Scenario& scenario)
    : scenario_(scenario), random_(simulator::mixed(scenario.seed ^ 0x57e95u)), network_(scenario_, random_, clock_),
      day_(scenario_), session_(SessionFile::over("the day", day_.session())),
      exchange_journal_(std::in_place, venue_files_.path(), "SIMULATED1"), exchange_(std::in_place, session_, *exchange_journal_),
      venue_(scenario_, random_, clock_, network_, day_, *exchange_), truth_(venue_),
      journal_(scenario_, random_, clock_), config_(engine_config(scenario_, limits_of_engine(scenario_))),
      witness_(scenario_), crashes_left_(scenario.crashes) {
    journal_.on_append = [this](const RecordFields& fields, Bytes payload) { on_append(fields, payload); };
    if (!scenario_.killed) return;
    kill_step_ = 50 + random_.below(400);
    if (scenario_.rearmed) rearm_step_ = kill_step_ + random_.below(1'000);
    config_.kill_switch_file = venue_files_.path() / "kill";
}

WholeSystem::~WholeSystem() = default;

void WholeSystem::run() {
    try {
        trade_the_day();
        come_to_rest();
        end_the_session();
        replay_the_day();
    } catch (const std::exception& error) {
        throw Violation{"nothing throws", error.what()};
    }
}

void WholeSystem::trade_the_day() {
    while (!venue_.played_out()) {
        require(tally_.steps < steps_of_a_day, "the day ends", [this] { return "the venue cannot play on: " + situation(); });
        take_step();
    }
}

// No fault any more: what the engine does not know by now it must find out.
void WholeSystem::come_to_rest() {
    network_.calm();
    venue_.calm = true;
    const std::uint64_t begin = tally_.steps;
    for (std::uint64_t rest = 0; rest < 20; rest = at_rest() ? rest + 1 : 0) {
        require(tally_.steps - begin < steps_to_rest, "the engine comes to rest", [this] { return situation(); });
        take_step();
    }
    check_rest();
}

std::string WholeSystem::situation() const {
    if (!engine_) return "it is not running: " + last_failure_;
    std::string text;
    const auto tell = [&](const char* what, std::uint64_t value) { text += std::string(what) + ' ' + std::to_string(value) + ' '; };
    tell("played", exchange_->position().value());
    tell("of", exchange_->message_count());
    tell("next message", engine_->arbiter().next_sequence().value());
    tell("answers heard", witness_.answers_heard());
    tell("of", venue_.answers().size());
    tell("killed", witness_.killed());
    tell("session", static_cast<std::uint64_t>(engine_->core().session()));
    tell("arbiter", static_cast<std::uint64_t>(engine_->arbiter().state()));
    tell("numbers left", engine_->core().orders().numbers_left());
    return text;
}

bool WholeSystem::at_rest() const {
    if (!engine_ || engine_->finished() || engine_->arbiter().state() != Arbiter::State::flowing) return false;
    if (rearmed_ && engine_->core().killed() && witness_.killed()) return false;  // it must hear that it may trade
    return engine_->arbiter().next_sequence().value() == exchange_->message_count() + 1 &&
           engine_->core().session() == SessionState::ready && !engine_->core().snapshotting() && venue_.settled() &&
           all_heard();
}

bool WholeSystem::all_heard() const {
    const auto& answers = venue_.answers();
    return std::all_of(answers.begin() + static_cast<std::ptrdiff_t>(witness_.answers_heard()), answers.end(),
                       [](const auto& answer) { return answer.empty(); });
}

void WholeSystem::end_the_session() {
    venue_.ended = true;
    const std::uint64_t begin = tally_.steps;
    do {
        require(tally_.steps - begin < steps_to_rest, "the session ends", [] { return "the engine does not finish"; });
        take_step();
    } while (engine_ || restart_at_ > Timestamp{});
    for (int i = 0; i < 20; ++i) take_step();
    require(exchange_->matching().client_orders().count() == 0 || !scenario_.cancel_on_disconnect,
            "nothing stands after the session", [] { return "the venue has open orders"; });
}

void WholeSystem::take_step() {
    ++tally_.steps;
    move_clock();
    attend_operator();
    if (!venue_.calm && random_.chance(scenario_.venue_restarts)) restart_venue();
    venue_.turn();
    if (engine_) attend_engine();
    else if (restart_at_ > Timestamp{} || tally_.steps == 1) {
        if (clock_.monotonic() >= restart_at_) boot();
    }
    check();
}

void WholeSystem::move_clock() {
    const bool pause = random_.chance(0.04);
    clock_.elapsed += microseconds(pause ? random_.between(200, 8'000) : random_.between(2, scenario_.step_us_max));
    // Where nothing happens any more, only a time-out can help.
    if (venue_.calm && ++idle_steps_ > 200) clock_.elapsed += milliseconds(20);
    if (!venue_.calm && random_.chance(scenario_.clock_steps))
        clock_.wall_offset += milliseconds(random_.between(-1, 1) * (random_.chance(0.2) ? 3'600'000 : random_.between(1, 3'000)));
}

void WholeSystem::attend_engine() {
    try {
        engine_->turn();
        if (random_.chance(venue_.calm ? 0.3 : scenario_.drains)) journal_.housekeeping();
    } catch (const Crash& crash) {
        return bury(crash);
    }
    if (engine_->finished()) end_life();
}

// The hand on the kill switch: it pulls once, and where it lets go again it sees to it that the engine knows.
void WholeSystem::attend_operator() {
    if (engine_ && tally_.steps >= kill_step_ && !kill_pulled_) pull_kill_switch();
    if (engine_ && tally_.steps >= rearm_step_ && kill_pulled_ && witness_.killed()) rearm();
}

void WholeSystem::rearm() {
    rearm_step_ = tally_.steps + 50;  // unless it is heard by then
    if (!std::exchange(rearmed_, true)) ++tally_.rearms;
    std::filesystem::remove(config_.kill_switch_file);
    std::ofstream(config_.kill_switch_file.string() + ".re-arm") << "operator\n";
}

// The venue's process dies between two turns, and the next one begins with what its journal has.
void WholeSystem::restart_venue() {
    ++tally_.venue_restarts;
    venue_.die();
    const SequenceNumber played = exchange_->position();
    exchange_.reset();
    exchange_journal_.reset();
    const auto file = venue_files_.path() / "exchange.journal";
    if (const auto bytes = std::filesystem::file_size(file); scenario_.mistake == Mistake::venue_forgets_answer && bytes > 60)
        std::filesystem::resize_file(file, bytes - 1);
    exchange_journal_.emplace(venue_files_.path(), "SIMULATED1");
    exchange_.emplace(session_, *exchange_journal_);
    require(exchange_->position() == played, "a venue that restarts knows how far it was",
            [&] { return "message " + std::to_string(exchange_->position().value()) + " instead of " + std::to_string(played.value()); });
    venue_.require_same_answers();
}

void WholeSystem::pull_kill_switch() {
    kill_pulled_ = true;
    ++tally_.kills;
    if (scenario_.killed_by_file) {
        std::ofstream(config_.kill_switch_file) << "";
        return;
    }
    if (scenario_.mistake != Mistake::kill_switch_ignored) {
        signals_.kill = true;
        return;
    }
    static_cast<void>(journal_.append({RecordKind::control, RecordSource::engine, ChannelId{0}, SequenceNumber{0}, clock_.now()},
                                      bytes_of(word_of(Control::kill_switch))));
}

// The engine process starts: as engine_program.hpp does it.
void WholeSystem::boot() {
    restart_at_ = Timestamp{};
    ++tally_.lives;
    signals_.kill = signal_due();
    signals_.stop = false;
    journal_.open();
    journal_.verify(power_lost_);
    if (power_lost_) {
        witness_ = Witness(scenario_);
        for (const StoredRecord& record : journal_.stored) witness_.on_record(record.fields, record.payload, nullptr);
        signals_.kill = signal_due();
        power_lost_ = false;
    }
    reference_.reset();
    draw_end_of_life();
    engine_ = std::make_unique<SimulatedEngine>(config_, Quoter(scenario_), network_, clock_, journal_, signals_);
    JournalReader reader = journal_.reader();
    try {
        booting_ = true;
        const auto problem = engine_->resume(reader);
        require(!problem, "replay equals live", [&] { return *problem; });
        booting_ = false;
        starting_ = true;
        engine_->start();
        starting_ = false;
    } catch (const Crash& crash) {
        bury(crash);
    }
    booting_ = starting_ = false;
}

// Whoever has pulled the switch by a signal does so again where the process that heard it is gone.
bool WholeSystem::signal_due() const {
    return kill_pulled_ && !rearmed_ && !witness_.killed() && !scenario_.killed_by_file &&
           scenario_.mistake != Mistake::kill_switch_ignored;
}

void WholeSystem::draw_end_of_life() {
    journal_.appends_to_crash.reset();
    journal_.appends_to_full_disk.reset();
    if (crashes_left_ > 0) {
        --crashes_left_;
        journal_.appends_to_crash = random_.below(random_.chance(0.2) ? 8 : crashes_left_ > 4 ? 60 : 500);
    } else if (!venue_.calm && random_.chance(scenario_.full_disks)) {
        journal_.appends_to_full_disk = random_.below(600);
    }
}

// It died without a word.
void WholeSystem::bury(const Crash& crash) {
    ++tally_.crashes;
    tally_.power_losses += crash.power;
    power_lost_ = crash.power;
    if (!booting_ && !starting_) count_engine();
    engine_.reset();
    network_.drop();
    journal_.crash(crash.power);
    restart_at_ = clock_.monotonic() + milliseconds(random_.between(5, 60));
}

// It ended by itself: at the end of the session, or with a sentence that says why not.
void WholeSystem::end_life() {
    const bool failed = engine_->failure().has_value();
    if (failed) {
        ++tally_.failures;
        last_failure_ = *engine_->failure();
        require(!last_failure_.empty(), "a failure is a sentence", [] { return "an engine ended without one"; });
        restart_at_ = clock_.monotonic() + milliseconds(random_.between(5, 60));
    }
    require(failed || venue_.ended, "the engine goes on", [] { return "it ended in mid-session"; });
    count_engine();
    check();
    engine_.reset();
    journal_.close();
    network_.drop();
}

void WholeSystem::count_engine() {
    const Arbiter::Counts& feed = engine_->arbiter().counts();
    tally_.requests += feed.requests;
    tally_.snapshots += feed.snapshots;
    tally_.lost_messages += feed.lost_messages;
    tally_.bad_packets += feed.bad_packets + feed.foreign_packets;
}

void WholeSystem::replay_the_day() {
    OrderComparison comparison;
    TradingCore<Quoter, OrderComparison> core(config_, Quoter(scenario_), comparison);
    JournalReader reader = journal_.reader();
    const ReplayEnd end = replay_journal(reader, core, comparison);
    require(!end.problem, "replay equals live", [&] { return *end.problem; });
    require(comparison.unmet().empty(), "replay equals live", [] { return "replay gives more than the journal has"; });
    require(end.records == journal_.stored.size(), "replay equals live", [] { return "records are missing"; });
    for (std::uint32_t i = 0; i < instruments.size(); ++i) {
        const std::int64_t replayed = core.position(InstrumentIndex{i}).quantity().value();
        require(replayed == witness_.position(i), "replay equals live", [&] { return "another position in " + std::string(instruments[i].symbol); });
    }
    tally_.replayed_records = end.records;
    tally_.messages = exchange_->message_count();
    tally_.orders = core.counts().orders;
    tally_.fills = core.counts().fills;
    tally_.broken_trades = core.counts().broken_trades;
    tally_.venue_rejects = core.counts().venue_rejects;
    for (const RiskRuleName& rule : risk_rule_names) tally_.refusals += core.gate().rejects(rule.rule);
}

Tally& Tally::operator+=(const Tally& o) {
    steps += o.steps, messages += o.messages, orders += o.orders, fills += o.fills, refusals += o.refusals;
    venue_rejects += o.venue_rejects, lives += o.lives, crashes += o.crashes, power_losses += o.power_losses;
    failures += o.failures, requests += o.requests, snapshots += o.snapshots;
    lost_messages += o.lost_messages, bad_packets += o.bad_packets, broken_trades += o.broken_trades, kills += o.kills, rearms += o.rearms, venue_restarts += o.venue_restarts;
    halted_books += o.halted_books, replayed_records += o.replayed_records;
    return *this;
}

}  // namespace colo::simulation
