// The UNIX socket and the sealed memory of shared_stream.hpp.
#include "engine/transport/shared_stream.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <new>
#include <utility>

namespace colo {

// Both processes map it; each writes its own words only, and checks the other's.
struct SharedStreamMemory {
    using Ring = StreamRing<4096>;

    alignas(separation_bytes) std::atomic<std::uint64_t> beat{0};
    alignas(separation_bytes) std::atomic<std::uint64_t> asked{0};
    alignas(separation_bytes) std::atomic<std::uint64_t> answered{0};
    alignas(separation_bytes) std::atomic<std::uint32_t> server_sleeps{0};
    std::atomic<std::uint32_t> client_sleeps{0};
    Ring to_server;
    Ring to_client;
};
static_assert(std::atomic<std::uint64_t>::is_always_lock_free);

struct SharedStream::Ends {
    StreamRingWriter<SharedStreamMemory::Ring> writer;
    StreamRingReader<SharedStreamMemory::Ring> reader;
};

namespace {

constexpr std::uint32_t idle_looks = 64;  // reads in vain before a polling side asks the kernel whether the other lives
constexpr int wake_ms_max = 1;
constexpr int wakes_max = 1000;  // a server that does not answer for so long will not

// What the server says first, with the memory: a client of another layout must not use it.
struct Greeting {
    std::array<char, 8> magic{'C', 'O', 'L', 'O', 'S', 'T', 'R', '1'};
    std::uint64_t bytes = sizeof(SharedStreamMemory);
    bool operator==(const Greeting&) const = default;
};

sockaddr_un address_of(const std::filesystem::path& path, const std::string& name) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string text = path.string();
    if (text.size() >= sizeof address.sun_path) {
        throw TransportError(name + ": the path " + text + " is longer than the " +
                             std::to_string(sizeof address.sun_path - 1) + " characters of a UNIX socket");
    }
    std::memcpy(address.sun_path, text.data(), text.size());
    return address;
}

SharedStreamMemory* map(int memory) {
    void* found = ::mmap(nullptr, sizeof(SharedStreamMemory), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, memory, 0);
    return found == MAP_FAILED ? nullptr : static_cast<SharedStreamMemory*>(found);
}

Descriptor sealed_memory() {
    Descriptor memory(::memfd_create("colo-stream", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!memory || ::ftruncate(memory.get(), sizeof(SharedStreamMemory)) != 0 ||
        ::fcntl(memory.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0)
        return {};
    return memory;
}

// One message with room for one descriptor beside it.
struct GreetingMessage {
    Greeting greeting;
    iovec data{&greeting, sizeof greeting};
    alignas(cmsghdr) std::array<std::byte, CMSG_SPACE(sizeof(int))> control{};
    msghdr header{};

    GreetingMessage() {
        header.msg_iov = &data;
        header.msg_iovlen = 1;
        header.msg_control = control.data();
        header.msg_controllen = control.size();
    }
};

bool greet(int socket, int memory) {
    GreetingMessage message;
    cmsghdr* control = CMSG_FIRSTHDR(&message.header);
    control->cmsg_level = SOL_SOCKET;
    control->cmsg_type = SCM_RIGHTS;
    control->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(control), &memory, sizeof memory);
    return ::sendmsg(socket, &message.header, MSG_NOSIGNAL) == static_cast<ssize_t>(sizeof(Greeting));
}

// The memory that came with the greeting; nothing where what came is no greeting of this layout.
Descriptor memory_of(GreetingMessage& message, ssize_t got) {
    const cmsghdr* control = CMSG_FIRSTHDR(&message.header);
    int memory = -1;
    if (control != nullptr && control->cmsg_level == SOL_SOCKET && control->cmsg_type == SCM_RIGHTS &&
        control->cmsg_len == CMSG_LEN(sizeof(int)))
        std::memcpy(&memory, CMSG_DATA(control), sizeof memory);
    Descriptor found(memory);
    struct stat status{};
    const bool right = got == static_cast<ssize_t>(sizeof(Greeting)) && message.greeting == Greeting{} && memory >= 0 &&
                       ::fstat(memory, &status) == 0 && status.st_size == static_cast<off_t>(sizeof(SharedStreamMemory));
    return right ? std::move(found) : Descriptor{};
}

}  // namespace

SharedStream::SharedStream(Descriptor socket, SharedStreamMemory* memory, bool server, bool sleeps)
    : socket_(std::move(socket)), memory_(memory), server_(server), sleeps_(sleeps), ended_(memory == nullptr) {
    if (memory == nullptr) return;
    (server ? memory->server_sleeps : memory->client_sleeps).store(sleeps ? 1 : 0, std::memory_order_relaxed);
    auto& out = server ? memory->to_client : memory->to_server;
    auto& in = server ? memory->to_server : memory->to_client;
    ends_ = std::make_unique<Ends>(Ends{StreamRingWriter(out), StreamRingReader(in)});
}

SharedStream::SharedStream() = default;
SharedStream::~SharedStream() { close(); }

SharedStream::SharedStream(SharedStream&& other) noexcept
    : socket_(std::move(other.socket_)), memory_(std::exchange(other.memory_, nullptr)), server_(other.server_),
      sleeps_(other.sleeps_), ended_(std::exchange(other.ended_, true)), idle_(other.idle_), beat_(other.beat_),
      ends_(std::move(other.ends_)) {}

SharedStream& SharedStream::operator=(SharedStream&& other) noexcept {
    if (this == &other) return *this;
    close();
    socket_ = std::move(other.socket_);
    memory_ = std::exchange(other.memory_, nullptr);
    server_ = other.server_;
    sleeps_ = other.sleeps_;
    ended_ = std::exchange(other.ended_, true);
    idle_ = other.idle_;
    beat_ = other.beat_;
    ends_ = std::move(other.ends_);
    return *this;
}

void SharedStream::close() {
    socket_.reset();
    ends_.reset();
    if (memory_ != nullptr) ::munmap(memory_, sizeof(SharedStreamMemory));
    memory_ = nullptr;
    ended_ = true;
}

bool SharedStream::corrupt() const { return ends_ != nullptr && (ends_->reader.corrupt() || ends_->writer.corrupt()); }
std::uint64_t SharedStream::beat() const { return memory_->beat.load(std::memory_order_relaxed); }
std::uint64_t SharedStream::asked() const { return memory_->asked.load(std::memory_order_acquire); }

void SharedStream::answer(std::uint64_t question) {
    if (memory_->answered.load(std::memory_order_relaxed) == question) return;
    memory_->answered.store(question, std::memory_order_release);
    wake();
}

// Bells come before the ring is looked at: one that rings afterwards wakes the next wait.
StreamResult SharedStream::read(MutableBytes into) {
    if (memory_ == nullptr) return {0, StreamStatus::closed};
    if (!server_) memory_->beat.store(++beat_, std::memory_order_relaxed);
    if (sleeps_) look_at_socket();
    const std::size_t count = ends_->reader.read(into);
    if (count > 0) return {count, StreamStatus::open};
    if (corrupt()) return {0, StreamStatus::closed};
    if (!sleeps_ && ++idle_ % idle_looks == 0) look_at_socket();
    return {0, ended_ ? StreamStatus::closed : StreamStatus::would_block};
}

StreamResult SharedStream::write(Bytes from) {
    if (memory_ == nullptr || ended_ || corrupt()) return {0, StreamStatus::closed};
    const std::size_t count = ends_->writer.write(from);
    if (count > 0) wake();
    return {count, count > 0 || from.empty() ? StreamStatus::open : StreamStatus::would_block};
}

// Takes the bells away; a socket at its end says that the other process is gone.
void SharedStream::look_at_socket() {
    std::array<char, 256> bells;
    ssize_t got = 0;
    do got = ::recv(socket_.get(), bells.data(), bells.size(), MSG_DONTWAIT);
    while (got == static_cast<ssize_t>(bells.size()));
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)) ended_ = true;
}

