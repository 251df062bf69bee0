// Serving snapshots.
#include "engine/simulator/snapshot.hpp"

#include "engine/protocol/glimpse50.hpp"

namespace colo::simulator {

namespace {
constexpr Duration client_time_max = seconds(60);
constexpr std::size_t clients_max = 8;
}  // namespace

SnapshotServer::SnapshotServer(const Config& config, const Exchange& exchange)
    : login_(config.snapshot), session_(config.mold_session), exchange_(&exchange),
      listener_(TcpListener::bound(config.snapshot.endpoint, "snapshot")) {}

void SnapshotServer::attend(Timestamp now) {
    for (TcpStream stream = listener_.accept(); stream.descriptor() >= 0; stream = listener_.accept()) {
        if (clients_.size() >= clients_max) clients_.erase(clients_.begin());
        clients_.push_back({std::make_unique<SoupConnection>(std::move(stream), now), now, false});
    }
    std::erase_if(clients_, [&](Client& client) { return !serve(client, now); });
}

// False where the client is done with or must go.
bool SnapshotServer::serve(Client& client, Timestamp now) {
    if (now - client.since > client_time_max || !client.connection->receive(now)) return false;
    while (const auto packet = client.connection->next()) {
        if (packet->type == soupbintcp::LogoutRequest::type) return false;
        if (packet->type != soupbintcp::LoginRequest::type || client.logged_in) continue;
        const auto code = refused_login(packet->as<soupbintcp::LoginRequest>(), login_, session_);
        if (code) {
            soupbintcp::LoginRejected rejected;
            rejected.reject_reason_code = *code;
            client.connection->queue(bytes_of(rejected));
            static_cast<void>(client.connection->flush(now));
            return false;
        }
        client.logged_in = true;
        answer(*client.connection);
    }
    return client.connection->keep_alive(now) && client.connection->flush(now);
}

void SnapshotServer::answer(SoupConnection& connection) {
    ++served_;
    connection.queue(bytes_of(accepted_login(session_, 1)));
    std::vector<std::byte> packet(soupbintcp::packet_bytes_max);
    const auto send = [&](Bytes message) {
        const std::size_t length = soupbintcp::encode(packet, soupbintcp::sequenced_data_type, message);
        connection.queue(Bytes(packet).first(length));
    };
    exchange_->snapshot(send);
    glimpse50::EndOfSnapshot end;
    end.sequence_number = exchange_->position().value() + 1;
    send(bytes_of(end));
}

}  // namespace colo::simulator
