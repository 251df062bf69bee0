// Reading and appending the venue's journal.
#include "engine/simulator/exchange_journal.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "engine/core/crc32c.hpp"
#include "engine/simulator/simulator_error.hpp"

namespace colo::simulator {
namespace {

constexpr std::uint32_t format_version = 1;

struct FileHeader {
    char magic[8] = {'C', 'O', 'L', 'O', 'E', 'X', 'C', 'H'};
    std::uint32_t version = format_version;
    char mold_session[10] = {};
    char reserved[6] = {};
    std::uint32_t crc = 0;  // of all before it
};
static_assert(sizeof(FileHeader) == 32);
constexpr std::size_t played_offset = sizeof(FileHeader);
constexpr std::size_t entries_offset = played_offset + sizeof(std::uint64_t);
constexpr std::size_t mapped_bytes = 4096;

struct EntryHeader {
    std::uint64_t position = 0;
    std::uint16_t length = 0;
    std::uint8_t kind = 0;
    std::uint8_t reserved = 0;
    std::uint32_t crc = 0;  // of all before it, and of the payload
};
static_assert(sizeof(EntryHeader) == 16);

[[nodiscard]] std::uint32_t checksum(const EntryHeader& header, Bytes payload) {
    const auto* bytes = reinterpret_cast<const std::byte*>(&header);
    return crc32c(payload, crc32c(Bytes(bytes, offsetof(EntryHeader, crc))));
}

[[nodiscard]] std::uint32_t checksum(const FileHeader& header) {
    return crc32c(Bytes(reinterpret_cast<const std::byte*>(&header), offsetof(FileHeader, crc)));
}

void write_all(int file, Bytes bytes, const std::filesystem::path& path, std::uint64_t offset) {
    while (!bytes.empty()) {
        const ssize_t count = ::write(file, bytes.data(), bytes.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) throw system_error(path.string() + ": cannot write at offset " + std::to_string(offset), errno);
        bytes = bytes.subspan(static_cast<std::size_t>(count));
        offset += static_cast<std::uint64_t>(count);
    }
}

}  // namespace

ExchangeJournal::ExchangeJournal(const std::filesystem::path& directory, const std::string& mold_session)
    : path_(directory / "exchange.journal") {
    std::error_code failure;
    std::filesystem::create_directories(directory, failure);
    file_ = Descriptor(::open(path_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
    if (!file_) throw system_error(path_.string() + ": cannot open", errno);
    if (::flock(file_.get(), LOCK_EX | LOCK_NB) != 0) {
        throw SimulatorError(path_.string() + ": another exchange_simulator has it open");
    }
    load();
    if (image_.size() < entries_offset) create(mold_session);
    else read(mold_session);
    map_played();
}

ExchangeJournal::~ExchangeJournal() {
    if (played_ == nullptr) return;
    ::munmap(reinterpret_cast<std::byte*>(const_cast<std::uint64_t*>(played_)) - played_offset, mapped_bytes);
}

void ExchangeJournal::load() {
    struct stat status {};
    if (::fstat(file_.get(), &status) != 0) throw system_error(path_.string() + ": cannot read", errno);
    image_.resize(static_cast<std::size_t>(status.st_size));
    std::size_t have = 0;
    while (have < image_.size()) {
        const ssize_t count =
            ::pread(file_.get(), image_.data() + have, image_.size() - have, static_cast<off_t>(have));
        if (count <= 0) throw system_error(path_.string() + ": cannot read at offset " + std::to_string(have), errno);
        have += static_cast<std::size_t>(count);
    }
}

void ExchangeJournal::map_played() {
    void* mapped = ::mmap(nullptr, mapped_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file_.get(), 0);
    if (mapped == MAP_FAILED) throw system_error(path_.string() + ": cannot map", errno);
    played_ = reinterpret_cast<std::uint64_t*>(static_cast<std::byte*>(mapped) + played_offset);
}

void ExchangeJournal::create(const std::string& mold_session) {
    cut_off_ = image_.size();
    if (::ftruncate(file_.get(), 0) != 0) throw system_error(path_.string() + ": cannot truncate", errno);
    FileHeader header;
    std::memcpy(header.mold_session, mold_session.data(), std::min(mold_session.size(), sizeof header.mold_session));
    header.crc = checksum(header);
    std::array<std::byte, entries_offset> bytes{};
    std::memcpy(bytes.data(), &header, sizeof header);
    write_all(file_.get(), bytes, path_, 0);
    written_ = bytes.size();
}

void ExchangeJournal::read(const std::string& mold_session) {
    FileHeader header;
    std::memcpy(&header, image_.data(), sizeof header);
    if (std::memcmp(header.magic, FileHeader{}.magic, sizeof header.magic) != 0 || header.crc != checksum(header)) {
        throw SimulatorError(path_.string() + ": offset 0: is not a journal of the exchange simulator");
    }
    if (header.version != format_version) {
        throw SimulatorError(path_.string() + ": has format version " + std::to_string(header.version) +
                             ", this program reads version " + std::to_string(format_version));
    }
    const std::string session(header.mold_session, sizeof header.mold_session);
    if (session != mold_session) {
        throw SimulatorError(path_.string() + ": belongs to session " + session + ", not to " + mold_session);
    }
    std::size_t at = entries_offset;
    while (at < image_.size()) {
        EntryHeader entry;
        if (image_.size() - at < sizeof entry) break;
        std::memcpy(&entry, image_.data() + at, sizeof entry);
        const std::size_t left = image_.size() - at - sizeof entry;
        if (left < entry.length) break;
        const Bytes payload(image_.data() + at + sizeof entry, entry.length);
        if (entry.crc != checksum(entry, payload)) {
            if (left == entry.length) break;
            throw SimulatorError(path_.string() + ": offset " + std::to_string(at) + ": entry is damaged");
        }
        const auto kind = static_cast<Kind>(entry.kind);
        if (kind != Kind::message && kind != Kind::disconnect) {
            throw SimulatorError(path_.string() + ": offset " + std::to_string(at) + ": entry of unknown kind " +
                                 std::to_string(entry.kind));
        }
        recovered_.push_back({SequenceNumber{entry.position}, kind, payload});
        at += sizeof entry + entry.length;
    }
    written_ = at;
    cut_off_ = image_.size() - at;
    if (cut_off_ > 0 && ::ftruncate(file_.get(), static_cast<off_t>(at)) != 0) {
        throw system_error(path_.string() + ": cannot truncate at offset " + std::to_string(at), errno);
    }
}

void ExchangeJournal::append(const Entry& entry) {
    EntryHeader header;
    header.position = entry.position.value();
    header.length = static_cast<std::uint16_t>(entry.payload.size());
    header.kind = static_cast<std::uint8_t>(entry.kind);
    header.crc = checksum(header, entry.payload);
    const auto* bytes = reinterpret_cast<const std::byte*>(&header);
    pending_.insert(pending_.end(), bytes, bytes + sizeof header);
    pending_.insert(pending_.end(), entry.payload.begin(), entry.payload.end());
}

void ExchangeJournal::commit() {
    if (pending_.empty()) return;
    write_all(file_.get(), pending_, path_, written_);
    written_ += pending_.size();
    pending_.clear();
}

}  // namespace colo::simulator
