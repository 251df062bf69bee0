// What operators tell a running engine to do beside changing its parameters: pause and resume the strategy, cancel
// orders.
//
// A command is journaled as text before it acts, between two messages, so that replay acts at the same place:
//
//   pause: 3 alice avellaneda_stoikov
//   cancel: 4 alice all            cancel: 5 alice instrument AAPL            cancel: 6 alice order 42
//
// A paused strategy is asked as before, so that it goes on learning, but nothing of what it wants is worked, and its
// orders are cancelled. A cancel without a pause takes away what stands now: the strategy may quote anew.
#pragma once

#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

#include "engine/core/types.hpp"
#include "engine/runtime/control.hpp"
#include "engine/runtime/proposal.hpp"
#include "engine/runtime/shared_file.hpp"

namespace colo {

enum class CommandKind : std::uint64_t { pause, resume, cancel };

struct Command : Proposal {
    static constexpr SharedFileKind block_kind{"commands", "COLOCMD1"};

    std::uint64_t kind = 0;  // a CommandKind
    std::uint64_t target_length = 0;
    std::array<char, 48> target{};  // the strategy's name; of a cancel: all, instrument SYMBOL, order NUMBER

    [[nodiscard]] std::string_view target_view() const {
        return {target.data(), std::min<std::size_t>(target_length, target.size())};
    }
    void aim(std::string_view at) { target_length = at.copy(target.data(), target.size()); }
    [[nodiscard]] bool is(CommandKind which) const { return kind == static_cast<std::uint64_t>(which); }
};

// As which a command is journaled; nothing where the kind is none.
[[nodiscard]] inline std::optional<Control> control_of(const Command& command) {
    if (command.is(CommandKind::pause)) return Control::pause;
    if (command.is(CommandKind::resume)) return Control::resume;
    if (command.is(CommandKind::cancel)) return Control::cancel;
    return std::nullopt;
}

// What a cancel is aimed at. With neither: every order.
struct CancelTarget {
    std::string_view symbol;
    UserRefNum number;
};
[[nodiscard]] inline std::optional<CancelTarget> cancel_target(std::string_view text) {
    constexpr std::string_view instrument = "instrument ", order = "order ";
    if (text == "all") return CancelTarget{};
    if (text.starts_with(instrument)) {
        text.remove_prefix(instrument.size());
        return text.empty() ? std::nullopt : std::optional(CancelTarget{text, {}});
    }
    if (!text.starts_with(order)) return std::nullopt;
    text.remove_prefix(order.size());
    std::uint32_t number = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
    if (read.ec != std::errc{} || read.ptr != text.data() + text.size() || number == 0) return std::nullopt;
    return CancelTarget{{}, UserRefNum{number}};
}

// The detail of its control record.
[[nodiscard]] inline ShortText<128> text_of(const Command& command) {
    return ShortText<128>(command.generation, " ", command.author_view(), " ", command.target_view());
}

// Reads what text_of gave; nothing where the text is of no such command.
[[nodiscard]] inline std::optional<Command> command_of(CommandKind kind, std::string_view text) {
    Command command;
    command.kind = static_cast<std::uint64_t>(kind);
    const char* const end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, command.generation);
    if (read.ec != std::errc{} || read.ptr == end || *read.ptr != ' ') return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(read.ptr - text.data()) + 1);
    const std::size_t space = text.find(' ');
    if (space == std::string_view::npos || !Author::of(text.substr(0, space))) return std::nullopt;
    command.sign(text.substr(0, space));
    text.remove_prefix(space + 1);
    if (text.empty() || text.size() > command.target.size()) return std::nullopt;
    command.aim(text);
    return command;
}

}  // namespace colo
