// A bounded stream of bytes from one process to another that it does not have to trust.
//
// The memory between them is an array of cells of one cache line: a word that announces the cell, and up to 56 bytes
// of the stream. The word holds the cell's number since the beginning and the count of its bytes, so the line that
// brings the news brings an order too, and whoever reads can tell a cell that is its turn from anything else. In the
// other direction goes one word: how many cells were taken. Both sides keep their place in memory of their own, and check
// what the other one wrote: a word that cannot be ends the stream (`corrupt`), and never leads outside the ring.
//
// Zeros are an empty ring. There is no way to go on in a ring whose other side died: a new connection has a new one.
//
//   StreamRing<4096>& ring = ...;                     // in memory that both map
//   StreamRingWriter writer(ring);  std::size_t taken = writer.write(bytes);     // less than given where it is full
//   StreamRingReader reader(ring);  std::size_t count = reader.read(into);
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "engine/core/ring_memory.hpp"
#include "engine/core/wire.hpp"

namespace colo {

template <std::size_t cells_, class Memory_ = HardwareMemory>
struct StreamRing {
    using Memory = Memory_;
    using Word = typename Memory::template Atomic<std::uint64_t>;
    static constexpr std::size_t cells = cells_;
    static constexpr std::size_t cell_bytes = cache_line_bytes - sizeof(std::uint64_t);
    static_assert(std::has_single_bit(cells) && cells >= 2);

    using Chunk = std::array<std::byte, cell_bytes>;
    struct alignas(cache_line_bytes) Cell {
        Word announced{0};
        typename Memory::template Cell<Chunk> chunk;
    };

    // A cell's word: its number, from 1 on, and how many bytes it carries.
    static constexpr unsigned length_bits = 6;
    static constexpr std::uint64_t length_mask = (1u << length_bits) - 1;
    static_assert(cell_bytes <= length_mask);

    alignas(separation_bytes) Word taken{0};
    alignas(separation_bytes) std::array<Cell, cells> line;
};

template <class Ring>
class StreamRingWriter {
public:
    explicit StreamRingWriter(Ring& ring) : ring_(&ring) {}

    // How many of the bytes, from the first, there was room for.
    [[nodiscard]] std::size_t write(Bytes bytes) {
        std::size_t done = 0;
        while (done < bytes.size() && room()) {
            const std::size_t length = std::min(Ring::cell_bytes, bytes.size() - done);
            typename Ring::Chunk chunk{};
            std::memcpy(chunk.data(), bytes.data() + done, length);
            auto& cell = ring_->line[sent_ % Ring::cells];
            cell.chunk.write(chunk);
            ++sent_;
            cell.announced.store(sent_ << Ring::length_bits | length, std::memory_order_release);
            done += length;
        }
        return done;
    }
    // The other side says that it has taken what was never sent.
    [[nodiscard]] bool corrupt() const { return corrupt_; }

private:
    [[nodiscard]] bool room() {
        if (corrupt_) return false;
        if (sent_ - taken_seen_ < Ring::cells) return true;
        const std::uint64_t taken = ring_->taken.load(std::memory_order_acquire);
        corrupt_ = taken < taken_seen_ || taken > sent_;
        if (corrupt_) return false;
        taken_seen_ = taken;
        return sent_ - taken_seen_ < Ring::cells;
    }

    Ring* ring_;
    std::uint64_t sent_ = 0;
    std::uint64_t taken_seen_ = 0;
    bool corrupt_ = false;
};

template <class Ring>
class StreamRingReader {
public:
    explicit StreamRingReader(Ring& ring) : ring_(&ring) {}

    // How many bytes were there, up to the length of `into`.
    [[nodiscard]] std::size_t read(MutableBytes into) {
        std::size_t done = 0;
        while (done < into.size()) {
            if (begin_ == end_ && !next_chunk()) break;
            const std::size_t count = std::min(end_ - begin_, into.size() - done);
            std::memcpy(into.data() + done, chunk_.data() + begin_, count);
            begin_ += count;
            done += count;
        }
        return done;
    }
    // The other side announced what cannot be.
    [[nodiscard]] bool corrupt() const { return corrupt_; }

private:
    // The bytes are copied before anything looks at them: what is checked is what is used.
    [[nodiscard]] bool next_chunk() {
        if (corrupt_) return false;
        auto& cell = ring_->line[taken_ % Ring::cells];
        const std::uint64_t announced = cell.announced.load(std::memory_order_acquire);
        const std::uint64_t number = announced >> Ring::length_bits;
        const std::uint64_t length = announced & Ring::length_mask;
        if (number != taken_ + 1) {
            const std::uint64_t before = taken_ < Ring::cells ? 0 : taken_ + 1 - Ring::cells;
            corrupt_ = number != before;
            return false;
        }
        corrupt_ = length == 0 || length > Ring::cell_bytes;
        if (corrupt_) return false;
        chunk_ = cell.chunk.read();
        begin_ = 0;
        end_ = length;
        ++taken_;
        ring_->taken.store(taken_, std::memory_order_release);
        return true;
    }

    Ring* ring_;
    std::uint64_t taken_ = 0;
    typename Ring::Chunk chunk_{};
    std::size_t begin_ = 0, end_ = 0;
    bool corrupt_ = false;
};

}  // namespace colo
