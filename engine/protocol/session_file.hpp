// A recorded session on disk: ITCH 5.0 messages, each behind a two-byte big-endian length, mapped into memory.
//
// The sequence number of a message is its place in the file, counted from 1. A reader checks every message before it is
// seen; what is wrong is told with the file, the offset of the length prefix, and the field.
//
//   auto file = SessionFile::open("session.itch");
//   if (!file) fail(file.error().to_string());
//   for (auto cursor = file->cursor(); auto record = cursor.next();) apply(record->sequence, record->message);
//   // cursor.error() says whether it ended before the end of the file:
//   // "session.itch: offset 1304, ITCH message.message_type at byte 0: unknown type 'z' (0x7a)"
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/core/decode_error.hpp"
#include "engine/core/result.hpp"
#include "engine/core/wire.hpp"

namespace colo {

struct SessionFileError {
    std::string path;
    std::uint64_t offset = 0;           // of the length prefix of the message that is wrong
    std::optional<DecodeError> decode;  // what is wrong with the message
    std::string reason;                 // else: why the file cannot be read
    [[nodiscard]] std::string to_string() const;
};

class SessionFile {
public:
    struct Record {
        SequenceNumber sequence;
        std::uint64_t offset;  // of its length prefix
        Bytes message;
    };

    // Walks the messages from a place on; stops at the end or at the first message that is wrong.
    class Cursor {
    public:
        [[nodiscard]] std::optional<Record> next();
        // Set once next() returned nothing because of a fault.
        [[nodiscard]] const std::optional<SessionFileError>& error() const { return error_; }
        [[nodiscard]] std::uint64_t offset() const { return offset_; }

    private:
        friend class SessionFile;
        Cursor(const SessionFile& file, std::uint64_t offset, SequenceNumber sequence)
            : file_(&file), offset_(offset), sequence_(sequence) {}
        const SessionFile* file_;
        std::uint64_t offset_;
        SequenceNumber sequence_;
        std::optional<SessionFileError> error_;
    };

    // Maps the file; its messages are checked as they are walked. An empty file is a session of no messages.
    [[nodiscard]] static Result<SessionFile, SessionFileError> open(const std::string& path);

    // The same over bytes that the caller keeps; `name` stands for the path in errors.
    [[nodiscard]] static SessionFile over(std::string name, Bytes bytes) { return {std::move(name), bytes, false}; }

    SessionFile(SessionFile&&) noexcept;
    SessionFile& operator=(SessionFile&&) noexcept;
    ~SessionFile();

    [[nodiscard]] Cursor cursor() const { return {*this, 0, SequenceNumber{1}}; }
    [[nodiscard]] Bytes bytes() const { return bytes_; }
    [[nodiscard]] const std::string& path() const { return path_; }

    // The offset of every message's length prefix: message with sequence n lies at index[n - 1]. Checks the whole file.
    [[nodiscard]] Result<std::vector<std::uint64_t>, SessionFileError> index() const;
    // The message behind the length prefix at an offset taken from the index.
    [[nodiscard]] Bytes message_at(std::uint64_t offset) const {
        return bytes_.subspan(offset + 2, load_big_endian<std::uint16_t>(bytes_.data() + offset));
    }

private:
    SessionFile(std::string path, Bytes bytes, bool mapped) : path_(std::move(path)), bytes_(bytes), mapped_(mapped) {}
    std::string path_;
    Bytes bytes_;
    bool mapped_ = false;
};

// One length-prefixed message at the start of these bytes, checked.
// Returns the message, or what is wrong: truncated, a length that is not the type's, an unknown type.
[[nodiscard]] Result<Bytes, DecodeError> take_prefixed(Bytes bytes);

}  // namespace colo
