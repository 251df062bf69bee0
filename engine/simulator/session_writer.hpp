// Collects the messages of a generated session in the layout of a session file, and hands out the day's order reference
// and match numbers.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/core/types.hpp"
#include "engine/core/wire.hpp"
#include "engine/protocol/itch50.hpp"

namespace colo::simulator {

class SessionWriter {
public:
    explicit SessionWriter(std::uint16_t tracking_number) : tracking_number_(tracking_number) {}

    // Times never run backwards: one that is earlier than the last message's takes that.
    template <WireMessage Message>
    void write(Message message, Locate locate, SessionTime time) {
        if (time > now_) now_ = time;
        message.stock_locate = locate;
        message.tracking_number = tracking_number_;
        message.timestamp = now_;
        std::byte length[2];
        store_big_endian(length, static_cast<std::uint16_t>(sizeof message));
        bytes_.insert(bytes_.end(), length, length + 2);
        const Bytes body = bytes_of(message);
        bytes_.insert(bytes_.end(), body.begin(), body.end());
        ++count_;
    }

    // Reference numbers rise with gaps: a venue numbers all its instruments' orders together.
    [[nodiscard]] OrderId next_order_id(std::uint64_t gap) { return OrderId{order_id_ += 1 + gap}; }
    [[nodiscard]] MatchNumber next_match_number() { return MatchNumber{++match_number_}; }
    [[nodiscard]] std::uint64_t count() const { return count_; }
    [[nodiscard]] SessionTime now() const { return now_; }
    [[nodiscard]] const std::vector<std::byte>& bytes() const { return bytes_; }

private:
    std::vector<std::byte> bytes_;
    SessionTime now_;
    std::uint16_t tracking_number_;
    std::uint64_t order_id_ = 0;
    std::uint64_t match_number_ = 0;
    std::uint64_t count_ = 0;
};

}  // namespace colo::simulator
