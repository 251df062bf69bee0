// A DBN file of any bytes, and its order-by-order records into the books: the file is whole records or one sentence.
//
// Where the first byte is odd, what follows are pieces that become records: prefix and lengths are put right.
#include <vector>

#include "engine/book/mbo_books.hpp"
#include "tests/fuzz/whole_books.hpp"

using namespace colo;

namespace {
std::vector<std::byte> file_of(fuzz::Pieces pieces) {
    std::vector<std::byte> file;
    for (const char c : std::string_view("DBN\3\0\0\0\0", 8)) file.push_back(static_cast<std::byte>(c));
    while (!pieces.empty()) {
        const Bytes piece = pieces.piece();
        std::vector<std::byte> record(piece.begin(), piece.end());
        record.resize(sizeof(dbn::Mbo));
        record[0] = static_cast<std::byte>(sizeof(dbn::Mbo) / dbn::word_bytes);
        record[1] = static_cast<std::byte>(dbn::Mbo::record_type);
        file.insert(file.end(), record.begin(), record.end());
    }
    return file;
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t count) {
    static MboBooks books;
    books.clear();
    const Bytes input = fuzz::bytes_of_input(data, count);
    const bool wrapped = !input.empty() && (input[0] & std::byte{1}) != std::byte{0};
    const std::vector<std::byte> made = wrapped ? file_of(fuzz::Pieces(input.subspan(1))) : std::vector<std::byte>{};
    const Bytes file = wrapped ? Bytes(made) : input;
    const auto records = dbn::Records::parse(file);
    if (!records) {
        fuzz::expect(!records.error().to_string().empty(), "an error says why");
        return 0;
    }
    std::size_t bytes = 0;
    for (const Bytes record : *records) {
        bytes += record.size();
        if (const dbn::Mbo* order = dbn::as_mbo(record)) static_cast<void>(books.apply(*order));
    }
    fuzz::expect(bytes <= file.size(), "records lie within their file");
    fuzz::expect_whole(books.books());
    return 0;
}
