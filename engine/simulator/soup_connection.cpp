// Reading, writing and logins of the server's SoupBinTCP connections.
#include "engine/simulator/soup_connection.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cctype>

namespace colo::simulator {
namespace {

constexpr Duration heartbeat_interval = seconds(1);
constexpr Duration silence_max = seconds(15);

[[nodiscard]] bool same_word(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](unsigned char x, unsigned char y) {
        return std::tolower(x) == std::tolower(y);
    });
}

}  // namespace

// A delayed acknowledgement holds back what a client sends in many small segments (its congestion window starts at ten
// of them), and its orders would come behind the report that follows them. The kernel forgets the wish when it sends.
void SoupConnection::acknowledge_at_once() {
    const int on = 1;
    ::setsockopt(stream_.descriptor(), IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
}

bool SoupConnection::receive(Timestamp now) {
    for (;;) {
        const MutableBytes room = framer_.free_space();
        if (room.empty()) return true;  // packets must be taken first
        const StreamResult result = stream_.read(room);
        if (result.status == StreamStatus::closed) return false;
        framer_.received(result.bytes);
        if (result.bytes > 0) {
            last_received_ = now;
            acknowledge_at_once();
        }
        // Less than there was room for: nothing more waits, and a second call to find that out is saved.
        if (result.bytes < room.size()) return !framer_.error();
    }
}

bool SoupConnection::flush(Timestamp now) {
    while (!flushed()) {
        const StreamResult result = stream_.write(Bytes(out_).subspan(written_));
        if (result.status == StreamStatus::closed) return false;
        if (result.bytes == 0) return true;
        written_ += result.bytes;
        last_sent_ = now;
    }
    if (out_.empty()) return true;
    out_.clear();
    written_ = 0;
    acknowledge_at_once();
    return true;
}

bool SoupConnection::keep_alive(Timestamp now) {
    if (now - last_sent_ >= heartbeat_interval && flushed()) queue(bytes_of(soupbintcp::ServerHeartbeat{}));
    return now - last_received_ < silence_max;
}

std::optional<char> refused_login(const soupbintcp::LoginRequest& request, const LoginConfig& config,
                                  const std::string& session) {
    if (!same_word(request.username.view(), config.username) || !same_word(request.password.view(), config.password) ||
        !request.requested_sequence_number.get()) {
        return 'A';
    }
    const bool any_session = request.requested_session.view().empty();
    if (!any_session && !soupbintcp::same_session(request.requested_session, Alpha<10>(session))) return 'S';
    return std::nullopt;
}

soupbintcp::LoginAccepted accepted_login(const std::string& session, std::uint64_t next_sequence) {
    soupbintcp::LoginAccepted accepted;
    accepted.session = session;
    accepted.sequence_number = next_sequence;
    return accepted;
}

}  // namespace colo::simulator
