// Bytes written out, recorded files and seeds: what the tests of decoders, books and feeds share.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "engine/core/wire.hpp"

namespace colo::test {

using ByteString = std::vector<std::byte>;

// Hexadecimal pairs with any spaces between them; 'text' in single quotes stands for its characters.
inline ByteString bytes(std::string_view text) {
    ByteString result;
    for (std::size_t at = 0; at < text.size();) {
        if (text[at] == ' ') {
            ++at;
        } else if (text[at] == '\'') {
            for (++at; text.at(at) != '\''; ++at) result.push_back(static_cast<std::byte>(text[at]));
            ++at;
        } else {
            result.push_back(static_cast<std::byte>(std::stoi(std::string(text.substr(at, 2)), nullptr, 16)));
            at += 2;
        }
    }
    return result;
}

inline ByteString copy_of(Bytes view) { return {view.begin(), view.end()}; }

inline void append(ByteString& to, Bytes what) { to.insert(to.end(), what.begin(), what.end()); }

// A message behind its two-byte length, as session files hold it.
inline void append_prefixed(ByteString& to, Bytes message) {
    to.push_back(static_cast<std::byte>(message.size() >> 8));
    to.push_back(static_cast<std::byte>(message.size() & 0xff));
    append(to, message);
}

inline ByteString read_file(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    return copy_of(bytes_of(text));
}

// The folder of recorded data, nothing where this machine has none.
inline std::optional<std::filesystem::path> recorded_data() {
    const char* folder = std::getenv("COLO_DATA");
    if (folder == nullptr || !std::filesystem::is_directory(folder)) return std::nullopt;
    return folder;
}

#define COLO_NEEDS_RECORDED_DATA(folder)                                      \
    const auto folder##_or_none = ::colo::test::recorded_data();              \
    if (!folder##_or_none) GTEST_SKIP() << "COLO_DATA names no folder of recorded data"; \
    const std::filesystem::path folder = *folder##_or_none

// UDP or TCP payloads of a little-endian classic pcap file (microseconds or nanoseconds, VLAN tags).
inline std::vector<ByteString> pcap_payloads(const std::filesystem::path& path) {
    const ByteString file = read_file(path);
    const auto byte = [&](std::size_t at) { return std::to_integer<std::size_t>(file.at(at)); };
    std::vector<ByteString> payloads;
    for (std::size_t at = 24; at + 16 <= file.size();) {
        const std::size_t captured = byte(at + 8) | byte(at + 9) << 8 | byte(at + 10) << 16;
        std::size_t ip = at + 16 + 14;
        at += 16 + captured;
        while (byte(ip - 2) == 0x81 && byte(ip - 1) == 0x00) ip += 4;
        const std::size_t total = byte(ip + 2) << 8 | byte(ip + 3), transport = ip + (byte(ip) & 15) * 4;
        const bool udp = byte(ip + 9) == 17;
        const std::size_t payload = transport + (udp ? 8 : (byte(transport + 12) >> 4) * 4);
        if (ip + total <= file.size())
            payloads.emplace_back(file.begin() + static_cast<std::ptrdiff_t>(payload), file.begin() + static_cast<std::ptrdiff_t>(ip + total));
    }
    return payloads;
}

// A seed for this test, told when it fails; COLO_SEED repeats a run, and a loop over seeds passes its index.
inline std::uint32_t seed(std::uint32_t otherwise) {
    const char* given = std::getenv("COLO_SEED");
    return given != nullptr ? static_cast<std::uint32_t>(std::strtoul(given, nullptr, 10)) : otherwise;
}

// A file that is removed at the end.
class ScratchFile {
public:
    explicit ScratchFile(const ByteString& content) {
        char name[] = "/tmp/colo-test-XXXXXX";
        const int file = ::mkstemp(name);
        path_ = name;
        ::close(file);
        const std::string_view text = text_of(content);
        std::ofstream(path_, std::ios::binary) << text;
    }
    ScratchFile(const ScratchFile&) = delete;
    ScratchFile& operator=(const ScratchFile&) = delete;
    ~ScratchFile() { std::filesystem::remove(path_); }
    [[nodiscard]] const std::string& path() const { return path_; }

private:
    std::string path_;
};

}  // namespace colo::test
