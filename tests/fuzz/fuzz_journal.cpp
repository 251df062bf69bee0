// The file of a journal's segment: any bytes behind a header that is right, or any bytes at all. A reader says what is
// wrong, and recovery either refuses the file or continues it so that it can be read to its end.
#include <filesystem>

#include "engine/journal/journal.hpp"
#include "engine/journal/reader.hpp"
#include "tests/fuzz/segment_file.hpp"

using namespace colo;

namespace {
const fuzz::Folder folder("journal");

std::uint64_t read_to_the_end(bool& failed) {
    auto reader = JournalReader::open(folder.path() / "disk");
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
    config.directory = folder.path() / "disk";
    config.hot_directory = folder.path() / "hot";
    config.segment_bytes = 96 * 1024;
    config.segments_ahead = 1;
    std::filesystem::remove_all(folder.path());
    std::filesystem::create_directories(config.directory);
    fuzz::write_file(config.directory / segment_name(0), fuzz::segment_of(input, config.segment_bytes));
    bool failed = false;
    const std::uint64_t before = read_to_the_end(failed);
    auto opened = Journal::open(config, fuzz::identity);
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
