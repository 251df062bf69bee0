// A bounded queue from one thread to another, where an element travels in the cache line that announces it.
//
// What a queue between cores costs is the lines that move between them. With the usual layout (an array of elements, an
// index on a line of its own) each message moves two: the consumer sees the index change, then fetches the element. Here
// the array is cut into blocks, each a whole number of lines: a word that counts the elements published in the block,
// then the elements (seven of eight bytes in a line). pop() of one element polls the word of the block that it reads
// next, and the line that brings the news brings the element too: a round trip costs what a bare ping-pong of two lines
// does. pop() of a batch polls the count of all elements instead, leaves alone the lines that the producer is writing,
// and asks for all lines of the batch at once. In the other direction the consumer tells how many blocks it has left
// behind, but only when they are a quarter of the ring or the ring is empty; the producer keeps a copy, looks again when
// the ring seems full, and asks for the lines of its batch at once too. A line that nobody polls stays where it is
// written, and costs nothing. A ring that does not fit into the first cache is half as fast when it is full.
//
//   auto* ring = new (memory) SpscRing<Order, 256>;    // memory may be shared between processes; zeros are a ring too
//   if (!ring->push(order)) ++orders_dropped;           // full: a value, never a wait
//   Order next;
//   while (ring->pop(next)) act(next);
//   std::size_t taken = ring->pop(std::span{batch});    // as many as there are, up to the length of the batch
//
// A process that takes the place of one that died calls resume_producer() or resume_consumer() before anything else.
// What was published is not lost and not doubled; what a dead consumer took with its last call may come once more.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

#include "engine/core/ring_memory.hpp"

namespace colo {

// Holds up to `blocks` blocks of elements; they are free again a quarter of the ring at a time, or when it is empty.
template <class T, std::size_t blocks, class Memory = HardwareMemory>
class SpscRing {
    static_assert(std::is_trivially_copyable_v<T>, "elements are copied between processes as bytes");
    static_assert(std::has_single_bit(blocks) && blocks >= 2);

    using Word = typename Memory::template Atomic<std::uint64_t>;
    static constexpr std::size_t block_bytes =
        (sizeof(std::uint64_t) + sizeof(T) + cache_line_bytes - 1) / cache_line_bytes * cache_line_bytes;

public:
    static constexpr std::size_t per_block = (block_bytes - sizeof(std::uint64_t)) / sizeof(T);
    static constexpr std::size_t capacity = blocks * per_block;

    // Producer: false where the ring is full.
    [[nodiscard]] bool push(const T& element) {
        if (filled_ == per_block && !next_block_to_fill()) return false;
        Block& block = blocks_[block_filled_ % blocks];
        block.elements[filled_].write(element);
        ++filled_;
        block.published.store(published_before(block_filled_) + filled_, std::memory_order_release);
        pushed_.store(block_filled_ * per_block + filled_, std::memory_order_release);
        return true;
    }

    // Producer: how many of the elements, from the first, there was room for.
    [[nodiscard]] std::size_t push(std::span<const T> elements) {
        fetch_blocks_to_fill(elements.size());
        std::size_t done = 0;
        while (done < elements.size()) {
            if (filled_ == per_block && !next_block_to_fill()) break;
            Block& block = blocks_[block_filled_ % blocks];
            const T* from = elements.data() + done;
            if (filled_ == 0 && elements.size() - done >= per_block) {
                for (std::size_t i = 0; i < per_block; ++i) block.elements[i].write(from[i]);
                filled_ = per_block;
                done += per_block;
            } else {
                const std::size_t count = std::min(per_block - filled_, elements.size() - done);
                for (std::size_t i = 0; i < count; ++i) block.elements[filled_ + i].write(from[i]);
                filled_ += count;
                done += count;
            }
            block.published.store(published_before(block_filled_) + filled_, std::memory_order_release);
        }
        if (done > 0) pushed_.store(block_filled_ * per_block + filled_, std::memory_order_release);
        return done;
    }

    // Consumer: false where the ring is empty.
    [[nodiscard]] bool pop(T& element) {
        const std::uint64_t number = place_ >> place_bits;
        const std::uint64_t taken = place_ & place_mask;
        Block& block = blocks_[number % blocks];
        if (taken == ready_) {
            ready_ = block.published.load(std::memory_order_acquire) - published_before(number);
            if (taken == ready_) return nothing_there();
        }
        element = block.elements[taken].read();
        advance(1);
        return true;
    }

    // Consumer: how many elements were there, up to the length of `into`.
    [[nodiscard]] std::size_t pop(std::span<T> into) {
        const std::uint64_t popped = (place_ >> place_bits) * per_block + (place_ & place_mask);
        if (pushed_seen_ <= popped) {
            pushed_seen_ = pushed_.load(std::memory_order_acquire);
            if (pushed_seen_ <= popped) {
                Memory::pause();
                return nothing_there();
            }
        }
        const std::size_t wanted = std::min<std::size_t>(into.size(), pushed_seen_ - popped);
        fetch_blocks_to_take(wanted);
        std::size_t done = 0;
        while (done < wanted) {
            const Block& block = blocks_[(place_ >> place_bits) % blocks];
            const std::uint64_t taken = place_ & place_mask;
            T* to = into.data() + done;
            if (taken == 0 && wanted - done >= per_block) {
                for (std::size_t i = 0; i < per_block; ++i) to[i] = block.elements[i].read();
                done += per_block;
                advance(per_block);
            } else {
                const std::size_t count = std::min(per_block - taken, wanted - done);
                for (std::size_t i = 0; i < count; ++i) to[i] = block.elements[taken + i].read();
                done += count;
                advance(count);
            }
        }
        ready_ = place_ & place_mask;
        return done;
    }

