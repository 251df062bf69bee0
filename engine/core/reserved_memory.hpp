// A large array of zeros whose address space is reserved at once and whose memory arrives as it is touched.
//
// Tables of the book never move or grow in steady state, and their worst case is far larger than a usual day. Reserving
// costs nothing; `prefault` pays for the first part before trading starts, so that no page fault comes later. Huge pages
// are asked for, because a table of hundreds of megabytes on 4 KiB pages misses the TLB at nearly every message. A process
// that locks its memory must lock on fault (MCL_ONFAULT), or it would take all that is reserved.
//
//   ReservedArray<std::uint32_t> slots(1 << 26);    // 256 MiB of addresses
//   slots.prefault(0, 1 << 20);                     // 4 MiB of memory
//   slots[7] = 1;
#pragma once

#include <sys/mman.h>

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <new>
#include <type_traits>
#include <utility>

namespace colo {

template <class T>
class ReservedArray {
    static_assert(std::is_trivially_copyable_v<T>, "memory arrives as zeros, no constructor runs");

public:
    // Throws std::bad_alloc where even the addresses cannot be had.
    explicit ReservedArray(std::size_t length) : length_(length) {
        if (length == 0) return;
        void* memory = ::mmap(nullptr, bytes(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (memory == MAP_FAILED) throw std::bad_alloc();
        elements_ = static_cast<T*>(memory);
        if (bytes() >= huge_page_bytes) ::madvise(memory, bytes(), MADV_HUGEPAGE);
    }
    ReservedArray(ReservedArray&& other) noexcept
        : elements_(std::exchange(other.elements_, nullptr)), length_(std::exchange(other.length_, 0)) {}
    ReservedArray& operator=(ReservedArray&& other) noexcept {
        std::swap(elements_, other.elements_);
        std::swap(length_, other.length_);
        return *this;
    }
    ~ReservedArray() {
        if (elements_ != nullptr) ::munmap(elements_, bytes());
    }

    [[nodiscard]] T& operator[](std::size_t at) { assert(at < length_); return elements_[at]; }
    [[nodiscard]] const T& operator[](std::size_t at) const { assert(at < length_); return elements_[at]; }
    [[nodiscard]] std::size_t length() const { return length_; }

    // Touches `count` elements from the first named one on, or those that there are. Their values stay.
    void prefault(std::size_t first, std::size_t count) {
        count = std::min(count, length_ - std::min(first, length_));
        auto* memory = reinterpret_cast<volatile unsigned char*>(elements_ + first);
        for (std::size_t at = 0; at < count * sizeof(T); at += 4096) memory[at] = memory[at];
    }
    // Gives the memory back: every element is zero again.
    void clear() {
        if (elements_ == nullptr || ::madvise(elements_, bytes(), MADV_DONTNEED) == 0) return;
        // The kernel keeps locked pages; they stay locked afterwards, as they are touched again.
        ::munlock(elements_, bytes());
        ::madvise(elements_, bytes(), MADV_DONTNEED);
        ::mlock2(elements_, bytes(), MLOCK_ONFAULT);
    }

private:
    static constexpr std::size_t huge_page_bytes = std::size_t{2} << 20;
    [[nodiscard]] std::size_t bytes() const { return length_ * sizeof(T); }
    T* elements_ = nullptr;
    std::size_t length_ = 0;
};

}  // namespace colo
