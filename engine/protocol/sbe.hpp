// What headers made from an SBE schema are built of: fields that may be absent, decimals, and groups of entries.
//
// FIX Simple Binary Encoding 1.0: a message is a root block of the length that its header names, then groups, each a
// dimension (length of an entry, number of entries) and its entries. A sender with a newer schema sends longer blocks
// and further groups, one with an older schema shorter ones: what is too long is passed over, what is missing is null.
//
//   if (auto error = sbe::check<Message>(body, header.block_length)) return count(*error);
//   sbe::Decoded<Message> message(body, header);
//   for (auto entry : message.entries<typename Message::NoMDEntries>()) use(entry.md_entry_px.get());
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <optional>
#include <string_view>

#include "engine/core/decode_error.hpp"
#include "engine/core/wire.hpp"

namespace colo::sbe {

// Before every message.
struct MessageHeader {
    LittleEndian<std::uint16_t> block_length, template_id, schema_id, version;
};
static_assert(sizeof(MessageHeader) == 8);

// Bytes of a block that nothing here reads.
template <std::size_t length>
using Skipped = std::array<std::byte, length>;

// An integer whose null value means that there is none; null until it is set.
template <std::integral Wire, Wire null>
class Optional {
public:
    Optional& operator=(Wire value) {
        wire_ = value;
        return *this;
    }
    [[nodiscard]] bool has_value() const { return wire_.get() != null; }
    [[nodiscard]] std::optional<Wire> get() const { return has_value() ? std::optional(wire_.get()) : std::nullopt; }
    [[nodiscard]] Wire value_or(Wire otherwise) const { return has_value() ? wire_.get() : otherwise; }

private:
    LittleEndian<Wire> wire_{null};
};

// A number of 10^exponent.
template <std::integral Wire, int exponent_>
struct Decimal {
    static constexpr int exponent = exponent_;
    LittleEndian<Wire> mantissa;
    [[nodiscard]] std::optional<Wire> get() const { return mantissa.get(); }
};
template <std::integral Wire, int exponent_, Wire null>
struct OptionalDecimal {
    static constexpr int exponent = exponent_;
    Optional<Wire, null> mantissa;
    [[nodiscard]] std::optional<Wire> get() const { return mantissa.get(); }
};

// Text that ends with its field or with the first zero.
template <std::size_t width>
class Characters {
public:
    Characters& operator=(std::string_view text) {
        bytes_.fill(0);
        std::copy_n(text.begin(), std::min(text.size(), width), bytes_.begin());
        return *this;
    }
    [[nodiscard]] std::string_view view() const {
        return {bytes_.data(), static_cast<std::size_t>(std::find(bytes_.begin(), bytes_.end(), '\0') - bytes_.begin())};
    }

private:
    std::array<char, width> bytes_{};
};

// The header of a group: how long an entry is, and at `count_offset` how many there are.
template <std::integral Count, std::size_t count_offset>
struct Dimension {
    static constexpr std::size_t length = count_offset + sizeof(Count);
    [[nodiscard]] static std::size_t entry_length(const std::byte* at) { return load_little_endian<std::uint16_t>(at); }
    [[nodiscard]] static std::size_t count(const std::byte* at) { return load_little_endian<Count>(at + count_offset); }
};

template <class... Group>
struct Groups {};

// The value of a field, whether or not it can be null.
template <class Field>
[[nodiscard]] inline auto value_or(const Field& field, auto otherwise) {
    if constexpr (requires { field.value_or(otherwise); }) return field.value_or(otherwise);
    else return field.get();
}

// How blocks were written: their length, and the version of the sender's schema.
struct Written {
    std::size_t length = 0;
    std::uint16_t version = 0;
};

// A block as this schema knows it: what its sender did not know is null, or zero where it can not be.
template <class Block>
[[nodiscard]] inline Block load_block(const std::byte* at, Written written) {
    Block block{};
    if constexpr (Block::block_length > 0)
        std::memcpy(static_cast<void*>(&block), at, std::min(written.length, Block::block_length));
    if constexpr (requires { block.forget_after(written.version); }) block.forget_after(written.version);
    return block;
}

// The entries of a group, each read when the iterator stands on it.
template <class Entry>
class Entries {
public:
    class Iterator {
    public:
        using value_type = Entry;
        using difference_type = std::ptrdiff_t;
        Iterator() = default;
        Iterator(const std::byte* at, Written written, std::size_t left) : at_(at), written_(written), left_(left) {}
        Entry operator*() const { return load_block<Entry>(at_, written_); }
        Iterator& operator++() { at_ += written_.length; --left_; return *this; }
        Iterator operator++(int) { Iterator before = *this; ++*this; return before; }
        bool operator==(const Iterator& other) const { return left_ == other.left_; }

