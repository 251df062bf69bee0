// MDP 3.0 decoding: each message type from bytes laid out by the specification, versions before and after ours, and the
// recorded lines.
#include <map>

#include "engine/protocol/mdp3.hpp"
#include "tests/engine/mdp3_fixture.hpp"

namespace colo {
namespace {

using test::ByteString;
using test::Fields;
using test::group;
using test::null32;
using test::null64;
using test::packet_of;
using test::TestMessage;

// Gives the decoded message to `see` and asserts that it was of this type.
template <class Type, class See>
void expect_decoded(const TestMessage& message, See&& see) {
    const ByteString datagram = packet_of(7, {message});
    const auto packet = mdp3::Packet::parse(datagram);
    ASSERT_TRUE(packet);
    int seen = 0;
    for (const mdp3::Message in : packet->messages()) {
        const auto visited = mdp3::visit(in, [&]<class Found>(const sbe::Decoded<Found>& decoded) {
            if constexpr (std::same_as<Found, Type>) {
                ++seen;
                see(decoded);
            }
        });
        EXPECT_EQ(visited, mdp3::Visited::decoded);
    }
    EXPECT_EQ(seen, 1) << "template " << message.template_id;
}

TEST(Mdp3, PacketsAreWhole) {
    const ByteString datagram = packet_of(42, {{12, 0, {}}, {12, 0, {}}});
    const auto packet = mdp3::Packet::parse(datagram);
    ASSERT_TRUE(packet);
    EXPECT_EQ(packet->sequence(), SequenceNumber{42});
    EXPECT_EQ(packet->next_sequence(), SequenceNumber{43});
    EXPECT_EQ(packet->sending_time(), Timestamp{1'700'000'000'000'000'000});
    int messages = 0;
    for (const mdp3::Message message : packet->messages()) messages += message.header.template_id.get() == 12;
    EXPECT_EQ(messages, 2);

    for (std::size_t length = 0; length < datagram.size(); ++length) {
        const bool whole = length == 12 || length == 22;  // an empty packet, and one message
        EXPECT_EQ(static_cast<bool>(mdp3::Packet::parse(Bytes(datagram).first(length))), whole) << length;
    }
    ByteString endless = datagram;
    endless[12] = std::byte{0};
    const auto refused = mdp3::Packet::parse(endless);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().to_string(), "MDP3 packet.message_length at byte 12: length is 0, must be 20");
}

TEST(Mdp3, IncrementalBook) {
    const auto message = test::book_refresh({{5'214'250'000'000, 12, 5602, 99, 4, 1, 1, '0'}, {-250'000'000, 3, -7, 100, null32, 2, 5, 'F'}},
                                            0x84, {test::order_of_level(6'413'238'832'874, 17, 5, 1, 2)});
    using Message = mdp3::MDIncrementalRefreshBook46;
    expect_decoded<Message>(message, [](const sbe::Decoded<Message>& decoded) {
        const Message root = decoded.root();
        EXPECT_EQ(root.transact_time.get(), 1'700'000'000'000'000'001u);
        EXPECT_TRUE(root.match_event_indicator.end_of_event() && root.match_event_indicator.last_quote_msg());
        EXPECT_FALSE(root.match_event_indicator.last_implied_msg());
        const auto levels = decoded.entries<Message::NoMDEntries>();
        ASSERT_EQ(levels.count(), 2u);
        EXPECT_EQ(mdp3::price_of(levels[0].md_entry_px), Price{5'214'250'000'000});
        EXPECT_EQ(levels[0].md_entry_size.get(), 12);
        EXPECT_EQ(levels[0].security_id.get(), 5602);
        EXPECT_EQ(levels[0].rpt_seq.get(), 99u);
        EXPECT_EQ(levels[0].number_of_orders.get(), 4);
        EXPECT_EQ(levels[0].md_price_level.get(), 1);
        EXPECT_EQ(levels[0].md_update_action.get(), mdp3::MDUpdateAction::change);
        EXPECT_EQ(levels[0].md_entry_type.get(), mdp3::MDEntryTypeBook::bid);
        EXPECT_EQ(mdp3::price_of(levels[1].md_entry_px), Price{-250'000'000});
        EXPECT_EQ(levels[1].security_id.get(), -7);
        EXPECT_FALSE(levels[1].number_of_orders.has_value());
        EXPECT_EQ(levels[1].md_update_action.get(), mdp3::MDUpdateAction::overlay);
        EXPECT_EQ(levels[1].md_entry_type.get(), mdp3::MDEntryTypeBook::implied_offer);
        const auto orders = decoded.entries<Message::NoOrderIDEntries>();
        ASSERT_EQ(orders.count(), 1u);
        EXPECT_EQ(orders[0].order_id.get(), 6'413'238'832'874u);
        EXPECT_EQ(orders[0].md_order_priority.get(), 17u);
        EXPECT_EQ(orders[0].md_display_qty.get(), 5);
        EXPECT_EQ(orders[0].reference_id.get(), 1);
        EXPECT_EQ(orders[0].order_update_action.get(), mdp3::OrderUpdateAction::delete_);
    });
}

TEST(Mdp3, IncrementalOrderBook) {
    using Message = mdp3::MDIncrementalRefreshOrderBook47;
    const auto message = test::order_refresh({{11, 22, 33'000'000'000, 44, 55, 0, '1'}});
    expect_decoded<Message>(message, [](const sbe::Decoded<Message>& decoded) {
        const auto entry = decoded.entries<Message::NoMDEntries>()[0];
        EXPECT_EQ(entry.order_id.get(), 11u);
        EXPECT_EQ(entry.md_order_priority.get(), 22u);
        EXPECT_EQ(mdp3::price_of(entry.md_entry_px), Price{33'000'000'000});
        EXPECT_EQ(entry.md_display_qty.get(), 44);
        EXPECT_EQ(entry.security_id.get(), 55);
        EXPECT_EQ(entry.md_update_action.get(), mdp3::MDUpdateAction::new_);
        EXPECT_EQ(entry.md_entry_type.get(), mdp3::MDEntryTypeBook::offer);
    });
}

TEST(Mdp3, TradeSummary) {
    using Message = mdp3::MDIncrementalRefreshTradeSummary48;
    const Fields entry = Fields().put(8, 5'214'250'000'000).put(4, 3).put(4, 5602).put(4, 8).put(4, 2).put(1, 1).put(1, 0).put(4, 900);
    const Fields fill = Fields().put(8, 77).put(4, 3);
    expect_decoded<Message>({48, 11, test::refresh(1).then(group(3, 32, {entry})).then(group(8, 16, {fill, fill}))},
                            [](const sbe::Decoded<Message>& decoded) {
        EXPECT_TRUE(decoded.root().match_event_indicator.last_trade_msg());
        const auto trade = decoded.entries<Message::NoMDEntries>()[0];
        EXPECT_EQ(trade.md_entry_size.get(), 3);
        EXPECT_EQ(trade.number_of_orders.get(), 2);
        EXPECT_EQ(trade.aggressor_side.get(), mdp3::AggressorSide::buy);
        EXPECT_EQ(trade.md_trade_entry_id.get(), 900u);
        EXPECT_EQ(trade.md_entry_type, '2');
        EXPECT_EQ(decoded.entries<Message::NoOrderIDEntries>().count(), 2u);
        EXPECT_EQ(decoded.entries<Message::NoOrderIDEntries>()[1].order_id.get(), 77u);
        EXPECT_EQ(decoded.entries<Message::NoOrderIDEntries>()[1].last_qty.get(), 3);
    });
}

TEST(Mdp3, Snapshots) {
    using Levels = mdp3::SnapshotFullRefresh52;
    const Fields root = Fields().put(4, 10'614).put(4, 127).put(4, 5602).put(4, 31).put(8, 1).put(8, 2).put(2, 19'000).put(1, 17)
                            .put(8, 5'500'000'000'000).put(8, null64).put(8, 6'000'000'000);
    const Fields level = Fields().put(8, 5'214'000'000'000).put(4, 9).put(4, 3).put(1, 10).put(2, 65'535).put(1, 255).put(1, 0).put(1, '0');
    expect_decoded<Levels>({52, 59, Fields(root).then(group(3, 22, {level}))}, [](const sbe::Decoded<Levels>& decoded) {
        const Levels found = decoded.root();
        EXPECT_EQ(found.last_msg_seq_num_processed.get(), 10'614u);
        EXPECT_EQ(found.rpt_seq.get(), 31u);
        EXPECT_EQ(found.md_security_trading_status.get(), mdp3::SecurityTradingStatus::ready_to_trade);
        EXPECT_EQ(mdp3::price_of(found.high_limit_price), Price{5'500'000'000'000});
        EXPECT_EQ(mdp3::price_of(found.low_limit_price), std::nullopt);
        const auto entry = decoded.entries<Levels::NoMDEntries>()[0];
        EXPECT_EQ(entry.md_entry_size.get(), 9);
        EXPECT_EQ(entry.number_of_orders.get(), 3);
        EXPECT_EQ(entry.md_price_level.get(), 10);
        EXPECT_EQ(entry.md_entry_type.get(), mdp3::MDEntryType::bid);
    });
    using Orders = mdp3::SnapshotFullRefreshOrderBook53;
    const Fields order = Fields().put(8, 6).put(8, 5).put(8, -1'000'000'000).put(4, 3).put(1, '1');
    expect_decoded<Orders>({53, 28, Fields().put(4, 1).put(4, 2).put(4, 5602).put(4, 4).put(4, 3).put(8, 6).then(group(3, 29, {order}))},
                           [](const sbe::Decoded<Orders>& decoded) {
        EXPECT_EQ(decoded.root().no_chunks.get(), 4u);
        EXPECT_EQ(decoded.root().current_chunk.get(), 3u);
        const auto entry = decoded.entries<Orders::NoMDEntries>()[0];
        EXPECT_EQ(entry.order_id.get(), 6u);
        EXPECT_EQ(entry.md_order_priority.get(), 5u);
        EXPECT_EQ(mdp3::price_of(entry.md_entry_px), Price{-1'000'000'000});
        EXPECT_EQ(entry.md_display_qty.get(), 3);
    });
}

TEST(Mdp3, DefinitionStatusResetAndHeartbeat) {
    using Future = mdp3::MDInstrumentDefinitionFuture54;
    Fields root = Fields().put(1, 0x80).put(4, 1).text(1, "A").put(8, 5).put(1, 21).put(2, 310).put(1, 64).put(1, 5)
                      .text(4, "XCME").text(6, "ES").text(6, "ES").text(20, "ESM4").put(4, 5602).text(6, "FUT").text(6, "FFIXSX");
    root.content.resize(91);
    root.put(8, 250'000'000).put(8, 10'000'000);
    root.content.resize(216);
    const Fields event = Fields().put(1, 5).put(8, 9), feed = Fields().text(3, "GBX").put(1, 10);
    const TestMessage definition{54, 216, Fields(root).then(group(3, 9, {event, event})).then(group(3, 4, {feed})).then(group(3, 4, {}))};
    expect_decoded<Future>(definition, [](const sbe::Decoded<Future>& decoded) {
        const Future found = decoded.root();
        EXPECT_EQ(found.symbol.view(), "ESM4");
        EXPECT_EQ(found.security_group.view(), "ES");
        EXPECT_EQ(found.security_id.get(), 5602);
        EXPECT_EQ(found.security_update_action.get(), mdp3::SecurityUpdateAction::add);
        EXPECT_EQ(found.appl_id.get(), 310);
        EXPECT_EQ(mdp3::price_of(found.min_price_increment), Price{250'000'000});
        EXPECT_EQ(decoded.entries<Future::NoMDFeedTypes>()[0].md_feed_type.view(), "GBX");
        EXPECT_EQ(decoded.entries<Future::NoMDFeedTypes>()[0].market_depth.get(), 10);
    });
    using Status = mdp3::SecurityStatus30;
    expect_decoded<Status>({30, 30, Fields().put(8, 3).text(6, "ES").text(6, "ES").put(4, null32).put(2, 19'000).put(1, 0x80).put(1, 2).put(1, 1).put(1, 0)},
                           [](const sbe::Decoded<Status>& decoded) {
        const Status found = decoded.root();
        EXPECT_FALSE(found.security_id.has_value());
        EXPECT_EQ(found.security_trading_status.get(), mdp3::SecurityTradingStatus::trading_halt);
        EXPECT_EQ(found.halt_reason.get(), mdp3::HaltReason::surveillance_intervention);
    });
    using Reset = mdp3::ChannelReset4;
    expect_decoded<Reset>({4, 9, Fields().put(8, 3).put(1, 0x80).then(group(3, 2, {Fields().put(2, 310)}))},
                          [](const sbe::Decoded<Reset>& decoded) {
        EXPECT_EQ(decoded.entries<Reset::NoMDEntries>()[0].appl_id.get(), 310);
    });
    expect_decoded<mdp3::AdminHeartbeat12>({12, 0, {}}, [](const auto&) {});
}

// Prices before version 9 count 10^-7; they come out in the same unit, or not at all.
TEST(Mdp3, OlderPricesHaveTheSameUnit) {
    using Message = mdp3::MDIncrementalRefreshBook32;
    const auto entry = [](std::int64_t price) { return test::level_entry({price, 1, 1, 1, 1, 1, 0, '0'}); };
    const TestMessage message{32, 11, test::refresh(0).then(group(3, 32, {entry(-52'142'500'000), entry(null64), entry(null64 / 100 + 1)})), 6};
    expect_decoded<Message>(message, [](const sbe::Decoded<Message>& decoded) {
        const auto entries = decoded.entries<Message::NoMDEntries>();
        EXPECT_EQ(mdp3::price_of(entries[0].md_entry_px), Price{-5'214'250'000'000});
        EXPECT_EQ(mdp3::price_of(entries[1].md_entry_px), std::nullopt);
        EXPECT_EQ(mdp3::price_of(entries[2].md_entry_px), std::nullopt);
        EXPECT_EQ(decoded.entries<Message::NoOrderIDEntries>().count(), 0u) << "version 6 has no such group";
    });
}

TEST(Mdp3, LongerAndShorterBlocksAreRead) {
    using Message = mdp3::MDIncrementalRefreshTradeSummary42;
    const Fields trade = Fields().put(8, 10).put(4, 3).put(4, 5602).put(4, 8).put(4, 2).put(1, 2).put(1, 0).put(4, 900);
    const auto at = [&](std::size_t root_length, std::size_t entry_length, std::int64_t version) {
        Fields root = test::refresh(0x80);
        root.content.resize(root_length);
        return TestMessage{42, static_cast<std::int64_t>(root_length), root.then(group(3, entry_length, {trade, trade})), version};
    };
    expect_decoded<Message>(at(20, 48, 30), [](const sbe::Decoded<Message>& decoded) {
        EXPECT_EQ(decoded.entries<Message::NoMDEntries>()[1].md_trade_entry_id.get(), 900u);
        EXPECT_TRUE(decoded.root().match_event_indicator.end_of_event());
    });
    expect_decoded<Message>(at(11, 32, 6), [](const sbe::Decoded<Message>& decoded) {
        EXPECT_FALSE(decoded.entries<Message::NoMDEntries>()[1].md_trade_entry_id.has_value()) << "came with version 7";
        EXPECT_EQ(decoded.entries<Message::NoMDEntries>()[1].aggressor_side.get(), mdp3::AggressorSide::sell);
    });
    expect_decoded<Message>(at(9, 24, 9), [](const sbe::Decoded<Message>& decoded) {
        EXPECT_FALSE(decoded.entries<Message::NoMDEntries>()[1].md_trade_entry_id.has_value());
        EXPECT_EQ(decoded.entries<Message::NoMDEntries>()[1].rpt_seq.get(), 8u);
    });
}

// Whatever a group claims, nothing beyond the message is read.
TEST(Mdp3, LyingLengthsAreMalformed) {
    const TestMessage sound = test::book_refresh({{1, 1, 1, 1, 1, 1, 0, '0'}}, 0, {test::order_of_level(1, 1, 1, 1, 0)});
    const auto visited = [](const TestMessage& message) {
        const ByteString datagram = packet_of(1, {message});
        const auto packet = mdp3::Packet::parse(datagram);
        return mdp3::visit(*packet->messages().begin(), [](const auto&) {});
    };
    EXPECT_EQ(visited(sound), mdp3::Visited::decoded);
    for (const std::size_t at : {11u, 12u, 13u, 46u, 47u, 53u}) {
        TestMessage lying = sound;
        lying.body.content[at] = std::byte{0xff};
        EXPECT_EQ(visited(lying), mdp3::Visited::malformed) << at;
        const ByteString datagram = packet_of(1, {lying});
        EXPECT_TRUE(mdp3::check(*mdp3::Packet::parse(datagram)->messages().begin())) << at;
    }
    TestMessage long_root = sound;
    long_root.block_length = 200;
    EXPECT_EQ(visited(long_root), mdp3::Visited::malformed);
    TestMessage unknown = sound;
    unknown.template_id = 999;
    EXPECT_EQ(visited(unknown), mdp3::Visited::unknown_template);
    TestMessage foreign = sound;
    foreign.schema = 2;
    EXPECT_EQ(visited(foreign), mdp3::Visited::unknown_template);
}

TEST(Mdp3, RecordedLinesDecodeWhole) {
    COLO_NEEDS_RECORDED_DATA(data);
    std::map<bool, std::map<std::uint16_t, std::uint64_t>> messages;
    std::map<bool, std::uint64_t> packets;
    std::map<bool, SequenceNumber> next;
    std::uint64_t level_entries = 0, negative = 0;
    for (const auto& [line_a, datagram] : test::recorded_mdp3(data)) {
        const auto packet = mdp3::Packet::parse(datagram);
        ASSERT_TRUE(packet) << packet.error().to_string();
        if (packets[line_a]++ > 0) {
            ASSERT_EQ(packet->sequence(), next[line_a]);
        }
        next[line_a] = packet->next_sequence();
        for (const mdp3::Message message : packet->messages()) {
            ++messages[line_a][message.header.template_id.get()];
            EXPECT_EQ(message.header.version.get(), 6);
            const auto visited = mdp3::visit(message, [&]<class Type>(const sbe::Decoded<Type>& decoded) {
                EXPECT_EQ(message.header.block_length.get(), Type::block_length);
                if constexpr (std::same_as<Type, mdp3::MDIncrementalRefreshBook32>)
                    for (const auto entry : decoded.template entries<typename Type::NoMDEntries>()) {
                        ++level_entries;
                        negative += mdp3::price_of(entry.md_entry_px) < Price{0};
                    }
            });
            ASSERT_EQ(visited, mdp3::Visited::decoded);
        }
    }
    const std::map<std::uint16_t, std::uint64_t> expected{{12, 9}, {32, 9'569}, {35, 307}, {37, 194}, {42, 194}};
    EXPECT_EQ(messages[true], expected);
    EXPECT_EQ(messages[false], expected);
    EXPECT_EQ(packets[true], 5'000u);
    EXPECT_EQ(packets[false], 5'000u);
    EXPECT_EQ(next[true], SequenceNumber{10'615});
    EXPECT_EQ(level_entries, 2u * 14'574);
    EXPECT_EQ(negative, 2u * 6'357) << "spreads trade below zero";
}

}  // namespace
}  // namespace colo
