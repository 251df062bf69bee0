// A stream of bytes between two processes of one host through memory that both map: an order needs no system call.
//
// The server listens on a UNIX socket. Whoever connects gets memory made for this connection alone, sealed so that
// nobody can shrink it under the other, with a ring in each direction (stream_ring.hpp). The socket carries no data: its
// end tells the death of the process at the other side at once, and a byte in it wakes a side that sleeps. What was in
// the rings when a side died goes with them: a new connection begins with nothing, and the protocol above says what is
// to come again. Three words more lie there: the client's beat, which stands still when the client does, and a question
// and its answer, with which a client waits until the server has taken everything that was there when it asked.
//
//   SharedListener listener(path, waits);                      // the server
//   if (std::optional<SharedStream> client = listener.accept()) ...
//   SharedConnection connection(path, "order gateway", waiter, options);  // the client, a Connection as TCP's is
//   connection.open();
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "engine/core/stream_ring.hpp"
#include "engine/transport/descriptor.hpp"
#include "engine/transport/transport.hpp"
#include "engine/transport/waiting.hpp"

namespace colo {

struct SharedStreamMemory;

// One end of a connection.
class SharedStream {
public:
    SharedStream();
    SharedStream(SharedStream&& other) noexcept;
    SharedStream& operator=(SharedStream&& other) noexcept;
    ~SharedStream();

    // `closed` when the other side is gone and everything that it had written was read, or when it wrote what cannot be.
    [[nodiscard]] StreamResult read(MutableBytes into);
    [[nodiscard]] StreamResult write(Bytes from);
    void close();
    [[nodiscard]] int descriptor() const { return socket_.get(); }

    // The other side is gone; something of what it wrote may still be there.
    [[nodiscard]] bool ended() const { return ended_; }
    // The other side's rings hold what cannot be.
    [[nodiscard]] bool corrupt() const;

    // The client's beat, moved by each of its reads.
    [[nodiscard]] std::uint64_t beat() const;
    // The client's latest question; answered when everything that was there before it has been taken.
    [[nodiscard]] std::uint64_t asked() const;
    void answer(std::uint64_t question);

private:
    friend class SharedListener;
    friend class SharedConnection;
    SharedStream(Descriptor socket, SharedStreamMemory* memory, bool server, bool sleeps);
    void look_at_socket();
    void wake();
    void ask_and_wait();

    Descriptor socket_;
    SharedStreamMemory* memory_ = nullptr;
    bool server_ = false;
    bool sleeps_ = false;
    bool ended_ = true;
    std::uint32_t idle_ = 0;
    std::uint64_t beat_ = 0;
    struct Ends;
    std::unique_ptr<Ends> ends_;
};

static_assert(ByteStream<SharedStream>);

// Accepts one process after the other.
class SharedListener {
public:
    // `wait` is how the thread waits that uses it. Throws TransportError where the socket cannot be made.
    SharedListener(const std::filesystem::path& path, Wait wait);
    SharedListener(const SharedListener&) = delete;
    SharedListener& operator=(const SharedListener&) = delete;
    ~SharedListener();

    // Nothing where nobody has connected.
    [[nodiscard]] std::optional<SharedStream> accept();
    [[nodiscard]] int descriptor() const { return socket_.get(); }

private:
    std::filesystem::path path_;
    bool sleeps_;
    Descriptor socket_;
};

// The client's end, which can be opened again and again.
class SharedConnection {
public:
    struct Options {
        Wait wait{Wait::block};  // of the thread that uses it
        bool asks = false;       // `settle` waits; otherwise it does nothing
    };
    // Throws TransportError where the path is too long for a UNIX socket.
    SharedConnection(std::filesystem::path path, std::string name, Waiter& waiter, const Options& options);

    void open();
    [[nodiscard]] StreamStatus opened();
    [[nodiscard]] StreamResult read(MutableBytes into) { return stream_.read(into); }
    [[nodiscard]] StreamResult write(Bytes from) {
        unsettled_ = true;
        return stream_.write(from);
    }
    // Waits until the server has taken everything that was written, and brought everything that it had to bring.
    void settle();
    // The same, but only where something was written since the last time.
    void settle_written() {
        if (unsettled_) settle();
    }
    void close();
    [[nodiscard]] std::string place() const { return name_ + " (" + path_.string() + ")"; }

private:
    std::filesystem::path path_;
    std::string name_;
    Waiter& waiter_;
    Options options_;
    Descriptor greeting_;  // connected, and not yet given its memory
    SharedStream stream_;
    bool unsettled_ = false;
};

}  // namespace colo
