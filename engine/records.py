"""The normalised record: one 128-byte layout, owned here, from which every other form of it is derived.

The C++ struct (`render_header`), the NumPy dtype, the Arrow schema and the columns of PostgreSQL, Flink SQL and DuckDB
are all printed from `FIELDS`, so that a tick has the same bytes in Kafka, in memory and on disk, and no column list
stands twice. Two kinds of rows use the layout: ticks (one for each feed message of the journal) and order events (one
for each own order, venue answer and risk refusal). Importing this module needs the standard library alone, because
the C++ build runs it (`python engine/records.py --header PATH`) before any package is installed.
"""

from __future__ import annotations

import argparse
import sys
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy
    import pyarrow


@dataclass(frozen=True)
class FieldType:
    """One integer type under the name that each system gives it; all are signed and little endian."""

    name: str
    width_bytes: int
    cpp: str
    numpy: str
    arrow: str
    postgresql: str
    flink: str
    duckdb: str


@dataclass(frozen=True)
class Field:
    """One field of the record: its name is also the column's name everywhere."""

    name: str
    type: FieldType
    doc: str


I64 = FieldType("i64", 8, "std::int64_t", "<i8", "int64", "bigint", "BIGINT", "BIGINT")
I32 = FieldType("i32", 4, "std::int32_t", "<i4", "int32", "integer", "INT", "INTEGER")
I16 = FieldType("i16", 2, "std::int16_t", "<i2", "int16", "smallint", "SMALLINT", "SMALLINT")
I8 = FieldType("i8", 1, "std::int8_t", "|i1", "int8", "smallint", "TINYINT", "TINYINT")

FIELDS: tuple[Field, ...] = (
    Field("event_time_ns", I64, "Unix ns of the event: the trading day's midnight plus the venue's timestamp."),
    Field("receive_time_ns", I64, "Unix ns at which this host received or made the record."),
    Field("sequence", I64, "Feed: MoldUDP64 sequence number; order: that of its cause; answer: SoupBinTCP number."),
    Field("journal_offset", I64, "Offset of the record in the journal: leads back to the bytes on the wire."),
    Field("order_id", I64, "Feed: the venue's order reference number; own orders: the OUCH UserRefNum; else 0."),
    Field("reference", I64, "Match number of an execution, trade, cross or bust; original order of a replace; else 0."),
    Field("price", I64, "Price of the action in units of 1e-4 of the currency; 0 where the message has none."),
    Field("quantity", I64, "Shares of the action: added, removed, traded or ordered; 0 where the message has none."),
    Field("bid_price", I64, "Best bid after the message; 0 together with bid_quantity where the side is empty."),
    Field("bid_quantity", I64, "Displayed shares at the best bid after the message."),
    Field("ask_price", I64, "Best ask after the message; 0 together with ask_quantity where the side is empty."),
    Field("ask_quantity", I64, "Displayed shares at the best ask after the message."),
    Field(
        "order_flow_imbalance",
        I64,
        "Contribution e_n in shares (Cont, Kukanov, Stoikov 2014); 0 unless two-sided before and after.",
    ),
    Field("spread_before", I64, "Best ask less best bid before the message; 0 unless two-sided."),
    Field("elapsed_ns", I64, "Event time since the instrument's previous message while two-sided before this; else 0."),
    Field("instrument_id", I32, "Stable id from the reference data; 0 where the message names no instrument."),
    Field("action", I8, "What happened, an ASCII letter of ACTIONS."),
    Field("side", I8, "ASCII 'B' or 'S', 0 where there is none."),
    Field("flags", I16, "Bits of FLAGS."),
)

RECORD_BYTES = 128
LAYOUT_VERSION = 1

ACTIONS: dict[str, tuple[str, str]] = {
    "add_order": ("A", "displayed order added"),
    "replace_order": ("M", "displayed order replaced"),
    "cancel_order": ("X", "displayed order partly cancelled"),
    "delete_order": ("D", "displayed order deleted"),
    "execute_order": ("F", "displayed order executed"),
    "trade": ("T", "trade against a hidden order"),
    "cross": ("C", "cross trade"),
    "bust": ("B", "broken trade, with price and quantity of the trade that it breaks"),
    "imbalance": ("I", "net order imbalance indicator"),
    "status": ("S", "every other feed message"),
    "own_new": ("N", "own new order"),
    "own_replace": ("R", "own replace request"),
    "own_cancel": ("K", "own cancel request"),
    "own_accepted": ("a", "own order accepted"),
    "own_rejected": ("r", "own order rejected by the venue"),
    "own_replaced": ("m", "own order replaced"),
    "own_cancelled": ("k", "own order cancelled, wholly or in part"),
    "own_executed": ("f", "own order executed"),
    "own_refused": ("j", "own order refused by our risk gate"),
    "own_other": ("o", "every other message of the order session"),
}

FLAGS: dict[str, tuple[int, str]] = {
    "printable": (1, "execution, trade or cross that counts towards volume"),
    "synthetic": (2, "message that the completion of a recorded session added"),
    "own": (4, "row of our own order flow"),
    "halted": (8, "instrument halted, paused or in quotation only"),
    "unknown_order": (16, "reference to an order that the book does not hold"),
    "refused": (64, "message that the book could not apply: a duplicate reference, too much executed, a wrong field"),
    "auction": (32, "outside continuous trading: before the open or after the close"),
}


def field_names() -> tuple[str, ...]:
    """Names of the columns in the order of the record."""
    return tuple(field.name for field in FIELDS)


