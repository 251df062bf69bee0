// Generated sessions: the same bytes from the same seed, valid from the first message to the last, and near a real
// day's mix of messages.
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "engine/protocol/session_file.hpp"
#include "engine/simulator/generated_session.hpp"
#include "engine/simulator/random_source.hpp"
#include "engine/simulator/sha256.hpp"
#include "engine/simulator/simulator_error.hpp"
#include "tests/engine/simulator_client.hpp"

namespace colo::simulator {
namespace {

// A plain book of one side of one instrument, quantity by price.
using Levels = std::map<std::int64_t, std::int64_t>;

// Checks every message of a session against the rules of a valid day, and counts.
class DayAuditor {
public:
    struct Order {
        std::uint16_t locate;
        bool buy;
        std::int64_t price;
        std::int64_t quantity;
    };

    void take(Bytes message) {
        const auto error = itch50::validate(message);
        ASSERT_FALSE(error.has_value()) << error->to_string();
        const itch50::Header& header = itch50::header_of(message);
        EXPECT_GE(header.timestamp.get(), time);
        time = header.timestamp;
        ++count[itch50::type_of(message)];
        ++total;
        EXPECT_EQ(header.tracking_number, GeneratedSession::tracking_number);
        itch50::dispatch(message.data(), [this](const auto& typed) { on(typed); });
        const std::uint16_t locate = header.stock_locate.get().value();
        if (!bids[locate].empty() && !asks[locate].empty()) {
            EXPECT_LT(bids[locate].rbegin()->first, asks[locate].begin()->first) << "message " << total;
        }
    }

    std::map<char, std::uint64_t> count;
    std::map<std::uint64_t, Order> orders;
    std::map<std::uint16_t, Levels> bids, asks;
    std::set<std::uint64_t> matches, broken;
    std::map<char, std::uint64_t> crosses;
    std::map<std::uint16_t, char> state;
    std::string events;
    std::uint64_t total = 0;
    std::uint64_t priced_executions = 0;
    SessionTime time;

private:
    void add(std::uint64_t id, std::uint16_t locate, bool buy, std::int64_t quantity, std::int64_t price) {
        EXPECT_TRUE(used_.insert(id).second) << "reference used twice: message " << total;
        EXPECT_EQ(price % 100, 0) << "message " << total;
        EXPECT_GT(quantity, 0);
        orders[id] = {locate, buy, price, quantity};
        (buy ? bids : asks)[locate][price] += quantity;
    }
    void take_off(std::uint64_t id, std::int64_t quantity) {
        const auto found = orders.find(id);
        ASSERT_NE(found, orders.end()) << "orphan reference: message " << total;
        Order& order = found->second;
        ASSERT_LE(quantity, order.quantity) << "message " << total;
        Levels& levels = (order.buy ? bids : asks)[order.locate];
        if ((levels[order.price] -= quantity) == 0) levels.erase(order.price);
        if ((order.quantity -= quantity) == 0) orders.erase(found);
    }
    template <class Message>
    void traded(const Message& m) {
        EXPECT_TRUE(matches.insert(m.match_number.get().value()).second)
            << "match number used twice: message " << total;
    }
    void on(const itch50::SystemEvent& m) { events += m.event_code; }
    void on(const itch50::StockTradingAction& m) { state[m.stock_locate.get().value()] = m.trading_state; }
    template <class Add>
        requires std::same_as<Add, itch50::AddOrder> || std::same_as<Add, itch50::AddOrderMpid>
    void on(const Add& m) {
        add(m.order_reference_number.get().value(), m.stock_locate.get().value(), m.buy_sell_indicator == Side::buy,
            m.shares.get().value(), m.price.get().value());
    }
    void on(const itch50::OrderExecuted& m) {
        EXPECT_EQ(state[m.stock_locate.get().value()], 'T') << "execution while halted: message " << total;
        traded(m);
        take_off(m.order_reference_number.get().value(), m.executed_shares.get().value());
    }
    void on(const itch50::OrderExecutedWithPrice& m) {
        traded(m);
        EXPECT_EQ(m.execution_price.get().value() % 100, 0);
        priced_executions += m.printable == 'Y';
        take_off(m.order_reference_number.get().value(), m.executed_shares.get().value());
    }
    void on(const itch50::OrderCancel& m) {
        const std::uint64_t id = m.order_reference_number.get().value();
        take_off(id, m.cancelled_shares.get().value());
        EXPECT_EQ(orders.count(id), 1u) << "a partial cancel of everything: message " << total;
    }
    void on(const itch50::OrderDelete& m) {
        const auto found = orders.find(m.order_reference_number.get().value());
        ASSERT_NE(found, orders.end()) << "orphan reference: message " << total;
        take_off(found->first, found->second.quantity);
    }
    void on(const itch50::OrderReplace& m) {
        const auto found = orders.find(m.original_order_reference_number.get().value());
        ASSERT_NE(found, orders.end()) << "orphan reference: message " << total;
        const Order old = found->second;
        take_off(found->first, old.quantity);
        add(m.new_order_reference_number.get().value(), old.locate, old.buy, m.shares.get().value(),
            m.price.get().value());
    }
    void on(const itch50::Trade& m) {
        EXPECT_EQ(m.price.get().value() % 100, 0);
        traded(m);
    }
    void on(const itch50::CrossTrade& m) {
        ++crosses[m.cross_type];
        traded(m);
    }
    void on(const itch50::BrokenTrade& m) {
        const std::uint64_t match = m.match_number.get().value();
        EXPECT_EQ(matches.count(match), 1u) << "breaks a trade that was not";
        EXPECT_TRUE(broken.insert(match).second) << "breaks a trade twice";
    }
    void on(const itch50::Header&) {}

