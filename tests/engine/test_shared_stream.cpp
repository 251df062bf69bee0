// The stream between two processes: bytes, waking, death of the other side, and another side that writes nonsense.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "engine/runtime/soup_client.hpp"
#include "engine/transport/shared_stream.hpp"

namespace colo {
namespace {

static_assert(Connection<SharedConnection>);

std::filesystem::path socket_path() {
    return std::filesystem::temp_directory_path() / ("colo-stream-" + std::to_string(::getpid())) / "orders";
}

std::vector<std::byte> bytes(std::string_view text) {
    const auto* first = reinterpret_cast<const std::byte*>(text.data());
    return {first, first + text.size()};
}

class SharedStreams : public testing::TestWithParam<Wait> {
protected:
    Waiter waiter{Wait::block};
    SharedListener listener{socket_path(), GetParam()};
    SharedConnection client{socket_path(), "order gateway", waiter, {GetParam(), false}};

    void TearDown() override { std::filesystem::remove_all(socket_path().parent_path()); }
    SharedStream connect() {
        client.open();
        EXPECT_EQ(client.opened(), StreamStatus::would_block);
        auto server = listener.accept();
        EXPECT_TRUE(server.has_value());
        EXPECT_EQ(client.opened(), StreamStatus::open);
        return *std::move(server);
    }
    template <class Stream>
    static std::string read_all(Stream& stream) {
        std::string text;
        std::array<std::byte, 100> room;
        for (;;) {
            const StreamResult read = stream.read(room);
            if (read.bytes == 0) return text;
            text.append(reinterpret_cast<const char*>(room.data()), read.bytes);
        }
    }
};

INSTANTIATE_TEST_SUITE_P(Waits, SharedStreams, testing::Values(Wait::spin, Wait::block));

TEST_P(SharedStreams, CarryBytesBothWaysAndStopWhenFull) {
    SharedStream server = connect();
    const std::string text(1'000'000, 'x');
    const std::size_t taken = client.write(bytes(text)).bytes;
    EXPECT_GT(taken, 200'000u);
    EXPECT_LT(taken, text.size());
    EXPECT_EQ(client.write(bytes("more")).status, StreamStatus::would_block);
    EXPECT_EQ(read_all(server), text.substr(0, taken));
    EXPECT_EQ(client.write(bytes("more")).bytes, 4u);
    EXPECT_EQ(server.write(bytes("answer")).bytes, 6u);
    EXPECT_EQ(read_all(client), "answer");
    EXPECT_EQ(read_all(server), "more");
}

TEST_P(SharedStreams, TellTheDeathOfTheOtherSideAfterItsLastBytes) {
    SharedStream server = connect();
    const std::uint64_t before = server.beat();
    EXPECT_EQ(read_all(client), "");
    EXPECT_GT(server.beat(), before);
    ASSERT_EQ(server.write(bytes("last")).bytes, 4u);
    server.close();
    std::array<std::byte, 16> room;
    EXPECT_EQ(client.read(room).bytes, 4u);
    StreamStatus status = StreamStatus::open;
    for (int i = 0; i < 100 && status != StreamStatus::closed; ++i) status = client.read(room).status;
    EXPECT_EQ(status, StreamStatus::closed);
    EXPECT_EQ(client.write(bytes("late")).status, StreamStatus::closed);
    connect();  // and the next one begins with nothing
    EXPECT_EQ(read_all(client), "");
}

TEST_P(SharedStreams, TellTheDeathOfAProcess) {
    const pid_t child = ::fork();
    if (child == 0) {
        client.open();
        while (client.opened() != StreamStatus::open) ::usleep(1'000);
        static_cast<void>(client.write(bytes("order")));
        for (;;) ::pause();
    }
    std::optional<SharedStream> server;
    while (!server) server = listener.accept();
    std::array<std::byte, 16> room;
    while (server->read(room).bytes == 0) ::usleep(100);
    EXPECT_FALSE(server->ended());
    ASSERT_EQ(::kill(child, SIGKILL), 0);
    ASSERT_EQ(::waitpid(child, nullptr, 0), child);
    for (int i = 0; i < 1'000 && !server->ended(); ++i) static_cast<void>(server->read(room));
    EXPECT_TRUE(server->ended());
}

TEST(SharedConnections, RefuseAServerOfAnotherLayoutAndAPathThatIsTooLong) {
    Waiter waiter(Wait::block);
    SharedConnection client(socket_path(), "order gateway", waiter, {});
    client.open();
    EXPECT_EQ(client.opened(), StreamStatus::closed);  // nobody listens
    const Descriptor stranger(::socket(AF_UNIX, SOCK_STREAM, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::filesystem::create_directories(socket_path().parent_path());
    socket_path().string().copy(address.sun_path, sizeof address.sun_path - 1);
    ASSERT_EQ(::bind(stranger.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    ASSERT_EQ(::listen(stranger.get(), 1), 0);
    client.open();
    const Descriptor accepted(::accept(stranger.get(), nullptr, nullptr));
    EXPECT_EQ(client.opened(), StreamStatus::would_block);
    ASSERT_EQ(::send(accepted.get(), "COLOSTR0 and more", 17, 0), 17);
    EXPECT_EQ(client.opened(), StreamStatus::closed);
    EXPECT_EQ(client.place(), "order gateway (" + socket_path().string() + ")");
    EXPECT_THROW(SharedConnection(std::string(200, 'p'), "order gateway", waiter, {}), TransportError);
    std::filesystem::remove_all(socket_path().parent_path());
}

// A client that asks sees whatever the server had taken in before it answered.
TEST(SharedStreamQuestions, AreAnsweredAfterEverythingBeforeThem) {
    Waiter waiter(Wait::block);
    SharedListener listener(socket_path(), Wait::block);
    SharedConnection client(socket_path(), "order gateway", waiter, {Wait::block, true});
    client.open();
    auto server = listener.accept();
    ASSERT_TRUE(server && client.opened() == StreamStatus::open);
    std::thread other([&] {
        std::array<std::byte, 64> room;
        std::size_t taken = 0;
        while (taken < 5'000) {
            const std::uint64_t question = server->asked();
            if (const std::size_t got = server->read(room).bytes; got > 0) {
                taken += got;
                ASSERT_EQ(server->write(Bytes(room).first(got)).bytes, got);
            }
            server->answer(question);
        }
        server->answer(server->asked() + 1'000'000);
    });
    std::array<std::byte, 64> room;
    for (int i = 0; i < 1'000; ++i) {
        ASSERT_EQ(client.write(bytes("order")).bytes, 5u);
        client.settle();
        ASSERT_EQ(client.read(room).bytes, 5u) << i;  // its own order is back with the first look
    }
    other.join();
    std::filesystem::remove_all(socket_path().parent_path());
}

// The rings' memory is the other side's to write: whatever it holds, a reader stays inside and says what is wrong.
TEST(StreamRing, MemoryOfNonsenseIsRefusedAndNeverLeadsOutside) {
    using Ring = StreamRing<16>;
    const auto seed = std::random_device{}();
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    std::uint64_t refused = 0;
    constexpr int rounds = 2'000;
    for (int round = 0; round < rounds; ++round) {
        auto ring = std::make_unique<Ring>();
        StreamRingWriter writer(*ring);
        StreamRingReader reader(*ring);
        std::array<std::byte, 4'096> room;
        ASSERT_EQ(writer.write(Bytes(room).first(100)), 100u);
        ASSERT_EQ(reader.read(MutableBytes(room).first(60)), 60u);
        // Any number, or one that is nearly right.
        const std::uint64_t word = random() % 2 == 0 ? random() : (random() % 40) << Ring::length_bits | random() % 64;
        ring->line[2].announced.store(word, std::memory_order_relaxed);
        const std::size_t got = reader.read(room);
        const bool fits = word >> Ring::length_bits == 3 && (word & Ring::length_mask) > 0 &&
                          (word & Ring::length_mask) <= Ring::cell_bytes;
        EXPECT_EQ(got, 40u + (fits ? word & Ring::length_mask : 0)) << word;
        EXPECT_EQ(reader.corrupt(), !fits && word >> Ring::length_bits != 0) << word;
        refused += reader.corrupt();
        ring->taken.store(random(), std::memory_order_relaxed);
        std::size_t written = 0;
        for (int i = 0; i < 40; ++i) written += writer.write(Bytes(room).first(56));
        EXPECT_TRUE(writer.corrupt());
        EXPECT_EQ(written, 14u * 56u);  // the room that it knew of
    }
    EXPECT_GT(refused, rounds / 2u);
}

}  // namespace
}  // namespace colo
