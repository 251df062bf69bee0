// MDP 3.0 packets, right and wrong, into the books of a channel: the fast ones and the slow ones must stay the same.
//
// A byte before each piece says whether it is a packet or an SBE message (odd), whose packet is then made around it, so
// that the bytes get past the first check, and whether a second piece belongs to it (2).
#include <vector>

#include "engine/book/mdp3_books.hpp"
#include "tests/engine/reference_ranked_books.hpp"
#include "tests/fuzz/whole_books.hpp"

using namespace colo;

namespace {
struct Consumer {
    std::size_t instrument_count = 0;
    void on_event(const Mdp3Event& event) const {
        for (const std::uint16_t index : event.instruments)
            fuzz::expect(index < instrument_count, "an event touches instruments that there are");
    }
};

template <class AnyBooks>
void apply(BasicMdp3Books<AnyBooks>& books, const mdp3::Packet& packet) {
    Consumer consumer{Mdp3Instruments::count_max};
    books.apply(packet, consumer);
}

// Makes of a message a packet with it alone.
void wrap(std::uint32_t sequence, std::vector<std::byte>& message) {
    mdp3::PacketHeader header;
    header.sequence_number = sequence;
    header.sending_time = 1'700'000'000'000'000'000u;
    LittleEndian<std::uint16_t> length;
    length = static_cast<std::uint16_t>(message.size() + sizeof length);
    const Bytes length_bytes = std::as_bytes(std::span{&length, 1}), header_bytes = bytes_of(header);
    message.insert(message.begin(), length_bytes.begin(), length_bytes.end());
    message.insert(message.begin(), header_bytes.begin(), header_bytes.end());
}

void expect_same(const Mdp3Books& fast, const BasicMdp3Books<test::ReferenceRankedBooks>& slow) {
    fuzz::expect(fast.instruments().count() == slow.instruments().count(), "both know the same instruments");
    for (std::size_t index = 0; index < fast.instruments().count(); ++index) {
        const auto instrument = static_cast<std::uint16_t>(index);
        const std::string levels = test::difference(fast.levels(), slow.levels(), instrument);
        const std::string orders = test::difference(fast.orders(), slow.orders(), instrument);
        if (!levels.empty() || !orders.empty()) std::fprintf(stderr, "%s%s\n", levels.c_str(), orders.c_str());
        fuzz::expect(levels.empty() && orders.empty(), "the books equal the reference");
    }
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t count) {
    static Mdp3Books fast;
    static BasicMdp3Books<test::ReferenceRankedBooks> slow;
    static std::vector<std::byte> room;
    fast.clear();
    slow.clear();
    std::uint32_t sequence = 0;
    for (fuzz::Pieces pieces(fuzz::bytes_of_input(data, count)); !pieces.empty();) {
        const unsigned how = pieces.number();
        room.clear();
        for (unsigned more = how / 2 % 2 + 1; more > 0; --more) {
            const Bytes piece = pieces.piece();
            room.insert(room.end(), piece.begin(), piece.end());
        }
        if (how % 2 == 1) wrap(++sequence, room);
        const auto packet = mdp3::Packet::parse(room);
        if (!packet) {
            fuzz::expect(!packet.error().to_string().empty(), "an error says why");
            continue;
        }
        apply(fast, *packet);
        apply(slow, *packet);
    }
    fuzz::expect_whole(fast.levels());
    fuzz::expect_whole(fast.orders());
    expect_same(fast, slow);
    return 0;
}
