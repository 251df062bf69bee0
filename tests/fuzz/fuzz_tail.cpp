// A journal's segment of any bytes in memory and on disk, followed by a tail: it comes to an end or says one sentence,
// and it reads the same records wherever they lie.
#include <filesystem>

#include "engine/journal/reader.hpp"
#include "engine/journal/tail.hpp"
#include "tests/fuzz/segment_file.hpp"

using namespace colo;

namespace {
constexpr std::uint64_t segment_bytes = 96 * 1024;
const fuzz::Folder folder("tail");

// The places of the records that can be read, one behind the other.
template <class Reader>
std::vector<std::uint64_t> places_of(Result<Reader, JournalError>&& reader) {
    std::vector<std::uint64_t> places;
    if (!reader) {
        fuzz::expect(!reader.error().to_string().empty(), "an error says why");
        return places;
    }
    RecordView record;
    for (;;) {
        const ReadStatus status = reader->next(record);
        if (status == ReadStatus::error) fuzz::expect(!reader->error().to_string().empty(), "an error says why");
        if (status != ReadStatus::record) return places;
        const std::uint64_t at = record.offset.value();
        fuzz::expect(places.empty() || at > places.back(), "records follow each other");
        fuzz::expect(record_bytes(record.payload.size()) == record.next_offset.value() - at, "a record ends where the next begins");
        fuzz::expect(places.size() < 100'000, "reading ends");
        places.push_back(at);
    }
}

void expect_same_beginning(const std::vector<std::uint64_t>& a, const std::vector<std::uint64_t>& b) {
    fuzz::expect(std::equal(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(std::min(a.size(), b.size())), b.begin()),
                 "records have their places wherever they are read");
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t count) {
    const Bytes input = fuzz::bytes_of_input(data, count);
    if (input.empty()) return 0;
    const auto disk = folder.path() / "disk", hot = folder.path() / "hot", none = folder.path() / "none";
    for (const auto& place : {disk, hot, none}) std::filesystem::create_directories(place);
    std::vector<std::byte> segment = fuzz::segment_of(input, segment_bytes);
    fuzz::write_file(disk / segment_name(0), segment);
    segment.resize(segment_bytes);  // in memory it has its whole length
    fuzz::write_file(hot / segment_name(0), segment);
    const auto on_disk = places_of(JournalReader::open(disk));
    const auto in_memory = places_of(JournalTail::open({none, hot}));
    const auto in_both = places_of(JournalTail::open({disk, hot}));
    expect_same_beginning(on_disk, in_memory);
    expect_same_beginning(on_disk, in_both);
    fuzz::expect(in_both.size() >= on_disk.size(), "a tail sees what is on disk");
    return 0;
}
