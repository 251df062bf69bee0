// From a venue's order reference to the handle of the order, by hash: for references that no page is laid under.
//
// Open addressing with linear probing; a removal moves later entries back, so no tombstones collect.
//
//   SparseReferences references;
//   references.insert(7, handle);
//   references.find(7) == handle;      // 0 where there is none
//   references.erase(7);
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace colo {

class SparseReferences {
public:
    SparseReferences() : entries_(initial_capacity) {}

    [[nodiscard]] bool empty() const { return count_ == 0; }
    [[nodiscard]] std::uint32_t find(std::uint64_t reference) const {
        for (std::size_t at = home(reference); entries_[at].handle != 0; at = (at + 1) & mask())
            if (entries_[at].reference == reference) return entries_[at].handle;
        return 0;
    }
    void insert(std::uint64_t reference, std::uint32_t handle) {
        if (2 * (count_ + 1) > entries_.size()) grow();
        place(reference, handle);
        ++count_;
    }
    void erase(std::uint64_t reference) {
        std::size_t at = home(reference);
        while (entries_[at].reference != reference || entries_[at].handle == 0) {
            if (entries_[at].handle == 0) return;
            at = (at + 1) & mask();
        }
        std::size_t hole = at;
        for (std::size_t next = (hole + 1) & mask(); entries_[next].handle != 0; next = (next + 1) & mask()) {
            // An entry may fill the hole unless its home lies after the hole, cyclically.
            if (((next - home(entries_[next].reference)) & mask()) < ((next - hole) & mask())) continue;
            entries_[hole] = entries_[next];
            hole = next;
        }
        entries_[hole] = {};
        --count_;
    }
    void clear() {
        entries_.assign(initial_capacity, {});
        count_ = 0;
    }

private:
    struct Entry { std::uint64_t reference = 0; std::uint32_t handle = 0; };
    static constexpr std::size_t initial_capacity = 1024;

    [[nodiscard]] std::size_t mask() const { return entries_.size() - 1; }
    [[nodiscard]] std::size_t home(std::uint64_t reference) const {
        return static_cast<std::size_t>((reference * 0x9E3779B97F4A7C15ull) >> 20) & mask();
    }
    void place(std::uint64_t reference, std::uint32_t handle) {
        std::size_t at = home(reference);
        while (entries_[at].handle != 0) at = (at + 1) & mask();
        entries_[at] = {reference, handle};
    }
    void grow() {
        std::vector<Entry> before(entries_.size() * 2);
        before.swap(entries_);
        for (const Entry& entry : before)
            if (entry.handle != 0) place(entry.reference, entry.handle);
    }

    std::vector<Entry> entries_;
    std::size_t count_ = 0;
};

}  // namespace colo
