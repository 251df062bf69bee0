// A journal's segment out of an input.
//
// The first byte says whether the header (1) and the checksums (2 and above) are put right, without which nothing gets
// past them.
#pragma once

#include <cstring>
#include <fstream>
#include <vector>

#include "engine/journal/record.hpp"
#include "engine/journal/segment.hpp"
#include "tests/fuzz/fuzz_input.hpp"

namespace colo::fuzz {

inline const JournalIdentity identity{"fuzz", "0123456789", "2012-06-21", "release", "config"};

// Checksums of the records that lie one behind the other.
inline void repair(std::vector<std::byte>& segment) {
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

// Precondition: the input is not empty.
[[nodiscard]] inline std::vector<std::byte> segment_of(Bytes input, std::uint64_t segment_bytes) {
    std::vector<std::byte> segment(input.begin() + 1, input.end());
    if (input[0] == std::byte{0}) return segment;
    segment.insert(segment.begin(), segment_header_bytes, std::byte{0});
    encode_segment_header({0, segment_bytes, identity}, MutableBytes(segment).first(segment_header_bytes));
    if (input[0] != std::byte{1}) repair(segment);
    return segment;
}

inline void write_file(const std::filesystem::path& path, Bytes bytes) {
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

}  // namespace colo::fuzz
