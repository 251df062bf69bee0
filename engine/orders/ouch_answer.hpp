// OUCH 5.0 answers as the order table takes them.
//
//   OrderAnswer answer;
//   if (auto error = decode_answer(bytes, index_of_symbol, answer)) count(*error);
#pragma once

#include "engine/orders/order_answer.hpp"
#include "engine/protocol/ouch50.hpp"

namespace colo {

[[nodiscard]] constexpr Liquidity liquidity_of(char flag) {
    switch (flag) {  // appendix E
    case 'A': case 'J': case 'k': case 'e': case '7': case '8': case 'j': return Liquidity::added;
    case 'R': case 'm': case 'p': case 'q': case 'r': case 't': return Liquidity::removed;
    default: return Liquidity::other;
    }
}

// Turns one message into an OrderAnswer by overloads; `IndexOfSymbol` gives the InstrumentIndex of a symbol, one beyond
// the last for a symbol that is not ours.
template <class IndexOfSymbol>
struct AnswerDecoder {
    const IndexOfSymbol& index_of;
    OrderAnswer& answer;

    template <class Message>
    void operator()(const Message& message, ouch50::Appendage) const { answer = convert(message); }

    [[nodiscard]] OrderAnswer convert(const ouch50::OrderAccepted& m) const {
        return OrderAccepted{m.user_ref_num, index_of(m.symbol.view()), side_of(m.side), m.price, m.quantity,
                             m.order_reference_number, m.order_state == ouch50::OrderState::live};
    }
    [[nodiscard]] OrderAnswer convert(const ouch50::OrderReplaced& m) const {
        return OrderReplaced{m.orig_user_ref_num, m.user_ref_num, index_of(m.symbol.view()), side_of(m.side), m.price,
                             m.quantity, m.order_reference_number, m.order_state == ouch50::OrderState::live};
    }
    [[nodiscard]] OrderAnswer convert(const ouch50::OrderExecuted& m) const {
        return OrderExecuted{m.user_ref_num, m.price, m.quantity, m.match_number, liquidity_of(m.liquidity_flag)};
    }
    [[nodiscard]] OrderAnswer convert(const ouch50::OrderCanceled& m) const {
        return OrderCancelled{m.user_ref_num, m.quantity, false};
    }
    [[nodiscard]] OrderAnswer convert(const ouch50::AiqCanceled& m) const {
        return OrderCancelled{m.user_ref_num, m.decrement_shares, true};
    }
    [[nodiscard]] OrderAnswer convert(const ouch50::Rejected& m) const { return OrderRejected{m.user_ref_num}; }
    [[nodiscard]] OrderAnswer convert(const ouch50::CancelReject& m) const { return CancelRejected{m.user_ref_num}; }
    [[nodiscard]] OrderAnswer convert(const ouch50::BrokenTrade& m) const {
        return TradeBroken{m.user_ref_num, m.match_number};
    }
    [[nodiscard]] OrderAnswer convert(const ouch50::OrderModified& m) const {
        return OrderModified{m.user_ref_num, m.quantity};
    }
    [[nodiscard]] OrderAnswer convert(const ouch50::OrderPriorityUpdate& m) const {
        return PriorityChanged{m.user_ref_num, m.price, m.order_reference_number};
    }
    [[nodiscard]] OrderAnswer convert(const ouch50::AccountQueryResponse& m) const {
        return AccountAnswer{m.next_user_ref_num};
    }
    // The cancel will happen after the cross: it stays pending. The others say nothing of an order's quantity.
    [[nodiscard]] OrderAnswer convert(const ouch50::CancelPending&) const { return NoOrderAnswer{}; }
    [[nodiscard]] OrderAnswer convert(const ouch50::OrderRestated&) const { return NoOrderAnswer{}; }
    [[nodiscard]] OrderAnswer convert(const ouch50::SystemEvent&) const { return NoOrderAnswer{}; }
};

template <class IndexOfSymbol>
[[nodiscard]] MaybeError decode_answer(Bytes message, const IndexOfSymbol& index_of, OrderAnswer& answer) {
    return ouch50::visit_outbound(message, AnswerDecoder<IndexOfSymbol>{index_of, answer});
}

}  // namespace colo
