// Mapping and walking of recorded sessions; see session_file.hpp.
#include "engine/protocol/session_file.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "engine/protocol/itch50.hpp"

namespace colo {

Result<SessionFile, SessionFileError> SessionFile::open(const std::string& path) {
    const auto failure = [&](const std::string& what) {
        return SessionFileError{path, 0, std::nullopt, what + ": " + std::strerror(errno)};
    };
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) return failure("cannot open");
    struct stat status {};
    if (::fstat(file, &status) != 0 || !S_ISREG(status.st_mode)) {
        if (errno == 0) errno = EINVAL;
        const auto error = failure("is not a readable file");
        ::close(file);
        return error;
    }
    const auto length = static_cast<std::size_t>(status.st_size);
    if (length == 0) {
        ::close(file);
        return SessionFile(path, {}, false);
    }
    void* mapped = ::mmap(nullptr, length, PROT_READ, MAP_PRIVATE, file, 0);
    const auto error = failure("cannot map");
    ::close(file);
    if (mapped == MAP_FAILED) return error;
    ::madvise(mapped, length, MADV_SEQUENTIAL);
    return SessionFile(path, {static_cast<const std::byte*>(mapped), length}, true);
}

SessionFile::SessionFile(SessionFile&& other) noexcept
    : path_(std::move(other.path_)), bytes_(std::exchange(other.bytes_, {})), mapped_(std::exchange(other.mapped_, false)) {}

SessionFile& SessionFile::operator=(SessionFile&& other) noexcept {
    std::swap(path_, other.path_);
    std::swap(bytes_, other.bytes_);
    std::swap(mapped_, other.mapped_);
    return *this;
}

SessionFile::~SessionFile() {
    if (mapped_) ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
}

std::optional<SessionFile::Record> SessionFile::Cursor::next() {
    const Bytes bytes = file_->bytes_;
    if (error_ || offset_ == bytes.size()) return std::nullopt;
    auto message = take_prefixed(bytes.subspan(offset_));
    if (!message) {
        error_ = SessionFileError{file_->path_, offset_, message.error(), {}};
        return std::nullopt;
    }
    const Record record{sequence_, offset_, *message};
    offset_ += 2 + message->size();
    ++sequence_;
    return record;
}

Result<std::vector<std::uint64_t>, SessionFileError> SessionFile::index() const {
    std::vector<std::uint64_t> offsets;
    offsets.reserve(bytes_.size() / 26);
    auto cursor = this->cursor();
    while (auto record = cursor.next()) offsets.push_back(record->offset);
    if (cursor.error()) return *cursor.error();
    return offsets;
}

Result<Bytes, DecodeError> take_prefixed(Bytes bytes) {
    using Kind = DecodeError::Kind;
    if (bytes.size() < 2) return DecodeError{Kind::truncated, "ITCH message", "length prefix", 0, bytes.size(), 2};
    const std::size_t length = load_big_endian<std::uint16_t>(bytes.data());
    bytes = bytes.subspan(2);
    // A wrong type or length is told before the end of the file is: a prefix that lies also misses the end.
    if (length > 0 && !bytes.empty()) {
        const std::size_t expected = itch50::message_length(itch50::type_of(bytes));
        if (expected == 0) return *itch50::check(bytes.first(1));
        if (expected != length)
            return DecodeError{Kind::length_mismatch, "ITCH message", "length prefix", 0, length, expected};
    }
    if (length == 0) return DecodeError{Kind::length_mismatch, "ITCH message", "length prefix", 0, 0, 1};
    if (bytes.size() < length) return DecodeError{Kind::truncated, "ITCH message", "message", 0, bytes.size(), length};
    return bytes.first(length);
}

std::string SessionFileError::to_string() const {
    if (decode) return path + ": offset " + std::to_string(offset) + ", " + decode->to_string();
    return path + ": " + reason;
}

}  // namespace colo
