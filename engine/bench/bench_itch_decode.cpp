// itch_decode/SYN: every message checked for type and length, then every field that a book needs read through the
// project's decoder.
#include <cstdint>

#include "engine/bench/itch_input.hpp"
#include "engine/bench/measure.hpp"
#include "engine/core/overloaded.hpp"
#include "engine/protocol/itch50.hpp"

namespace colo::bench {
namespace {

struct ReadFields {
    std::uint64_t& sum;

    void operator()(const itch50::AddOrder& m) const { add(m); }
    void operator()(const itch50::AddOrderMpid& m) const { add(m); }
    void operator()(const itch50::OrderExecuted& m) const {
        sum += id(m.order_reference_number) ^ number(m.executed_shares) ^ m.match_number.get().value();
    }
    void operator()(const itch50::OrderExecutedWithPrice& m) const {
        sum += id(m.order_reference_number) ^ number(m.executed_shares) ^ m.match_number.get().value() ^
               number(m.execution_price);
    }
    void operator()(const itch50::OrderCancel& m) const { sum += id(m.order_reference_number) ^ number(m.cancelled_shares); }
    void operator()(const itch50::OrderDelete& m) const { sum += id(m.order_reference_number); }
    void operator()(const itch50::OrderReplace& m) const {
        sum += id(m.original_order_reference_number) ^ id(m.new_order_reference_number) ^ number(m.shares) ^ number(m.price);
    }
    void operator()(const itch50::Trade& m) const {
        sum += id(m.order_reference_number) ^ number(m.shares) ^ number(m.price) ^ m.match_number.get().value();
    }
    void operator()(const itch50::Header&) const {}

private:
    static std::uint64_t id(const itch50::OrderReference& field) { return field.get().value(); }
    static std::uint64_t number(const auto& field) { return static_cast<std::uint64_t>(field.get().value()); }
    void add(const auto& m) const {
        sum += id(m.order_reference_number) ^ static_cast<std::uint64_t>(m.buy_sell_indicator) ^ number(m.shares) ^
               number(m.price);
    }
};

[[gnu::noinline]] std::uint64_t decode(const ItchInput& input) {
    std::uint64_t sum = 0, malformed = 0;
    for (const std::byte* at = input.begin(); at < input.end();) {
        __builtin_prefetch(at + ItchInput::fetched_ahead);
        const std::size_t length = ItchInput::prefixed_length(at);
        const Bytes message{at + 2, length - 2};
        at += length;
        if (!itch50::well_formed(message)) [[unlikely]] {
            ++malformed;
            continue;
        }
        const itch50::Header& header = itch50::header_of(message);
        sum += header.stock_locate.get().value() + static_cast<std::uint64_t>(header.timestamp.get().value());
        itch50::dispatch(message.data(), ReadFields{sum});
    }
    if (malformed != 0) fail("the input holds messages that are none");
    return sum;
}

void measure(const CommandLine& line, const std::string& input_name) {
    const std::string name = "itch_decode/" + input_name;
    if (!line.wants(name)) return;
    const ItchInput input(line.input(input_name));
    const double floor = decode_floor(input);
    std::uint64_t sum = 0;
    std::vector<double> passes;
    for (int pass = 0; pass < 3; ++pass)
        passes.push_back(nanoseconds_of([&] { sum = decode(input); }) / input.messages());
    std::sort(passes.begin(), passes.end());
    if (sum != detail::read_every_field(input.begin(), input.end())) fail(name + " reads other fields than its floor");
    print({.name = name, .value = passes[1], .unit = "ns/message", .floor = floor});
}

}  // namespace
}  // namespace colo::bench

int main(int count, char** values) {
    const colo::bench::CommandLine line(count, values, {"itch_decode/SYN"});
    colo::bench::measure(line, "SYN");
}
