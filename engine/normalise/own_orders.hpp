// Our own order flow as rows: what was sent, what the venue answered, what our risk gate refused.
//
// Answers name an order by its UserRefNum alone, so what was sent is remembered: the instrument, side and price that
// belong in the row.
#pragma once

#include <cstdint>
#include <unordered_map>

#include "engine/core/types.hpp"
#include "engine/core/wire.hpp"
#include "engine/journal/record.hpp"
#include "engine/normalise/reference_data.hpp"
#include "engine/normalise/tick_record.hpp"

namespace colo {

class OwnOrders {
public:
    explicit OwnOrders(const ReferenceData& reference_data) : reference_data_(reference_data) {}

    // Each fills action, order_id, reference, price, quantity and side, and event_time_ns of answers, and says whose
    // instrument it is; Locate 0 where it names none. Bytes that are no message give the action own_other.
    Locate sent(Bytes message, TickRecord& row);
    Locate answered(Bytes message, TickRecord& row);
    Locate refused(Bytes payload, TickRecord& row);

private:
    struct Order {
        Locate locate;
        char side = 0;
        Price price;
        Quantity quantity;
    };
    [[nodiscard]] Locate locate_of(std::string_view symbol) const;
    // What is remembered of an order, into the row.
    Locate recall(UserRefNum number, TickRecord& row) const;

    const ReferenceData& reference_data_;
    std::unordered_map<UserRefNum, Order> orders_;
};

}  // namespace colo
