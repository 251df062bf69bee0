// Drawing the events of one instrument.
#include "engine/simulator/symbol_flow.hpp"

#include <algorithm>
#include <cmath>

namespace colo::simulator {

namespace {

constexpr double volatility = 1.0e-4;            // of the efficient price, for a square root of a second: 1.5% a day
constexpr double seconds_between_drifts = 900;
constexpr std::array<const char*, 4> participants{"MMKA", "MMKB", "AGCY", "FUND"};

[[nodiscard]] double in_seconds(Duration duration) { return static_cast<double>(duration.value()) * 1e-9; }

}  // namespace

SymbolFlow::SymbolFlow(const Parameters& parameters, std::uint64_t seed, SessionWriter& writer)
    : parameters_(parameters), random_(seed), writer_(&writer), stock_(parameters.symbol),
      efficient_price_(static_cast<double>(parameters.opening_price.value()) / tick + 0.5) {}

void SymbolFlow::build(SessionTime time) {
    last_time_ = time;
    const Side side = book_.count(Side::buy) <= book_.count(Side::sell) ? Side::buy : Side::sell;
    const double half = parameters_.spread_ticks / 2;
    const double away = half + random_.exponential() * parameters_.spread_ticks * 2;
    const double price = side == Side::buy ? std::floor(efficient_price_ - away) : std::ceil(efficient_price_ + away);
    place(time, side, Price{std::max<std::int64_t>(1, static_cast<std::int64_t>(price)) * tick}, quantity());
}

void SymbolFlow::trade(SessionTime time) {
    move_efficient_price(time);
    for (const Side side : {Side::buy, Side::sell}) {
        if (thin(side)) return add(time, side);
    }
    const double fill = static_cast<double>(book_.live().size()) / static_cast<double>(parameters_.live_orders);
    const double away = std::abs(pressure());
    const std::array<double, 6> weights{0.44 * std::clamp(1 / fill, 0.6, 1.6), 0.42 * std::clamp(fill, 0.6, 1.6), 0.082,
                                        0.0125 * (1 + away), 0.021, 0.010};
    switch (random_.weighted(weights)) {
    case 0: return add(time, random_.chance(0.5 + 0.1 * pressure()) ? Side::buy : Side::sell);
    case 1: return remove_one(time);
    case 2: return replace_one(time);
    case 3: return market_order(time);
    case 4: return reduce_one(time);
    default: return hidden_trade(time);
    }
}

void SymbolFlow::withdraw(SessionTime time) {
    last_time_ = time;
    const std::uint32_t handle = book_.live()[random_.below(book_.live().size())];
    if (thin(book_.order(handle).side)) return;
    itch50::OrderDelete message;
    message.order_reference_number = book_.order(handle).id;
    writer_->write(message, parameters_.locate, time);
    book_.remove(handle);
}

void SymbolFlow::move_efficient_price(SessionTime time) {
    const double elapsed = in_seconds(time - last_time_);
    last_time_ = time;
    if (time >= drift_end_) {
        drift_ = 0;
        if (random_.chance(std::min(1.0, elapsed / seconds_between_drifts))) {
            const double length = 10 + 50 * random_.uniform();
            const double total = efficient_price_ * (3 + 12 * random_.uniform()) * 1e-4;
            drift_ = (random_.chance(0.5) ? total : -total) / length;
            drift_end_ = time + nanoseconds(static_cast<std::int64_t>(length * 1e9));
        }
    }
    efficient_price_ += drift_ * elapsed + efficient_price_ * volatility * std::sqrt(elapsed) * random_.gaussian();
    efficient_price_ = std::max(efficient_price_, 200.0);
}

double SymbolFlow::pressure() const {
    if (!book_.two_sided()) return 0;
    const double bid = static_cast<double>(book_.best(Side::buy).value()) / tick;
    const double ask = static_cast<double>(book_.best(Side::sell).value()) / tick;
    return std::clamp((efficient_price_ - (bid + ask) / 2) / std::max(1.0, ask - bid), -2.0, 2.0);
}

Quantity SymbolFlow::quantity() {
    const double drawn = random_.uniform();
    if (drawn < 0.62) return Quantity{100};
    if (drawn < 0.85) return Quantity{100 * random_.between(1, 8)};
    return Quantity{random_.between(1, 300)};
}

// Behind or at the touch, or inside the spread where it is wide; never across it.
Price SymbolFlow::limit_price(Side side) {
    const Side other = opposite(side);
    const std::int64_t toward = side == Side::buy ? tick : -tick;  // to the other side
    const std::int64_t own = book_.best(side).value();
    const std::int64_t wide = (book_.best(other).value() - own) / toward;  // the spread in ticks
    const double inside = std::min(0.7, 0.12 * static_cast<double>(wide - 1) / parameters_.spread_ticks);
    if (wide > 1 && random_.chance(inside)) {
        const double depth = random_.exponential() * static_cast<double>(wide) * 0.3;
        const std::int64_t price = own + toward * std::min(wide - 1, 1 + static_cast<std::int64_t>(depth));
        const double beyond = (static_cast<double>(price) / tick - efficient_price_) * (side == Side::buy ? 1 : -1);
        if (beyond <= 0 || random_.chance(0.15)) return Price{price};
    }
    std::int64_t behind = 0;
    const double drawn = random_.uniform();
    if (drawn > 0.35) behind = 1 + static_cast<std::int64_t>(random_.exponential() * (drawn < 0.9 ? 4 : 40));
    return Price{std::max<std::int64_t>(tick, own - toward * behind)};
}

void SymbolFlow::add(SessionTime time, Side side) {
    const Price price = limit_price(side);
    place(time, side, price, quantity());
}

void SymbolFlow::place(SessionTime time, Side side, Price price, Quantity quantity) {
    const OrderId id = writer_->next_order_id(random_.below(8));
    const auto described = [&](auto message) {
        message.order_reference_number = id;
        message.buy_sell_indicator = side;
        message.shares = quantity;
        message.stock = stock_;
        message.price = price;
        return message;
    };
    if (random_.chance(0.028)) {
        auto message = described(itch50::AddOrderMpid{});
        message.attribution = participants[random_.below(participants.size())];
        writer_->write(message, parameters_.locate, time);
    } else {
        writer_->write(described(itch50::AddOrder{}), parameters_.locate, time);
    }
    young_handles_[young_next_] = book_.add(id, side, price, quantity);
    young_[young_next_] = id;
    young_next_ = (young_next_ + 1) % young_.size();
}

// The order that a cancellation or a replacement falls on.
std::uint32_t SymbolFlow::chosen() {
    const double push = pressure();
    if (std::abs(push) > 0.6 && random_.chance(0.4)) return book_.first(push > 0 ? Side::sell : Side::buy);
    const double drawn = random_.uniform();
    if (drawn < 0.55) {
        for (int tries = 0; tries < 4; ++tries) {
            const auto drawn_back = static_cast<std::size_t>(random_.exponential() * 6);
            const std::size_t back = std::min(young_.size() - 1, drawn_back);
            const std::size_t at = (young_next_ + young_.size() - 1 - back) % young_.size();
            const std::uint32_t handle = young_handles_[at];
            if (young_[at] != OrderId{0} && book_.order(handle).id == young_[at] &&
                book_.order(handle).live_place < book_.live().size() &&
                book_.live()[book_.order(handle).live_place] == handle) {
                return handle;
            }
        }
    }
    if (drawn < 0.8) {
        const Side side = random_.chance(0.5) ? Side::buy : Side::sell;
        return book_.last_at_depth(side, static_cast<std::size_t>(random_.exponential() * 3));
    }
    return book_.live()[random_.below(book_.live().size())];
}

void SymbolFlow::remove_one(SessionTime time) {
    const std::uint32_t handle = chosen();
    itch50::OrderDelete message;
    message.order_reference_number = book_.order(handle).id;
    writer_->write(message, parameters_.locate, time);
    book_.remove(handle);
}

void SymbolFlow::replace_one(SessionTime time) {
    const std::uint32_t handle = chosen();
    const FlowOrder old = book_.order(handle);
    book_.remove(handle);
    const Quantity shares = random_.chance(0.75) ? old.quantity : quantity();
    itch50::OrderReplace message;
    message.original_order_reference_number = old.id;
    message.new_order_reference_number = writer_->next_order_id(random_.below(8));
    message.shares = shares;
    message.price = limit_price(old.side);
    writer_->write(message, parameters_.locate, time);
    book_.add(message.new_order_reference_number, old.side, message.price, shares);
}

void SymbolFlow::reduce_one(SessionTime time) {
    const std::uint32_t handle = chosen();
    const std::int64_t displayed = book_.order(handle).quantity.value();
    if (displayed < 2) return remove_one(time);
    const std::int64_t lots = displayed > 100 ? random_.between(1, (displayed - 1) / 100) : 0;
    const Quantity by{lots > 0 ? 100 * lots : random_.between(1, displayed - 1)};
    itch50::OrderCancel message;
    message.order_reference_number = book_.order(handle).id;
    message.cancelled_shares = by;
    writer_->write(message, parameters_.locate, time);
    book_.reduce(handle, by);
}

void SymbolFlow::market_order(SessionTime time) {
    const Side aggressor = random_.chance(std::clamp(0.5 + 0.4 * pressure(), 0.03, 0.97)) ? Side::buy : Side::sell;
    const Side resting = opposite(aggressor);
    Quantity left = quantity();
    if (random_.chance(0.5)) left = std::max(left, book_.order(book_.first(resting)).quantity);
    if (random_.chance(0.15)) left = left * 3;
    const Price limit = book_.best(resting) + Price{tick * (aggressor == Side::buy ? 2 : -2)};
    while (left > Quantity{0} && !thin(resting)) {
        if (better(aggressor, book_.best(resting), limit)) break;
        const Quantity taken = std::min(left, book_.order(book_.first(resting)).quantity);
        execute_first(time, resting, taken);
        left -= taken;
    }
}

void SymbolFlow::execute_first(SessionTime time, Side resting, Quantity quantity) {
    const std::uint32_t handle = book_.first(resting);
    const FlowOrder& order = book_.order(handle);
    const MatchNumber match = writer_->next_match_number();
    const Price better_price = order.price + Price{resting == Side::sell ? -tick : tick};
    const bool room = better(opposite(resting), better_price, book_.best(opposite(resting)));
    if (random_.chance(0.03) && room) {
        itch50::OrderExecutedWithPrice message;
        message.order_reference_number = order.id;
        message.executed_shares = quantity;
        message.match_number = match;
        message.printable = 'Y';
        message.execution_price = better_price;
        writer_->write(message, parameters_.locate, time);
    } else {
        itch50::OrderExecuted message;
        message.order_reference_number = order.id;
        message.executed_shares = quantity;
        message.match_number = match;
        writer_->write(message, parameters_.locate, time);
    }
    remember(match);
    book_.reduce(handle, quantity);
}

void SymbolFlow::hidden_trade(SessionTime time) {
    const std::int64_t bid = book_.best(Side::buy).value();
    const std::int64_t wide = (book_.best(Side::sell).value() - bid) / tick;
    itch50::Trade message;
    message.shares = quantity();
    message.stock = stock_;
    message.price = Price{bid + tick * random_.between(0, wide)};
    message.match_number = writer_->next_match_number();
    writer_->write(message, parameters_.locate, time);
    remember(message.match_number);
}

void SymbolFlow::indicate(SessionTime time, char cross_type) {
    const std::int64_t near = static_cast<std::int64_t>(efficient_price_) * tick;
    const auto ticks_off = [&](std::int64_t most) { return tick * random_.between(-most, most); };
    const std::int64_t imbalance = 100 * random_.between(0, 400);
    itch50::NetOrderImbalance message;
    message.paired_shares = Quantity{100 * random_.between(100, 5000)};
    message.imbalance_shares = Quantity{imbalance};
    message.imbalance_direction = imbalance == 0 ? 'N' : random_.chance(0.5) ? 'B' : 'S';
    message.stock = stock_;
    message.far_price = Price{near + ticks_off(8)};
    message.near_price = Price{near + ticks_off(4)};
    message.current_reference_price = Price{near + ticks_off(2)};
    message.cross_type = cross_type;
    message.price_variation_indicator = 'L';
    writer_->write(message, parameters_.locate, time);
}

void SymbolFlow::cross(SessionTime time, char cross_type) {
    const Side side = random_.chance(0.5) ? Side::buy : Side::sell;
    const Price price = book_.best(side);
    Quantity displayed;
    // Displayed orders that take part are executed at the cross price, not printed: the cross prints the whole.
    for (int i = 0; i < 2 && !thin(side) && book_.best(side) == price; ++i) {
        const std::uint32_t handle = book_.first(side);
        itch50::OrderExecutedWithPrice message;
        message.order_reference_number = book_.order(handle).id;
        message.executed_shares = book_.order(handle).quantity;
        message.match_number = writer_->next_match_number();
        message.printable = 'N';
        message.execution_price = price;
        displayed += book_.order(handle).quantity;
        writer_->write(message, parameters_.locate, time);
        book_.remove(handle);
    }
    itch50::CrossTrade message;
    message.shares = displayed + Quantity{100 * random_.between(50, 3000)};
    message.stock = stock_;
    message.cross_price = price;
    message.match_number = writer_->next_match_number();
    message.cross_type = cross_type;
    writer_->write(message, parameters_.locate, time);
}

void SymbolFlow::act(SessionTime time, char trading_state, const char* reason) {
    itch50::StockTradingAction message;
    message.stock = stock_;
    message.trading_state = trading_state;
    message.reason = reason;
    writer_->write(message, parameters_.locate, time);
}

void SymbolFlow::remember(MatchNumber match) { matches_[match_count_++ % matches_.size()] = match; }

void SymbolFlow::break_trade(SessionTime time) {
    if (match_count_ == 0) return;
    auto& match = matches_[random_.below(std::min(match_count_, matches_.size()))];
    if (match == MatchNumber{0}) return;
    itch50::BrokenTrade message;
    message.match_number = match;
    writer_->write(message, parameters_.locate, time);
    match = MatchNumber{0};  // a trade breaks once
}

}  // namespace colo::simulator
