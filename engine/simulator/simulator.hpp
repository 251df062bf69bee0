// The program's loop: one thread that plays the session, answers re-requests, and serves snapshots and orders.
//
// It waits for a client that logs in on the order session (and, in lockstep, reports what it expects), plays from where
// both left off, and ends when the session has and the client has left. Every wait has a bound.
#pragma once

#include <atomic>
#include <functional>
#include <string>

#include "engine/simulator/config.hpp"
#include "engine/simulator/exchange.hpp"
#include "engine/simulator/order_entry.hpp"
#include "engine/simulator/player.hpp"
#include "engine/simulator/rerequest.hpp"
#include "engine/simulator/snapshot.hpp"
#include "engine/transport/waiting.hpp"

namespace colo::simulator {

struct Progress {
    std::uint64_t played = 0, messages = 0, orders = 0, fills = 0;
    bool done = false;
    // Totals that only the end tells.
    std::uint64_t rejects = 0, malformed = 0, packets = 0, packets_lost = 0, rerequests = 0, rerequested_messages = 0,
                  snapshots = 0, orphans = 0, impossible = 0;
};

class Simulator {
public:
    // `stop` ends the loop from a signal handler or another thread; `notice` gets sentences for the operator,
    // `progress` is told once a second. The exchange must outlive it. Throws TransportError.
    Simulator(const Config& config, Exchange& exchange, const std::atomic<bool>& stop,
              std::function<void(const std::string&)> notice, std::function<void(const Progress&)> progress);

    // Returns the final progress; `done` where the session was played to its end. Throws SimulatorError where the
    // client does not come or does not go on.
    Progress run();

private:
    void wait_for_client();
    void turn();
    void end();
    void take_report();
    void attend(Timestamp now);
    void watch_client();
    void require_client(Timestamp now) const;
    [[nodiscard]] Progress progress() const;

    const Config* config_;
    Exchange* exchange_;
    const std::atomic<bool>* stop_;
    std::function<void(const Progress&)> tell_;
    Player player_;
    RerequestServer rerequest_;
    SnapshotServer snapshot_;
    OrderEntry order_entry_;
    Waiter waiter_;
    std::optional<SequenceNumber> first_report_;  // before playing: the latest
    Timestamp last_attended_;
    Timestamp last_told_;
    Timestamp client_seen_;
    Timestamp login_time_;
    std::uint64_t logins_seen_ = 0;
    bool playing_ = false;
    bool finished_ = false;
};

}  // namespace colo::simulator