    // What the dead thread knew but for its own position follows from the words that it published.
    void resume_producer() {
        const Block& block = blocks_[block_filled_ % blocks];
        filled_ = block.published.load(std::memory_order_relaxed) - published_before(block_filled_);
        released_seen_ = released_.load(std::memory_order_acquire);
        pushed_.store(block_filled_ * per_block + filled_, std::memory_order_release);
    }
    void resume_consumer() {
        ready_ = place_ & place_mask;
        pushed_seen_ = 0;
        released_told_ = released_.load(std::memory_order_relaxed);
    }

private:
    static constexpr unsigned place_bits = 6;
    static constexpr std::uint64_t place_mask = (1u << place_bits) - 1;
    static_assert(per_block <= place_mask);
    static constexpr std::uint64_t blocks_told_at_once = blocks < 4 ? 1 : blocks / 4;

    struct alignas(cache_line_bytes) Block {
        Word published{0};  // elements ever published in this block, over all rounds of the ring
        std::array<typename Memory::template Cell<T>, per_block> elements;
    };

    // A block's count when the producer begins to fill it as number `block`.
    [[nodiscard]] static constexpr std::uint64_t published_before(std::uint64_t block) {
        return block / blocks * per_block;
    }

    [[nodiscard]] bool next_block_to_fill() {
        if (block_filled_ + 1 - released_seen_ >= blocks) {
            released_seen_ = released_.load(std::memory_order_acquire);
            if (block_filled_ + 1 - released_seen_ >= blocks) return false;
        }
        ++block_filled_;
        filled_ = 0;
        return true;
    }

    void advance(std::uint64_t count) {
        if ((place_ & place_mask) + count < per_block) {
            place_ += count;
            return;
        }
        place_ = ((place_ >> place_bits) + 1) << place_bits;
        ready_ = 0;
        if ((place_ >> place_bits) - released_told_ >= blocks_told_at_once) release();
    }
    void release() {
        released_told_ = place_ >> place_bits;
        released_.store(released_told_, std::memory_order_release);
    }
    bool nothing_there() {
        if (place_ >> place_bits != released_told_) release();
        return false;
    }

    // The current block is here already, and those that the consumer may be reading stay where they are.
    void fetch_blocks_to_fill(std::size_t elements) const {
        const std::uint64_t room = released_seen_ + blocks - 1;
        const std::uint64_t last = std::min<std::uint64_t>(block_filled_ + elements / per_block + 1, room);
        for (std::uint64_t next = block_filled_ + 1; next <= last; ++next) fetch<true>(next);
    }
    void fetch_blocks_to_take(std::size_t elements) const {
        const std::uint64_t first = place_ >> place_bits;
        const std::uint64_t last = first + ((place_ & place_mask) + elements - 1) / per_block;
        for (std::uint64_t next = first; next <= last; ++next) fetch<false>(next);
    }
    template <bool to_write>
    void fetch(std::uint64_t block) const {
        const auto* first = reinterpret_cast<const std::byte*>(&blocks_[block % blocks]);
        for (std::size_t at = 0; at < block_bytes; at += cache_line_bytes) {
            if constexpr (to_write) Memory::fetch_to_write(first + at);
            else Memory::fetch_to_read(first + at);
        }
    }

    // The producer's: the block that it fills, how far, and the copy of what the consumer left behind.
    alignas(separation_bytes) std::uint64_t block_filled_ = 0;
    std::uint64_t filled_ = 0;
    std::uint64_t released_seen_ = 0;
    // The consumer's: its place (the block's number and what was taken of it, in one word, so that a process that dies
    // leaves both or neither), what the block's word said is there, the copy of the count of all, and what it told.
    alignas(separation_bytes) std::uint64_t place_ = 0;
    std::uint64_t ready_ = 0;
    std::uint64_t pushed_seen_ = 0;
    std::uint64_t released_told_ = 0;
    // Elements that were ever pushed; blocks that the consumer has left behind.
    alignas(separation_bytes) Word pushed_{0};
    alignas(separation_bytes) Word released_{0};
    alignas(separation_bytes) std::array<Block, blocks> blocks_;
};

static_assert(SpscRing<std::uint64_t, 2>::per_block == 7);
static_assert(std::is_standard_layout_v<SpscRing<std::uint64_t, 2>>);
static_assert(std::is_trivially_destructible_v<SpscRing<std::uint64_t, 2>>);
static_assert(std::atomic<std::uint64_t>::is_always_lock_free);

}  // namespace colo
