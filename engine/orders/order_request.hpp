// What a decision asks of the venue, before any check; and the same once every risk rule has passed it.
//
// A CheckedOrder can only be made by the RiskGate and is spent by sending it: there is no other way to the wire.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>

#include "engine/orders/order.hpp"

namespace colo {

struct OrderRequest {
    enum class Kind : std::uint8_t { enter, replace, cancel };

    Kind kind{Kind::enter};
    InstrumentIndex instrument;
    Side side{Side::buy};
    Price price;             // enter, replace
    Quantity quantity;       // enter, replace: shares to be open
    UserRefNum original;     // replace, cancel: the order that is meant
    bool marked_short = false;  // enter: already marked as a short sale, by an engine whose gateway may know of more fills
};

[[nodiscard]] constexpr std::string_view name_of(OrderRequest::Kind kind) {
    constexpr std::string_view names[] = {"enter", "replace", "cancel"};
    return names[static_cast<std::size_t>(kind)];
}

class CheckedOrder {
public:
    CheckedOrder(CheckedOrder&& other) noexcept : request_(other.request_), sells_short_(other.sells_short_), spent_(std::exchange(other.spent_, true)) {}
    CheckedOrder(const CheckedOrder&) = delete;
    CheckedOrder& operator=(const CheckedOrder&) = delete;
    CheckedOrder& operator=(CheckedOrder&&) = delete;

    [[nodiscard]] const OrderRequest& request() const { return request_; }
    // A sale of more than is held, which must be marked as such (Regulation SHO rule 200(g)).
    [[nodiscard]] bool sells_short() const { return sells_short_; }
    [[nodiscard]] bool spent() const { return spent_; }

private:
    friend class RiskGate;
    CheckedOrder(const OrderRequest& request, bool sells_short) : request_(request), sells_short_(sells_short) {}
    OrderRequest request_;
    bool sells_short_;
    bool spent_ = false;
};

}  // namespace colo
