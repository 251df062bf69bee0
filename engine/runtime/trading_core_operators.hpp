// What operators can do to a core that runs: other parameters, and the commands of command.hpp. Each was journaled before
// it comes here, so that a replay does the same at the same place.
#pragma once

#include <cstring>

#include "engine/runtime/trading_core.hpp"

namespace colo {

template <Strategy S, class Sink>
std::optional<Sentence> TradingCore<S, Sink>::refusal_of(const ParameterChange& change) const {
    if constexpr (!Tunable<S>) return Sentence("the strategy has no parameters that can change");
    else return colo::refusal_of(parameter_rules(), change, parameters_.generation);
}

// Nothing else moves: the strategy decides anew at the next message.
template <Strategy S, class Sink>
void TradingCore<S, Sink>::apply_parameters(std::string_view text) {
    const std::optional<ParameterChange> change = change_of(parameter_rules(), text);
    if (!change || refusal_of(*change)) return;
    if constexpr (Tunable<S>) strategy_.set_parameters(change->value_view());
    parameters_ = *change;
}

template <Strategy S, class Sink>
std::optional<Sentence> TradingCore<S, Sink>::refusal_of(const ModelChange& change) const {
    if constexpr (!Modelled<S>) {
        return Sentence("the strategy asks no model");
    } else {
        if (const auto why = colo::refusal_of(change, model_.generation)) return why;
        return change.model.fault(S::model_inputs().size());
    }
}

template <Strategy S, class Sink>
void TradingCore<S, Sink>::on_model(Bytes change, Timestamp receive_time) {
    advance_clock(receive_time);
    ModelChange read;
    if (change.size() != sizeof read) return;
    std::memcpy(&read, change.data(), sizeof read);
    if (refusal_of(read)) return;
    if constexpr (Modelled<S>) strategy_.set_model(read.model);
    model_ = read;
}

template <Strategy S, class Sink>
std::optional<Sentence> TradingCore<S, Sink>::refusal_of(const Command& command) const {
    if (const auto why = colo::refusal_of(command, command_.generation)) return why;
    if (!control_of(command)) return Sentence("command kind ", command.kind, " is none");
    const std::string_view target = command.target_view();
    if (!command.is(CommandKind::cancel)) {
        if (target == config_.strategies[0].name) return std::nullopt;
        return Sentence("the strategy here is ", config_.strategies[0].name);
    }
    const std::optional<CancelTarget> aimed = cancel_target(target);
    if (!aimed) return Sentence("a cancel is aimed at all, instrument SYMBOL or order NUMBER");
    if (session_ != SessionState::ready)
        return Sentence("the order session is down: what stands is known, and can be cancelled, when it is up again");
    if (!aimed->symbol.empty() && std::find(symbols_.begin(), symbols_.end(), aimed->symbol) == symbols_.end())
        return Sentence("no instrument has this symbol");
    if (aimed->number == UserRefNum{0}) return std::nullopt;
    const OwnOrder* order = orders_.find(aimed->number);
    if (order == nullptr) return Sentence("there is no order ", aimed->number.value());
    if (terminal(order->state)) return Sentence("order ", aimed->number.value(), " is ", name_of(order->state));
    return std::nullopt;
}

template <Strategy S, class Sink>
void TradingCore<S, Sink>::apply_command(CommandKind kind, std::string_view text) {
    const std::optional<Command> command = command_of(kind, text);
    if (!command || refusal_of(*command)) return;
    command_ = *command;
    if (kind != CommandKind::cancel) {
        paused_ = kind == CommandKind::pause;
        return paused_ ? cancel_everything() : mark_all();
    }
    const CancelTarget aimed = *cancel_target(command->target_view());
    cancel_where([&](const OwnOrder& order) {
        if (aimed.number != UserRefNum{0}) return order.user_ref_num == aimed.number;
        return aimed.symbol.empty() || symbols_[order.instrument.value()] == aimed.symbol;
    });
}

}  // namespace colo
