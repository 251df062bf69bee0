// ITCH 5.0: one message of each type, byte for byte from the specification's tables, decoded and encoded; real packets;
// and what the decoder says of bytes that are wrong.
#include "engine/protocol/itch50.hpp"

#include "engine/protocol/moldudp64.hpp"
#include "engine/protocol/session_file.hpp"
#include "tests/engine/wire_fixture.hpp"

namespace colo::itch50 {
namespace {

using test::bytes;

// Locate 13, tracking number 2, 09:30:00.000000001 after midnight.
constexpr const char* header = "000d 0002 1f1aced5e201 ";
constexpr SessionTime time_of_header{0x1f1aced5e201};

// Decodes the written bytes as M, lets the caller look at its fields, and encodes the same fields again.
template <class M, class Look>
void expect_message(const std::string& body, Look look) {
    const auto raw = bytes("'" + std::string(1, M::type) + "'" + header + body);
    ASSERT_EQ(raw.size(), sizeof(M));
    EXPECT_EQ(message_length(M::type), sizeof(M));
    EXPECT_FALSE(validate(raw)) << validate(raw)->to_string();
    bool seen = false;
    const auto error = visit(raw, Overloaded{[&](const M& m) {
                                                 seen = true;
                                                 EXPECT_EQ(m.stock_locate.get(), Locate{13});
                                                 EXPECT_EQ(m.tracking_number.get(), 2);
                                                 EXPECT_EQ(m.timestamp.get(), time_of_header);
                                                 look(m);
                                             },
                                             [](const auto&) {}});
    EXPECT_FALSE(error);
    EXPECT_TRUE(seen);
}

template <class M>
M start() {
    M m;
    m.stock_locate = Locate{13};
    m.tracking_number = 2;
    m.timestamp = time_of_header;
    return m;
}

template <class M>
void expect_encoding(const M& m, const std::string& body) {
    EXPECT_EQ(test::copy_of(bytes_of(m)), bytes("'" + std::string(1, M::type) + "'" + header + body));
}

TEST(Itch50, SystemEvent) {
    expect_message<SystemEvent>("'Q'", [](const SystemEvent& m) { EXPECT_EQ(m.event_code, 'Q'); });
}

TEST(Itch50, StockDirectory) {
    expect_message<StockDirectory>("'AAPL    ' 'Q' 'N' 00000064 'N' 'C' 'Z ' 'P' 'N' ' ' '1' 'N' 00000003 'Y'",
                                   [](const StockDirectory& m) {
        EXPECT_EQ(m.stock, "AAPL");
        EXPECT_EQ(m.market_category, 'Q');
        EXPECT_EQ(m.financial_status_indicator, 'N');
        EXPECT_EQ(m.round_lot_size.get(), 100u);
        EXPECT_EQ(m.round_lots_only, 'N');
        EXPECT_EQ(m.issue_classification, 'C');
        EXPECT_EQ(m.issue_sub_type, "Z");
        EXPECT_EQ(m.authenticity, 'P');
        EXPECT_EQ(m.short_sale_threshold_indicator, 'N');
        EXPECT_EQ(m.ipo_flag, ' ');
        EXPECT_EQ(m.luld_reference_price_tier, '1');
        EXPECT_EQ(m.etp_flag, 'N');
        EXPECT_EQ(m.etp_leverage_factor.get(), 3u);
        EXPECT_EQ(m.inverse_indicator, 'Y');
    });
}

TEST(Itch50, StockTradingAction) {
    expect_message<StockTradingAction>("'AAPL    ' 'H' ' ' 'LUDP'", [](const StockTradingAction& m) {
        EXPECT_EQ(m.stock, "AAPL");
        EXPECT_EQ(m.trading_state, 'H');
        EXPECT_EQ(m.reserved, ' ');
        EXPECT_EQ(m.reason, "LUDP");
    });
}

TEST(Itch50, RegShoRestriction) {
    expect_message<RegShoRestriction>("'AAPL    ' '1'", [](const RegShoRestriction& m) {
        EXPECT_EQ(m.stock, "AAPL");
        EXPECT_EQ(m.reg_sho_action, '1');
    });
}

TEST(Itch50, MarketParticipantPosition) {
    expect_message<MarketParticipantPosition>("'MAXM' 'GMC     ' 'Y' 'N' 'A'", [](const MarketParticipantPosition& m) {
        EXPECT_EQ(m.mpid, "MAXM");
        EXPECT_EQ(m.stock, "GMC");
        EXPECT_EQ(m.primary_market_maker, 'Y');
        EXPECT_EQ(m.market_maker_mode, 'N');
        EXPECT_EQ(m.market_participant_state, 'A');
    });
}

TEST(Itch50, MwcbDeclineLevel) {
    expect_message<MwcbDeclineLevel>("0000004a817c8000 0000003b9aca0000 0000001000000001", [](const MwcbDeclineLevel& m) {
        EXPECT_EQ(m.level_1.get(), 0x4a817c8000u);
        EXPECT_EQ(m.level_2.get(), 0x3b9aca0000u);
        EXPECT_EQ(m.level_3.get(), 0x1000000001u);
    });
}

TEST(Itch50, MwcbStatus) {
    expect_message<MwcbStatus>("'2'", [](const MwcbStatus& m) { EXPECT_EQ(m.breached_level, '2'); });
}

TEST(Itch50, IpoQuotingPeriodUpdate) {
    expect_message<IpoQuotingPeriodUpdate>("'NEWCO   ' 00008ca0 'A' 000249f0", [](const IpoQuotingPeriodUpdate& m) {
        EXPECT_EQ(m.stock, "NEWCO");
        EXPECT_EQ(m.ipo_quotation_release_time.get(), 36'000u);
        EXPECT_EQ(m.ipo_quotation_release_qualifier, 'A');
        EXPECT_EQ(m.ipo_price.get(), Price{150'000});
    });
}

TEST(Itch50, LuldAuctionCollar) {
    expect_message<LuldAuctionCollar>("'AAPL    ' 000f4240 00100590 000e7ef0 00000001", [](const LuldAuctionCollar& m) {
        EXPECT_EQ(m.stock, "AAPL");
        EXPECT_EQ(m.auction_collar_reference_price.get(), Price{1'000'000});
        EXPECT_EQ(m.upper_auction_collar_price.get(), Price{1'050'000});
        EXPECT_EQ(m.lower_auction_collar_price.get(), Price{950'000});
        EXPECT_EQ(m.auction_collar_extension.get(), 1u);
    });
}

TEST(Itch50, OperationalHalt) {
    expect_message<OperationalHalt>("'AAPL    ' 'Q' 'H'", [](const OperationalHalt& m) {
        EXPECT_EQ(m.stock, "AAPL");
        EXPECT_EQ(m.market_code, 'Q');
        EXPECT_EQ(m.operational_halt_action, 'H');
    });
}

TEST(Itch50, AddOrder) {
    const char* body = "0000000166b53e01 'B' 00000640 'IVOO    ' 000d55ac";
    expect_message<AddOrder>(body, [](const AddOrder& m) {
        EXPECT_EQ(m.order_reference_number.get(), OrderId{0x166b53e01});
        EXPECT_EQ(m.buy_sell_indicator, Side::buy);
        EXPECT_EQ(m.shares.get(), Quantity{1600});
        EXPECT_EQ(m.stock, "IVOO");
        EXPECT_EQ(m.price.get(), Price{873'900});
    });
    auto m = start<AddOrder>();
    m.order_reference_number = OrderId{0x166b53e01};
    m.shares = Quantity{1600};
    m.stock = "IVOO";
    m.price = Price{873'900};
    expect_encoding(m, body);
}

TEST(Itch50, AddOrderMpid) {
    const char* body = "000000000094d0a7 'S' 00000005 'META    ' 000c394c 'UBSS'";
    expect_message<AddOrderMpid>(body, [](const AddOrderMpid& m) {
        EXPECT_EQ(m.order_reference_number.get(), OrderId{0x94d0a7});
        EXPECT_EQ(m.buy_sell_indicator, Side::sell);
        EXPECT_EQ(m.shares.get(), Quantity{5});
        EXPECT_EQ(m.stock, "META");
        EXPECT_EQ(m.price.get(), Price{801'100});
        EXPECT_EQ(m.attribution, "UBSS");
    });
}

TEST(Itch50, OrderExecuted) {
    const char* body = "000000016692 9a01 00000019 000000000003e63b";
    expect_message<OrderExecuted>(body, [](const OrderExecuted& m) {
        EXPECT_EQ(m.order_reference_number.get(), OrderId{0x16692'9a01});
        EXPECT_EQ(m.executed_shares.get(), Quantity{25});
        EXPECT_EQ(m.match_number.get(), MatchNumber{0x3e63b});
    });
    auto m = start<OrderExecuted>();
    m.order_reference_number = OrderId{0x16692'9a01};
    m.executed_shares = Quantity{25};
    m.match_number = MatchNumber{0x3e63b};
    expect_encoding(m, body);
}

TEST(Itch50, OrderExecutedWithPrice) {
    const char* body = "0000000000000007 00000064 0000000000000009 'N' 00020f58";
    expect_message<OrderExecutedWithPrice>(body, [](const OrderExecutedWithPrice& m) {
        EXPECT_EQ(m.order_reference_number.get(), OrderId{7});
        EXPECT_EQ(m.executed_shares.get(), Quantity{100});
        EXPECT_EQ(m.match_number.get(), MatchNumber{9});
        EXPECT_EQ(m.printable, 'N');
        EXPECT_EQ(m.execution_price.get(), Price{135'000});
    });
}

TEST(Itch50, OrderCancel) {
    expect_message<OrderCancel>("0000000000000007 00000032", [](const OrderCancel& m) {
        EXPECT_EQ(m.order_reference_number.get(), OrderId{7});
        EXPECT_EQ(m.cancelled_shares.get(), Quantity{50});
    });
}

TEST(Itch50, OrderDelete) {
    expect_message<OrderDelete>("ffffffffffffffff", [](const OrderDelete& m) {
        EXPECT_EQ(m.order_reference_number.get(), OrderId{UINT64_MAX});
    });
}

TEST(Itch50, OrderReplace) {
    const char* body = "0000000000e6897f 000000000145f2c7 00000064 001036c8";
    expect_message<OrderReplace>(body, [](const OrderReplace& m) {
        EXPECT_EQ(m.original_order_reference_number.get(), OrderId{0xe6897f});
        EXPECT_EQ(m.new_order_reference_number.get(), OrderId{0x145f2c7});
        EXPECT_EQ(m.shares.get(), Quantity{100});
        EXPECT_EQ(m.price.get(), Price{1'062'600});
    });
}

TEST(Itch50, Trade) {
    expect_message<Trade>("0000000000000000 'B' 00000064 'AAPL    ' 0030dae0 0000000000001234", [](const Trade& m) {
        EXPECT_EQ(m.order_reference_number.get(), OrderId{0});
        EXPECT_EQ(m.buy_sell_indicator, Side::buy);
        EXPECT_EQ(m.shares.get(), Quantity{100});
        EXPECT_EQ(m.stock, "AAPL");
        EXPECT_EQ(m.price.get(), Price{3'201'760});
        EXPECT_EQ(m.match_number.get(), MatchNumber{0x1234});
    });
}

TEST(Itch50, CrossTrade) {
    expect_message<CrossTrade>("0000000100000000 'AAPL    ' 0030dae0 0000000000001235 'C'", [](const CrossTrade& m) {
        EXPECT_EQ(m.shares.get(), Quantity{1ll << 32});
        EXPECT_EQ(m.stock, "AAPL");
        EXPECT_EQ(m.cross_price.get(), Price{3'201'760});
        EXPECT_EQ(m.match_number.get(), MatchNumber{0x1235});
        EXPECT_EQ(m.cross_type, 'C');
    });
}

TEST(Itch50, BrokenTrade) {
    expect_message<BrokenTrade>("0000000000001234", [](const BrokenTrade& m) {
        EXPECT_EQ(m.match_number.get(), MatchNumber{0x1234});
    });
}

TEST(Itch50, NetOrderImbalance) {
    expect_message<NetOrderImbalance>(
        "0000000000000001 0000000000000002 'S' 'MDC     ' 00071610 00071611 00071612 'O' 'L'",
        [](const NetOrderImbalance& m) {
            EXPECT_EQ(m.paired_shares.get(), Quantity{1});
            EXPECT_EQ(m.imbalance_shares.get(), Quantity{2});
            EXPECT_EQ(m.imbalance_direction, 'S');
            EXPECT_EQ(m.stock, "MDC");
            EXPECT_EQ(m.far_price.get(), Price{464'400});
            EXPECT_EQ(m.near_price.get(), Price{464'401});
            EXPECT_EQ(m.current_reference_price.get(), Price{464'402});
            EXPECT_EQ(m.cross_type, 'O');
            EXPECT_EQ(m.price_variation_indicator, 'L');
        });
}

TEST(Itch50, RetailPriceImprovement) {
    expect_message<RetailPriceImprovement>("'AAPL    ' 'A'", [](const RetailPriceImprovement& m) {
        EXPECT_EQ(m.stock, "AAPL");
        EXPECT_EQ(m.interest_flag, 'A');
    });
}

TEST(Itch50, DirectListing) {
    expect_message<DirectListing>(
        "'NEWCO   ' 'Y' 00000001 00000002 00000003 00001f1aced5e201 00000004 00000005", [](const DirectListing& m) {
            EXPECT_EQ(m.stock, "NEWCO");
            EXPECT_EQ(m.open_eligibility_status, 'Y');
            EXPECT_EQ(m.minimum_allowable_price.get(), Price{1});
            EXPECT_EQ(m.maximum_allowable_price.get(), Price{2});
            EXPECT_EQ(m.near_execution_price.get(), Price{3});
            EXPECT_EQ(m.near_execution_time.get(), 0x1f1aced5e201u);
            EXPECT_EQ(m.lower_price_range_collar.get(), Price{4});
            EXPECT_EQ(m.upper_price_range_collar.get(), Price{5});
        });
}

// Every type that has a length is visited as itself, and no other type has one.
TEST(Itch50, TypesAreExactlyTheSpecifications) {
    const std::string types = "SRHYLVWKJhAFECXDUPQBINO";
    for (int code = 0; code < 256; ++code) {
        const auto type = static_cast<char>(code);
        test::ByteString raw(message_length_max);
        raw[0] = static_cast<std::byte>(code);
        raw.resize(std::max<std::size_t>(message_length(type), 1));
        char visited = 0;
        const auto error = visit(raw, [&](const auto& m) { visited = std::decay_t<decltype(m)>::type; });
        EXPECT_EQ(error.has_value(), types.find(type) == std::string::npos) << code;
        if (!error) { EXPECT_EQ(visited, type); }
    }
}

TEST(Itch50, ErrorsNameTheFieldAndTheByte) {
    EXPECT_EQ(check({})->to_string(), "ITCH message.message_type at byte 0: 1 bytes needed, 0 present");
    EXPECT_EQ(check(bytes("'z' 00"))->to_string(), "ITCH message.message_type at byte 0: unknown type 'z' (0x7a)");
    EXPECT_EQ(check(bytes("'D' 00"))->to_string(), "ITCH message.length at byte 0: length is 2, must be 19");
    const auto field = [](const std::string& text) { return validate(bytes(text))->to_string(); };
    const std::string h = header;
    EXPECT_EQ(field("'A'" + h + "0000000000000007 'X' 00000640 'IVOO    ' 000d55ac"),
              "AddOrder.buy_sell_indicator at byte 19: value 'X' (0x58) is not allowed");
    EXPECT_EQ(field("'F'" + h + "0000000000000007 'B' 00000000 'IVOO    ' 000d55ac 'UBSS'"),
              "AddOrderMpid.shares at byte 20: value 0x00 is not allowed");
    EXPECT_EQ(field("'C'" + h + "0000000000000007 00000064 0000000000000009 'Z' 00020f58"),
              "OrderExecutedWithPrice.printable at byte 31: value 'Z' (0x5a) is not allowed");
    EXPECT_EQ(field("'A'" + h + "0000000000000007 'B' 00000640 'IV' 00 'O    ' 000d55ac"),
              "AddOrder.stock at byte 26: value 0x00 is not allowed");
    EXPECT_EQ(field("'U'" + h + "0000000000000007 0000000000000008 00000640 77359401"),
              "OrderReplace.price at byte 31: value 0x77359401 is not allowed");
}

TEST(Itch50, RecordedSessionsAreValid) {
    COLO_NEEDS_RECORDED_DATA(data);
    const std::pair<const char*, std::uint64_t> files[] = {{"aapl_20200130_first10k.itch50", 10'000},
                                                           {"aapl_20191230_0935_banded_std.itch50", 49'947},
                                                           {"fullfeed_head1000.itch50", 1'000}};
    for (const auto& [name, messages] : files) {
        auto file = SessionFile::open((data / "itch" / name).string());
        ASSERT_TRUE(file) << file.error().to_string();
        auto cursor = file->cursor();
        std::uint64_t count = 0;
        while (auto record = cursor.next()) {
            ++count;
            const auto error = validate(record->message);
            ASSERT_FALSE(error) << name << " message " << count << ": " << error->to_string();
        }
        EXPECT_FALSE(cursor.error());
        EXPECT_EQ(count, messages) << name;
    }
}

TEST(Itch50, RecordedPacketsDecode) {
    COLO_NEEDS_RECORDED_DATA(data);
    const auto only = [&](const char* name) {
        const auto payloads = test::pcap_payloads(data / "itch" / "moldudp64_pcap" / name);
        EXPECT_EQ(payloads.size(), 1u) << name;
        const auto packet = moldudp64::Packet::parse(payloads.at(0));
        EXPECT_TRUE(packet) << name;
        EXPECT_EQ(packet->session(), "000010059B");
        const Bytes message = (*packet->begin()).message;
        EXPECT_FALSE(validate(message)) << name << validate(message)->to_string();
        return test::copy_of(message);
    };
    const auto add = only("AddOrderNoMpidAttributionMessage.pcap");
    EXPECT_EQ(overlay<AddOrder>(add).stock, "IVOO");
    EXPECT_EQ(overlay<AddOrder>(add).price.get(), Price{873'900});
    EXPECT_EQ(overlay<OrderExecuted>(only("OrderExecutedMessage.pcap")).executed_shares.get(), Quantity{25});
    EXPECT_EQ(overlay<OrderReplace>(only("OrderReplaceMessage.pcap")).shares.get(), Quantity{100});
    EXPECT_EQ(overlay<NetOrderImbalance>(only("NetOrderImbalanceIndicatorMessage.pcap")).stock, "MDC");
    EXPECT_EQ(overlay<StockTradingAction>(only("StockTradingActionMessage.pcap")).stock, "AMC");
    EXPECT_EQ(overlay<MarketParticipantPosition>(only("MarketParticipantPositionMessage.pcap")).mpid, "MAXM");
    only("OrderDeleteMessage.pcap");

    const auto packets = test::pcap_payloads(data / "itch" / "moldudp64_pcap" / "Multiple.Packets.pcap");
    ASSERT_EQ(packets.size(), 2u);
    std::size_t messages = 0;
    for (const auto& raw : packets)
        for (const auto [sequence, message] : *moldudp64::Packet::parse(raw)) {
            EXPECT_FALSE(validate(message));
            ++messages;
        }
    EXPECT_EQ(messages, 1u + 38u);
}

}  // namespace
}  // namespace colo::itch50
