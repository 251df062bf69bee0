// The mapping of telemetry.hpp.
#include "engine/runtime/telemetry.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <new>
#include <system_error>

#include "engine/transport/descriptor.hpp"

namespace colo {

namespace {
void copy_text(char* to, std::size_t room, std::string_view text) {
    std::memcpy(to, text.data(), std::min(text.size(), room - 1));  // the rest of the mapping is zero
}

[[noreturn]] void fail(const std::filesystem::path& path) {
    throw std::system_error(errno, std::generic_category(), path.string() + ": cannot hold the engine's counters");
}

void* mapped(const std::filesystem::path& path, std::size_t bytes) {
    constexpr int both = PROT_READ | PROT_WRITE;
    if (path.empty()) {
        void* memory = ::mmap(nullptr, bytes, both, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
        if (memory == MAP_FAILED) throw std::bad_alloc();
        return memory;
    }
    std::error_code ignored;
    std::filesystem::create_directories(path.parent_path(), ignored);
    std::filesystem::remove(path, ignored);  // a reader of a dead engine's block keeps what it has
    const Descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
    if (!file) fail(path);
    // Unlike ftruncate alone, it says now, and not by SIGBUS later, that there is no room.
    if (const int error = ::posix_fallocate(file.get(), 0, static_cast<off_t>(bytes)); error != 0) {
        errno = error;
        fail(path);
    }
    void* memory = ::mmap(nullptr, bytes, both, MAP_SHARED | MAP_POPULATE, file.get(), 0);
    if (memory == MAP_FAILED) fail(path);
    return memory;
}
}  // namespace

Telemetry::Telemetry(const std::filesystem::path& path, const TelemetryIdentity& identity,
                     const std::vector<std::string>& counters, const std::vector<std::string>& histograms)
    : path_(path), counter_count_(counters.size()),
      bytes_(sizeof(TelemetryHeader) + counters.size() * sizeof(NamedCounter) +
             histograms.size() * sizeof(NamedHistogram)),
      memory_(mapped(path, bytes_)) {
    static_cast<void>(::mlock(memory_, bytes_));  // best effort: a limit of locked memory is no reason not to trade
    char* at = static_cast<char*>(memory_) + sizeof(TelemetryHeader);
    counters_ = reinterpret_cast<NamedCounter*>(at);
    for (const std::string& name : counters) {
        copy_text((new (at) NamedCounter{})->name, name_bytes, name);
        at += sizeof(NamedCounter);
    }
    histograms_ = reinterpret_cast<NamedHistogram*>(at);
    for (const std::string& name : histograms) {
        copy_text((new (at) NamedHistogram{})->name, name_bytes, name);
        at += sizeof(NamedHistogram);
    }
    TelemetryHeader& head = header();
    head.counters = static_cast<std::uint32_t>(counters.size());
    head.counter_bytes = sizeof(NamedCounter);
    head.histograms = static_cast<std::uint32_t>(histograms.size());
    head.histogram_bytes = sizeof(NamedHistogram);
    head.buckets = LatencyHistogram::bucket_count;
    head.sub_bits = LatencyHistogram::sub_bits;
    head.process_id = static_cast<std::uint32_t>(::getpid());
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    head.started_ns = now.tv_sec * 1'000'000'000 + now.tv_nsec;
    copy_text(head.site, sizeof head.site, identity.site);
    copy_text(head.process, sizeof head.process, identity.process);
    copy_text(head.release_version, sizeof head.release_version, identity.version);
    copy_text(head.build_id, sizeof head.build_id, identity.build_id);
    copy_text(head.release_digest, sizeof head.release_digest, identity.release_digest);
    head.version = TelemetryHeader::format_version;
    std::atomic_thread_fence(std::memory_order_release);  // the magic comes last: whoever sees it sees the rest
    std::memcpy(head.magic, TelemetryHeader::magic_text, sizeof head.magic);
}

Telemetry::~Telemetry() {
    ::munmap(memory_, bytes_);
    if (!path_.empty()) ::unlink(path_.c_str());
}

std::optional<std::int64_t> Telemetry::value(std::string_view name) const {
    for (std::size_t i = 0; i < counter_count_; ++i)
        if (name == counters_[i].name) return counters_[i].value.load(std::memory_order_relaxed);
    return std::nullopt;
}

}  // namespace colo
