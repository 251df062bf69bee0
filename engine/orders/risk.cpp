// The rules of risk.hpp. Every rule is asked in one pass; the first that refuses names itself and the level that set it.
#include "engine/orders/risk.hpp"

#include <algorithm>

namespace colo {

namespace {
// Whether a named level lies above an instrument. There is one firm, account and session for all of them.
bool applies(const RiskLevelLimits& level, const RiskMembership& instrument) {
    switch (level.level) {
    case RiskLevel::firm: case RiskLevel::account: case RiskLevel::session: return true;
    case RiskLevel::strategy: return level.name == instrument.strategy;
    case RiskLevel::instrument: return level.name == instrument.symbol;
    }
    return false;
}

Quantity magnitude(Quantity quantity) { return quantity < Quantity{0} ? -quantity : quantity; }

}  // namespace

RiskGate::RiskGate(const std::vector<RiskLevelLimits>& levels, const std::vector<RiskMembership>& instruments,
                   const OrderTable& orders, const std::vector<Position>& positions, const RiskSession& session)
    : orders_(orders), positions_(positions), instruments_(instruments.size()),
      disconnect_covered_(session.cancel_on_disconnect || !session.cancel_on_disconnect_required) {
    for (std::size_t i = 0; i < instruments.size(); ++i) {
        instruments_[i].levels.fill(-1);
        instruments_[i].restricted = instruments[i].restricted;
    }
    for (const RiskLevelLimits& level : levels) {
        const auto index = static_cast<std::int32_t>(levels_.size());
        const RiskLimits& limits = level.limits;
        levels_.push_back({level.level, limits.gross_notional_max, Notional{0}, limits.loss_max, Notional{0},
                           MessageRate(limits.messages_max, limits.message_window),
                           MessageRate(limits.orders_max, limits.order_window)});
        for (std::size_t i = 0; i < instruments.size(); ++i) {
            if (!applies(level, instruments[i])) continue;
            PerInstrument& instrument = instruments_[i];
            instrument.levels[static_cast<std::size_t>(level.level)] = index;
            instrument.collar_bps.tighten(Quantity{limits.price_collar_bps}, level.level);
            instrument.last_collar_bps.tighten(Quantity{limits.last_trade_collar_bps}, level.level);
            instrument.order_quantity.tighten(limits.order_quantity_max, level.level);
            instrument.position.tighten(limits.position_max, level.level);
            instrument.notional.tighten(limits.notional_max, level.level);
            if (limits.duplicates_max == RiskLimits::unlimited_duplicates) continue;
            instrument.duplicates.tighten(Quantity{limits.duplicates_max}, level.level);
            instrument.duplicate_window = std::max(instrument.duplicate_window, limits.duplicate_window);
        }
    }
}

Verdict RiskGate::check(const OrderRequest& request, const MarketReference& market, Timestamp now) {
    PerInstrument& instrument = instruments_[request.instrument.value()];
    if (request.kind != OrderRequest::Kind::cancel) {
        refresh(request.instrument, market.price());
        if (const Refusal refusal = examine(request, market, now); refusal.refused) {
            ++rejects_[static_cast<std::size_t>(refusal.rule) - 1];
            return RiskReject{refusal.rule, refusal.level, request};
        }
    }
    count_message(instrument, request, now);
    ++passed_;
    return CheckedOrder(request, sells_short(request));
}

RiskGate::Refusal RiskGate::examine(const OrderRequest& request, const MarketReference& market, Timestamp now) {
    const PerInstrument& limits = instruments_[request.instrument.value()];
    if (const Refusal refusal = examine_state(limits, market); refusal.refused) return refusal;
    if (const Refusal refusal = examine_order(limits, request); refusal.refused) return refusal;
    if (const Refusal refusal = examine_prices(limits, request, market); refusal.refused) return refusal;
    if (const Refusal refusal = examine_conduct(limits, request, market, now); refusal.refused) return refusal;
    return examine_totals(limits, request, now);
}

// Whether anything may leave at all.
RiskGate::Refusal RiskGate::examine_state(const PerInstrument& limits, const MarketReference& market) const {
    if (killed_) return {true, RiskRule::kill_switch, RiskLevel::firm};
    if (!disconnect_covered_) return {true, RiskRule::cancel_on_disconnect, RiskLevel::session};
    if (limits.restricted) return {true, RiskRule::restricted_list, RiskLevel::firm};
    if (market.phase == TradingPhase::halted) return {true, RiskRule::halted_instrument, RiskLevel::instrument};
    if (market.phase != TradingPhase::continuous) return {true, RiskRule::trading_phase, RiskLevel::instrument};
    if (!orders_.room()) return {true, RiskRule::order_numbers, RiskLevel::session};
    return {};
}

RiskGate::Refusal RiskGate::examine_order(const PerInstrument& limits, const OrderRequest& request) {
    if (request.quantity <= Quantity{0} || request.quantity > limits.order_quantity.limit)
        return {true, RiskRule::order_quantity, limits.order_quantity.level};
    __extension__ using Wide = __int128;
    if (Wide{request.price.value()} * request.quantity.value() > limits.notional.limit.value())
        return {true, RiskRule::notional, limits.notional.level};
    return {};
}

RiskGate::Refusal RiskGate::examine_prices(const PerInstrument& limits, const OrderRequest& request,
                                           const MarketReference& market) const {
    __extension__ using Wide = __int128;
    const Wide price = request.price.value();
    const auto beyond = [price](Price from, Quantity bps) {
        const Wide reference = from.value();
        const Wide distance = price > reference ? price - reference : reference - price;
        return distance * 10'000 > reference * bps.value();
    };
    // Without a reference there is nothing to hold the price against, so nothing may leave.
    if (market.price() <= Price{0} || price <= 0 || beyond(market.price(), limits.collar_bps.limit))
        return {true, RiskRule::price_collar, limits.collar_bps.level};
    if (market.last > Price{0} && beyond(market.last, limits.last_collar_bps.limit))
        return {true, RiskRule::last_trade_collar, limits.last_collar_bps.level};
    return {};
}

// What a market forbids although the order itself is sound.
RiskGate::Refusal RiskGate::examine_conduct(const PerInstrument& limits, const OrderRequest& request,
                                            const MarketReference& market, Timestamp now) const {
    const bool self_trade = orders_.any_open(request.instrument, opposite(request.side), [&](const OwnOrder& order) {
        return would_trade(request.side, request.price, order);
    });
    if (self_trade) return {true, RiskRule::self_trade, RiskLevel::account};
    // Regulation SHO rule 201: it must be priced above the best bid.
    if (market.short_sale_restricted && sells_short(request) && (market.bid <= Price{0} || request.price <= market.bid))
        return {true, RiskRule::short_sale, RiskLevel::instrument};
    if (request.kind == OrderRequest::Kind::enter && limits.duplicates.limit.value() != RiskLimits::unlimited &&
        limits.latest.count(request, now - limits.duplicate_window) >= limits.duplicates.limit.value())
        return {true, RiskRule::duplicate_order, limits.duplicates.level};
    return {};
}

RiskGate::Refusal RiskGate::examine_totals(const PerInstrument& limits, const OrderRequest& request,
                                           Timestamp now) const {
    const Quantity more = added(request);
    const Quantity this_side = worst_case(request.instrument, request.side) + more;
    if (more > Quantity{0} && this_side > limits.position.limit)
        return {true, RiskRule::position, limits.position.level};
    const Quantity other_side = worst_case(request.instrument, opposite(request.side));
    const Notional gross = limits.mark * std::max(magnitude(this_side), magnitude(other_side));
    const Notional more_gross = gross - limits.gross;
    for (const std::int32_t index : limits.levels) {
        if (index < 0) continue;
        const Level& level = levels_[static_cast<std::size_t>(index)];
        if (more_gross > Notional{0} && level.gross + more_gross > level.gross_max)
            return {true, RiskRule::gross_notional, level.level};
        // What only brings a position back towards zero may leave whatever was lost.
        if (level.profit < -level.loss_max && this_side > Quantity{0})
            return {true, RiskRule::loss_limit, level.level};
        if (level.messages.exceeded(now)) return {true, RiskRule::message_rate, level.level};
        if (level.orders.exceeded(now)) return {true, RiskRule::order_rate, level.level};
    }
    return {};
}

// Shares that the request adds to the worst case of its side: a replacement adds what exceeds its original.
Quantity RiskGate::added(const OrderRequest& request) const {
    if (request.kind == OrderRequest::Kind::enter) return request.quantity;
    const OwnOrder* original = orders_.find(request.original);
    const Quantity open = original == nullptr ? Quantity{0} : original->leaves();
    return std::max(Quantity{0}, request.quantity - open);
}

// The position on this side (long for buys, short for sells) if every open order of the side were filled.
Quantity RiskGate::worst_case(InstrumentIndex instrument, Side side) const {
    return positions_[instrument.value()].quantity() * sign(side) + orders_.exposure(instrument, side);
}

void RiskGate::refresh(InstrumentIndex index, Price mark) {
    PerInstrument& instrument = instruments_[index.value()];
    if (mark > Price{0}) instrument.mark = mark;
    const Quantity worst = std::max(magnitude(worst_case(index, Side::buy)), magnitude(worst_case(index, Side::sell)));
    const Notional gross = instrument.mark * worst;
    // Nothing is gained or lost at a price that nobody has named yet.
    const Notional profit = instrument.mark > Price{0} ? positions_[index.value()].profit(instrument.mark) : Notional{0};
    const Notional gross_change = gross - instrument.gross;
    const Notional profit_change = profit - instrument.profit;
    instrument.gross = gross;
    instrument.profit = profit;
    for (const std::int32_t level : instrument.levels) {
        if (level < 0) continue;
        levels_[static_cast<std::size_t>(level)].gross += gross_change;
        if (profit_change != Notional{0}) add_profit(levels_[static_cast<std::size_t>(level)], profit_change);
    }
}

void RiskGate::add_profit(Level& level, Notional change) {
    const bool before = level.profit < -level.loss_max;
    level.profit += change;
    const bool after = level.profit < -level.loss_max;
    if (after && !before) ++levels_over_loss_;
    if (before && !after) --levels_over_loss_;
}

void RiskGate::count_message(PerInstrument& limits, const OrderRequest& request, Timestamp now) {
    const bool is_order = request.kind != OrderRequest::Kind::cancel;
    for (const std::int32_t index : limits.levels) {
        if (index < 0) continue;
        Level& level = levels_[static_cast<std::size_t>(index)];
        level.messages.count(now);
        if (is_order) level.orders.count(now);
    }
    if (request.kind == OrderRequest::Kind::enter) limits.latest.add(request, now);
}

}  // namespace colo
