// The feed of one simulated day, drawn from a seed: two instruments that are traded and one that is not, orders around
// a wandering price, executions at the best, halts, broken trades, and messages that no venue should send.
//
// `session` is what the exchange plays. `published` is what its lines carry: the same, but for some of the messages that
// say nothing of a book, in whose place comes something that is no ITCH message at all.
#pragma once

#include <algorithm>
#include <cstring>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/protocol/itch50.hpp"
#include "engine/protocol/session_file.hpp"
#include "tests/simulation/scenario.hpp"

namespace colo::simulation {

struct Instrument {
    const char* symbol;
    Locate locate;
    bool traded;
};
inline constexpr std::array<Instrument, 3> instruments = {
    {{"AMZN", Locate{7}, true}, {"INTC", Locate{9}, true}, {"SPY", Locate{11}, false}}};

class MarketDay {
public:
    explicit MarketDay(const Scenario& scenario) : scenario_(scenario), random_(simulator::mixed(scenario.seed) ^ 1) {
        open();
        while (count_ < scenario_.messages) next();
        if (!scenario_.ends_with_events) return;
        for (const char code : {'M', 'E', 'C'}) event(code);
    }

    [[nodiscard]] const std::vector<std::byte>& session() const { return session_; }
    // What the lines carry as this message where that is not what the exchange plays.
    [[nodiscard]] const std::vector<std::byte>* strange(SequenceNumber sequence) const {
        const auto found = strange_.find(sequence.value());
        return found == strange_.end() ? nullptr : &found->second;
    }

private:
    struct Open {
        std::uint64_t id;
        std::size_t instrument;
        Side side;
        std::int64_t price;
        std::uint32_t quantity;
    };

    template <class Message>
    void emit(Message message, std::size_t instrument) {
        message.stock_locate = instruments[instrument].locate;
        if (random_.chance(0.8)) time_ = time_ + microseconds(random_.between(1, random_.chance(0.1) ? 200'000 : 5'000));
        message.timestamp = time_;
        const Bytes bytes = bytes_of(message);
        std::array<std::byte, 2> length;
        store_big_endian(length.data(), static_cast<std::uint16_t>(bytes.size()));
        session_.insert(session_.end(), length.begin(), length.end());
        session_.insert(session_.end(), bytes.begin(), bytes.end());
        ++count_;
    }
    void event(char code) {
        itch50::SystemEvent message;
        message.event_code = code;
        emit(message, 0);
    }
    template <class Message>
    Message about(std::size_t instrument) {
        Message message;
        message.stock = instruments[instrument].symbol;
        return message;
    }

