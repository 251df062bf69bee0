// The engine without its network: a state machine that takes inputs in the journal's order and gives out orders.
//
// Live, every input is journaled first and then handed in here; in replay the journal hands in the same ones. Nothing in
// here asks for the time, reads a socket or depends on whether a send worked, so the same inputs give the same orders,
// byte for byte.
//
//   TradingCore<AvellanedaStoikov, Sink> core(config, strategy, sink);
//   core.on_control("start: 0.1.0", now);
//   core.on_feed_message(SequenceNumber{1}, itch, receive_time);      // may call sink.send and sink.reject
//   core.on_answer(ouch, receive_time);
#pragma once

#include <array>
#include <charconv>
#include <concepts>
#include <limits>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "engine/journal/record.hpp"
#include "engine/orders/ouch_answer.hpp"
#include "engine/orders/risk.hpp"
#include "engine/runtime/command.hpp"
#include "engine/runtime/config.hpp"
#include "engine/runtime/control.hpp"
#include "engine/runtime/instrument_tables.hpp"
#include "engine/runtime/market_data.hpp"
#include "engine/runtime/order_gateway.hpp"
#include "engine/runtime/parameters.hpp"
#include "engine/runtime/quote_plan.hpp"
#include "engine/runtime/strategy.hpp"
#include "engine/runtime/tree_model.hpp"

namespace colo {

template <class T>
concept DecisionSink = requires(T sink, const EncodedOrder& order, const RiskRejectPayload& reject,
                                SequenceNumber cause) {
    sink.decoded();             // the message is in the book, the decision begins
    sink.send(order, cause);    // journal it, then send it
    sink.reject(reject);        // journal it
    sink.raise(AnomalyPayload{});  // journal it
};

// A sink that also sees what a decision is made from and what was asked for: `decided(core, view, wanted)` before the
// orders of a decision, `asked(request, verdicts)` before each request passes the gate. Only replay has one, so that the
// live engine pays nothing.
template <class Sink>
concept DecisionWitness = DecisionSink<Sink> && Sink::sees_decisions;

enum class SessionState : std::uint8_t { down, reconciling, ready };
[[nodiscard]] constexpr std::string_view name_of(SessionState state) {
    constexpr std::string_view names[] = {"down", "reconciling", "ready"};
    return names[static_cast<std::size_t>(state)];
}

struct CoreCounts {
    std::uint64_t feed_messages = 0;
    std::uint64_t orders = 0;  // enter and replace
    std::uint64_t cancels = 0;
    std::uint64_t fills = 0;
    std::uint64_t broken_trades = 0;
    std::uint64_t venue_rejects = 0;
    std::uint64_t malformed_answers = 0;
    std::array<std::uint64_t, anomaly_count> anomalies{};
};

template <Strategy S, class Sink>
class TradingCore {
public:
    // The sink must outlive the core; it is asked for nothing during construction.
    TradingCore(const EngineConfig& config, S strategy, Sink& sink);
    TradingCore(const TradingCore&) = delete;
    TradingCore& operator=(const TradingCore&) = delete;

    void on_feed_message(SequenceNumber sequence, Bytes message, Timestamp receive_time);
    // A hint: changes nothing but the time that the packet's messages take.
    template <class Packet>
    void on_packet_ahead(const Packet& packet) { market_.fetch(packet); }
    void on_snapshot_message(Bytes message) { market_.apply(message); }
    void on_answer(Bytes message, Timestamp receive_time);
    void on_control(std::string_view text, Timestamp receive_time);
    void on_model(Bytes change, Timestamp receive_time);

