// System calls on the journal's files, each with its error as a value.
#include "engine/journal/file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace colo {

JournalError storage_error(const std::filesystem::path& path, std::uint64_t offset, const std::string& what) {
    return {JournalError::Kind::storage, path.string(), offset, what + ": " + std::strerror(errno)};
}

Result<JournalFile, JournalError> JournalFile::open(const std::filesystem::path& path, int flags) {
    JournalFile file;
    file.path_ = path;
    file.descriptor_ = ::open(path.c_str(), flags | O_CLOEXEC, 0644);
    if (file.descriptor_ < 0) return storage_error(path, 0, "cannot open");
    return file;
}

JournalFile::~JournalFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

JournalFile::JournalFile(JournalFile&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), path_(std::move(other.path_)) {}

JournalFile& JournalFile::operator=(JournalFile&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    std::swap(path_, other.path_);
    return *this;
}

MaybeJournalError JournalFile::write(std::uint64_t& offset, Bytes bytes) const {
    while (!bytes.empty()) {
        const ssize_t written = ::pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return error(offset, "cannot write " + std::to_string(bytes.size()) + " bytes");
        offset += static_cast<std::uint64_t>(written);
        bytes = bytes.subspan(static_cast<std::size_t>(written));
    }
    return std::nullopt;
}

Result<std::uint64_t, JournalError> JournalFile::read(std::uint64_t offset, MutableBytes into) const {
    std::uint64_t filled = 0;
    while (filled < into.size()) {
        const ssize_t got = ::pread(descriptor_, into.data() + filled, into.size() - filled,
                                    static_cast<off_t>(offset + filled));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return error(offset + filled, "cannot read");
        if (got == 0) break;
        filled += static_cast<std::uint64_t>(got);
    }
    return filled;
}

Result<std::uint64_t, JournalError> JournalFile::length() const {
    struct stat status {};
    if (::fstat(descriptor_, &status) != 0) return error(0, "cannot read the length");
    return static_cast<std::uint64_t>(status.st_size);
}

MaybeJournalError JournalFile::truncate(std::uint64_t length) const {
    if (::ftruncate(descriptor_, static_cast<off_t>(length)) != 0) return error(length, "cannot cut the file");
    return std::nullopt;
}

MaybeJournalError JournalFile::sync() const {
    if (::fdatasync(descriptor_) != 0) return error(0, "cannot sync");
    return std::nullopt;
}

JournalError JournalFile::error(std::uint64_t offset, const std::string& what) const {
    return storage_error(path_, offset, what);
}

MaybeJournalError rename_file(const std::filesystem::path& from, const std::filesystem::path& to) {
    if (::rename(from.c_str(), to.c_str()) != 0) return storage_error(from, 0, "cannot rename to " + to.string());
    return std::nullopt;
}

MaybeJournalError remove_file(const std::filesystem::path& path) {
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) return storage_error(path, 0, "cannot remove");
    return std::nullopt;
}

MaybeJournalError make_directory(const std::filesystem::path& directory) {
    std::error_code code;
    std::filesystem::create_directories(directory, code);
    if (code) {
        return JournalError{JournalError::Kind::storage, directory.string(), 0,
                            "cannot create the directory: " + code.message()};
    }
    return std::nullopt;
}

MaybeJournalError sync_directory(const std::filesystem::path& directory) {
    auto opened = JournalFile::open(directory, O_RDONLY | O_DIRECTORY);
    if (!opened) return opened.error();
    if (::fsync(opened->descriptor()) != 0) return opened->error(0, "cannot sync the directory");
    return std::nullopt;
}

}  // namespace colo
