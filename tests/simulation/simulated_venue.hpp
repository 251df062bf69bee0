// The exchange with its doors: the real one (engine/simulator/exchange.hpp) behind a feed on two lines, a re-request
// server, a snapshot server and an order session that exist in memory only.
//
// It may refuse what it would have accepted, lose requests, break off snapshots, and say things on the order session
// that no venue should say. It keeps a list of every answer that it has given, which is what the engine must end up with.
#pragma once

#include <functional>

#include "engine/protocol/glimpse50.hpp"
#include "engine/protocol/moldudp64.hpp"
#include "engine/protocol/soupbintcp.hpp"
#include "engine/simulator/exchange.hpp"
#include "tests/simulation/faulty_network.hpp"
#include "tests/simulation/market_day.hpp"
#include "tests/simulation/violation.hpp"

namespace colo::simulation {

// The number that an order or a replacement takes; nothing for other messages.
[[nodiscard]] inline std::optional<UserRefNum> number_of(Bytes message) {
    const char type = static_cast<char>(message[0]);
    if (type == ouch50::EnterOrder::type) return overlay<ouch50::EnterOrder>(message).user_ref_num.get();
    if (type == ouch50::ReplaceOrder::type) return overlay<ouch50::ReplaceOrder>(message).user_ref_num.get();
    return std::nullopt;
}

class SimulatedVenue {
public:
    SimulatedVenue(const Scenario& scenario, RandomSource& random, const SimulatedClock& clock,
                   SimulatedNetwork& network, const MarketDay& day, simulator::Exchange& exchange)
        : scenario_(scenario), random_(random), clock_(clock), network_(network), day_(day), exchange_(exchange) {}

    bool calm = false;
    bool ended = false;   // the feed says that the session is over

    // One turn: perhaps a packet, then whatever the clients want.
    void turn() {
        const bool asked = !scenario_.paced || reported_ > exchange_.position().value();
        if (!played_out() && asked && random_.chance(0.4)) play();
        else if (clock_.monotonic() - last_packet_ > milliseconds(1)) keep_alive();
        answer_requests();
        serve_snapshots();
        serve_orders();
    }
    [[nodiscard]] bool played_out() const { return exchange_.position().value() == exchange_.message_count(); }
    // The venue's process is gone, and its connections with it; `exchange` is another one when the next turn comes.
    void die() {
        if (client_) break_off(*client_);
        for (auto& link : network_.order_session.unaccepted) break_off(*link);
        for (SnapshotClient& client : snapshot_clients_) break_off(*client.link);
        client_.reset();
        network_.order_session.unaccepted.clear();
        snapshot_clients_.clear();
    }
    // The next process must say again what this one has said.
    void require_same_answers() const {
        const simulator::AnswerLog& log = exchange_.answers();
        require(log.next() >= collected_, "a venue that restarts knows what it said", [&] {
            return "it has given " + std::to_string(collected_ - 1) + " answers and knows " + std::to_string(log.next() - 1);
        });
        std::uint64_t at = 1;
        for (const std::vector<std::byte>& answer : own_answers_) {
            const Bytes again = log.message(at++);
            require(std::equal(again.begin(), again.end(), answer.begin(), answer.end()),
                    "a venue that restarts knows what it said", [&] { return "answer " + std::to_string(at - 1) + " is another one"; });
        }
    }
    // What the lines carry.
    [[nodiscard]] Bytes published(SequenceNumber sequence) const {
        if (const auto* strange = day_.strange(sequence)) return *strange;
        return exchange_.message(sequence);
    }
    [[nodiscard]] const simulator::Exchange& exchange() const { return exchange_; }
    [[nodiscard]] const std::vector<std::vector<std::byte>>& answers() const { return answers_; }
    // Connections that the venue has not let go of.
    [[nodiscard]] std::vector<const Link*> links() const {
        std::vector<const Link*> links;
        if (client_) links.push_back(client_.get());
        for (const auto& link : network_.order_session.unaccepted) links.push_back(link.get());
        return links;
    }
    // Logged in, and everything said has left.
    [[nodiscard]] bool settled() const {
        return client_ && logged_in_ && delivered_ == answers_.size() && client_->to_client.pieces.empty() &&
               client_->to_venue.pieces.empty() && network_.order_session.unaccepted.empty();
    }

private:
    static constexpr const char* session_name = "SIMULATED1";

