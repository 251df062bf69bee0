// Journal and normaliser for Python: records, timings and rows as structured NumPy arrays.
#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>

#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "engine/bindings/numpy_array.hpp"
#include "engine/journal/reader.hpp"
#include "engine/normalise/normaliser.hpp"

namespace nb = nanobind;

namespace colo::bindings {
namespace {

// Bounds the memory of a call that names no number of records.
constexpr std::uint64_t records_max_default = 1'000'000;

struct JournalFailure : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// One record of read_journal: the header, where it lies, and where its payload lies in the array of payloads.
struct RecordRow {
    std::uint64_t offset;
    std::uint64_t payload_position;
    RecordHeader header;
};
static_assert(sizeof(RecordRow) == 48);

struct TimingRow {
    std::uint64_t offset;
    TimingPayload timing;
};
static_assert(sizeof(TimingRow) == 64);

nb::list dtype_of(std::initializer_list<std::pair<const char*, const char*>> fields) {
    nb::list dtype;
    for (const auto& [name, format] : fields) dtype.append(nb::make_tuple(name, format));
    return dtype;
}

nb::list tick_dtype() {
    nb::list dtype;
    for (const TickField& field : tick_fields) dtype.append(nb::make_tuple(field.name, field.numpy_format));
    return dtype;
}

template <class Row>
nb::object array_of(const nb::object& dtype, const std::vector<Row>& rows) {
    const FilledArray array = make_array(dtype, {rows.size()});
    if (nb::cast<std::size_t>(array.array.attr("itemsize")) != sizeof(Row)) {
        throw JournalFailure("the dtype and the C++ struct have different lengths");
    }
    std::memcpy(array.data, rows.data(), rows.size() * sizeof(Row));
    return array.array;
}

std::string path_of(const nb::object& path) {
    return nb::cast<std::string>(nb::module_::import_("os").attr("fspath")(path));
}

JournalReader open_reader(const std::string& directory, std::uint64_t from_offset) {
    auto opened = JournalReader::open(directory, JournalOffset{from_offset});
    if (!opened) throw JournalFailure(opened.error().to_string());
    return std::move(*opened);
}

// Gives each record to `take` until `records_max` of them, the end, or an error; the offset to continue at. An error
// behind records that were taken is left for the next call, so that what could be read is not lost.
template <class Take>
std::uint64_t for_each_record(JournalReader& reader, std::uint64_t records_max, Take&& take) {
    RecordView record;
    for (std::uint64_t taken = 0; taken < records_max; ++taken) {
        const ReadStatus status = reader.next(record);
        if (status == ReadStatus::error && taken == 0) throw JournalFailure(reader.error().to_string());
        if (status != ReadStatus::record) break;
        take(record);
    }
    return reader.next_offset().value();
}

nb::object read_journal(const nb::object& directory, std::uint64_t from_offset, std::uint64_t max_records) {
    std::vector<RecordRow> rows;
    std::vector<std::byte> payloads;
    std::uint64_t next_offset = 0;
    const std::string path = path_of(directory);
    {
        const nb::gil_scoped_release released;
        JournalReader reader = open_reader(path, from_offset);
        next_offset = for_each_record(reader, max_records, [&](const RecordView& record) {
            rows.push_back({record.offset.value(), payloads.size(), record.header});
            payloads.insert(payloads.end(), record.payload.begin(), record.payload.end());
        });
    }
    const nb::list dtype = dtype_of({{"offset", "<u8"}, {"payload_position", "<u8"}, {"length", "<u4"},
                                     {"crc32c", "<u4"}, {"receive_time_ns", "<i8"}, {"sequence", "<u8"},
                                     {"kind", "u1"}, {"source", "u1"}, {"channel", "<u2"}, {"reserved", "<u4"}});
    return nb::make_tuple(array_of(dtype, rows), array_of(nb::str("u1"), payloads), next_offset);
}

nb::object read_timings(const nb::object& directory, std::uint64_t from_offset, std::uint64_t max_records) {
    std::vector<TimingRow> rows;
    std::uint64_t next_offset = 0;
    const std::string path = path_of(directory);
    {
        const nb::gil_scoped_release released;
        JournalReader reader = open_reader(path, from_offset);
        next_offset = for_each_record(reader, max_records, [&](const RecordView& record) {
            if (record.header.kind != RecordKind::timing || record.payload.size() != sizeof(TimingPayload)) return;
            TimingRow row{record.offset.value(), {}};
            std::memcpy(&row.timing, record.payload.data(), sizeof row.timing);
            rows.push_back(row);
        });
    }
    const nb::list dtype = dtype_of({{"offset", "<u8"}, {"cause_sequence", "<u8"}, {"user_ref_num", "<u4"},
                                     {"reserved", "<u4"}, {"receive_time_ns", "<i8"}, {"decoded_ns", "<i8"},
                                     {"decided_ns", "<i8"}, {"journaled_ns", "<i8"}, {"sent_ns", "<i8"}});
    return nb::make_tuple(array_of(dtype, rows), next_offset);
}

nb::object journal_header(const nb::object& directory, std::uint64_t from_offset) {
    const JournalReader reader = open_reader(path_of(directory), from_offset);
    if (!reader.segment()) return nb::none();
    const SegmentHeader& header = *reader.segment();
    nb::dict result;
    result["format_version"] = journal_format_version;
    result["segment_bytes"] = header.segment_bytes;
    result["site"] = header.identity.site;
    result["mold_session"] = header.identity.mold_session;
    result["trading_day"] = header.identity.trading_day;
    result["release_digest"] = header.identity.release_digest;
    result["config_digest"] = header.identity.config_digest;
    return result;
}

// The normaliser with the place up to which it has been fed.
class PythonNormaliser {
public:
    explicit PythonNormaliser(const std::string& reference_data_json) {
        auto parsed = ReferenceData::parse(reference_data_json);
        if (!parsed) throw std::invalid_argument("reference data: " + parsed.error().reason);
        normaliser_ = std::make_unique<Normaliser>(std::move(*parsed));
    }

