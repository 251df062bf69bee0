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
                   const OrderTable& orders, const std::vector<Position>& positions)
    : orders_(orders), positions_(positions), instruments_(instruments.size()) {
    for (PerInstrument& instrument : instruments_) instrument.levels.fill(-1);
    for (const RiskLevelLimits& level : levels) {
        const auto index = static_cast<std::int32_t>(levels_.size());
        const RiskLimits& limits = level.limits;
        levels_.push_back({level.level, limits.gross_notional_max, Notional{0},
                           MessageRate(limits.messages_max, limits.message_window)});
        for (std::size_t i = 0; i < instruments.size(); ++i) {
            if (!applies(level, instruments[i])) continue;
            PerInstrument& instrument = instruments_[i];
            instrument.levels[static_cast<std::size_t>(level.level)] = index;
            instrument.collar_bps.tighten(Quantity{limits.price_collar_bps}, level.level);
            instrument.order_quantity.tighten(limits.order_quantity_max, level.level);
            instrument.position.tighten(limits.position_max, level.level);
            instrument.notional.tighten(limits.notional_max, level.level);
        }
    }
}

Verdict RiskGate::check(const OrderRequest& request, const MarketReference& market, Timestamp now) {
    const PerInstrument& instrument = instruments_[request.instrument.value()];
    if (request.kind != OrderRequest::Kind::cancel) {
        refresh(request.instrument, market.price());
        if (const Refusal refusal = examine(request, market, now); refusal.refused) {
            ++rejects_[static_cast<std::size_t>(refusal.rule) - 1];
            return RiskReject{refusal.rule, refusal.level, request};
        }
    }
    count_message(instrument, now);
    ++passed_;
    return CheckedOrder(request);
}

RiskGate::Refusal RiskGate::examine(const OrderRequest& request, const MarketReference& market, Timestamp now) {
    if (killed_) return {true, RiskRule::kill_switch, RiskLevel::firm};
    if (!market.tradable) return {true, RiskRule::halted_instrument, RiskLevel::instrument};
    if (!orders_.room()) return {true, RiskRule::order_numbers, RiskLevel::session};
    const PerInstrument& limits = instruments_[request.instrument.value()];
    if (const Refusal refusal = examine_order(limits, request, market); refusal.refused) return refusal;
    return examine_totals(limits, request, now);
}

RiskGate::Refusal RiskGate::examine_order(const PerInstrument& limits, const OrderRequest& request,
                                          const MarketReference& market) const {
    if (request.quantity <= Quantity{0} || request.quantity > limits.order_quantity.limit)
        return {true, RiskRule::order_quantity, limits.order_quantity.level};
    __extension__ using Wide = __int128;
    const Wide price = request.price.value();
    if (price * request.quantity.value() > limits.notional.limit.value())
        return {true, RiskRule::notional, limits.notional.level};
    // Without a reference there is nothing to hold the price against, so nothing may leave.
    const Wide reference = market.price().value();
    const Wide distance = price > reference ? price - reference : reference - price;
    if (reference <= 0 || price <= 0 || distance * 10'000 > reference * limits.collar_bps.limit.value())
        return {true, RiskRule::price_collar, limits.collar_bps.level};
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
        if (level.rate.exceeded(now)) return {true, RiskRule::message_rate, level.level};
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
    const Notional change = gross - instrument.gross;
    instrument.gross = gross;
    for (const std::int32_t level : instrument.levels)
        if (level >= 0) levels_[static_cast<std::size_t>(level)].gross += change;
}

void RiskGate::count_message(const PerInstrument& limits, Timestamp now) {
    for (const std::int32_t level : limits.levels)
        if (level >= 0) levels_[static_cast<std::size_t>(level)].rate.count(now);
}

}  // namespace colo
