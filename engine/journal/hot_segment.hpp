// A segment in memory that outlives its process: a file on tmpfs, reserved, mapped, pre-faulted and locked before the
// trading thread sees it, so that an append is nothing but stores.
//
// SIGKILL keeps every byte (the pages belong to the file, not to the process); power loss keeps none. A drained segment
// is renamed and reused rather than unmapped: neither a page fault nor a TLB shootdown then reaches the trading core.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>

#include "engine/core/result.hpp"
#include "engine/journal/segment.hpp"

namespace colo {

class HotSegment {
public:
    // Reserves, maps and pre-faults; the file appears under its name only when its header is whole.
    [[nodiscard]] static Result<std::unique_ptr<HotSegment>, JournalError> create(
        const std::filesystem::path& hot_directory, const SegmentHeader& header);
    ~HotSegment();
    HotSegment(const HotSegment&) = delete;
    HotSegment& operator=(const HotSegment&) = delete;

    // Empties this segment and gives it another header and name, keeping its pages.
    [[nodiscard]] std::optional<JournalError> recycle(const SegmentHeader& header);
    [[nodiscard]] std::optional<JournalError> remove();

    [[nodiscard]] MutableBytes bytes() const { return {base_, static_cast<std::size_t>(header_.segment_bytes)}; }
    [[nodiscard]] const SegmentHeader& header() const { return header_; }
    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

    // Written by the trading thread, read by the drain: bytes that are complete, then whether more will come.
    std::atomic<std::uint64_t> committed_bytes{segment_header_bytes};
    std::atomic<bool> ended{false};

private:
    HotSegment(std::filesystem::path hot_directory, const SegmentHeader& header);
    [[nodiscard]] std::optional<JournalError> map();
    [[nodiscard]] std::optional<JournalError> publish();
    [[nodiscard]] std::filesystem::path preparing_path() const;

    std::filesystem::path hot_directory_;
    std::filesystem::path path_;  // where the file lies now
    SegmentHeader header_;
    std::byte* base_ = nullptr;
};

// Prepared segments on their way from the housekeeping thread to the trading thread: one of each, no lock.
class PreparedSegments {
public:
    static constexpr std::uint32_t capacity = 8;

    [[nodiscard]] std::uint32_t available() const {
        return pushed_.load(std::memory_order_acquire) - popped_.load(std::memory_order_acquire);
    }
    // Housekeeping thread; precondition: available() < capacity.
    void push(HotSegment* segment) {
        const std::uint32_t pushed = pushed_.load(std::memory_order_relaxed);
        slots_[pushed % capacity] = segment;
        pushed_.store(pushed + 1, std::memory_order_release);
    }
    // Trading thread; nullptr where none is ready.
    [[nodiscard]] HotSegment* pop() {
        const std::uint32_t popped = popped_.load(std::memory_order_relaxed);
        if (pushed_.load(std::memory_order_acquire) == popped) return nullptr;
        HotSegment* segment = slots_[popped % capacity];
        popped_.store(popped + 1, std::memory_order_release);
        return segment;
    }

private:
    std::array<HotSegment*, capacity> slots_{};
    alignas(64) std::atomic<std::uint32_t> pushed_{0};
    alignas(64) std::atomic<std::uint32_t> popped_{0};
};

}  // namespace colo
