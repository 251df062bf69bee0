// The venue without its network: the recorded session, the matching, and the journal that lets it start again.
//
// It is advanced and spoken to by whoever owns the sockets (simulator.hpp) or the test that stands in for them, so that
// a whole session can be run in one process, with any network in between.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "engine/protocol/session_file.hpp"
#include "engine/simulator/exchange_journal.hpp"
#include "engine/simulator/matching.hpp"

namespace colo::simulator {

class Exchange {
public:
    // Checks the whole session and re-executes what the journal has. Both must outlive it. Throws SimulatorError.
    Exchange(const SessionFile& session, ExchangeJournal& journal);

    // Plays recorded messages up to this one; none where it is there already.
    void play_to(SequenceNumber last);
    // A client message after the recorded message at `position`.
    void receive(Bytes message);
    void disconnect();
    // Writes what the calls above must be remembered by; answers may leave after this.
    void commit() { journal_->commit(); }

    [[nodiscard]] const Matching& matching() const { return matching_; }
    [[nodiscard]] const AnswerLog& answers() const { return matching_.answers(); }
    // The last recorded message that was played; 0 before the first.
    [[nodiscard]] SequenceNumber position() const { return matching_.position(); }
    [[nodiscard]] std::uint64_t message_count() const { return offsets_.size(); }
    [[nodiscard]] Bytes message(SequenceNumber sequence) const {
        return session_->message_at(offsets_[sequence.value() - 1]);
    }
    // The bytes of consecutive messages with their length prefixes: the blocks of a MoldUDP64 packet.
    [[nodiscard]] Bytes blocks(SequenceNumber first, std::uint64_t count) const;

    // The day so far as GLIMPSE tells it: directory and states, open orders in their order of arrival, end of snapshot.
    template <class Sink>
    void snapshot(Sink&& sink) const;

private:
    void recover();
    void advance_to(SequenceNumber last);
    void keep_state_message(SequenceNumber sequence, Bytes message);
    [[nodiscard]] std::vector<SequenceNumber> state_messages() const;
    [[nodiscard]] std::vector<RecordedOrder> open_orders() const;
    [[nodiscard]] Bytes snapshot_order(const RecordedOrder& order, itch50::AddOrder& room) const;

    const SessionFile* session_;
    ExchangeJournal* journal_;
    std::vector<std::uint64_t> offsets_;
    Matching matching_;
    // The latest message of each kind and instrument that a late receiver must know, by type, event code and locate.
    std::map<std::uint32_t, SequenceNumber> state_messages_;
};

template <class Sink>
void Exchange::snapshot(Sink&& sink) const {
    for (const SequenceNumber sequence : state_messages()) sink(message(sequence));
    itch50::AddOrder room;
    for (const RecordedOrder& order : open_orders()) sink(snapshot_order(order, room));
}

}  // namespace colo::simulator
