// What a loop that decides needs of its journal.
#pragma once

#include <concepts>
#include <string>

#include "engine/journal/record.hpp"

namespace colo {

// Appends to the journal; false where it cannot be written, after which nothing may leave.
template <class T>
concept Recorder = requires(T recorder, const RecordFields& fields, Bytes payload) {
    { recorder.append(fields, payload) } -> std::same_as<bool>;
    { recorder.failed() } -> std::same_as<bool>;            // checked every turn, so cheap
    recorder.sync_soon();                                   // what was appended is to survive power loss
    { recorder.synced() } -> std::same_as<bool>;            // it does
    { recorder.failure() } -> std::convertible_to<std::string>;
};

}  // namespace colo
