// What the exchange simulator is told: exchange.json, rendered from the site's declaration.
//
// Every value is checked here, so that nothing behind it meets an impossible one; an error names the path of the field,
// as in "exchange.json: pacing.window_packets: must be an integer from 1 to 1000000".
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "engine/core/types.hpp"
#include "engine/transport/transport.hpp"
#include "engine/transport/waiting.hpp"

namespace colo::simulator {

struct LineConfig {
    std::string name;
    Endpoint group;         // the multicast group
    std::string interface;  // address or name of the interface that sends
};

struct LoginConfig {
    Endpoint endpoint;
    std::string username;
    std::string password;  // read from the file that the configuration names
};

struct PacingConfig {
    enum class Mode : std::uint8_t { lockstep, original };
    Mode mode = Mode::lockstep;
    std::uint64_t window_packets = 1;
    double speed = 1.0;
    // Messages within this time of a packet's first one may share the packet.
    Duration packet_span = microseconds(500);
};

struct LossConfig {
    std::vector<double> line;  // probability for each line, on its own
    double both = 0;           // probability that all lines lose the same packet
    std::uint64_t seed = 1;
};

struct Config {
    std::string mic;
    std::string mold_session;
    std::filesystem::path session_file;
    std::filesystem::path journal_directory;
    std::vector<LineConfig> lines;
    Endpoint rerequest;
    bool rerequest_refused = false;
    LoginConfig snapshot;
    LoginConfig order_entry;
    bool cancel_on_disconnect = true;
    PacingConfig pacing;
    std::uint64_t packet_messages_max = 10;
    LossConfig loss;
    Wait wait = Wait::yield;
    int cpu = -1;                          // -1: wherever the kernel puts it
    Duration client_wait = seconds(60);    // for a client to log in, and to report in lockstep
    Duration end_wait = seconds(10);       // for the client to leave after the end of the session
};

// Throws ConfigError.
[[nodiscard]] Config read_config(const std::filesystem::path& path);

}  // namespace colo::simulator
