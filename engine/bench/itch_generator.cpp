// Writes the inputs of the benchmarks: a day of ITCH 5.0 with two-byte length prefixes, the same bytes for the same seed.
//
//   itch_generator OUT MESSAGES SYMBOLS SEED [TARGET_MINIMUM TARGET_MEAN]
//
// Each symbol holds its number of open orders near a target (TARGET_MINIMUM and a share of TARGET_MEAN by its activity);
// orders join near the best price, most cancellations hit young orders, executions the front of the best level, as in
// recorded days. Random draws are part of the format: any change of their order makes other inputs.
#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <map>
#include <random>
#include <vector>

namespace {

using std::size_t;
using std::uint16_t;
using std::uint32_t;
using std::uint64_t;

struct Order {
    uint32_t price, quantity;
    uint16_t symbol;
    char side;
    bool open;
    uint32_t slot;  // in the symbol's list of open orders
};

struct Side {
    std::map<uint32_t, std::deque<uint32_t>> queues;  // by price; orders that are gone stay until they reach the front
    std::map<uint32_t, uint64_t> counts;              // open orders by price
};

struct Symbol {
    Side bids, asks;
    std::vector<uint32_t> open;
    std::deque<uint32_t> recent;
    uint32_t middle = 0;
    uint32_t target = 0;  // of open orders
    double weight = 0;
    std::array<char, 9> name{};

    Side& side(char which) { return which == 'B' ? bids : asks; }
};

// A message under construction, and the file that it goes to.
class Output {
public:
    explicit Output(const char* path) : file_(std::fopen(path, "wb")), buffer_(1 << 22) {
        if (file_ != nullptr) std::setvbuf(file_, buffer_.data(), _IOFBF, buffer_.size());
    }
    [[nodiscard]] bool is_open() const { return file_ != nullptr; }
    [[nodiscard]] bool close() { return std::fclose(file_) == 0 && !failed_; }
    [[nodiscard]] uint64_t messages() const { return messages_; }

