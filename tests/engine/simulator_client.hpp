// A small trading client and a running simulator, both over real sockets of this machine: what the tests of the
// simulator's network speak with. Ports are free ones of the kernel's choice.
#pragma once

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "engine/protocol/moldudp64.hpp"
#include "engine/simulator/generated_session.hpp"
#include "engine/simulator/simulator.hpp"
#include "engine/transport/tcp_stream.hpp"
#include "engine/transport/udp_socket.hpp"

namespace colo::simulator {

inline constexpr const char* mold_session = "0123456789";

[[nodiscard]] inline std::uint16_t free_port(int type) {
    Descriptor socket(::socket(AF_INET, type, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address);
    socklen_t length = sizeof address;
    ::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &length);
    return ntohs(address.sin_port);
}

// A folder that goes with its owner.
class TemporaryFolder {
public:
    TemporaryFolder() {
        char name[] = "/tmp/colo-simulator-XXXXXX";
        if (::mkdtemp(name) == nullptr) throw std::runtime_error("no temporary folder");
        path_ = name;
    }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    ~TemporaryFolder() { std::filesystem::remove_all(path_); }
    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

inline void write_bytes(const std::filesystem::path& path, Bytes bytes) {
    std::ofstream(path, std::ios::binary).write(reinterpret_cast<const char*>(bytes.data()),
                                                static_cast<std::streamsize>(bytes.size()));
}

// A generated session on disk and a configuration that plays it.
[[nodiscard]] inline Config config_in(const std::filesystem::path& folder, std::uint64_t messages = 2'000) {
    GeneratedSession session;
    session.seed = 11;
    session.messages = messages;
    write_bytes(folder / "session.itch", generate_session(session));
    Config config;
    config.mic = "XNAS";
    config.mold_session = mold_session;
    config.session_file = folder / "session.itch";
    config.journal_directory = folder / "exchange";
    config.lines = {{"A", {"239.255.77.1", free_port(SOCK_DGRAM)}, "127.0.0.1"},
                    {"B", {"239.255.77.2", free_port(SOCK_DGRAM)}, "127.0.0.1"}};
    config.rerequest = {"127.0.0.1", free_port(SOCK_DGRAM)};
    config.snapshot = {{"127.0.0.1", free_port(SOCK_STREAM)}, "GLIMPS", "secret"};
    config.order_entry = {{"127.0.0.1", free_port(SOCK_STREAM)}, "COLO01", "secret"};
    config.loss.line = {0.0, 0.0};
    config.client_wait = seconds(20);
    config.end_wait = seconds(5);
    return config;
}

// A simulator in a thread of this process; its end is waited for.
class RunningSimulator {
public:
    explicit RunningSimulator(const Config& config)
        : config_(config), session_(opened(config)), journal_(config.journal_directory, config.mold_session),
          exchange_(session_, journal_),
          simulator_(config_, exchange_, stop_, [this](const std::string& text) { notices_.push_back(text); },
                     [](const Progress&) {}),
          thread_([this] { run(); }) {}
    ~RunningSimulator() {
        stop_ = true;
        if (thread_.joinable()) thread_.join();
    }

    // Waits until it ends by itself.
    const Progress& finished() {
        if (thread_.joinable()) thread_.join();
        return progress_;
    }
    void stop() { stop_ = true; }
    // For after its end.
    [[nodiscard]] const std::string& error() const { return error_; }
    [[nodiscard]] const std::vector<std::string>& notices() const { return notices_; }
    [[nodiscard]] const Exchange& exchange() const { return exchange_; }

private:
    static SessionFile opened(const Config& config) {
        auto session = SessionFile::open(config.session_file.string());
        if (!session) throw std::runtime_error(session.error().to_string());
        return std::move(*session);
    }
    void run() {
        try {
            progress_ = simulator_.run();
        } catch (const std::exception& error) {
            error_ = error.what();
        }
    }

