// Reads the journal as it is written and says where an order should not have left: the limits once more, written down
// from their declaration as plainly as they can be, over a market, orders and positions that are kept here.
//
// It shares nothing with the engine's book, order table or risk gate. What it believes comes from the journal alone, so
// that it can be made anew from one; what could still be filled comes from the venue (truth.hpp).
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <set>

#include "engine/journal/record.hpp"
#include "engine/runtime/control.hpp"
#include "tests/simulation/truth.hpp"
#include "tests/simulation/violation.hpp"

namespace colo::simulation {

// One instrument as the feed has told it, order by order.
struct WitnessedMarket {
    Price last_trade;
    char state = ' ';
    bool operational_halt = false;
    bool broken = false;  // the feed said what cannot be
};

class Witness {
public:
    explicit Witness(const Scenario& scenario) : limits_(scenario.limits), clock_(scenario.clock) {}

    // The next record. `truth` is nothing where an old journal is read again.
    void on_record(const RecordFields& fields, Bytes payload, const Truth* truth) {
        switch (fields.kind) {
        case RecordKind::feed_message: return on_feed(fields, payload);
        case RecordKind::snapshot_message: return apply(payload);
        case RecordKind::control: return on_control(fields, payload);
        case RecordKind::order_answer: return on_answer(fields, payload);
        case RecordKind::order_sent: return on_order(payload, truth);
        case RecordKind::risk_reject: return on_reject(payload);
        case RecordKind::gap: next_feed_ = read<GapPayload>(payload).last + 1; return;
        default: return;
        }
    }

    [[nodiscard]] std::uint64_t next_feed() const { return next_feed_; }
    [[nodiscard]] std::uint64_t answers_heard() const { return answers_; }
    [[nodiscard]] std::int64_t position(std::size_t instrument) const { return positions_[instrument]; }
    [[nodiscard]] bool killed() const { return killed_; }
    [[nodiscard]] bool snapshotting() const { return snapshotting_; }
    [[nodiscard]] const WitnessedMarket& market(std::size_t instrument) const { return markets_[instrument]; }

private:
    struct Resting {
        std::size_t instrument;
        bool buys;
        std::int64_t price, quantity;
    };
    struct Sent {
        std::size_t instrument;
        bool buys;
        std::int64_t executed = 0;  // of its whole chain of replacements
        std::int64_t liable = 0;    // executed and open shares, as it was sent
    };
    struct Traded {
        std::size_t instrument;
        std::int64_t change;
    };

    template <class Payload>
    static Payload read(Bytes bytes) {
        Payload payload;
        std::memcpy(&payload, bytes.data(), sizeof payload);
        return payload;
    }

    // ---- the market ----
    void on_feed(const RecordFields& fields, Bytes message) {
        const std::uint64_t sequence = fields.sequence.value();
        require(sequence >= next_feed_, "the feed is whole", [&] {
            return "message " + std::to_string(sequence) + " after " + std::to_string(next_feed_ - 1);
        });
        next_feed_ = sequence + 1;
        apply(message);
        advance(fields);
    }
    void advance(const RecordFields& fields) {
        const Timestamp time = clock_ == ClockKind::session ? midnight + (venue_time_ - SessionTime{0}) : fields.receive_time;
        now_ = std::max(now_, time);
    }
    void apply(Bytes message) {
        if (!itch50::well_formed(message)) return;
        const itch50::Header& header = itch50::header_of(message);
        venue_time_ = std::max(venue_time_, header.timestamp.get());
        if (header.message_type == 'S') market_hours_ = overlay<itch50::SystemEvent>(message).event_code;
        for (std::size_t i = 0; i < instruments.size(); ++i)
            if (instruments[i].traded && instruments[i].locate == header.stock_locate.get())
                itch50::dispatch(message.data(), [&](const auto& typed) { on(i, typed); });
    }
    template <class Add>
        requires requires(const Add& m) { m.buy_sell_indicator; m.order_reference_number; }
    void on(std::size_t i, const Add& m) {
        if constexpr (Add::type == 'P') {
            if (m.shares.get() > Quantity{0}) markets_[i].last_trade = m.price;
        } else {
            const std::uint64_t id = m.order_reference_number.get().value();
            if (resting_.contains(id)) markets_[i].broken = true;
            else resting_[id] = {i, m.buy_sell_indicator == Side::buy, m.price.get().value(), m.shares.get().value()};
        }
    }
    void on(std::size_t i, const itch50::OrderExecuted& m) {
        const auto found = resting_.find(m.order_reference_number.get().value());
        const Price price{found == resting_.end() ? 0 : found->second.price};
        if (reduce(i, m.order_reference_number.get().value(), m.executed_shares)) markets_[i].last_trade = price;
    }
    void on(std::size_t i, const itch50::OrderExecutedWithPrice& m) {
        reduce(i, m.order_reference_number.get().value(), m.executed_shares);
        if (m.printable == 'Y') markets_[i].last_trade = m.execution_price;
    }
    void on(std::size_t i, const itch50::OrderCancel& m) {
        reduce(i, m.order_reference_number.get().value(), m.cancelled_shares);
    }
    void on(std::size_t, const itch50::OrderDelete& m) { resting_.erase(m.order_reference_number.get().value()); }
    void on(std::size_t, const itch50::OrderReplace& m) {
        const auto found = resting_.find(m.original_order_reference_number.get().value());
        if (found == resting_.end()) return;
        const Resting old = found->second;
        resting_.erase(found);
        resting_[m.new_order_reference_number.get().value()] = {old.instrument, old.buys, m.price.get().value(),
                                                                m.shares.get().value()};
    }
    void on(std::size_t i, const itch50::StockTradingAction& m) { markets_[i].state = m.trading_state; }
    void on(std::size_t, const itch50::Header&) {}
    bool reduce(std::size_t instrument, std::uint64_t id, Quantity by) {
        const auto found = resting_.find(id);
        if (found == resting_.end()) return false;
        Resting& order = found->second;
        const bool possible = by.value() <= order.quantity;
        if (!possible) markets_[instrument].broken = true;
        order.quantity -= by.value();
        if (order.quantity <= 0) resting_.erase(found);
        return possible;
    }
    // Mid of the best bid and ask, else the last trade, else zero.
    [[nodiscard]] std::int64_t reference_price(std::size_t instrument) const {
        std::int64_t bid = 0, ask = 0;
        for (const auto& [id, order] : resting_) {
            if (order.instrument != instrument) continue;
            if (order.buys) bid = std::max(bid, order.price);
            else ask = ask == 0 ? order.price : std::min(ask, order.price);
        }
        return bid > 0 && ask > 0 ? (bid + ask) / 2 : markets_[instrument].last_trade.value();
    }

