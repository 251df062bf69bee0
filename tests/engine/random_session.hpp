// Seeded ITCH streams that no exchange would send: every message type that changes a book, prices near the best, far
// away, between ticks and at the limits, references that are dense, sparse and used again, and now and then a message
// that is impossible.
#pragma once

#include <algorithm>
#include <cstdint>
#include <random>
#include <vector>

#include "engine/protocol/itch50.hpp"
#include "tests/engine/wire_fixture.hpp"

namespace colo::test {

class RandomSession {
public:
    struct Shape {
        std::uint16_t instruments = 3;
        std::size_t open_orders = 60;       // of all instruments, about
        double impossible = 0.03;           // share of messages
        double far_prices = 0.1;            // share of adds
        double sparse_references = 0.2;     // share of adds
    };

    RandomSession(std::uint32_t seed, Shape shape) : random_(seed), shape_(shape) {}

    // The next message; valid until the one after.
    Bytes next() {
        if (chance(shape_.impossible)) return impossible();
        if (open_.size() < shape_.open_orders ? chance(0.6) : chance(0.4)) return add();
        return change();
    }

private:
    struct Open {
        std::uint64_t id;
        std::uint16_t locate;
        std::uint32_t quantity;
        Price price;
    };

    bool chance(double share) { return std::uniform_real_distribution<>(0, 1)(random_) < share; }
    std::uint64_t below(std::uint64_t bound) { return random_() % bound; }

