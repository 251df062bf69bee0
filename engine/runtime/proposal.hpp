// What somebody proposes to a running engine has a number and a name: the generation counts what was proposed, and the
// author stands in the journal beside what came of it.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "engine/runtime/author.hpp"
#include "engine/runtime/short_text.hpp"

namespace colo {

using Sentence = ShortText<160>;

struct Proposal {
    std::uint64_t generation = 0;
    std::array<char, Author::characters_max> author{};
    std::uint64_t author_length = 0;

    [[nodiscard]] std::string_view author_view() const {
        return {author.data(), std::min<std::size_t>(author_length, author.size())};
    }
    void sign(std::string_view name) { author_length = name.copy(author.data(), author.size()); }
};

// What is wrong with a proposal whatever it says; it comes from memory that others write to.
[[nodiscard]] inline std::optional<Sentence> refusal_of(const Proposal& proposal, std::uint64_t generation_now) {
    if (!Author::of(proposal.author_view())) return Sentence("the author is no name");
    if (proposal.generation <= generation_now)
        return Sentence("generation ", proposal.generation, " is not above ", generation_now, ", which is in force");
    return std::nullopt;
}

}  // namespace colo
