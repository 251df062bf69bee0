// What the venue must not forget: each client message and disconnect with its place in the recorded session, and each
// place at which recorded flow made it say something, written before the answer leaves. Matching is a pure function of
// the session and of these, so that a simulator that was killed re-executes them, and stands where it has said the last
// thing that a client can have heard: with the same book, the same answers and the same numbers.
//
// File `exchange.journal`: a 32-byte header, then entries of 16 bytes and a payload, little endian. An entry that was
// being written when the machine stopped is cut off on opening; a damaged one before the end is an error.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "engine/core/types.hpp"
#include "engine/core/wire.hpp"
#include "engine/transport/descriptor.hpp"

namespace colo::simulator {

class ExchangeJournal {
public:
    enum class Kind : std::uint8_t { message = 1, disconnect = 2, answered = 3 };

    struct Entry {
        SequenceNumber position;  // of the last recorded message before it
        Kind kind{};
        Bytes payload;
    };

    // Opens or creates the journal and locks it. Throws SimulatorError where it belongs to another session, is damaged,
    // or another simulator holds it.
    ExchangeJournal(const std::filesystem::path& directory, const std::string& mold_session);

    // What was there on opening.
    [[nodiscard]] const std::vector<Entry>& recovered() const { return recovered_; }
    // Bytes of an unfinished entry that opening has cut off.
    [[nodiscard]] std::uint64_t cut_off() const { return cut_off_; }

    // Keeps an entry for the next commit.
    void append(const Entry& entry);
    // Writes what was appended; only then may the venue answer it. Throws SimulatorError where the disk is full.
    void commit();

private:
    void create(const std::string& mold_session);
    void read(const std::string& mold_session);

    std::filesystem::path path_;
    Descriptor file_;
    std::vector<std::byte> image_;     // of the file as it was opened; recovered_ points into it
    std::vector<Entry> recovered_;
    std::vector<std::byte> pending_;
    std::uint64_t written_ = 0;
    std::uint64_t cut_off_ = 0;
};

}  // namespace colo::simulator
