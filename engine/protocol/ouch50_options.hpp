// The optional fields of OUCH 5.0 orders: elements of length, tag and value behind the fixed message (1.2, appendix B).
//
//   for (ouch50::OptionValue option : appendage)
//       if (option.option == ouch50::Option::firm) firm = option.as<Alpha<4>>().view();
//
//   ouch50::Encoder encoder(buffer);
//   encoder.start(order);
//   encoder.option(ouch50::Option::max_floor, BigEndian<std::uint32_t, Quantity>(Quantity{100}));
//   send(encoder.finish());
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>

#include "engine/core/decode_error.hpp"
#include "engine/core/wire.hpp"

namespace colo::ouch50 {

template <class Message>
concept Appendable = requires(Message m) { m.appendage_length; };

enum class Option : std::uint8_t {
    secondary_ord_ref_num = 1, firm = 2, min_qty = 3, customer_type = 4, max_floor = 5, price_type = 6, peg_offset = 7,
    discretion_price = 9, discretion_price_type = 10, discretion_peg_offset = 11, post_only = 12, random_reserves = 13,
    route = 14, expire_time = 15, trade_now = 16, handle_inst = 17, bbo_weight_indicator = 18, display_quantity = 22,
    display_price = 23, group_id = 24, shares_located = 25
};

// Bytes of an option's value, 0 for a tag that the specification does not have.
[[nodiscard]] constexpr std::size_t option_length(Option option) {
    switch (option) {
    case Option::secondary_ord_ref_num: case Option::discretion_price: case Option::display_price: return 8;
    case Option::firm: case Option::min_qty: case Option::max_floor: case Option::peg_offset:
    case Option::discretion_peg_offset: case Option::random_reserves: case Option::route: case Option::expire_time:
    case Option::display_quantity: return 4;
    case Option::group_id: return 2;
    case Option::customer_type: case Option::price_type: case Option::discretion_price_type: case Option::post_only:
    case Option::trade_now: case Option::handle_inst: case Option::bbo_weight_indicator: case Option::shares_located:
        return 1;
    }
    return 0;
}

struct OptionValue {
    Option option{};
    Bytes value;

    // As the field type of that option: `value.as<Alpha<4>>()`, `as<BigEndian<std::uint32_t, Quantity>>()`, `as<char>()`.
    template <class Field>
    [[nodiscard]] const Field& as() const { return overlay<Field>(value); }
};

// The options of one message, already checked when it comes from a visit. Unknown tags are passed on: a venue may add.
class Appendage {
public:
    class Iterator {
    public:
        using value_type = OptionValue;
        using difference_type = std::ptrdiff_t;
        Iterator() = default;
        explicit Iterator(const std::byte* at) : at_(at) {}
        OptionValue operator*() const {
            return {static_cast<Option>(at_[1]), {at_ + 2, std::to_integer<std::size_t>(at_[0]) - 1}};
        }
        Iterator& operator++() { at_ += 1 + std::to_integer<std::size_t>(at_[0]); return *this; }
        Iterator operator++(int) { Iterator before = *this; ++*this; return before; }
        bool operator==(const Iterator&) const = default;

    private:
        const std::byte* at_ = nullptr;
    };

    Appendage() = default;
    explicit Appendage(Bytes bytes) : bytes_(bytes) {}
    [[nodiscard]] Bytes bytes() const { return bytes_; }
    [[nodiscard]] Iterator begin() const { return Iterator{bytes_.data()}; }
    [[nodiscard]] Iterator end() const { return Iterator{bytes_.data() + bytes_.size()}; }
    [[nodiscard]] std::optional<OptionValue> find(Option option) const {
        for (OptionValue value : *this)
            if (value.option == option) return value;
        return std::nullopt;
    }

    // Whether the elements fill the appendage exactly, with the right length for each known tag.
    [[nodiscard]] MaybeError check(const char* message) const {
        for (std::size_t at = 0; at < bytes_.size();) {
            const auto length = std::to_integer<std::size_t>(bytes_[at]);
            const std::size_t left = bytes_.size() - at - 1;
            if (length < 1) return DecodeError{DecodeError::Kind::length_mismatch, message, "option_length", at, length, 1};
            if (left < length) return DecodeError{DecodeError::Kind::truncated, message, "option", at, left, length};
            const std::size_t expected = option_length(static_cast<Option>(bytes_[at + 1]));
            if (expected != 0 && length != 1 + expected)
                return DecodeError{DecodeError::Kind::length_mismatch, message, "option_length", at, length, 1 + expected};
            at += 1 + length;
        }
        return std::nullopt;
    }

private:
    Bytes bytes_;
};

// Writes a message and its options into a buffer.
class Encoder {
public:
    explicit Encoder(MutableBytes buffer) : buffer_(buffer) {}

    // False, as for option, where the buffer is too small.
    template <Appendable Message>
    bool start(const Message& message) {
        used_ = 0;
        if (buffer_.size() < sizeof message) return false;
        std::memcpy(buffer_.data(), &message, sizeof message);
        used_ = fixed_ = sizeof message;
        return true;
    }
    template <WireMessage Field>
    bool option(Option option, const Field& value) {
        assert(option_length(option) == 0 || option_length(option) == sizeof value);
        static_assert(sizeof value <= 254);
        if (used_ == 0 || buffer_.size() - used_ < 2 + sizeof value) return false;
        buffer_[used_] = static_cast<std::byte>(1 + sizeof value);
        buffer_[used_ + 1] = static_cast<std::byte>(option);
        std::memcpy(buffer_.data() + used_ + 2, &value, sizeof value);
        used_ += 2 + sizeof value;
        return true;
    }
    // The bytes to send; the appendage length, the last field of every such message, is filled in.
    [[nodiscard]] Bytes finish() {
        if (used_ == 0) return {};
        store_big_endian(buffer_.data() + fixed_ - 2, static_cast<std::uint16_t>(used_ - fixed_));
        return {buffer_.data(), used_};
    }

private:
    MutableBytes buffer_;
    std::size_t fixed_ = 0, used_ = 0;
};

}  // namespace colo::ouch50
