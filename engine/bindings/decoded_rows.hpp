// One row for any ITCH 5.0 message, so that a whole session is one NumPy array.
//
// A field that a message type does not have is zero. Offsets and formats of the columns are taken from this struct.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "engine/core/wire.hpp"
#include "engine/protocol/itch50.hpp"

namespace colo::bindings {

#pragma pack(push, 1)
struct DecodedRow {
    char type;
    char side;
    char printable;
    char code;  // event_code, trading_state, cross_type, imbalance_direction and their like: the type's one coded field
    std::uint16_t locate;
    std::uint16_t tracking_number;
    std::int64_t timestamp_ns;  // since midnight
    std::uint64_t order_reference;      // of a replace the original
    std::uint64_t new_order_reference;  // of a replace
    std::int64_t shares;                // added, executed, cancelled, traded, paired
    std::int64_t price;                 // 1e-4 dollars
    std::uint64_t match_number;
    char stock[8];
    char attribution[4];
};
#pragma pack(pop)

struct Column {
    const char* name;
    const char* format;
};
// In the order of the struct, without gaps.
constexpr Column decoded_columns[] = {
    {"type", "S1"}, {"side", "S1"}, {"printable", "S1"}, {"code", "S1"}, {"locate", "<u2"}, {"tracking_number", "<u2"},
    {"timestamp_ns", "<i8"}, {"order_reference", "<u8"}, {"new_order_reference", "<u8"}, {"shares", "<i8"},
    {"price", "<i8"}, {"match_number", "<u8"}, {"stock", "S8"}, {"attribution", "S4"}};
static_assert(sizeof(DecodedRow) == 4 * 1 + 2 * 2 + 6 * 8 + 8 + 4);

// Text as NumPy keeps it: padded with zeros, which it does not show.
inline void put_text(char* to, std::size_t width, std::string_view text) {
    std::memcpy(to, text.data(), text.size() < width ? text.size() : width);
}

struct RowFields {
    DecodedRow& row;

    template <class Message>
    void operator()(const Message& m) const {
        row.type = m.message_type;
        row.locate = m.stock_locate.get().value();
        row.tracking_number = m.tracking_number;
        row.timestamp_ns = m.timestamp.get().value();
        order_fields(m);
        trade_fields(m);
        if constexpr (requires { m.stock; }) put_text(row.stock, sizeof row.stock, m.stock.view());
        if constexpr (requires { m.attribution; }) put_text(row.attribution, sizeof row.attribution, m.attribution.view());
        if constexpr (requires { m.mpid; }) put_text(row.attribution, sizeof row.attribution, m.mpid.view());
        row.code = code_of(m);
    }

private:
    template <class Message>
    void order_fields(const Message& m) const {
        if constexpr (requires { m.order_reference_number; }) row.order_reference = m.order_reference_number.get().value();
        if constexpr (requires { m.original_order_reference_number; }) {
            row.order_reference = m.original_order_reference_number.get().value();
            row.new_order_reference = m.new_order_reference_number.get().value();
        }
        if constexpr (requires { m.buy_sell_indicator; }) row.side = static_cast<char>(m.buy_sell_indicator);
        if constexpr (requires { m.shares; }) row.shares = m.shares.get().value();
        if constexpr (requires { m.executed_shares; }) row.shares = m.executed_shares.get().value();
        if constexpr (requires { m.cancelled_shares; }) row.shares = m.cancelled_shares.get().value();
        if constexpr (requires { m.paired_shares; }) row.shares = m.paired_shares.get().value();
    }
    template <class Message>
    void trade_fields(const Message& m) const {
        if constexpr (requires { m.price; }) row.price = m.price.get().value();
        if constexpr (requires { m.execution_price; }) row.price = m.execution_price.get().value();
        if constexpr (requires { m.cross_price; }) row.price = m.cross_price.get().value();
        if constexpr (requires { m.current_reference_price; }) row.price = m.current_reference_price.get().value();
        if constexpr (requires { m.match_number; }) row.match_number = m.match_number.get().value();
        if constexpr (requires { m.printable; }) row.printable = m.printable;
    }
    template <class Message>
    static char code_of(const Message& m) {
        if constexpr (requires { m.event_code; }) return m.event_code;
        else if constexpr (requires { m.trading_state; }) return m.trading_state;
        else if constexpr (requires { m.imbalance_direction; }) return m.imbalance_direction;
        else if constexpr (requires { m.cross_type; }) return m.cross_type;
        else if constexpr (requires { m.reg_sho_action; }) return m.reg_sho_action;
        else if constexpr (requires { m.operational_halt_action; }) return m.operational_halt_action;
        else if constexpr (requires { m.market_participant_state; }) return m.market_participant_state;
        else if constexpr (requires { m.breached_level; }) return m.breached_level;
        else if constexpr (requires { m.ipo_quotation_release_qualifier; }) return m.ipo_quotation_release_qualifier;
        else if constexpr (requires { m.interest_flag; }) return m.interest_flag;
        else if constexpr (requires { m.open_eligibility_status; }) return m.open_eligibility_status;
        else if constexpr (requires { m.market_category; }) return m.market_category;
        else return '\0';
    }
};

}  // namespace colo::bindings
