// Any bytes as the answer of a snapshot server (GLIMPSE over SoupBinTCP): the client ends with every message that was
// sent, or has failed and holds nothing that could be taken for a snapshot.
//
// A byte before each piece says what it is: bytes as they come, a message in its envelope, an accepted login, or the
// end of the snapshot.
#include "engine/runtime/snapshot_client.hpp"
#include "tests/engine/trading_fixture.hpp"
#include "tests/fuzz/fuzz_input.hpp"

using namespace colo;
using trading_test::MemoryConnection;

namespace {
using Client = SnapshotClient<MemoryConnection>;

struct Server {
    MemoryConnection connection;
    std::vector<std::vector<std::byte>> sent;  // what a client that completes must have
    bool as_it_should = true;                  // nothing was said that a server does not say
    bool logged_in = false;

    void write(Bytes bytes) {
        if (connection.connected()) static_cast<void>(connection.theirs.write(bytes));
    }
    void sequenced(Bytes message) {
        std::array<std::byte, 512> room{};
        write(Bytes(room).first(soupbintcp::encode(room, soupbintcp::sequenced_data_type, message)));
    }
    void say(unsigned how, Bytes piece) {
        switch (how % 4) {
        case 0:
            as_it_should = as_it_should && piece.empty();
            return write(piece);
        case 1:
            as_it_should = as_it_should && logged_in && !glimpse50::end_of_snapshot(piece);
            if (!piece.empty()) sent.emplace_back(piece.begin(), piece.end());
            return sequenced(piece);
        case 2: {
            as_it_should = as_it_should && !logged_in;
            logged_in = true;
            soupbintcp::LoginAccepted accepted;
            accepted.session = "SNAPSHOT";
            accepted.sequence_number = 1;
            return write(bytes_of(accepted));
        }
        default: {
            as_it_should = as_it_should && logged_in;
            glimpse50::EndOfSnapshot end;
            end.sequence_number = how;
            return sequenced(bytes_of(end));
        }
        }
    }
};
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t count) {
    Server server;
    Client client(server.connection, LoginConfig{{}, "user", "secret"}, SoupTimings{});
    client.start();
    Timestamp now{1};
    client.poll(now);
    for (fuzz::Pieces pieces(fuzz::bytes_of_input(data, count)); !pieces.empty();) {
        if (client.state() != Client::State::fetching) break;
        const unsigned how = pieces.number();
        server.say(how, pieces.piece());
        client.poll(now += milliseconds(1));
    }
    for (int wait = 0; wait < 100; ++wait) client.poll(now += seconds(10));
    fuzz::expect(client.state() != Client::State::fetching, "a server that falls silent is given up");
    std::size_t at = 0;
    client.for_each_message([&](Bytes message) {
        const bool same = at < server.sent.size() && std::equal(message.begin(), message.end(), server.sent[at].begin(), server.sent[at].end());
        fuzz::expect(same || !server.as_it_should, "the client holds what was sent");
        ++at;
    });
    if (client.state() == Client::State::complete && server.as_it_should)
        fuzz::expect(at == server.sent.size(), "a complete snapshot is whole");
    return 0;
}
