// A large array of zeros whose address space is reserved at once and whose memory arrives as it is touched.
//
// Tables of the book never move or grow in steady state, and their worst case is far larger than a usual day. Reserving
// costs nothing; `prefault` pays for the first part before trading starts, so that no page fault comes later. A table of
// hundreds of megabytes on 4 KiB pages misses the TLB at nearly every message, so it lies on huge pages: explicit ones
// where the host has enough free ones for all of it (`sysctl vm.nr_hugepages=N`), else transparent ones are asked for. A
// process that locks its memory must lock on fault (MCL_ONFAULT), or it would take all that is reserved.
//
//   ReservedArray<std::uint32_t> slots(1 << 26);    // 256 MiB of addresses
//   slots.prefault(0, 1 << 20);                     // 4 MiB of memory
//   slots[7] = 1;
#pragma once

#include <linux/mman.h>
#include <sys/mman.h>

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstring>
#include <new>
#include <type_traits>
#include <utility>

namespace colo {

enum class HugePages : bool { transparent, reserved };

template <class T>
class ReservedArray {
    static_assert(std::is_trivially_copyable_v<T>, "memory arrives as zeros, no constructor runs");

public:
    // Throws std::bad_alloc where even the addresses cannot be had.
    // A table that few use should not take reserved pages from one that all use: `best` says which pages it may have.
    explicit ReservedArray(std::size_t length, HugePages best = HugePages::reserved) : length_(length), bytes_(length * sizeof(T)) {
        if (length == 0 || (best == HugePages::reserved && map_reserved())) return;
        void* memory = ::mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (memory == MAP_FAILED) throw std::bad_alloc();
        elements_ = static_cast<T*>(memory);
        if (bytes_ >= huge_page_bytes) ::madvise(memory, bytes_, MADV_HUGEPAGE);
    }
    ReservedArray(ReservedArray&& other) noexcept
        : elements_(std::exchange(other.elements_, nullptr)), length_(std::exchange(other.length_, 0)),
          bytes_(std::exchange(other.bytes_, 0)), pages_(other.pages_) {}
    ReservedArray& operator=(ReservedArray&& other) noexcept {
        std::swap(elements_, other.elements_);
        std::swap(length_, other.length_);
        std::swap(bytes_, other.bytes_);
        std::swap(pages_, other.pages_);
        return *this;
    }
    ~ReservedArray() {
        if (elements_ != nullptr) ::munmap(elements_, bytes_);
    }

    [[nodiscard]] T& operator[](std::size_t at) { assert(at < length_); return elements_[at]; }
    [[nodiscard]] const T& operator[](std::size_t at) const { assert(at < length_); return elements_[at]; }
    [[nodiscard]] std::size_t length() const { return length_; }
    [[nodiscard]] HugePages pages() const { return pages_; }

    // Touches `count` elements from the first named one on, or those that there are. Their values stay.
    void prefault(std::size_t first, std::size_t count) {
        count = std::min(count, length_ - std::min(first, length_));
        auto* memory = reinterpret_cast<volatile unsigned char*>(elements_ + first);
        for (std::size_t at = 0; at < count * sizeof(T); at += 4096) memory[at] = memory[at];
    }
    // Gives the memory back: every element is zero again.
    void clear() {
        if (elements_ == nullptr || ::madvise(elements_, bytes_, MADV_DONTNEED) == 0) return;
        if (pages_ == HugePages::reserved) {  // a kernel before 5.18 does not take these back
            std::memset(static_cast<void*>(elements_), 0, bytes_);
            return;
        }
        // The kernel keeps locked pages; they stay locked afterwards, as they are touched again.
        ::munlock(elements_, bytes_);
        ::madvise(elements_, bytes_, MADV_DONTNEED);
        ::mlock2(elements_, bytes_, MLOCK_ONFAULT);
    }

private:
    static constexpr std::size_t huge_page_bytes = std::size_t{2} << 20;

    // Without MAP_NORESERVE the kernel sets the pages aside here and now, or refuses: no access can fail later.
    bool map_reserved() { return map_reserved(std::size_t{1} << 30, MAP_HUGE_1GB) || map_reserved(huge_page_bytes, MAP_HUGE_2MB); }
    bool map_reserved(std::size_t page_bytes, int page_flag) {
        if (bytes_ < page_bytes) return false;
        const std::size_t whole_pages = (bytes_ + page_bytes - 1) / page_bytes * page_bytes;
        const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | page_flag;
        void* memory = ::mmap(nullptr, whole_pages, PROT_READ | PROT_WRITE, flags, -1, 0);
        if (memory == MAP_FAILED) return false;
        elements_ = static_cast<T*>(memory);
        bytes_ = whole_pages;
        pages_ = HugePages::reserved;
        return true;
    }

    T* elements_ = nullptr;
    std::size_t length_ = 0, bytes_ = 0;  // bytes that are mapped
    HugePages pages_ = HugePages::transparent;
};

}  // namespace colo
