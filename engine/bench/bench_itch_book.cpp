// itch_book and itch_book_live: the books of a whole feed, every order in its place, both best prices read after each
// message. Replay may look ahead in the file; live sees nothing beyond its packet of ten messages.
#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <tuple>

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

// Applies the file in stretches of `ahead` messages, of which each is seen only when all before are done.
[[gnu::noinline]] std::uint64_t play(ItchBooks& books, const ItchInput& input, std::size_t ahead) {
    std::uint64_t sum = 0;
    std::array<Bytes, ItchBooks::look_ahead_max> messages;
    for (const std::byte* at = input.begin(); at < input.end();) {
        std::size_t count = 0;
        while (count < ahead && at < input.end()) {
            __builtin_prefetch(at + ItchInput::fetched_ahead);
            const std::size_t length = ItchInput::prefixed_length(at);
            const Bytes message{at + 2, length - 2};
            at += length;
            if (itch50::well_formed(message)) [[likely]] messages[count++] = message;
        }
        books.apply(std::span(messages).first(count), [&](Bytes message, const ItchChange&) __attribute__((always_inline)) {
            const Top& top = books.book(itch50::header_of(message).stock_locate).top();
            sum += static_cast<std::uint64_t>(top.bid_price.value() ^ top.ask_price.value());
        });
    }
    return sum;
}

void measure(const CommandLine& line, const std::string& name, const std::string& input_name, std::size_t ahead) {
    if (!line.wants(name)) return;
    const ItchInput input(line.input(input_name));
    const double floor = decode_floor(input);
    const auto books = std::make_unique<ItchBooks>();
    prepare(*books, input);
    const double value = nanoseconds_of([&] { keep(play(*books, input, ahead)); }) / input.messages();
    const ItchBooks::Counts& counts = books->counts();
    if (static_cast<double>(counts.messages) != input.messages() || counts.unknown_orders + counts.duplicate_orders +
            counts.over_executions + counts.invalid_fields + counts.out_of_capacity != 0)
        fail(name + ": the input is not applied cleanly");
    print({.name = name, .value = value, .unit = "ns/message", .floor = floor});
}

}  // namespace
}  // namespace colo::bench

int main(int count, char** values) {
    constexpr std::size_t packet = 10;
    const colo::bench::CommandLine line(count, values, {"itch_book/SYN", "itch_book/WIDE", "itch_book_live/SYN", "itch_book_live/WIDE"});
    for (const char* input : {"SYN", "WIDE"}) {
        colo::bench::measure(line, std::string("itch_book/") + input, input, colo::ItchBooks::look_ahead_max);
        colo::bench::measure(line, std::string("itch_book_live/") + input, input, packet);
    }
}
