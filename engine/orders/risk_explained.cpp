// Every rule of the gate with its figures, also behind one that refuses. Slow, and never on the way of an order; a test
// holds it against the gate's own verdict over random orders.
#include <algorithm>
#include <cstdlib>

#include "engine/orders/risk.hpp"

namespace colo {

namespace {

constexpr std::string_view shares = "shares", dollars = "1e-4 USD", bps = "bps", orders = "orders", messages = "messages";

std::optional<std::int64_t> set_limit(std::int64_t limit) {
    return limit == RiskLimits::unlimited ? std::nullopt : std::optional(limit);
}

RuleVerdict forbidden(RiskRule rule, RiskLevel level, bool found) { return {rule, level, found, {}, found ? 1 : 0, 0}; }

RuleVerdict at_most(RiskRule rule, RiskLevel level, std::string_view unit, std::int64_t value, std::int64_t limit) {
    return {rule, level, value > limit, unit, value, set_limit(limit)};
}

// How far a price lies from another, rounded up, so that what is beyond a limit reads so.
std::int64_t distance_bps(Price price, Price from) {
    __extension__ using Wide = __int128;
    const Wide distance = price > from ? price.value() - from.value() : from.value() - price.value();
    const Wide found = (distance * 10'000 + from.value() - 1) / from.value();
    return static_cast<std::int64_t>(std::min<Wide>(found, RiskLimits::unlimited));
}

RuleVerdict collar(RiskRule rule, RiskLevel level, Price price, Price from, Quantity limit) {
    return at_most(rule, level, bps, distance_bps(price, from), limit.value());
}

// Of one rule at several levels: the first that refuses, else the one that is nearest to refusing.
void keep_tightest(RuleVerdict& kept, const RuleVerdict& candidate) {
    const auto room = [](const RuleVerdict& verdict) {
        return verdict.limit ? *verdict.limit - verdict.value.value_or(0) : RiskLimits::unlimited;
    };
    if (kept.refused) return;
    if (!kept.value || candidate.refused || room(candidate) < room(kept)) kept = candidate;
}

}  // namespace

std::vector<RuleVerdict> RiskGate::explain(const OrderRequest& request, const MarketReference& market, Timestamp now) {
    if (request.kind == OrderRequest::Kind::cancel) return {};
    refresh(request.instrument, market.price());
    const PerInstrument& limits = instruments_[request.instrument.value()];
    std::vector<RuleVerdict> verdicts;
    explain_state(limits, market, verdicts);
    explain_order(limits, request, market, verdicts);
    explain_conduct(limits, request, market, now, verdicts);
    explain_totals(limits, request, now, verdicts);
    return verdicts;
}

void RiskGate::explain_state(const PerInstrument& limits, const MarketReference& market,
                             std::vector<RuleVerdict>& verdicts) const {
    verdicts.push_back(forbidden(RiskRule::kill_switch, RiskLevel::firm, killed_));
    verdicts.push_back(forbidden(RiskRule::cancel_on_disconnect, RiskLevel::session, !disconnect_covered_));
    verdicts.push_back(forbidden(RiskRule::restricted_list, RiskLevel::firm, limits.restricted));
    verdicts.push_back(forbidden(RiskRule::halted_instrument, RiskLevel::instrument,
                                 market.phase == TradingPhase::halted));
    verdicts.push_back(forbidden(RiskRule::trading_phase, RiskLevel::instrument,
                                 market.phase != TradingPhase::continuous));
    verdicts.push_back(at_most(RiskRule::order_numbers, RiskLevel::session, orders, 1,
                               static_cast<std::int64_t>(orders_.numbers_left())));
}

void RiskGate::explain_order(const PerInstrument& limits, const OrderRequest& request, const MarketReference& market,
                             std::vector<RuleVerdict>& verdicts) const {
    __extension__ using Wide = __int128;
    verdicts.push_back(at_most(RiskRule::order_quantity, limits.order_quantity.level, shares, request.quantity.value(),
                               limits.order_quantity.limit.value()));
    verdicts.back().refused |= request.quantity <= Quantity{0};
    const Wide worth = Wide{request.price.value()} * request.quantity.value();
    verdicts.push_back({RiskRule::notional, limits.notional.level, worth > limits.notional.limit.value(), dollars,
                        static_cast<std::int64_t>(std::min<Wide>(worth, RiskLimits::unlimited)),
                        set_limit(limits.notional.limit.value())});
    const bool has_reference = market.price() > Price{0} && request.price > Price{0};
    if (has_reference)
        verdicts.push_back(collar(RiskRule::price_collar, limits.collar_bps.level, request.price, market.price(),
                                  limits.collar_bps.limit));
    else
        verdicts.push_back({RiskRule::price_collar, limits.collar_bps.level, true, bps, std::nullopt,
                            set_limit(limits.collar_bps.limit.value())});
    if (market.last > Price{0})
        verdicts.push_back(collar(RiskRule::last_trade_collar, limits.last_collar_bps.level, request.price, market.last,
                                  limits.last_collar_bps.limit));
    else
        verdicts.push_back({RiskRule::last_trade_collar, limits.last_collar_bps.level, false, bps, std::nullopt,
                            set_limit(limits.last_collar_bps.limit.value())});
}

void RiskGate::explain_conduct(const PerInstrument& limits, const OrderRequest& request, const MarketReference& market,
                               Timestamp now, std::vector<RuleVerdict>& verdicts) const {
    std::int64_t crossed = 0;
    static_cast<void>(orders_.any_open(request.instrument, opposite(request.side), [&](const OwnOrder& order) {
        crossed += would_trade(request.side, request.price, order);
        return false;
    }));
    verdicts.push_back(at_most(RiskRule::self_trade, RiskLevel::account, orders, crossed, 0));
    verdicts.push_back(forbidden(RiskRule::short_sale, RiskLevel::instrument,
                                 sells_short(request) && market.short_sale_restricted &&
                                     (market.bid <= Price{0} || request.price <= market.bid)));
    RuleVerdict repeated{RiskRule::duplicate_order, limits.duplicates.level, false, orders, std::nullopt,
                         set_limit(limits.duplicates.limit.value())};
    if (request.kind == OrderRequest::Kind::enter && repeated.limit) {
        repeated.value = limits.latest.count(request, now - limits.duplicate_window) + 1;
        repeated.refused = *repeated.value > *repeated.limit;
    }
    verdicts.push_back(repeated);
}

void RiskGate::explain_totals(const PerInstrument& limits, const OrderRequest& request, Timestamp now,
                              std::vector<RuleVerdict>& verdicts) const {
    const Quantity more = added(request);
    const Quantity this_side = worst_case(request.instrument, request.side) + more;
    const Quantity other_side = worst_case(request.instrument, opposite(request.side));
    verdicts.push_back(at_most(RiskRule::position, limits.position.level, shares, this_side.value(),
                               limits.position.limit.value()));
    verdicts.back().refused &= more > Quantity{0};
    const Quantity largest = std::max(Quantity{std::abs(this_side.value())}, Quantity{std::abs(other_side.value())});
    const Notional more_gross = limits.mark * largest - limits.gross;
    RuleVerdict gross{.rule = RiskRule::gross_notional, .unit = dollars, .value = {}, .limit = {}};
    RuleVerdict loss{.rule = RiskRule::loss_limit, .unit = dollars, .value = {}, .limit = {}};
    RuleVerdict message_rate{.rule = RiskRule::message_rate, .unit = messages, .value = {}, .limit = {}};
    RuleVerdict order_rate{.rule = RiskRule::order_rate, .unit = orders, .value = {}, .limit = {}};
    const auto rate = [now](RiskRule rule, const Level& level, std::string_view unit, const MessageRate& seen) {
        const RuleVerdict verdict{rule, level.level, seen.exceeded(now), unit,
                                  static_cast<std::int64_t>(seen.within(now)) + 1, std::nullopt};
        if (seen.messages_max() == 0) return verdict;
        return at_most(rule, level.level, unit, *verdict.value, static_cast<std::int64_t>(seen.messages_max()));
    };
    for (const std::int32_t index : limits.levels) {
        if (index < 0) continue;
        const Level& level = levels_[static_cast<std::size_t>(index)];
        RuleVerdict verdict = at_most(gross.rule, level.level, dollars, (level.gross + more_gross).value(),
                                      level.gross_max.value());
        verdict.refused &= more_gross > Notional{0};
        keep_tightest(gross, verdict);
        verdict = at_most(loss.rule, level.level, dollars, (-level.profit).value(), level.loss_max.value());
        verdict.refused &= this_side > Quantity{0};
        keep_tightest(loss, verdict);
        keep_tightest(message_rate, rate(message_rate.rule, level, messages, level.messages));
        keep_tightest(order_rate, rate(order_rate.rule, level, orders, level.orders));
    }
    verdicts.insert(verdicts.end(), {gross, loss, message_rate, order_rate});
}

}  // namespace colo
