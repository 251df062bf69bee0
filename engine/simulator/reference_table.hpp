// Finds an order's slot by its 64-bit reference: open addressing with linear probing and backward-shift deletion, so
// that a day of adds and deletes leaves no tombstones behind. It allocates only when it grows past half full.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace colo::simulator {

class ReferenceTable {
public:
    static constexpr std::uint32_t none = 0xFFFFFFFF;

    // Room for half of 2^bits references before it grows.
    explicit ReferenceTable(unsigned bits) : entries_(std::size_t{1} << bits), shift_(64 - bits) {}

    [[nodiscard]] std::uint32_t find(std::uint64_t key) const {
        for (std::size_t at = home(key);; at = next(at)) {
            if (entries_[at].slot == none || entries_[at].key == key) return entries_[at].slot;
        }
    }
    // Precondition: the key is not in the table.
    void insert(std::uint64_t key, std::uint32_t slot) {
        if (2 * (count_ + 1) > entries_.size()) [[unlikely]] grow();
        place(key, slot);
        ++count_;
    }
    void erase(std::uint64_t key) {
        std::size_t hole = home(key);
        while (entries_[hole].slot != none && entries_[hole].key != key) hole = next(hole);
        if (entries_[hole].slot == none) return;
        --count_;
        // An entry further on moves into the hole where its own probing would have passed over it.
        for (std::size_t at = next(hole); entries_[at].slot != none; at = next(at)) {
            const std::size_t distance = (at - home(entries_[at].key)) & (entries_.size() - 1);
            if (distance < ((at - hole) & (entries_.size() - 1))) continue;
            entries_[hole] = entries_[at];
            hole = at;
        }
        entries_[hole] = {};
    }
    void clear() {
        entries_.assign(entries_.size(), Entry{});
        count_ = 0;
    }
    [[nodiscard]] std::size_t count() const { return count_; }

private:
    struct Entry {
        std::uint64_t key = 0;
        std::uint32_t slot = none;
    };

    [[nodiscard]] std::size_t home(std::uint64_t key) const { return (key * 0x9E3779B97F4A7C15u) >> shift_; }
    [[nodiscard]] std::size_t next(std::size_t at) const { return (at + 1) & (entries_.size() - 1); }
    void place(std::uint64_t key, std::uint32_t slot) {
        std::size_t at = home(key);
        while (entries_[at].slot != none) at = next(at);
        entries_[at] = {key, slot};
    }
    void grow() {
        std::vector<Entry> old(2 * entries_.size());
        old.swap(entries_);
        --shift_;
        for (const Entry& entry : old) {
            if (entry.slot != none) place(entry.key, entry.slot);
        }
    }

    std::vector<Entry> entries_;
    unsigned shift_;
    std::size_t count_ = 0;
};

}  // namespace colo::simulator
