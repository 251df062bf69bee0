// Control records: what happens to an engine besides messages, as text in its journal, so that replay sees it too.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "engine/runtime/short_text.hpp"

namespace colo {

enum class Control : std::uint8_t {
    start,               // a process begins or resumes: nothing of the order session is known to be up
    order_session_up,    // logged in: the account query follows
    order_session_down,  // the connection is gone: every open order is unknown
    kill_switch,         // cancel everything, send nothing new
    stop,                // the same, because the engine ends
    snapshot_begin,      // the books are emptied; the snapshot's messages follow
    snapshot_end,
    rearm,               // the kill switch is released by somebody; the detail is who
    order_numbers,       // client order numbers may be used; the detail is the last one
    parameters,          // the strategy's parameters change; the detail is a ParameterChange's text
    parameters_refused,  // a change that was asked for and is none; the detail says why
    pause,               // nothing that the strategy wants is worked; this and the next two: the detail is a Command's text
    resume,
    cancel,              // of all orders, those of an instrument, or one
    command_refused,     // the detail says whose, and why
    order_number_block,  // they are ours, and can be used when this record is certain to survive; the detail is the last
};

inline constexpr std::array<std::string_view, 16> control_words = {
    "start", "order session up", "order session down", "kill switch", "stop", "snapshot begin", "snapshot end",
    "re-arm", "order numbers", "parameters", "parameters refused", "pause", "resume", "cancel", "command refused",
    "order number block"};

[[nodiscard]] constexpr std::string_view word_of(Control control) {
    return control_words[static_cast<std::size_t>(control)];
}

// A control's text is its word, and where there is more to say a colon and that.
[[nodiscard]] constexpr std::optional<Control> control_of(std::string_view text) {
    const std::string_view word = text.substr(0, text.find(':'));
    for (std::size_t i = 0; i < control_words.size(); ++i)
        if (word == control_words[i]) return static_cast<Control>(i);
    return std::nullopt;
}

// What follows the word: empty where there is nothing more to say.
[[nodiscard]] constexpr std::string_view detail_of(std::string_view text) {
    const std::size_t colon = text.find(": ");
    return colon == std::string_view::npos ? std::string_view{} : text.substr(colon + 2);
}

// A control's text.
[[nodiscard]] inline ShortText<1024> text_of(Control control, std::string_view detail) {
    return detail.empty() ? ShortText<1024>(word_of(control)) : ShortText<1024>(word_of(control), ": ", detail);
}

}  // namespace colo
