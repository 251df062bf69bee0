"""The store of a site with services: PostgreSQL, with hypertables where TimescaleDB is present, else partitions.

Ticks and order events are written by the loader (pipelines/stream/loader.py) with binary COPY, in one transaction
with the Kafka offsets that they came from; bars are upserted by the Flink job. This module makes the tables, replaces
a day, and reads rows back as arrays, decoding PostgreSQL's binary COPY format column by column with NumPy.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy

from pipelines.services.postgresql import connect
from pipelines.store.bars import BAR_COLUMNS
from pipelines.store.copy_binary import HEADER_BYTES, TRAILER, copy_dtype, decode_rows
from pipelines.store.postgresql_tables import (
    partition_name,
    render_day_index,
    render_partition,
    render_schema,
)
from pipelines.store.tick_store import NULL, ORDER_EVENTS, TICKS, Day, row_dtype, sort_key
from stacks.topology.data_plane import Bars, Postgres

RECORD_TABLES = (TICKS, ORDER_EVENTS)
BATCH_BYTES = 8 * 1024 * 1024


class PostgresqlStore:
    """TickStore over one database. A store has one connection and is used by one thread; close it, or use `with`."""

    def __init__(self, declared: Postgres, bars: tuple[Bars, ...], password_file: Path) -> None:
        self.declared = declared
        self.bar_tables = tuple(each.name for each in bars)
        self.connection = connect(declared, password_file, autocommit=True)
        self.hyper = self._offers_timescaledb()
        self._made = False

    def __enter__(self) -> PostgresqlStore:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        """End the connection."""
        self.connection.close()

    def describe(self) -> str:
        """Version of the server, and which form the tables have."""
        version = self.connection.info.parameter_status("server_version") or ""
        form = "native partitions"
        if self.hyper:
            row = self._one("SELECT default_version FROM pg_available_extensions WHERE name = 'timescaledb'")
            form = f"TimescaleDB {row[0]} hypertables"
        return f"PostgreSQL {version.split()[0]}, {form}"

    def make_tables(self) -> None:
        """Make what is missing of schema and tables."""
        if not self._made:
            self._run(render_schema(self.declared, RECORD_TABLES, self.bar_tables, self.hyper))
            self._made = True

    def begin_day(self, day: Day, run_id: str) -> bool:
        """Keep the day if it is of this run; otherwise replace it, and all it held is gone when this returns."""
        self.make_tables()
        with self.connection.transaction():
            known = self.connection.execute(
                "SELECT run_id FROM days WHERE mic = %s AND trading_day = %s FOR UPDATE", (day.mic, day.trading_day)
            ).fetchone()
            if known and known[0] == run_id:
                return True
            for table in (*RECORD_TABLES, *self.bar_tables):
                self._empty(table, day)
            if known:
                self.connection.execute("DELETE FROM stream_offsets WHERE topic LIKE %s", (f"%.{known[0]}",))
            self.connection.execute(
                "INSERT INTO days VALUES (%s, %s, %s) "
                "ON CONFLICT (mic, trading_day) DO UPDATE SET run_id = excluded.run_id",
                (day.mic, day.trading_day, run_id),
            )
        return False

    def finish_day(self, day: Day) -> None:
        """Index a loaded day for queries, let the planner know its statistics, and have all of it on disk."""
        self._run("SET synchronous_commit = on")  # what follows waits for the log, which holds what came before too
        for table in RECORD_TABLES:
            self._run(render_day_index(self.declared, table, day, self.hyper))
            self._run(f"ANALYZE {self.target(table, day)}")

    def run_id(self, day: Day) -> str | None:
        """The run whose rows a day holds; None for a day that was never begun."""
        self.make_tables()
        row = self.connection.execute(
            "SELECT run_id FROM days WHERE mic = %s AND trading_day = %s", (day.mic, day.trading_day)
        ).fetchone()
        return row[0] if row else None

    def target(self, table: str, day: Day) -> str:
        """Where rows of a day are copied to: the partition itself where there is one, which spares routing each row."""
        return f"{self.declared.schema_name}.{table if self.hyper else partition_name(table, day)}"

    def row_count(self, table: str, day: Day) -> int:
        """Exact, by counting."""
        query = f"SELECT count(*) FROM {table} WHERE mic = %s AND trading_day = %s"
        return int(self.connection.execute(query, (day.mic, day.trading_day)).fetchone()[0])  # type: ignore[index]

    def distinct_count(self, table: str, day: Day) -> int:
        """Number of different journal offsets among the rows of a day."""
        query = f"SELECT count(DISTINCT journal_offset) FROM {table} WHERE mic = %s AND trading_day = %s"
        return int(self.connection.execute(query, (day.mic, day.trading_day)).fetchone()[0])  # type: ignore[index]

    def last_offsets(self, topic: str) -> dict[int, int]:
        """By partition, the Kafka offset of the last message that is stored."""
        query = "SELECT partition, next_offset - 1 FROM stream_offsets WHERE topic = %s"
        return {int(partition): int(last) for partition, last in self.connection.execute(query, (topic,))}

    def batches(self, table: str, day: Day) -> Iterator[numpy.ndarray]:
        """Sorted by the server and streamed: memory stays bounded whatever the day's length."""
        dtype = row_dtype(table)
        columns = ", ".join(_column(table, name) for name in dtype.names or ())
        query = (
            f"COPY (SELECT {columns} FROM {self.declared.schema_name}.{table} "
            f"WHERE mic = '{day.mic}' AND trading_day = '{day.trading_day.isoformat()}' "
            f"ORDER BY {', '.join(sort_key(table))}) TO STDOUT (FORMAT binary)"
        )
        wire = copy_dtype(dtype)
        with self.connection.cursor() as cursor, cursor.copy(query) as copy:
            waiting = bytearray()
            header = HEADER_BYTES
            for piece in copy:
                waiting += piece
                if header and len(waiting) >= header:
                    del waiting[:header]
                    header = 0
                if not header and len(waiting) >= BATCH_BYTES:
                    whole = len(waiting) // wire.itemsize * wire.itemsize
                    yield decode_rows(bytes(waiting[:whole]), wire, dtype)
                    del waiting[:whole]
        assert waiting.endswith(TRAILER)
        if len(waiting) > len(TRAILER):
            yield decode_rows(bytes(waiting[: -len(TRAILER)]), wire, dtype)

    def _empty(self, table: str, day: Day) -> None:
        if self.hyper:
            query = f"DELETE FROM {table} WHERE mic = %s AND trading_day = %s"
            self.connection.execute(query, (day.mic, day.trading_day))
            return
        self._run(f"DROP TABLE IF EXISTS {self.declared.schema_name}.{partition_name(table, day)}")
        self._run(render_partition(self.declared, table, day, unique_offset=table in RECORD_TABLES))

    def _offers_timescaledb(self) -> bool:
        """Installed beside the server and loaded by it: without the second, CREATE EXTENSION ends the session."""
        available = self._one("SELECT count(*) FROM pg_available_extensions WHERE name = 'timescaledb'")[0]
        return bool(available) and "timescaledb" in str(self._one("SHOW shared_preload_libraries")[0])

    def _one(self, query: str) -> tuple[object, ...]:
        row = self.connection.execute(query).fetchone()
        assert row is not None
        return row

    def _run(self, statements: str) -> None:
        self.connection.execute(statements.encode())


def _column(table: str, name: str) -> str:
    nullable = table not in RECORD_TABLES and any(c.nullable for c in BAR_COLUMNS if c.name == name)
    return f'coalesce("{name}", {NULL}) AS "{name}"' if nullable else f'"{name}"'
