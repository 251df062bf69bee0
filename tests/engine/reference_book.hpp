// A slow, obvious book: vectors and maps of whole orders, searched from the front, written from the specification alone.
//
// It shares nothing with the engine's book but the message structs. `Fault` breaks it in one way on purpose, to show
// that the comparison sees each.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "engine/protocol/itch50.hpp"

namespace colo::test {

struct ReferenceOrder {
    std::uint64_t id;
    std::int64_t quantity;
    bool operator==(const ReferenceOrder&) const = default;
};

struct ReferenceLevel {
    std::int64_t price;
    std::vector<ReferenceOrder> orders;  // first to trade first
    bool operator==(const ReferenceLevel&) const = default;
};

enum class Fault {
    none,
    replace_keeps_priority,     // at the same price the new order takes the old one's place
    replace_flips_side,
    add_goes_to_the_front,
    execution_loses_priority,   // a partly executed order goes to the end
    execution_off_by_one,
    cancel_removes_the_order,
    filled_order_stays,
    delete_takes_the_first,     // of the level
    price_execution_ignored,    // C does not reduce
    attributed_add_ignored,     // F adds nothing
    locate_ignored,             // every order goes to one book
    unknown_order_creates,      // a replace of an unknown order adds a bid
    reused_reference_refused,   // a reference can be used only once
};
constexpr Fault fault_last = Fault::reused_reference_refused;

class ReferenceBook {
public:
    explicit ReferenceBook(Fault fault = Fault::none) : fault_(fault) {}

    // The status as the engine names it.
    std::string apply(Bytes message) {
        std::string status = "ok";
        (void)itch50::visit(message, [&](const auto& m) { status = this->apply_one(m); });
        return status;
    }

    // Best first.
    [[nodiscard]] std::vector<ReferenceLevel> levels(std::uint16_t locate, char side) const {
        std::map<std::int64_t, ReferenceLevel> sorted;
        for (const Entry& entry : orders_) {
            if (entry.locate != locate || entry.side != side) continue;
            ReferenceLevel& level = sorted[side == 'B' ? -entry.price : entry.price];
            level.price = entry.price;
            level.orders.push_back({entry.id, entry.quantity});
        }
        std::vector<ReferenceLevel> result;
        for (auto& [key, level] : sorted) result.push_back(std::move(level));
        return result;
    }
    [[nodiscard]] std::size_t order_count() const { return orders_.size(); }
    [[nodiscard]] bool faulty(std::uint16_t locate) const {
        const auto found = faulty_.find(locate);
        return found != faulty_.end() && found->second;
    }

private:
    struct Entry {
        std::uint64_t id;
        std::uint16_t locate;
        char side;
        std::int64_t price, quantity;
    };
    using Orders = std::list<Entry>;  // of all books, in the order of their priority

    Orders::iterator find(std::uint64_t id) {
        auto at = orders_.begin();
        while (at != orders_.end() && at->id != id) ++at;
        return at;
    }
    std::uint16_t locate_of(const itch50::Header& m) const {
        return fault_ == Fault::locate_ignored ? std::uint16_t{1} : m.stock_locate.get().value();
    }

    template <class Add>
    std::string add(const Add& m) {
        const Entry entry{m.order_reference_number.get().value(), locate_of(m), static_cast<char>(m.buy_sell_indicator),
                          m.price.get().value(), m.shares.get().value()};
        if (entry.quantity == 0 || (entry.side != 'B' && entry.side != 'S')) return "invalid field";
        if (find(entry.id) != orders_.end()) {
            faulty_[entry.locate] = true;
            return "duplicate order";
        }
        if (fault_ == Fault::reused_reference_refused) {
            if (used_[entry.id]) return "ok";
            used_[entry.id] = true;
        }
        if (fault_ == Fault::add_goes_to_the_front) orders_.push_front(entry);
        else orders_.push_back(entry);
        return "ok";
    }
    std::string apply_one(const itch50::AddOrder& m) { return add(m); }
    std::string apply_one(const itch50::AddOrderMpid& m) {
        return fault_ == Fault::attributed_add_ignored ? "ok" : add(m);
    }

    std::string reduce(const itch50::Header& m, std::uint64_t id, std::int64_t by) {
        const auto order = find(id);
        if (order == orders_.end()) return "unknown order";
        if (order->locate != locate_of(m) || by == 0) return "invalid field";
        if (by > order->quantity) {
            faulty_[order->locate] = true;
            orders_.erase(order);
            return "over-execution";
        }
        order->quantity -= by;
        if (order->quantity == 0 && fault_ != Fault::filled_order_stays) orders_.erase(order);
        return "ok";
    }
    std::string apply_one(const itch50::OrderExecuted& m) {
        const std::uint64_t id = m.order_reference_number.get().value();
        const std::string status = reduce(m, id, m.executed_shares.get().value() + (fault_ == Fault::execution_off_by_one));
        const auto order = find(id);
        if (fault_ == Fault::execution_loses_priority && order != orders_.end()) orders_.splice(orders_.end(), orders_, order);
        return status;
    }
    std::string apply_one(const itch50::OrderExecutedWithPrice& m) {
        if (fault_ == Fault::price_execution_ignored) return "ok";
        return reduce(m, m.order_reference_number.get().value(), m.executed_shares.get().value());
    }
    std::string apply_one(const itch50::OrderCancel& m) {
        const std::uint64_t id = m.order_reference_number.get().value();
        const auto order = find(id);
        const bool whole = fault_ == Fault::cancel_removes_the_order && order != orders_.end();
        return reduce(m, id, whole ? order->quantity : m.cancelled_shares.get().value());
    }
    std::string apply_one(const itch50::OrderDelete& m) {
        auto order = find(m.order_reference_number.get().value());
        if (order == orders_.end()) return "unknown order";
        if (order->locate != locate_of(m)) return "invalid field";
        if (fault_ == Fault::delete_takes_the_first) {
            auto first = orders_.begin();
            while (first->locate != order->locate || first->side != order->side || first->price != order->price) ++first;
            order = first;
        }
        orders_.erase(order);
        return "ok";
    }
    std::string apply_one(const itch50::OrderReplace& m) {
        const auto old = find(m.original_order_reference_number.get().value());
        const std::uint64_t id = m.new_order_reference_number.get().value();
        Entry entry{id, locate_of(m), 'B', m.price.get().value(), m.shares.get().value()};
        if (old == orders_.end()) {
            if (fault_ == Fault::unknown_order_creates && entry.quantity > 0) orders_.push_back(entry);
            return "unknown order";
        }
        if (old->locate != entry.locate || entry.quantity == 0) return "invalid field";
        const auto other = find(id);
        if (other != orders_.end() && other != old) {
            faulty_[entry.locate] = true;
            return "duplicate order";
        }
        entry.side = old->side;
        if (fault_ == Fault::replace_flips_side) entry.side = old->side == 'B' ? 'S' : 'B';
        if (fault_ == Fault::replace_keeps_priority && old->price == entry.price) {
            *old = entry;
            return "ok";
        }
        orders_.erase(old);
        orders_.push_back(entry);
        return "ok";
    }
    template <class Other>
    std::string apply_one(const Other&) { return "ok"; }

    Fault fault_;
    Orders orders_;
    std::map<std::uint16_t, bool> faulty_;
    std::map<std::uint64_t, bool> used_;
};

}  // namespace colo::test
