// What recorded messages do to the recorded book and to the client orders that rest beside it.
#include <algorithm>
#include <cstring>

#include "engine/simulator/matching.hpp"

namespace colo::simulator {

namespace {
[[nodiscard]] std::uint64_t key_of(const itch50::Stock& stock) {
    std::uint64_t key;
    std::memcpy(&key, stock.padded().data(), sizeof key);
    return key;
}
}  // namespace

void Matching::clear() {
    book_.clear();
    clients_.clear();
    answers_.clear();
    counts_ = {};
    instruments_.clear();
    locates_.clear();
    client_trades_.clear();
    position_ = {};
    now_ = {};
    next_expiry_ = ClientOrder::never;
    last_number_ = {};
    next_order_id_ = next_match_number_ = first_number;
    closed_ = false;
}

void Matching::play(SequenceNumber sequence, Bytes message) {
    position_ = sequence;
    now_ = std::max(now_, itch50::header_of(message).timestamp.get());
    if (now_ >= next_expiry_) [[unlikely]] expire();
    itch50::dispatch(message.data(), [this](const auto& typed) { on(typed); });
}

void Matching::expire() {
    next_expiry_ = ClientOrder::never;
    for (const UserRefNum number : clients_.numbers()) {
        const std::uint32_t handle = clients_.find(number);
        const ClientOrder& order = clients_.order(handle);
        if (order.expires <= now_) cancel_resting(handle, order.open, ouch50::CancelReason::timeout);
        else next_expiry_ = std::min(next_expiry_, order.expires);
    }
}

void Matching::on(const itch50::SystemEvent& event) {
    const auto say = [this](char event_code) {
        auto& answer = answers_.add<ouch50::SystemEvent>();
        answer.timestamp = now_;
        answer.event_code = event_code;
    };
    switch (event.event_code) {
    case 'S': say('S'); break;
    case 'M':
        closed_ = true;
        cancel_all(ouch50::CancelReason::timeout);
        break;
    case 'E': say('E'); break;
    default: break;
    }
}

void Matching::name_instrument(Locate locate, const itch50::Stock& stock) {
    Instrument& named = instrument(locate);
    if (named.stock == stock) return;
    named.stock = stock;
    if (locates_.find(key_of(stock)) == ReferenceTable::none) locates_.insert(key_of(stock), locate.value());
}

Matching::Instrument& Matching::instrument(Locate locate) {
    if (locate.value() >= instruments_.size()) [[unlikely]] instruments_.resize(locate.value() + std::size_t{1});
    return instruments_[locate.value()];
}

void Matching::on(const itch50::StockDirectory& directory) { name_instrument(directory.stock_locate, directory.stock); }

void Matching::on(const itch50::StockTradingAction& action) {
    name_instrument(action.stock_locate, action.stock);
    instrument(action.stock_locate).trading_state = action.trading_state;
}

void Matching::on(const itch50::OperationalHalt& halt) {
    if (halt.market_code != 'Q') return;
    instrument(halt.stock_locate).operational_halt = halt.operational_halt_action == 'H';
}

void Matching::on(const itch50::RegShoRestriction& restriction) {
    instrument(restriction.stock_locate).short_sale_restricted = restriction.reg_sho_action != '0';
}

void Matching::on(const itch50::AddOrder& add) {
    name_instrument(add.stock_locate, add.stock);
    RecordedOrder order;
    order.id = add.order_reference_number;
    order.arrival = position_;
    order.price = add.price;
    order.quantity = add.shares;
    order.locate = add.stock_locate;
    order.side = add.buy_sell_indicator;
    add_recorded(order);
}

void Matching::on(const itch50::AddOrderMpid& add) {
    name_instrument(add.stock_locate, add.stock);
    RecordedOrder order;
    order.id = add.order_reference_number;
    order.arrival = position_;
    order.price = add.price;
    order.quantity = add.shares;
    order.locate = add.stock_locate;
    order.side = add.buy_sell_indicator;
    add_recorded(order);
}

void Matching::add_recorded(const RecordedOrder& order) {
    const std::uint32_t handle = book_.add(order);
    if (handle == RecordedBook::none) {
        ++counts_.impossible;
        return;
    }
    RecordedOrder& arrived = book_.order(handle);
    while (arrived.available() > Quantity{0}) {
        const auto queue = clients_.queue(order.locate, opposite(order.side));
        if (queue.empty() || better(opposite(order.side), order.price, queue.front().price)) break;
        const Quantity quantity = std::min(arrived.available(), clients_.order(queue.front().handle).open);
        arrived.taken += quantity;
        fill_resting(queue.front().handle, quantity, MatchNumber{0});
    }
}

std::uint32_t Matching::found(OrderId id) {
    const std::uint32_t handle = book_.find(id);
    if (handle == RecordedBook::none) ++counts_.orphans;
    return handle;
}

void Matching::on(const itch50::OrderExecuted& executed) {
    executed_recorded(executed.order_reference_number, executed.executed_shares, executed.match_number);
}

void Matching::on(const itch50::OrderExecutedWithPrice& executed) {
    executed_recorded(executed.order_reference_number, executed.executed_shares, executed.match_number);
}

void Matching::executed_recorded(OrderId id, Quantity quantity, MatchNumber match) {
    const std::uint32_t handle = found(id);
    if (handle == RecordedBook::none) return;
    const RecordedOrder& resting = book_.order(handle);
    if (quantity > resting.quantity) {
        ++counts_.impossible;
        quantity = resting.quantity;
    }
    for (Quantity left = quantity; left > Quantity{0};) {
        const auto queue = clients_.queue(resting.locate, resting.side);
        if (queue.empty() || !clients_.order(queue.front().handle).before(resting.price, resting.arrival)) break;
        const Quantity filled = std::min(left, clients_.order(queue.front().handle).open);
        fill_resting(queue.front().handle, filled, match);
        left -= filled;
    }
    book_.reduce(handle, quantity);
}

void Matching::on(const itch50::OrderCancel& cancel) {
    const std::uint32_t handle = found(cancel.order_reference_number);
    if (handle == RecordedBook::none) return;
    if (cancel.cancelled_shares.get() > book_.order(handle).quantity) ++counts_.impossible;
    book_.reduce(handle, cancel.cancelled_shares);
}

void Matching::on(const itch50::OrderDelete& deletion) {
    const std::uint32_t handle = found(deletion.order_reference_number);
    if (handle != RecordedBook::none) book_.remove(handle);
}

void Matching::on(const itch50::OrderReplace& replace) {
    const std::uint32_t handle = found(replace.original_order_reference_number);
    if (handle == RecordedBook::none) return;
    // What was taken of it stays taken: it is the same order of the same participant, at a new place.
    RecordedOrder order = book_.order(handle);
    order.id = replace.new_order_reference_number;
    order.arrival = position_;
    order.price = replace.price;
    order.quantity = replace.shares;
    book_.remove(handle);
    add_recorded(order);
}

void Matching::on(const itch50::Trade& trade) {
    name_instrument(trade.stock_locate, trade.stock);
    // The side that the message shows is always a buy (since 2014), so the price alone tells whom it passed.
    Quantity left = trade.shares;
    for (const Side side : {Side::buy, Side::sell}) {
        while (left > Quantity{0}) {
            const auto queue = clients_.queue(trade.stock_locate, side);
            if (queue.empty() || !better(side, queue.front().price, trade.price)) break;
            const Quantity filled = std::min(left, clients_.order(queue.front().handle).open);
            fill_resting(queue.front().handle, filled, trade.match_number);
            left -= filled;
        }
    }
}

void Matching::on(const itch50::BrokenTrade& broken) {
    const auto found = client_trades_.find(broken.match_number.get().value());
    if (found == client_trades_.end()) return;
    for (const ClientTrade& trade : found->second) {
        auto& answer = answers_.add<ouch50::BrokenTrade>();
        answer.timestamp = now_;
        answer.user_ref_num = trade.user_ref_num;
        answer.match_number = trade.match;
        answer.reason = 'S';
        answer.cl_ord_id = trade.cl_ord_id;
    }
    client_trades_.erase(found);
}

void Matching::fill_resting(std::uint32_t handle, Quantity quantity, MatchNumber recorded) {
    ClientOrder& order = clients_.order(handle);
    order.open -= quantity;
    order.executed += quantity;
    say_executed(order, quantity, order.price, 'A');
    if (recorded != MatchNumber{0}) {
        client_trades_[recorded.value()].push_back(
            {order.user_ref_num, MatchNumber{next_match_number_ - 1}, order.cl_ord_id});
    }
    if (order.open == Quantity{0}) clients_.remove(handle);
}

Quantity Matching::queue_ahead(const ClientOrder& order) const {
    Quantity ahead;
    book_.walk(order.locate, order.book_side(), [&](std::uint32_t handle) {
        const RecordedOrder& recorded = book_.order(handle);
        if (recorded.price == order.price && recorded.arrival <= order.arrival) ahead += recorded.available();
        return !better(order.book_side(), order.price, recorded.price);
    });
    return ahead;
}

}  // namespace colo::simulator
