// The trades of a day by match number, because a broken trade names nothing else.
//
// Open addressing over one array that doubles: 32 bytes a trade at most half full, so a day of ten million trades takes
// about a gigabyte at worst and one memory access each.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/core/types.hpp"

namespace colo {

struct MatchedTrade {
    MatchNumber match_number;  // 0: an empty slot; no venue uses it for a trade that can be broken
    Price price;
    Quantity quantity;
    char side = 0;
    bool printable = false;
};

class MatchTable {
public:
    MatchTable() : slots_(1u << 12) {}

    // A match number that is already there is overwritten: venues give one number to each trade.
    void put(const MatchedTrade& trade) {
        if (trade.match_number == MatchNumber{}) return;
        if (count_ * 2 >= slots_.size()) grow();
        MatchedTrade& slot = slot_of(trade.match_number);
        count_ += slot.match_number == MatchNumber{};
        slot = trade;
    }
    // nullptr where that number never traded.
    [[nodiscard]] const MatchedTrade* find(MatchNumber number) {
        const MatchedTrade& slot = slot_of(number);
        return slot.match_number == number && number != MatchNumber{} ? &slot : nullptr;
    }

private:
    [[nodiscard]] MatchedTrade& slot_of(MatchNumber number) {
        const std::size_t mask = slots_.size() - 1;
        // Fibonacci hashing: match numbers count upwards in steps.
        std::size_t at = (number.value() * 0x9E3779B97F4A7C15ULL >> 20) & mask;
        while (slots_[at].match_number != MatchNumber{} && slots_[at].match_number != number) at = (at + 1) & mask;
        return slots_[at];
    }
    void grow() {
        std::vector<MatchedTrade> before(slots_.size() * 2);
        before.swap(slots_);
        for (const MatchedTrade& trade : before) {
            if (trade.match_number != MatchNumber{}) slot_of(trade.match_number) = trade;
        }
    }

    std::vector<MatchedTrade> slots_;
    std::size_t count_ = 0;
};

}  // namespace colo
