// The pre-trade risk gate: one pass over every rule before an order may leave, and the only maker of a CheckedOrder.
//
// Limits nest: firm, account, session, strategy, instrument. For what one order can break by itself (collars, quantity,
// value, position, repetition) the tightest limit above an instrument decides and is found at start; what orders break
// together (gross notional, loss, message and order rate) is counted at every level. Cancels reduce risk: they count as messages and are never
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
#include "engine/orders/rule_verdict.hpp"
#include "engine/orders/trading_phase.hpp"

namespace colo {

// What the gate needs to know of the market of an order's instrument; zero stands for a price that does not exist.
struct MarketReference {
    Price bid;
    Price ask;
    Price last;
    TradingPhase phase{TradingPhase::closed};
    bool short_sale_restricted = false;  // Regulation SHO rule 201 is in force

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
    bool restricted = false;  // on the list of what may not be traded
};

// What the order session does when its connection breaks, and what it has to.
struct RiskSession {
    bool cancel_on_disconnect = true;
    bool cancel_on_disconnect_required = false;
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
    // How many of the window are still remembered; 0 messages_max: none are, because any number may leave.
    [[nodiscard]] std::size_t within(Timestamp now) const {
        std::size_t found = 0;
        for (std::size_t i = 0; i < filled_; ++i) found += times_[i] > now - window_;
        return found;
    }
    [[nodiscard]] std::size_t messages_max() const { return times_.size(); }

private:
    std::vector<Timestamp> times_;
    Duration window_;
    std::size_t at_ = 0;
    std::size_t filled_ = 0;
};

// The latest new orders of one instrument, so that a repeated one is counted.
class LatestOrders {
public:
    static constexpr std::uint32_t remembered = 16;

    [[nodiscard]] std::uint32_t count(const OrderRequest& request, Timestamp since) const {
        std::uint32_t found = 0;
        for (const Entry& entry : entries_)
            found += entry.price == request.price && entry.quantity == request.quantity && entry.side == request.side &&
                     entry.time > since;
        return found;
    }
    void add(const OrderRequest& request, Timestamp now) {
        entries_[at_] = {request.price, request.quantity, now, request.side};
        at_ = (at_ + 1) % remembered;
    }

private:
    struct Entry {
        Price price;
        Quantity quantity;
        Timestamp time;
        Side side{Side::buy};
    };
    std::array<Entry, remembered> entries_{};
    std::uint32_t at_ = 0;
};

class RiskGate {
public:
    // One membership for each instrument index. The table and the positions must outlive the gate.
    RiskGate(const std::vector<RiskLevelLimits>& levels, const std::vector<RiskMembership>& instruments,
             const OrderTable& orders, const std::vector<Position>& positions, const RiskSession& session = {});

    [[nodiscard]] Verdict check(const OrderRequest& request, const MarketReference& market, Timestamp now);

    // Every rule's verdict on what check() would be asked now, in the order in which it asks; none for a
    // cancel, which is never refused. For replay.
    [[nodiscard]] std::vector<RuleVerdict> explain(const OrderRequest& request, const MarketReference& market,
                                                   Timestamp now);

    // Whether the request is a sale of more than is held once every open sale is filled.
    [[nodiscard]] bool sells_short(const OrderRequest& request) const {
        return request.side == Side::sell && request.kind != OrderRequest::Kind::cancel &&
               (request.marked_short || worst_case(request.instrument, Side::sell) + added(request) > Quantity{0});
    }

    // Call after anything that changed orders or position of an instrument; zero keeps the price known so far.
    void refresh(InstrumentIndex instrument, Price mark);
    // The market's price of an instrument; what is held is worth that now.
    void mark(InstrumentIndex instrument, Price price) {
        if (instruments_[instrument.value()].mark != price) refresh(instrument, price);
    }
    // Some level has lost more than it may: only what reduces a position passes.
    [[nodiscard]] bool over_loss_limit() const { return levels_over_loss_ > 0; }

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
        Tightest<Quantity> last_collar_bps;
        Tightest<Quantity> duplicates;
        Duration duplicate_window;
        LatestOrders latest;
        bool restricted = false;
        Tightest<Quantity> order_quantity;
        Tightest<Quantity> position;
        Tightest<Notional> notional;
        Price mark;
        Notional gross;   // what the instrument adds to the levels above it
        Notional profit;  // as it did
        std::array<std::int32_t, risk_level_count> levels{};  // index into levels_, -1: none
    };
    struct Level {
        RiskLevel level;
        Notional gross_max;
        Notional gross;
        Notional loss_max;
        Notional profit;
        MessageRate messages;
        MessageRate orders;
    };
    struct Refusal {
        bool refused = false;
        RiskRule rule{};
        RiskLevel level{};
    };

    [[nodiscard]] Refusal examine_state(const PerInstrument& limits, const MarketReference& market) const;
    [[nodiscard]] Refusal examine_prices(const PerInstrument& limits, const OrderRequest& request,
                                         const MarketReference& market) const;
    [[nodiscard]] Refusal examine_conduct(const PerInstrument& limits, const OrderRequest& request,
                                          const MarketReference& market, Timestamp now) const;
    [[nodiscard]] Refusal examine(const OrderRequest& request, const MarketReference& market, Timestamp now);
    [[nodiscard]] static Refusal examine_order(const PerInstrument& limits, const OrderRequest& request);
    [[nodiscard]] Refusal examine_totals(const PerInstrument& limits, const OrderRequest& request, Timestamp now) const;
    void explain_state(const PerInstrument& limits, const MarketReference& market,
                       std::vector<RuleVerdict>& verdicts) const;
    void explain_order(const PerInstrument& limits, const OrderRequest& request, const MarketReference& market,
                       std::vector<RuleVerdict>& verdicts) const;
    void explain_conduct(const PerInstrument& limits, const OrderRequest& request, const MarketReference& market,
                         Timestamp now, std::vector<RuleVerdict>& verdicts) const;
    void explain_totals(const PerInstrument& limits, const OrderRequest& request, Timestamp now,
                        std::vector<RuleVerdict>& verdicts) const;
    [[nodiscard]] Quantity added(const OrderRequest& request) const;
    [[nodiscard]] Quantity worst_case(InstrumentIndex instrument, Side side) const;
    void count_message(PerInstrument& limits, const OrderRequest& request, Timestamp now);
    void add_profit(Level& level, Notional change);

    const OrderTable& orders_;
    const std::vector<Position>& positions_;
    std::vector<PerInstrument> instruments_;
    std::vector<Level> levels_;
    std::array<std::uint64_t, risk_rule_count> rejects_{};
    std::uint64_t passed_ = 0;
    std::size_t levels_over_loss_ = 0;
    bool killed_ = false;
    bool disconnect_covered_;  // orders do not stay in the market unattended, or may
};

}  // namespace colo
