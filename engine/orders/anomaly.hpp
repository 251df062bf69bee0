// What an orderly venue, market and engine would not have shown us: each is counted, journaled as an event, and seen by
// whoever watches.
#pragma once

#include <cstdint>
#include <limits>
#include <string_view>

#include "engine/core/types.hpp"

namespace colo {

// The value is stored in journals, so it never changes its meaning: a new anomaly comes last.
enum class Anomaly : std::uint8_t {
    none,
    unknown_order,       // cancel, reject or change of a number we never used
    adopted_order,       // accepted order that we do not remember: after a loss of the journal's tail
    overfill,            // executed beyond what was open: the position is right, the order is not
    fill_after_end,      // execution of an order that had ended
    revived_order,       // accepted after it was rejected or given up
    repeated_answer,     // acknowledged twice
    unknown_match,       // broken trade that we never had, or broken twice
    never_arrived,       // resolved by the account query: the order never reached the venue
    table_full,
    fill_without_order,  // execution of a number we never used: we hold what we do not know
    price_off_book,      // executed far from the book, or worse than our own limit
    reject_burst,        // the venue refused many orders in a short time
    latency_spike,       // it took too long from the packet to the order; measured, so no part of what replay gives
};
inline constexpr std::size_t anomaly_count = 14;
[[nodiscard]] std::string_view name_of(Anomaly anomaly);
// A broken invariant stops trading; the rest are for somebody to look at.
[[nodiscard]] constexpr bool stops_trading(Anomaly anomaly) {
    return anomaly == Anomaly::overfill || anomaly == Anomaly::unknown_order || anomaly == Anomaly::table_full ||
           anomaly == Anomaly::fill_without_order;
}

// From where on something is an anomaly. By themselves they find nothing.
struct AnomalyThresholds {
    std::int64_t fill_off_book_bps_max = std::numeric_limits<std::int64_t>::max();  // from the best price, in 1e-4 of it
    std::uint32_t rejects = 0;  // so many within the window are a burst; 0: never
    Duration reject_window;
    Duration latency_max{std::numeric_limits<std::int64_t>::max()};  // from taking a packet to the return of the send
};

}  // namespace colo
