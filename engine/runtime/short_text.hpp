// A text of bounded length that is put together without the heap: what a running engine has to say.
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <concepts>
#include <cstddef>
#include <string_view>

namespace colo {

// What does not fit is cut, and `cut()` says so.
template <std::size_t characters_max>
class ShortText {
public:
    ShortText() = default;
    template <class... Parts>
    explicit ShortText(const Parts&... parts) {
        (append(parts), ...);
    }
    void append(std::string_view part) {
        const std::size_t length = std::min(part.size(), characters_max - length_);
        std::copy_n(part.data(), length, text_.data() + length_);
        length_ += length;
        cut_ |= length < part.size();
    }
    // Shortest digits that give the same number back.
    template <class Number>
        requires std::integral<Number> || std::floating_point<Number>
    void append(Number number) {
        std::array<char, 32> digits;
        const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
        append(std::string_view(digits.data(), static_cast<std::size_t>(end - digits.data())));
    }
    [[nodiscard]] std::string_view view() const { return {text_.data(), length_}; }
    [[nodiscard]] bool cut() const { return cut_; }

private:
    std::array<char, characters_max> text_{};
    std::size_t length_ = 0;
    bool cut_ = false;
};

}  // namespace colo
