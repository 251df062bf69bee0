"""The normalised record: one layout, the same in C++, NumPy, Arrow and SQL, pinned by a vector."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy
import pyarrow
import pytest

from engine import records

VECTOR = bytes.fromhex(
    "0270a45c78a69912" "8907030201000000" "0504030201000000" "f4a12dc964000000"
    "0800000000000000" "0000000000000000" "d80a220000000000" "5002000000000000"
    "f006220000000000" "6400000000000000" "d80a220000000000" "5002000000000000"
    "0000000000000000" "0000000000000000" "0000000000000000" "6f000000" "41" "53" "0200"
)  # fmt: skip


def test_a_vector_of_the_engine_reads_as_its_fields() -> None:
    (row,) = numpy.frombuffer(VECTOR, records.numpy_dtype())
    assert row["event_time_ns"] == 1340285400000000002
    assert row["sequence"] == 0x0102030405
    assert row["journal_offset"] == 4096 + 100 * 0x0102030405
    assert (row["order_id"], row["price"], row["quantity"]) == (8, 2_231_000, 0x250)
    assert (row["bid_price"], row["bid_quantity"]) == (2_230_000, 100)
    assert (row["ask_price"], row["ask_quantity"]) == (2_231_000, 0x250)
    assert (row["instrument_id"], row["action"], row["side"]) == (111, ord("A"), ord("S"))
    assert row["flags"] == records.flag("synthetic")


def test_the_dtype_is_packed_and_as_long_as_the_record() -> None:
    dtype = records.numpy_dtype()
    assert dtype.itemsize == records.RECORD_BYTES == 128
    assert {name: dtype.fields[name][1] for name in dtype.names} == records.offsets()


@pytest.mark.parametrize("columns", [records.postgresql_columns, records.flink_columns, records.duckdb_columns])
def test_every_store_has_every_column_in_order(columns) -> None:
    assert tuple(name for name, _ in columns()) == records.field_names() == tuple(records.numpy_dtype().names)


def test_arrow_keeps_every_value() -> None:
    random = numpy.random.default_rng(7)
    rows = numpy.frombuffer(random.bytes(128 * 1000), records.numpy_dtype())
    table = records.arrow_table(rows)
    assert table.schema.equals(records.arrow_schema(), check_metadata=True)
    for name in records.field_names():
        assert table[name].type == pyarrow.from_numpy_dtype(rows[name].dtype)
        assert (table[name].to_numpy() == rows[name]).all()


def test_codes_are_unique_and_named() -> None:
    codes = [code for code, _ in records.ACTIONS.values()]
    assert len(set(codes)) == len(codes) and all(len(code) == 1 for code in codes)
    bits = [bit for bit, _ in records.FLAGS.values()]
    assert len(set(bits)) == len(bits) and all(bit & (bit - 1) == 0 for bit in bits)
    assert records.action_code("execute_order") == ord("F")
    assert records.flag("auction") == 32


def test_the_schema_id_follows_the_layout(monkeypatch: pytest.MonkeyPatch) -> None:
    before = records.schema_id()
    monkeypatch.setattr(records, "FIELDS", records.FIELDS[::-1])
    assert records.schema_id() != before


def test_a_gap_between_fields_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "FIELDS", (records.FIELDS[-2], *records.FIELDS))
    with pytest.raises(ValueError, match=r"field event_time_ns at byte 1 is not aligned"):
        records.offsets()


def test_the_header_compiles_and_asserts_every_offset(tmp_path: Path, repository_root: Path) -> None:
    header = tmp_path / "tick_record.hpp"
    command = [sys.executable, "-S", "-E", "engine/records.py", "--header", str(header)]  # -S: no installed package
    subprocess.run(command, cwd=repository_root, check=True)
    written = header.stat().st_mtime_ns
    subprocess.run(command, cwd=repository_root, check=True)
    assert header.stat().st_mtime_ns == written, "an unchanged header is not written again"
    text = header.read_text()
    for name, offset in records.offsets().items():
        assert f"static_assert(offsetof(TickRecord, {name}) == {offset});" in text
    source = tmp_path / "check.cpp"
    source.write_text('#include "tick_record.hpp"\nint main() { return sizeof(colo::TickRecord) == 128 ? 0 : 1; }\n')
    flags = ["-std=c++20", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Werror", "-fsyntax-only"]
    subprocess.run(["g++", *flags, str(source)], check=True)