    Config config_;
    SessionFile session_;
    ExchangeJournal journal_;
    Exchange exchange_;
    std::atomic<bool> stop_{false};
    std::vector<std::string> notices_;
    Simulator simulator_;
    Progress progress_;
    std::string error_;
    std::thread thread_;
};

inline bool readable(int descriptor, int wait_ms) {
    pollfd ready{descriptor, POLLIN, 0};
    return ::poll(&ready, 1, wait_ms) > 0;
}

// One SoupBinTCP connection of a client. Reading waits, with a bound.
class SoupTestClient {
public:
    SoupTestClient() = default;
    // Connects and logs in; `refused` holds the code where that fails.
    void log_in(const LoginConfig& login, std::uint64_t sequence, const std::string& password = "SECRET",
                const std::string& session = "") {
        connect(login);
        soupbintcp::LoginRequest request;
        request.username = login.username;
        request.password = password;
        request.requested_session = session;
        request.requested_sequence_number = sequence;
        write(bytes_of(request));
        const auto packet = next(5000);
        refused = packet && packet->type == soupbintcp::LoginRejected::type
                      ? packet->as<soupbintcp::LoginRejected>().reject_reason_code
                      : 0;
        accepted = packet && packet->type == soupbintcp::LoginAccepted::type
                       ? *packet->as<soupbintcp::LoginAccepted>().sequence_number.get()
                       : 0;
    }
    void connect(const LoginConfig& login) {
        framer_.reset();
        for (int tries = 0; tries < 400; ++tries) {
            stream_.connect(login.endpoint, "test client");
            while (stream_.state() == TcpStream::State::connecting) ::usleep(200);
            if (stream_.state() == TcpStream::State::connected) return;
            ::usleep(5'000);
        }
        throw std::runtime_error("cannot connect to " + login.endpoint.to_string());
    }
    // The next packet but heartbeats, valid until the next call; nothing after this time or at the end of the stream.
    std::optional<soupbintcp::Packet> next(int wait_ms) {
        for (;;) {
            if (const auto packet = framer_.next()) {
                if (packet->type == soupbintcp::ServerHeartbeat::type) continue;
                return packet;
            }
            if (stream_.descriptor() < 0 || !readable(stream_.descriptor(), wait_ms)) return std::nullopt;
            const StreamResult result = stream_.read(framer_.free_space());
            framer_.received(result.bytes);
            if (result.status == StreamStatus::closed) ended = true;
            if (result.bytes == 0) return std::nullopt;
        }
    }
    template <WireMessage Message>
    void send(const Message& message) {
        soupbintcp::Enveloped<Message> packet;
        packet.message = message;
        write(bytes_of(packet));
    }
    void write(Bytes bytes) {
        if (stream_.descriptor() >= 0) static_cast<void>(stream_.write(bytes));
    }
    void log_out() {
        write(bytes_of(soupbintcp::LogoutRequest{}));
        stream_.close();
    }
    void close() { stream_.close(); }

    char refused = 0;
    std::uint64_t accepted = 0;  // the sequence number of the first message to come
    bool ended = false;

private:
    TcpStream stream_;
    soupbintcp::Framer framer_;
};

// Receives both lines, asks for what is lost, reports, and sends the orders that a test decides on.
class FeedTestClient {
public:
    explicit FeedTestClient(const Config& config)
        : config_(config), rerequest_(UdpPeer::connected(config.rerequest, "re-request")) {
        for (const LineConfig& line : config.lines) {
            lines_.push_back(UdpReceiver::multicast(line.group, line.interface, "line"));
        }
    }

    SoupTestClient orders;
    std::vector<std::vector<std::byte>> messages;  // of the feed, in order
    std::vector<std::vector<std::byte>> answers;   // of the order session, in order
    std::vector<std::uint64_t> packets_by_line{0, 0};
    std::uint64_t heartbeats = 0;
    bool reporting = true;
    // Called when the feed has advanced, before that is reported.
    std::function<void(FeedTestClient&)> on_advance = [](FeedTestClient&) {};

    [[nodiscard]] SequenceNumber next() const { return SequenceNumber{messages.size() + 1}; }
    void report() { request(next(), 0); }
    void request(SequenceNumber first, std::uint16_t count) {
        const auto request = moldudp64::make_request(moldudp64::Session(mold_session), first, count);
        static_cast<void>(rerequest_.send(bytes_of(request)));
    }
    void read_answers(int wait_ms = 0) {
        while (const auto packet = orders.next(wait_ms)) {
            if (packet->type != soupbintcp::sequenced_data_type) continue;
            answers.emplace_back(packet->payload.begin(), packet->payload.end());
        }
    }
    // Throws away what the lines have brought, as a client does that starts anew.
    void drop_packets() {
        for (UdpReceiver& line : lines_) {
            while (!line.receive().empty()) {}
        }
        while (!rerequest_.receive().empty()) {}
    }
    // Plays until the end of the session, or until this many messages; false after a silence of five seconds.
    bool play(std::uint64_t until = UINT64_MAX) {
        int silent_ms = 0;
        while (!ended_ && messages.size() < until && silent_ms < 5'000) {
            if (turn()) silent_ms = 0;
            else ++silent_ms;
        }
        read_answers();
        return ended_ || messages.size() >= until;
    }
    // Takes what is there, or waits a millisecond for it; false where nothing came.
    bool turn() {
        bool any = false;
        for (std::size_t line = 0; line < lines_.size(); ++line) {
            for (const Datagram& datagram : lines_[line].receive()) {
                any = true;
                take(datagram.payload, static_cast<int>(line));
            }
        }
        for (const Datagram& datagram : rerequest_.receive()) {
            any = true;
            take(datagram.payload, -1);
        }
        if (!any) readable(lines_[0].descriptor(), 1);
        return any;
    }

private:
    void take(Bytes datagram, int line) {
        const auto packet = moldudp64::Packet::parse(datagram);
        if (!packet || packet->session() != std::string_view(mold_session)) return;
        if (packet->heartbeat()) ++heartbeats;
        else if (line >= 0) ++packets_by_line[static_cast<std::size_t>(line)];
        if (packet->end_of_session()) ended_ = packet->sequence() == next();
        if (packet->sequence() > next()) request(next(), 100);
        const std::size_t before = messages.size();
        for (const auto [sequence, message] : *packet) {
            if (sequence == next()) messages.emplace_back(message.begin(), message.end());
        }
        if (messages.size() == before) return;
        read_answers();
        on_advance(*this);
        if (reporting) report();
    }

    Config config_;
    std::vector<UdpReceiver> lines_;
    UdpPeer rerequest_;
    bool ended_ = false;
};

// The session's messages, each without its length.
[[nodiscard]] inline std::vector<std::vector<std::byte>> messages_of(const Config& config) {
    auto session = SessionFile::open(config.session_file.string());
    std::vector<std::vector<std::byte>> messages;
    for (auto cursor = session->cursor(); const auto record = cursor.next();) {
        messages.emplace_back(record->message.begin(), record->message.end());
    }
    return messages;
}

}  // namespace colo::simulator
