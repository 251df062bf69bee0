// Fields of wire messages, laid out so that a struct of them is the message itself.
//
// Every field is an array of bytes with alignment one, so a message struct has no padding, can lie at any address, and
// the same struct decodes (by overlay) and encodes (by assignment). Values come out as the engine's strong types.
//
//   struct Tick { Alpha<8> stock; BigEndian<std::uint32_t, Price> price; };
//   const auto& tick = overlay<Tick>(bytes);      // the caller has checked that bytes.size() >= sizeof(Tick)
//   Price price = tick.price;
//   Tick answer; answer.stock = "AMZN"; answer.price = Price{1'000'000};
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>

#include "engine/core/types.hpp"

namespace colo {

using Bytes = std::span<const std::byte>;
using MutableBytes = std::span<std::byte>;

template <std::integral T>
[[nodiscard]] constexpr T swap_bytes(T value) {
    if constexpr (sizeof(T) == 1) return value;
    else if constexpr (sizeof(T) == 2) return static_cast<T>(__builtin_bswap16(static_cast<std::uint16_t>(value)));
    else if constexpr (sizeof(T) == 4) return static_cast<T>(__builtin_bswap32(static_cast<std::uint32_t>(value)));
    else return static_cast<T>(__builtin_bswap64(static_cast<std::uint64_t>(value)));
}

template <std::integral T>
[[nodiscard]] inline T load_big_endian(const void* from) {
    T value;
    std::memcpy(&value, from, sizeof value);
    return std::endian::native == std::endian::little ? swap_bytes(value) : value;
}

template <std::integral T>
inline void store_big_endian(void* to, T value) {
    if constexpr (std::endian::native == std::endian::little) value = swap_bytes(value);
    std::memcpy(to, &value, sizeof value);
}

template <std::integral T>
[[nodiscard]] inline T load_little_endian(const void* from) {
    T value;
    std::memcpy(&value, from, sizeof value);
    return std::endian::native == std::endian::big ? swap_bytes(value) : value;
}

template <std::integral T>
inline void store_little_endian(void* to, T value) {
    if constexpr (std::endian::native == std::endian::big) value = swap_bytes(value);
    std::memcpy(to, &value, sizeof value);
}

namespace detail {
template <class Value>
struct representation { using type = Value; };
template <StrongInteger Value>
struct representation<Value> { using type = typename Value::rep; };

template <class Value>
[[nodiscard]] constexpr auto raw(Value value) {
    if constexpr (StrongInteger<Value>) return value.value();
    else return value;
}
}  // namespace detail

// An integer of Wire's width in network byte order, read and written as Value. A value wider than the field is the
// caller's mistake: `fits` tells, and a debug build asserts.
template <std::integral Wire, class Value = Wire>
class BigEndian {
public:
    using wire = Wire;
    using rep = typename detail::representation<Value>::type;

    constexpr BigEndian() = default;
    explicit BigEndian(Value value) { *this = value; }
    BigEndian& operator=(Value value) {
        assert(fits(value));
        store_big_endian<Wire>(bytes_.data(), static_cast<Wire>(detail::raw(value)));
        return *this;
    }
    [[nodiscard]] Value get() const { return Value(static_cast<rep>(load_big_endian<Wire>(bytes_.data()))); }
    operator Value() const { return get(); }
    [[nodiscard]] static constexpr bool fits(Value value) {
        return static_cast<rep>(static_cast<Wire>(detail::raw(value))) == detail::raw(value);
    }

private:
    std::array<unsigned char, sizeof(Wire)> bytes_{};
};

// The same in little-endian order (SBE, DBN), where a Value may be an enumeration too.
template <std::integral Wire, class Value = Wire>
class LittleEndian {
public:
    using wire = Wire;
    using rep = typename detail::representation<Value>::type;