    std::uint64_t reference() {
        if (!gone_.empty() && chance(0.1)) {
            const std::size_t which = below(gone_.size());
            const std::uint64_t id = gone_[which];
            gone_.erase(gone_.begin() + static_cast<std::ptrdiff_t>(which));
            return id;
        }
        if (chance(shape_.sparse_references)) {
            constexpr std::uint64_t masks[] = {0xffff, 0xffffffff, 0x3ffffffff, 0xffffffffffffffff};
            const std::uint64_t id = random_() & masks[below(4)];
            if (std::none_of(open_.begin(), open_.end(), [id](const Open& open) { return open.id == id; })) return id;
        }
        return next_reference_++;
    }
    Price price() {
        if (chance(shape_.far_prices)) {
            const std::int64_t odd[] = {1, 2'000'000'000, 0, 9'999, 10'000, 1'999'999'900};
            return chance(0.5) ? Price{odd[below(6)]} : Price{static_cast<std::int64_t>(below(2'000'000'000))};
        }
        middle_ += static_cast<std::int64_t>(below(21)) - 10;
        middle_ = std::clamp<std::int64_t>(middle_, 50, 5'000'000);
        const std::int64_t spread = static_cast<std::int64_t>(below(40)) - 20;
        return Price{std::max<std::int64_t>(0, (middle_ + spread) * 100 + (chance(0.05) ? 37 : 0))};
    }
    std::uint32_t quantity() { return chance(0.01) ? UINT32_MAX : static_cast<std::uint32_t>(1 + below(chance(0.5) ? 5 : 1000)); }

    template <class M>
    Bytes emit(M m, std::uint16_t locate) {
        m.stock_locate = Locate{locate};
        m.timestamp = SessionTime{time_ += static_cast<std::int64_t>(below(1000))};
        const Bytes view = bytes_of(m);
        last_.assign(view.begin(), view.end());
        return last_;
    }

    template <class M>
    Bytes add_as(std::uint64_t id, std::uint16_t locate, std::uint32_t shares, Price at) {
        M m;
        m.order_reference_number = OrderId{id};
        m.buy_sell_indicator = chance(0.5) ? Side::buy : Side::sell;
        m.shares = Quantity{shares};
        m.stock = "TEST";
        m.price = at;
        return emit(m, locate);
    }
    Bytes add() {
        const auto locate = static_cast<std::uint16_t>(1 + below(shape_.instruments));
        const Open open{reference(), locate, quantity(), price()};
        open_.push_back(open);
        return chance(0.2) ? add_as<itch50::AddOrderMpid>(open.id, locate, open.quantity, open.price)
                           : add_as<itch50::AddOrder>(open.id, locate, open.quantity, open.price);
    }

    template <class M>
    Bytes reduce_as(M m, Open& open, BigEndian<std::uint32_t, Quantity> M::*field) {
        const auto by = chance(0.3) ? open.quantity : static_cast<std::uint32_t>(1 + below(open.quantity));
        m.order_reference_number = OrderId{open.id};
        m.*field = Quantity{by};
        const std::uint16_t locate = open.locate;
        open.quantity -= by;
        if (open.quantity == 0) forget(open);
        return emit(m, locate);
    }
    Bytes change() {
        if (open_.empty()) return add();
        Open& open = open_[below(open_.size())];
        switch (below(5)) {
        case 0: return reduce_as(itch50::OrderExecuted(), open, &itch50::OrderExecuted::executed_shares);
        case 1: {
            itch50::OrderExecutedWithPrice m;
            m.execution_price = price();
            m.printable = chance(0.5) ? 'Y' : 'N';
            return reduce_as(m, open, &itch50::OrderExecutedWithPrice::executed_shares);
        }
        case 2: return reduce_as(itch50::OrderCancel(), open, &itch50::OrderCancel::cancelled_shares);
        case 3: {
            itch50::OrderDelete m;
            m.order_reference_number = OrderId{open.id};
            const std::uint16_t locate = open.locate;
            forget(open);
            return emit(m, locate);
        }
        default: return replace(open);
        }
    }
    Bytes replace(Open& open) {
        itch50::OrderReplace m;
        const std::uint64_t id = chance(0.05) ? open.id : reference();
        m.original_order_reference_number = OrderId{open.id};
        m.new_order_reference_number = OrderId{id};
        if (id != open.id) gone_.push_back(open.id);
        open.id = id;
        open.quantity = quantity();
        m.shares = Quantity{open.quantity};
        if (chance(0.7)) open.price = price();  // else it stays, and loses its place in the queue
        m.price = open.price;
        return emit(m, open.locate);
    }
    void forget(Open& open) {
        gone_.push_back(open.id);
        open = open_.back();
        open_.pop_back();
    }

    Bytes impossible() {
        if (open_.empty() || chance(0.3)) return unknown();
        Open& open = open_[below(open_.size())];
        const std::uint16_t locate = open.locate;
        switch (below(6)) {
        case 0: return add_as<itch50::AddOrder>(open.id, locate, 1, price());
        case 1: {
            itch50::OrderExecuted m;
            m.order_reference_number = OrderId{open.id};
            if (open.quantity == UINT32_MAX) return emit(itch50::SystemEvent(), 0);
            m.executed_shares = Quantity{static_cast<std::int64_t>(open.quantity) + 1};
            forget(open);
            return emit(m, locate);
        }
        case 2: return add_as<itch50::AddOrder>(next_reference_++, locate, 0, price());
        case 3: {
            itch50::OrderCancel m;
            m.order_reference_number = OrderId{open.id};
            return emit(m, locate);  // cancels nothing
        }
        case 4: {
            itch50::OrderDelete m;
            m.order_reference_number = OrderId{open.id};
            return emit(m, static_cast<std::uint16_t>(locate + 1));  // of another instrument
        }
        default: {
            itch50::OrderReplace m;
            const Open& other = open_[below(open_.size())];
            m.original_order_reference_number = OrderId{open.id};
            m.new_order_reference_number = OrderId{other.id};
            m.shares = Quantity{other.id == open.id ? 0 : 5};
            m.price = Price{1'000'000};
            return emit(m, locate);
        }
        }
    }
    Bytes unknown() {
        const std::uint64_t id = next_reference_ + 1'000'000 + below(1000);
        const auto locate = static_cast<std::uint16_t>(1 + below(shape_.instruments));
        itch50::OrderReplace replaced;
        replaced.original_order_reference_number = OrderId{id};
        replaced.new_order_reference_number = OrderId{id + 2000};
        replaced.shares = Quantity{7};
        replaced.price = Price{1'000'000};
        if (chance(0.5)) return emit(replaced, locate);
        itch50::OrderExecuted executed;
        executed.order_reference_number = OrderId{id};
        executed.executed_shares = Quantity{7};
        return emit(executed, locate);
    }

    std::mt19937_64 random_;
    Shape shape_;
    std::vector<Open> open_;
    std::vector<std::uint64_t> gone_;
    std::uint64_t next_reference_ = 1;
    std::int64_t middle_ = 10'000;  // ticks
    std::int64_t time_ = 0;
    ByteString last_;
};

}  // namespace colo::test
