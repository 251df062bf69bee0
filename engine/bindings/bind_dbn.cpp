// Recorded order-by-order data (DBN) for Python: a file as one array, and its books to step through record by record.
#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>

#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include "engine/bindings/book_arrays.hpp"
#include "engine/bindings/numpy_array.hpp"
#include "engine/book/mbo_books.hpp"

namespace nb = nanobind;

namespace colo::bindings {
namespace {

// The record itself is the row.
nb::object mbo_dtype() {
    nb::list columns;
    for (const auto& [name, format] : std::initializer_list<std::pair<const char*, const char*>>{
             {"words", "u1"}, {"record_type", "u1"}, {"publisher_id", "<u2"}, {"instrument_id", "<u4"}, {"ts_event", "<u8"},
             {"order_id", "<u8"}, {"price", "<i8"}, {"quantity", "<u4"}, {"flags", "u1"}, {"channel_id", "u1"},
             {"action", "S1"}, {"side", "S1"}, {"ts_received", "<u8"}, {"ts_in_delta", "<i4"}, {"sequence", "<u4"}})
        columns.append(nb::make_tuple(name, format));
    return columns;
}

nb::object decode_dbn_mbo(const nb::bytes& file) {
    const auto records = dbn::Records::parse(bytes_in(file));
    if (!records) throw FormatError(records.error().to_string());
    std::vector<dbn::Mbo> rows;
    for (const Bytes record : *records)
        if (const dbn::Mbo* order = dbn::as_mbo(record)) rows.push_back(*order);
    const FilledArray array = make_array(mbo_dtype(), {rows.size()});
    std::memcpy(array.data, rows.data(), rows.size() * sizeof(dbn::Mbo));
    return array.array;
}

std::string apply(MboBooks& books, const nb::bytes& record) {
    const dbn::Mbo* order = dbn::as_mbo(bytes_in(record));
    if (order == nullptr) throw FormatError("not an order-by-order record of DBN");
    return to_string(books.apply(*order).status);
}

const Book& book_of(const MboBooks& books, std::uint32_t instrument_id) {
    const auto index = books.find(instrument_id);
    if (!index) throw std::invalid_argument("no record named the instrument " + std::to_string(instrument_id));
    return books.books().book(*index);
}

nb::dict counts(const MboBooks& books) {
    const MboBooks::Counts& counted = books.counts();
    nb::dict result;
    for (const auto& [name, value] : std::initializer_list<std::pair<const char*, std::uint64_t>>{
             {"records", counted.records}, {"events", counted.events}, {"trades", counted.trades},
             {"unknown_orders", counted.unknown_orders}, {"duplicate_orders", counted.duplicate_orders},
             {"over_executions", counted.over_executions}, {"invalid_fields", counted.invalid_fields},
             {"out_of_capacity", counted.out_of_capacity}, {"open_orders", books.books().order_count()}})
        result[name] = value;
    return result;
}

}  // namespace

void bind_dbn(nb::module_& module) {
    module.def("decode_dbn_mbo", &decode_dbn_mbo, nb::arg("file"),
               "The order-by-order records of an uncompressed DBN file (bytes) as a structured array, in the layout of "
               "the record. Records of other types are passed over. Raises FormatError naming the byte.");
    nb::class_<MboBooks>(module, "MboBooks", "Books of order-by-order records, each order at the place of its priority.")
        .def("__init__", [](MboBooks* self) { new (self) MboBooks(); })
        .def("apply", &apply, nb::arg("record"), "Applies one record (56 bytes); returns its status, 'ok' where all was well.")
        .def("set_tick", [](MboBooks& books, std::uint32_t instrument_id, std::int64_t tick) {
                 const auto index = books.find(instrument_id);
                 if (!index) throw std::invalid_argument("no record named the instrument " + std::to_string(instrument_id));
                 books.books().set_tick(*index, Price{tick});
             }, nb::arg("instrument_id"), nb::arg("tick"), "The least price increment (1e-9), which makes the book faster.")
        .def("top", [](const MboBooks& books, std::uint32_t id) { return top_tuple(book_of(books, id).top()); },
             nb::arg("instrument_id"), "(bid_price, bid_quantity, ask_price, ask_quantity); zeros for an empty side.")
        .def("levels", [](const MboBooks& books, std::uint32_t id, const std::string& side, std::size_t depth) {
                 return level_array(book_of(books, id), side_of(side), depth);
             }, nb::arg("instrument_id"), nb::arg("side"), nb::arg("depth") = SIZE_MAX,
             "int64 array [n, 3] of (price, quantity, orders) from the best on; side is 'B' or 'S'.")
        .def("orders", [](const MboBooks& books, std::uint32_t id, const std::string& side, std::int64_t price) {
                 return order_array(book_of(books, id), side_of(side), Price{price});
             }, nb::arg("instrument_id"), nb::arg("side"), nb::arg("price"),
             "uint64 array [n, 2] of (order, quantity) in the order of their priority.")
        .def("quantity_ahead", [](const MboBooks& books, std::uint64_t id) -> std::optional<std::int64_t> {
                 const auto ahead = books.books().quantity_ahead(OrderId{id});
                 return ahead ? std::optional(ahead->value()) : std::nullopt;
             }, nb::arg("order_id"), "Contracts that trade before this order at its price, or None.")
        .def("counts", &counts);
}

}  // namespace colo::bindings
