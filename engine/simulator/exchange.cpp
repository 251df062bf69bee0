// Playing, re-executing and summarising a session.
#include "engine/simulator/exchange.hpp"

#include <algorithm>

#include "engine/simulator/simulator_error.hpp"

namespace colo::simulator {

Exchange::Exchange(const SessionFile& session, ExchangeJournal& journal) : session_(&session), journal_(&journal) {
    auto offsets = session.index();
    if (!offsets) throw SimulatorError(offsets.error().to_string());
    offsets_ = std::move(*offsets);
    recover();
}

void Exchange::recover() {
    for (const ExchangeJournal::Entry& entry : journal_->recovered()) {
        if (entry.position < position() || entry.position.value() > offsets_.size()) {
            throw SimulatorError("the exchange journal names message " + std::to_string(entry.position.value()) +
                                 " after message " + std::to_string(position().value()) + " of " +
                                 std::to_string(offsets_.size()));
        }
        advance_to(entry.position);
        if (entry.kind == ExchangeJournal::Kind::message) matching_.receive(entry.payload);
        if (entry.kind == ExchangeJournal::Kind::disconnect) matching_.disconnect();
    }
    // A journal that went through a power loss may know less here than its entries do.
    if (journal_->played().value() <= offsets_.size()) advance_to(std::max(position(), journal_->played()));
}

void Exchange::play_to(SequenceNumber last) {
    if (last <= position()) return;
    journal_->set_played(last);
    advance_to(last);
}

void Exchange::advance_to(SequenceNumber last) {
    for (SequenceNumber next = position() + 1; next <= last; ++next) {
        const Bytes played = message(next);
        keep_state_message(next, played);
        matching_.play(next, played);
    }
}

void Exchange::receive(Bytes message) {
    journal_->append({position(), ExchangeJournal::Kind::message, message});
    matching_.receive(message);
}

void Exchange::disconnect() {
    journal_->append({position(), ExchangeJournal::Kind::disconnect, {}});
    matching_.disconnect();
}

Bytes Exchange::blocks(SequenceNumber first, std::uint64_t count) const {
    const std::size_t begin = offsets_[first.value() - 1];
    const std::size_t next = first.value() - 1 + count;
    const std::size_t end = next < offsets_.size() ? offsets_[next] : session_->bytes().size();
    return session_->bytes().subspan(begin, end - begin);
}

void Exchange::keep_state_message(SequenceNumber sequence, Bytes message) {
    const char type = itch50::type_of(message);
    if (type != 'R' && type != 'H' && type != 'Y' && type != 'h' && type != 'S') return;
    const auto locate = itch50::header_of(message).stock_locate.get().value();
    // System events are kept one by one: each is a step of the day.
    const unsigned detail =
        type == 'S' ? static_cast<unsigned char>(overlay<itch50::SystemEvent>(message).event_code) : locate;
    state_messages_[static_cast<unsigned>(type) << 16 | detail] = sequence;
}

std::vector<SequenceNumber> Exchange::state_messages() const {
    std::vector<SequenceNumber> sequences;
    for (const auto& [key, sequence] : state_messages_) sequences.push_back(sequence);
    std::sort(sequences.begin(), sequences.end());
    return sequences;
}

std::vector<RecordedOrder> Exchange::open_orders() const {
    std::vector<RecordedOrder> orders;
    matching_.book().each([&](const RecordedOrder& order) { orders.push_back(order); });
    std::sort(orders.begin(), orders.end(),
              [](const RecordedOrder& a, const RecordedOrder& b) { return a.arrival < b.arrival; });
    return orders;
}

Bytes Exchange::snapshot_order(const RecordedOrder& order, itch50::AddOrder& room) const {
    room.stock_locate = order.locate;
    room.timestamp = itch50::header_of(message(order.arrival)).timestamp.get();
    room.order_reference_number = order.id;
    room.buy_sell_indicator = order.side;
    room.shares = order.quantity;
    room.stock = matching_.stock(order.locate);
    room.price = order.price;
    return bytes_of(room);
}

}  // namespace colo::simulator
