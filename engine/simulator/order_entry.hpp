// The venue's order session: OUCH 5.0 over SoupBinTCP, one client at a time.
//
// A login names the sequence number from which the answers are sent again. When the connection ends, the client's
// orders are cancelled (where configured) and the cancellations wait for its next login.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/simulator/exchange.hpp"
#include "engine/simulator/soup_connection.hpp"

namespace colo::simulator {

class OrderEntry {
public:
    // `notice` is told of logins that are refused, one sentence each. Throws TransportError.
    OrderEntry(const Config& config, Exchange& exchange, std::function<void(const std::string&)> notice);

    // Orders that come are kept until `release_orders`: the venue is not yet at the place at which they belong. An
    // account query is answered at once, because a client may want to know its number before anything else.
    void hold_orders() { holding_ = true; }
    void release_orders(Timestamp now);

    // Accepts connections and logins, keeps connections alive. Costs system calls: for idle moments.
    void attend(Timestamp now);
    // Takes the orders that have arrived and sends the answers.
    void receive(Timestamp now);
    void send_answers(Timestamp now);
    // Tells the client that the session is over and ends the connection.
    void end_session(Timestamp now);

    [[nodiscard]] bool logged_in() const { return client_ != nullptr; }
    [[nodiscard]] bool answers_pending() const { return client_ != nullptr && !client_->flushed(); }
    // Logins so far; grows when a client comes back.
    [[nodiscard]] std::uint64_t logins() const { return logins_; }
    // Descriptors to wait for: the listener's and the client's, -1 where there is none.
    [[nodiscard]] int listener_descriptor() const { return listener_.descriptor(); }
    [[nodiscard]] int client_descriptor() const { return client_ ? client_->descriptor() : -1; }

private:
    struct Newcomer {
        std::unique_ptr<SoupConnection> connection;
        Timestamp since;
    };
    // False where the newcomer must go.
    bool welcome(Newcomer& newcomer, Timestamp now);
    void refuse(SoupConnection& connection, const soupbintcp::LoginRequest& request, char code, Timestamp now);
    void take(Bytes message);
    void lose_client();

    LoginConfig login_;
    std::string session_;
    bool cancel_on_disconnect_;
    Exchange* exchange_;
    std::function<void(const std::string&)> notice_;
    TcpListener listener_;
    std::vector<Newcomer> newcomers_;
    std::unique_ptr<SoupConnection> client_;
    bool holding_ = false;
    std::vector<std::vector<std::byte>> held_;
    std::uint64_t next_answer_ = 1;  // sequence number of the first answer not yet queued
    std::uint64_t logins_ = 0;
};

}  // namespace colo::simulator
