// What is so, whatever the engine believes: positions by the venue's own answers, and what could still be filled.
#pragma once

#include <cstdint>
#include <map>

#include "tests/simulation/simulated_venue.hpp"

namespace colo::simulation {

// Shares by instrument (index into `instruments`) and side, buys first.
struct Exposure {
    std::array<std::int64_t, instruments.size()> position{};
    std::array<std::array<std::int64_t, 2>, instruments.size()> open{};

    // The position on one side, long for buys, if everything open there were filled.
    [[nodiscard]] std::int64_t worst(std::size_t instrument, std::size_t side) const {
        return (side == 0 ? position[instrument] : -position[instrument]) + open[instrument][side];
    }
};

class Truth {
public:
    explicit Truth(const SimulatedVenue& venue) : venue_(venue) {}

    // After every execution there was, and every trade that was broken and `heard` answers tell of; with the orders
    // that stand at the venue and those on their way to it, and, where one is given, an order that is about to leave.
    [[nodiscard]] Exposure exposure(std::uint64_t heard, Bytes leaving = {}) const {
        Exposure exposure;
        add_positions(heard, exposure);
        const auto& clients = venue_.exchange().matching().client_orders();
        for (const UserRefNum number : clients.numbers()) {
            const simulator::ClientOrder& order = clients.order(clients.find(number));
            exposure.open[instrument_of(order.symbol)][order.book_side() == Side::sell] += order.open.value();
        }
        for (const Link* link : venue_.links())
            for (const auto& message : link->journaled) add_message(message, exposure);
        add_message(leaving, exposure);
        return exposure;
    }

private:
    struct Fact {
        std::size_t instrument;
        std::int64_t change;
    };

    static std::size_t instrument_of(const Alpha<8>& symbol) {
        std::size_t at = 0;
        while (at + 1 < instruments.size() && symbol != Alpha<8>(instruments[at].symbol)) ++at;
        return at;
    }
    void add_positions(std::uint64_t heard, Exposure& exposure) const {
        std::map<std::uint32_t, std::pair<std::size_t, bool>> orders;  // instrument and whether it buys
        std::map<std::uint64_t, Fact> fills;                           // by match number
        std::uint64_t sequence = 0;
        const auto name = [&](const auto& m) {
            orders[m.user_ref_num.get().value()] = {instrument_of(m.symbol), ouch50::side_of(m.side) == Side::buy};
        };
        const auto follow = Overloaded{
            [&](const ouch50::OrderAccepted& m, ouch50::Appendage) { name(m); },
            [&](const ouch50::OrderReplaced& m, ouch50::Appendage) { name(m); },
            [&](const ouch50::OrderExecuted& m, ouch50::Appendage) {
                const auto [instrument, buys] = orders[m.user_ref_num.get().value()];
                const std::int64_t change = (buys ? 1 : -1) * m.quantity.get().value();
                exposure.position[instrument] += change;
                fills[m.match_number.get().value()] = {instrument, change};
            },
            [&](const ouch50::BrokenTrade& m, ouch50::Appendage) {
                if (sequence > heard) return;
                const Fact& fact = fills[m.match_number.get().value()];
                exposure.position[fact.instrument] -= fact.change;
            },
            [](const auto&, ouch50::Appendage) {}};
        for (const auto& answer : venue_.answers()) {
            ++sequence;
            static_cast<void>(ouch50::visit_outbound(answer, follow));  // some are nonsense
        }
    }
    // An order on its way; a replacement adds what it would leave open beyond its original.
    void add_message(Bytes message, Exposure& exposure) const {
        const char type = message.empty() ? '\0' : static_cast<char>(message[0]);
        if (type == ouch50::EnterOrder::type) {
            const auto& order = overlay<ouch50::EnterOrder>(message);
            exposure.open[instrument_of(order.symbol)][ouch50::side_of(order.side) == Side::sell] +=
                order.quantity.get().value();
        } else if (type == ouch50::ReplaceOrder::type) {
            const auto& order = overlay<ouch50::ReplaceOrder>(message);
            const auto& clients = venue_.exchange().matching().client_orders();
            const std::uint32_t handle = clients.find(order.orig_user_ref_num);
            if (handle == simulator::ClientOrders::none) return;
            const simulator::ClientOrder& original = clients.order(handle);
            const Quantity more = order.quantity.get() - original.executed - original.open;
            exposure.open[instrument_of(original.symbol)][original.book_side() == Side::sell] +=
                std::max<std::int64_t>(0, more.value());
        }
    }

    const SimulatedVenue& venue_;
};

}  // namespace colo::simulation