    nb::object read(const nb::object& directory, std::uint64_t from_offset, std::uint64_t max_records) {
        if (from_offset != next_offset_) {
            throw std::invalid_argument("the books stand at offset " + std::to_string(next_offset_) +
                                        ", so reading cannot go on at " + std::to_string(from_offset));
        }
        std::vector<TickRecord> ticks, order_events;
        const std::string path = path_of(directory);
        {
            const nb::gil_scoped_release released;
            JournalReader reader = open_reader(path, from_offset);
            TickRecord row;
            next_offset_ = for_each_record(reader, max_records, [&](const RecordView& record) {
                const RowKind kind = normaliser_->apply(record, row);
                if (kind == RowKind::tick) ticks.push_back(row);
                if (kind == RowKind::order_event) order_events.push_back(row);
            });
        }
        const nb::list dtype = tick_dtype();
        return nb::make_tuple(array_of(dtype, ticks), array_of(dtype, order_events), next_offset_);
    }

    [[nodiscard]] nb::dict counts() const {
        const Normaliser::Counts& counted = normaliser_->counts();
        nb::dict result;
        result["ticks"] = counted.ticks;
        result["order_events"] = counted.order_events;
        result["malformed_messages"] = counted.malformed_messages;
        result["unknown_orders"] = counted.unknown_orders;
        return result;
    }

private:
    std::unique_ptr<Normaliser> normaliser_;
    std::uint64_t next_offset_ = 0;
};

nb::dict record_kinds() {
    nb::dict kinds;
    const auto put = [&](const char* name, RecordKind kind) { kinds[name] = static_cast<int>(kind); };
    put("feed_message", RecordKind::feed_message);
    put("order_sent", RecordKind::order_sent);
    put("order_answer", RecordKind::order_answer);
    put("timer", RecordKind::timer);
    put("control", RecordKind::control);
    put("timing", RecordKind::timing);
    put("risk_reject", RecordKind::risk_reject);
    put("snapshot_message", RecordKind::snapshot_message);
    put("gap", RecordKind::gap);
    put("anomaly", RecordKind::anomaly);
    put("model", RecordKind::model);
    return kinds;
}

void bind_normaliser(nb::module_& module) {
    nb::class_<PythonNormaliser>(module, "Normaliser",
                                 "Rows from a journal. It keeps the books, so one is fed from offset 0 on, in order.")
        .def(nb::init<const std::string&>(), nb::arg("reference_data_json"),
             "Text of reference_data.json. Raises ValueError naming the field that is wrong.")
        .def("read", &PythonNormaliser::read, nb::arg("journal_directory"), nb::arg("from_offset"),
             nb::arg("max_records"),
             "(ticks, order_events, next_offset): the rows of at most max_records journal records, as structured "
             "arrays with the dtype of engine.records.numpy_dtype(). from_offset is 0, then each call's next_offset. "
             "Where nothing more is written yet both are empty and next_offset stays. Raises JournalError naming file "
             "and offset.")
        .def("counts", &PythonNormaliser::counts, "Rows so far, malformed messages and references to unknown orders.");
}

}  // namespace

void bind_journal(nb::module_& module) {
    nb::exception<JournalFailure>(module, "JournalError", PyExc_ValueError);
    module.attr("record_kinds") = record_kinds();
    module.def("read_journal", &read_journal, nb::arg("directory"), nb::arg("from_offset") = 0,
               nb::arg("max_records") = records_max_default,
               "(headers, payloads, next_offset): headers is a structured array of offset, payload_position, length, "
               "crc32c, receive_time_ns, sequence, kind, source, channel, reserved; the payload of row i is "
               "payloads[payload_position : payload_position + length], verbatim. `record_kinds` names the kinds. A "
               "journal that is still being written ends where it is written to: call again with next_offset until "
               "headers is empty. Raises JournalError naming file and offset.");
    module.def("read_timings", &read_timings, nb::arg("directory"), nb::arg("from_offset") = 0,
               nb::arg("max_records") = records_max_default,
               "(timings, next_offset): the timing records among the next max_records, a structured array of offset, "
               "cause_sequence, user_ref_num, reserved, receive_time_ns, decoded_ns, decided_ns, journaled_ns, sent_ns "
               "(Unix ns of the host).");
    module.def("journal_header", &journal_header, nb::arg("directory"), nb::arg("from_offset") = 0,
               "Whose journal it is: format_version, segment_bytes, site, mold_session, trading_day, release_digest, "
               "config_digest of the segment in which an offset lies, of the first one where none is given; None where "
               "nothing is written yet.");
    bind_normaliser(module);
}

}  // namespace colo::bindings
