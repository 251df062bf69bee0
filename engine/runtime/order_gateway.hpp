// The last step before the wire: spends a CheckedOrder, enters it in the order table and encodes it.
//
// The chain of types is the guarantee that nothing leaves unchecked: only the RiskGate makes a CheckedOrder, only this
// gateway makes an EncodedOrder, and only an EncodedOrder is accepted by the order session.
#pragma once

#include <array>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "engine/orders/order_request.hpp"
#include "engine/orders/order_table.hpp"
#include "engine/protocol/ouch50.hpp"
#include "engine/protocol/soupbintcp.hpp"

namespace colo {

// One OUCH message in its SoupBinTCP envelope, ready to be written in one piece.
class EncodedOrder {
public:
    // The OUCH message, as it is journaled.
    [[nodiscard]] Bytes message() const { return packet().subspan(sizeof(soupbintcp::PacketHeader)); }
    // With its envelope, as it is sent.
    [[nodiscard]] Bytes packet() const { return {bytes_.data(), length_}; }
    // The order that it enters, replaces with or cancels; zero for an account query.
    [[nodiscard]] UserRefNum user_ref_num() const { return user_ref_num_; }

private:
    friend class OrderGateway;
    explicit EncodedOrder(UserRefNum user_ref_num) : user_ref_num_(user_ref_num) {}
    // The message where it is sent from, with its envelope around it. Written in place: copied behind single stores, its
    // bytes would wait for every one of them.
    template <WireMessage Message>
    Message& make() {
        static_assert(sizeof(soupbintcp::Enveloped<Message>) <= sizeof bytes_);
        static_assert(alignof(soupbintcp::Enveloped<Message>) == 1);
        length_ = sizeof(soupbintcp::Enveloped<Message>);
        return (new (bytes_.data()) soupbintcp::Enveloped<Message>)->message;
    }

    std::array<std::byte, 56> bytes_;
    std::size_t length_ = 0;
    UserRefNum user_ref_num_;
};

class OrderGateway {
public:
    // The symbols by instrument index. The table must outlive the gateway.
    OrderGateway(OrderTable& orders, const std::vector<Alpha<8>>& symbols) : orders_(orders), symbols_(symbols) {}

    [[nodiscard]] EncodedOrder spend(CheckedOrder&& checked) {
        if (checked.spent()) std::abort();  // one check, one message: nothing may go on behind a second
        const CheckedOrder order = std::move(checked);
        switch (order.request().kind) {
        case OrderRequest::Kind::enter: return enter(order.request(), order.sells_short());
        case OrderRequest::Kind::replace: return replace(order.request());
        case OrderRequest::Kind::cancel: break;
        }
        return cancel(order.request());
    }

    // Asks which order number is next: names no order, so no rule applies.
    [[nodiscard]] static EncodedOrder account_query() {
        EncodedOrder encoded(UserRefNum{0});
        encoded.make<ouch50::AccountQuery>();
        return encoded;
    }

private:
    EncodedOrder enter(const OrderRequest& request, bool sells_short) {
        const OwnOrder& order =
            orders_.enter(request.instrument, request.side, request.price, request.quantity, sells_short);
        EncodedOrder encoded(order.user_ref_num);
        auto& message = encoded.make<ouch50::EnterOrder>();
        message.user_ref_num = order.user_ref_num;
        message.side = side_of(order);
        message.quantity = order.quantity;
        message.symbol = symbols_[order.instrument.value()];
        message.price = order.price;
        return encoded;
    }

    [[nodiscard]] static ouch50::OrderSide side_of(const OwnOrder& order) {
        if (order.side == Side::buy) return ouch50::OrderSide::buy;
        return order.sells_short ? ouch50::OrderSide::sell_short : ouch50::OrderSide::sell;
    }

    EncodedOrder replace(const OrderRequest& request) {
        const OwnOrder& order = orders_.replace(request.original, request.price, request.quantity);
        EncodedOrder encoded(order.user_ref_num);
        auto& message = encoded.make<ouch50::ReplaceOrder>();
        message.orig_user_ref_num = order.replaces;
        message.user_ref_num = order.user_ref_num;
        message.quantity = orders_.liable(order);
        message.price = order.price;
        return encoded;
    }

    EncodedOrder cancel(const OrderRequest& request) {
        const OwnOrder& order = orders_.request_cancel(request.original);
        EncodedOrder encoded(order.user_ref_num);
        encoded.make<ouch50::CancelOrder>().user_ref_num = order.user_ref_num;
        return encoded;
    }

    OrderTable& orders_;
    const std::vector<Alpha<8>>& symbols_;
};

}  // namespace colo