    // ---- what happens to the engine ----
    void on_control(const RecordFields& fields, Bytes payload) {
        advance(fields);
        const auto control = control_of(text_of(payload));
        if (!control) return;
        switch (*control) {
        case Control::start: stopped_ = up_ = reconciled_ = false; break;
        case Control::order_session_up: up_ = true; reconciled_ = false; break;
        case Control::order_session_down: up_ = reconciled_ = false; break;
        case Control::kill_switch: killed_ = true; break;
        case Control::stop: stopped_ = true; break;
        case Control::snapshot_begin:
            snapshotting_ = true;
            resting_.clear();
            markets_ = {};
            break;
        case Control::snapshot_end: snapshotting_ = false; break;
        case Control::rearm: killed_ = false; break;
        case Control::order_number_block:
        case Control::order_numbers:
        case Control::parameters:
        case Control::parameters_refused:
        case Control::pause:  // no operator of this kind is simulated
        case Control::resume:
        case Control::cancel:
        case Control::command_refused: break;
        }
    }
    void on_answer(const RecordFields& fields, Bytes payload) {
        require(fields.sequence.value() > answers_, "nothing acknowledged is lost", [&] {
            return "answer " + std::to_string(fields.sequence.value()) + " after " + std::to_string(answers_);
        });
        answers_ = fields.sequence.value();
        const auto error = ouch50::visit_outbound(
            payload, [&](const auto& typed, ouch50::Appendage) { this->on_answer(typed); });
        if (!error) advance(fields);
    }
    void on_answer(const ouch50::AccountQueryResponse& m) {
        reconciled_ = reconciled_ || up_;
        number_ = std::max(number_, m.next_user_ref_num.get().value() - 1);
    }
    void on_answer(const ouch50::OrderAccepted& m) {
        sent_.try_emplace(m.user_ref_num.get().value(), Sent{instrument_of(m.symbol), ouch50::side_of(m.side) == Side::buy});
    }
    void on_answer(const ouch50::OrderReplaced& m) {
        const Sent& original = sent_[m.orig_user_ref_num.get().value()];
        Sent& order = sent_[m.user_ref_num.get().value()];
        order.instrument = instrument_of(m.symbol);
        order.buys = ouch50::side_of(m.side) == Side::buy;
        order.executed = original.executed;
    }
    void on_answer(const ouch50::OrderExecuted& m) {
        const auto found = sent_.find(m.user_ref_num.get().value());
        if (found == sent_.end()) return;
        const std::int64_t quantity = m.quantity.get().value();
        found->second.executed += quantity;
        const std::int64_t change = found->second.buys ? quantity : -quantity;
        positions_[found->second.instrument] += change;
        fills_[m.match_number.get().value()] = {found->second.instrument, change};
    }
    void on_answer(const ouch50::BrokenTrade& m) {
        const auto found = fills_.find(m.match_number.get().value());
        if (found == fills_.end()) return;
        positions_[found->second.instrument] -= found->second.change;
        fills_.erase(found);
    }
    template <class Other>
    void on_answer(const Other&) {}

