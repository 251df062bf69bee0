// A session made from a seed, for a project that has no recorded one: a trading day of a few instruments with
// directory, opening and closing auctions, halts, broken trades and a message mix near that of a real day.
//
// The same parameters give the same bytes on every machine. Adds come to 43% of the messages, deletes to 41%, replaces
// to 8%, executions to 5%, partial cancels to 2%, hidden trades to 1% (proportions of NASDAQ's feed, to a point or so).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace colo::simulator {

struct GeneratedSession {
    // Messages of a generated session carry it as their tracking number, as those do that complete a recorded one.
    static constexpr std::uint16_t tracking_number = 0xC010;

    std::uint64_t seed = 1;
    std::uint64_t messages = 300'000;
    std::uint64_t symbols = 2;
    std::string trading_day;  // YYYY-MM-DD; only a label
};

// The session file's bytes: exactly `messages` messages. Throws SimulatorError where so few cannot make a day.
[[nodiscard]] std::vector<std::byte> generate_session(const GeneratedSession& session);

// Writes the session file, and beside it session.json, which describes it. Throws SimulatorError.
void write_generated_session(const GeneratedSession& session, const std::string& path);

}  // namespace colo::simulator
