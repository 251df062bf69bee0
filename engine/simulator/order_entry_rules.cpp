// What the venue does with the client's messages: OUCH 5.0, section 2, and its answers, section 3.
#include <algorithm>
#include <cstring>

#include "engine/simulator/matching.hpp"

namespace colo::simulator {

namespace {

using ouch50::CancelReason;
using ouch50::OrderSide;
using ouch50::RejectReason;

constexpr std::int64_t second = 1'000'000'000;
constexpr SessionTime market_open{(9 * 3600 + 30 * 60) * second};
constexpr SessionTime market_close{16 * 3600 * second};

[[nodiscard]] std::uint64_t key_of(const ouch50::Symbol& symbol) {
    std::uint64_t key;
    std::memcpy(&key, symbol.padded().data(), sizeof key);
    return key;
}

[[nodiscard]] SessionTime expiry(SessionTime now, ouch50::TimeInForce time_in_force, std::uint32_t expire_time_s) {
    if (time_in_force != ouch50::TimeInForce::good_till_time) return market_close;
    return std::min(market_close, now + seconds(expire_time_s));
}

// 2.4: a sale may change its kind only as the specification lists.
[[nodiscard]] bool may_become(OrderSide from, OrderSide to) {
    return from == to || (from == OrderSide::sell && to == OrderSide::sell_short_exempt) ||
           (from == OrderSide::sell && to == OrderSide::sell_short) ||
           (from == OrderSide::sell_short_exempt && to == OrderSide::sell_short);
}

// The fields that Accepted and Replaced share.
template <class Answer>
void describe(Answer& answer, const ClientOrder& order, SessionTime now) {
    answer.timestamp = now;
    answer.user_ref_num = order.user_ref_num;
    answer.side = order.side;
    answer.quantity = order.open;
    answer.symbol = order.symbol;
    answer.price = order.price;
    answer.time_in_force = order.time_in_force;
    answer.display = order.display;
    answer.order_reference_number = order.id;
    answer.capacity = order.capacity;
    answer.inter_market_sweep_eligibility = order.inter_market_sweep_eligibility;
    answer.cl_ord_id = order.cl_ord_id;
}

}  // namespace

void Matching::receive(Bytes message) {
    const MaybeError error = ouch50::visit_inbound(
        message, [this](const auto& typed, ouch50::Appendage appendage) { on(typed, appendage); });
    if (error) ++counts_.malformed;
}

void Matching::disconnect() { cancel_all(CancelReason::system); }

MaybeReject Matching::refused_now(Locate locate, OrderSide side, Price price) const {
    if (closed_ || now_ < market_open || now_ >= market_close) return RejectReason::destination_closed;
    const Instrument& instrument = instruments_[locate.value()];
    if (instrument.trading_state != 'T' || instrument.operational_halt) return RejectReason::halted;
    Price bid;
    if (side == OrderSide::sell_short && instrument.short_sale_restricted && book_.best(locate, Side::buy, bid) &&
        price <= bid) {
        return RejectReason::risk_short_sell_restricted;
    }
    return std::nullopt;
}

void Matching::on(const ouch50::EnterOrder& enter, ouch50::Appendage appendage) {
    const UserRefNum number = enter.user_ref_num;
    if (number <= last_number_) return;  // a retransmission (1.2)
    last_number_ = number;
    ++counts_.orders;
    if (const MaybeReject refused = check(enter)) return reject(number, *refused, enter.cl_ord_id);
    const OrderOptions options = read_options(appendage);
    if (options.reject) return reject(number, *options.reject, enter.cl_ord_id);
    const std::uint32_t found = locates_.find(key_of(enter.symbol));
    if (found == ReferenceTable::none) return reject(number, RejectReason::invalid_symbol, enter.cl_ord_id);
    const Locate locate{static_cast<std::uint16_t>(found)};
    if (const MaybeReject refused = refused_now(locate, enter.side, enter.price)) {
        return reject(number, *refused, enter.cl_ord_id);
    }
    ClientOrder order;
    order.user_ref_num = number;
    order.id = OrderId{next_order_id_++};
    order.locate = locate;
    order.symbol = enter.symbol;
    order.side = enter.side;
    order.price = enter.price;
    order.open = enter.quantity;
    order.arrival = position_;
    order.expires = expiry(now_, enter.time_in_force, options.expire_time_s);
    order.time_in_force = enter.time_in_force;
    order.display = enter.display;
    order.capacity = enter.capacity;
    order.inter_market_sweep_eligibility = enter.inter_market_sweep_eligibility;
    order.post_only = options.post_only;
    order.cl_ord_id = enter.cl_ord_id;
    auto& accepted = answers_.add<ouch50::OrderAccepted>(appendage.bytes());
    describe(accepted, order, now_);
    accepted.appendage_length = static_cast<std::uint16_t>(appendage.bytes().size());
    enter_book(order);
}

void Matching::on(const ouch50::ReplaceOrder& replace, ouch50::Appendage appendage) {
    const std::uint32_t handle = clients_.find(replace.orig_user_ref_num);
    const UserRefNum number = replace.user_ref_num;
    if (handle == ClientOrders::none || number <= last_number_) return;  // 2.2, case 1
    ++counts_.orders;
    ClientOrder order = clients_.order(handle);
    const Quantity open = replace.quantity.get() - order.executed;
    if (!valid_quantity(replace.quantity) || open <= Quantity{0} || !valid_price(replace.price)) {
        return cancel_resting(handle, order.open, CancelReason::system);  // 2.2, case 2
    }
    last_number_ = number;
    const OrderOptions options = read_options(appendage);
    MaybeReject refused = check(replace);
    if (!refused) refused = options.reject;
    if (!refused) refused = refused_now(order.locate, order.side, replace.price);
    if (refused) return reject(number, *refused, replace.cl_ord_id);  // 2.2, case 3
    clients_.remove(handle);
    order.user_ref_num = number;
    order.id = OrderId{next_order_id_++};
    order.price = replace.price;
    order.open = open;
    order.arrival = position_;
    order.expires = expiry(now_, replace.time_in_force, options.expire_time_s);
    order.time_in_force = replace.time_in_force;
    order.display = replace.display;
    order.inter_market_sweep_eligibility = replace.inter_market_sweep_eligibility;
    order.post_only = options.post_only;
    order.cl_ord_id = replace.cl_ord_id;
    auto& replaced = answers_.add<ouch50::OrderReplaced>(appendage.bytes());
    describe(replaced, order, now_);
    replaced.orig_user_ref_num = replace.orig_user_ref_num;
    replaced.appendage_length = static_cast<std::uint16_t>(appendage.bytes().size());
    enter_book(order);
}

void Matching::on(const ouch50::CancelOrder& cancel, ouch50::Appendage) {
    const std::uint32_t handle = clients_.find(cancel.user_ref_num);
    if (handle == ClientOrders::none) return;  // superfluous (2.3)
    const ClientOrder& order = clients_.order(handle);
    const Quantity keep = std::max(Quantity{0}, cancel.quantity.get() - order.executed);
    if (keep < order.open) cancel_resting(handle, order.open - keep, CancelReason::user);
}

void Matching::on(const ouch50::ModifyOrder& modify, ouch50::Appendage) {
    const std::uint32_t handle = clients_.find(modify.user_ref_num);
    if (handle == ClientOrders::none) return;
    ClientOrder& order = clients_.order(handle);
    if (!may_become(order.side, modify.side) || modify.quantity.get() >= ouch50::quantity_below) return;
    const Quantity open = modify.quantity.get() - order.executed;
    if (open <= Quantity{0}) return cancel_resting(handle, order.open, CancelReason::user);
    auto& modified = answers_.add<ouch50::OrderModified>();
    modified.timestamp = now_;
    modified.user_ref_num = order.user_ref_num;
    modified.side = modify.side;
    modified.quantity = open;
    const bool to_the_back = open > order.open;
    order.side = modify.side;
    order.open = open;
    if (!to_the_back) return;
    ClientOrder again = order;
    again.arrival = position_;
    clients_.remove(handle);
    clients_.add(again);
}

void Matching::on(const ouch50::AccountQuery&, ouch50::Appendage) {
    auto& response = answers_.add<ouch50::AccountQueryResponse>();
    response.timestamp = now_;
    response.next_user_ref_num = UserRefNum{last_number_.value() + 1};
}

void Matching::enter_book(ClientOrder& order) {
    if (order.post_only && would_take(order)) {
        return say_canceled(order.user_ref_num, order.open, CancelReason::post_only_contra);
    }
    if (!take(order) || order.open == Quantity{0}) return;
    if (order.time_in_force == ouch50::TimeInForce::immediate_or_cancel) {
        return say_canceled(order.user_ref_num, order.open, CancelReason::immediate_or_cancel);
    }
    clients_.add(order);
    next_expiry_ = std::min(next_expiry_, order.expires);
}

bool Matching::would_take(const ClientOrder& order) const {
    const Side other = opposite(order.book_side());
    const auto own = clients_.queue(order.locate, other);
    if (!own.empty() && order.crosses(own.front().price)) return true;
    Price best;
    return book_.best(order.locate, other, best) && order.crosses(best);
}

bool Matching::take(ClientOrder& order) {
    const Side other = opposite(order.book_side());
    const auto queue = clients_.queue(order.locate, other);
    const bool meets_own = !queue.empty() && order.crosses(queue.front().price);
    const ClientOrder* own = meets_own ? &clients_.order(queue.front().handle) : nullptr;
    const auto wanted = [&](Price price) { return order.crosses(price); };
    book_.walk_while(order.locate, other, wanted, [&](std::uint32_t handle) {
        RecordedOrder& resting = book_.order(handle);
        if (own != nullptr && own->before(resting.price, resting.arrival)) return false;
        const Quantity quantity = std::min(order.open, resting.available());
        if (quantity == Quantity{0}) return true;
        resting.taken += quantity;
        order.open -= quantity;
        order.executed += quantity;
        say_executed(order, quantity, resting.price, 'R');
        return order.open > Quantity{0};
    });
    if (own == nullptr || order.open == Quantity{0}) return true;
    auto& canceled = answers_.add<ouch50::AiqCanceled>();  // 3.5: the incoming order goes, the resting one stays
    canceled.timestamp = now_;
    canceled.user_ref_num = order.user_ref_num;
    canceled.decrement_shares = order.open;
    canceled.quantity_prevented_from_trading = std::min(order.open, own->open);
    canceled.execution_price = own->price;
    canceled.liquidity_flag = 'R';
    canceled.aiq_strategy = 'N';
    return false;
}

void Matching::reject(UserRefNum number, RejectReason reason, const ouch50::ClOrdId& cl_ord_id) {
    ++counts_.rejects;
    auto& rejected = answers_.add<ouch50::Rejected>();
    rejected.timestamp = now_;
    rejected.user_ref_num = number;
    rejected.reason = static_cast<std::uint16_t>(reason);
    rejected.cl_ord_id = cl_ord_id;
}

void Matching::cancel_resting(std::uint32_t handle, Quantity quantity, CancelReason reason) {
    ClientOrder& order = clients_.order(handle);
    say_canceled(order.user_ref_num, quantity, reason);
    order.open -= quantity;
    if (order.open == Quantity{0}) clients_.remove(handle);
}

void Matching::cancel_all(CancelReason reason) {
    if (clients_.count() == 0) return;
    for (const UserRefNum number : clients_.numbers()) {
        const std::uint32_t handle = clients_.find(number);
        cancel_resting(handle, clients_.order(handle).open, reason);
    }
}

void Matching::say_canceled(UserRefNum number, Quantity quantity, CancelReason reason) {
    auto& canceled = answers_.add<ouch50::OrderCanceled>();
    canceled.timestamp = now_;
    canceled.user_ref_num = number;
    canceled.quantity = quantity;
    canceled.reason = reason;
}

void Matching::say_executed(const ClientOrder& order, Quantity quantity, Price price, char liquidity) {
    ++counts_.fills;
    auto& executed = answers_.add<ouch50::OrderExecuted>();
    executed.timestamp = now_;
    executed.user_ref_num = order.user_ref_num;
    executed.quantity = quantity;
    executed.price = price;
    executed.liquidity_flag = liquidity;
    executed.match_number = MatchNumber{next_match_number_++};
}

}  // namespace colo::simulator
