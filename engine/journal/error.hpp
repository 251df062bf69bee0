// What the journal says when it cannot write, read or recover: a value that names the file, the byte in it and why.
//
//   auto opened = Journal::open(config, identity);
//   if (!opened) fail(opened.error().to_string());
//   // "/data/journal-0000000003.colo at byte 8192: cannot write 4096 bytes: No space left on device"
#pragma once

#include <cstdint>
#include <string>

namespace colo {

struct JournalError {
    enum class Kind : std::uint8_t {
        storage,  // the operating system refused: disk full, no permission, I/O error
        corrupt,  // bytes that no writer left: wrong checksum, lying length, missing end mark
        version,  // a format that this build does not read
        identity, // the files belong to another site, session, day or segment length
        in_use,   // another process has the journal open
        missing,  // a segment or an offset that is not there
    };

    Kind kind{};
    std::string file;          // the file, or the directory where no single file is meant
    std::uint64_t offset = 0;  // byte in that file
    std::string reason;

    [[nodiscard]] std::string to_string() const {
        return file + " at byte " + std::to_string(offset) + ": " + reason;
    }
};

}  // namespace colo
