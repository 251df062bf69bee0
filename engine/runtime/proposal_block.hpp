// How other parameters, commands and models reach a running engine: an operator's process writes a proposal into shared
// memory, the trading loop looks once a turn, and neither waits for the other.
//
// Looking costs one load of a line that nobody else touches. Writers exclude each other by a lock of the file, which a
// dead one leaves behind for nobody. The engine answers each proposal in the same file: applied, or refused with a
// sentence.
//
//   using Block = ProposalBlock<ParameterChange>;
//   Block block = Block::create(path, current);                         // the engine
//   if (block.changed()) if (auto change = block.read()) ...
//   Block block = Block::open(path);                                    // whoever changes them
//   block.propose(change);
//   while (!(answer = block.answer_to(change.generation))) ...
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstdint>
#include <filesystem>
#include <new>
#include <optional>
#include <string_view>

#include "engine/runtime/proposal.hpp"
#include "engine/runtime/seqlock.hpp"
#include "engine/runtime/shared_file.hpp"

namespace colo {

struct ProposalAnswer {
    std::uint64_t generation = 0;
    std::uint64_t applied = 0;
    std::array<char, 160> sentence{};
};

// T is a Proposal with a `block_kind`.
template <std::derived_from<Proposal> T>
class ProposalBlock {
public:
    // For the engine: the file is made anew, with what is in force. Without a path nobody can write to it. Throws
    // std::system_error.
    [[nodiscard]] static ProposalBlock create(const std::filesystem::path& path, const T& current) {
        ProposalBlock block(SharedFile::create(path, sizeof(Layout), T::block_kind));
        new (block.file_.content()) Layout{};
        block.layout().proposal.write(current);
        block.layout().in_force.write(current);
        block.seen_ = block.layout().proposal.count();
        block.file_.publish();
        return block;
    }
    // For whoever proposes; waits for others that do. Throws std::runtime_error with one sentence.
    [[nodiscard]] static ProposalBlock open(const std::filesystem::path& path) {
        return ProposalBlock(SharedFile::open(path, sizeof(Layout), T::block_kind, true));
    }

    // The engine's side. One load, so that it can be asked in every turn.
    [[nodiscard]] bool changed() const { return layout().proposal.count() != seen_; }
    [[nodiscard]] std::optional<T> read() {
        const auto found = layout().proposal.read();
        if (!found) return std::nullopt;
        seen_ = found->second;
        return found->first;
    }
    // What is in force now, and what became of a proposal.
    void publish(const T& in_force) { layout().in_force.write(in_force); }
    void answer(std::uint64_t generation, bool applied, std::string_view sentence) {
        ProposalAnswer answer{generation, applied ? 1u : 0u, {}};
        std::copy_n(sentence.data(), std::min(sentence.size(), answer.sentence.size() - 1), answer.sentence.data());
        layout().answer.write(answer);
    }

    // The operator's side. Nothing in force: the engine died while it wrote that.
    [[nodiscard]] std::optional<T> in_force() const { return layout().in_force.read_patiently(); }
    // Above everything that was proposed, so that no answer to another can be taken for the one to this.
    [[nodiscard]] std::uint64_t next_generation() const {
        const auto proposed = layout().proposal.read();  // nothing where a writer died: nobody knows its number
        const auto answered = layout().answer.read();
        const auto current = in_force();
        return 1 + std::max({proposed ? proposed->first.generation : 0, answered ? answered->first.generation : 0,
                             current ? current->generation : 0});
    }
    void propose(const T& proposal) { layout().proposal.write(proposal); }
    [[nodiscard]] std::optional<ProposalAnswer> answer_to(std::uint64_t generation) const {
        const auto found = layout().answer.read();
        return found && found->first.generation == generation ? std::optional(found->first) : std::nullopt;
    }

private:
    struct Layout {
        alignas(64) Seqlock<T> proposal;
        alignas(64) Seqlock<T> in_force;
        alignas(64) Seqlock<ProposalAnswer> answer;
    };

    explicit ProposalBlock(SharedFile file) : file_(std::move(file)) {}
    [[nodiscard]] Layout& layout() const { return *static_cast<Layout*>(file_.content()); }

    SharedFile file_;
    std::uint64_t seen_ = 0;
};

}  // namespace colo
