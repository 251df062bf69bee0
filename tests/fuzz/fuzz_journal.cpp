// The file of a journal's segment: any bytes behind a header that is right, or any bytes at all. A reader says what is
// wrong, and recovery either refuses the file or continues it so that it can be read to its end.
//
// The first byte says whether the header and the checksums are put right, without which nothing gets past them.
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <vector>

#include "engine/journal/journal.hpp"
#include "engine/journal/reader.hpp"
#include "tests/fuzz/fuzz_input.hpp"

using namespace colo;

namespace {
const JournalIdentity identity{"fuzz", "0123456789", "2012-06-21", "release", "config"};

const std::filesystem::path& folder() {
    static const std::filesystem::path path = [] {
        const std::filesystem::path root = std::filesystem::is_directory("/dev/shm") ? "/dev/shm" : "/tmp";
        return root / ("colo-fuzz-journal-" + std::to_string(::getpid()));
    }();
    return path;
}
struct Removed {
    Removed() { static_cast<void>(folder()); }  // made first, so that it is there to the end
    ~Removed() {
        std::error_code code;
        std::filesystem::remove_all(folder(), code);
    }
} removed;

// Checksums of the records that lie one behind the other.
void repair(std::vector<std::byte>& segment) {
    std::size_t at = segment_header_bytes;
    while (at + sizeof(RecordHeader) < segment.size()) {
        RecordHeader header;
        std::memcpy(&header, segment.data() + at, sizeof header);
        header.length %= 256;
        if (header.length == 0 || at + record_bytes(header.length) > segment.size()) return;
        header.crc32c = record_crc32c(header, Bytes(segment).subspan(at + sizeof header, header.length));
        std::memcpy(segment.data() + at, &header, sizeof header);
        at += record_bytes(header.length);
    }
}

std::uint64_t read_to_the_end(bool& failed) {
    auto reader = JournalReader::open(folder() / "disk");
    failed = !reader;
    if (failed) return 0;
    RecordView record;
    std::uint64_t records = 0;
    for (;; ++records) {
        const ReadStatus status = reader->next(record);
        fuzz::expect(records < 100'000, "reading ends");
        if (status == ReadStatus::record) continue;
        failed = status == ReadStatus::error;
        if (failed) fuzz::expect(!reader->error().to_string().empty(), "an error says why");
        return records;
    }
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t count) {
    const Bytes input = fuzz::bytes_of_input(data, count);
    if (input.empty()) return 0;
    JournalConfig config;
    config.directory = folder() / "disk";
    config.hot_directory = folder() / "hot";
    config.segment_bytes = 96 * 1024;
    config.segments_ahead = 1;
    std::filesystem::remove_all(folder());
    std::filesystem::create_directories(config.directory);
    std::vector<std::byte> segment(input.begin() + 1, input.end());
    if (input[0] != std::byte{0}) {
        segment.insert(segment.begin(), segment_header_bytes, std::byte{0});
        encode_segment_header({0, config.segment_bytes, identity}, MutableBytes(segment).first(segment_header_bytes));
        if (input[0] != std::byte{1}) repair(segment);
    }
    const auto path = config.directory / segment_name(0);
    std::ofstream(path, std::ios::binary).write(reinterpret_cast<const char*>(segment.data()),
                                                static_cast<std::streamsize>(segment.size()));
    bool failed = false;
    const std::uint64_t before = read_to_the_end(failed);
    auto opened = Journal::open(config, identity);
    if (!opened) {
        fuzz::expect(!opened.error().to_string().empty(), "an error says why");
        return 0;
    }
    const RecordFields fields{RecordKind::control, RecordSource::engine, ChannelId{0}, SequenceNumber{0}, Timestamp{1}};
    fuzz::expect(static_cast<bool>((*opened)->writer().append(fields, bytes_of(std::string_view("more")))), "it goes on");
    fuzz::expect(!(*opened)->close(), "it closes");
    const std::uint64_t after = read_to_the_end(failed);
    fuzz::expect(!failed && after == before + 1, "nothing that was whole is lost");
    return 0;
}