    // ---- the feed ----
    void play() {
        const std::uint64_t left = exchange_.message_count() - exchange_.position().value();
        const std::uint64_t count = std::min(left, 1 + random_.below(random_.chance(0.2) ? 10 : 2));
        const SequenceNumber first = exchange_.position() + 1;
        exchange_.play_to(first + (count - 1));
        if (!calm && random_.chance(scenario_.outages))
            for (Line& line : network_.lines) line.dark_until = clock_.monotonic() + microseconds(random_.between(1, 30'000));
        send(packet(first, count));
        collect_answers();
    }
    void keep_alive() {
        moldudp64::PacketBuilder builder(buffer_, moldudp64::Session(session_name));
        const SequenceNumber next = exchange_.position() + 1;
        send(ended ? builder.end_of_session(next) : builder.heartbeat(next));
    }
    void send(Bytes packet) {
        last_packet_ = clock_.monotonic();
        for (std::size_t line = 0; line < network_.lines.size(); ++line)
            network_.lines[line].send(packet, scenario_.line_loss[line]);
    }
    // As many of these messages as a datagram takes.
    Bytes packet(SequenceNumber first, std::uint64_t count) {
        moldudp64::PacketBuilder builder(buffer_, moldudp64::Session(session_name));
        builder.start(first);
        for (std::uint64_t i = 0; i < count && builder.add(misread(published(first + i))); ++i) {}
        return builder.finish();
    }
    // The planted mistakes of a decoder: what the lines carry is not what the engine acts upon.
    Bytes misread(Bytes message) {
        if (scenario_.mistake == Mistake::message_skipped && random_.chance(0.01)) return bytes_of(std::string_view("?"));
        if (scenario_.mistake != Mistake::price_misread || !random_.chance(0.02)) return message;
        if (message.empty() || message[0] != std::byte{'A'} || !itch50::well_formed(message)) return message;
        misread_ = overlay<itch50::AddOrder>(message);
        misread_.price = misread_.price.get() + Price{100};
        return bytes_of(misread_);
    }

    // ---- re-requests and snapshots ----
    void answer_requests() {
        for (const Datagram& datagram : network_.requests.receive()) {
            const auto request = moldudp64::parse_request(datagram.payload);
            if (!request || request->session != moldudp64::Session(session_name)) continue;
            const SequenceNumber first = request->sequence_number;
            const SequenceNumber end = exchange_.position() + 1;
            if (request->requested_message_count.get() == 0) reported_ = std::max(reported_, first.value());
            if (first < SequenceNumber{1} || first >= end) continue;
            const std::uint64_t count = std::min<std::uint64_t>(request->requested_message_count.get(), end - first);
            if (count > 0) network_.rerequested.send(packet(first, count), scenario_.rerequests_lost);
        }
    }
    void serve_snapshots() {
        for (auto& waiting = network_.snapshots.unaccepted; !waiting.empty(); waiting.pop_front())
            snapshot_clients_.push_back({waiting.front(), soupbintcp::Framer{}});
        for (SnapshotClient& client : snapshot_clients_) {
            const MutableBytes room = client.framer.free_space();
            client.framer.received(client.link->to_venue.read(room, clock_.monotonic()));
            while (const auto packet = client.framer.next())
                if (packet->type == soupbintcp::LoginRequest::type) give_snapshot(*client.link);
        }
        std::erase_if(snapshot_clients_, [](const SnapshotClient& client) { return client.link->client_gone; });
    }
    void give_snapshot(Link& link) {
        std::vector<std::byte> bytes = accepted_login(1);
        exchange_.snapshot([&](Bytes message) { append_sequenced(bytes, message); });
        glimpse50::EndOfSnapshot end;
        end.sequence_number = exchange_.position().value() + 1;
        append_sequenced(bytes, bytes_of(end));
        const bool breaks = !calm && random_.chance(scenario_.snapshots_broken);
        if (breaks) bytes.resize(random_.below(bytes.size()));
        link.to_client.write(bytes, clock_.monotonic(), random_);
        link.venue_gone = breaks;
    }

    // ---- the order session ----
    void serve_orders() {
        accept_client();
        if (!client_) return;
        if (!calm && random_.chance(scenario_.disconnects)) {
            break_off(*client_);
            return lose_client();
        }
        const MutableBytes room = framer_.free_space();
        const std::size_t got = client_->to_venue.read(room, clock_.monotonic());
        framer_.received(got);
        while (const auto packet = framer_.next()) {
            if (packet->type == soupbintcp::LoginRequest::type) log_in(packet->as<soupbintcp::LoginRequest>());
            if (packet->type == soupbintcp::unsequenced_data_type) take(packet->payload);
        }
        require(!framer_.error(), "the engine sends SoupBinTCP", [&] { return framer_.error()->to_string(); });
        exchange_.commit();
        collect_answers();
        if (got == 0 && client_->client_gone && client_->to_venue.pieces.empty()) return lose_client();
        if (!logged_in_) return;
        if (delivered_ < answers_.size()) deliver();
        else if (clock_.monotonic() - last_said_ > seconds(1)) say(bytes_of(soupbintcp::ServerHeartbeat{}));
    }
    void break_off(Link& link) {
        link.venue_gone = true;
        link.to_client.cut(random_);
        link.to_venue.cut(random_);
    }
    void accept_client() {
        if (client_ || network_.order_session.unaccepted.empty()) return;
        client_ = network_.order_session.unaccepted.front();
        network_.order_session.unaccepted.pop_front();
        framer_.reset();
        logged_in_ = false;
    }
    void log_in(const soupbintcp::LoginRequest& request) {
        std::uint64_t wanted = request.requested_sequence_number.get().value_or(0);
        if (wanted == 0) wanted = answers_.size() + 1;
        require(wanted <= answers_.size() + 1, "the engine asks for an answer that exists",
                [&] { return "asks for " + std::to_string(wanted) + " of " + std::to_string(answers_.size()); });
        delivered_ = wanted - 1;
        say(accepted_login(wanted));
        logged_in_ = true;
    }
    // What arrives must be what was journaled, in that order and once.
    void take(Bytes message) {
        require(!client_->journaled.empty(), "journal first", [&] { return "an order came that no journal holds"; });
        const std::vector<std::byte>& expected = client_->journaled.front();
        require(std::equal(message.begin(), message.end(), expected.begin(), expected.end()), "journal first",
                [] { return "the order that came is not the next one in the journal"; });
        client_->journaled.pop_front();
        require_new_number(message);
        std::vector<std::byte> taken(message.begin(), message.end());
        if (!calm && random_.chance(scenario_.venue_rejects)) spoil(taken);
        exchange_.receive(taken);
    }
    // No number is used again that the venue knows.
    void require_new_number(Bytes message) {
        const auto number = number_of(message);
        if (!number) return;
        require(number->value() > number_used_, "no order twice", [&] {
            return "number " + std::to_string(number->value()) + " after " + std::to_string(number_used_);
        });
    }
    // Makes of an order one that the exchange refuses.
    void spoil(std::vector<std::byte>& message) {
        if (static_cast<char>(message[0]) != ouch50::EnterOrder::type) return;
        auto order = overlay<ouch50::EnterOrder>(Bytes(message));
        order.symbol = "NONE";
        std::memcpy(message.data(), &order, sizeof order);
    }
    void lose_client() {
        client_.reset();
        if (!scenario_.cancel_on_disconnect) return;
        exchange_.disconnect();
        exchange_.commit();
        collect_answers();
    }
    void collect_answers() {
        for (; collected_ < exchange_.answers().next(); ++collected_) {
            if (!calm && random_.chance(scenario_.strange_answers)) answers_.push_back(strange_answer());
            const Bytes message = exchange_.answers().message(collected_);
            answers_.emplace_back(message.begin(), message.end());
            own_answers_.push_back(answers_.back());
            note_number(message);
        }
    }
    void note_number(Bytes answer) {
        std::uint32_t number = 0;
        const auto error = ouch50::visit_outbound(
            answer, Overloaded{[&](const ouch50::OrderAccepted& m, ouch50::Appendage) { number = m.user_ref_num.get().value(); },
                               [&](const ouch50::OrderReplaced& m, ouch50::Appendage) { number = m.user_ref_num.get().value(); },
                               [&](const ouch50::Rejected& m, ouch50::Appendage) { number = m.user_ref_num.get().value(); },
                               [](const auto&, ouch50::Appendage) {}});
        require(!error, "the exchange speaks OUCH", [&] { return error->to_string(); });
        number_used_ = std::max(number_used_, number);
    }
    // No OUCH message, or one about an order that nobody has.
    std::vector<std::byte> strange_answer() {
        std::vector<std::byte> bytes(random_.below(50));
        for (std::byte& byte : bytes) byte = static_cast<std::byte>(random_.bits());
        const std::uint64_t kind = random_.below(4);
        if (kind == 0 && !bytes.empty()) bytes[0] = std::byte{'E'};
        if (kind > 0 && !bytes.empty()) bytes[0] = std::byte{'?'};
        if (kind == 3) {
            ouch50::OrderCanceled cancelled;
            cancelled.user_ref_num = UserRefNum{9'000'000};
            cancelled.quantity = Quantity{100};
            const Bytes view = bytes_of(cancelled);
            bytes.assign(view.begin(), view.end());
        }
        if (bytes.size() == sizeof(ouch50::OrderExecuted)) bytes.pop_back();
        return bytes;
    }
    void deliver() {
        std::vector<std::byte> bytes;
        for (; delivered_ < answers_.size(); ++delivered_) {
            if (scenario_.mistake == Mistake::answer_skipped && random_.chance(0.05)) continue;
            append_sequenced(bytes, answers_[delivered_]);
        }
        say(bytes);
    }
    void say(Bytes bytes) {
        client_->to_client.write(bytes, clock_.monotonic(), random_);
        last_said_ = clock_.monotonic();
    }
    static std::vector<std::byte> accepted_login(std::uint64_t next) {
        soupbintcp::LoginAccepted accepted;
        accepted.session = "ORDERS";
        accepted.sequence_number = next;
        const Bytes bytes = bytes_of(accepted);
        return {bytes.begin(), bytes.end()};
    }
    static void append_sequenced(std::vector<std::byte>& to, Bytes message) {
        std::array<std::byte, 512> room;
        const std::size_t length = soupbintcp::encode(room, soupbintcp::sequenced_data_type, message);
        to.insert(to.end(), room.begin(), room.begin() + static_cast<std::ptrdiff_t>(length));
    }

    struct SnapshotClient {
        std::shared_ptr<Link> link;
        soupbintcp::Framer framer;
    };

    const Scenario& scenario_;
    RandomSource& random_;
    const SimulatedClock& clock_;
    SimulatedNetwork& network_;
    const MarketDay& day_;
    simulator::Exchange& exchange_;
    std::array<std::byte, moldudp64::packet_bytes_max> buffer_{};
    itch50::AddOrder misread_;
    Timestamp last_packet_, last_said_;
    std::vector<SnapshotClient> snapshot_clients_;
    std::shared_ptr<Link> client_;
    soupbintcp::Framer framer_;
    bool logged_in_ = false;
    std::vector<std::vector<std::byte>> answers_;      // with those that no exchange gives
    std::vector<std::vector<std::byte>> own_answers_;
    std::uint64_t reported_ = 0;  // by the engine of a paced venue: the message that it waits for
    std::uint64_t collected_ = 1;  // of the exchange's answers, the next one
    std::size_t delivered_ = 0;    // to the client, of ours
    std::uint32_t number_used_ = 0;
};

}  // namespace colo::simulation
