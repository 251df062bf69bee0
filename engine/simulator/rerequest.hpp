// The venue's re-request server: MoldUDP64 requests in, the lost messages back to whoever asked.
//
// A request for no messages is a receiver's report of the message that it expects next; the pacing reads it.
#pragma once

#include <cstdint>
#include <optional>

#include "engine/protocol/moldudp64.hpp"
#include "engine/simulator/config.hpp"
#include "engine/simulator/exchange.hpp"
#include "engine/transport/descriptor.hpp"

namespace colo::simulator {

class RerequestServer {
public:
    // Throws TransportError.
    RerequestServer(const Config& config, const Exchange& exchange);

    // Answers what has arrived. The latest report among it, nothing where there was none.
    [[nodiscard]] std::optional<SequenceNumber> receive();

    [[nodiscard]] int descriptor() const { return socket_.get(); }
    [[nodiscard]] std::uint64_t requests() const { return requests_; }
    [[nodiscard]] std::uint64_t messages() const { return messages_; }
    [[nodiscard]] std::uint64_t malformed() const { return malformed_; }

private:
    void answer(const moldudp64::Request& request, const void* address, unsigned address_length);

    moldudp64::Session session_;
    bool refused_;
    const Exchange* exchange_;
    Descriptor socket_;
    std::uint64_t requests_ = 0;
    std::uint64_t messages_ = 0;
    std::uint64_t malformed_ = 0;
};

}  // namespace colo::simulator
