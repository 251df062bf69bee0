// A stream of bytes, in pieces of any length, into the framing of SoupBinTCP.
#include "engine/protocol/glimpse50.hpp"
#include "engine/protocol/soupbintcp.hpp"
#include "tests/fuzz/fuzz_input.hpp"

using namespace colo;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t count) {
    static soupbintcp::Framer framer;
    framer.reset();
    std::size_t taken = 0;
    for (fuzz::Pieces pieces(fuzz::bytes_of_input(data, count)); !pieces.empty();) {
        const Bytes piece = pieces.piece();
        fuzz::expect(framer.append(piece) == piece.size(), "there is room once every packet was taken");
        taken += piece.size();
        while (const auto packet = framer.next()) {
            fuzz::expect(packet->payload.size() + 3 == packet->whole.size() && packet->whole.size() <= taken,
                         "a packet lies within what came");
            if (packet->type == soupbintcp::LoginAccepted::type)
                static_cast<void>(packet->as<soupbintcp::LoginAccepted>().sequence_number.get());
            if (packet->type == soupbintcp::LoginRequest::type)
                static_cast<void>(packet->as<soupbintcp::LoginRequest>().requested_sequence_number.get());
            if (glimpse50::end_of_snapshot(packet->payload))
                static_cast<void>(overlay<glimpse50::EndOfSnapshot>(packet->payload).sequence_number.get());
        }
        if (!framer.error()) continue;
        fuzz::expect(!framer.error()->to_string().empty(), "an error says why");
        return 0;
    }
    return 0;
}
