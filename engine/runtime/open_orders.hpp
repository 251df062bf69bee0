// The orders that stand now, in shared memory for whoever looks: the oldest ones by name, and how many there are.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <new>
#include <optional>

#include "engine/orders/order_table.hpp"
#include "engine/runtime/seqlock.hpp"
#include "engine/runtime/shared_file.hpp"

namespace colo {

struct OpenOrder {
    std::uint32_t number = 0;
    std::uint32_t instrument = 0;  // its place in the engine's configuration
    std::int64_t price = 0;        // 1e-4 dollars
    std::int64_t leaves = 0;       // shares
    std::int64_t filled = 0;       // shares
    char side = 0;                 // 'B' or 'S'
    std::uint8_t state = 0;        // an OrderState
    std::uint8_t padding[6]{};
};

struct OpenOrders {
    static constexpr SharedFileKind block_kind{"open orders", "COLOORD1"};
    static constexpr std::size_t listed_max = 64;

    std::uint64_t count = 0;   // of all
    std::uint64_t listed = 0;  // of those below
    std::array<OpenOrder, listed_max> orders{};
};
static_assert(sizeof(OpenOrder) == 40 && sizeof(OpenOrders) == 16 + 64 * 40);

[[nodiscard]] inline OpenOrders open_orders(const OrderTable& table) {
    OpenOrders found;
    table.for_each_open([&](const OwnOrder& order) {
        ++found.count;
        if (found.listed == OpenOrders::listed_max) return;
        found.orders[found.listed++] = {order.user_ref_num.value(),
                                        order.instrument.value(),
                                        order.price.value(),
                                        order.leaves().value(),
                                        order.filled.value(),
                                        static_cast<char>(order.side),
                                        static_cast<std::uint8_t>(order.state),
                                        {}};
    });
    return found;
}

// The engine makes the file and writes to it; everybody else reads.
class OpenOrdersFile {
public:
    // Throws std::system_error.
    [[nodiscard]] static OpenOrdersFile create(const std::filesystem::path& path) {
        OpenOrdersFile made(SharedFile::create(path, sizeof(Seqlock<OpenOrders>), OpenOrders::block_kind));
        new (made.file_.content()) Seqlock<OpenOrders>{};
        made.lock().write({});
        made.file_.publish();
        return made;
    }
    // Throws std::runtime_error with one sentence.
    [[nodiscard]] static OpenOrdersFile open(const std::filesystem::path& path) {
        return OpenOrdersFile(SharedFile::open(path, sizeof(Seqlock<OpenOrders>), OpenOrders::block_kind, false));
    }

    void publish(const OpenOrders& now) { lock().write(now); }
    [[nodiscard]] std::optional<OpenOrders> read() const { return lock().read_patiently(); }

private:
    explicit OpenOrdersFile(SharedFile file) : file_(std::move(file)) {}
    [[nodiscard]] Seqlock<OpenOrders>& lock() const { return *static_cast<Seqlock<OpenOrders>*>(file_.content()); }

    SharedFile file_;
};

}  // namespace colo