// A socket that is full of bells wakes as well as one more.
void SharedStream::wake() {
    const auto& sleeps = server_ ? memory_->client_sleeps : memory_->server_sleeps;
    if (sleeps.load(std::memory_order_relaxed) == 0) return;
    const char bell = 1;
    if (::send(socket_.get(), &bell, 1, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 && errno == EPIPE) ended_ = true;
}

void SharedStream::ask_and_wait() {
    if (memory_ == nullptr || ended_) return;
    const std::uint64_t question = memory_->asked.load(std::memory_order_relaxed) + 1;
    memory_->asked.store(question, std::memory_order_release);
    wake();
    for (int i = 0; i < wakes_max && !ended_; ++i) {
        if (memory_->answered.load(std::memory_order_acquire) == question) return;
        pollfd bell{socket_.get(), POLLIN, 0};
        ::poll(&bell, 1, wake_ms_max);
        look_at_socket();
    }
}

SharedListener::SharedListener(const std::filesystem::path& path, Wait wait)
    : path_(path), sleeps_(wait != Wait::spin),
      socket_(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {
    const sockaddr_un address = address_of(path, "order gateway");
    std::error_code ignored;
    std::filesystem::create_directories(path.parent_path(), ignored);
    ::unlink(path.c_str());  // of one that died; who lives holds the journal
    const auto* at = reinterpret_cast<const sockaddr*>(&address);
    // Nobody can connect before it listens, so nobody but its owner ever can.
    if (!socket_ || ::bind(socket_.get(), at, sizeof address) != 0 || ::chmod(path.c_str(), 0600) != 0 ||
        ::listen(socket_.get(), 4) != 0)
        throw TransportError("order gateway: cannot listen on " + path.string() + ": " + std::strerror(errno));
}

SharedListener::~SharedListener() {
    ::unlink(path_.c_str());
    ::rmdir(path_.parent_path().c_str());  // where nothing else lies in it
}

std::optional<SharedStream> SharedListener::accept() {
    Descriptor client(::accept4(socket_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!client) return std::nullopt;
    const Descriptor file = sealed_memory();
    SharedStreamMemory* memory = file ? map(file.get()) : nullptr;
    if (memory == nullptr) return std::nullopt;
    new (memory) SharedStreamMemory{};
    SharedStream stream(std::move(client), memory, true, sleeps_);
    if (!greet(stream.descriptor(), file.get())) return std::nullopt;
    return stream;
}

SharedConnection::SharedConnection(std::filesystem::path path, std::string name, Waiter& waiter, const Options& options)
    : path_(std::move(path)), name_(std::move(name)), waiter_(waiter), options_(options) {
    static_cast<void>(address_of(path_, name_));
}

void SharedConnection::open() {
    close();
    const sockaddr_un address = address_of(path_, name_);
    greeting_ = Descriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (::connect(greeting_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) greeting_.reset();
}

StreamStatus SharedConnection::opened() {
    if (stream_.memory_ != nullptr) return StreamStatus::open;
    if (!greeting_) return StreamStatus::closed;
    GreetingMessage message;
    const ssize_t got = ::recvmsg(greeting_.get(), &message.header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) return StreamStatus::would_block;
    const Descriptor file = memory_of(message, got);
    SharedStreamMemory* memory = file ? map(file.get()) : nullptr;
    if (memory == nullptr) {
        greeting_.reset();
        return StreamStatus::closed;
    }
    stream_ = SharedStream(std::move(greeting_), memory, false, options_.wait != Wait::spin || options_.asks);
    waiter_.watch(stream_.descriptor());
    return StreamStatus::open;
}

void SharedConnection::settle() {
    unsettled_ = false;
    if (options_.asks) stream_.ask_and_wait();
}

void SharedConnection::close() {
    greeting_.reset();
    stream_.close();
}

}  // namespace colo