    std::set<std::uint64_t> used_;
};

[[nodiscard]] GeneratedSession small(std::uint64_t seed, std::uint64_t messages, std::uint64_t symbols) {
    GeneratedSession session;
    session.seed = seed;
    session.messages = messages;
    session.symbols = symbols;
    session.trading_day = "2026-01-15";
    return session;
}

void audit(const GeneratedSession& session, DayAuditor& auditor) {
    const std::vector<std::byte> image = generate_session(session);
    for (Bytes left = image; !left.empty();) {
        const auto message = take_prefixed(left);
        ASSERT_TRUE(message) << message.error().to_string();
        auditor.take(*message);
        if (::testing::Test::HasFailure()) FAIL() << "seed " << session.seed;
        left = left.subspan(2 + message->size());
    }
}

TEST(Generator, DefaultDayIsValidAndNearARealDaysMix) {
    DayAuditor auditor;
    audit(GeneratedSession{}, auditor);
    EXPECT_EQ(auditor.total, 300'000u);
    EXPECT_EQ(auditor.events, "OSQMEC");
    const auto share = [&](std::string_view types) {
        std::uint64_t sum = 0;
        for (const char type : types) sum += auditor.count[type];
        return 100.0 * static_cast<double>(sum) / static_cast<double>(auditor.total);
    };
    EXPECT_NEAR(share("AF"), 43, 2.5);
    EXPECT_NEAR(share("D"), 41, 2.5);
    EXPECT_NEAR(share("U"), 8, 1);
    EXPECT_NEAR(share("EC"), 5, 1);
    EXPECT_NEAR(share("X"), 2, 0.5);
    EXPECT_NEAR(share("P"), 1, 0.3);
    for (const char type : std::string_view("RHYLVFCQBI")) EXPECT_GT(auditor.count[type], 0u) << type;
    EXPECT_GT(auditor.priced_executions, 100u);
    EXPECT_EQ(auditor.crosses['O'], 2u);
    EXPECT_EQ(auditor.crosses['C'], 2u);
    EXPECT_EQ(auditor.crosses['H'], 2u);
}

TEST(Generator, EverySeedAndShapeIsValid) {
    for (std::uint64_t seed = 1; seed <= 12; ++seed) {
        const std::uint64_t symbols = 1 + seed % 5 * 3;
        DayAuditor auditor;
        audit(small(seed, 200 + 300 * symbols + 1'500 * (seed % 4), symbols), auditor);
        EXPECT_EQ(auditor.total, 200 + 300 * symbols + 1'500 * (seed % 4));
        EXPECT_EQ(auditor.count['R'], symbols);
        EXPECT_EQ(auditor.events, "OSQMEC");
    }
}

TEST(Generator, SameSeedSameBytes) {
    const auto first = generate_session(small(3, 5'000, 2));
    EXPECT_EQ(first, generate_session(small(3, 5'000, 2)));
    EXPECT_NE(first, generate_session(small(4, 5'000, 2)));
}

// The bytes do not depend on the compiler's instructions or the C library: this digest was made by another build.
TEST(Generator, BytesAreTheSameOnEveryMachine) {
    EXPECT_EQ(sha256(generate_session(small(1, 20'000, 3))),
              "ee06bd99ea6f146dd4e6198b5cadb1ca058f6786e20b93d3767cdb0da6fed1e7");
}

TEST(Generator, WritesTheSessionAndItsDescription) {
    TemporaryFolder folder;
    const std::filesystem::path path = folder.path() / "session.itch";
    write_generated_session(small(3, 2'000, 2), path.string());
    auto file = SessionFile::open(path.string());
    ASSERT_TRUE(file);
    std::ifstream stream(folder.path() / "session.json");
    const auto json = nlohmann::json::parse(stream);
    EXPECT_EQ(json["digest"], sha256(file->bytes()));
    EXPECT_EQ(json["messages"], 2'000);
    EXPECT_EQ(json["synthetic"], 2'000);
    EXPECT_EQ(json["synthetic_tracking_number"], 0xC010);
    EXPECT_EQ(json["trading_day"], "2026-01-15");
    EXPECT_EQ(json["symbols"], (nlohmann::json{"AMZN", "AAPL"}));
    EXPECT_EQ(json["venue"], "XNAS");
}

TEST(Generator, RefusesWhatCannotBe) {
    EXPECT_THROW(static_cast<void>(generate_session(small(1, 100, 1))), SimulatorError);
    EXPECT_THROW(static_cast<void>(generate_session(small(1, 10'000, 0))), SimulatorError);
    GeneratedSession session = small(1, 2'000, 1);
    session.trading_day = "2026-13-15";
    EXPECT_THROW(write_generated_session(session, "/tmp/never"), SimulatorError);
    session.trading_day = "2026-01-15";
    EXPECT_THROW(write_generated_session(session, "/nonexistent/session.itch"), SimulatorError);
}

TEST(RandomDraws, HaveTheirMoments) {
    RandomSource random(9);
    const int draws = 200'000;
    double exponential = 0, gaussian = 0, square = 0, uniform = 0;
    for (int i = 0; i < draws; ++i) {
        exponential += random.exponential();
        const double g = random.gaussian();
        gaussian += g;
        square += g * g;
        uniform += random.uniform();
        EXPECT_LT(random.below(7), 7u);
    }
    EXPECT_NEAR(exponential / draws, 1, 0.01);
    EXPECT_NEAR(gaussian / draws, 0, 0.01);
    EXPECT_NEAR(square / draws, 1, 0.02);
    EXPECT_NEAR(uniform / draws, 0.5, 0.005);
}

TEST(Sha256, GivesThePublishedVectors) {
    const auto of = [](std::string_view text) { return sha256(bytes_of(text)); };
    EXPECT_EQ(of(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    EXPECT_EQ(of("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
              "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    EXPECT_EQ(of(std::string(1'000'000, 'a')), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

}  // namespace
}  // namespace colo::simulator
