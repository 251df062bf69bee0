// What we hold of an instrument and what it has earned since the day began, in integers: from the position at the start
// of the day, fills and broken trades alone.
//
// Money is counted in 1e-4 dollars. The average price is kept as the cost of what is open, so that nothing is lost to
// rounding: realised + unrealised(mark) equals cash + quantity * mark exactly, whatever the order of the fills.
//
//   Position position;
//   position.apply(Side::buy, Price{1'000'000}, Quantity{100});
//   position.apply(Side::sell, Price{1'010'000}, Quantity{50});
//   position.realised();                   // 50 shares * 1 dollar
//   position.unrealised(Price{1'005'000});
#pragma once

#include <cstdint>

#include "engine/core/types.hpp"
#include "engine/orders/order_answer.hpp"

namespace colo {

// A venue's fees per share in 1e-8 dollars; negative is a rebate.
struct FeeSchedule {
    std::int64_t add_per_share = 0;
    std::int64_t remove_per_share = 0;

    [[nodiscard]] std::int64_t of(Liquidity liquidity, Quantity quantity) const {
        if (liquidity == Liquidity::added) return add_per_share * quantity.value();
        if (liquidity == Liquidity::removed) return remove_per_share * quantity.value();
        return 0;
    }
};

class Position {
public:
    Position() = default;
    // What was held before the day: what it earned until then is not the day's.
    Position(Quantity quantity, Price average_price)
        : quantity_(quantity), cash_(-(average_price * quantity)), open_cost_(average_price * quantity) {}

    void apply(Side side, Price price, Quantity quantity) {
        const std::int64_t change = sign(side) * quantity.value();
        cash_ -= price * Quantity{change};
        const std::int64_t held = quantity_.value();
        if (held == 0 || (held > 0) == (change > 0)) {
            open_cost_ += price * Quantity{change};
        } else if (magnitude(change) < magnitude(held)) {
            open_cost_ -= share(open_cost_, magnitude(change), magnitude(held));
        } else {
            open_cost_ = price * Quantity{held + change};  // through zero: what is left was opened at this price
        }
        quantity_ += Quantity{change};
    }

    // A fee in 1e-8 dollars; negative is a rebate, or a fee that is taken back.
    void pay(std::int64_t fee) { fees_ += fee; }

    [[nodiscard]] Quantity quantity() const { return quantity_; }
    [[nodiscard]] Notional cash() const { return cash_; }
    [[nodiscard]] Notional realised() const { return cash_ + open_cost_; }
    [[nodiscard]] Notional unrealised(Price mark) const { return mark * quantity_ - open_cost_; }
    // In 1e-8 dollars.
    [[nodiscard]] std::int64_t fees() const { return fees_; }
    // What the day has brought, fees paid.
    [[nodiscard]] Notional profit(Price mark) const {
        return realised() + unrealised(mark) - Notional{fees_ / 10'000};
    }
    // Rounded towards zero; zero where nothing is open.
    [[nodiscard]] Price average_price() const {
        return quantity_ == Quantity{0} ? Price{0} : Price{open_cost_.value() / quantity_.value()};
    }

private:
    static std::int64_t magnitude(std::int64_t value) { return value < 0 ? -value : value; }
    static Notional share(Notional whole, std::int64_t part, std::int64_t of) {
        __extension__ using Wide = __int128;
        return Notional{static_cast<std::int64_t>(static_cast<Wide>(whole.value()) * part / of)};
    }

    Quantity quantity_;
    Notional cash_;
    Notional open_cost_;  // signed: what the open quantity cost, negative for a short position
    std::int64_t fees_ = 0;
};

}  // namespace colo