    void open() {
        time_ = SessionTime{(9 * 3600 + 30 * 60) * std::int64_t{1'000'000'000}};
        for (const char code : {'O', 'S'}) event(code);
        for (std::size_t i = 0; i < instruments.size(); ++i) {
            emit(about<itch50::StockDirectory>(i), i);
            emit(about<itch50::StockTradingAction>(i), i);
            middle_[i] = random_.between(1'000, 20'000) * 100;
        }
        event('Q');
        for (std::size_t i = 0; i < instruments.size(); ++i)
            for (int n = 0; n < 4; ++n) add(i);
    }

    void next() {
        const std::size_t instrument = random_.below(instruments.size());
        if (random_.chance(scenario_.halts)) return action(instrument);
        if (random_.chance(scenario_.impossible_messages)) return impossible();
        middle_[instrument] = std::max<std::int64_t>(5'000, middle_[instrument] + 100 * random_.between(-2, 2));
        const std::uint64_t kind = random_.below(100);
        if (kind < 44 || open_.size() < 8) return add(instrument);
        if (kind < 64) return execute(instrument);
        if (kind < 70) return reduce();
        if (kind < 82) return remove();
        if (kind < 90) return replace();
        if (kind < 93) return trade(instrument);
        if (kind < 95) return break_trade(instrument);
        if (kind < 96) return unknown(instrument);
        aside(instrument);
    }

    // The first to trade of a side.
    Open* best(std::size_t instrument, Side side) {
        Open* best = nullptr;
        for (Open& open : open_) {
            if (open.instrument != instrument || open.side != side) continue;
            const bool better = best == nullptr || (side == Side::buy ? open.price > best->price : open.price < best->price);
            if (better) best = &open;
        }
        return best;
    }
    Open* any() { return open_.empty() ? nullptr : &open_[random_.below(open_.size())]; }
    // Keeps the order of arrival, by which `best` tells who is first.
    void forget(Open* open) { open_.erase(open_.begin() + (open - open_.data())); }

    [[nodiscard]] std::int64_t price(std::size_t instrument, Side side) {
        const std::int64_t away = 100 * random_.between(1, random_.chance(0.2) ? 60 : 6);
        return std::max<std::int64_t>(100, middle_[instrument] + (side == Side::buy ? -away : away));
    }
    [[nodiscard]] std::uint32_t quantity() { return static_cast<std::uint32_t>(random_.between(1, 9) * (random_.chance(0.3) ? 7 : 100)); }

    void add(std::size_t instrument) {
        const Side side = random_.chance(0.5) ? Side::buy : Side::sell;
        const Open open{next_id_++, instrument, side, price(instrument, side), quantity()};
        const Open* other = best(instrument, opposite(side));
        if (other != nullptr && (side == Side::buy ? other->price <= open.price : other->price >= open.price))
            return execute(instrument, opposite(side));  // a book does not stay crossed
        place(open);
        if (random_.chance(0.2)) return emit_add<itch50::AddOrderMpid>(open);
        emit_add<itch50::AddOrder>(open);
    }
    void place(const Open& open) { open_.push_back(open); }
    template <class Add>
    void emit_add(const Open& open) {
        Add message = about<Add>(open.instrument);
        message.order_reference_number = OrderId{open.id};
        message.buy_sell_indicator = open.side;
        message.shares = Quantity{open.quantity};
        message.price = Price{open.price};
        emit(message, open.instrument);
    }

    void execute(std::size_t instrument) { execute(instrument, random_.chance(0.5) ? Side::buy : Side::sell); }
    void execute(std::size_t instrument, Side side) {
        Open* hit = best(instrument, side);
        if (hit == nullptr) return aside(instrument);
        const auto by = random_.chance(0.4) ? hit->quantity : static_cast<std::uint32_t>(random_.between(1, hit->quantity));
        if (random_.chance(0.2)) {
            itch50::OrderExecutedWithPrice message;
            message.execution_price = Price{hit->price + 100 * random_.between(-1, 1)};
            message.printable = random_.chance(0.5) ? 'Y' : 'N';
            executed(message, *hit, by);
        } else {
            executed(itch50::OrderExecuted{}, *hit, by);
        }
        hit->quantity -= by;
        if (hit->quantity == 0) forget(hit);
    }
    template <class Message>
    void executed(Message message, const Open& hit, std::uint32_t by) {
        message.order_reference_number = OrderId{hit.id};
        message.executed_shares = Quantity{by};
        message.match_number = MatchNumber{++match_};
        emit(message, hit.instrument);
    }
    void reduce() {
        Open* open = any();
        if (open->quantity < 2) return remove();
        const auto by = static_cast<std::uint32_t>(random_.between(1, open->quantity - 1));
        itch50::OrderCancel message;
        message.order_reference_number = OrderId{open->id};
        message.cancelled_shares = Quantity{by};
        emit(message, open->instrument);
        open->quantity -= by;
    }
    void remove() {
        Open* open = any();
        itch50::OrderDelete message;
        message.order_reference_number = OrderId{open->id};
        emit(message, open->instrument);
        forget(open);
    }
    void replace() {
        Open* old = any();
        Open open = *old;
        open.id = next_id_++;
        open.quantity = quantity();
        if (random_.chance(0.7)) open.price = price(open.instrument, open.side);
        const Open* other = best(open.instrument, opposite(open.side));
        if (other != nullptr && (open.side == Side::buy ? other->price <= open.price : other->price >= open.price))
            open.price = old->price;
        itch50::OrderReplace message;
        message.original_order_reference_number = OrderId{old->id};
        message.new_order_reference_number = OrderId{open.id};
        message.shares = Quantity{open.quantity};
        message.price = Price{open.price};
        emit(message, open.instrument);
        forget(old);
        place(open);
    }
    void trade(std::size_t instrument) {
        auto message = about<itch50::Trade>(instrument);
        message.shares = Quantity{quantity()};
        message.price = Price{middle_[instrument]};
        message.match_number = MatchNumber{++match_};
        emit(message, instrument);
    }
    void break_trade(std::size_t instrument) {
        itch50::BrokenTrade message;
        message.match_number = MatchNumber{match_ + 1 - std::min(match_, random_.below(8))};
        emit(message, instrument);
    }
    // About an order from before our start, as far as anybody can tell.
    void unknown(std::size_t instrument) {
        itch50::OrderDelete message;
        message.order_reference_number = OrderId{1'000'000'000 + random_.below(1000)};
        emit(message, instrument);
    }
    void action(std::size_t instrument) {
        auto message = about<itch50::StockTradingAction>(instrument);
        message.trading_state = "THPQT"[random_.below(5)];
        emit(message, instrument);
    }
    // Says nothing of the book; may be published as something else.
    void aside(std::size_t instrument) {
        if (random_.chance(0.3)) {
            auto message = about<itch50::NetOrderImbalance>(instrument);
            message.paired_shares = Quantity{quantity()};
            return emit(message, instrument);
        }
        emit(about<itch50::MarketParticipantPosition>(instrument), instrument);
        if (random_.chance(scenario_.strange_messages)) strange_[count_] = nonsense();
    }
    std::vector<std::byte> nonsense() {
        std::vector<std::byte> bytes(random_.below(60));
        for (std::byte& byte : bytes) byte = static_cast<std::byte>(random_.bits());
        if (!bytes.empty()) bytes[0] = static_cast<std::byte>("AEXUDzZ?"[random_.below(8)]);
        if (itch50::well_formed(bytes)) bytes.pop_back();  // an order of its own would change the book
        return bytes;
    }
    // A duplicate reference, or more taken than is there: the instrument must halt.
    void impossible() {
        Open* open = any();
        if (random_.chance(0.3)) return emit_add<itch50::AddOrder>(*open);
        if (random_.chance(0.5)) {
            executed(itch50::OrderExecuted{}, *open, open->quantity + 1);
        } else {
            itch50::OrderCancel message;
            message.order_reference_number = OrderId{open->id};
            message.cancelled_shares = Quantity{open->quantity + 7};
            emit(message, open->instrument);
        }
        forget(open);
    }

    Scenario scenario_;
    RandomSource random_;
    std::vector<std::byte> session_;
    std::map<std::uint64_t, std::vector<std::byte>> strange_;
    std::uint64_t count_ = 0;
    SessionTime time_;
    std::array<std::int64_t, instruments.size()> middle_{};
    std::vector<Open> open_;  // in their order of arrival
    std::uint64_t next_id_ = 1;
    std::uint64_t match_ = 0;
};

}  // namespace colo::simulation