    Output& begin(char type, uint32_t locate, uint64_t time) {
        length_ = 0;
        byte(type).number(locate, 2).number(0, 2).number(time, 6);
        return *this;
    }
    Output& byte(char value) { bytes_[length_++] = value; return *this; }
    Output& number(uint64_t value, int width) {
        for (int at = width - 1; at >= 0; --at) byte(static_cast<char>(value >> (8 * at)));
        return *this;
    }
    Output& text(const char* value, size_t width) {
        const size_t length = std::strlen(value);
        for (size_t at = 0; at < width; ++at) byte(at < length ? value[at] : ' ');
        return *this;
    }
    void end() {
        const std::array<char, 2> prefix{0, static_cast<char>(length_)};
        failed_ |= std::fwrite(prefix.data(), 1, 2, file_) != 2 || std::fwrite(bytes_.data(), 1, length_, file_) != length_;
        ++messages_;
    }

private:
    std::FILE* file_;
    std::vector<char> buffer_;
    std::array<char, 64> bytes_{};
    size_t length_ = 0;
    uint64_t messages_ = 0;
    bool failed_ = false;
};

class Day {
public:
    Day(Output& out, uint64_t messages, uint32_t symbols, uint64_t seed, uint32_t target_minimum, double target_mean)
        : out_(out), messages_(messages), random_(seed), symbols_(symbols + 1), cumulative_(symbols + 1, 0), orders_(1) {
        orders_.reserve(messages);
        out_.begin('S', 0, time_).byte('O').end();
        for (uint32_t at = 1; at <= symbols; ++at) introduce(at);
        std::shuffle(symbols_.begin() + 1, symbols_.end(), random_);
        double total = 0, sum = 0;
        for (uint32_t at = 1; at <= symbols; ++at) total += symbols_[at].weight;
        for (uint32_t at = 1; at <= symbols; ++at) {
            Symbol& symbol = symbols_[at];
            sum += symbol.weight / total;
            cumulative_[at] = sum;
            symbol.target = target_minimum + static_cast<uint32_t>(target_mean * symbols * symbol.weight / total);
            // The directory named symbols by locate before they were shuffled.
            std::snprintf(symbol.name.data(), symbol.name.size(), "S%04u", at % 100'000);
        }
        time_ = static_cast<uint64_t>(9.5 * 3600) * 1'000'000'000;
        out_.begin('S', 0, time_).byte('Q').end();
    }

    void play() {
        while (out_.messages() < messages_ - 2) step();
        out_.begin('S', 0, time_).byte('M').end();
        out_.begin('S', 0, time_).byte('C').end();
    }

private:
    double uniform() { return static_cast<double>(random_() >> 11) * 0x1.0p-53; }
    double exponential() { return -std::log(1 - uniform()); }

    void introduce(uint32_t locate) {
        Symbol& symbol = symbols_[locate];
        std::snprintf(symbol.name.data(), symbol.name.size(), "S%04u", locate % 100'000);
        symbol.middle = static_cast<uint32_t>(100 * std::exp(std::log(8) + uniform() * std::log(60))) * 100;
        symbol.weight = 1 / std::pow(locate, 0.8);
        time_ += 1000;
        const char* name = symbol.name.data();
        out_.begin('R', locate, time_).text(name, 8).text("QN", 2).number(100, 4).text("NCZ PN 1N", 9).number(0, 4).byte('N').end();
        out_.begin('H', locate, time_).text(name, 8).text("T", 6).end();
        out_.begin('Y', locate, time_).text(name, 8).byte('0').end();
        out_.begin('L', locate, time_).text("MMKR", 4).text(name, 8).text("YNA", 3).end();
    }

    void remove(uint32_t id) {
        Order& order = orders_[id];
        Symbol& symbol = symbols_[order.symbol];
        order.open = false;
        const uint32_t last = symbol.open.back();
        symbol.open[order.slot] = last;
        orders_[last].slot = order.slot;
        symbol.open.pop_back();
        Side& side = symbol.side(order.side);
        const auto count = side.counts.find(order.price);
        if (--count->second == 0) {
            side.counts.erase(count);
            side.queues.erase(order.price);
        }
    }

    uint32_t insert(uint32_t at, char which, uint32_t price, uint32_t quantity) {
        const auto id = static_cast<uint32_t>(orders_.size());
        Symbol& symbol = symbols_[at];
        orders_.push_back({price, quantity, static_cast<uint16_t>(at), which, true, static_cast<uint32_t>(symbol.open.size())});
        symbol.open.push_back(id);
        symbol.recent.push_back(id);
        if (symbol.recent.size() > 64) symbol.recent.pop_front();
        symbol.side(which).queues[price].push_back(id);
        ++symbol.side(which).counts[price];
        return id;
    }

    uint32_t draw_price(const Symbol& symbol, char which) {
        uint32_t bid = symbol.bids.counts.empty() ? symbol.middle - 100 : symbol.bids.counts.rbegin()->first;
        const uint32_t ask = symbol.asks.counts.empty() ? symbol.middle + 100 : symbol.asks.counts.begin()->first;
        if (bid >= ask) bid = ask - 100;
        int ticks = 0;  // away from the best price
        const double kind = uniform();
        if (kind < .08 && ask - bid > 100) ticks = -1;
        else if (kind < .90) ticks = static_cast<int>(exponential() * 3.0);
        else if (kind < .985) ticks = static_cast<int>(exponential() * 25);
        else ticks = static_cast<int>(exponential() * 300);
        std::int64_t price = which == 'B' ? std::int64_t{bid} - 100L * ticks : std::int64_t{ask} + 100L * ticks;
        if (which == 'B' && price >= std::int64_t{ask}) price = ask - 100;
        if (which == 'S' && price <= std::int64_t{bid}) price = bid + 100;
        price = std::max<std::int64_t>(price, 100);
        return static_cast<uint32_t>(price / 100 * 100);
    }

    uint32_t draw_quantity() {
        const double kind = uniform();
        if (kind < .55) return 100;
        if (kind < .8) return (1 + static_cast<uint32_t>(uniform() * 9)) * 100;
        return 1 + static_cast<uint32_t>(uniform() * 300);
    }

    // An open order of the symbol, a young one with probability `young`.
    uint32_t pick(const Symbol& symbol, double young) {
        if (uniform() < young)
            for (int attempt = 0; attempt < 6 && !symbol.recent.empty(); ++attempt) {
                const size_t back = std::min<size_t>(symbol.recent.size() - 1, static_cast<uint32_t>(exponential() * 8));
                const uint32_t id = symbol.recent[symbol.recent.size() - 1 - back];
                if (orders_[id].open) return id;
            }
        return symbol.open[random_() % symbol.open.size()];
    }

    // The order that trades first, 0 where the side is empty.
    uint32_t front(Side& side, char which) {
        if (side.queues.empty()) return 0;
        auto& queue = which == 'B' ? side.queues.rbegin()->second : side.queues.begin()->second;
        while (!queue.empty() && !orders_[queue.front()].open) queue.pop_front();
        return queue.empty() ? 0 : queue.front();
    }

    void step() {
        if (uniform() > 0.55) {
            const auto found = std::lower_bound(cumulative_.begin() + 1, cumulative_.end(), uniform());
            current_ = std::min<uint32_t>(static_cast<uint32_t>(found - cumulative_.begin()),
                                          static_cast<uint32_t>(symbols_.size() - 1));
        }
        Symbol& symbol = symbols_[current_];
        time_ += uniform() < .7 ? 30 + static_cast<uint64_t>(uniform() * 400) : static_cast<uint64_t>(exponential() * 6500);
        const double fill = static_cast<double>(symbol.open.size()) / symbol.target;
        const double add_share = fill < .5 ? .75 : fill < 1 ? .475 : fill < 1.2 ? .44 : .40;
        const double kind = uniform();
        if (symbol.open.size() < 20 || kind < .872 * add_share) return add(symbol);
        if (kind < .872) return remove_one(symbol);
        if (kind < .952) return replace(symbol);
        if (kind < .980) return execute(symbol);
        if (kind < .988) return cancel(symbol);
        if (kind < .996) return trade(symbol);
        out_.begin('I', current_, time_).number(1000, 8).number(200, 8).byte('B').text(symbol.name.data(), 8);
        out_.number(symbol.middle, 4).number(symbol.middle, 4).number(symbol.middle, 4).text("OL", 2).end();
    }

    void add(Symbol& symbol) {
        const char which = uniform() < .5 ? 'B' : 'S';
        const uint32_t price = draw_price(symbol, which), quantity = draw_quantity();
        const uint32_t id = insert(current_, which, price, quantity);
        const bool attributed = uniform() < .012;
        out_.begin(attributed ? 'F' : 'A', current_, time_).number(id, 8).byte(which).number(quantity, 4);
        out_.text(symbol.name.data(), 8).number(price, 4);
        if (attributed) out_.text("MMKR", 4);
        out_.end();
    }
    void remove_one(const Symbol& symbol) {
        const uint32_t id = pick(symbol, .75);
        out_.begin('D', current_, time_).number(id, 8).end();
        remove(id);
    }
    void replace(Symbol& symbol) {
        const uint32_t id = pick(symbol, .7);
        const Order before = orders_[id];
        remove(id);
        const uint32_t price = draw_price(symbol, before.side);
        const uint32_t quantity = uniform() < .7 ? before.quantity : draw_quantity();
        const uint32_t new_id = insert(current_, before.side, price, quantity);
        out_.begin('U', current_, time_).number(id, 8).number(new_id, 8).number(quantity, 4).number(price, 4).end();
    }
    void execute(Symbol& symbol) {
        const char which = uniform() < .5 ? 'B' : 'S';
        const uint32_t id = front(symbol.side(which), which);
        if (id == 0) return;
        Order& order = orders_[id];
        const bool whole = uniform() < .7 || order.quantity < 2;
        const auto quantity = whole ? order.quantity : static_cast<uint32_t>(1 + random_() % (order.quantity - 1));
        const bool priced = uniform() < .02;
        out_.begin(priced ? 'C' : 'E', current_, time_).number(id, 8).number(quantity, 4).number(match_++, 8);
        if (priced) out_.byte('Y').number(order.price, 4);
        out_.end();
        if (quantity == order.quantity) remove(id);
        else order.quantity -= quantity;
    }
    void cancel(const Symbol& symbol) {
        const uint32_t id = pick(symbol, .5);
        Order& order = orders_[id];
        if (order.quantity < 2) return;
        const auto quantity = static_cast<uint32_t>(1 + random_() % (order.quantity - 1));
        order.quantity -= quantity;
        out_.begin('X', current_, time_).number(id, 8).number(quantity, 4).end();
    }
    void trade(const Symbol& symbol) {
        out_.begin('P', current_, time_).number(0, 8).byte('B').number(draw_quantity(), 4).text(symbol.name.data(), 8);
        out_.number(symbol.asks.counts.empty() ? symbol.middle : symbol.asks.counts.begin()->first, 4).number(match_++, 8).end();
    }

    Output& out_;
    uint64_t messages_;
    std::mt19937_64 random_;
    uint64_t time_ = 4ull * 3600 * 1'000'000'000;
    uint64_t match_ = 1;
    uint32_t current_ = 1;
    std::vector<Symbol> symbols_;     // by locate, from 1
    std::vector<double> cumulative_;  // activity
    std::vector<Order> orders_;       // by reference, from 1
};

}  // namespace

int main(int count, char** values) {
    const auto number = [&](int at, double otherwise) { return at < count ? std::atof(values[at]) : otherwise; };
    const double messages = number(2, 0), symbols = number(3, 0);
    if (count < 5 || messages < 4 * symbols + 4 || symbols < 1 || symbols > 65'535) {
        std::fputs("usage: itch_generator OUT MESSAGES SYMBOLS SEED [TARGET_MINIMUM TARGET_MEAN], "
                   "at least 4 messages a symbol and 4, at most 65535 symbols\n", stderr);
        return 2;
    }
    Output out(values[1]);
    if (!out.is_open()) {
        std::fprintf(stderr, "itch_generator: %s cannot be written: %s\n", values[1], std::strerror(errno));
        return 1;
    }
    Day(out, static_cast<uint64_t>(messages), static_cast<uint32_t>(symbols), static_cast<uint64_t>(number(4, 1)),
        static_cast<uint32_t>(number(5, 80)), number(6, 350))
        .play();
    if (out.close()) return 0;
    std::fprintf(stderr, "itch_generator: %s could not be written whole\n", values[1]);
    return 1;
}
