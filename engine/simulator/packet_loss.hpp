// Which lines lose a packet: a pure function of the seed and the packet's first sequence number, so that a run with
// loss can be repeated exactly and a restarted simulator loses the same packets.
#pragma once

#include <cstdint>

#include "engine/core/types.hpp"
#include "engine/simulator/config.hpp"
#include "engine/simulator/random_source.hpp"

namespace colo::simulator {

class PacketLoss {
public:
    explicit PacketLoss(LossConfig config) : config_(std::move(config)) {
        for (const double probability : config_.line) none_ = none_ && probability <= 0;
        none_ = none_ && config_.both <= 0;
    }

    // Of the lines whose bits are set, those that keep the packet which opens with this message.
    [[nodiscard]] std::uint32_t surviving(std::uint32_t lines, SequenceNumber first) const {
        if (none_) return lines;
        const std::uint64_t packet = mixed(config_.seed ^ mixed(first.value()));
        if (drawn(packet, 0) < config_.both) return 0;
        for (std::size_t line = 0; line < config_.line.size(); ++line) {
            if (drawn(packet, line + 1) < config_.line[line]) lines &= ~(1u << line);
        }
        return lines;
    }

private:
    // Uniform in [0, 1).
    static double drawn(std::uint64_t packet, std::uint64_t which) {
        return static_cast<double>(mixed(packet + which) >> 11) * 0x1.0p-53;
    }

    LossConfig config_;
    bool none_ = true;
};

}  // namespace colo::simulator