    constexpr LittleEndian() = default;
    explicit LittleEndian(Value value) { *this = value; }
    LittleEndian& operator=(Value value) {
        store_little_endian<Wire>(bytes_.data(), static_cast<Wire>(detail::raw(value)));
        return *this;
    }
    [[nodiscard]] Value get() const { return Value(static_cast<rep>(load_little_endian<Wire>(bytes_.data()))); }
    operator Value() const { return get(); }

private:
    std::array<unsigned char, sizeof(Wire)> bytes_{};
};

// Nanoseconds since midnight in six bytes (ITCH 5.0's timestamp).
class Timestamp48 {
public:
    constexpr Timestamp48() = default;
    Timestamp48& operator=(SessionTime time) {
        assert(fits(time));
        const auto value = static_cast<std::uint64_t>(time.value());
        store_big_endian(bytes_.data(), static_cast<std::uint16_t>(value >> 32));
        store_big_endian(bytes_.data() + 2, static_cast<std::uint32_t>(value));
        return *this;
    }
    [[nodiscard]] SessionTime get() const {
        const std::uint64_t high = load_big_endian<std::uint16_t>(bytes_.data());
        return SessionTime{static_cast<std::int64_t>(high << 32 | load_big_endian<std::uint32_t>(bytes_.data() + 2))};
    }
    operator SessionTime() const { return get(); }
    [[nodiscard]] static constexpr bool fits(SessionTime time) { return time.value() >= 0 && time.value() >> 48 == 0; }

private:
    std::array<unsigned char, 6> bytes_{};
};

// Text of fixed width, padded on the right with spaces.
template <std::size_t width>
class Alpha {
public:
    constexpr Alpha() { bytes_.fill(' '); }
    constexpr explicit Alpha(std::string_view text) { *this = text; }
    // Text longer than the field is cut.
    constexpr Alpha& operator=(std::string_view text) {
        bytes_.fill(' ');
        std::copy_n(text.begin(), std::min(text.size(), width), bytes_.begin());
        return *this;
    }
    // Without the padding.
    [[nodiscard]] constexpr std::string_view view() const {
        std::size_t length = width;
        while (length > 0 && bytes_[length - 1] == ' ') --length;
        return {bytes_.data(), length};
    }
    [[nodiscard]] constexpr std::string_view padded() const { return {bytes_.data(), width}; }
    constexpr bool operator==(const Alpha&) const = default;
    friend constexpr bool operator==(const Alpha& field, std::string_view text) { return field.view() == text; }

private:
    std::array<char, width> bytes_{};
};

// A decimal number in ASCII, padded on the left with spaces (SoupBinTCP and GLIMPSE sequence numbers).
template <std::size_t width>
class AsciiNumber {
public:
    constexpr AsciiNumber() { bytes_.fill(' '); }
    constexpr AsciiNumber& operator=(std::uint64_t value) {
        bytes_.fill(' ');
        std::size_t place = width;
        do {
            bytes_[--place] = static_cast<char>('0' + value % 10);
            value /= 10;
        } while (value != 0 && place > 0);
        return *this;
    }
    // Nothing where the text is not a number that fits 64 bits; blanks on either side are accepted, all blanks are 0.
    [[nodiscard]] constexpr std::optional<std::uint64_t> get() const {
        std::size_t first = 0, last = width;
        while (first < last && bytes_[first] == ' ') ++first;
        while (last > first && bytes_[last - 1] == ' ') --last;
        std::uint64_t value = 0;
        for (std::size_t place = first; place < last; ++place) {
            const auto digit = static_cast<std::uint64_t>(bytes_[place] - '0');
            if (digit > 9 || value > (UINT64_MAX - digit) / 10) return std::nullopt;
            value = value * 10 + digit;
        }
        return value;
    }
    [[nodiscard]] constexpr std::string_view padded() const { return {bytes_.data(), width}; }

private:
    std::array<char, width> bytes_{};
};

template <class Message>
concept WireMessage = std::is_trivially_copyable_v<Message> && alignof(Message) == 1;

// The message that lies at these bytes. Precondition: at least sizeof(Message) of them.
template <WireMessage Message>
[[nodiscard]] inline const Message& overlay(const std::byte* bytes) {
    return *reinterpret_cast<const Message*>(bytes);
}
template <WireMessage Message>
[[nodiscard]] inline const Message& overlay(Bytes bytes) {
    assert(bytes.size() >= sizeof(Message));
    return overlay<Message>(bytes.data());
}

template <WireMessage Message>
[[nodiscard]] inline Bytes bytes_of(const Message& message) {
    return {reinterpret_cast<const std::byte*>(&message), sizeof message};
}

[[nodiscard]] inline Bytes bytes_of(std::string_view text) {
    return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}

[[nodiscard]] inline std::string_view text_of(Bytes bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace colo
