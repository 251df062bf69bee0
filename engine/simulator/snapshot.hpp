// The venue's snapshots: after a login, the directory and every open recorded order as ITCH messages, then the end of
// the snapshot with the sequence number where the feed goes on (GLIMPSE 5.0 over SoupBinTCP).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/simulator/exchange.hpp"
#include "engine/simulator/soup_connection.hpp"

namespace colo::simulator {

class SnapshotServer {
public:
    // Throws TransportError.
    SnapshotServer(const Config& config, const Exchange& exchange);

    // Accepts, answers and writes on; for idle moments.
    void attend(Timestamp now);
    [[nodiscard]] int listener_descriptor() const { return listener_.descriptor(); }
    [[nodiscard]] std::uint64_t served() const { return served_; }

private:
    struct Client {
        std::unique_ptr<SoupConnection> connection;
        Timestamp since;
        bool logged_in = false;
    };
    bool serve(Client& client, Timestamp now);
    void answer(SoupConnection& connection);

    LoginConfig login_;
    std::string session_;
    const Exchange* exchange_;
    TcpListener listener_;
    std::vector<Client> clients_;
    std::uint64_t served_ = 0;
};

}  // namespace colo::simulator
