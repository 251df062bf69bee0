// Messages as people read them: no field is left out, and values read as the specification names them.
#include <gtest/gtest.h>

#include <array>
#include <set>

#include "engine/protocol/itch50.hpp"
#include "engine/protocol/message_fields.hpp"
#include "engine/protocol/ouch50.hpp"
#include "engine/runtime/shown_message.hpp"

namespace colo {
namespace {

template <class Message>
void expect_every_byte_is_named() {
    std::size_t bytes = 0;
    std::set<std::string_view> names;
    visit_fields(Message{}, [&](std::string_view name, const auto& field) {
        bytes += sizeof field;
        EXPECT_TRUE(names.insert(name).second) << Message::name << " has " << name << " twice";
    });
    EXPECT_EQ(bytes, sizeof(Message)) << Message::name << " has a field that message_fields.hpp does not name";
}

template <class... Messages>
void expect_every_byte_of(itch50::MessageList<Messages...>) {
    (expect_every_byte_is_named<Messages>(), ...);
}

TEST(ShownMessages, NameEveryByteOfEveryMessage) {
    expect_every_byte_of(itch50::Messages{});
    expect_every_byte_of(
        itch50::MessageList<ouch50::EnterOrder, ouch50::ReplaceOrder, ouch50::CancelOrder, ouch50::ModifyOrder,
                            ouch50::AccountQuery, ouch50::SystemEvent, ouch50::OrderAccepted, ouch50::OrderReplaced,
                            ouch50::OrderCanceled, ouch50::AiqCanceled, ouch50::OrderExecuted, ouch50::BrokenTrade,
                            ouch50::Rejected, ouch50::CancelPending, ouch50::CancelReject, ouch50::OrderPriorityUpdate,
                            ouch50::OrderModified, ouch50::OrderRestated, ouch50::AccountQueryResponse>{});
}

std::string text_of_field(const ShownMessage& message, const std::string& name) {
    for (const ShownField& field : message.fields)
        if (field.name == name) return field.text;
    return "no field " + name;
}

TEST(ShownMessages, ReadAsTheSpecificationNamesThem) {
    itch50::AddOrder add;
    add.timestamp = SessionTime{34'200'000'000'007};
    add.order_reference_number = OrderId{7};
    add.shares = Quantity{100};
    add.stock = "AMZN";
    add.price = Price{2'195'050};
    const ShownMessage shown = show_feed_message(bytes_of(add));
    EXPECT_EQ(shown.name, "AddOrder");
    EXPECT_EQ(text_of_field(shown, "price"), "219.5050");
    EXPECT_EQ(text_of_field(shown, "timestamp"), "09:30:00.000000007");
    EXPECT_EQ(text_of_field(shown, "buy_sell_indicator"), "B");
    EXPECT_EQ(text_of_field(shown, "stock"), "AMZN");
    EXPECT_EQ(json_of(shown)["fields"]["price"], 2'195'050);
    EXPECT_EQ(price_text(-100), "-0.0100");
}

TEST(ShownMessages, OptionsOfAnOrderAreShown) {
    std::array<std::byte, 128> buffer;
    ouch50::Encoder encoder(buffer);
    ASSERT_TRUE(encoder.start(ouch50::EnterOrder{}));
    ASSERT_TRUE(encoder.option(ouch50::Option::firm, Alpha<4>("LIME")));
    EXPECT_EQ(text_of_field(show_order(encoder.finish()), "option 2"), "4c494d45");
}

TEST(ShownMessages, BytesThatAreNoMessageSayWhy) {
    const std::byte wrong[2]{std::byte{'A'}, std::byte{0}};
    EXPECT_EQ(show_feed_message(wrong).name, "no ITCH 5.0 message: ITCH message.length at byte 0: length is 2, must be 36");
    EXPECT_TRUE(show_answer({}).name.starts_with("no OUCH 5.0 answer: "));
    itch50::AddOrder garbled;
    garbled.stock = "A\xff\x01";
    EXPECT_EQ(text_of_field(show_feed_message(bytes_of(garbled)), "stock"), "A??");
}

}  // namespace
}  // namespace colo
