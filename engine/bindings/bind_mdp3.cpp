// CME MDP 3.0 for Python: packets as one array of entries, and the books of a channel to step through.
#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "engine/bindings/book_arrays.hpp"
#include "engine/bindings/numpy_array.hpp"
#include "engine/book/mdp3_books.hpp"

namespace nb = nanobind;

namespace colo::bindings {
namespace {

constexpr std::int64_t none = std::numeric_limits<std::int64_t>::min();

// One entry of a message. What its type does not have is 0, a price or quantity that is null or missing is `none`.
#pragma pack(push, 1)
struct EntryRow {
    std::uint64_t sequence;
    std::int64_t sending_time_ns, transact_time_ns;
    std::uint16_t template_id;
    std::uint8_t indicator;  // the message's match event indicator
    char group;              // 'M' a market data entry, 'O' an order of one
    char entry_type;
    std::uint8_t action;
    std::uint8_t level;      // place of a price level; of an order the number of its entry
    std::int32_t security_id;
    std::uint32_t rpt_seq;
    std::int64_t price, quantity;
    std::int32_t order_count;
    std::uint64_t order_id, priority;
};
#pragma pack(pop)
static_assert(sizeof(EntryRow) == 3 * 8 + 2 + 5 + 2 * 4 + 2 * 8 + 4 + 2 * 8);

nb::object entry_dtype() {
    nb::list columns;
    for (const auto& [name, format] : std::initializer_list<std::pair<const char*, const char*>>{
             {"sequence", "<u8"}, {"sending_time_ns", "<i8"}, {"transact_time_ns", "<i8"}, {"template_id", "<u2"},
             {"indicator", "u1"}, {"group", "S1"}, {"entry_type", "S1"}, {"action", "u1"}, {"level", "u1"},
             {"security_id", "<i4"}, {"rpt_seq", "<u4"}, {"price", "<i8"}, {"quantity", "<i8"}, {"order_count", "<i4"},
             {"order_id", "<u8"}, {"priority", "<u8"}})
        columns.append(nb::make_tuple(name, format));
    return columns;
}

template <class Field>
std::int64_t integer_or(const Field& field, std::int64_t otherwise) {
    if constexpr (requires { field.has_value(); }) return field.has_value() ? static_cast<std::int64_t>(*field.get()) : otherwise;
    else return static_cast<std::int64_t>(field.get());
}

// The fields that an entry has, whatever its message.
template <class Entry>
void fill(EntryRow& row, const Entry& entry) {
    if constexpr (requires { entry.md_entry_type.get(); }) row.entry_type = static_cast<char>(entry.md_entry_type.get());
    else if constexpr (requires { entry.md_entry_type; }) row.entry_type = entry.md_entry_type;
    if constexpr (requires { entry.md_update_action.get(); }) row.action = static_cast<std::uint8_t>(entry.md_update_action.get());
    if constexpr (requires { entry.order_update_action; }) row.action = static_cast<std::uint8_t>(entry.order_update_action.get());
    if constexpr (requires { entry.md_price_level; }) row.level = static_cast<std::uint8_t>(integer_or(entry.md_price_level, 0));
    if constexpr (requires { entry.reference_id; }) row.level = entry.reference_id.value_or(0);
    if constexpr (requires { entry.security_id; }) row.security_id = static_cast<std::int32_t>(integer_or(entry.security_id, 0));
    if constexpr (requires { entry.rpt_seq; }) row.rpt_seq = entry.rpt_seq.get();
    if constexpr (requires { entry.md_entry_px; }) row.price = mdp3::price_of(entry.md_entry_px).value_or(Price{none}).value();
    if constexpr (requires { entry.md_entry_size; }) row.quantity = integer_or(entry.md_entry_size, none);
    if constexpr (requires { entry.md_display_qty; }) row.quantity = integer_or(entry.md_display_qty, none);
    if constexpr (requires { entry.last_qty; }) row.quantity = integer_or(entry.last_qty, none);
    if constexpr (requires { entry.number_of_orders; }) row.order_count = static_cast<std::int32_t>(integer_or(entry.number_of_orders, 0));
    if constexpr (requires { entry.order_id; }) row.order_id = static_cast<std::uint64_t>(integer_or(entry.order_id, 0));
    if constexpr (requires { entry.md_order_priority; }) row.priority = static_cast<std::uint64_t>(integer_or(entry.md_order_priority, 0));
}

mdp3::Packet parse(const nb::bytes& datagram) {
    const auto packet = mdp3::Packet::parse(bytes_in(datagram));
    if (!packet) throw FormatError(packet.error().to_string());
    return *packet;
}

template <class Type>
void add_rows(std::vector<EntryRow>& rows, const mdp3::Packet& packet, const sbe::Decoded<Type>& decoded) {
    const Type root = decoded.root();
    EntryRow common{};
    common.sequence = packet.sequence().value();
    common.sending_time_ns = packet.sending_time().value();
    common.template_id = Type::template_id;
    common.price = common.quantity = none;
    if constexpr (requires { root.transact_time; }) common.transact_time_ns = static_cast<std::int64_t>(root.transact_time.get());
    if constexpr (requires { root.match_event_indicator; }) common.indicator = root.match_event_indicator.bits.get();
    const auto add = [&]<class Group>(char name) {
        for (const auto entry : decoded.template entries<Group>()) {
            EntryRow row = common;
            row.group = name;
            if constexpr (requires { root.security_id; }) row.security_id = static_cast<std::int32_t>(integer_or(root.security_id, 0));
            if constexpr (requires { root.rpt_seq; }) row.rpt_seq = root.rpt_seq.get();
            fill(row, entry);
            rows.push_back(row);
        }
    };
    if constexpr (requires { typename Type::NoMDEntries; }) add.template operator()<typename Type::NoMDEntries>('M');
    if constexpr (requires { typename Type::NoOrderIDEntries; }) add.template operator()<typename Type::NoOrderIDEntries>('O');
}

nb::object decode_mdp3(const nb::list& packets) {
    std::vector<EntryRow> rows;
    for (const nb::handle datagram : packets) {
        const mdp3::Packet packet = parse(nb::cast<nb::bytes>(datagram));
        for (const mdp3::Message message : packet.messages()) {
            if (const auto error = mdp3::check(message)) throw FormatError(error->to_string());
            mdp3::visit(message, [&](const auto& decoded) { add_rows(rows, packet, decoded); });
        }
    }
    const FilledArray array = make_array(entry_dtype(), {rows.size()});
    std::memcpy(array.data, rows.data(), rows.size() * sizeof(EntryRow));
    return array.array;
}

// Counts the events of a packet, and what they touched.
struct Touched {
    nb::list events;
    const Mdp3Books& books;
    void on_event(const Mdp3Event& event) {
        nb::list ids;
        for (const std::uint16_t index : event.instruments) ids.append(books.instruments()[index].security_id.value());
        events.append(ids);
    }
};

nb::list apply(Mdp3Books& books, const nb::bytes& datagram) {
    Touched touched{{}, books};
    books.apply(parse(datagram), touched);
    return touched.events;
}

const Book& book_of(const Mdp3Books& books, std::int32_t security_id, const std::string& view) {
    if (view != "levels" && view != "orders") throw std::invalid_argument("view must be 'levels' or 'orders', not '" + view + "'");
    const auto index = books.find(mdp3::SecurityId{security_id});
    if (!index) throw std::invalid_argument("no message named the instrument " + std::to_string(security_id));
    return (view == "levels" ? books.levels() : books.orders()).book(*index);
}

nb::dict counts(const Mdp3Books& books) {
    const Mdp3Books::Counts& counted = books.counts();
    nb::dict result;
    for (const auto& [name, value] : std::initializer_list<std::pair<const char*, std::uint64_t>>{
             {"packets", counted.packets}, {"messages", counted.messages}, {"events", counted.events},
             {"entries", counted.entries}, {"trades", counted.trades}, {"unknown_templates", counted.unknown_templates},
             {"malformed", counted.malformed}, {"old_entries", counted.old_entries}, {"rpt_gaps", counted.rpt_gaps},
             {"disagreements", counted.disagreements}, {"unknown_orders", counted.unknown_orders},
             {"duplicate_orders", counted.duplicate_orders}, {"invalid_fields", counted.invalid_fields},
             {"out_of_capacity", counted.out_of_capacity}, {"untold", counted.untold}})
        result[name] = value;
    return result;
}

}  // namespace

void bind_mdp3(nb::module_& module) {
    module.attr("MDP3_NONE") = none;
    module.def("decode_mdp3", &decode_mdp3, nb::arg("packets"),
               "Every entry of the packets (a list of bytes, UDP payloads) as a structured array: sequence (u8), "
               "sending_time_ns, transact_time_ns (i8, Unix), template_id (u2), indicator (u1, match event indicator), "
               "group (S1: M a market data entry, O an order of one), entry_type (S1), action, level (u1), security_id "
               "(i4), rpt_seq (u4), price (i8, 1e-9), quantity (i8), order_count (i4), order_id, priority (u8). A price or "
               "quantity that is null or missing is MDP3_NONE. Unknown templates are passed over. Raises FormatError.");
    nb::class_<Mdp3Books>(module, "Mdp3Books", "The books of an MDP 3.0 channel, stepped through packet by packet.")
        .def("__init__", [](Mdp3Books* self) { new (self) Mdp3Books(); })
        .def("apply", &apply, nb::arg("packet"),
             "Applies one packet (bytes). Returns a list of the security ids touched for each event that it ended; in "
             "between the books may be crossed. Raises FormatError where the bytes are no packet.")
        .def("top", [](const Mdp3Books& books, std::int32_t id, const std::string& view) { return top_tuple(book_of(books, id, view).top()); },
             nb::arg("security_id"), nb::arg("view") = "levels",
             "(bid_price, bid_quantity, ask_price, ask_quantity) of the price levels or, view 'orders', of the order book.")
        .def("levels", [](const Mdp3Books& books, std::int32_t id, const std::string& side, const std::string& view, std::size_t depth) {
                 return level_array(book_of(books, id, view), side_of(side), depth);
             }, nb::arg("security_id"), nb::arg("side"), nb::arg("view") = "levels", nb::arg("depth") = SIZE_MAX,
             "int64 array [n, 3] of (price, quantity, entries) from the best on; side is 'B' or 'S'.")
        .def("orders", [](const Mdp3Books& books, std::int32_t id, const std::string& side, std::int64_t price) {
                 return order_array(book_of(books, id, "orders"), side_of(side), Price{price});
             }, nb::arg("security_id"), nb::arg("side"), nb::arg("price"),
             "uint64 array [n, 2] of (order, quantity) in the order of their priority.")
        .def("counts", &counts);
}

}  // namespace colo::bindings
