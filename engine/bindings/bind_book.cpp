// Decoder and book for Python: a session as one array, the book after chosen messages, and a book to step through.
#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "engine/bindings/book_arrays.hpp"
#include "engine/bindings/decoded_rows.hpp"
#include "engine/bindings/numpy_array.hpp"
#include "engine/book/itch_books.hpp"
#include "engine/protocol/session_file.hpp"

namespace nb = nanobind;

namespace colo::bindings {
namespace {

SessionFile open_session(const nb::object& path_or_bytes) {
    if (nb::isinstance<nb::bytes>(path_or_bytes)) {
        const auto bytes = nb::cast<nb::bytes>(path_or_bytes);
        return SessionFile::over("<bytes>", {reinterpret_cast<const std::byte*>(bytes.data()), bytes.size()});
    }
    const nb::object path = nb::module_::import_("os").attr("fspath")(path_or_bytes);
    auto opened = SessionFile::open(nb::cast<std::string>(path));
    if (!opened) throw FormatError(opened.error().to_string());
    return std::move(*opened);
}

std::vector<std::uint64_t> offsets_of(const SessionFile& file) {
    auto index = file.index();
    if (!index) throw FormatError(index.error().to_string());
    return std::move(*index);
}

nb::object decoded_dtype() {
    nb::list columns;
    for (const Column& column : decoded_columns) columns.append(nb::make_tuple(column.name, column.format));
    return columns;
}

nb::object decode_session(const nb::object& path_or_bytes) {
    const SessionFile file = open_session(path_or_bytes);
    const std::vector<std::uint64_t> offsets = offsets_of(file);
    const FilledArray rows = make_array(decoded_dtype(), {offsets.size()});
    auto* row = static_cast<DecodedRow*>(rows.data);
    for (std::uint64_t offset : offsets) {
        *row = {};
        itch50::dispatch(file.message_at(offset).data(), RowFields{*row});
        ++row;
    }
    return rows.array;
}

// One row of LOBSTER's order book file: (ask price, ask quantity, bid price, bid quantity) a level, its dummy values
// where there is no level.
void write_lobster_row(const Book& book, std::size_t levels, std::int64_t* row) {
    constexpr std::int64_t no_ask = 9'999'999'999, no_bid = -9'999'999'999;
    for (std::size_t level = 0; level < levels; ++level) {
        row[4 * level] = no_ask;
        row[4 * level + 1] = row[4 * level + 3] = 0;
        row[4 * level + 2] = no_bid;
    }
    for (const Side side : {Side::sell, Side::buy}) {
        std::int64_t* to = row + (side == Side::sell ? 0 : 2);
        std::size_t left = levels;
        for (Level level : book.levels(side)) {
            if (left-- == 0) break;
            to[0] = level.price().value();
            to[1] = level.quantity().value();
            to += 4;
        }
    }
}

nb::object book_levels(const nb::object& path_or_bytes, std::uint16_t locate, std::size_t levels,
                       const nb::object& at) {
    const SessionFile file = open_session(path_or_bytes);
    const std::vector<std::uint64_t> offsets = offsets_of(file);
    const nb::module_ numpy = nb::module_::import_("numpy");
    const nb::object wanted = at.is_none() ? nb::object(numpy.attr("arange")(offsets.size()))
                                           : numpy.attr("ascontiguousarray")(at, "int64");
    const auto count = nb::cast<std::size_t>(wanted.attr("size"));
    const auto* indices = reinterpret_cast<const std::int64_t*>(nb::cast<std::uintptr_t>(wanted.attr("ctypes").attr("data")));
    for (std::size_t n = 0; n < count; ++n) {
        const bool in_order = n == 0 ? indices[0] >= 0 : indices[n] >= indices[n - 1];
        if (!in_order || indices[n] >= static_cast<std::int64_t>(offsets.size()))
            throw std::invalid_argument("book_levels: `at` must be message indices in rising order, below " +
                                        std::to_string(offsets.size()));
    }
    const FilledArray rows = make_array("i8", {count, levels, 4});
    auto* row = static_cast<std::int64_t*>(rows.data);
    ItchBooks books;
    std::size_t applied = 0;
    for (std::size_t n = 0; n < count; ++n, row += 4 * levels) {
        for (; applied <= static_cast<std::size_t>(indices[n]); ++applied) books.apply(file.message_at(offsets[applied]));
        write_lobster_row(books.book(Locate{locate}), levels, row);
    }
    return rows.array;
}

nb::dict change_dict(const ItchChange& change) {
    nb::dict result;
    result["status"] = to_string(change.status);
    result["type"] = std::string(1, change.type);
    result["locate"] = change.locate.value();
    result["order_id"] = change.order_id.value();
    result["side"] = std::string(1, static_cast<char>(change.side));
    result["price"] = change.price.value();
    result["price_before"] = change.price_before.value();
    result["quantity_before"] = change.quantity_before.value();
    result["quantity_after"] = change.quantity_after.value();
    result["execution_price"] = change.execution_price.value();
    result["executed"] = change.executed.value();
    result["printable"] = change.printable;
    result["match_number"] = change.match_number.value();
    return result;
}

nb::dict apply(ItchBooks& books, const nb::bytes& message) {
    const Bytes bytes = bytes_in(message);
    if (const auto error = itch50::check(bytes)) throw FormatError(error->to_string());
    return change_dict(books.apply(bytes));
}

nb::object levels(const ItchBooks& books, std::uint16_t locate, const std::string& side, std::size_t depth) {
    return level_array(books.book(Locate{locate}), side_of(side), depth);
}

nb::object orders(const ItchBooks& books, std::uint16_t locate, const std::string& side, std::int64_t price) {
    return order_array(books.book(Locate{locate}), side_of(side), Price{price});
}

nb::object find(const ItchBooks& books, std::uint64_t order_id) {
    const auto order = books.find(OrderId{order_id});
    if (!order) return nb::none();
    nb::dict result;
    result["locate"] = order->instrument;
    result["side"] = std::string(1, static_cast<char>(order->side));
    result["price"] = order->price.value();
    result["quantity"] = order->quantity.value();
    return result;
}

nb::dict counts(const ItchBooks& books) {
    const ItchBooks::Counts& counted = books.counts();
    nb::dict result;
    result["messages"] = counted.messages;
    result["unknown_orders"] = counted.unknown_orders;
    result["duplicate_orders"] = counted.duplicate_orders;
    result["over_executions"] = counted.over_executions;
    result["invalid_fields"] = counted.invalid_fields;
    result["out_of_capacity"] = counted.out_of_capacity;
    return result;
}

void bind_books_class(nb::module_& module) {
    nb::class_<ItchBooks>(module, "Books", "The books of a feed, stepped through message by message.")
        .def(nb::init<>())
        .def("apply", &apply, nb::arg("message"),
             "Applies one ITCH message (bytes, without length prefix). Returns what it did: status, type, locate, "
             "order_id, side, price, price_before, quantity_before, quantity_after, execution_price, executed, "
             "printable, match_number. Raises FormatError where the bytes are no message.")
        .def("top", [](const ItchBooks& books, std::uint16_t locate) {
                 return top_tuple(books.book(Locate{locate}).top());
             }, nb::arg("locate"), "(bid_price, bid_quantity, ask_price, ask_quantity); zeros for an empty side.")
        .def("levels", &levels, nb::arg("locate"), nb::arg("side"), nb::arg("depth") = SIZE_MAX,
             "int64 array [n, 3] of (price, quantity, orders) from the best on; side is 'B' or 'S'.")
        .def("orders", &orders, nb::arg("locate"), nb::arg("side"), nb::arg("price"),
             "uint64 array [n, 2] of (order reference, quantity) in the order of the queue.")
        .def("find", &find, nb::arg("order_id"), "{locate, side, price, quantity} of an open order, or None.")
        .def("quantity_ahead", [](const ItchBooks& books, std::uint64_t id) -> std::optional<std::int64_t> {
                 const auto ahead = books.quantity_ahead(OrderId{id});
                 return ahead ? std::optional(ahead->value()) : std::nullopt;
             }, nb::arg("order_id"), "Shares that trade before this order at its price, or None.")
        .def("last_trade", [](const ItchBooks& books, std::uint16_t locate) {
                 const LastTrade& trade = books.book(Locate{locate}).last_trade();
                 return nb::make_tuple(trade.price.value(), trade.quantity.value(), trade.time.value());
             }, nb::arg("locate"), "(price, quantity, nanoseconds since midnight); quantity 0 before the first.")
        .def("halted", [](const ItchBooks& books, std::uint16_t locate) { return books.book(Locate{locate}).halted(); },
             nb::arg("locate"))
        .def("fault", [](const ItchBooks& books, std::uint16_t locate) {
                 return to_string(books.book(Locate{locate}).fault());
             }, nb::arg("locate"), "The first broken invariant of an instrument, 'ok' while there was none.")
        .def("symbol", [](const ItchBooks& books, std::uint16_t locate) {
                 return std::string(books.book(Locate{locate}).symbol().view());
             }, nb::arg("locate"))
        .def("locates", [](const ItchBooks& books) { return books.books().instruments(); },
             "Locates seen so far, in the order of their first message.")
        .def("counts", &counts, "Messages applied, and those with each status but ok.");
}

}  // namespace

void bind_book(nb::module_& module) {
    nb::exception<FormatError>(module, "FormatError", PyExc_ValueError);
    module.def("decode_session", &decode_session, nb::arg("session"),
               "Every message of a session (path of a file of two-byte length-prefixed ITCH 5.0 messages, or its bytes) as "
               "a structured array: type, side, printable, code (S1), locate, tracking_number (u2), timestamp_ns "
               "(since midnight), order_reference, new_order_reference, shares, price (1e-4 dollars), match_number, "
               "stock (S8), attribution (S4). A field that a type does not have is 0 or empty; `code` is the type's coded "
               "field (event code, trading state, cross type, ...). Raises FormatError naming file, offset and field.");
    module.def("book_levels", &book_levels, nb::arg("session"), nb::arg("locate"), nb::arg("levels"),
               nb::arg("at") = nb::none(),
               "The book of one instrument after the messages with these indices (from 0, rising; every message where "
               "`at` is None): int64 array [n, levels, 4] of (ask price, ask quantity, bid price, bid quantity), LOBSTER's "
               "column order. A level that does not exist has LOBSTER's dummy values: price 9999999999 (ask) or "
               "-9999999999 (bid), quantity 0.");
    bind_books_class(module);
}

}  // namespace colo::bindings
