// NASDAQ TotalView-ITCH 5.0 (specification of 28 April 2023): every message as a struct that lies over its bytes.
//
// Field names are the specification's, in snake case; section numbers stand beside each struct. The same structs decode
// and encode. `check` tells whether bytes are a message of known type and right length, which is all that a book needs
// before it reads them; `validate` looks at the value of every coded field too.
//
//   auto error = itch50::visit(bytes, Overloaded{
//       [&](const itch50::AddOrder& add) { book.add(add.order_reference_number, add.price, add.shares); },
//       [](const auto&) {}});
//   if (error) count(*error);                       // "AddOrder.length at byte 0: length is 35, must be 36"
//
//   itch50::OrderDelete message;                    // message_type is set, the rest is zero
//   message.order_reference_number = OrderId{7};
//   send(bytes_of(message));
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "engine/core/decode_error.hpp"
#include "engine/core/overloaded.hpp"
#include "engine/core/wire.hpp"

namespace colo::itch50 {

using Char = char;
using Short = BigEndian<std::uint16_t>;
using Integer = BigEndian<std::uint32_t>;
using Long = BigEndian<std::uint64_t>;
using Price4 = BigEndian<std::uint32_t, Price>;        // 1e-4 dollars
using Price8 = BigEndian<std::uint64_t>;               // 1e-8 index points; only market-wide circuit breaker levels
using Shares32 = BigEndian<std::uint32_t, Quantity>;
using Shares64 = BigEndian<std::uint64_t, Quantity>;
using OrderReference = BigEndian<std::uint64_t, OrderId>;
using Match = BigEndian<std::uint64_t, MatchNumber>;
using Stock = Alpha<8>;

// What every message opens with.
struct Header {
    Char message_type{};
    BigEndian<std::uint16_t, Locate> stock_locate;
    Short tracking_number;
    Timestamp48 timestamp;
};
static_assert(sizeof(Header) == 11);

template <char code>
struct Message : Header {
    static constexpr char type = code;
    Message() { message_type = code; }
};

// 1.1
struct SystemEvent : Message<'S'> {
    static constexpr const char* name = "SystemEvent";
    Char event_code{' '};
};

// 1.2.1
struct StockDirectory : Message<'R'> {
    static constexpr const char* name = "StockDirectory";
    Stock stock;
    Char market_category{' '};
    Char financial_status_indicator{' '};
    Integer round_lot_size;
    Char round_lots_only{'N'};
    Char issue_classification{'C'};
    Alpha<2> issue_sub_type;
    Char authenticity{'P'};
    Char short_sale_threshold_indicator{' '};
    Char ipo_flag{' '};
    Char luld_reference_price_tier{' '};
    Char etp_flag{' '};
    Integer etp_leverage_factor;
    Char inverse_indicator{'N'};
};

// 1.2.2
struct StockTradingAction : Message<'H'> {
    static constexpr const char* name = "StockTradingAction";
    Stock stock;
    Char trading_state{'T'};
    Char reserved{' '};
    Alpha<4> reason;
};

// 1.2.3
struct RegShoRestriction : Message<'Y'> {
    static constexpr const char* name = "RegShoRestriction";
    Stock stock;
    Char reg_sho_action{'0'};
};

// 1.2.4
struct MarketParticipantPosition : Message<'L'> {
    static constexpr const char* name = "MarketParticipantPosition";
    Alpha<4> mpid;
    Stock stock;
    Char primary_market_maker{'N'};
    Char market_maker_mode{'N'};
    Char market_participant_state{'A'};
};

// 1.2.5.1
struct MwcbDeclineLevel : Message<'V'> {
    static constexpr const char* name = "MwcbDeclineLevel";
    Price8 level_1;
    Price8 level_2;
    Price8 level_3;
};

// 1.2.5.2
struct MwcbStatus : Message<'W'> {
    static constexpr const char* name = "MwcbStatus";
    Char breached_level{'1'};
};

// 1.2.6
struct IpoQuotingPeriodUpdate : Message<'K'> {
    static constexpr const char* name = "IpoQuotingPeriodUpdate";
    Stock stock;
    Integer ipo_quotation_release_time;  // seconds since midnight
    Char ipo_quotation_release_qualifier{'A'};
    Price4 ipo_price;
};

// 1.2.7
struct LuldAuctionCollar : Message<'J'> {
    static constexpr const char* name = "LuldAuctionCollar";
    Stock stock;
    Price4 auction_collar_reference_price;
    Price4 upper_auction_collar_price;
    Price4 lower_auction_collar_price;
    Integer auction_collar_extension;
};

// 1.2.8
struct OperationalHalt : Message<'h'> {
    static constexpr const char* name = "OperationalHalt";
    Stock stock;
    Char market_code{'Q'};
    Char operational_halt_action{'T'};
};

// 1.3.1
struct AddOrder : Message<'A'> {
    static constexpr const char* name = "AddOrder";
    OrderReference order_reference_number;
    Side buy_sell_indicator{Side::buy};
    Shares32 shares;
    Stock stock;
    Price4 price;
};

// 1.3.2
struct AddOrderMpid : Message<'F'> {
    static constexpr const char* name = "AddOrderMpid";
    OrderReference order_reference_number;
    Side buy_sell_indicator{Side::buy};
    Shares32 shares;
    Stock stock;
    Price4 price;
    Alpha<4> attribution;
};

// 1.4.1
struct OrderExecuted : Message<'E'> {
    static constexpr const char* name = "OrderExecuted";
    OrderReference order_reference_number;
    Shares32 executed_shares;
    Match match_number;
};

// 1.4.2
struct OrderExecutedWithPrice : Message<'C'> {
    static constexpr const char* name = "OrderExecutedWithPrice";
    OrderReference order_reference_number;
    Shares32 executed_shares;
    Match match_number;
    Char printable{'Y'};
    Price4 execution_price;
};

// 1.4.3
struct OrderCancel : Message<'X'> {
    static constexpr const char* name = "OrderCancel";
    OrderReference order_reference_number;
    Shares32 cancelled_shares;
};

// 1.4.4
struct OrderDelete : Message<'D'> {
    static constexpr const char* name = "OrderDelete";
    OrderReference order_reference_number;
};

// 1.4.5
struct OrderReplace : Message<'U'> {
    static constexpr const char* name = "OrderReplace";
    OrderReference original_order_reference_number;
    OrderReference new_order_reference_number;
    Shares32 shares;
    Price4 price;
};

// 1.5.1 (Trade Message, Non-Cross)
struct Trade : Message<'P'> {
    static constexpr const char* name = "Trade";
    OrderReference order_reference_number;
    Side buy_sell_indicator{Side::buy};
    Shares32 shares;
    Stock stock;
    Price4 price;
    Match match_number;
};

// 1.5.2
struct CrossTrade : Message<'Q'> {
    static constexpr const char* name = "CrossTrade";
    Shares64 shares;
    Stock stock;
    Price4 cross_price;
    Match match_number;
    Char cross_type{'O'};
};

// 1.5.3
struct BrokenTrade : Message<'B'> {
    static constexpr const char* name = "BrokenTrade";
    Match match_number;
};

// 1.6 (Net Order Imbalance Indicator)
struct NetOrderImbalance : Message<'I'> {
    static constexpr const char* name = "NetOrderImbalance";
    Shares64 paired_shares;
    Shares64 imbalance_shares;
    Char imbalance_direction{'N'};
    Stock stock;
    Price4 far_price;
    Price4 near_price;
    Price4 current_reference_price;
    Char cross_type{'O'};
    Char price_variation_indicator{' '};
};

// 1.7
struct RetailPriceImprovement : Message<'N'> {
    static constexpr const char* name = "RetailPriceImprovement";
    Stock stock;
    Char interest_flag{'N'};
};

// 1.8 (Direct Listing with Capital Raise)
struct DirectListing : Message<'O'> {
    static constexpr const char* name = "DirectListing";
    Stock stock;
    Char open_eligibility_status{'N'};
    Price4 minimum_allowable_price;
    Price4 maximum_allowable_price;
    Price4 near_execution_price;
    Long near_execution_time;
    Price4 lower_price_range_collar;
    Price4 upper_price_range_collar;
};

static_assert(sizeof(SystemEvent) == 12 && sizeof(StockDirectory) == 39 && sizeof(StockTradingAction) == 25);
static_assert(sizeof(RegShoRestriction) == 20 && sizeof(MarketParticipantPosition) == 26);
static_assert(sizeof(MwcbDeclineLevel) == 35 && sizeof(MwcbStatus) == 12 && sizeof(IpoQuotingPeriodUpdate) == 28);
static_assert(sizeof(LuldAuctionCollar) == 35 && sizeof(OperationalHalt) == 21);
static_assert(sizeof(AddOrder) == 36 && sizeof(AddOrderMpid) == 40);
static_assert(sizeof(OrderExecuted) == 31 && sizeof(OrderExecutedWithPrice) == 36);
static_assert(sizeof(OrderCancel) == 23 && sizeof(OrderDelete) == 19 && sizeof(OrderReplace) == 35);
static_assert(sizeof(Trade) == 44 && sizeof(CrossTrade) == 40 && sizeof(BrokenTrade) == 19);
static_assert(sizeof(NetOrderImbalance) == 50 && sizeof(RetailPriceImprovement) == 20 && sizeof(DirectListing) == 48);

constexpr std::size_t message_length_max = 50;

template <class... Types>
struct MessageList {};
using Messages = MessageList<SystemEvent, StockDirectory, StockTradingAction, RegShoRestriction,
                             MarketParticipantPosition, MwcbDeclineLevel, MwcbStatus, IpoQuotingPeriodUpdate,
                             LuldAuctionCollar, OperationalHalt, AddOrder, AddOrderMpid, OrderExecuted,
                             OrderExecutedWithPrice, OrderCancel, OrderDelete, OrderReplace, Trade, CrossTrade,
                             BrokenTrade, NetOrderImbalance, RetailPriceImprovement, DirectListing>;

namespace detail {
template <class... Types>
constexpr std::array<std::uint8_t, 256> lengths(MessageList<Types...>) {
    std::array<std::uint8_t, 256> table{};
    ((table[static_cast<unsigned char>(Types::type)] = sizeof(Types)), ...);
    return table;
}
inline constexpr std::array<std::uint8_t, 256> length_by_type = lengths(Messages{});
}  // namespace detail

// The length of a message of this type, 0 where there is no such type.
[[nodiscard]] constexpr std::size_t message_length(char type) {
    return detail::length_by_type[static_cast<unsigned char>(type)];
}

[[nodiscard]] inline const Header& header_of(Bytes message) { return overlay<Header>(message); }
[[nodiscard]] inline char type_of(Bytes message) { return static_cast<char>(message[0]); }

// Whether these bytes are one message: of a known type and of its length.
[[nodiscard]] inline bool well_formed(Bytes message) {
    return !message.empty() && message_length(type_of(message)) == message.size();
}

// The same, and why not.
[[nodiscard]] inline MaybeError check(Bytes message) {
    using Kind = DecodeError::Kind;
    if (message.empty()) return DecodeError{Kind::truncated, "ITCH message", "message_type", 0, 0, 1};
    const auto code = static_cast<unsigned char>(message[0]);
    const std::size_t length = message_length(static_cast<char>(code));
    if (length == 0) return DecodeError{Kind::unknown_type, "ITCH message", "message_type", 0, code, 0};
    if (length != message.size())
        return DecodeError{Kind::length_mismatch, "ITCH message", "length", 0, message.size(), length};
    return std::nullopt;
}

// `check`, then every coded field against the specification's values, and prices and quantities against its limits.
[[nodiscard]] MaybeError validate(Bytes message);

// Calls the visitor with the message as its own type; what the visitor returns is returned, so that every overload must
// return the same type. Precondition: well_formed. `dispatch_here` is inlined by force, for a loop over many messages
// that drops what it does not read of the visitor's answer.
template <class Visitor>
[[gnu::always_inline]] inline decltype(auto) dispatch_here(const std::byte* message, Visitor&& visitor) {
    switch (static_cast<char>(*message)) {
    case 'A': return visitor(overlay<AddOrder>(message));
    case 'F': return visitor(overlay<AddOrderMpid>(message));
    case 'E': return visitor(overlay<OrderExecuted>(message));
    case 'C': return visitor(overlay<OrderExecutedWithPrice>(message));
    case 'X': return visitor(overlay<OrderCancel>(message));
    case 'D': return visitor(overlay<OrderDelete>(message));
    case 'U': return visitor(overlay<OrderReplace>(message));
    case 'P': return visitor(overlay<Trade>(message));
    case 'Q': return visitor(overlay<CrossTrade>(message));
    case 'B': return visitor(overlay<BrokenTrade>(message));
    case 'I': return visitor(overlay<NetOrderImbalance>(message));
    case 'S': return visitor(overlay<SystemEvent>(message));
    case 'R': return visitor(overlay<StockDirectory>(message));
    case 'H': return visitor(overlay<StockTradingAction>(message));
    case 'Y': return visitor(overlay<RegShoRestriction>(message));
    case 'L': return visitor(overlay<MarketParticipantPosition>(message));
    case 'V': return visitor(overlay<MwcbDeclineLevel>(message));
    case 'W': return visitor(overlay<MwcbStatus>(message));
    case 'K': return visitor(overlay<IpoQuotingPeriodUpdate>(message));
    case 'J': return visitor(overlay<LuldAuctionCollar>(message));
    case 'h': return visitor(overlay<OperationalHalt>(message));
    case 'N': return visitor(overlay<RetailPriceImprovement>(message));
    case 'O': return visitor(overlay<DirectListing>(message));
    default: __builtin_unreachable();
    }
}

template <class Visitor>
inline decltype(auto) dispatch(const std::byte* message, Visitor&& visitor) {
    return dispatch_here(message, std::forward<Visitor>(visitor));
}

// Checks, then calls the visitor; says why not where the bytes are no message.
template <class Visitor>
[[nodiscard]] inline MaybeError visit(Bytes message, Visitor&& visitor) {
    if (!well_formed(message)) [[unlikely]] return check(message);
    dispatch(message.data(), std::forward<Visitor>(visitor));
    return std::nullopt;
}

}  // namespace colo::itch50
