// What an engine asks of the gateway, read from its OUCH message as an OrderRequest, as its own decision once was.
//
// The bytes themselves go nowhere: what the request passes is encoded again, and an engine whose bytes differ from that
// is refused. So a message needs to be understood here only as far as this engine's gateway can say it.
//
//   auto asked = read_order(message, orders, symbols);
//   if (!asked) refuse(asked.error());
#pragma once

#include <vector>

#include "engine/core/overloaded.hpp"
#include "engine/core/result.hpp"
#include "engine/orders/order_request.hpp"
#include "engine/orders/order_table.hpp"
#include "engine/protocol/ouch50.hpp"
#include "engine/runtime/instrument_tables.hpp"
#include "engine/runtime/short_text.hpp"

namespace colo {

using RefusedMessage = ShortText<160>;

struct AskedOrder {
    enum class Kind : std::uint8_t {
        account_query,
        order,
        late,  // for an order that has ended meanwhile: the venue would pass over it, and so does the gateway
    };
    Kind kind{Kind::late};
    OrderRequest request;
    UserRefNum number;  // of a new order or a replacement
};

namespace detail {

class AskedOrderReader {
public:
    AskedOrderReader(const OrderTable& orders, const std::vector<Alpha<8>>& symbols)
        : orders_(orders), symbols_(symbols) {}

    [[nodiscard]] Result<AskedOrder, RefusedMessage> read(const ouch50::EnterOrder& message) const {
        const InstrumentIndex instrument = index_of(symbols_, message.symbol.view());
        const UserRefNum number = message.user_ref_num;
        if (instrument.value() >= symbols_.size()) return RefusedMessage("an order for an unknown symbol");
        if (used(number)) return RefusedMessage("order number ", number.value(), " is used again");
        const ouch50::OrderSide asked = message.side;
        if (asked != ouch50::OrderSide::buy && side_of(asked) != Side::sell) return RefusedMessage("an order of no side");
        return AskedOrder{AskedOrder::Kind::order,
                          {OrderRequest::Kind::enter, instrument, side_of(asked), message.price, message.quantity, {},
                           asked == ouch50::OrderSide::sell_short},
                          number};
    }

    // The message counts the shares of the whole chain, the request those to be open.
    [[nodiscard]] Result<AskedOrder, RefusedMessage> read(const ouch50::ReplaceOrder& message) const {
        const UserRefNum number = message.user_ref_num;
        const UserRefNum named = message.orig_user_ref_num;
        const OwnOrder* original = orders_.find(named);
        if (original == nullptr) return RefusedMessage("order ", named.value(), " is replaced and was never entered");
        if (used(number)) return RefusedMessage("order number ", number.value(), " is used again");
        if (terminal(original->state)) return AskedOrder{};
        if (!original->settled_open())
            return RefusedMessage("order ", named.value(), " is replaced while it is ", name_of(original->state));
        const Quantity executed = original->executed_before + original->filled;
        const Quantity open = Quantity{message.quantity} - executed;
        if (open <= Quantity{0})
            return RefusedMessage("order ", named.value(), " is replaced by less than what was executed of it");
        return AskedOrder{AskedOrder::Kind::order,
                          {OrderRequest::Kind::replace, original->instrument, original->side, message.price, open, named},
                          number};
    }

    [[nodiscard]] Result<AskedOrder, RefusedMessage> read(const ouch50::CancelOrder& message) const {
        const UserRefNum named = message.user_ref_num;
        const OwnOrder* order = orders_.find(named);
        if (order == nullptr) return RefusedMessage("order ", named.value(), " is cancelled and was never entered");
        if (!order->open()) return AskedOrder{};
        return AskedOrder{AskedOrder::Kind::order,
                          {OrderRequest::Kind::cancel, order->instrument, order->side, order->price, {}, named},
                          UserRefNum{0}};
    }

    [[nodiscard]] Result<AskedOrder, RefusedMessage> read(const ouch50::AccountQuery&) const {
        return AskedOrder{AskedOrder::Kind::account_query, {}, {}};
    }
    [[nodiscard]] Result<AskedOrder, RefusedMessage> read(const ouch50::ModifyOrder&) const {
        return RefusedMessage("a modification, which no engine sends");
    }

private:
    [[nodiscard]] bool used(UserRefNum number) const { return number < orders_.next(); }

    const OrderTable& orders_;
    const std::vector<Alpha<8>>& symbols_;
};

}  // namespace detail

[[nodiscard]] inline Result<AskedOrder, RefusedMessage> read_order(Bytes message, const OrderTable& orders,
                                                                   const std::vector<Alpha<8>>& symbols) {
    const detail::AskedOrderReader reader(orders, symbols);
    Result<AskedOrder, RefusedMessage> asked{RefusedMessage("no OUCH message")};
    const auto read = [&](const auto& known, ouch50::Appendage) { asked = reader.read(known); };
    if (const MaybeError error = ouch50::visit_inbound(message, read)) return RefusedMessage(error->to_string());
    return asked;
}

}  // namespace colo
