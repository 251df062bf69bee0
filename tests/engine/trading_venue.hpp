// The venue that a test plays against an engine in memory: a feed on two lines, and an order session that accepts,
// replaces and cancels at once, or does what the test says.
#pragma once

#include <set>

#include "tests/engine/trading_fixture.hpp"

namespace colo::trading_test {

class MemoryVenue {
public:
    MemoryVenue(MemoryNetwork& network, ManualClock& clock) : network_(network), clock_(clock) {}

    bool answering = true;         // false: orders are taken and nothing is said
    char refuse_login = 0;         // a reject code
    std::set<std::uint64_t> lost;  // sequence numbers whose packets no line carries
    std::vector<std::vector<std::byte>> received;  // OUCH messages, in order
    std::map<std::uint32_t, Quantity> open;        // what stands, by number
    std::uint32_t highest_number = 0;

    // ---- the feed ----
    template <WireMessage Message>
    SequenceNumber publish(Message message, SessionTime time) {
        message.timestamp = time;
        message.stock_locate = locate;
        return publish_bytes(bytes_of(message));
    }
    SequenceNumber publish_bytes(Bytes bytes) {
        messages_.emplace_back(bytes.begin(), bytes.end());
        const SequenceNumber sequence{messages_.size()};
        send_packet(sequence);
        return sequence;
    }
    void send_packet(SequenceNumber sequence) {
        if (lost.contains(sequence.value())) return;
        std::array<std::byte, 1472> buffer;
        moldudp64::PacketBuilder builder(buffer, moldudp64::Session("TESTSESS01"));
        builder.start(sequence);
        ASSERT_TRUE(builder.add(messages_[sequence.value() - 1]));
        const Bytes packet = builder.finish();
        for (MemoryLink& line : network_.lines) line.send(packet, clock_.now());
    }
    void end_feed() {
        std::array<std::byte, 64> buffer;
        moldudp64::PacketBuilder builder(buffer, moldudp64::Session("TESTSESS01"));
        network_.lines[0].send(builder.end_of_session(SequenceNumber{messages_.size() + 1}), clock_.now());
    }
    // Re-request packets that the engine has sent; reports have a count of zero.
    [[nodiscard]] std::vector<moldudp64::Request> requests() {
        std::vector<moldudp64::Request> found;
        for (const Datagram& datagram : network_.rerequest.sent.receive())
            if (const auto request = moldudp64::parse_request(datagram.payload)) found.push_back(*request);
        return found;
    }
    void answer_rerequest(SequenceNumber sequence) {
        std::array<std::byte, 1472> buffer;
        moldudp64::PacketBuilder builder(buffer, moldudp64::Session("TESTSESS01"));
        builder.start(sequence);
        ASSERT_TRUE(builder.add(messages_[sequence.value() - 1]));
        network_.rerequest.incoming.send(builder.finish(), clock_.now());
    }
    [[nodiscard]] const std::vector<std::vector<std::byte>>& messages() const { return messages_; }

