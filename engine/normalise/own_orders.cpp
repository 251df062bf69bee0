// OUCH messages and risk refusals as order event rows.
#include "engine/normalise/own_orders.hpp"

#include <cstring>
#include <string>

#include "engine/protocol/itch50.hpp"
#include "engine/protocol/ouch50.hpp"

namespace colo {
namespace {

namespace ouch = ouch50;

std::int8_t side_code(ouch::OrderSide side) { return static_cast<std::int8_t>(ouch::side_of(side)); }

void fill(TickRecord& row, std::int8_t action, UserRefNum number) {
    row.action = action;
    row.order_id = number.value();
}

}  // namespace

Locate OwnOrders::locate_of(std::string_view symbol) const {
    const auto found = reference_data_.locate_by_symbol.find(std::string(symbol));
    return found == reference_data_.locate_by_symbol.end() ? Locate{} : found->second;
}

Locate OwnOrders::recall(UserRefNum number, TickRecord& row) const {
    const auto found = orders_.find(number);
    if (found == orders_.end()) return Locate{};
    row.side = static_cast<std::int8_t>(found->second.side);
    row.price = found->second.price.value();
    row.quantity = found->second.quantity.value();
    return found->second.locate;
}

Locate OwnOrders::sent(Bytes message, TickRecord& row) {
    Locate locate;
    row.action = tick_action::own_other;
    const auto enter = [&](const ouch::EnterOrder& m) {
        fill(row, tick_action::own_new, m.user_ref_num);
        locate = locate_of(m.symbol.view());
        row.side = side_code(m.side);
        row.price = m.price.get().value();
        row.quantity = m.quantity.get().value();
        orders_[m.user_ref_num] = {locate, static_cast<char>(row.side), m.price, m.quantity};
    };
    const auto replace = [&](const ouch::ReplaceOrder& m) {
        locate = recall(m.orig_user_ref_num, row);
        fill(row, tick_action::own_replace, m.user_ref_num);
        row.reference = m.orig_user_ref_num.get().value();
        row.price = m.price.get().value();
        row.quantity = m.quantity.get().value();
        orders_[m.user_ref_num] = {locate, static_cast<char>(row.side), m.price, m.quantity};
    };
    const auto cancel = [&](const ouch::CancelOrder& m) {
        locate = recall(m.user_ref_num, row);
        fill(row, tick_action::own_cancel, m.user_ref_num);
        row.quantity = m.quantity.get().value();
    };
    const auto modify = [&](const ouch::ModifyOrder& m) {
        locate = recall(m.user_ref_num, row);
        fill(row, tick_action::own_other, m.user_ref_num);
        row.side = side_code(m.side);
        row.quantity = m.quantity.get().value();
    };
    // Bytes that are no message keep the action own_other: a row for every record, whatever it holds.
    [[maybe_unused]] const auto malformed = ouch::visit_inbound(
        message, Overloaded{[&](const ouch::EnterOrder& m, ouch::Appendage) { enter(m); },
                            [&](const ouch::ReplaceOrder& m, ouch::Appendage) { replace(m); },
                            [&](const ouch::CancelOrder& m, ouch::Appendage) { cancel(m); },
                            [&](const ouch::ModifyOrder& m, ouch::Appendage) { modify(m); },
                            [](const ouch::AccountQuery&, ouch::Appendage) {}});
    return locate;
}

Locate OwnOrders::answered(Bytes message, TickRecord& row) {
    Locate locate;
    row.action = tick_action::own_other;
    const auto about = [&](const auto& m, std::int8_t action) {
        locate = recall(m.user_ref_num, row);
        fill(row, action, m.user_ref_num);
    };
    // Answers that repeat the whole order.
    const auto order = [&](const auto& m, std::int8_t action) {
        fill(row, action, m.user_ref_num);
        locate = locate_of(m.symbol.view());
        row.side = side_code(m.side);
        row.price = m.price.get().value();
        row.quantity = m.quantity.get().value();
        orders_[m.user_ref_num] = {locate, static_cast<char>(row.side), m.price, m.quantity};
    };
    const auto specific = Overloaded{
        [&](const ouch::OrderAccepted& m) { order(m, tick_action::own_accepted); },
        [&](const ouch::OrderReplaced& m) {
            order(m, tick_action::own_replaced);
            row.reference = m.orig_user_ref_num.get().value();
        },
        [&](const ouch::OrderCanceled& m) {
            about(m, tick_action::own_cancelled);
            row.quantity = m.quantity.get().value();
        },
        [&](const ouch::AiqCanceled& m) {
            about(m, tick_action::own_cancelled);
            row.quantity = m.decrement_shares.get().value();
        },
        [&](const ouch::OrderExecuted& m) {
            about(m, tick_action::own_executed);
            row.reference = static_cast<std::int64_t>(m.match_number.get().value());
            row.price = m.price.get().value();
            row.quantity = m.quantity.get().value();
        },
        [&](const ouch::Rejected& m) { about(m, tick_action::own_rejected); },
        [&](const ouch::BrokenTrade& m) {
            about(m, tick_action::own_other);
            row.reference = static_cast<std::int64_t>(m.match_number.get().value());
        },
        [&](const ouch::OrderModified& m) {
            about(m, tick_action::own_other);
            row.side = side_code(m.side);
            row.quantity = m.quantity.get().value();
        },
        [&](const auto& m) {
            if constexpr (requires { m.user_ref_num; }) about(m, tick_action::own_other);
        }};
    [[maybe_unused]] const auto malformed = ouch::visit_outbound(message, [&](const auto& m, ouch::Appendage) {
        specific(m);
        row.event_time_ns = at(reference_data_.midnight, m.timestamp).value();
    });
    return locate;
}

Locate OwnOrders::refused(Bytes payload, TickRecord& row) {
    row.action = tick_action::own_refused;
    if (payload.size() != sizeof(RiskRejectPayload)) return Locate{};
    RiskRejectPayload refused;
    std::memcpy(&refused, payload.data(), sizeof refused);
    row.order_id = refused.user_ref_num;
    row.side = static_cast<std::int8_t>(refused.side);
    row.price = refused.price;
    row.quantity = refused.quantity;
    const auto found = reference_data_.locate_by_instrument.find(InstrumentId{refused.instrument_id});
    return found == reference_data_.locate_by_instrument.end() ? Locate{} : found->second;
}

}  // namespace colo
