// What is known of each instrument of an MDP 3.0 channel beside its orders, found by the venue's number for it.
//
// Books number instruments from 0 on, in the order of their first message; CME's security ids are any 32-bit numbers. All
// memory but an instrument's own is taken at the start.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "engine/book/level_table.hpp"
#include "engine/core/types.hpp"
#include "engine/protocol/mdp3.hpp"
#include "engine/protocol/sbe.hpp"

namespace colo {

struct Mdp3Instrument {
    static constexpr std::size_t real_depth = 10, implied_depth = 2;  // where no definition says less

    mdp3::SecurityId security_id;
    std::uint16_t index = 0;          // its number in the Books
    std::uint32_t rpt_seq = 0;        // of its last entry, 0 before the first
    std::uint64_t orders_sequence = 0;  // packets up to this one are in the order book's snapshot
    std::uint32_t next_chunk = 0;     // of an order book's snapshot that is being taken in, 0 while there is none
    bool orders_complete = false;     // the order book began with a snapshot or a reset, and nothing was lost since
    bool touched = false;             // by the event that has not ended yet
    sbe::Characters<20> symbol;       // from the definition, empty before
    sbe::Characters<6> security_group, asset;
    std::optional<Price> tick;        // least price increment, 10^-9
    // By side (bid, offer), then real and implied.
    std::array<std::array<LevelTable, 2>, 2> levels{
        std::array{LevelTable(real_depth), LevelTable(implied_depth, LevelTable::depth_max)},
        std::array{LevelTable(real_depth), LevelTable(implied_depth, LevelTable::depth_max)}};

    [[nodiscard]] LevelTable& table(Side side, bool implied) { return levels[side == Side::sell][implied]; }
    [[nodiscard]] const LevelTable& table(Side side, bool implied) const { return levels[side == Side::sell][implied]; }
    // Whether every price level is known.
    [[nodiscard]] bool levels_complete() const {
        for (const auto& side : levels)
            for (const LevelTable& table : side)
                if (!table.complete()) return false;
        return true;
    }
};

class Mdp3Instruments {
public:
    static constexpr std::size_t count_max = 1u << 16;

    Mdp3Instruments() : places_(place_count) { instruments_.reserve(count_max); }

    [[nodiscard]] std::size_t count() const { return instruments_.size(); }
    [[nodiscard]] Mdp3Instrument& operator[](std::uint16_t index) { return *instruments_[index]; }
    [[nodiscard]] const Mdp3Instrument& operator[](std::uint16_t index) const { return *instruments_[index]; }

    [[nodiscard]] const Mdp3Instrument* find(mdp3::SecurityId id) const {
        const Place& place = places_[place_of(id)];
        return place.number == 0 ? nullptr : instruments_[place.number - 1].get();
    }
    // Makes the instrument on first use; nothing where there is no room for another.
    [[nodiscard]] Mdp3Instrument* find_or_make(mdp3::SecurityId id) {
        Place& place = places_[place_of(id)];
        if (place.number != 0) [[likely]] return instruments_[place.number - 1].get();
        if (instruments_.size() == count_max) return nullptr;
        auto& made = *instruments_.emplace_back(std::make_unique<Mdp3Instrument>());
        made.security_id = id;
        made.index = static_cast<std::uint16_t>(instruments_.size() - 1);
        place = {id, static_cast<std::uint32_t>(instruments_.size())};
        return &made;
    }

    // From the last to the first, so that each is still found on its way.
    void clear() {
        for (; !instruments_.empty(); instruments_.pop_back()) places_[place_of(instruments_.back()->security_id)] = {};
    }

private:
    struct Place { mdp3::SecurityId id; std::uint32_t number = 0; };  // one more than the index; 0: free
    static constexpr std::size_t place_count = 2 * count_max;         // never more than half full, so probing ends

    [[nodiscard]] std::size_t place_of(mdp3::SecurityId id) const {
        auto at = (static_cast<std::uint32_t>(id.value()) * std::uint64_t{0x9E3779B97F4A7C15}) >> 47;
        while (places_[at].number != 0 && places_[at].id != id) at = (at + 1) % place_count;
        return at;
    }

    std::vector<Place> places_;
    std::vector<std::unique_ptr<Mdp3Instrument>> instruments_;
};

}  // namespace colo
