// The server's side of one SoupBinTCP connection: packets in, bytes out, heartbeats when it was silent for a second.
// Logins are checked here for the order session and the snapshot alike.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/core/types.hpp"
#include "engine/protocol/soupbintcp.hpp"
#include "engine/simulator/config.hpp"
#include "engine/transport/tcp_stream.hpp"

namespace colo::simulator {

class SoupConnection {
public:
    SoupConnection(TcpStream stream, Timestamp now)
        : stream_(std::move(stream)), last_sent_(now), last_received_(now) {
        acknowledge_at_once();
    }

    // Takes in what has arrived; false where the connection has ended or sends what is not SoupBinTCP.
    [[nodiscard]] bool receive(Timestamp now);
    [[nodiscard]] std::optional<soupbintcp::Packet> next() { return framer_.next(); }
    void queue(Bytes bytes) { out_.insert(out_.end(), bytes.begin(), bytes.end()); }
    // Writes what the socket takes; false where the connection has ended.
    [[nodiscard]] bool flush(Timestamp now);
    [[nodiscard]] bool flushed() const { return written_ == out_.size(); }
    // Queues a heartbeat where nothing was sent for a second (1.3); false where the client was silent for 15 seconds.
    [[nodiscard]] bool keep_alive(Timestamp now);
    [[nodiscard]] int descriptor() const { return stream_.descriptor(); }

private:
    void acknowledge_at_once();

    TcpStream stream_;
    soupbintcp::Framer framer_;
    std::vector<std::byte> out_;
    std::size_t written_ = 0;
    Timestamp last_sent_;
    Timestamp last_received_;
};

// The reject code of a login, nothing where it is right. Names and passwords do not distinguish case (2.3.1).
[[nodiscard]] std::optional<char> refused_login(const soupbintcp::LoginRequest& request, const LoginConfig& config,
                                                const std::string& session);
[[nodiscard]] soupbintcp::LoginAccepted accepted_login(const std::string& session, std::uint64_t next_sequence);

}  // namespace colo::simulator
