// Strong types, wire fields, checksums and reserved memory.
#include <cstdint>
#include <fstream>
#include <string>
#include <type_traits>

#include "engine/core/crc32c.hpp"
#include "engine/core/reserved_memory.hpp"
#include "engine/core/types.hpp"
#include "engine/core/wire.hpp"
#include "tests/engine/wire_fixture.hpp"

namespace colo {
namespace {

template <class A, class B>
concept Comparable = requires(A a, B b) { a == b; };
template <class A, class B>
concept Addable = requires(A a, B b) { a + b; };

TEST(Types, DoNotMix) {
    static_assert(!Comparable<Price, Quantity>);
    static_assert(!std::is_convertible_v<std::int64_t, Price> && !std::is_convertible_v<Price, std::int64_t>);
    static_assert(!Addable<Price, Quantity> && !Addable<OrderId, OrderId> && !Addable<Timestamp, Timestamp>);
    static_assert(!Addable<SessionTime, Timestamp>);
    static_assert(Addable<Timestamp, Duration> && Addable<SequenceNumber, int>);
}

TEST(Types, Arithmetic) {
    static_assert(Price{100} + Price{-250} == Price{-150});
    static_assert(Price{1'000'000} * Quantity{200} == Notional{200'000'000});
    static_assert(Timestamp{5} - Timestamp{3} == Duration{2});
    static_assert(SequenceNumber{7} - SequenceNumber{3} == 4u);
    static_assert(at(Timestamp{1'000}, SessionTime{5}) == Timestamp{1'005});
    static_assert(-Price{3} < Price{0} && Price{7} / Price{2} == 3 && Price{7} % Price{2} == Price{1});
    static_assert(better(Side::buy, Price{2}, Price{1}) && better(Side::sell, Price{1}, Price{2}));
    SequenceNumber sequence{41};
    EXPECT_EQ((++sequence).value(), 42u);
}

TEST(Wire, IntegersAreBigEndianAtAnyAddress) {
    const auto raw = test::bytes("ff 00 0d 55 ac");
    EXPECT_EQ((overlay<BigEndian<std::uint32_t, Price>>(raw.data() + 1).get()), Price{0x000d55ac});
    BigEndian<std::uint16_t> field;
    field = std::uint16_t{0x1234};
    EXPECT_EQ(test::copy_of(bytes_of(field)), test::bytes("12 34"));
    EXPECT_FALSE((BigEndian<std::uint32_t, Price>::fits(Price{-1})));
    EXPECT_FALSE((BigEndian<std::uint32_t, Quantity>::fits(Quantity{1ll << 32})));
    EXPECT_TRUE((BigEndian<std::uint32_t, Quantity>::fits(Quantity{UINT32_MAX})));
}

TEST(Wire, TimestampHasSixBytes) {
    Timestamp48 time;
    time = SessionTime{0x1f1aced85306};
    EXPECT_EQ(test::copy_of(bytes_of(time)), test::bytes("1f 1a ce d8 53 06"));
    EXPECT_EQ(time.get(), SessionTime{0x1f1aced85306});
    EXPECT_FALSE(Timestamp48::fits(SessionTime{1ll << 48}));
}

TEST(Wire, AlphaIsPaddedOnTheRight) {
    Alpha<8> stock;
    EXPECT_EQ(stock.padded(), "        ");
    stock = "AMZN";
    EXPECT_EQ(stock.padded(), "AMZN    ");
    EXPECT_EQ(stock, "AMZN");
    stock = "TOO LONG TEXT";
    EXPECT_EQ(stock, "TOO LONG");
}

TEST(Wire, AsciiNumberIsPaddedOnTheLeft) {
    AsciiNumber<20> number;
    EXPECT_EQ(number.get(), 0u);
    number = 1234;
    EXPECT_EQ(number.padded(), "                1234");
    EXPECT_EQ(number.get(), 1234u);
    number = UINT64_MAX;
    EXPECT_EQ(number.get(), UINT64_MAX);
    EXPECT_EQ(overlay<AsciiNumber<20>>(test::bytes("'99999999999999999999'")).get(), std::nullopt);
    EXPECT_EQ(overlay<AsciiNumber<4>>(test::bytes("'12x4'")).get(), std::nullopt);
    EXPECT_EQ(overlay<AsciiNumber<4>>(test::bytes("'7   '")).get(), 7u);
}

TEST(Crc32c, KnownValuesAndBothImplementations) {
    // RFC 3720, B.4.
    EXPECT_EQ(crc32c(test::ByteString(32)), 0x8A9136AAu);
    EXPECT_EQ(crc32c(test::ByteString(32, std::byte{0xff})), 0x62A8AB43u);
    EXPECT_EQ(crc32c(std::string_view("123456789")), 0xE3069283u);
    const std::uint32_t from = test::seed(1);
    std::mt19937 random(from);
    for (std::size_t length = 0; length < 100; ++length) {
        test::ByteString data(length);
        for (std::byte& b : data) b = static_cast<std::byte>(random());
        EXPECT_EQ(crc32c(data), crc32c_software(data)) << "seed " << from;
        const Bytes whole(data);
        EXPECT_EQ(crc32c(data), crc32c(whole.subspan(length / 3), crc32c(whole.first(length / 3))));
    }
}

TEST(ReservedArray, IsZeroAndCanBeGivenBack) {
    ReservedArray<std::uint32_t> numbers(1u << 28);
    EXPECT_EQ(numbers[(1u << 28) - 1], 0u);
    numbers[12345] = 7;
    numbers.prefault(0, 20000);
    EXPECT_EQ(numbers[12345], 7u);
    numbers.clear();
    EXPECT_EQ(numbers[12345], 0u);
}

// The host's huge pages, some more of them while this lives; none where the kernel does not give them.
class MoreHugePages {
public:
    explicit MoreHugePages(long more) : before_(read("nr_hugepages")) {
        write(before_ + more);
        enough_ = read("nr_hugepages") == before_ + more;
    }
    ~MoreHugePages() { write(before_); }
    [[nodiscard]] bool enough() const { return enough_; }

private:
    static long read(const std::string& name) {
        long value = -1;
        std::ifstream("/proc/sys/vm/" + name) >> value;
        return value;
    }
    static void write(long value) { std::ofstream("/proc/sys/vm/nr_hugepages") << value; }
    long before_;
    bool enough_ = false;
};

TEST(ReservedArray, LiesOnReservedHugePagesWhereThereAreEnough) {
    const MoreHugePages more(3);
    if (!more.enough()) GTEST_SKIP() << "this process may not reserve huge pages, or memory has none";
    constexpr std::size_t page = std::size_t{2} << 20;
    ReservedArray<std::uint64_t> numbers(page / 8 + 1);
    ASSERT_EQ(numbers.pages(), HugePages::reserved);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(&numbers[0]) % page, 0u);
    numbers[page / 8] = 7;
    numbers.prefault(0, numbers.length());
    EXPECT_EQ(numbers[page / 8], 7u);
    ReservedArray<std::uint64_t> moved = std::move(numbers);
    EXPECT_EQ(moved[page / 8], 7u);
    moved.clear();
    EXPECT_EQ(moved[page / 8], 0u);
    // A page is left: neither a part of a table takes it, nor a table that need not have it.
    EXPECT_EQ(ReservedArray<std::uint64_t>(std::size_t{1} << 37).pages(), HugePages::transparent);
    EXPECT_EQ(ReservedArray<std::uint64_t>(page / 8, HugePages::transparent).pages(), HugePages::transparent);
    EXPECT_EQ(ReservedArray<std::uint64_t>(page / 8).pages(), HugePages::reserved);
    EXPECT_EQ(ReservedArray<std::uint64_t>(page / 8).pages(), HugePages::reserved) << "the one before gave its page back";
}

TEST(ReservedArray, IsGivenBackWhereMemoryIsLocked) {
    ReservedArray<std::uint32_t> numbers(4096);
    numbers[123] = 7;
    if (::mlock(&numbers[0], 4096 * sizeof(std::uint32_t)) != 0) GTEST_SKIP() << "the limit of locked memory is lower";
    numbers.clear();
    EXPECT_EQ(numbers[123], 0u);
}

}  // namespace
}  // namespace colo