    // Why a change of parameters, a command or a model is none; nothing where it can be applied.
    [[nodiscard]] std::optional<Sentence> refusal_of(const ParameterChange& change) const;
    [[nodiscard]] std::optional<Sentence> refusal_of(const Command& command) const;
    [[nodiscard]] std::optional<Sentence> refusal_of(const ModelChange& change) const;
    // What is in force: generation 0 is what the strategy began with.
    [[nodiscard]] const ParameterChange& parameters() const { return parameters_; }
    [[nodiscard]] static std::span<const ParameterRule> parameter_rules() {
        if constexpr (Tunable<S>) return S::parameter_rules();
        else return {};
    }
    // Generation 0 is none: a model without a tree, which gives zero.
    [[nodiscard]] const ModelChange& model() const { return model_; }
    // The latest command that was carried out: generation 0 is none.
    [[nodiscard]] const Command& command() const { return command_; }
    [[nodiscard]] bool paused() const { return paused_; }
    [[nodiscard]] SequenceNumber cause() const { return cause_; }
    // What only a live engine can measure.
    void count_latency_spike() { ++counts_.anomalies[static_cast<std::size_t>(Anomaly::latency_spike)]; }
    [[nodiscard]] SessionState session() const { return session_; }
    [[nodiscard]] bool killed() const { return gate_.killed(); }
    [[nodiscard]] bool stopped() const { return stopped_; }
    // A snapshot was begun and not ended: the books are not whole.
    [[nodiscard]] bool snapshotting() const { return snapshotting_; }
    [[nodiscard]] const OrderTable& orders() const { return orders_; }
    [[nodiscard]] const RiskGate& gate() const { return gate_; }
    [[nodiscard]] const MarketData& market() const { return market_; }
    [[nodiscard]] const CoreCounts& counts() const { return counts_; }
    [[nodiscard]] const Position& position(InstrumentIndex index) const { return positions_[index.value()]; }
    // In 1e-8 dollars.
    [[nodiscard]] std::int64_t fees(InstrumentIndex index) const { return positions_[index.value()].fees(); }

private:
    // A killed engine still asks its strategy and its gate: what would have left is refused, counted and journaled.
    [[nodiscard]] bool accepting() const {
        return session_ == SessionState::ready && !stopped_ && !snapshotting_;
    }
    void advance_clock(Timestamp receive_time);
    void mark(InstrumentIndex index);
    void mark_all();
    void decide_marked();
    void decide(InstrumentIndex index);
    void work(const MarketView& view, Side side, const std::optional<Quote>& wanted);
    // The rule that refused, nothing where the order left.
    std::optional<RiskRule> request(const OrderRequest& request, const MarketReference& market);
    void refuse(const RiskReject& reject);
    void cancel_everything();
    template <class Such>
    void cancel_where(Such&& such);
    void on_fill(const Fill& fill);
    void look_at(const OrderAnswer& answer, const AnswerOutcome& outcome);
    void look_at_price(const Fill& fill);
    void count_reject();
    void raise(Anomaly anomaly, AnomalyPayload event);
    void on_account(UserRefNum next);
    void session_down();
    void watch_losses();
    void apply_parameters(std::string_view text);
    void apply_command(CommandKind kind, std::string_view text);
    [[nodiscard]] static std::optional<UserRefNum> number_in(std::string_view text);

