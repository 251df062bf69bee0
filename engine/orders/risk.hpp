// The pre-trade risk gate: one pass over every rule before an order may leave, and the only maker of a CheckedOrder.
//
// Limits nest: firm, account, session, strategy, instrument. For what one order can break by itself (collar, quantity,
// value, position) the tightest limit above an instrument decides and is found at start; what orders break together
// (gross notional, message rate) is counted at every level. Cancels reduce risk: they count as messages and are never
// refused, so that the kill switch works at any rate.
//
//   Verdict verdict = gate.check(request, market, now);
//   if (!verdict) journal(verdict.error()); else gateway.send(std::move(*verdict));
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "engine/core/result.hpp"
#include "engine/orders/order_request.hpp"
#include "engine/orders/order_table.hpp"
#include "engine/orders/position.hpp"
#include "engine/orders/risk_limits.hpp"

namespace colo {

// What the gate needs to know of the market of an order's instrument; zero stands for a price that does not exist.
struct MarketReference {
    Price bid;
    Price ask;
    Price last;
    bool tradable = false;  // not halted, not in an auction phase that we stay out of

    // Mid of the book, else the last trade, else zero.
    [[nodiscard]] Price price() const {
        if (bid > Price{0} && ask > Price{0}) return Price{(bid.value() + ask.value()) / 2};
        return last;
    }
};

struct RiskReject {
    RiskRule rule{RiskRule::kill_switch};
    RiskLevel level{RiskLevel::firm};
    OrderRequest request;
};

using Verdict = Result<CheckedOrder, RiskReject>;

// Whose limits hold for an instrument.
struct RiskMembership {
    std::string symbol;
    std::string strategy;
};

// At most `messages` in any window: the times of the last messages in a ring.
class MessageRate {
public:
    MessageRate(std::uint32_t messages_max, Duration window) : times_(messages_max), window_(window) {}
    [[nodiscard]] bool exceeded(Timestamp now) const {
        return !times_.empty() && filled_ == times_.size() && times_[at_] > now - window_;
    }
    void count(Timestamp now) {
        if (times_.empty()) return;
        times_[at_] = now;
        at_ = at_ + 1 == times_.size() ? 0 : at_ + 1;
        if (filled_ < times_.size()) ++filled_;
    }

private:
    std::vector<Timestamp> times_;
    Duration window_;
    std::size_t at_ = 0;
    std::size_t filled_ = 0;
};

class RiskGate {
public:
    // One membership for each instrument index. The table and the positions must outlive the gate.
    RiskGate(const std::vector<RiskLevelLimits>& levels, const std::vector<RiskMembership>& instruments,
             const OrderTable& orders, const std::vector<Position>& positions);

    [[nodiscard]] Verdict check(const OrderRequest& request, const MarketReference& market, Timestamp now);

    // Call after anything that changed orders or position of an instrument; zero keeps the price known so far.
    void refresh(InstrumentIndex instrument, Price mark);

    void set_killed(bool killed) { killed_ = killed; }
    [[nodiscard]] bool killed() const { return killed_; }
    [[nodiscard]] std::uint64_t rejects(RiskRule rule) const { return rejects_[static_cast<std::size_t>(rule) - 1]; }
    [[nodiscard]] std::uint64_t passed() const { return passed_; }

private:
    // The tightest limit of one rule and the level that set it.
    template <class Limit>
    struct Tightest {
        Limit limit{RiskLimits::unlimited};
        RiskLevel level{RiskLevel::firm};
        void tighten(Limit candidate, RiskLevel by) {
            if (candidate < limit) {
                limit = candidate;
                level = by;
            }
        }
    };
    struct PerInstrument {
        Tightest<Quantity> collar_bps;
        Tightest<Quantity> order_quantity;
        Tightest<Quantity> position;
        Tightest<Notional> notional;
        Price mark;
        Notional gross;  // what the instrument adds to the levels above it
        std::array<std::int32_t, risk_level_count> levels{};  // index into levels_, -1: none
    };
    struct Level {
        RiskLevel level;
        Notional gross_max;
        Notional gross;
        MessageRate rate;
    };
    struct Refusal {
        bool refused = false;
        RiskRule rule{};
        RiskLevel level{};
    };

    [[nodiscard]] Refusal examine(const OrderRequest& request, const MarketReference& market, Timestamp now);
    [[nodiscard]] Refusal examine_order(const PerInstrument& limits, const OrderRequest& request,
                                        const MarketReference& market) const;
    [[nodiscard]] Refusal examine_totals(const PerInstrument& limits, const OrderRequest& request, Timestamp now) const;
    [[nodiscard]] Quantity added(const OrderRequest& request) const;
    [[nodiscard]] Quantity worst_case(InstrumentIndex instrument, Side side) const;
    void count_message(const PerInstrument& limits, Timestamp now);

    const OrderTable& orders_;
    const std::vector<Position>& positions_;
    std::vector<PerInstrument> instruments_;
    std::vector<Level> levels_;
    std::array<std::uint64_t, risk_rule_count> rejects_{};
    std::uint64_t passed_ = 0;
    bool killed_ = false;
};

}  // namespace colo
