// A file of fixed length in shared memory that an engine makes anew at its start and takes away at its end.
//
// It opens with a header that says what it is, in which layout, and which build made it; what follows is its owner's.
#pragma once

#include <array>
#include <cstddef>
#include <filesystem>
#include <string_view>

#include "engine/transport/descriptor.hpp"

namespace colo {

// What a kind of file is called in sentences, and the eight characters with which it begins. A new layout has new ones.
struct SharedFileKind {
    std::string_view name;
    std::string_view magic;
};

struct SharedFileHeader {
    std::array<char, 8> magic;
    std::array<char, 72> build_id;  // of the engine that made it
    std::array<char, 48> padding;
};
static_assert(sizeof(SharedFileHeader) == 128);

class SharedFile {
public:
    // For the engine: `bytes` of zero behind the header, of which nobody else knows before publish(). Without a path it
    // is this process's own. Throws std::system_error.
    [[nodiscard]] static SharedFile create(const std::filesystem::path& path, std::size_t bytes, SharedFileKind kind);
    // For everybody else. An exclusive opener waits for others that are. Throws std::runtime_error with one sentence.
    [[nodiscard]] static SharedFile open(const std::filesystem::path& path, std::size_t bytes, SharedFileKind kind,
                                         bool exclusive);
    SharedFile(SharedFile&& other) noexcept;
    SharedFile(const SharedFile&) = delete;
    SharedFile& operator=(const SharedFile&) = delete;
    SharedFile& operator=(SharedFile&&) = delete;
    ~SharedFile();

    // Its content is whole: whoever opens the file from now on finds it.
    void publish();
    [[nodiscard]] void* content() const { return static_cast<std::byte*>(memory_) + sizeof(SharedFileHeader); }

private:
    SharedFile(Descriptor file, void* memory, std::size_t bytes) : file_(std::move(file)), memory_(memory), bytes_(bytes) {}

    Descriptor file_;
    std::filesystem::path made_;  // taken away at the end; empty where it was opened
    SharedFileKind kind_{};
    void* memory_;
    std::size_t bytes_;
};

}  // namespace colo
