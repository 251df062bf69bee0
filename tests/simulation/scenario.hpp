// What a seed stands for: the shape of one simulated day, and how much of each fault befalls it.
//
// A seed switches each kind of fault on or off before it draws how often it happens: a day in which everything fails at
// once never gets far enough to break in an interesting way (swarm testing, Groce et al., ISSTA 2012).
#pragma once

#include <array>
#include <cstdint>

#include "engine/core/types.hpp"
#include "engine/runtime/config.hpp"
#include "engine/simulator/random_source.hpp"

namespace colo::simulation {

using simulator::RandomSource;

// A mistake that is planted into the system on purpose, to show that the invariants see it.
enum class Mistake : std::uint8_t {
    none,
    order_not_journaled,   // an order leaves without its record
    order_sent_twice,      // the same bytes leave again
    answer_skipped,        // a message of the venue is lost on its way through the engine
    message_skipped,       // so is one of the feed
    price_misread,         // an added order enters the book at another price
    limits_ignored,        // the gate is given looser limits than were declared
    kill_switch_ignored,   // the kill is journaled, and trading goes on
    record_lost_in_crash,  // SIGKILL takes a record that was appended
    clock_in_strategy,     // the strategy looks at something that no journal holds
    cancel_forgotten,      // a cancel is journaled and never sent
    numbers_used_early,    // order numbers are used before their block is certain to survive power loss
    synced_record_lost,    // power loss takes a record that the disk had
    venue_forgets_answer,  // a venue that restarts does not know the last thing that it said
};
inline constexpr std::array<const char*, 14> mistake_names = {
    "none",          "order_not_journaled", "order_sent_twice",    "answer_skipped",      "message_skipped",
    "price_misread", "limits_ignored",      "kill_switch_ignored", "record_lost_in_crash", "clock_in_strategy",
    "cancel_forgotten", "numbers_used_early", "synced_record_lost", "venue_forgets_answer"};

struct Limits {
    std::int64_t price_collar_bps, order_quantity_max, position_max, notional_max, gross_notional_max;
    std::uint32_t messages_max;
    Duration message_window;
};

// Shares of packets, messages, connections or steps, from 0 to 1.
struct Scenario {
    std::uint64_t seed = 0;
    Mistake mistake = Mistake::none;

    // The day.
    std::uint64_t messages = 0;
    std::int64_t step_us_max = 0;  // between two turns of venue and engine
    double halts = 0, impossible_messages = 0, strange_messages = 0;
    bool ends_with_events = false;
    // The lines and the re-request server.
    std::array<double, 2> line_loss{};
    double outages = 0, duplicates = 0, late_packets = 0, garbage_packets = 0;
    double rerequests_lost = 0, snapshots_broken = 0;
    // The order session.
    double connects_refused = 0, disconnects = 0, venue_rejects = 0, strange_answers = 0;
    double venue_restarts = 0;
    bool cancel_on_disconnect = true;
    // The engine's host.
    double drains = 0.3;  // turns after which the journal's drain has had one
    Duration sync_interval;
    double clock_steps = 0, power_losses = 0, full_disks = 0;
    std::uint64_t crashes = 0;
    bool killed = false, killed_by_file = false, rearmed = false;
    // The engine.
    ClockKind clock = ClockKind::session;
    bool paced = false;  // the venue plays on when the engine says so
    Limits limits{};
};

[[nodiscard]] inline Limits drawn_limits(RandomSource& random) {
    Limits limits{1000, 1000, 4000, 2'000'000'000, 20'000'000'000, 40, milliseconds(100)};
    if (random.chance(0.3)) limits.price_collar_bps = random.between(5, 100);
    if (random.chance(0.3)) limits.order_quantity_max = random.between(100, 500);
    if (random.chance(0.5)) limits.position_max = random.between(200, 1500);
    if (random.chance(0.3)) limits.notional_max = random.between(100'000'000, 500'000'000);
    if (random.chance(0.3)) limits.gross_notional_max = random.between(500'000'000, 2'000'000'000);
    if (random.chance(0.4)) limits.messages_max = static_cast<std::uint32_t>(random.between(1, 12));
    return limits;
}

[[nodiscard]] inline Scenario drawn_scenario(std::uint64_t seed, Mistake mistake) {
    RandomSource random(simulator::mixed(seed ^ 0x5ce7a510u));
    const auto sometimes = [&](double often, double most) { return random.chance(often) ? most * random.uniform() : 0; };
    Scenario s;
    s.seed = seed;
    s.mistake = mistake;
    s.messages = static_cast<std::uint64_t>(random.between(60, 1'000));
    s.step_us_max = std::array<std::int64_t, 3>{150, 1'500, 6'000}[random.below(3)];
    s.halts = sometimes(0.3, 0.02);
    s.impossible_messages = sometimes(0.2, 0.02);
    s.strange_messages = sometimes(0.3, 0.8);
    s.ends_with_events = random.chance(0.5);
    for (double& loss : s.line_loss) loss = sometimes(0.5, 0.3);
    s.outages = sometimes(0.3, 0.02);
    s.duplicates = sometimes(0.4, 0.2);
    s.late_packets = sometimes(0.4, 0.2);
    s.garbage_packets = sometimes(0.3, 0.1);
    s.rerequests_lost = sometimes(0.4, random.chance(0.3) ? 1 : 0.4);
    s.snapshots_broken = sometimes(0.3, 0.5);
    s.connects_refused = sometimes(0.3, 0.5);
    s.disconnects = sometimes(0.4, 0.02);
    s.venue_rejects = sometimes(0.3, 0.2);
    s.strange_answers = sometimes(0.2, 0.02);
    s.cancel_on_disconnect = random.chance(0.7);
    s.clock_steps = sometimes(0.3, 0.01);
    s.crashes = random.chance(0.7) ? static_cast<std::uint64_t>(random.between(1, 4)) : 0;
    if (random.chance(0.15)) s.crashes = static_cast<std::uint64_t>(random.between(8, 30));
    s.power_losses = sometimes(0.6, 1);
    s.full_disks = sometimes(0.05, 1);
    s.killed = random.chance(0.15);
    s.clock = random.chance(0.6) ? ClockKind::session : ClockKind::host;
    s.limits = drawn_limits(random);
    s.paced = random.chance(0.25);
    if (s.paced) s.rerequests_lost *= 0.5;  // the engine's word goes the same way, and some must arrive
    s.venue_restarts = sometimes(0.3, 0.01);
    s.drains = random.chance(0.5) ? 0.3 : random.chance(0.5) ? 0.03 : 0.003;
    s.sync_interval = milliseconds(random.chance(0.5) ? 0 : random.between(1, 100));
    s.killed_by_file = random.chance(0.5) && mistake != Mistake::kill_switch_ignored;
    s.rearmed = random.chance(0.5);
    return s;
}

}  // namespace colo::simulation
