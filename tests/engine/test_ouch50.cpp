// OUCH 5.0: every message written out from the specification's tables, options, real packets, and wrong bytes.
#include "engine/protocol/ouch50.hpp"

#include "engine/protocol/soupbintcp.hpp"
#include "tests/engine/wire_fixture.hpp"

namespace colo::ouch50 {
namespace {

using test::bytes;

// 09:30:00 after midnight, in eight bytes.
constexpr const char* time_hex = "00001f1aced5e000 ";
constexpr SessionTime time_of_message{0x1f1aced5e000};

template <class M, class Visit, class Look>
void expect_message(Visit visit, const std::string& text, Look look) {
    const auto raw = bytes(text);
    bool seen = false;
    const auto error = visit(raw, Overloaded{[&](const M& m, Appendage appendage) {
                                                 seen = true;
                                                 if constexpr (requires { m.timestamp; }) { EXPECT_EQ(m.timestamp.get(), time_of_message); }
                                                 look(m, appendage);
                                             },
                                             [](const auto&, Appendage) {}});
    EXPECT_FALSE(error) << error->to_string();
    EXPECT_TRUE(seen) << M::name;
    // Every prefix is too short, every extra byte too much.
    for (std::size_t length = 0; length < raw.size(); ++length)
        EXPECT_TRUE(visit(Bytes(raw).first(length), [](const auto&, Appendage) {})) << M::name << " of " << length;
    auto longer = raw;
    longer.push_back({});
    EXPECT_TRUE(visit(longer, [](const auto&, Appendage) {})) << M::name;
}

template <class M, class Look>
void inbound(const std::string& text, Look look) {
    expect_message<M>([](Bytes raw, auto visitor) { return visit_inbound(raw, visitor); }, text, look);
}
template <class M, class Look>
void outbound(const std::string& text, Look look) {
    expect_message<M>([](Bytes raw, auto visitor) { return visit_outbound(raw, visitor); }, text, look);
}

TEST(Ouch50Inbound, EnterOrder) {
    const std::string fixed = "'O' 00000071 'T' 000000e1 'CVLT    ' 000000000009 9db8 '0' 'Y' 'A' 'N' 'N' 'H8FUB8IV      ' ";
    inbound<EnterOrder>(fixed + "0000", [](const EnterOrder& m, Appendage appendage) {
        EXPECT_EQ(m.user_ref_num.get(), UserRefNum{0x71});
        EXPECT_EQ(m.side, OrderSide::sell_short);
        EXPECT_EQ(m.quantity.get(), Quantity{225});
        EXPECT_EQ(m.symbol, "CVLT");
        EXPECT_EQ(m.price.get(), Price{630'200});
        EXPECT_EQ(m.time_in_force, TimeInForce::day);
        EXPECT_EQ(m.display, Display::visible);
        EXPECT_EQ(m.capacity, Capacity::agency);
        EXPECT_EQ(m.inter_market_sweep_eligibility, 'N');
        EXPECT_EQ(m.cross_type, 'N');
        EXPECT_EQ(m.cl_ord_id, "H8FUB8IV");
        EXPECT_EQ(appendage.begin(), appendage.end());
    });
    EnterOrder order;
    order.user_ref_num = UserRefNum{0x71};
    order.side = OrderSide::sell_short;
    order.quantity = Quantity{225};
    order.symbol = "CVLT";
    order.price = Price{630'200};
    order.capacity = Capacity::agency;
    order.cl_ord_id = "H8FUB8IV";
    EXPECT_EQ(test::copy_of(bytes_of(order)), bytes(fixed + "0000"));

    std::array<std::byte, 100> buffer;
    Encoder encoder(buffer);
    EXPECT_TRUE(encoder.start(order));
    EXPECT_TRUE(encoder.option(Option::firm, Alpha<4>("LIME")));
    EXPECT_TRUE(encoder.option(Option::post_only, 'P'));
    EXPECT_TRUE(encoder.option(Option::expire_time, BigEndian<std::uint32_t>(60u)));
    EXPECT_EQ(test::copy_of(encoder.finish()), bytes(fixed + "000f 05 02 'LIME' 02 0c 'P' 05 0f 0000003c"));
}

TEST(Ouch50Inbound, ReplaceCancelModifyQuery) {
    inbound<ReplaceOrder>("'U' 00000071 00000072 00000190 0000000000099db9 '3' 'N' 'Y' 'H8FUB8IV      ' 0006 05 03 00000064",
                          [](const ReplaceOrder& m, Appendage appendage) {
        EXPECT_EQ(m.orig_user_ref_num.get(), UserRefNum{0x71});
        EXPECT_EQ(m.user_ref_num.get(), UserRefNum{0x72});
        EXPECT_EQ(m.quantity.get(), Quantity{400});
        EXPECT_EQ(m.price.get(), Price{630'201});
        EXPECT_EQ(m.time_in_force, TimeInForce::immediate_or_cancel);
        EXPECT_EQ(m.display, Display::hidden);
        EXPECT_EQ(m.inter_market_sweep_eligibility, 'Y');
        EXPECT_EQ(m.cl_ord_id, "H8FUB8IV");
        EXPECT_EQ((appendage.find(Option::min_qty)->as<BigEndian<std::uint32_t, Quantity>>().get()), Quantity{100});
        EXPECT_FALSE(appendage.find(Option::firm));
    });
    inbound<CancelOrder>("'X' 00752e71 00000000", [](const CancelOrder& m, Appendage) {
        EXPECT_EQ(m.user_ref_num.get(), UserRefNum{0x752e71});
        EXPECT_EQ(m.quantity.get(), Quantity{0});
    });
    inbound<ModifyOrder>("'M' 00752e71 'E' 00000064", [](const ModifyOrder& m, Appendage) {
        EXPECT_EQ(m.side, OrderSide::sell_short_exempt);
        EXPECT_EQ(m.quantity.get(), Quantity{100});
    });
    inbound<AccountQuery>("'Q'", [](const AccountQuery&, Appendage) {});
}

TEST(Ouch50Outbound, AcceptedAndReplaced) {
    const std::string tail = "'5' 'Y' 000000000f56b4f5 'A' 'N' 'N' 'L' 'L7682701      ' 0009 05 02 'MLRO' 02 12 '0'";
    outbound<OrderAccepted>(std::string("'A'") + time_hex + "00753a8d 'B' 00000028 'ADBE    ' 000000000048e748 " + tail,
                            [](const OrderAccepted& m, Appendage appendage) {
        EXPECT_EQ(m.user_ref_num.get(), UserRefNum{0x753a8d});
        EXPECT_EQ(m.side, OrderSide::buy);
        EXPECT_EQ(m.quantity.get(), Quantity{40});
        EXPECT_EQ(m.symbol, "ADBE");
        EXPECT_EQ(m.price.get(), Price{4'777'800});
        EXPECT_EQ(m.time_in_force, TimeInForce::extended_hours);
        EXPECT_EQ(m.display, Display::visible);
        EXPECT_EQ(m.order_reference_number.get(), OrderId{0xf56b4f5});
        EXPECT_EQ(m.capacity, Capacity::agency);
        EXPECT_EQ(m.order_state, OrderState::live);
        EXPECT_EQ(m.cl_ord_id, "L7682701");
        EXPECT_EQ(appendage.find(Option::firm)->as<Alpha<4>>(), "MLRO");
        EXPECT_EQ(appendage.find(Option::bbo_weight_indicator)->as<char>(), '0');
    });
    outbound<OrderReplaced>(std::string("'U'") + time_hex + "00000071 00000072 'S' 00000028 'ADBE    ' 000000000048e748 " + tail,
                            [](const OrderReplaced& m, Appendage appendage) {
        EXPECT_EQ(m.orig_user_ref_num.get(), UserRefNum{0x71});
        EXPECT_EQ(m.user_ref_num.get(), UserRefNum{0x72});
        EXPECT_EQ(m.side, OrderSide::sell);
        EXPECT_EQ(m.quantity.get(), Quantity{40});
        EXPECT_EQ(m.price.get(), Price{4'777'800});
        EXPECT_EQ(m.order_reference_number.get(), OrderId{0xf56b4f5});
        EXPECT_EQ(m.order_state, OrderState::live);
        EXPECT_EQ(std::distance(appendage.begin(), appendage.end()), 2);
    });
}

TEST(Ouch50Outbound, CanceledAndExecuted) {
    outbound<OrderCanceled>(std::string("'C'") + time_hex + "00753a8d 00000028 'U'", [](const OrderCanceled& m, Appendage) {
        EXPECT_EQ(m.user_ref_num.get(), UserRefNum{0x753a8d});
        EXPECT_EQ(m.quantity.get(), Quantity{40});
        EXPECT_EQ(m.reason, CancelReason::user);
    });
    outbound<AiqCanceled>(std::string("'D'") + time_hex + "00000001 00000028 'Q' 00000014 000000000048e748 'A' 'b'",
                          [](const AiqCanceled& m, Appendage) {
        EXPECT_EQ(m.decrement_shares.get(), Quantity{40});
        EXPECT_EQ(m.reason, CancelReason::self_match);
        EXPECT_EQ(m.quantity_prevented_from_trading.get(), Quantity{20});
        EXPECT_EQ(m.execution_price.get(), Price{4'777'800});
        EXPECT_EQ(m.liquidity_flag, 'A');
        EXPECT_EQ(m.aiq_strategy, 'b');
    });
    outbound<OrderExecuted>(std::string("'E'") + time_hex + "00000001 00000014 000000000048e748 'R' 0000000000001234 0000",
                            [](const OrderExecuted& m, Appendage) {
        EXPECT_EQ(m.quantity.get(), Quantity{20});
        EXPECT_EQ(m.price.get(), Price{4'777'800});
        EXPECT_EQ(m.liquidity_flag, 'R');
        EXPECT_EQ(m.match_number.get(), MatchNumber{0x1234});
    });
    outbound<BrokenTrade>(std::string("'B'") + time_hex + "00000001 0000000000001234 'E' 'L7682701      '",
                          [](const BrokenTrade& m, Appendage) {
        EXPECT_EQ(m.match_number.get(), MatchNumber{0x1234});
        EXPECT_EQ(m.reason, 'E');
        EXPECT_EQ(m.cl_ord_id, "L7682701");
    });
}

TEST(Ouch50Outbound, TheRest) {
    outbound<SystemEvent>(std::string("'S'") + time_hex + "'E'", [](const SystemEvent& m, Appendage) { EXPECT_EQ(m.event_code, 'E'); });
    outbound<Rejected>(std::string("'J'") + time_hex + "00000001 002a 'L7682701      '", [](const Rejected& m, Appendage) {
        EXPECT_EQ(m.user_ref_num.get(), UserRefNum{1});
        EXPECT_EQ(static_cast<RejectReason>(m.reason.get()), RejectReason::risk_duplicate_message_rate);
    });
    outbound<CancelPending>(std::string("'P'") + time_hex + "00000001", [](const CancelPending& m, Appendage) {
        EXPECT_EQ(m.user_ref_num.get(), UserRefNum{1});
    });
    outbound<CancelReject>(std::string("'I'") + time_hex + "00000001", [](const CancelReject& m, Appendage) {
        EXPECT_EQ(m.user_ref_num.get(), UserRefNum{1});
    });
    outbound<OrderPriorityUpdate>(std::string("'T'") + time_hex + "00000001 000000000048e748 'Y' 0000000000000009",
                                  [](const OrderPriorityUpdate& m, Appendage) {
        EXPECT_EQ(m.price.get(), Price{4'777'800});
        EXPECT_EQ(m.display, Display::visible);
        EXPECT_EQ(m.order_reference_number.get(), OrderId{9});
    });
    outbound<OrderModified>(std::string("'M'") + time_hex + "00000001 'S' 00000014", [](const OrderModified& m, Appendage) {
        EXPECT_EQ(m.side, OrderSide::sell);
        EXPECT_EQ(m.quantity.get(), Quantity{20});
    });
    outbound<OrderRestated>(std::string("'R'") + time_hex + "00000001 'R' 0010 05 16 00000014 09 01 0000000000000009",
                            [](const OrderRestated& m, Appendage appendage) {
        EXPECT_EQ(m.reason, 'R');
        EXPECT_EQ((appendage.find(Option::display_quantity)->as<BigEndian<std::uint32_t, Quantity>>().get()), Quantity{20});
        EXPECT_EQ(appendage.find(Option::secondary_ord_ref_num)->as<OrderReference>().get(), OrderId{9});
    });
    outbound<AccountQueryResponse>(std::string("'Q'") + time_hex + "00000007", [](const AccountQueryResponse& m, Appendage) {
        EXPECT_EQ(m.next_user_ref_num.get(), UserRefNum{7});
    });
}

TEST(Ouch50, ErrorsNameTheFieldAndTheByte) {
    const auto nothing = [](const auto&, Appendage) {};
    EXPECT_EQ(visit_inbound(bytes("'z'"), nothing)->to_string(),
              "OUCH inbound message.message_type at byte 0: unknown type 'z' (0x7a)");
    EXPECT_EQ(visit_outbound({}, nothing)->to_string(), "OUCH outbound message.message_type at byte 0: 1 bytes needed, 0 present");
    EXPECT_EQ(visit_inbound(bytes("'X' 00"), nothing)->to_string(), "CancelOrder.length at byte 0: 9 bytes needed, 2 present");
    const std::string restated = std::string("'R'") + time_hex + "00000001 'R' ";
    EXPECT_EQ(visit_outbound(bytes(restated + "0005 05 16 00000014"), nothing)->to_string(),
              "OrderRestated.appendage_length at byte 14: length is 22, must be 21");
    EXPECT_EQ(visit_outbound(bytes(restated + "0005 04 16 000014"), nothing)->to_string(),
              "OrderRestated.option_length at byte 16: length is 4, must be 5");
    EXPECT_EQ(visit_outbound(bytes(restated + "0003 05 16 00"), nothing)->to_string(),
              "OrderRestated.option at byte 16: 5 bytes needed, 2 present");
    EXPECT_EQ(visit_outbound(bytes(restated + "0001 00"), nothing)->to_string(),
              "OrderRestated.option_length at byte 16: length is 0, must be 1");
}

// A fill at such a price would overflow what it is worth.
TEST(Ouch50, AnswersAtImpossiblePricesAreErrors) {
    const auto nothing = [](const auto&, Appendage) {};
    OrderExecuted executed;
    executed.quantity = Quantity{0xFFFF'FFFF};
    const auto error_at = [&](Price price) {
        executed.price = price;
        return visit_outbound(bytes_of(executed), nothing);
    };
    EXPECT_FALSE(error_at(Price{0}));
    EXPECT_FALSE(error_at(market_price_in_cross));
    EXPECT_EQ(error_at(Price{0x8000'0000})->to_string(),
              "OrderExecuted.price at byte 17: value 0x80000000 is not allowed");
    EXPECT_EQ(error_at(Price{-1})->to_string(),
              "OrderExecuted.price at byte 17: value 0xffffffffffffffff is not allowed");
}

TEST(Ouch50, RecordedPacketsDecode) {
    COLO_NEEDS_RECORDED_DATA(data);
    const auto only = [&](const char* name) {
        const auto payloads = test::pcap_payloads(data / "fix-ouch" / "ouch50_pcap" / name);
        EXPECT_EQ(payloads.size(), 1u);
        soupbintcp::Framer framer;
        framer.append(payloads.at(0));
        const auto packet = framer.next();
        EXPECT_TRUE(packet) << name;
        EXPECT_FALSE(framer.next());
        EXPECT_FALSE(framer.error());
        return std::pair(packet->type, test::copy_of(packet->payload));
    };
    const auto [entered_type, entered] = only("EnterOrderMessage.pcap");
    EXPECT_EQ(entered_type, soupbintcp::unsequenced_data_type);
    EXPECT_FALSE(visit_inbound(entered, Overloaded{[](const EnterOrder& m, Appendage appendage) {
                                                       EXPECT_EQ(m.symbol, "CVLT");
                                                       EXPECT_EQ(m.side, OrderSide::sell_short);
                                                       EXPECT_EQ(appendage.find(Option::firm)->as<Alpha<4>>(), "LIME");
                                                   },
                                                   [](const auto&, Appendage) { FAIL(); }}));
    const auto [accepted_type, accepted] = only("OrderAcceptedMessage.pcap");
    EXPECT_EQ(accepted_type, soupbintcp::sequenced_data_type);
    EXPECT_FALSE(visit_outbound(accepted, Overloaded{[](const OrderAccepted& m, Appendage appendage) {
                                                         EXPECT_EQ(m.symbol, "ADBE");
                                                         EXPECT_EQ(m.price.get(), Price{4'777'800});
                                                         EXPECT_EQ(appendage.find(Option::firm)->as<Alpha<4>>(), "MLRO");
                                                     },
                                                     [](const auto&, Appendage) { FAIL(); }}));
    EXPECT_EQ(overlay<OrderCanceled>(only("CanceledMessage.pcap").second).quantity.get(), Quantity{40});
    EXPECT_EQ(overlay<CancelOrder>(only("CancelOrderMessage.pcap").second).user_ref_num.get(), UserRefNum{0x752e71});
    EXPECT_EQ(only("ClientHeartbeatPacket.pcap").first, soupbintcp::ClientHeartbeat::type);
    EXPECT_EQ(only("ServerHeartbeatPacket.pcap").first, soupbintcp::ServerHeartbeat::type);
}

}  // namespace
}  // namespace colo::ouch50
