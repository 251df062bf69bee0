// Scratch directories, identities and payloads that the tests of the journal share.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "engine/journal/journal.hpp"
#include "engine/journal/reader.hpp"

namespace colo::test {

// Removed with everything in it when the test ends. `root` is tmpfs where that exists, as in operation.
class ScratchDirectory {
public:
    explicit ScratchDirectory(const std::filesystem::path& root = std::filesystem::temp_directory_path()) {
        std::string name = (root / "colo-test-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) std::abort();
        path_ = name;
    }
    ~ScratchDirectory() {
        std::error_code code;
        std::filesystem::remove_all(path_, code);
    }
    ScratchDirectory(const ScratchDirectory&) = delete;
    ScratchDirectory& operator=(const ScratchDirectory&) = delete;
    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

inline std::filesystem::path memory_root() {
    return std::filesystem::is_directory("/dev/shm") ? "/dev/shm" : std::filesystem::temp_directory_path();
}

inline const JournalIdentity identity{"desk", "0123456789", "2012-06-21", "release-a", "config-a"};

// Payload number `n`, of a length that walks through everything up to 61 bytes; recognisable and never empty.
inline std::vector<std::byte> payload_of(std::uint64_t n) {
    std::vector<std::byte> payload(8 + n * 7 % 54);
    for (std::size_t i = 0; i < payload.size(); ++i) payload[i] = static_cast<std::byte>((n * 31 + i * 7) & 0xff);
    for (std::size_t i = 0; i < 8; ++i) payload[i] = static_cast<std::byte>(n >> (8 * i) & 0xff);
    return payload;
}

inline RecordFields fields_of(std::uint64_t n) {
    return {.kind = RecordKind::feed_message,
            .source = n % 2 == 0 ? RecordSource::line_a : RecordSource::line_b,
            .channel = ChannelId{static_cast<std::uint16_t>(n % 5)},
            .sequence = SequenceNumber{n},
            .receive_time = Timestamp{static_cast<std::int64_t>(1'000'000 + n)}};
}

class JournalDirectories {
public:
    // `root` holds the journal; a test that opens it hundreds of times keeps it in memory, where a sync costs nothing.
    explicit JournalDirectories(const std::filesystem::path& root = std::filesystem::temp_directory_path())
        : disk(root) {}
    ScratchDirectory disk;
    ScratchDirectory memory{memory_root()};

    [[nodiscard]] JournalConfig config(std::uint64_t segment_bytes = 96 * 1024) const {
        JournalConfig config;
        config.directory = disk.path() / "journal";
        config.hot_directory = memory.path() / "hot";
        config.segment_bytes = segment_bytes;
        return config;
    }
};

inline std::unique_ptr<Journal> open_journal(const JournalConfig& config, const JournalIdentity& whose = identity) {
    auto opened = Journal::open(config, whose);
    if (!opened) {
        ADD_FAILURE() << opened.error().to_string();
        return nullptr;
    }
    return std::move(*opened);
}

// Appends record `n`, stepping the drain where the next segment is not ready.
inline bool append(Journal& journal, std::uint64_t n) {
    const auto payload = payload_of(n);
    for (;;) {
        const Appended appended = journal.writer().append(fields_of(n), payload);
        if (appended) return true;
        if (appended.status != AppendStatus::segment_not_ready || journal.drain().failed()) return false;
        journal.drain().step(Timestamp{});
    }
}

// A housekeeping thread: steps the drain every `period` until it goes out of scope.
class DrainThread {
public:
    DrainThread(JournalDrain& drain, std::chrono::microseconds period)
        : thread_([&drain, period](std::stop_token stop) {
              while (!stop.stop_requested()) {
                  const auto now = std::chrono::steady_clock::now().time_since_epoch();
                  drain.step(Timestamp{std::chrono::duration_cast<std::chrono::nanoseconds>(now).count()});
                  std::this_thread::sleep_for(period);
              }
          }) {}

private:
    std::jthread thread_;
};

// Whether a record is exactly number `n`.
inline bool is_record(const RecordView& record, std::uint64_t n) {
    const auto payload = payload_of(n);
    const RecordFields fields = fields_of(n);
    return record.header.sequence == n && record.header.kind == fields.kind && record.header.source == fields.source &&
           record.header.channel == fields.channel.value() &&
           record.header.receive_time_ns == fields.receive_time.value() &&
           std::equal(payload.begin(), payload.end(), record.payload.begin(), record.payload.end());
}

// Reads a directory from its beginning, expecting records first, first + 1, ...; the number of the first that is not
// there. A corrupt record or anything else unexpected fails the test.
inline std::uint64_t read_all(const std::filesystem::path& directory, std::uint64_t first = 1) {
    auto reader = JournalReader::open(directory);
    if (!reader) {
        ADD_FAILURE() << reader.error().to_string();
        return first;
    }
    RecordView record;
    std::uint64_t n = first;
    for (;; ++n) {
        const ReadStatus status = reader->next(record);
        if (status == ReadStatus::end) return n;
        if (status == ReadStatus::error) {
            ADD_FAILURE() << reader->error().to_string();
            return n;
        }
        if (!is_record(record, n)) {
            ADD_FAILURE() << "record " << n << " differs from what was written";
            return n;
        }
    }
}

inline std::vector<char> file_bytes(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

inline void write_file(const std::filesystem::path& path, const std::vector<char>& bytes) {
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

inline void change_byte(const std::filesystem::path& path, std::uint64_t offset, char with) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(offset));
    file.put(with);
}

// A copy of the journal's state as a crash at this moment would leave it.
inline void copy_state(const JournalConfig& from, const JournalConfig& to) {
    const auto options = std::filesystem::copy_options::recursive;
    std::filesystem::remove_all(to.directory);
    std::filesystem::remove_all(to.hot_directory);
    std::filesystem::copy(from.directory, to.directory, options);
    std::filesystem::copy(from.hot_directory, to.hot_directory, options);
}

// COLO_SEED repeats a failing run.
inline std::uint64_t seed() {
    const char* given = std::getenv("COLO_SEED");
    return given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
}

}  // namespace colo::test
