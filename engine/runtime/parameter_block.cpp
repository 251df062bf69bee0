// The mapping of parameter_block.hpp.
#include "engine/runtime/parameter_block.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <new>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace colo {

namespace {
constexpr int both = PROT_READ | PROT_WRITE;

[[noreturn]] void fail(const std::filesystem::path& path, const char* why) {
    throw std::system_error(errno, std::generic_category(), path.string() + ": " + why);
}
}  // namespace

ParameterBlock ParameterBlock::create(const std::filesystem::path& path, const ParameterChange& current) {
    Descriptor file;
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE;
    if (!path.empty()) {
        std::error_code ignored;
        std::filesystem::create_directories(path.parent_path(), ignored);
        std::filesystem::remove(path, ignored);
        file = Descriptor(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
        if (!file) fail(path, "cannot hold the strategy's parameters");
        if (const int error = ::posix_fallocate(file.get(), 0, sizeof(Layout)); error != 0) {
            errno = error;
            fail(path, "cannot hold the strategy's parameters");
        }
        flags = MAP_SHARED | MAP_POPULATE;
    }
    void* memory = ::mmap(nullptr, sizeof(Layout), both, flags, file.get(), 0);
    if (memory == MAP_FAILED) fail(path, "cannot be mapped");
    ParameterBlock block(std::move(file), new (memory) Layout{});
    block.made_ = path;
    block.layout_->change.write(current);
    block.layout_->in_force.write(current);
    block.seen_ = block.layout_->change.count();
    std::atomic_thread_fence(std::memory_order_release);  // whoever sees the magic sees the rest
    block.layout_->magic = magic_text;
    return block;
}

ParameterBlock ParameterBlock::open(const std::filesystem::path& path) {
    Descriptor file(::open(path.c_str(), O_RDWR | O_CLOEXEC));
    if (!file) throw std::runtime_error(path.string() + ": no engine keeps its parameters there");
    if (::flock(file.get(), LOCK_EX) != 0) fail(path, "cannot be locked");
    if (::lseek(file.get(), 0, SEEK_END) != static_cast<off_t>(sizeof(Layout)))
        throw std::runtime_error(path.string() + ": is no block of parameters");
    void* memory = ::mmap(nullptr, sizeof(Layout), both, MAP_SHARED, file.get(), 0);
    if (memory == MAP_FAILED) fail(path, "cannot be mapped");
    ParameterBlock block(std::move(file), memory);
    if (block.layout_->magic != magic_text) throw std::runtime_error(path.string() + ": is no block of parameters");
    return block;
}

ParameterBlock::ParameterBlock(ParameterBlock&& other) noexcept
    : file_(std::move(other.file_)), made_(std::exchange(other.made_, {})),
      layout_(std::exchange(other.layout_, nullptr)), seen_(other.seen_) {}

ParameterBlock::~ParameterBlock() {
    if (layout_ == nullptr) return;
    ::munmap(layout_, sizeof(Layout));
    if (!made_.empty()) ::unlink(made_.c_str());
}

void ParameterBlock::answer(std::uint64_t generation, bool applied, std::string_view sentence) {
    ParameterAnswer answer{generation, applied ? 1u : 0u, {}};
    std::copy_n(sentence.data(), std::min(sentence.size(), answer.sentence.size() - 1), answer.sentence.data());
    layout_->answer.write(answer);
}

std::optional<ParameterChange> ParameterBlock::in_force() const {
    for (int attempt = 0; attempt < 1'000; ++attempt)  // the engine writes for less than a microsecond
        if (const auto found = layout_->in_force.read()) return found->first;
    return std::nullopt;
}

std::uint64_t ParameterBlock::next_generation() const {
    const auto proposed = layout_->change.read();  // nothing where a writer died: its number is not known to anybody
    const auto answered = layout_->answer.read();
    const auto current = in_force();
    return 1 + std::max({proposed ? proposed->first.generation : 0, answered ? answered->first.generation : 0,
                         current ? current->generation : 0});
}

std::optional<ParameterAnswer> ParameterBlock::answer_to(std::uint64_t generation) const {
    const auto found = layout_->answer.read();
    return found && found->first.generation == generation ? std::optional(found->first) : std::nullopt;
}

}  // namespace colo
