// Who told a running engine to do something: a name that can stand in the journal.
#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

namespace colo {

class Author {
public:
    static constexpr std::size_t characters_max = 32;

    // Letters, digits and . _ - @ only, so that no name can pass for another control; nothing where it is none.
    [[nodiscard]] static constexpr std::optional<Author> of(std::string_view name) {
        if (name.empty() || name.size() > characters_max) return std::nullopt;
        for (const char c : name) {
            const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
            if (!letter && c != '.' && c != '_' && c != '-' && c != '@') return std::nullopt;
        }
        Author author;
        std::copy_n(name.data(), name.size(), author.characters_.data());
        author.length_ = name.size();
        return author;
    }
    [[nodiscard]] constexpr std::string_view view() const { return {characters_.data(), length_}; }

private:
    std::array<char, characters_max> characters_{};
    std::size_t length_ = 0;
};

}  // namespace colo
