// GLIMPSE 5.0: a snapshot of the book as ITCH 5.0 messages over SoupBinTCP, for a receiver that joined late.
//
// The server sends the day's directory and one add order message for each open order, then the end of the snapshot,
// which names the sequence number where the live feed goes on.
#pragma once

#include "engine/core/wire.hpp"

namespace colo::glimpse50 {

struct EndOfSnapshot {
    static constexpr char type = 'G';
    static constexpr const char* name = "EndOfSnapshot";
    char message_type{type};
    AsciiNumber<20> sequence_number;
};
static_assert(sizeof(EndOfSnapshot) == 21);

[[nodiscard]] inline bool end_of_snapshot(Bytes message) {
    return message.size() == sizeof(EndOfSnapshot) && static_cast<char>(message[0]) == EndOfSnapshot::type;
}

}  // namespace colo::glimpse50
