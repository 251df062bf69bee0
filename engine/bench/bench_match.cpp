// match: a client's message at the simulated venue, with everything that the venue says about it.
//
// The recorded book is the one of SYN at some hundred places of the session. At each of them a batch of messages comes:
// orders that rest near the touch, cancels and replacements of resting ones, and orders that take one or two recorded
// orders and are filled. A batch is timed as a whole.
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <memory>
#include <random>
#include <vector>

#include "engine/bench/itch_input.hpp"
#include "engine/bench/measure.hpp"
#include "engine/simulator/matching.hpp"

namespace colo::bench {
namespace {

constexpr std::size_t warm_up_messages = 2'000'000;  // until the book has its usual depth
constexpr std::size_t batches = 400;
constexpr std::size_t batch_length = 500;
constexpr std::size_t recorded_between = 1'000;
constexpr std::size_t live_orders = 1'000;  // some for each instrument

using ClientMessage = std::vector<std::byte>;

class Client {
public:
    explicit Client(const simulator::Matching& venue) : venue_(venue) {}

    std::vector<ClientMessage> batch() {
        std::vector<ClientMessage> messages;
        while (messages.size() < batch_length) {
            const auto chance = random_() % 100;
            if (live_.size() > live_orders || (chance < 35 && !live_.empty())) messages.push_back(cancel());
            else if (chance < 45 && !live_.empty()) messages.push_back(replace());
            else if (const auto locate = any_locate(); locate != Locate{0}) messages.push_back(enter(locate, chance >= 88));
        }
        return messages;
    }

private:
    struct Resting {
        UserRefNum number;
        Price price;
    };

    // One whose book has both sides, 0 where this try met none.
    Locate any_locate() {
        const Locate locate{static_cast<std::uint16_t>(1 + random_() % 500)};
        return venue_.book().best(locate, Side::buy, bid_) && venue_.book().best(locate, Side::sell, ask_) ? locate
                                                                                                          : Locate{0};
    }
    ClientMessage enter(Locate locate, bool takes) {
        const bool buys = random_() % 2 == 0;
        const Price away{static_cast<std::int64_t>(100 * (random_() % 5))};
        ouch50::EnterOrder order;
        order.user_ref_num = UserRefNum{++number_};
        order.side = buys ? ouch50::OrderSide::buy : ouch50::OrderSide::sell;
        order.quantity = Quantity{100};
        std::array<std::byte, sizeof(ouch50::Symbol)> symbol;
        std::memcpy(symbol.data(), venue_.stock(locate).padded().data(), symbol.size());
        std::memcpy(&order.symbol, symbol.data(), symbol.size());
        if (takes) {
            order.price = buys ? ask_ + Price{500} : Price{std::max<std::int64_t>(100, bid_.value() - 500)};
            order.time_in_force = ouch50::TimeInForce::immediate_or_cancel;
        } else {
            order.price = buys ? Price{std::max<std::int64_t>(100, bid_.value() - away.value())} : ask_ + away;
            live_.push_back({UserRefNum{number_}, order.price});
        }
        return copy(bytes_of(order));
    }
    ClientMessage cancel() {
        ouch50::CancelOrder cancel;
        cancel.user_ref_num = take_any().number;
        return copy(bytes_of(cancel));
    }
    ClientMessage replace() {
        const Resting resting = take_any();
        ouch50::ReplaceOrder replace;
        replace.orig_user_ref_num = resting.number;
        replace.user_ref_num = UserRefNum{++number_};
        replace.quantity = Quantity{200};
        replace.price = resting.price;
        live_.push_back({UserRefNum{number_}, resting.price});
        return copy(bytes_of(replace));
    }
    Resting take_any() {
        std::swap(live_[random_() % live_.size()], live_.back());
        const Resting taken = live_.back();
        live_.pop_back();
        return taken;
    }
    static ClientMessage copy(Bytes bytes) { return {bytes.begin(), bytes.end()}; }

    const simulator::Matching& venue_;
    std::mt19937_64 random_{11};
    std::vector<Resting> live_;
    std::uint32_t number_ = 0;
    Price bid_, ask_;
};

class Player {
public:
    Player(const ItchInput& input, simulator::Matching& venue) : at_(input.begin()), end_(input.end()), venue_(venue) {}
    void play(std::size_t count) {
        for (; count > 0 && at_ < end_; --count) {
            const std::size_t length = ItchInput::prefixed_length(at_);
            venue_.play(SequenceNumber{++sequence_}, Bytes{at_ + 2, length - 2});
            at_ += length;
        }
        if (at_ >= end_) fail("match: the recorded session is too short");
    }

private:
    const std::byte* at_;
    const std::byte* end_;
    simulator::Matching& venue_;
    std::uint64_t sequence_ = 0;
};

void measure(const CommandLine& line) {
    const ItchInput input(line.input("SYN"));
    const double floor = decode_floor(input);
    const auto venue = std::make_unique<simulator::Matching>();
    Player player(input, *venue);
    Client client(*venue);
    player.play(warm_up_messages);
    std::vector<std::uint64_t> times;
    for (std::size_t n = 0; n < batches; ++n) {
        player.play(recorded_between);
        const std::vector<ClientMessage> messages = client.batch();
        const double nanoseconds = nanoseconds_of([&] {
            for (const ClientMessage& message : messages) venue->receive(message);
        });
        times.push_back(static_cast<std::uint64_t>(1'000 * nanoseconds / static_cast<double>(batch_length)));
    }
    const auto& counts = venue->counts();
    if (counts.rejects * 100 > counts.orders || counts.fills * 20 < counts.orders || counts.malformed != 0) {
        fail("match: of " + std::to_string(counts.orders) + " orders " + std::to_string(counts.rejects) +
             " were rejected, with " + std::to_string(counts.fills) + " fills: this is not the flow to be measured");
    }
    Percentiles found = percentiles(times, 1e-3);
    const double median = found.front().second;
    print({.name = "match", .value = median, .unit = "ns/message", .floor = floor, .percentiles = std::move(found)});
}

}  // namespace
}  // namespace colo::bench

int main(int count, char** values) {
    const colo::bench::CommandLine line(count, values, {"match"});
    if (line.wants("match")) colo::bench::measure(line);
}
