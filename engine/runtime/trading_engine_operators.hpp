// What operators do to the loop that trading_engine.hpp describes: the kill switch, and what they propose through shared
// memory. It happens between two messages, and in the journal first.
#pragma once

#include "engine/runtime/trading_engine.hpp"

namespace colo {

// Pulled by a signal or a file; released by nothing but a file that came later and names who wrote it.
template <Strategy S, EngineNetwork Network, Clock C, Recorder R>
void TradingEngine<S, Network, C, R>::attend_kill_switch(Timestamp monotonic_now) {
    const bool by_signal = signals_.kill.load(std::memory_order_relaxed);
    if (by_signal) signals_.kill.store(false, std::memory_order_relaxed);
    if (core_.killed() && !by_signal) {
        if (const auto author = kill_files_.released_by(monotonic_now)) control(Control::rearm, author->view());
        return;
    }
    if (!by_signal && !kill_files_.pulled(monotonic_now)) return;
    if (!core_.killed()) control(Control::kill_switch, by_signal ? "signal" : pulled_by_file().view());
    kill_files_.forget_release();
}

// The file may name who made it: it works without, because it must be easy to pull.
template <Strategy S, EngineNetwork Network, Clock C, Recorder R>
ShortText<64> TradingEngine<S, Network, C, R>::pulled_by_file() const {
    const std::optional<Author> author = kill_files_.pulled_by();
    return author ? ShortText<64>("file ", author->view()) : ShortText<64>("file");
}

template <Strategy S, EngineNetwork Network, Clock C, Recorder R>
void TradingEngine<S, Network, C, R>::attend_operators() {
    if (parameter_block_ && parameter_block_->changed()) attend(*parameter_block_);
    if (command_block_ && command_block_->changed()) attend(*command_block_);
    if (model_block_ && model_block_->changed()) attend(*model_block_);
}

// What is asked for is journaled and applied, or refused, and whoever asked is told.
template <Strategy S, EngineNetwork Network, Clock C, Recorder R>
template <class Proposed>
void TradingEngine<S, Network, C, R>::attend(ProposalBlock<Proposed>& block) {
    const std::optional<Proposed> proposed = block.read();
    if (!proposed) return;  // still being written: the next turn looks again
    if (const std::optional<Sentence> why = core_.refusal_of(*proposed)) {
        say_refused(*proposed, *why);
        return block.answer(proposed->generation, false, why->view());
    }
    carry_out(*proposed);
    block.publish(in_force(*proposed));
    const bool applied = in_force(*proposed).generation == proposed->generation;
    block.answer(proposed->generation, applied, applied ? "" : "it cannot be journaled");
}

template <Strategy S, EngineNetwork Network, Clock C, Recorder R>
void TradingEngine<S, Network, C, R>::carry_out(const ParameterChange& change) {
    control(Control::parameters, text_of(core_.parameter_rules(), change).view());
}

template <Strategy S, EngineNetwork Network, Clock C, Recorder R>
void TradingEngine<S, Network, C, R>::carry_out(const Command& command) {
    control(*control_of(command), text_of(command).view());
}

// A model is journaled whole, so that a replay has it.
template <Strategy S, EngineNetwork Network, Clock C, Recorder R>
void TradingEngine<S, Network, C, R>::carry_out(const ModelChange& change) {
    const Bytes bytes = std::as_bytes(std::span{&change, 1});
    const Timestamp now = clock_.now();
    if (record(RecordKind::model, RecordSource::engine, 0, now, bytes)) core_.on_model(bytes, now);
}

template <Strategy S, EngineNetwork Network, Clock C, Recorder R>
void TradingEngine<S, Network, C, R>::say_refused(const ParameterChange&, const Sentence& why) {
    control(Control::parameters_refused, why.view());
}

// What a stranger wrote into the memory does not stand in the journal as a name.
template <Strategy S, EngineNetwork Network, Clock C, Recorder R>
void TradingEngine<S, Network, C, R>::say_refused(const Proposal& proposal, const Sentence& why) {
    const std::string_view author = Author::of(proposal.author_view()) ? proposal.author_view() : "nobody";
    control(Control::command_refused, ShortText<256>(author, ": ", why.view()).view());
}

}  // namespace colo
