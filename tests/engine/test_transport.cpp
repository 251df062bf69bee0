// The kernel's sockets behind the transport concepts, and the in-memory network that stands in for them.
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "engine/transport/memory_transport.hpp"
#include "engine/transport/tcp_stream.hpp"
#include "engine/transport/udp_socket.hpp"
#include "engine/transport/waiting.hpp"

namespace colo {
namespace {

// Until `done` holds or two seconds have passed.
template <class Done>
bool eventually(Done&& done) {
    for (int i = 0; i < 2000; ++i) {
        if (done()) return true;
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return false;
}

std::uint16_t free_port() { return TcpListener::bound({"127.0.0.1", 0}, "test").port(); }

std::string expect_error(const std::function<void()>& open) {
    try {
        open();
    } catch (const TransportError& error) {
        return error.what();
    }
    return "no error";
}

TEST(UdpSockets, MulticastArrivesWithTheKernelsTime) {
    const Endpoint group{"239.192.7.1", free_port()};
    UdpReceiver receiver = UdpReceiver::multicast(group, "127.0.0.1", "line A");
    UdpMulticastSender sender = UdpMulticastSender::opened(group, "127.0.0.1", "line A");
    timespec before;
    ::clock_gettime(CLOCK_REALTIME, &before);
    for (int i = 0; i < 5; ++i) ASSERT_TRUE(sender.send(bytes_of(std::string_view("message"))));
    std::vector<std::pair<std::string, Timestamp>> arrived;
    ASSERT_TRUE(eventually([&] {
        for (const Datagram& datagram : receiver.receive())
            arrived.emplace_back(text_of(datagram.payload), datagram.receive_time);
        return arrived.size() == 5;
    }));
    const std::int64_t sent_ns = static_cast<std::int64_t>(before.tv_sec) * 1'000'000'000 + before.tv_nsec;
    for (const auto& [text, time] : arrived) {
        EXPECT_EQ(text, "message");
        EXPECT_GE(time.value(), sent_ns);
        EXPECT_LT(time.value(), sent_ns + 2'000'000'000);
    }
    EXPECT_TRUE(receiver.receive().empty());
}

TEST(UdpSockets, SecondReceiverOfAFeedIsRefusedByPort) {
    const Endpoint group{"239.192.7.2", free_port()};
    const UdpReceiver first = UdpReceiver::multicast(group, "127.0.0.1", "line A");
    const std::string error = expect_error([&] { UdpReceiver::multicast(group, "127.0.0.1", "line A"); });
    EXPECT_EQ(error, "line A: cannot bind UDP port " + std::to_string(group.port) + " of 239.192.7.2: Address already in use");
}

TEST(UdpSockets, WrongPlacesAreNamed) {
    EXPECT_EQ(expect_error([] { UdpReceiver::multicast({"239.1.1.1", 1}, "eth99", "line B"); }),
              "line B: interface \"eth99\" is neither an IPv4 address nor an interface of this host");
    EXPECT_EQ(expect_error([] { UdpPeer::connected({"localhost", 1}, "re-request"); }),
              "re-request: \"localhost\" is not an IPv4 address");
    EXPECT_NO_THROW(UdpReceiver::multicast({"239.192.7.3", free_port()}, "lo", "line A"));
}

TEST(UdpSockets, PeerAsksAndIsAnswered) {
    const Endpoint place{"127.0.0.1", free_port()};
    const sockaddr_in address = socket_address(place, "server");
    const Descriptor server(::socket(AF_INET, SOCK_DGRAM, 0));
    ASSERT_EQ(::bind(server.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    UdpPeer peer = UdpPeer::connected(place, "re-request");
    EXPECT_TRUE(peer.receive().empty());
    ASSERT_TRUE(peer.send(bytes_of(std::string_view("request"))));
    std::array<char, 64> buffer;
    sockaddr_in from{};
    socklen_t length = sizeof from;
    ASSERT_EQ(::recvfrom(server.get(), buffer.data(), buffer.size(), 0, reinterpret_cast<sockaddr*>(&from), &length), 7);
    ::sendto(server.get(), "answer", 6, 0, reinterpret_cast<const sockaddr*>(&from), length);
    std::string answer;
    ASSERT_TRUE(eventually([&] {
        for (const Datagram& datagram : peer.receive()) answer = text_of(datagram.payload);
        return !answer.empty();
    }));
    EXPECT_EQ(answer, "answer");
}

TEST(TcpStreams, CarryBytesAndTellTheEnd) {
    TcpListener listener = TcpListener::bound({"127.0.0.1", 0}, "venue");
    TcpStream client;
    client.connect({"127.0.0.1", listener.port()}, "order session");
    TcpStream server;
    ASSERT_TRUE(eventually([&] {
        if (server.descriptor() < 0) server = listener.accept();
        return server.descriptor() >= 0 && client.state() == TcpStream::State::connected;
    }));
    std::array<std::byte, 64> buffer;
    EXPECT_EQ(server.read(buffer).status, StreamStatus::would_block);
    EXPECT_EQ(client.write(bytes_of(std::string_view("order"))).bytes, 5u);
    StreamResult read;
    ASSERT_TRUE(eventually([&] { return (read = server.read(buffer)).bytes == 5; }));
    EXPECT_EQ(text_of(Bytes(buffer.data(), 5)), "order");
    server.close();
    ASSERT_TRUE(eventually([&] { return client.read(buffer).status == StreamStatus::closed; }));
    EXPECT_EQ(client.state(), TcpStream::State::closed);
    EXPECT_EQ(client.write(bytes_of(std::string_view("late"))).status, StreamStatus::closed);
}

TEST(TcpStreams, RefusedConnectionsAndTakenPortsAreTold) {
    TcpStream client;
    client.connect({"127.0.0.1", free_port()}, "order session");
    EXPECT_TRUE(eventually([&] { return client.state() == TcpStream::State::closed; }));
    EXPECT_EQ(client.last_error(), ECONNREFUSED);
    const TcpListener listener = TcpListener::bound({"127.0.0.1", 0}, "venue");
    EXPECT_EQ(expect_error([&] { TcpListener::bound({"127.0.0.1", listener.port()}, "venue"); }),
              "venue: cannot listen on TCP port " + std::to_string(listener.port()) +
                  " of 127.0.0.1: Address already in use");
}

TEST(Waiting, BlockEndsWhenSomethingCanBeRead) {
    const Endpoint group{"239.192.7.4", free_port()};
    UdpReceiver receiver = UdpReceiver::multicast(group, "127.0.0.1", "line A");
    UdpMulticastSender sender = UdpMulticastSender::opened(group, "127.0.0.1", "line A");
    Waiter waiter(Wait::block, 10'000);
    waiter.watch(receiver.descriptor());
    ASSERT_TRUE(sender.send(bytes_of(std::string_view("x"))));
    const auto start = std::chrono::steady_clock::now();
    waiter.wait();
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
    Waiter(Wait::spin).wait();
    Waiter(Wait::yield).wait();
}

TEST(MemoryTransport, BehavesLikeTheSockets) {
    MemoryLink link;
    EXPECT_TRUE(link.receive().empty());
    link.send(bytes_of(std::string_view("a")), Timestamp{5});
    link.send(bytes_of(std::string_view("b")), Timestamp{6});
    const auto arrived = link.receive();
    ASSERT_EQ(arrived.size(), 2u);
    EXPECT_EQ(arrived[1].receive_time, Timestamp{6});
    MemoryStreamPair pair;
    MemoryStream one = pair.first(), other = pair.second();
    std::array<std::byte, 8> buffer;
    EXPECT_EQ(other.read(buffer).status, StreamStatus::would_block);
    EXPECT_EQ(one.write(bytes_of(std::string_view("order"))).bytes, 5u);
    one.close();
    EXPECT_EQ(other.read(buffer).bytes, 5u) << "what was sent before the end arrives";
    EXPECT_EQ(other.read(buffer).status, StreamStatus::closed);
    EXPECT_EQ(other.write(bytes_of(std::string_view("x"))).status, StreamStatus::closed);
}

}  // namespace
}  // namespace colo
