// The engine's numbers as distinct types, so that a price can never be passed where a quantity is meant.
//
// Three shapes cover all of them. An Identifier can only be compared and hashed. An Amount can also be added,
// subtracted and scaled. A Point lies on an axis: two points subtract to a difference, and a difference moves a point.
// All are as large as the integer inside, trivially copyable, and cost nothing.
//
//   Price bid{1'000'000};                       // 100.0000 dollars: prices count 1e-4 dollars and may be negative
//   Price ask = bid + Price{100};
//   Notional cost = ask * Quantity{200};
//   Duration late = Timestamp{5'000} - Timestamp{3'000};
//   Price{1} == Quantity{1};                    // does not compile
#pragma once

#include <compare>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <type_traits>

namespace colo {

template <class Tag, std::integral Rep>
class Identifier {
public:
    using rep = Rep;
    constexpr Identifier() = default;
    constexpr explicit Identifier(Rep value) : value_(value) {}
    [[nodiscard]] constexpr Rep value() const { return value_; }
    constexpr auto operator<=>(const Identifier&) const = default;

private:
    Rep value_{};
};

template <class Tag, std::integral Rep>
class Amount {
public:
    using rep = Rep;
    constexpr Amount() = default;
    constexpr explicit Amount(Rep value) : value_(value) {}
    [[nodiscard]] constexpr Rep value() const { return value_; }
    constexpr auto operator<=>(const Amount&) const = default;

    constexpr Amount& operator+=(Amount other) { value_ += other.value_; return *this; }
    constexpr Amount& operator-=(Amount other) { value_ -= other.value_; return *this; }
    friend constexpr Amount operator+(Amount a, Amount b) { return a += b; }
    friend constexpr Amount operator-(Amount a, Amount b) { return a -= b; }
    friend constexpr Amount operator-(Amount a) { return Amount{static_cast<Rep>(-a.value_)}; }
    friend constexpr Amount operator*(Amount a, Rep factor) { return Amount{static_cast<Rep>(a.value_ * factor)}; }
    friend constexpr Amount operator*(Rep factor, Amount a) { return a * factor; }
    friend constexpr Amount operator/(Amount a, Rep divisor) { return Amount{static_cast<Rep>(a.value_ / divisor)}; }
    friend constexpr Rep operator/(Amount a, Amount b) { return static_cast<Rep>(a.value_ / b.value_); }
    friend constexpr Amount operator%(Amount a, Amount b) { return Amount{static_cast<Rep>(a.value_ % b.value_)}; }

private:
    Rep value_{};
};

// Difference is an Amount (a Duration) or a plain integer (a count of sequence numbers).
template <class Tag, std::integral Rep, class Difference>
class Point {
public:
    using rep = Rep;
    using difference = Difference;
    constexpr Point() = default;
    constexpr explicit Point(Rep value) : value_(value) {}
    [[nodiscard]] constexpr Rep value() const { return value_; }
    constexpr auto operator<=>(const Point&) const = default;

