// How a core notices what an orderly venue and market would not have shown, and tells of it once.
#pragma once

#include <cmath>
#include <type_traits>

#include "engine/runtime/trading_core.hpp"

namespace colo {

template <Strategy S, class Sink>
void TradingCore<S, Sink>::look_at(const OrderAnswer& answer, const AnswerOutcome& outcome) {
    if (outcome.anomaly != Anomaly::none) {
        AnomalyPayload event{};
        if (outcome.order != nullptr) {
            event.instrument_id = config_.instruments[outcome.order->instrument.value()].id.value();
            event.limit = outcome.order->leaves().value();
        }
        std::visit(
            [&](const auto& said) {
                using Said = std::remove_cvref_t<decltype(said)>;
                if constexpr (requires { said.user_ref_num; }) event.user_ref_num = said.user_ref_num.value();
                if constexpr (std::is_same_v<Said, OrderExecuted>) {
                    event.price = said.price.value();
                    event.quantity = said.quantity.value();
                }
            },
            answer);
        raise(outcome.anomaly, event);
    }
    if (std::holds_alternative<OrderRejected>(answer)) count_reject();
    if (outcome.fill && !outcome.fill->broken) look_at_price(*outcome.fill);
}

// The book is the one that we knew when the answer came: the threshold allows for what moved meanwhile.
template <Strategy S, class Sink>
void TradingCore<S, Sink>::look_at_price(const Fill& fill) {
    const MarketView view = market_.view(fill.instrument, Quantity{0}, now_);
    const Price best = fill.side == Side::buy ? view.bid : view.ask;
    const OwnOrder* order = orders_.find(fill.user_ref_num);
    const bool beyond_limit = order != nullptr && better(fill.side, fill.price, order->price);
    // A venue can name any price: its product would not fit a whole number.
    const auto value = [](std::int64_t number) { return static_cast<double>(number); };
    const double distance = std::abs(value(fill.price.value()) - value(best.value()));
    const bool far = best > Price{0} &&
                     distance * 10'000 > value(best.value()) * value(config_.anomalies.fill_off_book_bps_max);
    if (!beyond_limit && !far) return;
    AnomalyPayload event{};
    event.price = fill.price.value();
    event.quantity = fill.quantity.value();
    event.limit = beyond_limit ? order->price.value() : best.value();
    event.user_ref_num = fill.user_ref_num.value();
    event.instrument_id = config_.instruments[fill.instrument.value()].id.value();
    raise(Anomaly::price_off_book, event);
}

template <Strategy S, class Sink>
void TradingCore<S, Sink>::count_reject() {
    ++counts_.venue_rejects;
    venue_rejects_.count(now_);
    if (!venue_rejects_.exceeded(now_) || now_ < next_burst_) return;
    next_burst_ = now_ + config_.anomalies.reject_window;
    AnomalyPayload event{};
    event.quantity = event.limit = config_.anomalies.rejects;
    raise(Anomaly::reject_burst, event);
}

template <Strategy S, class Sink>
void TradingCore<S, Sink>::raise(Anomaly anomaly, AnomalyPayload event) {
    ++counts_.anomalies[static_cast<std::size_t>(anomaly)];
    event.cause_sequence = cause_.value();
    event.anomaly = static_cast<std::uint8_t>(anomaly);
    sink_.raise(event);
}

}  // namespace colo
