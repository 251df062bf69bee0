// itch_book and itch_book_live: the books of a whole feed, every order in its place, both best prices read after each
// message. Replay may look ahead in the file; live sees nothing beyond its packet of ten messages.
//
// What limits it (`make bench BENCH="itch_book itch_book_live"`; one core of an AMD EPYC 9004 under KVM, where the decode
// floor is 7.8 ns, a line in the L3 cache is 90 ns away and one in memory 160): medians of five rounds were 4.5 times the
// floor for SYN and 6.6 for WIDE, in packets of ten 6.0 and 8.3. A feed of one symbol that lies in the cache takes 3.5 times
// the floor: about 290 instructions a message, 120 of them for looking ahead, and the mispredicted branches that a message's
// type and a level's coming and going cost. Tables on reserved huge pages (`sysctl vm.nr_hugepages=1700`) were no faster
// than on transparent ones, where the kernel finds those; standard error says which they were.
#include <array>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <span>
#include <tuple>
#include <utility>

#include "engine/bench/itch_input.hpp"
#include "engine/bench/measure.hpp"
#include "engine/book/itch_books.hpp"

namespace colo::bench {
namespace {

// What an engine does before the session: memory is touched, and the books of the instruments are made.
void prepare(ItchBooks& books, const ItchInput& input) {
    books.books().prefault(1 << 24);
    for (const std::byte* at = input.begin(); at < input.end(); at += ItchInput::prefixed_length(at))
        if (at[2] == std::byte{itch50::StockDirectory::type})
            std::ignore = books.books().book(overlay<itch50::Header>(at + 2).stock_locate.get().value());
}

// Applies the file in stretches of `length` messages, of which each is seen only when all before are done.
[[gnu::noinline]] std::uint64_t play(ItchBooks& books, const ItchInput& input, std::size_t stretch, std::size_t piece) {
    std::uint64_t sum = 0;
    std::array<const std::byte*, ItchBooks::look_ahead_max> messages;
    for (const std::byte* at = input.begin(); at < input.end();) {
        std::size_t count = 0;
        while (count < stretch && at < input.end()) {
            __builtin_prefetch(at + ItchInput::fetched_ahead);
            const std::size_t length = ItchInput::prefixed_length(at);
            if (itch50::well_formed({at + 2, length - 2})) [[likely]] messages[count++] = at + 2;
            at += length;
        }
        books.update(std::span(std::as_const(messages)).first(count), piece, [&](const std::byte* message, BookStatus) __attribute__((always_inline)) {
            const Top& top = books.book(overlay<itch50::Header>(message).stock_locate).top();
            sum += static_cast<std::uint64_t>(top.bid_price.value() ^ top.ask_price.value());
        });
    }
    return sum;
}

void measure(const CommandLine& line, const std::string& name, const std::string& input_name, std::size_t stretch,
             std::size_t piece) {
    if (!line.wants(name)) return;
    const ItchInput input(line.input(input_name));
    const double floor = decode_floor(input);
    const auto books = std::make_unique<ItchBooks>();
    prepare(*books, input);
    std::fprintf(stderr, "%s: %s huge pages\n", name.c_str(), books->books().pages() == HugePages::reserved ? "reserved" : "transparent");
    const double value = nanoseconds_of([&] { keep(play(*books, input, stretch, piece)); }) / input.messages();
    const ItchBooks::Counts& counts = books->counts();
    if (static_cast<double>(counts.messages) != input.messages() || counts.unknown_orders + counts.duplicate_orders +
            counts.over_executions + counts.invalid_fields + counts.out_of_capacity != 0)
        fail(name + ": the input is not applied cleanly");
    print({.name = name, .value = value, .unit = "ns/message", .floor = floor});
}

}  // namespace
}  // namespace colo::bench

int main(int count, char** values) {
    constexpr std::size_t packet = 10, piece = 16;
    const colo::bench::CommandLine line(count, values, {"itch_book/SYN", "itch_book/WIDE", "itch_book_live/SYN", "itch_book_live/WIDE"});
    for (const char* input : {"SYN", "WIDE"}) {
        colo::bench::measure(line, std::string("itch_book/") + input, input, colo::ItchBooks::look_ahead_max, piece);
        colo::bench::measure(line, std::string("itch_book_live/") + input, input, packet, packet);
    }
}