    constexpr Point& operator+=(Difference by) { value_ = static_cast<Rep>(value_ + raw(by)); return *this; }
    constexpr Point& operator-=(Difference by) { value_ = static_cast<Rep>(value_ - raw(by)); return *this; }
    constexpr Point& operator++() { ++value_; return *this; }
    friend constexpr Point operator+(Point point, Difference by) { return point += by; }
    friend constexpr Point operator-(Point point, Difference by) { return point -= by; }
    friend constexpr Difference operator-(Point a, Point b) { return Difference(static_cast<Rep>(a.value_ - b.value_)); }

private:
    static constexpr Rep raw(Difference by) {
        if constexpr (std::integral<Difference>) return static_cast<Rep>(by);
        else return static_cast<Rep>(by.value());
    }
    Rep value_{};
};

// Signed, in 1e-4 dollars for US equities (ITCH Price(4)); a spread in futures may be negative.
using Price = Amount<struct PriceTag, std::int64_t>;
// Shares or contracts; signed, so that a position and a change are quantities too.
using Quantity = Amount<struct QuantityTag, std::int64_t>;
// Price times quantity, in 1e-4 dollars.
using Notional = Amount<struct NotionalTag, std::int64_t>;
// Nanoseconds between two times.
using Duration = Amount<struct DurationTag, std::int64_t>;

// The venue's order reference number.
using OrderId = Identifier<struct OrderIdTag, std::uint64_t>;
// Where an order stands in its level's queue at a venue that ranks orders itself: the lowest trades first.
using Priority = Identifier<struct PriorityTag, std::uint64_t>;
// Ours for a symbol, the same every day (reference data gives it).
using InstrumentId = Identifier<struct InstrumentIdTag, std::int32_t>;
// The venue's for a symbol, of one trading day only.
using Locate = Identifier<struct LocateTag, std::uint16_t>;
using MatchNumber = Identifier<struct MatchNumberTag, std::uint64_t>;
// OUCH's client order number: unique and strictly increasing in a trading day.
using UserRefNum = Identifier<struct UserRefNumTag, std::uint32_t>;
using ChannelId = Identifier<struct ChannelIdTag, std::uint16_t>;

using SequenceNumber = Point<struct SequenceNumberTag, std::uint64_t, std::uint64_t>;
// Nanoseconds since the Unix epoch.
using Timestamp = Point<struct TimestampTag, std::int64_t, Duration>;
// Nanoseconds since midnight in the venue's timezone, as ITCH and OUCH carry them.
using SessionTime = Point<struct SessionTimeTag, std::int64_t, Duration>;

enum class Side : char { buy = 'B', sell = 'S' };

[[nodiscard]] constexpr Side opposite(Side side) { return side == Side::buy ? Side::sell : Side::buy; }
// 0 for a buy, 1 for a sell, without a branch, as sides come like coins: the letters differ in their lowest bit.
[[nodiscard]] constexpr std::size_t index_of(Side side) { return static_cast<unsigned char>(side) & 1; }
[[nodiscard]] constexpr Side side_at(std::size_t index) { return static_cast<Side>('B' + index * ('S' - 'B')); }
static_assert(index_of(Side::buy) == 0 && index_of(Side::sell) == 1 && side_at(1) == Side::sell);
[[nodiscard]] constexpr bool valid(Side side) { return side == side_at(index_of(side)); }
// +1 for a buy, -1 for a sell: the sign of the position that it makes.
[[nodiscard]] constexpr std::int64_t sign(Side side) { return side == Side::buy ? 1 : -1; }
// Whether price `a` is nearer to trading than `b` on this side of the book.
[[nodiscard]] constexpr bool better(Side side, Price a, Price b) { return side == Side::buy ? a > b : a < b; }

[[nodiscard]] constexpr Notional operator*(Price price, Quantity quantity) {
    return Notional{price.value() * quantity.value()};
}
[[nodiscard]] constexpr Notional operator*(Quantity quantity, Price price) { return price * quantity; }

// The Unix time of a session time, given the Unix time of the session's midnight.
[[nodiscard]] constexpr Timestamp at(Timestamp midnight, SessionTime time) { return midnight + Duration{time.value()}; }

[[nodiscard]] constexpr Duration nanoseconds(std::int64_t count) { return Duration{count}; }
[[nodiscard]] constexpr Duration microseconds(std::int64_t count) { return Duration{count * 1'000}; }
[[nodiscard]] constexpr Duration milliseconds(std::int64_t count) { return Duration{count * 1'000'000}; }
[[nodiscard]] constexpr Duration seconds(std::int64_t count) { return Duration{count * 1'000'000'000}; }

template <class T>
concept StrongInteger = requires(T t) { typename T::rep; { t.value() } -> std::same_as<typename T::rep>; };

static_assert(sizeof(Price) == 8 && sizeof(Locate) == 2 && sizeof(UserRefNum) == 4);
static_assert(std::is_trivially_copyable_v<Price> && std::is_trivially_copyable_v<Timestamp>);

}  // namespace colo

template <class T>
    requires colo::StrongInteger<T>
struct std::hash<T> {
    std::size_t operator()(T key) const noexcept { return std::hash<typename T::rep>{}(key.value()); }
};