    // ---- orders ----
    void on_order(Bytes message, const Truth* truth) {
        const char type = static_cast<char>(message[0]);
        if (type == ouch50::AccountQuery::type) return;
        std::size_t instrument = 0;
        if (type == ouch50::CancelOrder::type) {
            const std::uint32_t number = overlay<ouch50::CancelOrder>(message).user_ref_num.get().value();
            require(sent_.contains(number), "a cancel names an order", [&] { return std::to_string(number); });
            instrument = sent_[number].instrument;
        } else if (type == ouch50::EnterOrder::type) {
            const auto& m = overlay<ouch50::EnterOrder>(message);
            instrument = instrument_of(m.symbol);
            enter(m.user_ref_num.get().value(), {instrument, ouch50::side_of(m.side) == Side::buy, 0,
                                                 m.quantity.get().value()}, m.price, truth, message);
        } else {
            const auto& m = overlay<ouch50::ReplaceOrder>(message);
            Sent order = sent_[m.orig_user_ref_num.get().value()];
            order.liable = m.quantity.get().value();
            instrument = order.instrument;
            enter(m.user_ref_num.get().value(), order, m.price, truth, message);
        }
        messages_.push_back({now_, instrument});
    }
    void enter(std::uint32_t number, const Sent& order, Price price, const Truth* truth, Bytes message) {
        const std::string what = "order " + std::to_string(number) + ", cause " + std::to_string(next_feed_ - 1) + ": ";
        const auto rule = [&](bool holds, const char* why) {
            require(holds, "no order outside risk", [&] { return what + why; });
        };
        require(number > number_, "no order twice", [&] { return what + "its number was used"; });
        number_ = number;
        sent_[number] = order;
        rule(!killed_, "the kill switch was pulled");
        rule(!stopped_, "the engine is stopping");
        rule(up_ && reconciled_, "the venue has not told what stands");
        rule(!snapshotting_, "the book is not whole");
        const WitnessedMarket& market = markets_[order.instrument];
        rule(market_hours_ == 'Q' && (market.state == 'T' || market.state == ' ') && !market.operational_halt &&
                 !market.broken,
             "the instrument is halted");
        const std::int64_t quantity = order.liable - order.executed;
        const std::int64_t reference = reference_price(order.instrument);
        marks_[order.instrument] = reference > 0 ? reference : marks_[order.instrument];
        rule(quantity > 0 && quantity <= limits_.order_quantity_max, "its quantity");
        rule(price.value() * quantity <= limits_.notional_max, "its value");
        rule(std::abs(price.value() - reference) * 10'000 <= reference * limits_.price_collar_bps, "its price");
        const auto recent = std::count_if(messages_.begin(), messages_.end(), [&](const auto& sent) {
            return sent.first > now_ - limits_.message_window;
        });
        rule(recent < limits_.messages_max, "too many messages");
        if (truth != nullptr) check_totals(order, *truth, message, rule);
    }
    template <class Rule>
    void check_totals(const Sent& order, const Truth& truth, Bytes message, Rule&& rule) const {
        const Exposure before = truth.exposure(answers_), after = truth.exposure(answers_, message);
        const std::size_t side = order.buys ? 0 : 1;
        const std::int64_t worst = after.worst(order.instrument, side);
        rule(worst <= limits_.position_max || worst == before.worst(order.instrument, side), "the position");
        rule(gross(after) <= limits_.gross_notional_max || gross(after) == gross(before), "the gross exposure");
    }
    [[nodiscard]] std::int64_t gross(const Exposure& exposure) const {
        std::int64_t gross = 0;
        for (std::size_t i = 0; i < instruments.size(); ++i)
            gross += marks_[i] * std::max(std::abs(exposure.worst(i, 0)), std::abs(exposure.worst(i, 1)));
        return gross;
    }
    void on_reject(Bytes payload) {
        const auto instrument = static_cast<std::size_t>(read<RiskRejectPayload>(payload).instrument_id - 1);
        if (const std::int64_t reference = reference_price(instrument); reference > 0) marks_[instrument] = reference;
    }
    static std::size_t instrument_of(const Alpha<8>& symbol) {
        std::size_t at = 0;
        while (at + 1 < instruments.size() && symbol != Alpha<8>(instruments[at].symbol)) ++at;
        return at;
    }

    Limits limits_;
    ClockKind clock_;
    std::map<std::uint64_t, Resting> resting_;
    std::array<WitnessedMarket, instruments.size()> markets_{};
    std::array<std::int64_t, instruments.size()> marks_{};  // the price at the last order that was asked for
    char market_hours_ = ' ';
    SessionTime venue_time_;
    Timestamp now_ = midnight;
    std::uint64_t next_feed_ = 1;
    bool killed_ = false, stopped_ = false, up_ = false, reconciled_ = false, snapshotting_ = false;
    std::uint64_t answers_ = 0;
    std::uint32_t number_ = 0;  // the highest used
    std::map<std::uint32_t, Sent> sent_;
    std::map<std::uint64_t, Traded> fills_;
    std::array<std::int64_t, instruments.size()> positions_{};
    std::deque<std::pair<Timestamp, std::size_t>> messages_;
};

}  // namespace colo::simulation
