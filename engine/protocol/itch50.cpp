// Validation of every coded field of ITCH 5.0; see itch50.hpp.
#include "engine/protocol/itch50.hpp"

#include <string_view>

namespace colo::itch50 {
namespace {

// Looks at fields of one message and keeps the first that is wrong.
template <class Message>
class FieldCheck {
public:
    explicit FieldCheck(const Message& message) : message_(message) {}

    void one_of(const char* field, const char& value, std::string_view allowed) {
        if (allowed.find(value) == std::string_view::npos)
            fail(field, &value, static_cast<unsigned char>(value));
    }
    void side(const char* field, const Side& value) {
        if (!valid(value)) fail(field, &value, static_cast<unsigned char>(value));
    }
    template <class Field>
    void nonzero(const char* field, const Field& value) {
        if (value.get() == decltype(value.get()){}) fail(field, &value, 0);
    }
    // Data Types: the maximum of Price(4) is 200,000.0000.
    void price(const char* field, const Price4& value) {
        if (value.get() > Price{2'000'000'000}) fail(field, &value, static_cast<std::uint64_t>(value.get().value()));
    }
    void symbol(const char* field, const Stock& value) {
        for (const char& c : value.padded())
            if (c < ' ' || c > '~') return fail(field, &c, static_cast<unsigned char>(c));
    }
    [[nodiscard]] MaybeError error() const { return error_; }

private:
    void fail(const char* field, const void* at, std::uint64_t found) {
        if (error_) return;
        const auto offset = static_cast<const std::byte*>(at) - reinterpret_cast<const std::byte*>(&message_);
        error_ = DecodeError{DecodeError::Kind::invalid_value, Message::name, field,
                             static_cast<std::uint64_t>(offset), found, 0};
    }
    const Message& message_;
    MaybeError error_;
};

// One overload a message type. Codes are those of the tables, and the ones that earlier years of the same version sent
// (revision log: emergency market condition events, 'I' for an intraday cross).
struct FieldValues {
    static void check(FieldCheck<SystemEvent>& c, const SystemEvent& m) {
        c.one_of("event_code", m.event_code, "OSQMECARB");
    }
    static void check(FieldCheck<StockDirectory>& c, const StockDirectory& m) {
        c.symbol("stock", m.stock);
        c.one_of("market_category", m.market_category, "QGSNAPZV ");
        c.one_of("financial_status_indicator", m.financial_status_indicator, "DEQSGHJKCN ");
        c.one_of("round_lots_only", m.round_lots_only, "YN");
        c.one_of("issue_classification", m.issue_classification, "ABCFILNOPQRSTUVW ");
        c.one_of("authenticity", m.authenticity, "PTD ");
        c.one_of("short_sale_threshold_indicator", m.short_sale_threshold_indicator, "YN ");
        c.one_of("ipo_flag", m.ipo_flag, "YN ");
        c.one_of("luld_reference_price_tier", m.luld_reference_price_tier, "12 ");
        c.one_of("etp_flag", m.etp_flag, "YN ");
        c.one_of("inverse_indicator", m.inverse_indicator, "YN ");
    }
    static void check(FieldCheck<StockTradingAction>& c, const StockTradingAction& m) {
        c.symbol("stock", m.stock);
        c.one_of("trading_state", m.trading_state, "HPQT");
    }
    static void check(FieldCheck<RegShoRestriction>& c, const RegShoRestriction& m) {
        c.symbol("stock", m.stock);
        c.one_of("reg_sho_action", m.reg_sho_action, "012");
    }
    static void check(FieldCheck<MarketParticipantPosition>& c, const MarketParticipantPosition& m) {
        c.symbol("stock", m.stock);
        c.one_of("primary_market_maker", m.primary_market_maker, "YN");
        c.one_of("market_maker_mode", m.market_maker_mode, "NPSRL");
        c.one_of("market_participant_state", m.market_participant_state, "AEWSD");
    }
    static void check(FieldCheck<MwcbDeclineLevel>&, const MwcbDeclineLevel&) {}
    static void check(FieldCheck<MwcbStatus>& c, const MwcbStatus& m) {
        c.one_of("breached_level", m.breached_level, "123");
    }
    static void check(FieldCheck<IpoQuotingPeriodUpdate>& c, const IpoQuotingPeriodUpdate& m) {
        c.symbol("stock", m.stock);
        c.one_of("ipo_quotation_release_qualifier", m.ipo_quotation_release_qualifier, "AC");
        c.price("ipo_price", m.ipo_price);
    }
    static void check(FieldCheck<LuldAuctionCollar>& c, const LuldAuctionCollar& m) {
        c.symbol("stock", m.stock);
        c.price("auction_collar_reference_price", m.auction_collar_reference_price);
        c.price("upper_auction_collar_price", m.upper_auction_collar_price);
        c.price("lower_auction_collar_price", m.lower_auction_collar_price);
    }
    static void check(FieldCheck<OperationalHalt>& c, const OperationalHalt& m) {
        c.symbol("stock", m.stock);
        c.one_of("market_code", m.market_code, "QBX");
        c.one_of("operational_halt_action", m.operational_halt_action, "HT");
    }
    template <class Add>
        requires std::same_as<Add, AddOrder> || std::same_as<Add, AddOrderMpid>
    static void check(FieldCheck<Add>& c, const Add& m) {
        c.side("buy_sell_indicator", m.buy_sell_indicator);
        c.nonzero("shares", m.shares);
        c.symbol("stock", m.stock);
        c.price("price", m.price);
    }
    static void check(FieldCheck<OrderExecuted>& c, const OrderExecuted& m) {
        c.nonzero("executed_shares", m.executed_shares);
    }
    static void check(FieldCheck<OrderExecutedWithPrice>& c, const OrderExecutedWithPrice& m) {
        c.nonzero("executed_shares", m.executed_shares);
        c.one_of("printable", m.printable, "YN");
        c.price("execution_price", m.execution_price);
    }
    static void check(FieldCheck<OrderCancel>& c, const OrderCancel& m) {
        c.nonzero("cancelled_shares", m.cancelled_shares);
    }
    static void check(FieldCheck<OrderDelete>&, const OrderDelete&) {}
    static void check(FieldCheck<OrderReplace>& c, const OrderReplace& m) {
        c.nonzero("shares", m.shares);
        c.price("price", m.price);
    }
    static void check(FieldCheck<Trade>& c, const Trade& m) {
        c.side("buy_sell_indicator", m.buy_sell_indicator);
        c.nonzero("shares", m.shares);
        c.symbol("stock", m.stock);
        c.price("price", m.price);
    }
    static void check(FieldCheck<CrossTrade>& c, const CrossTrade& m) {
        c.symbol("stock", m.stock);
        c.price("cross_price", m.cross_price);
        c.one_of("cross_type", m.cross_type, "OCHIA");
    }
    static void check(FieldCheck<BrokenTrade>&, const BrokenTrade&) {}
    static void check(FieldCheck<NetOrderImbalance>& c, const NetOrderImbalance& m) {
        c.one_of("imbalance_direction", m.imbalance_direction, "BSNOP");
        c.symbol("stock", m.stock);
        c.price("far_price", m.far_price);
        c.price("near_price", m.near_price);
        c.price("current_reference_price", m.current_reference_price);
        c.one_of("cross_type", m.cross_type, "OCHAI");
        c.one_of("price_variation_indicator", m.price_variation_indicator, "L123456789ABC ");
    }
    static void check(FieldCheck<RetailPriceImprovement>& c, const RetailPriceImprovement& m) {
        c.symbol("stock", m.stock);
        c.one_of("interest_flag", m.interest_flag, "BSAN");
    }
    static void check(FieldCheck<DirectListing>& c, const DirectListing& m) {
        c.symbol("stock", m.stock);
        c.one_of("open_eligibility_status", m.open_eligibility_status, "NY");
        c.price("minimum_allowable_price", m.minimum_allowable_price);
        c.price("maximum_allowable_price", m.maximum_allowable_price);
        c.price("near_execution_price", m.near_execution_price);
        c.price("lower_price_range_collar", m.lower_price_range_collar);
        c.price("upper_price_range_collar", m.upper_price_range_collar);
    }
};

}  // namespace

MaybeError validate(Bytes message) {
    if (auto error = check(message)) return error;
    return dispatch(message.data(), []<class Message>(const Message& m) -> MaybeError {
        FieldCheck<Message> fields(m);
        FieldValues::check(fields, m);
        return fields.error();
    });
}

}  // namespace colo::itch50
