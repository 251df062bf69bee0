// The turns of the gateway that gateway.hpp describes.
#pragma once

#include <algorithm>
#include <utility>

#include "engine/gateway/gateway.hpp"
#include "engine/runtime/build_id.hpp"

namespace colo {

// An engine whose session the venue has ended leaves soon; one that does not is left.
inline constexpr Duration leave_wait = seconds(5);

namespace detail {
// The limits that can be held without the market, and without a clock where time is the feed's.
[[nodiscard]] inline std::vector<RiskLevelLimits> limits_without_market(const EngineConfig& config) {
    std::vector<RiskLevelLimits> levels = config.risk;
    for (RiskLevelLimits& level : levels) {
        level.limits.price_collar_bps = RiskLimits::unlimited;
        level.limits.last_trade_collar_bps = RiskLimits::unlimited;
        level.limits.loss_max = Notional{RiskLimits::unlimited};
        if (config.clock == ClockKind::host) continue;
        level.limits.messages_max = level.limits.orders_max = 0;
        level.limits.duplicates_max = RiskLimits::unlimited_duplicates;
    }
    return levels;
}

[[nodiscard]] inline std::vector<std::string> gateway_counter_names(const RiskGate& gate) {
    std::vector<std::string> names;
    for_each_gateway_counter(GatewayCounts{}, gate, 0, [&](std::string name, std::uint64_t) { names.push_back(name); });
    return names;
}
}  // namespace detail

template <Connection Venue, Clock C, Recorder R>
Gateway<Venue, C, R>::Gateway(const EngineConfig& config, SharedListener& listener, Venue& venue, Waiter& waiter,
                              const C& clock, R& recorder, EngineSignals& signals,
                              const std::filesystem::path& telemetry_file)
    : config_(config), listener_(listener), venue_connection_(venue), waiter_(waiter), clock_(clock),
      recorder_(recorder), signals_(signals), orders_(config.instruments.size(), config.tables.own_orders),
      positions_(opening_positions(config)), symbols_(symbols(config)),
      gate_(detail::limits_without_market(config), memberships(config), orders_, positions_,
            {config.order_session.cancel_on_disconnect, config.order_session.cancel_on_disconnect_required}),
      encoder_(orders_, symbols_),
      telemetry_(telemetry_file, {config.site, config.gateway->name, COLO_VERSION, build_id(), config.release_digest},
                 detail::gateway_counter_names(gate_), gateway_stage_names()) {
    waiter_.watch(listener_.descriptor());
    note("start", COLO_VERSION);
}

template <Connection Venue, Clock C, Recorder R>
bool Gateway<Venue, C, R>::turn() {
    const Timestamp now = clock_.monotonic();
    if (recorder_.failed()) fail(recorder_.failure());
    if (finished()) return true;
    if (signals_.stop.load(std::memory_order_relaxed) && !std::exchange(stopping_, true))
        lose_engine(EngineLoss::gateway_ends, "the gateway was asked to end");
    const std::uint64_t question = engine_ ? engine_->asked() : 0;
    bool busy = attend_engine(now);
    busy |= attend_venue(now);
    attend_end(now);
    if (engine_) {
        engine_->flush();
        engine_->answer(question);
    }
    std::size_t at = 0;
    if (busy)
        for_each_gateway_counter(counts_, gate_, orders_.open_count(), [&](const auto&, std::uint64_t value) {
            telemetry_.set(at++, static_cast<std::int64_t>(value));
        });
    return busy;
}

template <Connection Venue, Clock C, Recorder R>
bool Gateway<Venue, C, R>::attend_engine(Timestamp now) {
    if (!engine_) {
        if (state_ != State::idle || stopping_) return false;
        std::optional<SharedStream> accepted = listener_.accept();
        if (!accepted) return false;
        engine_.emplace(*std::move(accepted), now);
        waiter_.watch(engine_->descriptor());
    }
    // What it sends after an answer to its login waits until the venue's whole day was heard.
    const bool received = state_ == State::opening ? !engine_->look() : engine_->receive();
    if (engine_->gone()) lose_engine(EngineLoss::gone, "its process is gone");
    else if (engine_->stalled(now, config_.gateway->stall_max)) lose_engine(EngineLoss::stalled, "it stands still");
    while (engine_) {
        const auto packet = engine_->next();
        if (!packet) break;
        on_engine_packet(*packet);
    }
    if (engine_ && engine_->broken() != nullptr) lose_engine(EngineLoss::refused_message, engine_->broken());
    if (engine_) engine_->keep_alive(now, config_.order_session.heartbeat);
    return received;
}

template <Connection Venue, Clock C, Recorder R>
void Gateway<Venue, C, R>::on_engine_packet(const soupbintcp::Packet& packet) {
    if (state_ == State::ended) return;  // nobody is there to hear it
    switch (packet.type) {
    case soupbintcp::LoginRequest::type: on_login(packet.as<soupbintcp::LoginRequest>()); break;
    case soupbintcp::unsequenced_data_type: on_asked(packet.payload); break;
    case soupbintcp::LogoutRequest::type: lose_engine(EngineLoss::logged_out, "it logged out"); break;
    case soupbintcp::ClientHeartbeat::type: break;
    default: lose_engine(EngineLoss::refused_message, "a packet that no client sends"); break;
    }
}

// The venue's day is heard from where this process or the engine needs it, and the session counts as up when all is heard.
template <Connection Venue, Clock C, Recorder R>
void Gateway<Venue, C, R>::on_login(const soupbintcp::LoginRequest& request) {
    const LoginConfig& login = config_.order_session.login;
    const auto sequence = request.requested_sequence_number.get();
    if (state_ != State::idle || request.username != login.username || request.password != login.password ||
        !sequence) {
        engine_->send(bytes_of(soupbintcp::LoginRejected{}));
        return lose_engine(EngineLoss::refused_message, "a login that is not this engine's");
    }
    ++counts_.logins;
    requested_ = *sequence;
    engine_next_ = 0;
    SoupTimings timings;
    timings.heartbeat = config_.order_session.heartbeat;
    timings.silence_max = std::max(timings.silence_max, timings.heartbeat * 15);
    const std::uint64_t first = requested_ == 0 ? next_answer_ : std::min(requested_, next_answer_);
    venue_.emplace(venue_connection_, login, first, timings);
    venue_->hear_out_first();
    state_ = State::opening;
}

template <Connection Venue, Clock C, Recorder R>
void Gateway<Venue, C, R>::accept_engine(std::uint64_t sequence) {
    engine_next_ = sequence;
    soupbintcp::LoginAccepted accepted;
    accepted.session = "GATEWAY";
    accepted.sequence_number = sequence;
    engine_->send(bytes_of(accepted));
}

template <Connection Venue, Clock C, Recorder R>
void Gateway<Venue, C, R>::on_asked(Bytes message) {
    if (state_ != State::trading)
        return lose_engine(EngineLoss::refused_message, "an order before its session was up");
    const Result<AskedOrder, RefusedMessage> asked = read_order(message, orders_, symbols_);
    if (!asked) return lose_engine(EngineLoss::refused_message, asked.error().view());
    switch (asked->kind) {
    case AskedOrder::Kind::account_query:
        counts_.passed += send(OrderGateway::account_query());
        break;
    case AskedOrder::Kind::order: on_order(*asked, message); break;
    case AskedOrder::Kind::late: ++counts_.late; break;
    }
}

template <Connection Venue, Clock C, Recorder R>
void Gateway<Venue, C, R>::on_order(const AskedOrder& asked, Bytes message) {
    const OrderRequest& request = asked.request;
    const Timestamp read = clock_.now();
    if (request.kind != OrderRequest::Kind::cancel) orders_.skip_to(asked.number);
    // What a gateway knows of the market is the order's own price.
    const MarketReference market{request.price, request.price, request.price, TradingPhase::continuous, false};
    Verdict verdict = gate_.check(request, market, read);
    if (!verdict) {
        refuse(verdict.error());
        return lose_engine(EngineLoss::refused_order, describe(verdict.error().rule).name);
    }
    const EncodedOrder encoded = encoder_.spend(*std::move(verdict));
    gate_.refresh(request.instrument, Price{0});
    const Bytes again = encoded.message();
    if (!std::equal(again.begin(), again.end(), message.begin(), message.end())) {
        // It never leaves, so its order never was, and its cancel is still to come.
        orders_.apply(request.kind == OrderRequest::Kind::cancel ? OrderAnswer{CancelRejected{request.original}}
                                                                 : OrderAnswer{OrderRejected{asked.number}});
        return lose_engine(EngineLoss::refused_message, "an order that this release would encode in another way");
    }
    if (!send(encoded)) return;
    ++counts_.passed;
    telemetry_.histogram(static_cast<std::size_t>(GatewayStage::read_to_sent)).record(clock_.now() - read);
}

template <Connection Venue, Clock C, Recorder R>
bool Gateway<Venue, C, R>::attend_venue(Timestamp now) {
    if (!venue_ || (engine_ && engine_->congested())) return false;
    const bool received = venue_->poll(now, *this);
    if (venue_->state() == SoupClient<Venue>::State::failed) {
        fail("order session: " + venue_->failure());
        return true;
    }
    if (down_ == nullptr) return received;
    const std::string why = std::exchange(down_, nullptr);
    note("order session down", why);
    orders_.disconnected();
    venue_.reset();
    state_ = State::idle;
    lose_engine(EngineLoss::venue_down, why);
    return true;
}

template <Connection Venue, Clock C, Recorder R>
void Gateway<Venue, C, R>::on_up() {
    note("order session up");
    if (!engine_) return;
    if (engine_next_ == 0) accept_engine(requested_ == 0 ? next_answer_ : std::min(requested_, next_answer_));
    state_ = State::trading;
}

template <Connection Venue, Clock C, Recorder R>
void Gateway<Venue, C, R>::on_sequenced(std::uint64_t sequence, Bytes message) {
    if (sequence == next_answer_) {
        ++next_answer_;
        if (!message.empty() && record(RecordKind::order_answer, RecordSource::order_session, sequence, message))
            on_answer(message);
    }
    if (!engine_) return;
    if (engine_next_ == 0 && requested_ != 0 && sequence >= requested_) accept_engine(sequence);
    if (engine_next_ == 0 || sequence < engine_next_) return;
    engine_->send_sequenced(message);
}

template <Connection Venue, Clock C, Recorder R>
void Gateway<Venue, C, R>::on_answer(Bytes message) {
    const auto index = [this](std::string_view symbol) { return index_of(symbols_, symbol); };
    ++counts_.answers;
    OrderAnswer answer;
    if (decode_answer(message, index, answer)) {
        ++counts_.malformed_answers;
        return;
    }
    if (const auto* account = std::get_if<AccountAnswer>(&answer)) {
        orders_.reconcile(account->next);
        for (std::uint32_t i = 0; i < positions_.size(); ++i) gate_.refresh(InstrumentIndex{i}, Price{0});
        return;
    }
    // What contradicts the orders stops the engine, which hears the same; here it is followed as far as it is a fact.
    const AnswerOutcome outcome = orders_.apply(answer);
    if (outcome.fill) {
        const Fill& fill = *outcome.fill;
        Position& position = positions_[fill.instrument.value()];
        position.apply(fill.broken ? opposite(fill.side) : fill.side, fill.price, fill.quantity);
    }
    if (outcome.order != nullptr) gate_.refresh(outcome.order->instrument, Price{0});
}

template <Connection Venue, Clock C, Recorder R>
void Gateway<Venue, C, R>::on_end_of_session() {
    note("order session down", "the venue ended the session");
    state_ = engine_ ? State::ended : State::finished;
    deadline_ = clock_.monotonic() + leave_wait;
    if (engine_) engine_->send(bytes_of(soupbintcp::EndOfSession{}));
}

template <Connection Venue, Clock C, Recorder R>
void Gateway<Venue, C, R>::attend_end(Timestamp now) {
    if (state_ == State::cancelling && (orders_.open_count() == 0 || now >= deadline_))
        drop_venue(orders_.open_count() == 0 ? "every order is cancelled" : "not every cancel was answered in time");
    if (state_ == State::ended && now >= deadline_) state_ = State::finished;
    if (state_ == State::idle && stopping_) state_ = State::finished;
}

template <Connection Venue, Clock C, Recorder R>
void Gateway<Venue, C, R>::lose_engine(EngineLoss loss, std::string_view why) {
    if (!engine_) return;
    lost_at_ = clock_.now();
    ++counts_.losses[static_cast<std::size_t>(loss)];
    note("engine lost", why);
    if (loss != EngineLoss::gone && loss != EngineLoss::stalled) engine_->flush();  // its rejected login
    engine_.reset();
    if (state_ == State::ended) {
        state_ = State::finished;
    } else if (state_ == State::trading && venue_) {
        state_ = State::cancelling;
        deadline_ = clock_.monotonic() + config_.gateway->cancel_wait;
        cancel_everything();
    } else if (venue_) {
        drop_venue("the engine left before it was up");
    } else {
        state_ = State::idle;
    }
}

template <Connection Venue, Clock C, Recorder R>
void Gateway<Venue, C, R>::cancel_everything() {
    orders_.for_each_open([this](const OwnOrder& order) {
        if (order.cancel_pending) return;
        Verdict verdict = gate_.check(
            {OrderRequest::Kind::cancel, order.instrument, order.side, order.price, {}, order.user_ref_num}, {},
            clock_.now());
        counts_.cancels += verdict && send(encoder_.spend(*std::move(verdict)));
    });
    counts_.last_cancel = clock_.now() - lost_at_;
    telemetry_.histogram(static_cast<std::size_t>(GatewayStage::loss_to_last_cancel)).record(counts_.last_cancel);
}

// From here the venue cancels what is left (cancel on disconnect).
template <Connection Venue, Clock C, Recorder R>
void Gateway<Venue, C, R>::drop_venue(std::string_view why) {
    note("order session down", why);
    venue_->log_out();
    venue_.reset();
    orders_.disconnected();
    state_ = State::idle;
}

template <Connection Venue, Clock C, Recorder R>
bool Gateway<Venue, C, R>::send(const EncodedOrder& order) {
    return record(RecordKind::order_sent, RecordSource::engine, 0, order.message()) && venue_->send(order);
}

template <Connection Venue, Clock C, Recorder R>
void Gateway<Venue, C, R>::refuse(const RiskReject& reject) {
    RiskRejectPayload payload{};
    payload.price = reject.request.price.value();
    payload.quantity = reject.request.quantity.value();
    payload.instrument_id = config_.instruments[reject.request.instrument.value()].id.value();
    payload.rule = static_cast<std::uint16_t>(reject.rule);
    payload.side = static_cast<char>(reject.request.side);
    record(RecordKind::risk_reject, RecordSource::engine, 0, std::as_bytes(std::span{&payload, 1}));
}

template <Connection Venue, Clock C, Recorder R>
void Gateway<Venue, C, R>::note(std::string_view what, std::string_view detail) {
    const ShortText<256> text(what, detail.empty() ? "" : ": ", detail);
    record(RecordKind::control, RecordSource::engine, 0, bytes_of(text.view()));
}

// The journal comes first: what cannot be recorded does not leave.
template <Connection Venue, Clock C, Recorder R>
bool Gateway<Venue, C, R>::record(RecordKind kind, RecordSource source, std::uint64_t sequence, Bytes payload) {
    if (finished()) return false;
    if (recorder_.append({kind, source, config_.channels[0].id, SequenceNumber{sequence}, clock_.now()}, payload))
        return true;
    fail(recorder_.failure());
    return false;
}

// Closing the connections is what is left to do: the venue cancels, the engine finds its session down.
template <Connection Venue, Clock C, Recorder R>
void Gateway<Venue, C, R>::fail(std::string sentence) {
    if (!failure_) failure_ = std::move(sentence);
    venue_connection_.close();
}

}  // namespace colo
