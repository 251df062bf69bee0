// The mapping of shared_file.hpp.
#include "engine/runtime/shared_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

#include "engine/runtime/build_id.hpp"

namespace colo {

namespace {
constexpr int both = PROT_READ | PROT_WRITE;

[[noreturn]] void fail(const std::filesystem::path& path, const std::string& why) {
    throw std::system_error(errno, std::generic_category(), path.string() + ": " + why);
}
}  // namespace

SharedFile SharedFile::create(const std::filesystem::path& path, std::size_t bytes, SharedFileKind kind) {
    bytes += sizeof(SharedFileHeader);
    Descriptor file;
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE;
    if (!path.empty()) {
        const std::string why = "cannot hold the engine's " + std::string(kind.name);
        std::error_code ignored;
        std::filesystem::create_directories(path.parent_path(), ignored);
        std::filesystem::remove(path, ignored);
        file = Descriptor(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
        if (!file) fail(path, why);
        // Unlike ftruncate alone, it says now, and not by SIGBUS later, that there is no room.
        if (const int error = ::posix_fallocate(file.get(), 0, static_cast<off_t>(bytes)); error != 0) {
            errno = error;
            fail(path, why);
        }
        flags = MAP_SHARED | MAP_POPULATE;
    }
    void* memory = ::mmap(nullptr, bytes, both, flags, file.get(), 0);
    if (memory == MAP_FAILED) fail(path, "cannot be mapped");
    SharedFile made(std::move(file), memory, bytes);
    made.made_ = path;
    made.kind_ = kind;
    return made;
}

void SharedFile::publish() {
    auto& header = *static_cast<SharedFileHeader*>(memory_);
    const std::string build = build_id();
    std::copy_n(build.data(), std::min(build.size(), header.build_id.size() - 1), header.build_id.data());
    std::atomic_thread_fence(std::memory_order_release);  // whoever sees the magic sees the rest
    std::memcpy(header.magic.data(), kind_.magic.data(), std::min(kind_.magic.size(), header.magic.size()));
}

SharedFile SharedFile::open(const std::filesystem::path& path, std::size_t bytes, SharedFileKind kind, bool exclusive) {
    bytes += sizeof(SharedFileHeader);
    const std::string name(kind.name);
    Descriptor file(::open(path.c_str(), O_RDWR | O_CLOEXEC));
    if (!file) throw std::runtime_error(path.string() + ": no engine keeps its " + name + " there");
    if (exclusive && ::flock(file.get(), LOCK_EX) != 0) fail(path, "cannot be locked");
    if (::lseek(file.get(), 0, SEEK_END) != static_cast<off_t>(bytes))
        throw std::runtime_error(path.string() + ": is no block of " + name);
    void* memory = ::mmap(nullptr, bytes, both, MAP_SHARED, file.get(), 0);
    if (memory == MAP_FAILED) fail(path, "cannot be mapped");
    SharedFile opened(std::move(file), memory, bytes);
    const auto& header = *static_cast<const SharedFileHeader*>(memory);
    if (std::string_view(header.magic.data(), header.magic.size()) != kind.magic)
        throw std::runtime_error(path.string() + ": is no block of " + name);
    std::atomic_thread_fence(std::memory_order_acquire);
    return opened;
}

SharedFile::SharedFile(SharedFile&& other) noexcept
    : file_(std::move(other.file_)), made_(std::exchange(other.made_, {})), kind_(other.kind_),
      memory_(std::exchange(other.memory_, nullptr)), bytes_(other.bytes_) {}

SharedFile::~SharedFile() {
    if (memory_ == nullptr) return;
    ::munmap(memory_, bytes_);
    if (!made_.empty()) ::unlink(made_.c_str());
}

}  // namespace colo
