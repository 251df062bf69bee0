// Datagrams into the arbitration: whatever comes, each message goes on once and in order, and every wait ends.
#include "engine/feed/arbiter.hpp"
#include "tests/fuzz/fuzz_input.hpp"

using namespace colo;

namespace {
struct Sink {
    std::uint64_t next = 1;
    bool snapshot_wanted = false, lost = false;

    void on_message(const FeedMessage& m) {
        fuzz::expect(m.sequence.value() == next++, "messages come in order and once");
        for (const std::byte byte : m.message) read += std::to_integer<std::uint64_t>(byte);
    }
    void on_request(const moldudp64::Request& request) {
        fuzz::expect(request.requested_message_count.get() > 0, "a request asks for something");
        fuzz::expect(request.sequence_number.get().value() >= next, "a request asks for what is missing");
    }
    void on_snapshot_needed(SequenceNumber) { snapshot_wanted = true; }
    void on_gap(SequenceNumber first, SequenceNumber last) {
        fuzz::expect(first.value() == next && last >= first, "a gap begins where the stream ends");
        next = last.value() + 1;
    }
    void on_end_of_session(SequenceNumber) {}
    void on_foreign_session(const moldudp64::Session&) {}
    void on_feed_lost(SequenceNumber) { lost = true; }
    std::uint64_t read = 0;
};
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t count) {
    Arbiter arbiter({.buffered_packets_max = 8, .gap_messages_max = 1000});
    Sink sink;
    Timestamp now{1};
    for (fuzz::Pieces pieces(fuzz::bytes_of_input(data, count)); !pieces.empty();) {
        const unsigned how = pieces.number();
        const Bytes datagram = pieces.piece();
        static_cast<void>(moldudp64::parse_request(datagram));
        now += microseconds(how >> 2);
        arbiter.on_packet(static_cast<FeedSource>(how % 3), datagram, now, sink);
        arbiter.on_timer(now, sink);
        if (std::exchange(sink.snapshot_wanted, false) && how % 4 == 3)
            arbiter.on_snapshot(SequenceNumber{sink.next + how}, now, sink);
    }
    for (int i = 0; i < 100; ++i) arbiter.on_timer(now += seconds(31), sink);
    fuzz::expect(!arbiter.next_deadline() || sink.lost || arbiter.state() == Arbiter::State::lost, "every wait ends");
    return 0;
}
