// Serving the order session.
#include "engine/simulator/order_entry.hpp"

#include <algorithm>

namespace colo::simulator {

namespace {
constexpr Duration login_wait = seconds(30);
constexpr std::size_t newcomers_max = 8;
// More than any client sends before it has heard anything; what is beyond is lost, as inbound messages may be.
constexpr std::size_t held_max = 100'000;
}  // namespace

OrderEntry::OrderEntry(const Config& config, Exchange& exchange, std::function<void(const std::string&)> notice)
    : login_(config.order_entry), session_(config.mold_session), cancel_on_disconnect_(config.cancel_on_disconnect),
      exchange_(&exchange), notice_(std::move(notice)),
      listener_(TcpListener::bound(config.order_entry.endpoint, "order session")) {}

void OrderEntry::attend(Timestamp now) {
    receive(now);
    if (client_ && (!client_->keep_alive(now) || !client_->flush(now))) lose_client();
    for (TcpStream stream = listener_.accept(); stream.descriptor() >= 0; stream = listener_.accept()) {
        if (newcomers_.size() >= newcomers_max) newcomers_.erase(newcomers_.begin());
        newcomers_.push_back({std::make_unique<SoupConnection>(std::move(stream), now), now});
    }
    std::erase_if(newcomers_, [&](Newcomer& newcomer) { return !welcome(newcomer, now); });
}

bool OrderEntry::welcome(Newcomer& newcomer, Timestamp now) {
    if (now - newcomer.since > login_wait || !newcomer.connection->receive(now)) return false;
    const auto packet = newcomer.connection->next();
    if (!packet) return true;
    if (packet->type == soupbintcp::debug_type) return true;
    if (packet->type != soupbintcp::LoginRequest::type) return false;
    const auto request = packet->as<soupbintcp::LoginRequest>();
    std::optional<char> code = refused_login(request, login_, session_);
    if (!code && client_) code = 'S';
    if (code) {
        refuse(*newcomer.connection, request, *code, now);
        return false;
    }
    const std::uint64_t requested = *request.requested_sequence_number.get();
    const std::uint64_t next = exchange_->answers().next();
    next_answer_ = requested == 0 || requested > next ? next : requested;
    client_ = std::move(newcomer.connection);
    client_->queue(bytes_of(accepted_login(session_, next_answer_)));
    ++logins_;
    receive(now);
    send_answers(now);
    return false;
}

void OrderEntry::refuse(SoupConnection& connection, const soupbintcp::LoginRequest& request, char code, Timestamp now) {
    soupbintcp::LoginRejected rejected;
    rejected.reject_reason_code = code;
    connection.queue(bytes_of(rejected));
    static_cast<void>(connection.flush(now));
    const char* why = code == 'A' ? "not authorised" : client_ ? "another client is logged in" : "no such session";
    notice_("order session on port " + std::to_string(login_.endpoint.port) + ": login of \"" +
            std::string(request.username.view()) + "\" refused: " + why);
}

void OrderEntry::receive(Timestamp now) {
    if (!client_) return;
    bool open = client_->receive(now);
    while (const auto packet = client_->next()) {
        if (packet->type == soupbintcp::unsequenced_data_type) take(packet->payload);
        if (packet->type == soupbintcp::LogoutRequest::type) open = false;
    }
    exchange_->commit();
    if (open) send_answers(now);
    else lose_client();
}

void OrderEntry::take(Bytes message) {
    const bool query = !message.empty() && static_cast<char>(message[0]) == ouch50::AccountQuery::type;
    if (!holding_ || query) return exchange_->receive(message);
    if (held_.size() < held_max) held_.emplace_back(message.begin(), message.end());
}

void OrderEntry::release_orders(Timestamp now) {
    holding_ = false;
    for (const auto& message : held_) exchange_->receive(message);
    held_.clear();
    exchange_->commit();
    send_answers(now);
}

void OrderEntry::send_answers(Timestamp now) {
    if (!client_) return;
    if (next_answer_ < exchange_->answers().next()) {
        client_->queue(exchange_->answers().packets_from(next_answer_));
        next_answer_ = exchange_->answers().next();
    }
    if (!client_->flushed() && !client_->flush(now)) lose_client();
}

void OrderEntry::lose_client() {
    client_.reset();
    held_.clear();
    if (!cancel_on_disconnect_) return;
    exchange_->disconnect();
    exchange_->commit();
}

void OrderEntry::end_session(Timestamp now) {
    if (!client_) return;
    client_->queue(bytes_of(soupbintcp::EndOfSession{}));
    static_cast<void>(client_->flush(now));
    client_.reset();
}

}  // namespace colo::simulator
