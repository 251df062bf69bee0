// journal_append: a record of 128 bytes into the journal, beside a copy of it with its checksum into a mapped page, and
// beside Chronicle Queue; journal_append/durable: until the disk has it, beside a plain write and sync.
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/bench/measure.hpp"
#include "engine/journal/journal.hpp"

namespace colo::bench {
namespace {

constexpr std::size_t payload_bytes = 128;
constexpr std::size_t batch_length = 32;  // timed together: a time stamp costs as much as an append
constexpr std::size_t batches = 12'000;   // in one segment, so that only appending is measured
constexpr std::uint64_t segment_bytes = 128ULL << 20;
constexpr int durable_appends = 100;

// A folder of its own under `root`, removed in the end.
class Folder {
public:
    explicit Folder(const std::filesystem::path& root) {
        std::string name = (root / "colo-bench-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) fail("no folder can be made in " + root.string());
        path_ = name;
    }
    ~Folder() {
        std::error_code code;
        std::filesystem::remove_all(path_, code);
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

struct Places {
    Folder disk{std::filesystem::exists("build") ? "build" : "."};
    Folder memory{std::filesystem::is_directory("/dev/shm") ? "/dev/shm" : "."};
};

std::unique_ptr<Journal> open_journal(const Places& places, Duration sync_interval) {
    JournalConfig config;
    config.directory = places.disk.path() / "journal";
    config.hot_directory = places.memory.path() / "hot";
    config.segment_bytes = segment_bytes;
    config.segments_ahead = 1;
    config.sync_interval = sync_interval;
    auto opened = Journal::open(config, {"bench", "bench", "2026-01-05", "release", "config"});
    if (!opened) fail(opened.error().to_string());
    return std::move(*opened);
}

std::array<std::byte, payload_bytes> payload_of(std::uint64_t n) {
    std::array<std::byte, payload_bytes> payload;
    for (std::size_t i = 0; i < payload.size(); ++i) payload[i] = static_cast<std::byte>(n * 31 + i);
    return payload;
}

RecordFields fields_of(std::uint64_t n) {
    return {.kind = RecordKind::feed_message,
            .source = RecordSource::line_a,
            .channel = ChannelId{1},
            .sequence = SequenceNumber{n},
            .receive_time = Timestamp{static_cast<std::int64_t>(n)}};
}

// Thousandths of a nanosecond of one call in each batch.
template <class One>
std::vector<std::uint64_t> batch_times(One&& one) {
    const double per_call = nanoseconds_per_tick() * 1e3 / static_cast<double>(batch_length);
    std::vector<std::uint64_t> times;
    times.reserve(batches);
    std::uint64_t n = 0;
    for (std::size_t batch = 0; batch < batches; ++batch) {
        const std::uint64_t start = ticks();
        for (std::size_t i = 0; i < batch_length; ++i) one(n++);
        times.push_back(static_cast<std::uint64_t>(static_cast<double>(ticks() - start) * per_call));
    }
    return times;
}

std::vector<std::uint64_t> append_times() {
    const Places places;
    const auto journal = open_journal(places, seconds(1));
    std::array<std::array<std::byte, payload_bytes>, 64> payloads;
    for (std::size_t i = 0; i < payloads.size(); ++i) payloads[i] = payload_of(i);
    JournalWriter& writer = journal->writer();
    auto times = batch_times([&](std::uint64_t n) {
        if (!writer.append(fields_of(n), payloads[n % payloads.size()])) fail("journal_append: a record was refused");
    });
    if (auto error = journal->close()) fail(error->to_string());
    return times;
}

// The same bytes, checksum included, into pages that are mapped, touched and locked as those of the journal are.
std::vector<std::uint64_t> copy_times() {
    const Places places;
    const auto path = places.memory.path() / "page";
    const int file = ::open(path.c_str(), O_RDWR | O_CREAT, 0600);
    if (file < 0 || ::posix_fallocate(file, 0, segment_bytes) != 0) fail("no memory for " + path.string());
    void* mapped = ::mmap(nullptr, segment_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, file, 0);
    if (mapped == MAP_FAILED) fail("cannot map " + path.string());
    auto* at = static_cast<std::byte*>(mapped);
    std::array<std::array<std::byte, payload_bytes>, 64> payloads;
    for (std::size_t i = 0; i < payloads.size(); ++i) payloads[i] = payload_of(i);
    auto times = batch_times([&](std::uint64_t n) {
        const auto& payload = payloads[n % payloads.size()];
        RecordHeader header{payload_bytes, 0, static_cast<std::int64_t>(n), n, RecordKind::feed_message,
                            RecordSource::line_a, 1, 0};
        header.crc32c = record_crc32c(header, payload);
        std::memcpy(at, &header, sizeof header);
        std::memcpy(at + sizeof header, payload.data(), payload.size());
        at += record_bytes(payload_bytes);
    });
    ::munmap(mapped, segment_bytes);
    ::close(file);
    return times;
}

// Nanoseconds of an append of Chronicle Queue, the median of its batches; nothing where it is not installed.
std::optional<double> chronicle_append() {
    const std::filesystem::path jars = "build/jars/chronicle";
    const std::filesystem::path source = "engine/bench/chronicle/ChronicleAppend.java";
    if (!std::filesystem::is_directory(jars) || !std::filesystem::exists(source)) return std::nullopt;
    const Folder folder(std::filesystem::is_directory("/dev/shm") ? "/dev/shm" : ".");
    std::string command = "java";
    for (const char* module : {"java.base/java.lang", "java.base/java.lang.reflect", "java.base/java.nio",
                               "java.base/java.util", "java.base/sun.nio.ch", "java.base/jdk.internal.ref",
                               "java.base/jdk.internal.misc", "jdk.compiler/com.sun.tools.javac.file"}) {
        command += std::string(" --add-opens=") + module + "=ALL-UNNAMED";
    }
    command += " --add-exports=java.base/jdk.internal.ref=ALL-UNNAMED --add-exports=java.base/sun.nio.ch=ALL-UNNAMED"
               " --add-exports=jdk.unsupported/sun.misc=ALL-UNNAMED"
               " --add-exports=jdk.compiler/com.sun.tools.javac.file=ALL-UNNAMED"
               " -Dchronicle.analytics.disable=true -Xms256m -Xmx512m -cp '" + jars.string() + "/*' " +
               source.string() + " '" + (folder.path() / "queue").string() + "' " + std::to_string(payload_bytes) +
               " 2>'" + (folder.path() / "errors").string() + "'";
    std::FILE* output = ::popen(command.c_str(), "r");
    if (output == nullptr) fail("java cannot be started");
    double nanoseconds = 0;
    std::array<char, 256> line;
    while (std::fgets(line.data(), static_cast<int>(line.size()), output) != nullptr) {
        if (std::sscanf(line.data(), "append_ns %lf", &nanoseconds) == 1) continue;
    }
    if (::pclose(output) != 0 || nanoseconds <= 0) fail("Chronicle Queue did not run: " + command);
    return nanoseconds;
}

void measure_append() {
    std::vector<std::uint64_t> copied = copy_times();
    std::vector<std::uint64_t> appended = append_times();
    const double floor = percentiles(copied, 1e-3).front().second;
    Percentiles found = percentiles(appended, 1e-3);
    const double value = found.front().second;
    std::optional<Peer> peer;
    if (const auto chronicle = chronicle_append()) peer = Peer{"Chronicle Queue", *chronicle};
    print({.name = "journal_append", .value = value, .unit = "ns", .floor = floor, .percentiles = std::move(found), .peer = peer});
}

void measure_durable() {
    const Places places;
    const auto journal = open_journal(places, Duration{0});
    const auto payload = payload_of(1);
    std::vector<std::uint64_t> durable, written;
    const auto path = places.disk.path() / "plain";
    const int file = ::open(path.c_str(), O_RDWR | O_CREAT, 0600);
    if (file < 0) fail(path.string() + " cannot be made");
    std::array<std::byte, record_bytes(payload_bytes)> record{};
    for (std::uint64_t n = 1; n <= durable_appends; ++n) {
        durable.push_back(static_cast<std::uint64_t>(nanoseconds_of([&] {
            if (!journal->writer().append(fields_of(n), payload)) fail("journal_append/durable: a record was refused");
            journal->drain().step(Timestamp{static_cast<std::int64_t>(n)});
        })));
        if (journal->drain().failed()) fail(journal->drain().failure().to_string());
        written.push_back(static_cast<std::uint64_t>(nanoseconds_of([&] {
            const auto end = static_cast<off_t>(n * record.size());
            if (::pwrite(file, record.data(), record.size(), end) < 0 || ::fdatasync(file) != 0) fail("a plain write failed");
        })));
    }
    ::close(file);
    Percentiles found = percentiles(durable);
    const double value = found.front().second;
    const double floor = percentiles(written).front().second;
    print({.name = "journal_append/durable", .value = value, .unit = "ns", .floor = floor, .percentiles = std::move(found)});
}

}  // namespace
}  // namespace colo::bench

int main(int count, char** values) {
    const colo::bench::CommandLine line(count, values, {"journal_append", "journal_append/durable"});
    if (line.wants("journal_append")) colo::bench::measure_append();
    if (line.wants("journal_append/durable")) colo::bench::measure_durable();
}
