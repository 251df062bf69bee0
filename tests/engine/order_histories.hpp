// Every history that one or two orders can have at a venue, up to a bound, and what must be known of them in the end.
//
// The venue here is written from the specification and knows nothing of the order table: it takes our requests in the
// order in which they were sent, executes in between, and at each point does one of the things that it may do. `explore`
// walks through all of them. A history ends with the truth: what each order was in the venue's own books.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "engine/orders/order_answer.hpp"

namespace colo::histories {

constexpr InstrumentIndex instrument{0};
constexpr Price price{1'000'000};
inline Quantity shares(std::int64_t count) { return Quantity{count}; }

struct Request {
    enum class Kind { enter, cancel, replace } kind;
    std::uint32_t number;
    std::int64_t quantity = 0;   // to be open
    std::uint32_t original = 0;  // of a replacement
};

struct VenueOrder {
    std::int64_t quantity = 0, filled = 0, cancelled = 0, executed_before = 0;
    bool arrived = false, refused = false, replaced = false;
    [[nodiscard]] std::int64_t open() const { return !arrived || refused || replaced ? 0 : quantity - filled - cancelled; }
    // As the specification's chapters 2 and 3 name what has become of it.
    [[nodiscard]] OrderState state() const {
        if (!arrived || refused) return OrderState::rejected;
        if (replaced) return OrderState::replaced;
        if (open() == 0) return cancelled > 0 ? OrderState::cancelled : OrderState::filled;
        return filled > 0 ? OrderState::partly_filled : OrderState::live;
    }
};

struct History {
    std::vector<Request> requests;  // as sent, all before the answers
    std::vector<OrderAnswer> answers;
    std::vector<std::string> told;
    std::vector<VenueOrder> orders = std::vector<VenueOrder>(3);  // by number; 0 is nobody's
    std::size_t known = 0;          // answers that were had before the last requests
    bool lost_requests = false;     // the connection broke before all of them arrived
    [[nodiscard]] std::int64_t position() const {
        std::int64_t sum = 0;
        for (const VenueOrder& order : orders) sum += order.filled;
        return sum;
    }
    [[nodiscard]] std::int64_t open() const {
        std::int64_t sum = 0;
        for (const VenueOrder& order : orders) sum += order.open();
        return sum;
    }
};

// Calls `visit` with every history of these requests. At most `fills_left` executions.
template <class Visit>
class Explorer {
public:
    Explorer(std::vector<Request> requests, Visit& visit) : requests_(std::move(requests)), visit_(visit) {}

