// What every fuzz target shares: the entry point that libFuzzer and the corpus driver call, a way to cut an input into
// pieces, a check that ends the process, which both take for a finding, and a folder for those that need files.
#pragma once

#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <optional>

#include "engine/core/wire.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t count);

namespace colo::fuzz {

inline void expect(bool holds, const char* what) {
    if (holds) return;
    std::fprintf(stderr, "broken: %s\n", what);
    std::abort();
}

[[nodiscard]] inline Bytes bytes_of_input(const std::uint8_t* data, std::size_t count) {
    return {reinterpret_cast<const std::byte*>(data), count};
}

// An input as numbers and pieces: a piece is a byte that says how long it is, and that many bytes or what is left.
class Pieces {
public:
    explicit Pieces(Bytes input) : left_(input) {}

    [[nodiscard]] bool empty() const { return left_.empty(); }
    [[nodiscard]] unsigned number() {
        if (left_.empty()) return 0;
        const auto value = std::to_integer<unsigned>(left_[0]);
        left_ = left_.subspan(1);
        return value;
    }
    [[nodiscard]] Bytes piece() {
        const std::size_t length = std::min<std::size_t>(number(), left_.size());
        const Bytes piece = left_.first(length);
        left_ = left_.subspan(length);
        return piece;
    }
    [[nodiscard]] Bytes rest() const { return left_; }

private:
    Bytes left_;
};

// A folder in memory, of this process, that goes with it. Make it a static variable.
class Folder {
public:
    explicit Folder(const std::string& name) {
        const std::filesystem::path root = std::filesystem::is_directory("/dev/shm") ? "/dev/shm" : "/tmp";
        path_ = root / ("colo-fuzz-" + name + "-" + std::to_string(::getpid()));
        std::filesystem::create_directories(path_);
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

}  // namespace colo::fuzz