    // ---- the order session ----
    void attend() {
        if (!network_.order_connection.connected()) {
            logged_in_ = false;
            framer_.reset();
            return;
        }
        const StreamResult read = network_.order_connection.theirs.read(framer_.free_space());
        framer_.received(read.bytes);
        while (const auto packet = framer_.next()) on_packet(*packet);
        deliver();
    }
    template <WireMessage Message>
    void answer(const Message& message) {
        const Bytes bytes = bytes_of(message);
        answers_.emplace_back(bytes.begin(), bytes.end());
    }
    void answer_bytes(Bytes bytes) { answers_.emplace_back(bytes.begin(), bytes.end()); }
    void execute(std::uint32_t number, std::int64_t price, std::int64_t quantity, std::uint64_t match) {
        ouch50::OrderExecuted message;
        message.user_ref_num = UserRefNum{number};
        message.price = Price{price};
        message.quantity = Quantity{quantity};
        message.match_number = MatchNumber{match};
        if (auto found = open.find(number); found != open.end()) {
            found->second -= Quantity{quantity};
            if (found->second <= Quantity{0}) open.erase(found);
        }
        answer(message);
    }
    // The connection goes; as declared, what stands is cancelled.
    void break_connection(bool cancel_on_disconnect = true) {
        network_.order_connection.break_off();
        attend();
        if (!cancel_on_disconnect) return;
        while (!open.empty()) cancel(open.begin()->first);
    }
    [[nodiscard]] std::size_t answer_count() const { return answers_.size(); }
    [[nodiscard]] std::size_t received_count(char type) const {
        std::size_t found = 0;
        for (const auto& message : received) found += static_cast<char>(message[0]) == type;
        return found;
    }

private:
    void on_packet(const soupbintcp::Packet& packet) {
        if (packet.type == soupbintcp::LoginRequest::type) return log_in(packet.as<soupbintcp::LoginRequest>());
        if (packet.type != soupbintcp::unsequenced_data_type) return;
        received.emplace_back(packet.payload.begin(), packet.payload.end());
        if (static_cast<char>(packet.payload[0]) == ouch50::AccountQuery::type) return answer_query();
        if (answering) process(packet.payload);
    }
    void log_in(const soupbintcp::LoginRequest& request) {
        if (refuse_login != 0) {
            soupbintcp::LoginRejected rejected;
            rejected.reject_reason_code = refuse_login;
            write(bytes_of(rejected));
            return;
        }
        soupbintcp::LoginAccepted accepted;
        accepted.session = "ORDERS";
        delivered_ = std::min<std::uint64_t>(*request.requested_sequence_number.get() - 1, answers_.size());
        accepted.sequence_number = delivered_ + 1;
        write(bytes_of(accepted));
        logged_in_ = true;
    }
    void answer_query() {
        ouch50::AccountQueryResponse response;
        response.next_user_ref_num = UserRefNum{highest_number + 1};
        answer(response);
    }
    void process(Bytes message) {
        switch (static_cast<char>(message[0])) {
        case ouch50::EnterOrder::type: accept(overlay<ouch50::EnterOrder>(message)); break;
        case ouch50::ReplaceOrder::type: replace(overlay<ouch50::ReplaceOrder>(message)); break;
        case ouch50::CancelOrder::type: cancel(overlay<ouch50::CancelOrder>(message).user_ref_num.get().value()); break;
        default: break;
        }
    }
    void accept(const ouch50::EnterOrder& order) {
        highest_number = order.user_ref_num.get().value();
        open[highest_number] = order.quantity;
        sides_[highest_number] = order.side;
        ouch50::OrderAccepted accepted;
        accepted.user_ref_num = order.user_ref_num;
        accepted.side = order.side;
        accepted.quantity = order.quantity;
        accepted.symbol = order.symbol;
        accepted.price = order.price;
        answer(accepted);
    }
    void replace(const ouch50::ReplaceOrder& order) {
        const auto found = open.find(order.orig_user_ref_num.get().value());
        if (found == open.end()) return;  // silently ignored
        const auto original = found->first;
        open.erase(found);
        highest_number = order.user_ref_num.get().value();
        open[highest_number] = order.quantity;
        sides_[highest_number] = sides_[original];
        ouch50::OrderReplaced replaced;
        replaced.orig_user_ref_num = order.orig_user_ref_num;
        replaced.user_ref_num = order.user_ref_num;
        replaced.side = sides_[original];
        replaced.quantity = order.quantity;
        replaced.symbol = "AMZN";
        replaced.price = order.price;
        answer(replaced);
    }
    void cancel(std::uint32_t number) {
        const auto found = open.find(number);
        if (found == open.end()) return;
        ouch50::OrderCanceled cancelled;
        cancelled.user_ref_num = UserRefNum{number};
        cancelled.quantity = found->second;
        open.erase(found);
        answer(cancelled);
    }
    void deliver() {
        while (logged_in_ && delivered_ < answers_.size()) {
            std::array<std::byte, 256> buffer;
            const std::size_t length =
                soupbintcp::encode(buffer, soupbintcp::sequenced_data_type, answers_[delivered_]);
            write(Bytes(buffer.data(), length));
            ++delivered_;
        }
    }
    void write(Bytes bytes) {
        ASSERT_EQ(network_.order_connection.theirs.write(bytes).bytes, bytes.size());
    }

    MemoryNetwork& network_;
    ManualClock& clock_;
    std::vector<std::vector<std::byte>> messages_;
    std::vector<std::vector<std::byte>> answers_;
    std::map<std::uint32_t, ouch50::OrderSide> sides_;
    soupbintcp::Framer framer_;
    std::uint64_t delivered_ = 0;
    bool logged_in_ = false;
};

// An engine, its venue and the time between them.
class TradingTest : public testing::Test {
protected:
    ManualClock clock;
    MemoryNetwork network;
    MemoryRecorder recorder;
    EngineSignals signals;
    Script script;
    MemoryVenue venue{network, clock};
    EngineConfig config = parse_engine_config(config_text(), "engine.json");
    std::unique_ptr<MemoryEngine> engine;
    std::int64_t event_time_ns = 34'200'000'000'000;
    std::uint64_t next_order_id = 1;

    void make_engine() {
        engine = std::make_unique<MemoryEngine>(config, ScriptedStrategy(script), network, clock, recorder, signals);
    }
    void start_engine() {
        if (!engine) make_engine();
        engine->start();
        settle();
    }
    // Both sides until nothing moves any more.
    void settle() {
        for (int i = 0; i < 8; ++i) {
            clock.time += microseconds(10);
            if (!engine->finished()) engine->turn();
            venue.attend();
        }
    }
    SequenceNumber add(Side side, std::int64_t price, std::int64_t quantity, Duration later = milliseconds(1)) {
        event_time_ns += later.value();
        itch50::AddOrder message;
        message.order_reference_number = OrderId{next_order_id++};
        message.buy_sell_indicator = side;
        message.shares = Quantity{quantity};
        message.stock = "AMZN";
        message.price = Price{price};
        return venue.publish(message, SessionTime{event_time_ns});
    }
    void halt(char state) {
        event_time_ns += 1'000'000;
        itch50::StockTradingAction message;
        message.stock = "AMZN";
        message.trading_state = state;
        venue.publish(message, SessionTime{event_time_ns});
    }
    // A book of 99.99 to 100.01 dollars; the strategy is asked twice.
    void make_market() {
        add(Side::buy, 999'900, 500);
        add(Side::sell, 1'000'100, 500);
        settle();
    }
    // One more message, so that the strategy is asked once more.
    void tick(Duration later = milliseconds(1)) {
        add(Side::buy, 990'000, 100, later);
        settle();
    }
    void want(std::optional<Quote> bid, std::optional<Quote> ask) { script.wanted[script.asked + 1] = {bid, ask}; }
};

}  // namespace colo::trading_test
