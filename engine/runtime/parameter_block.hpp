// A strategy's parameters in shared memory: an operator's process writes, the trading loop looks once a turn, and neither
// waits for the other.
//
// A seqlock: the count is odd while somebody writes, so a reader that saw the same even count before and after has read
// one change whole. Looking costs one load of a line that nobody else touches. Writers exclude each other by a lock of
// the file, which a dead one leaves behind for nobody. The engine answers each change in the same file: applied, or
// refused with a sentence. Boehm, "Can seqlocks get along with programming language memory models?", MSPC 2012.
//
//   ParameterBlock block = ParameterBlock::create(path, current);       // the engine
//   if (block.changed()) if (auto change = block.read()) ...
//   ParameterBlock block = ParameterBlock::open(path);                  // whoever changes them
//   block.propose(change);
//   while (!(answer = block.answer_to(change.generation))) ...
#pragma once

#include <atomic>
#include <bit>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "engine/runtime/parameters.hpp"
#include "engine/transport/descriptor.hpp"

namespace colo {

// One value that one thread writes and others read whole. Its memory is zero before the first write.
template <class T>
class Seqlock {
    static_assert(std::is_trivially_copyable_v<T> && sizeof(T) % 8 == 0);
    using Words = std::array<std::uint64_t, sizeof(T) / 8>;

public:
    [[nodiscard]] std::uint64_t count() const { return count_.load(std::memory_order_relaxed); }

    void write(const T& value) {
        const auto words = std::bit_cast<Words>(value);
        const std::uint64_t odd = count_.load(std::memory_order_relaxed) | 1;  // odd already where a writer died
        count_.store(odd, std::memory_order_relaxed);
        std::atomic_thread_fence(std::memory_order_release);
        for (std::size_t i = 0; i < words.size(); ++i) words_[i].store(words[i], std::memory_order_relaxed);
        count_.store(odd + 1, std::memory_order_release);
    }
    // The value and the count that belongs to it; nothing while it is being written.
    [[nodiscard]] std::optional<std::pair<T, std::uint64_t>> read() const {
        Words words;
        const std::uint64_t before = count_.load(std::memory_order_acquire);
        for (std::size_t i = 0; i < words.size(); ++i) words[i] = words_[i].load(std::memory_order_relaxed);
        std::atomic_thread_fence(std::memory_order_acquire);
        if (before % 2 == 1 || count_.load(std::memory_order_relaxed) != before) return std::nullopt;
        return std::pair{std::bit_cast<T>(words), before};
    }

private:
    std::atomic<std::uint64_t> count_{0};
    std::array<std::atomic<std::uint64_t>, sizeof(T) / 8> words_{};
};

struct ParameterAnswer {
    std::uint64_t generation = 0;
    std::uint64_t applied = 0;
    std::array<char, 160> sentence{};
};

class ParameterBlock {
public:
    // For the engine: the file is made anew, with what is in force. Without a path nobody can write to it. Throws
    // std::system_error.
    [[nodiscard]] static ParameterBlock create(const std::filesystem::path& path, const ParameterChange& current);
    // For whoever changes parameters; waits for others that do. Throws std::runtime_error with one sentence.
    [[nodiscard]] static ParameterBlock open(const std::filesystem::path& path);
    ParameterBlock(ParameterBlock&& other) noexcept;
    ParameterBlock(const ParameterBlock&) = delete;
    ParameterBlock& operator=(const ParameterBlock&) = delete;
    ParameterBlock& operator=(ParameterBlock&&) = delete;
    ~ParameterBlock();

    // The engine's side. One load, so that it can be asked in every turn.
    [[nodiscard]] bool changed() const { return layout_->change.count() != seen_; }
    [[nodiscard]] std::optional<ParameterChange> read() {
        const auto found = layout_->change.read();
        if (!found) return std::nullopt;
        seen_ = found->second;
        return found->first;
    }
    // What is in force now, and what became of a proposal.
    void publish(const ParameterChange& in_force) { layout_->in_force.write(in_force); }
    void answer(std::uint64_t generation, bool applied, std::string_view sentence);

    // The operator's side.
    [[nodiscard]] std::optional<ParameterChange> in_force() const;
    // Above everything that was proposed, so that no answer to another can be taken for the one to this.
    [[nodiscard]] std::uint64_t next_generation() const;
    void propose(const ParameterChange& change) { layout_->change.write(change); }
    [[nodiscard]] std::optional<ParameterAnswer> answer_to(std::uint64_t generation) const;

private:
    struct Layout {
        std::array<char, 8> magic;
        alignas(64) Seqlock<ParameterChange> change;
        alignas(64) Seqlock<ParameterChange> in_force;
        alignas(64) Seqlock<ParameterAnswer> answer;
    };
    static constexpr std::array<char, 8> magic_text{'C', 'O', 'L', 'O', 'P', 'R', 'M', '1'};

    ParameterBlock(Descriptor file, void* memory) : file_(std::move(file)), layout_(static_cast<Layout*>(memory)) {}

    Descriptor file_;
    std::filesystem::path made_;  // taken away at the end; empty where it was opened
    Layout* layout_;
    std::uint64_t seen_ = 0;
};

}  // namespace colo
