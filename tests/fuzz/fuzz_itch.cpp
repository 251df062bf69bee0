// ITCH messages, right and wrong, into the checks and the books: the books must stay whole.
#include "engine/book/itch_books.hpp"
#include "tests/fuzz/whole_books.hpp"

using namespace colo;

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
    fuzz::expect_whole(books.books());
    return 0;
}