    EngineConfig config_;
    S strategy_;
    Sink& sink_;
    MarketData market_;
    OrderTable orders_;
    std::vector<Position> positions_;
    std::vector<Alpha<8>> symbols_;
    RiskGate gate_;
    OrderGateway gateway_;
    std::vector<std::array<QuoteSlot, 2>> slots_;  // by instrument, buy and sell
    std::vector<InstrumentIndex> marked_;          // to be decided
    std::vector<bool> is_marked_;
    CoreCounts counts_;
    MessageRate venue_rejects_;
    Timestamp next_burst_;  // the rejects of one burst are one event
    ParameterChange parameters_;
    ModelChange model_;
    Command command_;
    bool paused_ = false;
    Timestamp now_;
    SequenceNumber cause_;  // the latest feed message
    SessionState session_{SessionState::down};
    bool stopped_ = false;
    bool snapshotting_ = false;
    bool over_loss_limit_ = false;
};

// How long a refused quote is left alone; behind the kill switch for good.
inline constexpr Duration refusal_pause = milliseconds(100);
inline constexpr Timestamp end_of_time{std::numeric_limits<std::int64_t>::max()};

template <Strategy S, class Sink>
TradingCore<S, Sink>::TradingCore(const EngineConfig& config, S strategy, Sink& sink)
    : config_(config), strategy_(std::move(strategy)), sink_(sink), market_(config),
      orders_(config.instruments.size(), config.tables.own_orders), positions_(opening_positions(config)),
      symbols_(colo::symbols(config)),
      gate_(config.risk, memberships(config), orders_, positions_,
            {config.order_session.cancel_on_disconnect, config.order_session.cancel_on_disconnect_required}),
      gateway_(orders_, symbols_),
      slots_(config.instruments.size()), is_marked_(config.instruments.size()),
      venue_rejects_(config.anomalies.rejects, config.anomalies.reject_window), now_(config.midnight) {
    marked_.reserve(config.instruments.size());
    if constexpr (Tunable<S>) {
        const std::span<const double> values = strategy_.parameters();
        parameters_.count = values.size();
        std::copy(values.begin(), values.end(), parameters_.values.begin());
    }
}

template <Strategy S, class Sink>
void TradingCore<S, Sink>::on_feed_message(SequenceNumber sequence, Bytes message, Timestamp receive_time) {
    ++counts_.feed_messages;
    cause_ = sequence;
    const MarketData::Change change = market_.apply(message);
    advance_clock(receive_time);
    if (change.instrument) mark(*change.instrument);
    else if (change.every_instrument) mark_all();
    if (marked_.empty() || snapshotting_) return;
    sink_.decoded();
    decide_marked();
}

template <Strategy S, class Sink>
void TradingCore<S, Sink>::on_answer(Bytes message, Timestamp receive_time) {
    const auto index = [this](std::string_view symbol) { return index_of(symbols_, symbol); };
    OrderAnswer answer;
    if (decode_answer(message, index, answer)) {
        ++counts_.malformed_answers;
        return;
    }
    advance_clock(receive_time);
    if (const auto* account = std::get_if<AccountAnswer>(&answer)) return on_account(account->next);
    const AnswerOutcome outcome = orders_.apply(answer);
    look_at(answer, outcome);
    if (outcome.fill) on_fill(*outcome.fill);
    if (outcome.order != nullptr) {
        gate_.refresh(outcome.order->instrument, Price{0});
        mark(outcome.order->instrument);
    }
    if (stops_trading(outcome.anomaly)) gate_.set_killed(true);
    if (gate_.killed() || stopped_) cancel_everything();
    // A paced venue plays on only when told: decisions wait for its next message, so that every run is the same one.
    else if (!config_.paced && !marked_.empty() && !snapshotting_) decide_marked();
}

template <Strategy S, class Sink>
void TradingCore<S, Sink>::on_control(std::string_view text, Timestamp receive_time) {
    advance_clock(receive_time);
    const std::optional<Control> control = control_of(text);
    if (!control) return;
    switch (*control) {
    case Control::start:
        stopped_ = false;
        orders_.skip_reserved();
        session_down();
        break;
    case Control::order_session_up:
        session_ = SessionState::reconciling;
        sink_.send(OrderGateway::account_query(), cause_);
        break;
    case Control::order_session_down: session_down(); break;
    case Control::kill_switch:
        gate_.set_killed(true);
        cancel_everything();
        break;
    case Control::rearm:
        gate_.set_killed(false);
        for (auto& slots : slots_)
            for (QuoteSlot& slot : slots) slot.retry_at = now_;
        break;
    case Control::stop:
        stopped_ = true;
        cancel_everything();
        break;
    case Control::snapshot_begin:
        snapshotting_ = true;
        cancel_everything();
        market_.clear_books();
        break;
    case Control::snapshot_end:
        snapshotting_ = false;
        mark_all();
        break;
    case Control::parameters: apply_parameters(detail_of(text)); break;
    case Control::pause: apply_command(CommandKind::pause, detail_of(text)); break;
    case Control::resume: apply_command(CommandKind::resume, detail_of(text)); break;
    case Control::cancel: apply_command(CommandKind::cancel, detail_of(text)); break;
    case Control::parameters_refused:
    case Control::command_refused: break;
    case Control::order_number_block:
        if (const auto last = number_in(detail_of(text))) orders_.reserve(*last);
        break;
    case Control::order_numbers:
        if (const auto last = number_in(detail_of(text))) orders_.allow(*last);
        break;
    }
}

template <Strategy S, class Sink>
void TradingCore<S, Sink>::session_down() {
    session_ = SessionState::down;
    orders_.disconnected();
}

// Orders that stand were let pass before the loss: they go once, after which the gate lets through what reduces.
template <Strategy S, class Sink>
void TradingCore<S, Sink>::watch_losses() {
    if (gate_.over_loss_limit() == over_loss_limit_) return;
    over_loss_limit_ = gate_.over_loss_limit();
    if (over_loss_limit_) cancel_everything();
}

template <Strategy S, class Sink>
std::optional<UserRefNum> TradingCore<S, Sink>::number_in(std::string_view text) {
    std::uint32_t number = 0;
    if (std::from_chars(text.data(), text.data() + text.size(), number).ec != std::errc{}) return std::nullopt;
    return UserRefNum{number};
}

// Every answer before this one has been applied, so what the venue has not acknowledged by now never arrived there.
template <Strategy S, class Sink>
void TradingCore<S, Sink>::on_account(UserRefNum next) {
    if (session_ != SessionState::reconciling) return;
    if (const std::size_t given_up = orders_.reconcile(next); given_up > 0) {
        counts_.anomalies[static_cast<std::size_t>(Anomaly::never_arrived)] += given_up - 1;
        AnomalyPayload event{};
        event.quantity = static_cast<std::int64_t>(given_up);
        raise(Anomaly::never_arrived, event);
    }
    session_ = SessionState::ready;
    for (const InstrumentIndex index : market_.traded()) gate_.refresh(index, Price{0});
    if (gate_.killed() || stopped_ || paused_) return cancel_everything();
    mark_all();
    // An order that no quote knows (adopted from the venue) must not stay in the market.
    orders_.for_each_open([this](const OwnOrder& order) {
        const QuoteSlot& slot = slots_[order.instrument.value()][order.side == Side::buy ? 0 : 1];
        if (order.user_ref_num == slot.working || order.replaced_by == slot.working || order.cancel_pending) return;
        if (const OwnOrder* latest = orders_.find(slot.working); latest && latest->replaces == order.user_ref_num) return;
        request({OrderRequest::Kind::cancel, order.instrument, order.side, order.price, {}, order.user_ref_num}, {});
    });
}

template <Strategy S, class Sink>
void TradingCore<S, Sink>::on_fill(const Fill& fill) {
    Position& position = positions_[fill.instrument.value()];
    const std::int64_t fee = config_.fees.of(fill.liquidity, fill.quantity);
    position.apply(fill.broken ? opposite(fill.side) : fill.side, fill.price, fill.quantity);
    position.pay(fill.broken ? -fee : fee);
    ++(fill.broken ? counts_.broken_trades : counts_.fills);
    strategy_.on_fill(fill);
}

template <Strategy S, class Sink>
void TradingCore<S, Sink>::advance_clock(Timestamp receive_time) {
    const Timestamp time =
        config_.clock == ClockKind::session ? at(config_.midnight, market_.venue_time()) : receive_time;
    if (time > now_) now_ = time;
}

template <Strategy S, class Sink>
void TradingCore<S, Sink>::mark(InstrumentIndex index) {
    if (index.value() >= is_marked_.size() || is_marked_[index.value()]) return;
    is_marked_[index.value()] = true;
    marked_.push_back(index);
}

template <Strategy S, class Sink>
void TradingCore<S, Sink>::mark_all() {
    for (const InstrumentIndex index : market_.traded()) mark(index);
}

template <Strategy S, class Sink>
void TradingCore<S, Sink>::decide_marked() {
    for (const InstrumentIndex index : marked_) {
        is_marked_[index.value()] = false;
        decide(index);
    }
    marked_.clear();
}

template <Strategy S, class Sink>
void TradingCore<S, Sink>::decide(InstrumentIndex index) {
    MarketView view = market_.view(index, positions_[index.value()].quantity(), now_);
    for (std::size_t side = 0; side < 2; ++side) view.working[side] = standing_order(slots_[index.value()][side], orders_);
    Quotes wanted = strategy_.on_book(view);
    if constexpr (DecisionWitness<Sink>) sink_.decided(*this, view, wanted);
    if (paused_) wanted = {};
    gate_.mark(index, MarketData::reference(view).price());
    watch_losses();
    if (!accepting()) return;
    const bool ask_first = ask_moves_first(orders_, index, wanted);
    if (ask_first) work(view, Side::sell, wanted.ask);
    work(view, Side::buy, wanted.bid);
    if (!ask_first) work(view, Side::sell, wanted.ask);
}

template <Strategy S, class Sink>
void TradingCore<S, Sink>::work(const MarketView& view, Side side, const std::optional<Quote>& wanted) {
    QuoteSlot& slot = slots_[view.instrument.value()][side == Side::buy ? 0 : 1];
    auto planned = plan_quote(slot, orders_, view.instrument, side, wanted, now_);
    // A replacement keeps the mark of its original: where that would be wrong now, another order takes its place.
    if (planned && planned->kind == OrderRequest::Kind::replace &&
        gate_.sells_short(*planned) != orders_.find(planned->original)->sells_short)
        planned->kind = OrderRequest::Kind::cancel;
    if (!planned || waits_for_other_side(orders_, *planned)) return;
    const bool is_cancel = planned->kind == OrderRequest::Kind::cancel;
    const UserRefNum number = is_cancel ? slot.working : orders_.next();
    const std::optional<RiskRule> refusal = request(*planned, MarketData::reference(view));
    if (!refusal) {
        slot.working = number;
        return;
    }
    slot.retry_at = *refusal == RiskRule::kill_switch ? end_of_time : now_ + refusal_pause;
    // The order that should have moved stands where nobody wants it any more.
    if (planned->kind == OrderRequest::Kind::replace)
        request({OrderRequest::Kind::cancel, view.instrument, side, planned->price, {}, planned->original}, {});
}

template <Strategy S, class Sink>
std::optional<RiskRule> TradingCore<S, Sink>::request(const OrderRequest& request, const MarketReference& market) {
    if constexpr (DecisionWitness<Sink>) sink_.asked(request, gate_.explain(request, market, now_));
    Verdict verdict = gate_.check(request, market, now_);
    if (!verdict) {
        refuse(verdict.error());
        return verdict.error().rule;
    }
    ++(request.kind == OrderRequest::Kind::cancel ? counts_.cancels : counts_.orders);
    sink_.send(gateway_.spend(*std::move(verdict)), cause_);
    gate_.refresh(request.instrument, Price{0});
    return std::nullopt;
}

template <Strategy S, class Sink>
void TradingCore<S, Sink>::refuse(const RiskReject& reject) {
    RiskRejectPayload payload{};
    payload.cause_sequence = cause_.value();
    payload.price = reject.request.price.value();
    payload.quantity = reject.request.quantity.value();
    payload.instrument_id = config_.instruments[reject.request.instrument.value()].id.value();
    payload.rule = static_cast<std::uint16_t>(reject.rule);
    payload.side = static_cast<char>(reject.request.side);
    sink_.reject(payload);
}

template <Strategy S, class Sink>
void TradingCore<S, Sink>::cancel_everything() {
    cancel_where([](const OwnOrder&) { return true; });
}

template <Strategy S, class Sink>
template <class Such>
void TradingCore<S, Sink>::cancel_where(Such&& such) {
    if (session_ != SessionState::ready) return;  // at the next reconciliation
    orders_.for_each_open([&](const OwnOrder& order) {
        if (order.cancel_pending || !such(order)) return;
        request({OrderRequest::Kind::cancel, order.instrument, order.side, order.price, {}, order.user_ref_num}, {});
    });
}

}  // namespace colo

#include "engine/runtime/trading_core_anomalies.hpp"
#include "engine/runtime/trading_core_operators.hpp"
