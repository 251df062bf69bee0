// NASDAQ OUCH 5.0 (specification of May 2023): orders in, answers out, with optional fields as an appendage.
//
// Messages that may carry options end in a two-byte appendage length; the options follow as (length, tag, value)
// elements (1.2, appendix B). Field names are the specification's, in snake case. An order without options is the struct
// itself; with options, Encoder (ouch50_options.hpp) puts both behind each other.
//
//   ouch50::EnterOrder order;
//   order.user_ref_num = UserRefNum{1}; order.symbol = "AMZN"; order.quantity = Quantity{100};
//   order.price = Price{2'200'000};
//   send(bytes_of(order));
//
//   ouch50::Encoder encoder(buffer);
//   encoder.start(order);
//   encoder.option(ouch50::Option::firm, Alpha<4>("LIME"));
//   send(encoder.finish());
//
//   auto error = ouch50::visit_outbound(bytes, Overloaded{
//       [&](const ouch50::OrderExecuted& executed, ouch50::Appendage) { fill(executed); },
//       [](const auto&, ouch50::Appendage) {}});
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "engine/core/decode_error.hpp"
#include "engine/core/overloaded.hpp"
#include "engine/core/wire.hpp"
#include "engine/protocol/ouch50_options.hpp"

namespace colo::ouch50 {

using Char = char;
using Time = BigEndian<std::uint64_t, SessionTime>;  // nanoseconds since midnight
using Price64 = BigEndian<std::uint64_t, Price>;     // 1e-4 dollars
using Shares = BigEndian<std::uint32_t, Quantity>;
using OrderReference = BigEndian<std::uint64_t, OrderId>;
using Match = BigEndian<std::uint64_t, MatchNumber>;
using Reference = BigEndian<std::uint32_t, UserRefNum>;
using Symbol = Alpha<8>;
using ClOrdId = Alpha<14>;

// Prices that ask for a market order (1.2).
constexpr Price market_price_in_cross{0x7FFFFFFF};
constexpr Price market_price{2'000'000'000};
constexpr Price price_max{1'999'999'900};
constexpr Quantity quantity_below{1'000'000};

// An order's side also says how it sells.
enum class OrderSide : char { buy = 'B', sell = 'S', sell_short = 'T', sell_short_exempt = 'E' };
[[nodiscard]] constexpr Side side_of(OrderSide side) { return side == OrderSide::buy ? Side::buy : Side::sell; }

enum class TimeInForce : char { day = '0', immediate_or_cancel = '3', extended_hours = '5', good_till_time = '6',
                                after_hours = 'E' };
enum class Display : char { visible = 'Y', hidden = 'N', attributable = 'A', conformant = 'Z' };
enum class Capacity : char { agency = 'A', principal = 'P', riskless = 'R', other = 'O' };
enum class OrderState : char { live = 'L', dead = 'D' };

// Reasons why an order was reduced or cancelled (appendix C), of those that this engine produces or acts on.
enum class CancelReason : char { regulatory = 'D', closed = 'E', post_only = 'F', post_only_contra = 'G', halted = 'H',
                                 immediate_or_cancel = 'I', market_collars = 'K', self_match = 'Q', supervisory = 'S',
                                 timeout = 'T', user = 'U', open_protection = 'X', system = 'Z', direct_listing = 'e' };

// Reasons of a Rejected message (appendix D).
enum class RejectReason : std::uint16_t {
    quote_unavailable = 1, destination_closed, invalid_display, invalid_max_floor, invalid_peg_type, fat_finger, halted,
    iso_not_allowed, invalid_side, processing_error, cancel_pending, firm_not_authorized, invalid_min_quantity,
    no_closing_reference_price, other, cancel_not_allowed, pegging_not_allowed, crossed_market, invalid_quantity,
    invalid_cross_order, replace_not_allowed, routing_not_allowed, invalid_symbol, test, late_loc_too_aggressive,
    retail_not_allowed, invalid_midpoint_post_only_price, invalid_destination, invalid_price, shares_exceed_threshold,
    exceeds_maximum_allowed_notional, risk_aggregate_exposure_exceeded, risk_market_impact, risk_restricted_stock,
    risk_short_sell_restricted, risk_order_type_restricted, risk_exceeds_adv_limit, risk_fat_finger,
    risk_locate_required, risk_symbol_message_rate, risk_port_message_rate, risk_duplicate_message_rate
};
static_assert(static_cast<int>(RejectReason::risk_duplicate_message_rate) == 0x2A);

// ---- Inbound: from us to the venue (section 2) ----

// 2.1
struct EnterOrder {
    static constexpr char type = 'O';
    static constexpr const char* name = "EnterOrder";
    Char message_type{type};
    Reference user_ref_num;
    OrderSide side{OrderSide::buy};
    Shares quantity;
    Symbol symbol;
    Price64 price;
    TimeInForce time_in_force{TimeInForce::day};
    Display display{Display::visible};
    Capacity capacity{Capacity::principal};
    Char inter_market_sweep_eligibility{'N'};
    Char cross_type{'N'};
    ClOrdId cl_ord_id;
    BigEndian<std::uint16_t> appendage_length;
};

// 2.2; quantity counts the whole chain, executed shares included.
struct ReplaceOrder {
    static constexpr char type = 'U';
    static constexpr const char* name = "ReplaceOrder";
    Char message_type{type};
    Reference orig_user_ref_num;
    Reference user_ref_num;
    Shares quantity;
    Price64 price;
    TimeInForce time_in_force{TimeInForce::day};
    Display display{Display::visible};
    Char inter_market_sweep_eligibility{'N'};
    ClOrdId cl_ord_id;
    BigEndian<std::uint16_t> appendage_length;
};

// 2.3; quantity is the new intended quantity, executed shares included; 0 cancels what is open.
struct CancelOrder {
    static constexpr char type = 'X';
    static constexpr const char* name = "CancelOrder";
    Char message_type{type};
    Reference user_ref_num;
    Shares quantity;
};

// 2.4
struct ModifyOrder {
    static constexpr char type = 'M';
    static constexpr const char* name = "ModifyOrder";
    Char message_type{type};
    Reference user_ref_num;
    OrderSide side{OrderSide::sell};
    Shares quantity;
};

// 2.5
struct AccountQuery {
    static constexpr char type = 'Q';
    static constexpr const char* name = "AccountQuery";
    Char message_type{type};
};

// ---- Outbound: from the venue to us (section 3) ----

// 3.1
struct SystemEvent {
    static constexpr char type = 'S';
    static constexpr const char* name = "SystemEvent";
    Char message_type{type};
    Time timestamp;
    Char event_code{'S'};
};

// 3.2
struct OrderAccepted {
    static constexpr char type = 'A';
    static constexpr const char* name = "OrderAccepted";
    Char message_type{type};
    Time timestamp;
    Reference user_ref_num;
    OrderSide side{OrderSide::buy};
    Shares quantity;
    Symbol symbol;
    Price64 price;
    TimeInForce time_in_force{TimeInForce::day};
    Display display{Display::visible};
    OrderReference order_reference_number;
    Capacity capacity{Capacity::principal};
    Char inter_market_sweep_eligibility{'N'};
    Char cross_type{'N'};
    OrderState order_state{OrderState::live};
    ClOrdId cl_ord_id;
    BigEndian<std::uint16_t> appendage_length;
};

// 3.3; quantity is what is left exposed.
struct OrderReplaced {
    static constexpr char type = 'U';
    static constexpr const char* name = "OrderReplaced";
    Char message_type{type};
    Time timestamp;
    Reference orig_user_ref_num;
    Reference user_ref_num;
    OrderSide side{OrderSide::buy};
    Shares quantity;
    Symbol symbol;
    Price64 price;
    TimeInForce time_in_force{TimeInForce::day};
    Display display{Display::visible};
    OrderReference order_reference_number;
    Capacity capacity{Capacity::principal};
    Char inter_market_sweep_eligibility{'N'};
    Char cross_type{'N'};
    OrderState order_state{OrderState::live};
    ClOrdId cl_ord_id;
    BigEndian<std::uint16_t> appendage_length;
};

// 3.4; quantity is what was taken off.
struct OrderCanceled {
    static constexpr char type = 'C';
    static constexpr const char* name = "OrderCanceled";
    Char message_type{type};
    Time timestamp;
    Reference user_ref_num;
    Shares quantity;
    CancelReason reason{CancelReason::user};
};

// 3.5
struct AiqCanceled {
    static constexpr char type = 'D';
    static constexpr const char* name = "AiqCanceled";
    Char message_type{type};
    Time timestamp;
    Reference user_ref_num;
    Shares decrement_shares;
    CancelReason reason{CancelReason::self_match};
    Shares quantity_prevented_from_trading;
    Price64 execution_price;
    Char liquidity_flag{'A'};
    Char aiq_strategy{' '};
};

// 3.6; quantity is what was executed just now.
struct OrderExecuted {
    static constexpr char type = 'E';
    static constexpr const char* name = "OrderExecuted";
    Char message_type{type};
    Time timestamp;
    Reference user_ref_num;
    Shares quantity;
    Price64 price;
    Char liquidity_flag{'A'};  // appendix E: 'A' added, 'R' removed, ...
    Match match_number;
    BigEndian<std::uint16_t> appendage_length;
};

// 3.7
struct BrokenTrade {
    static constexpr char type = 'B';
    static constexpr const char* name = "BrokenTrade";
    Char message_type{type};
    Time timestamp;
    Reference user_ref_num;
    Match match_number;
    Char reason{'E'};
    ClOrdId cl_ord_id;
};

// 3.8
struct Rejected {
    static constexpr char type = 'J';
    static constexpr const char* name = "Rejected";
    Char message_type{type};
    Time timestamp;
    Reference user_ref_num;
    BigEndian<std::uint16_t> reason;  // a RejectReason; the venue may add some
    ClOrdId cl_ord_id;
};

// 3.9
struct CancelPending {
    static constexpr char type = 'P';
    static constexpr const char* name = "CancelPending";
    Char message_type{type};
    Time timestamp;
    Reference user_ref_num;
};

// 3.10
struct CancelReject {
    static constexpr char type = 'I';
    static constexpr const char* name = "CancelReject";
    Char message_type{type};
    Time timestamp;
    Reference user_ref_num;
};

// 3.11
struct OrderPriorityUpdate {
    static constexpr char type = 'T';
    static constexpr const char* name = "OrderPriorityUpdate";
    Char message_type{type};
    Time timestamp;
    Reference user_ref_num;
    Price64 price;
    Display display{Display::visible};
    OrderReference order_reference_number;
};

// 3.12
struct OrderModified {
    static constexpr char type = 'M';
    static constexpr const char* name = "OrderModified";
    Char message_type{type};
    Time timestamp;
    Reference user_ref_num;
    OrderSide side{OrderSide::sell};
    Shares quantity;
};

// 3.13
struct OrderRestated {
    static constexpr char type = 'R';
    static constexpr const char* name = "OrderRestated";
    Char message_type{type};
    Time timestamp;
    Reference user_ref_num;
    Char reason{'R'};
    BigEndian<std::uint16_t> appendage_length;
};

// 3.14
struct AccountQueryResponse {
    static constexpr char type = 'Q';
    static constexpr const char* name = "AccountQueryResponse";
    Char message_type{type};
    Time timestamp;
    Reference next_user_ref_num;
};

static_assert(sizeof(EnterOrder) == 47 && sizeof(ReplaceOrder) == 40 && sizeof(CancelOrder) == 9);
static_assert(sizeof(ModifyOrder) == 10 && sizeof(AccountQuery) == 1);
static_assert(sizeof(SystemEvent) == 10 && sizeof(OrderAccepted) == 64 && sizeof(OrderReplaced) == 68);
static_assert(sizeof(OrderCanceled) == 18 && sizeof(AiqCanceled) == 32 && sizeof(OrderExecuted) == 36);
static_assert(sizeof(BrokenTrade) == 36 && sizeof(Rejected) == 29 && sizeof(CancelPending) == 13);
static_assert(sizeof(CancelReject) == 13 && sizeof(OrderPriorityUpdate) == 30 && sizeof(OrderModified) == 18);
static_assert(sizeof(OrderRestated) == 16 && sizeof(AccountQueryResponse) == 13);

namespace detail {
template <class Message, class Visitor>
[[nodiscard]] inline MaybeError visit_as(Bytes bytes, Visitor&& visitor) {
    using Kind = DecodeError::Kind;
    if (bytes.size() < sizeof(Message))
        return DecodeError{Kind::truncated, Message::name, "length", 0, bytes.size(), sizeof(Message)};
    const auto& message = overlay<Message>(bytes);
    std::size_t length = sizeof(Message);
    if constexpr (Appendable<Message>) length += message.appendage_length.get();
    if (bytes.size() != length)
        return DecodeError{Kind::length_mismatch, Message::name, Appendable<Message> ? "appendage_length" : "length",
                           Appendable<Message> ? sizeof(Message) - 2 : 0, bytes.size(), length};
    const Appendage appendage(bytes.subspan(sizeof(Message)));
    if constexpr (Appendable<Message>)
        if (auto error = appendage.check(Message::name)) return error->shifted(sizeof(Message));
    visitor(message, appendage);
    return std::nullopt;
}

// A venue names no price beyond that of a market order in a cross: quantities of 32 bits times it fit into a Notional.
template <class Message, class Visitor>
[[nodiscard]] inline MaybeError visit_answer_as(Bytes bytes, Visitor&& visitor) {
    MaybeError impossible;
    const auto check = [&](const Message& message, Appendage appendage) {
        if constexpr (requires { message.price; }) {
            const Price price = message.price;
            if (price < Price{0} || price > market_price_in_cross) {
                impossible = DecodeError{DecodeError::Kind::invalid_value, Message::name, "price",
                                         offsetof(Message, price), static_cast<std::uint64_t>(price.value()), 0};
                return;
            }
        }
        visitor(message, appendage);
    };
    const MaybeError error = visit_as<Message>(bytes, check);
    return error ? error : impossible;
}

[[nodiscard]] inline DecodeError unknown(const char* what, Bytes bytes) {
    if (bytes.empty()) return {DecodeError::Kind::truncated, what, "message_type", 0, 0, 1};
    return {DecodeError::Kind::unknown_type, what, "message_type", 0, std::to_integer<std::uint64_t>(bytes[0]), 0};
}
}  // namespace detail

// Checks lengths and options, then calls visitor(message, appendage) with the message as its own type.
template <class Visitor>
[[nodiscard]] inline MaybeError visit_inbound(Bytes bytes, Visitor&& visitor) {
    switch (bytes.empty() ? '\0' : static_cast<char>(bytes[0])) {
    case EnterOrder::type: return detail::visit_as<EnterOrder>(bytes, visitor);
    case ReplaceOrder::type: return detail::visit_as<ReplaceOrder>(bytes, visitor);
    case CancelOrder::type: return detail::visit_as<CancelOrder>(bytes, visitor);
    case ModifyOrder::type: return detail::visit_as<ModifyOrder>(bytes, visitor);
    case AccountQuery::type: return detail::visit_as<AccountQuery>(bytes, visitor);
    default: return detail::unknown("OUCH inbound message", bytes);
    }
}

template <class Visitor>
[[nodiscard]] inline MaybeError visit_outbound(Bytes bytes, Visitor&& visitor) {
    switch (bytes.empty() ? '\0' : static_cast<char>(bytes[0])) {
    case SystemEvent::type: return detail::visit_answer_as<SystemEvent>(bytes, visitor);
    case OrderAccepted::type: return detail::visit_answer_as<OrderAccepted>(bytes, visitor);
    case OrderReplaced::type: return detail::visit_answer_as<OrderReplaced>(bytes, visitor);
    case OrderCanceled::type: return detail::visit_answer_as<OrderCanceled>(bytes, visitor);
    case AiqCanceled::type: return detail::visit_answer_as<AiqCanceled>(bytes, visitor);
    case OrderExecuted::type: return detail::visit_answer_as<OrderExecuted>(bytes, visitor);
    case BrokenTrade::type: return detail::visit_answer_as<BrokenTrade>(bytes, visitor);
    case Rejected::type: return detail::visit_answer_as<Rejected>(bytes, visitor);
    case CancelPending::type: return detail::visit_answer_as<CancelPending>(bytes, visitor);
    case CancelReject::type: return detail::visit_answer_as<CancelReject>(bytes, visitor);
    case OrderPriorityUpdate::type: return detail::visit_answer_as<OrderPriorityUpdate>(bytes, visitor);
    case OrderModified::type: return detail::visit_answer_as<OrderModified>(bytes, visitor);
    case OrderRestated::type: return detail::visit_answer_as<OrderRestated>(bytes, visitor);
    case AccountQueryResponse::type: return detail::visit_answer_as<AccountQueryResponse>(bytes, visitor);
    default: return detail::unknown("OUCH outbound message", bytes);
    }
}

}  // namespace colo::ouch50