    void explore(History history, std::size_t next, int fills_left) {
        if (fills_left > 0)
            for (std::uint32_t number = 1; number < history.orders.size(); ++number)
                for (const std::int64_t quantity : portions(history.orders[number].open()))
                    explore(executed(history, number, quantity), next, fills_left - 1);
        if (next == requests_.size()) {
            history.requests = requests_;
            return visit_(history);
        }
        History lost = history;
        lost.requests = requests_;
        lost.lost_requests = true;
        visit_(lost);
        switch (requests_[next].kind) {
        case Request::Kind::enter: return enter(history, requests_[next], next + 1, fills_left);
        case Request::Kind::cancel: return cancel(history, requests_[next], next + 1, fills_left);
        case Request::Kind::replace: return replace(history, requests_[next], next + 1, fills_left);
        }
    }

private:
    static std::vector<std::int64_t> portions(std::int64_t open) {
        if (open <= 0) return {};
        return open <= 30 ? std::vector<std::int64_t>{open} : std::vector<std::int64_t>{30, open};
    }
    History executed(History history, std::uint32_t number, std::int64_t quantity) {
        history.orders[number].filled += quantity;
        const MatchNumber match{history.answers.size() + 1};
        tell(history, OrderExecuted{UserRefNum{number}, price, shares(quantity), match, Liquidity::added},
             "executed " + std::to_string(number) + " " + std::to_string(quantity));
        return history;
    }
    void enter(const History& before, const Request& request, std::size_t next, int fills_left) {
        const UserRefNum number{request.number};
        History refused = before;
        refused.orders[request.number].refused = refused.orders[request.number].arrived = true;
        tell(refused, OrderRejected{number}, "rejected");
        explore(refused, next, fills_left);
        for (const bool live : {true, false}) {
            History accepted = before;
            VenueOrder& order = accepted.orders[request.number];
            order.arrived = true;
            order.quantity = request.quantity;
            if (!live) order.cancelled = request.quantity;
            tell(accepted, OrderAccepted{number, instrument, Side::buy, price, shares(request.quantity), OrderId{7}, live},
                 live ? "accepted" : "accepted dead");
            explore(accepted, next, fills_left);
        }
    }
    void cancel(const History& before, const Request& request, std::size_t next, int fills_left) {
        const UserRefNum number{request.number};
        const std::int64_t open = before.orders[request.number].open();
        if (open == 0) return explore(before, next, fills_left);  // silently ignored
        History refused = before;
        tell(refused, CancelRejected{number}, "cancel rejected " + std::to_string(request.number));
        explore(refused, next, fills_left);
        History cancelled = before;
        cancelled.orders[request.number].cancelled += open;
        tell(cancelled, OrderCancelled{number, shares(open), false}, "cancelled " + std::to_string(request.number));
        explore(cancelled, next, fills_left);
    }
    // The quantity of a replace message counts what its chain has executed; what crossed it on the way is taken off.
    void replace(const History& before, const Request& request, std::size_t next, int fills_left) {
        const VenueOrder& original = before.orders[request.original];
        if (original.open() == 0) return explore(before, next, fills_left);  // silently ignored
        History refused = before;
        refused.orders[request.number].refused = refused.orders[request.number].arrived = true;
        tell(refused, OrderRejected{UserRefNum{request.number}}, "replacement rejected");
        explore(refused, next, fills_left);
        const std::int64_t filled_before_request = filled_in(before, before.known, request.original);
        const std::int64_t open = request.quantity + filled_before_request - original.filled;
        History after = before;
        if (open <= 0) {
            after.orders[request.original].cancelled += original.open();
            tell(after, OrderCancelled{UserRefNum{request.original}, shares(original.open()), false}, "cancelled 1");
            return explore(after, next, fills_left);
        }
        after.orders[request.original].replaced = true;
        VenueOrder& order = after.orders[request.number];
        order.arrived = true;
        order.quantity = open;
        order.executed_before = original.filled;
        tell(after, OrderReplaced{UserRefNum{request.original}, UserRefNum{request.number}, instrument, Side::buy, price,
                                  shares(open), OrderId{8}, true},
             "replaced, open " + std::to_string(open));
        explore(after, next, fills_left);
    }
    static std::int64_t filled_in(const History& history, std::size_t answers, std::uint32_t number) {
        std::int64_t filled = 0;
        for (std::size_t i = 0; i < answers; ++i)
            if (const auto* fill = std::get_if<OrderExecuted>(&history.answers[i]);
                fill != nullptr && fill->user_ref_num == UserRefNum{number})
                filled += fill->quantity.value();
        return filled;
    }
    static void tell(History& history, OrderAnswer answer, std::string what) {
        history.answers.push_back(std::move(answer));
        history.told.push_back(std::move(what));
    }

    std::vector<Request> requests_;
    Visit& visit_;
};

// Requests that are sent at once, before any answer.
template <class Visit>
void explore_from_nothing(const std::vector<Request>& requests, int fills, Visit&& visit) {
    Explorer<Visit>(requests, visit).explore(History{}, 0, fills);
}

// An order of 100 shares is live, of which `filled` are executed and known; then these requests are sent.
template <class Visit>
void explore_from_live(std::int64_t filled, const std::vector<Request>& requests, int fills, Visit&& visit) {
    History history;
    history.orders[1] = {.quantity = 100, .filled = filled, .arrived = true};
    history.answers.emplace_back(OrderAccepted{UserRefNum{1}, instrument, Side::buy, price, shares(100), OrderId{7}, true});
    history.told.emplace_back("accepted");
    if (filled > 0) {
        history.answers.emplace_back(OrderExecuted{UserRefNum{1}, price, shares(filled), MatchNumber{99}, Liquidity::added});
        history.told.emplace_back("executed 1 " + std::to_string(filled));
    }
    history.known = history.answers.size();
    Explorer<Visit>(requests, visit).explore(history, 0, fills);
}

}  // namespace colo::histories
