// Numbers of a running engine that another thread may read at any time, without stopping it.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

namespace colo {

// Each number is whole; together they are not of one instant.
struct EngineProgress {
    static constexpr std::size_t instruments_max = 64;

    std::atomic<std::uint64_t> sequence{0};  // the latest feed message
    std::atomic<std::uint64_t> orders{0};
    std::atomic<std::uint64_t> fills{0};
    std::atomic<std::uint64_t> open_orders{0};
    std::array<std::atomic<std::int64_t>, instruments_max> positions{};  // by instrument index
};

}  // namespace colo
