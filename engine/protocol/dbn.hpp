// DBN 1 to 3, Databento's encoding of recorded feeds: the records of a file, and the order-by-order ones among them.
//
// A file is a prefix ("DBN", version, length of the metadata), the metadata, then records whose first byte tells their
// length in words of four bytes. All integers are little endian; prices count 10^-9. Files come compressed (zstd); here
// they are read uncompressed.
//
//   auto records = dbn::Records::parse(bytes);
//   if (!records) return count(records.error());
//   for (Bytes record : *records)
//       if (const dbn::Mbo* order = dbn::as_mbo(record)) apply(*order);
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>

#include "engine/core/decode_error.hpp"
#include "engine/core/result.hpp"
#include "engine/core/wire.hpp"

namespace colo::dbn {

constexpr std::uint8_t version_max = 3;
constexpr std::size_t word_bytes = 4;

struct RecordHeader {
    LittleEndian<std::uint8_t> words;
    LittleEndian<std::uint8_t> record_type;
    LittleEndian<std::uint16_t> publisher_id;
    LittleEndian<std::uint32_t> instrument_id;
    LittleEndian<std::uint64_t> ts_event;  // Unix nanoseconds at the matching engine
};
static_assert(sizeof(RecordHeader) == 16);

// Market by order: what happened to one order.
struct Mbo {
    static constexpr std::uint8_t record_type = 160;
    RecordHeader header;
    LittleEndian<std::uint64_t, OrderId> order_id;
    LittleEndian<std::int64_t, Price> price;
    LittleEndian<std::uint32_t> quantity;
    LittleEndian<std::uint8_t> flags;
    LittleEndian<std::uint8_t> channel_id;
    LittleEndian<char> action;  // A add, M modify, C cancel, R clear the book, T trade, F fill, N none
    LittleEndian<char> side;    // B bid, A ask, N none
    LittleEndian<std::uint64_t> ts_received;
    LittleEndian<std::int32_t> ts_in_delta;
    LittleEndian<std::uint32_t> sequence;  // of the venue's packet

    [[nodiscard]] bool ends_event() const { return (flags.get() & 0x80) != 0; }
    [[nodiscard]] bool in_snapshot() const { return (flags.get() & 0x20) != 0; }
};
static_assert(sizeof(Mbo) == 56);

class RecordIterator {
public:
    using value_type = Bytes;
    using difference_type = std::ptrdiff_t;
    RecordIterator() = default;
    RecordIterator(const std::byte* at, const std::byte* end) : at_(at), end_(end) {}
    Bytes operator*() const { return {at_, length()}; }
    RecordIterator& operator++() { at_ += length(); return *this; }
    RecordIterator operator++(int) { RecordIterator before = *this; ++*this; return before; }
    bool operator==(std::default_sentinel_t) const { return at_ == end_; }

private:
    [[nodiscard]] std::size_t length() const { return std::to_integer<std::size_t>(*at_) * word_bytes; }
    const std::byte* at_ = nullptr;
    const std::byte* end_ = nullptr;
};

// The records of a file whose lengths were checked.
class Records {
public:
    [[nodiscard]] static Result<Records, DecodeError> parse(Bytes file) {
        using Kind = DecodeError::Kind;
        constexpr std::size_t prefix = 8;
        if (file.size() < prefix) return DecodeError{Kind::truncated, "DBN file", "prefix", 0, file.size(), prefix};
        const auto version = std::to_integer<std::uint8_t>(file[3]);
        if (text_of(file.first(3)) != "DBN") return DecodeError{Kind::unknown_type, "DBN file", "prefix", 0, std::to_integer<std::uint64_t>(file[0]), 0};
        if (version == 0 || version > version_max) return DecodeError{Kind::invalid_value, "DBN file", "version", 3, version, 0};
        const std::size_t metadata = load_little_endian<std::uint32_t>(file.data() + 4);
        if (file.size() - prefix < metadata)
            return DecodeError{Kind::truncated, "DBN file", "metadata", prefix, file.size() - prefix, metadata};
        for (std::size_t at = prefix + metadata; at < file.size();) {
            const std::size_t left = file.size() - at, length = std::to_integer<std::size_t>(file[at]) * word_bytes;
            if (length < sizeof(RecordHeader) || length > left)
                return DecodeError{Kind::length_mismatch, "DBN record", "length", at, length, left};
            at += length;
        }
        return Records(file.subspan(prefix + metadata));
    }

    [[nodiscard]] RecordIterator begin() const { return {records_.data(), records_.data() + records_.size()}; }
    [[nodiscard]] std::default_sentinel_t end() const { return {}; }

private:
    explicit Records(Bytes records) : records_(records) {}
    Bytes records_;
};

// Nothing where the record is of another type.
[[nodiscard]] inline const Mbo* as_mbo(Bytes record) {
    if (record.size() < sizeof(Mbo) || overlay<RecordHeader>(record).record_type.get() != Mbo::record_type) return nullptr;
    return &overlay<Mbo>(record);
}

}  // namespace colo::dbn
