// A file of the journal, closed when it goes out of scope; whatever the operating system refuses is a JournalError
// with the file's name, the byte and the system's reason.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "engine/core/result.hpp"
#include "engine/core/wire.hpp"
#include "engine/journal/error.hpp"

namespace colo {

using MaybeJournalError = std::optional<JournalError>;

class JournalFile {
public:
    JournalFile() = default;
    // `flags` of open(2).
    [[nodiscard]] static Result<JournalFile, JournalError> open(const std::filesystem::path& path, int flags);
    ~JournalFile();
    JournalFile(JournalFile&& other) noexcept;
    JournalFile& operator=(JournalFile&& other) noexcept;

    [[nodiscard]] bool is_open() const { return descriptor_ >= 0; }
    [[nodiscard]] int descriptor() const { return descriptor_; }
    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

    // Writes all of the bytes or says at which byte it stopped, which `offset` is then.
    [[nodiscard]] MaybeJournalError write(std::uint64_t& offset, Bytes bytes) const;
    // Reads until the buffer is full or the file ends; the number of bytes read.
    [[nodiscard]] Result<std::uint64_t, JournalError> read(std::uint64_t offset, MutableBytes into) const;
    [[nodiscard]] Result<std::uint64_t, JournalError> length() const;
    [[nodiscard]] MaybeJournalError truncate(std::uint64_t length) const;
    [[nodiscard]] MaybeJournalError sync() const;

    // The error that errno stands for, such as "cannot write 4096 bytes: No space left on device".
    [[nodiscard]] JournalError error(std::uint64_t offset, const std::string& what) const;

private:
    int descriptor_ = -1;
    std::filesystem::path path_;
};

// errno as a JournalError of a file that is not open.
[[nodiscard]] JournalError storage_error(const std::filesystem::path& path, std::uint64_t offset,
                                         const std::string& what);
[[nodiscard]] MaybeJournalError rename_file(const std::filesystem::path& from, const std::filesystem::path& to);
[[nodiscard]] MaybeJournalError remove_file(const std::filesystem::path& path);
[[nodiscard]] MaybeJournalError make_directory(const std::filesystem::path& directory);
// Makes new names in a directory durable.
[[nodiscard]] MaybeJournalError sync_directory(const std::filesystem::path& directory);

}  // namespace colo
