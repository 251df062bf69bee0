// itch_book and itch_book_live: the books of a whole feed, every order in its place, both best prices read after each
// message. Replay may look ahead in the file; live sees nothing beyond its packet of ten messages.
#include <cstdint>
#include <memory>

#include "engine/bench/itch_input.hpp"
#include "engine/bench/measure.hpp"
#include "engine/book/itch_books.hpp"

namespace colo::bench {
namespace {

[[gnu::noinline]] std::uint64_t replay(ItchBooks& books, const ItchInput& input) {
    std::uint64_t sum = 0;
    for (const std::byte* at = input.begin(); at < input.end();) {
        __builtin_prefetch(at + ItchInput::fetched_ahead);
        const std::size_t length = ItchInput::prefixed_length(at);
        const Bytes message{at + 2, length - 2};
        at += length;
        if (!itch50::well_formed(message)) [[unlikely]] continue;
        books.apply(message);
        const Top& top = books.book(itch50::header_of(message).stock_locate).top();
        sum += static_cast<std::uint64_t>(top.bid_price.value() ^ top.ask_price.value());
    }
    return sum;
}

void measure(const CommandLine& line, const std::string& name, const std::string& input_name) {
    if (!line.wants(name)) return;
    const ItchInput input(line.input(input_name));
    const double floor = decode_floor(input);
    const auto books = std::make_unique<ItchBooks>();
    books->books().prefault(1 << 24);
    const double value = nanoseconds_of([&] { keep(replay(*books, input)); }) / input.messages();
    const ItchBooks::Counts& counts = books->counts();
    if (static_cast<double>(counts.messages) != input.messages() || counts.unknown_orders + counts.duplicate_orders +
            counts.over_executions + counts.invalid_fields + counts.out_of_capacity != 0)
        fail(name + ": the input is not applied cleanly");
    print({.name = name, .value = value, .unit = "ns/message", .floor = floor});
}

}  // namespace
}  // namespace colo::bench

int main(int count, char** values) {
    const colo::bench::CommandLine line(count, values, {"itch_book/SYN", "itch_book/WIDE", "itch_book_live/SYN", "itch_book_live/WIDE"});
    for (const char* figure : {"itch_book/", "itch_book_live/"})
        for (const char* input : {"SYN", "WIDE"}) colo::bench::measure(line, std::string(figure) + input, input);
}
