// ITCH messages, right and wrong, into the checks and the books: the books must stay whole.
#include "engine/book/itch_books.hpp"
#include "tests/fuzz/fuzz_input.hpp"

using namespace colo;

namespace {
void expect_whole(const ItchBooks& books) {
    std::uint64_t orders = 0;
    for (const std::uint16_t locate : books.books().instruments())
        for (const Side side : {Side::buy, Side::sell})
            for (const Level level : books.book(Locate{locate}).levels(side)) {
                Quantity total;
                for (const Order& order : level.orders()) {
                    total += order.quantity;
                    ++orders;
                }
                fuzz::expect(total == level.quantity(), "a level is the sum of its orders");
            }
    fuzz::expect(orders == books.books().order_count(), "every order stands at a level");
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t count) {
    static ItchBooks books;
    books.clear();
    for (fuzz::Pieces pieces(fuzz::bytes_of_input(data, count)); !pieces.empty();) {
        const Bytes message = pieces.piece();
        if (const auto error = itch50::validate(message)) fuzz::expect(!error->to_string().empty(), "an error says why");
        const auto error = itch50::visit(message, [](const auto& typed) { static_cast<void>(typed.timestamp.get()); });
        fuzz::expect(error.has_value() != itch50::well_formed(message), "both checks agree");
        if (!error) books.apply(message);
    }
    expect_whole(books);
    return 0;
}
