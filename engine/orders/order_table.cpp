// The state machine of order_table.hpp: each answer changes facts, and `settle` derives state and exposure from them.
#include "engine/orders/order_table.hpp"

#include <algorithm>
#include <cassert>

namespace colo {

OrderTable::OrderTable(std::size_t instruments, std::size_t orders_max)
    : orders_(orders_max + 1), exposures_(instruments), side_lists_(instruments * 2) {
    fills_.resize(orders_max);  // touches the pages now, so that no fill waits for the kernel later
    fills_.clear();
}

OwnOrder& OrderTable::place(UserRefNum user_ref_num, InstrumentIndex instrument, Side side, Price price,
                         Quantity quantity) {
    OwnOrder& order = orders_[user_ref_num.value()];
    order = OwnOrder{};
    order.user_ref_num = user_ref_num;
    order.instrument = instrument;
    order.side = side;
    order.price = price;
    order.quantity = quantity;
    link_open(order);
    return order;
}

OwnOrder& OrderTable::enter(InstrumentIndex instrument, Side side, Price price, Quantity quantity, bool sells_short) {
    assert(room() && quantity > Quantity{0});
    OwnOrder& order = place(next(), instrument, side, price, quantity);
    ++next_;
    order.sells_short = sells_short;
    settle(order);
    return order;
}

OwnOrder& OrderTable::replace(UserRefNum original_number, Price price, Quantity open_quantity) {
    OwnOrder& original = orders_[original_number.value()];
    assert(room() && original.settled_open() && open_quantity > Quantity{0});
    OwnOrder& order = place(next(), original.instrument, original.side, price, open_quantity);
    ++next_;
    order.replaces = original_number;
    order.sells_short = original.sells_short;
    order.executed_before = original.executed_before + original.filled;
    original.replaced_by = order.user_ref_num;
    settle(original);
    settle(order);
    return order;
}

OwnOrder& OrderTable::request_cancel(UserRefNum user_ref_num) {
    OwnOrder& order = orders_[user_ref_num.value()];
    order.cancel_pending = true;
    settle(order);
    return order;
}

AnswerOutcome OrderTable::apply(const OrderAnswer& answer) {
    return std::visit([this](const auto& alternative) { return on(alternative); }, answer);
}

void OrderTable::settle(OwnOrder& order) {
    const OrderState before = order.state;
    order.state = settled_state(order);
    if (!terminal(before) && terminal(order.state)) unlink_open(order);
    if (terminal(before) && !terminal(order.state)) link_open(order);
    if (terminal(order.state)) {
        order.cancel_pending = false;
        order.disconnected = false;
        // A venue silently ignores the replacement of an order that is no longer live (OUCH 5.0, 2.2).
        if (!order.replaced) give_up_replacement(order);
    }
    Quantity exposure = order.leaves();
    const OwnOrder* original = find(order.replaces);
    if (original != nullptr && !order.acknowledged && original->open()) {
        // Either the original or its replacement is open, never both: the replacement adds the excess only.
        const Quantity wanted = order.quantity + order.executed_before - original->executed_before - original->filled;
        exposure = order.open() ? std::max(Quantity{0}, wanted - original->leaves()) : Quantity{0};
    }
    set_exposure(order, exposure);
    if (OwnOrder* replacement = find_mutable(order.replaced_by);
        replacement != nullptr && !replacement->acknowledged && !terminal(replacement->state)) {
        settle(*replacement);  // a fill of the original changes what the replacement adds; a chain is one link deep
    }
}

// The list of all is ordered by number: a new order goes to its end, an adopted or revived one further in.
void OrderTable::link_open(OwnOrder& order) {
    const std::uint32_t number = order.user_ref_num.value();
    std::uint32_t before = orders_[0].among_open.before;
    while (before > number) before = orders_[before].among_open.before;
    const std::uint32_t after = orders_[before].among_open.after;
    order.among_open = {before, after};
    orders_[before].among_open.after = number;
    orders_[after].among_open.before = number;

    std::uint32_t& first = side_lists_[side_at(order.instrument, order.side)];
    order.among_side = {0, first};
    if (first != 0) orders_[first].among_side.before = number;
    first = number;
    ++open_;
}

void OrderTable::unlink_open(OwnOrder& order) {
    orders_[order.among_open.before].among_open.after = order.among_open.after;
    orders_[order.among_open.after].among_open.before = order.among_open.before;
    if (order.among_side.after != 0) orders_[order.among_side.after].among_side.before = order.among_side.before;
    if (order.among_side.before != 0) orders_[order.among_side.before].among_side.after = order.among_side.after;
    else side_lists_[side_at(order.instrument, order.side)] = order.among_side.after;
    --open_;
}

void OrderTable::reserve(UserRefNum last) {
    reserved_ = std::max(reserved_, std::min<std::size_t>(last.value(), orders_.size() - 1));
}

void OrderTable::allow(UserRefNum last) {
    reserve(last);
    allowed_ = std::max(allowed_, std::min<std::size_t>(last.value(), orders_.size() - 1));
}

std::size_t OrderTable::numbers_left() const {
    const std::size_t end = reserved_ == 0 ? orders_.size() : allowed_ + 1;
    return next_ < end ? end - next_ : 0;
}

std::optional<UserRefNum> OrderTable::next_block(std::uint32_t numbers) const {
    const std::size_t used = std::max(reserved_, next_ - 1);
    const std::size_t last = std::min(used + numbers, orders_.size() - 1);
    if (last <= used) return std::nullopt;
    return UserRefNum{static_cast<std::uint32_t>(last)};
}

void OrderTable::set_exposure(OwnOrder& order, Quantity exposure) {
    exposures_[order.instrument.value()][order.side == Side::buy ? 0 : 1] += exposure - order.exposure;
    order.exposure = exposure;
}

void OrderTable::give_up_replacement(OwnOrder& original) {
    OwnOrder* replacement = find_mutable(original.replaced_by);
    original.replaced_by = UserRefNum{0};
    if (replacement == nullptr || replacement->acknowledged || replacement->rejected) return;
    replacement->rejected = true;
    settle(*replacement);
}

const OwnOrder* OrderTable::find(UserRefNum user_ref_num) const {
    const std::size_t at = user_ref_num.value();
    return at > 0 && at < orders_.size() && used(at) ? &orders_[at] : nullptr;
}

OwnOrder* OrderTable::find_mutable(UserRefNum user_ref_num) {
    return const_cast<OwnOrder*>(find(user_ref_num));
}

Quantity OrderTable::liable(const OwnOrder& replacement) const { return replacement.executed_before + replacement.quantity; }

// An order of a number that we do not remember having sent: after power loss took the journal's tail, the venue knows
// more than we do.
OwnOrder* OrderTable::adopt(UserRefNum user_ref_num, InstrumentIndex instrument, Side side, Price price,
                         Quantity quantity) {
    const std::size_t at = user_ref_num.value();
    if (at == 0 || at >= orders_.size() || instrument.value() >= exposures_.size()) return nullptr;
    OwnOrder& order = place(user_ref_num, instrument, side, price, quantity);
    next_ = std::max(next_, at + 1);
    return &order;
}

AnswerOutcome OrderTable::on(const OrderAccepted& answer) {
    OwnOrder* order = find_mutable(answer.user_ref_num);
    Anomaly anomaly = Anomaly::none;
    if (order == nullptr) {
        order = adopt(answer.user_ref_num, answer.instrument, answer.side, answer.price, answer.quantity);
        if (order == nullptr) return {std::nullopt, nullptr, Anomaly::unknown_order};
        anomaly = Anomaly::adopted_order;
    } else if (order->acknowledged) {
        return {std::nullopt, order, Anomaly::repeated_answer};
    } else if (order->rejected) {
        anomaly = Anomaly::revived_order;
    }
    order->acknowledged = true;
    order->rejected = false;
    order->disconnected = false;
    order->price = answer.price;
    order->quantity = answer.quantity;
    order->venue_id = answer.venue_id;
    if (!answer.live) order->cancelled = order->quantity - order->filled;
    settle(*order);
    return {std::nullopt, order, anomaly};
}

AnswerOutcome OrderTable::on(const OrderReplaced& answer) {
    OwnOrder* original = find_mutable(answer.original);
    OwnOrder* order = find_mutable(answer.user_ref_num);
    Anomaly anomaly = Anomaly::none;
    if (order == nullptr) {
        order = adopt(answer.user_ref_num, answer.instrument, answer.side, answer.price, answer.quantity);
        if (order == nullptr) return {std::nullopt, nullptr, Anomaly::unknown_order};
        order->replaces = answer.original;
        anomaly = Anomaly::adopted_order;
    } else if (order->acknowledged) {
        return {std::nullopt, order, Anomaly::repeated_answer};
    } else if (order->rejected) {
        anomaly = Anomaly::revived_order;
    }
    const Quantity liable_before = order->executed_before + order->quantity;
    order->acknowledged = true;
    order->rejected = false;
    order->disconnected = false;
    order->price = answer.price;
    order->quantity = answer.quantity;
    order->executed_before = std::max(order->executed_before, liable_before - answer.quantity);
    order->venue_id = answer.venue_id;
    if (!answer.live) order->cancelled = order->quantity - order->filled;
    if (original != nullptr) {
        original->replaced = true;
        original->replaced_by = order->user_ref_num;
        settle(*original);
    }
    settle(*order);
    return {std::nullopt, order, anomaly};
}

AnswerOutcome OrderTable::on(const OrderExecuted& answer) {
    OwnOrder* order = find_mutable(answer.user_ref_num);
    if (order == nullptr) return {std::nullopt, nullptr, Anomaly::fill_without_order};
    AnswerOutcome outcome{Fill{order->user_ref_num, order->instrument, order->side, answer.price, answer.quantity,
                               answer.match_number, answer.liquidity, false},
                          order, Anomaly::none};
    if (order->replaced || order->rejected) outcome.anomaly = Anomaly::fill_after_end;
    else if (answer.quantity > order->leaves()) outcome.anomaly = Anomaly::overfill;
    if (fills_.size() < fills_.capacity()) fills_.push_back(*outcome.fill);
    else outcome.anomaly = Anomaly::table_full;
    order->filled += answer.quantity;
    order->disconnected = false;
    settle(*order);
    return outcome;
}

AnswerOutcome OrderTable::on(const OrderCancelled& answer) {
    OwnOrder* order = find_mutable(answer.user_ref_num);
    if (order == nullptr) return {std::nullopt, nullptr, Anomaly::unknown_order};
    const Quantity taken = std::min(answer.quantity, order->leaves());
    order->cancelled += taken;
    order->disconnected = false;
    if (answer.executed_count) order->executed_before += taken;
    settle(*order);
    return {std::nullopt, order, Anomaly::none};
}

AnswerOutcome OrderTable::on(const OrderRejected& answer) {
    OwnOrder* order = find_mutable(answer.user_ref_num);
    if (order == nullptr) return {std::nullopt, nullptr, Anomaly::unknown_order};
    if (order->acknowledged || order->filled > Quantity{0}) return {std::nullopt, order, Anomaly::repeated_answer};
    order->rejected = true;
    settle(*order);
    // The refused replacement leaves its original as it was (OUCH 5.0, 2.2 case 3).
    if (OwnOrder* original = find_mutable(order->replaces);
        original != nullptr && original->replaced_by == order->user_ref_num && !original->replaced) {
        original->replaced_by = UserRefNum{0};
        settle(*original);
    }
    return {std::nullopt, order, Anomaly::none};
}

AnswerOutcome OrderTable::on(const CancelRejected& answer) {
    OwnOrder* order = find_mutable(answer.user_ref_num);
    if (order == nullptr) return {std::nullopt, nullptr, Anomaly::unknown_order};
    order->cancel_pending = false;
    settle(*order);
    return {std::nullopt, order, Anomaly::none};
}

AnswerOutcome OrderTable::on(const TradeBroken& answer) {
    const auto same = [&](const Fill& fill) {
        return fill.match_number == answer.match_number && fill.user_ref_num == answer.user_ref_num && !fill.broken;
    };
    const auto found = std::find_if(fills_.begin(), fills_.end(), same);
    if (found == fills_.end()) return {std::nullopt, find(answer.user_ref_num), Anomaly::unknown_match};
    found->broken = true;
    return {*found, find(answer.user_ref_num), Anomaly::none};
}

AnswerOutcome OrderTable::on(const OrderModified& answer) {
    OwnOrder* order = find_mutable(answer.user_ref_num);
    if (order == nullptr) return {std::nullopt, nullptr, Anomaly::unknown_order};
    order->quantity = answer.quantity + order->filled + order->cancelled;
    settle(*order);
    return {std::nullopt, order, Anomaly::none};
}

AnswerOutcome OrderTable::on(const PriorityChanged& answer) {
    OwnOrder* order = find_mutable(answer.user_ref_num);
    if (order == nullptr) return {std::nullopt, nullptr, Anomaly::unknown_order};
    order->price = answer.price;
    order->venue_id = answer.venue_id;
    return {std::nullopt, order, Anomaly::none};
}

void OrderTable::disconnected() {
    // By number, because settling one order may end another.
    const std::size_t oldest = orders_[0].among_open.after;
    for (std::size_t i = oldest; i != 0 && i < next_; ++i) {
        if (!used(i) || terminal(orders_[i].state)) continue;
        orders_[i].disconnected = true;
        settle(orders_[i]);
    }
}

std::size_t OrderTable::reconcile(UserRefNum next) {
    std::size_t given_up = 0;
    const std::size_t oldest = orders_[0].among_open.after;
    for (std::size_t i = oldest; i != 0 && i < next_; ++i) {
        OwnOrder& order = orders_[i];
        if (!used(i) || terminal(order.state)) continue;
        order.disconnected = false;
        order.cancel_pending = false;
        if (!order.acknowledged && order.filled == Quantity{0}) {
            order.rejected = true;
            ++given_up;
            if (OwnOrder* original = find_mutable(order.replaces);
                original != nullptr && original->replaced_by == order.user_ref_num && !original->replaced) {
                original->replaced_by = UserRefNum{0};
                settle(*original);
            }
        }
        settle(order);
    }
    // A venue can name any number: beyond the table there is no room, and nothing more leaves.
    next_ = std::max(next_, std::min<std::size_t>(next.value(), orders_.size()));
    return given_up;
}

std::string_view name_of(Anomaly anomaly) {
    switch (anomaly) {
    case Anomaly::none: return "none";
    case Anomaly::unknown_order: return "unknown_order";
    case Anomaly::adopted_order: return "adopted_order";
    case Anomaly::overfill: return "overfill";
    case Anomaly::fill_after_end: return "fill_after_end";
    case Anomaly::revived_order: return "revived_order";
    case Anomaly::repeated_answer: return "repeated_answer";
    case Anomaly::unknown_match: return "unknown_match";
    case Anomaly::never_arrived: return "never_arrived";
    case Anomaly::table_full: return "table_full";
    case Anomaly::fill_without_order: return "fill_without_order";
    case Anomaly::price_off_book: return "price_off_book";
    case Anomaly::reject_burst: return "reject_burst";
    case Anomaly::latency_spike: return "latency_spike";
    }
    return "";
}

}  // namespace colo
