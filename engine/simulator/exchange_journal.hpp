// What the venue must not forget: each client message and disconnect with its place in the recorded session, written
// before it is answered, and how far the session was played. Matching is a pure function of the session and of these,
// so that a simulator that was killed re-executes them and stands where it stood: with the same book, the same answers
// and the same numbers, and never behind anything that a client has seen.
//
// File `exchange.journal`, little endian: a 32-byte header, 8 bytes with the last message played, then entries of 16
// bytes and a payload. The 8 bytes are mapped, so that storing them before each packet costs no system call; after a
// power loss they may be old, and the entries alone count. An entry that was being written when the machine stopped is
// cut off on opening; a damaged one before the end is an error.
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
    enum class Kind : std::uint8_t { message = 1, disconnect = 2 };

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

    // How far the session was played, according to the mapped bytes; 0 for a new journal.
    [[nodiscard]] SequenceNumber played() const { return SequenceNumber{*played_}; }
    // Before the messages up to this one are played, so that none can be seen that it does not remember.
    void set_played(SequenceNumber last) { *played_ = last.value(); }

    // Keeps an entry for the next commit.
    void append(const Entry& entry);
    // Writes what was appended; only then may the venue answer it. Throws SimulatorError where the disk is full.
    void commit();

    ~ExchangeJournal();
    ExchangeJournal(const ExchangeJournal&) = delete;
    ExchangeJournal& operator=(const ExchangeJournal&) = delete;

private:
    void load();
    void map_played();
    void create(const std::string& mold_session);
    void read(const std::string& mold_session);

    std::filesystem::path path_;
    Descriptor file_;
    std::vector<std::byte> image_;     // of the file as it was opened; recovered_ points into it
    std::vector<Entry> recovered_;
    std::vector<std::byte> pending_;
    std::uint64_t written_ = 0;
    std::uint64_t cut_off_ = 0;
    volatile std::uint64_t* played_ = nullptr;
};

}  // namespace colo::simulator
