// A hand-made session at the simulated venue: recorded messages and client messages in turn, and what the venue said,
// as short texts that a test can read. "A1 100@10.00 L" is an acceptance, "E1 60@10.00 A" an execution that added
// liquidity.
#pragma once

#include <cstdio>
#include <string>
#include <vector>

#include "engine/simulator/matching.hpp"

namespace colo::simulator {

// Prices in cents.
[[nodiscard]] constexpr Price cents(std::int64_t value) { return Price{value * 100}; }

[[nodiscard]] inline std::string told(Price price) {
    char text[32];
    std::snprintf(text, sizeof text, "%.2f", static_cast<double>(price.value()) / 10'000);
    return text;
}

[[nodiscard]] inline std::string described(Bytes answer) {
    std::string text;
    const auto n = [](auto number) { return std::to_string(number.get().value()); };
    const auto reason = [](ouch50::CancelReason r) { return std::string(1, static_cast<char>(r)); };
    const auto error = ouch50::visit_outbound(
        answer,
        Overloaded{
            [&](const ouch50::OrderAccepted& m, ouch50::Appendage) {
                text = "A" + n(m.user_ref_num) + " " + n(m.quantity) + "@" + told(m.price) + " " +
                       static_cast<char>(m.order_state);
            },
            [&](const ouch50::OrderReplaced& m, ouch50::Appendage) {
                text = "U" + n(m.orig_user_ref_num) + ">" + n(m.user_ref_num) + " " + n(m.quantity) + "@" +
                       told(m.price);
            },
            [&](const ouch50::OrderExecuted& m, ouch50::Appendage) {
                text = "E" + n(m.user_ref_num) + " " + n(m.quantity) + "@" + told(m.price) + " " + m.liquidity_flag;
            },
            [&](const ouch50::OrderCanceled& m, ouch50::Appendage) {
                text = "C" + n(m.user_ref_num) + " " + n(m.quantity) + " " + reason(m.reason);
            },
            [&](const ouch50::AiqCanceled& m, ouch50::Appendage) {
                text = "D" + n(m.user_ref_num) + " " + n(m.decrement_shares) + " prevented " +
                       n(m.quantity_prevented_from_trading) + "@" + told(m.execution_price);
            },
            [&](const ouch50::Rejected& m, ouch50::Appendage) {
                text = "J" + n(m.user_ref_num) + " " + std::to_string(m.reason.get());
            },
            [&](const ouch50::OrderModified& m, ouch50::Appendage) {
                text = "M" + n(m.user_ref_num) + " " + static_cast<char>(m.side) + n(m.quantity);
            },
            [&](const ouch50::AccountQueryResponse& m, ouch50::Appendage) { text = "Q" + n(m.next_user_ref_num); },
            [&](const ouch50::BrokenTrade& m, ouch50::Appendage) { text = "B" + n(m.user_ref_num); },
            [&](const ouch50::SystemEvent& m, ouch50::Appendage) { text = std::string("S ") + m.event_code; },
            [&](const auto& m, ouch50::Appendage) { text = m.name; }});
    return error ? error->to_string() : text;
}

class VenueSession {
public:
    static constexpr Locate locate{7};
    static constexpr std::int64_t second = 1'000'000'000;

    explicit VenueSession(SessionTime start = SessionTime{10 * 3600 * second}) : time(start) {
        itch50::StockDirectory directory;
        directory.stock = "AMZN";
        record(directory);
    }

    template <WireMessage Message>
    void record(Message message) {
        message.stock_locate = locate;
        message.timestamp = time;
        matching.play(++position, bytes_of(message));
    }
    void add(std::uint64_t id, Side side, std::int64_t quantity, Price price) {
        itch50::AddOrder message;
        message.order_reference_number = OrderId{id};
        message.buy_sell_indicator = side;
        message.shares = Quantity{quantity};
        message.stock = "AMZN";
        message.price = price;
        record(message);
    }
    void execute(std::uint64_t id, std::int64_t quantity, std::uint64_t match = 1) {
        itch50::OrderExecuted message;
        message.order_reference_number = OrderId{id};
        message.executed_shares = Quantity{quantity};
        message.match_number = MatchNumber{match};
        record(message);
    }
    void execute_at(std::uint64_t id, std::int64_t quantity, Price price) {
        itch50::OrderExecutedWithPrice message;
        message.order_reference_number = OrderId{id};
        message.executed_shares = Quantity{quantity};
        message.execution_price = price;
        record(message);
    }
    void reduce(std::uint64_t id, std::int64_t quantity) {
        itch50::OrderCancel message;
        message.order_reference_number = OrderId{id};
        message.cancelled_shares = Quantity{quantity};
        record(message);
    }
    void remove(std::uint64_t id) {
        itch50::OrderDelete message;
        message.order_reference_number = OrderId{id};
        record(message);
    }
    void replace(std::uint64_t from, std::uint64_t to, std::int64_t quantity, Price price) {
        itch50::OrderReplace message;
        message.original_order_reference_number = OrderId{from};
        message.new_order_reference_number = OrderId{to};
        message.shares = Quantity{quantity};
        message.price = price;
        record(message);
    }
    void hidden_trade(std::int64_t quantity, Price price, std::uint64_t match = 1) {
        itch50::Trade message;
        message.shares = Quantity{quantity};
        message.stock = "AMZN";
        message.price = price;
        message.match_number = MatchNumber{match};
        record(message);
    }
    void state(char trading_state) {
        itch50::StockTradingAction message;
        message.stock = "AMZN";
        message.trading_state = trading_state;
        record(message);
    }
    void event(char code) {
        itch50::SystemEvent message;
        message.event_code = code;
        record(message);
    }

    [[nodiscard]] static ouch50::EnterOrder order(std::uint32_t number, char side, std::int64_t quantity, Price price) {
        ouch50::EnterOrder message;
        message.user_ref_num = UserRefNum{number};
        message.side = static_cast<ouch50::OrderSide>(side);
        message.quantity = Quantity{quantity};
        message.symbol = "AMZN";
        message.price = price;
        return message;
    }
    template <WireMessage Message>
    void send(const Message& message) { matching.receive(bytes_of(message)); }
    void enter(std::uint32_t number, char side, std::int64_t quantity, Price price, char time_in_force = '0') {
        ouch50::EnterOrder message = order(number, side, quantity, price);
        message.time_in_force = static_cast<ouch50::TimeInForce>(time_in_force);
        send(message);
    }
    void enter_post_only(std::uint32_t number, char side, std::int64_t quantity, Price price) {
        std::array<std::byte, 64> room;
        ouch50::Encoder encoder(room);
        encoder.start(order(number, side, quantity, price));
        encoder.option(ouch50::Option::post_only, 'P');
        matching.receive(encoder.finish());
    }
    void cancel(std::uint32_t number, std::int64_t intended = 0) {
        ouch50::CancelOrder message;
        message.user_ref_num = UserRefNum{number};
        message.quantity = Quantity{intended};
        send(message);
    }
    void replace_own(std::uint32_t from, std::uint32_t to, std::int64_t quantity, Price price,
                     char time_in_force = '0') {
        ouch50::ReplaceOrder message;
        message.orig_user_ref_num = UserRefNum{from};
        message.user_ref_num = UserRefNum{to};
        message.quantity = Quantity{quantity};
        message.price = price;
        message.time_in_force = static_cast<ouch50::TimeInForce>(time_in_force);
        send(message);
    }
    void modify(std::uint32_t number, char side, std::int64_t quantity) {
        ouch50::ModifyOrder message;
        message.user_ref_num = UserRefNum{number};
        message.side = static_cast<ouch50::OrderSide>(side);
        message.quantity = Quantity{quantity};
        send(message);
    }

    // What the venue has said since the last call.
    std::vector<std::string> said() {
        std::vector<std::string> texts;
        for (; heard < matching.answers().next(); ++heard) {
            texts.push_back(described(matching.answers().message(heard)));
        }
        return texts;
    }
    // Recorded quantity before a client order.
    [[nodiscard]] std::int64_t ahead(std::uint32_t number) const {
        const auto handle = matching.client_orders().find(UserRefNum{number});
        return handle == ClientOrders::none ? -1 : matching.queue_ahead(matching.client_orders().order(handle)).value();
    }

    SessionTime time;
    Matching matching;
    SequenceNumber position;
    std::uint64_t heard = 1;
};

using Said = std::vector<std::string>;

}  // namespace colo::simulator
