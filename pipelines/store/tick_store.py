"""What every store of ticks can do, so that checks, reports and tests do not care which one a site has.

A store holds each trading day of each venue once. The rows of a day belong to one run, known by its `run_id`: rows
carry no run of their own, so a new complete run of the same day replaces the day (`begin_day` with another run_id),
and a run that goes on where it was interrupted keeps it (`begin_day` with the run_id that the day already has).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Protocol

import numpy
import pyarrow

from engine import records
from pipelines.store.bars import BAR_COLUMNS

TICKS = "ticks"
ORDER_EVENTS = "order_events"

NULL = numpy.iinfo(numpy.int64).min
"""Stands for NULL in arrays of bars: no price, volume or time is ever this number."""


@dataclass(frozen=True)
class Day:
    """A trading day of a venue."""

    mic: str
    trading_day: date

    def __str__(self) -> str:
        return f"{self.mic} {self.trading_day.isoformat()}"


class TickStore(Protocol):
    """A store of ticks, order events and bars. `table` is TICKS, ORDER_EVENTS or the name of declared bars."""

    def describe(self) -> str:
        """What the store is, for reports, such as "PostgreSQL 15.18, native partitions"."""
        ...

    def begin_day(self, day: Day, run_id: str) -> bool:
        """Make the day ready for rows of a run; True if rows of this very run were kept, False if the day is empty."""
        ...

    def row_count(self, table: str, day: Day) -> int:
        """Number of rows of a day."""
        ...

    def batches(self, table: str, day: Day) -> Iterator[numpy.ndarray]:
        """Rows of a day as arrays of `row_dtype(table)`, sorted by `sort_key(table)`, over all arrays."""
        ...


def row_dtype(table: str) -> numpy.dtype:
    """Packed little-endian dtype of a table's rows."""
    return records.numpy_dtype() if table in (TICKS, ORDER_EVENTS) else bar_dtype()


def bar_dtype() -> numpy.dtype:
    """Packed dtype of a bar; a NULL is the number NULL."""
    return numpy.dtype([(column.name, column.type.numpy) for column in BAR_COLUMNS])


def sort_key(table: str) -> tuple[str, str]:
    """Columns by which rows are sorted where their order matters; together they are unique in a day."""
    return ("sequence", "journal_offset") if table in (TICKS, ORDER_EVENTS) else ("instrument_id", "window_start_ns")


def content_hash(store: TickStore, table: str, day: Day) -> str:
    """SHA-256 (hex) over the packed bytes of a day's rows in their order: equal in all stores with the same content."""
    return hash_rows(store.batches(table, day))


def hash_rows(batches: Iterable[numpy.ndarray]) -> str:
    """SHA-256 (hex) over arrays of rows that are already sorted."""
    digest = hashlib.sha256()
    for rows in batches:
        digest.update(numpy.ascontiguousarray(rows).view(numpy.uint8))
    return digest.hexdigest()


def read_rows(store: TickStore, table: str, day: Day) -> numpy.ndarray:
    """All rows of a day in one array; for days that fit into memory."""
    batches = list(store.batches(table, day))
    return numpy.concatenate(batches) if batches else numpy.empty(0, row_dtype(table))


def read_arrow(store: TickStore, table: str, day: Day) -> pyarrow.Table:
    """All rows of a day as Arrow columns, NULLs of bars as nulls; for days that fit into memory."""
    rows = read_rows(store, table, day)
    return records.arrow_table(rows) if table in (TICKS, ORDER_EVENTS) else arrow_bars(rows)


def arrow_bars(rows: numpy.ndarray) -> pyarrow.Table:
    """Bars as Arrow columns."""
    columns, fields = [], []
    for column in BAR_COLUMNS:
        values = numpy.ascontiguousarray(rows[column.name])
        kind = getattr(pyarrow, column.type.arrow)()
        columns.append(pyarrow.array(values, kind, mask=values == NULL if column.nullable else None))
        fields.append(pyarrow.field(column.name, kind, nullable=column.nullable))
    return pyarrow.Table.from_arrays(columns, schema=pyarrow.schema(fields))


def rows_from_arrow(table: str, batch: pyarrow.RecordBatch) -> numpy.ndarray:
    """Rows from Arrow columns that are in the order of `row_dtype(table)`."""
    rows = numpy.empty(batch.num_rows, row_dtype(table))
    for name, column in zip(rows.dtype.names or (), batch.columns, strict=True):
        rows[name] = (column.fill_null(NULL) if column.null_count else column).to_numpy(zero_copy_only=False)
    return rows