    private:
        const std::byte* at_ = nullptr;
        Written written_;
        std::size_t left_ = 0;
    };

    Entries() = default;
    Entries(const std::byte* first, Written written, std::size_t count) : first_(first), written_(written), count_(count) {}
    [[nodiscard]] std::size_t count() const { return count_; }
    // Precondition: n < count.
    [[nodiscard]] Entry operator[](std::size_t n) const { return load_block<Entry>(first_ + n * written_.length, written_); }
    [[nodiscard]] Iterator begin() const { return {first_, written_, count_}; }
    [[nodiscard]] Iterator end() const { return {}; }

private:
    const std::byte* first_ = nullptr;
    Written written_;
    std::size_t count_ = 0;
};

// A message whose bounds were checked. `body` begins behind the message header.
template <class Message>
class Decoded {
public:
    Decoded(Bytes body, const MessageHeader& header) : body_(body), root_{header.block_length.get(), header.version.get()} {}

    [[nodiscard]] Message root() const { return load_block<Message>(body_.data(), root_); }
    // Empty where the sender's schema does not have the group yet.
    template <class Group>
    [[nodiscard]] Entries<Group> entries() const { return find<Group>(body_.subspan(root_.length), typename Message::Groups{}); }

private:
    template <class Group, class First, class... Rest>
    [[nodiscard]] Entries<Group> find(Bytes rest, Groups<First, Rest...>) const {
        using Dimension = typename First::Dimension;
        if (rest.empty()) return {};
        const std::size_t length = Dimension::entry_length(rest.data()), count = Dimension::count(rest.data());
        const Bytes entries = rest.subspan(Dimension::length);
        if constexpr (std::same_as<Group, First>) return {entries.data(), {length, root_.version}, count};
        else return find<Group>(entries.subspan(length * count), Groups<Rest...>{});
    }

    Bytes body_;
    Written root_;
};

namespace detail {
[[nodiscard]] inline MaybeError check_groups(const char*, Bytes, std::size_t, Groups<>) { return std::nullopt; }

template <class First, class... Rest>
[[nodiscard]] MaybeError check_groups(const char* message, Bytes body, std::size_t at, Groups<First, Rest...>) {
    using Dimension = typename First::Dimension;
    using Kind = DecodeError::Kind;
    const std::size_t left = body.size() - at;
    if (left == 0) return std::nullopt;
    if (left < Dimension::length) return DecodeError{Kind::truncated, message, "group dimension", at, left, Dimension::length};
    const std::byte* dimension = body.data() + at;
    const std::size_t bytes = Dimension::length + Dimension::entry_length(dimension) * Dimension::count(dimension);
    if (left < bytes) return DecodeError{Kind::truncated, message, "group entries", at, left, bytes};
    return check_groups(message, body, at + bytes, Groups<Rest...>{});
}
}  // namespace detail

// Whether the root block and every group that this schema knows lie within the body. Offsets count from its begin.
template <class Message>
[[nodiscard]] MaybeError check(Bytes body, std::size_t block_length) {
    if (body.size() < block_length)
        return DecodeError{DecodeError::Kind::truncated, Message::name, "root block", 0, body.size(), block_length};
    return detail::check_groups(Message::name, body, block_length, typename Message::Groups{});
}

}  // namespace colo::sbe