def offsets() -> dict[str, int]:
    """Byte offset of each field; the fields lie without padding and fill RECORD_BYTES."""
    found: dict[str, int] = {}
    offset = 0
    for field in FIELDS:
        if offset % field.type.width_bytes:
            raise ValueError(f"field {field.name} at byte {offset} is not aligned to {field.type.width_bytes}")
        found[field.name] = offset
        offset += field.type.width_bytes
    if offset != RECORD_BYTES:
        raise ValueError(f"the fields fill {offset} bytes, not {RECORD_BYTES}")
    return found


def schema_id() -> int:
    """CRC-32 of the layout's text: travels in Kafka headers, so that a reader refuses records of another layout."""
    text = ";".join(f"{field.name}:{field.type.name}" for field in FIELDS)
    return zlib.crc32(f"v{LAYOUT_VERSION};{text}".encode("ascii"))


def action_code(name: str) -> int:
    """ASCII code of the action called `name`, such as action_code("add_order")."""
    return ord(ACTIONS[name][0])


def flag(name: str) -> int:
    """Bit of the flag called `name`, such as flag("printable")."""
    return FLAGS[name][0]


def numpy_dtype() -> numpy.dtype:
    """Packed structured dtype of 128 bytes: `numpy.frombuffer(message, numpy_dtype())` is a table of rows."""
    import numpy

    return numpy.dtype([(field.name, field.type.numpy) for field in FIELDS])


def arrow_schema() -> pyarrow.Schema:
    """Arrow schema with the same columns, none of them nullable."""
    import pyarrow

    return pyarrow.schema(
        [pyarrow.field(field.name, getattr(pyarrow, field.type.arrow)(), nullable=False) for field in FIELDS],
        metadata={"colo.layout_version": str(LAYOUT_VERSION), "colo.schema_id": str(schema_id())},
    )


def arrow_table(records: numpy.ndarray) -> pyarrow.Table:
    """Columns of a structured array of `numpy_dtype()`; one copy of each column, because rows lie interleaved."""
    import numpy
    import pyarrow

    columns = [pyarrow.array(numpy.ascontiguousarray(records[field.name])) for field in FIELDS]
    return pyarrow.Table.from_arrays(columns, schema=arrow_schema())


def postgresql_columns() -> tuple[tuple[str, str], ...]:
    """(column, type) pairs of PostgreSQL, all NOT NULL; PostgreSQL has no one-byte integer, so i8 is a smallint."""
    return tuple((field.name, field.type.postgresql) for field in FIELDS)


def flink_columns() -> tuple[tuple[str, str], ...]:
    """(column, type) pairs of Flink SQL."""
    return tuple((field.name, field.type.flink) for field in FIELDS)


def duckdb_columns() -> tuple[tuple[str, str], ...]:
    """(column, type) pairs of DuckDB."""
    return tuple((field.name, field.type.duckdb) for field in FIELDS)


def column_list(columns: tuple[tuple[str, str], ...], suffix: str = "") -> str:
    """Body of a CREATE TABLE: one column a line, each with `suffix` (such as " NOT NULL")."""
    return ",\n".join(f"    {name} {kind}{suffix}" for name, kind in columns)


def render_header() -> str:
    """The C++ header: the struct, its actions and flags, and assertions that pin every offset."""
    lines = [
        "// The normalised record of 128 bytes, rendered from engine/records.py, which owns it.",
        "#pragma once",
        "",
        "#include <bit>",
        "#include <cstddef>",
        "#include <cstdint>",
        "#include <type_traits>",
        "",
        "namespace colo {",
        "",
        f"inline constexpr std::uint32_t tick_layout_version = {LAYOUT_VERSION};",
        f"inline constexpr std::uint32_t tick_schema_id = {schema_id()}u;",
        "",
        "struct TickRecord {",
    ]
    for field in FIELDS:
        lines += [f"  // {field.doc}", f"  {field.type.cpp} {field.name};"]
    lines += ["};", "", "// Name and NumPy format of each field, in order."]
    lines += ["struct TickField {", "  const char* name;", "  const char* numpy_format;", "};"]
    lines += ["inline constexpr TickField tick_fields[] = {"]
    lines += [f'    {{"{field.name}", "{field.type.numpy}"}},' for field in FIELDS]
    lines += ["};", "", "namespace tick_action {"]
    lines += [f"inline constexpr std::int8_t {name} = '{code}';  // {doc}" for name, (code, doc) in ACTIONS.items()]
    lines += ["}  // namespace tick_action", "", "namespace tick_flag {"]
    lines += [f"inline constexpr std::int16_t {name} = {bit};  // {doc}" for name, (bit, doc) in FLAGS.items()]
    lines += ["}  // namespace tick_flag", ""]
    lines += [
        f"static_assert(sizeof(TickRecord) == {RECORD_BYTES});",
        "static_assert(std::is_trivially_copyable_v<TickRecord> && std::is_standard_layout_v<TickRecord>);",
        "static_assert(std::endian::native == std::endian::little);",
    ]
    lines += [f"static_assert(offsetof(TickRecord, {name}) == {offset});" for name, offset in offsets().items()]
    lines += ["", "}  // namespace colo", ""]
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    """Write the C++ header; a header that already has this text keeps its time stamp, so that nothing is rebuilt."""
    parser = argparse.ArgumentParser(prog="records", description="Render the normalised record as a C++ header.")
    parser.add_argument("--header", type=Path, required=True, help="file to write")
    path: Path = parser.parse_args(arguments).header
    text = render_header()
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
