"""The store of a desk: a Parquet file (ZSTD) for each table and trading day, read and turned into bars by DuckDB.

    <directory>/ticks/mic=XNAS/trading_day=2012-06-21/rows.parquet      hive partitions: any tool reads the tree
    <directory>/days/XNAS-2012-06-21.json                               {"run_id": ..., "rows": {...}}: a complete day

A table of a day is written beside its place and renamed into it, and the day's file comes last: a crash leaves either
the whole day or a day that is not there, and the run that was interrupted writes it again from its journal. There is
nothing to resume, because reading a whole journal takes seconds.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

import duckdb
import numpy
import pyarrow.parquet

from engine import records
from pipelines.json_file import read_json, write_json
from pipelines.store.bars import DUCKDB, bar_names, select_bars
from pipelines.store.tick_store import ORDER_EVENTS, TICKS, Day, row_dtype, rows_from_arrow, sort_key
from stacks.topology.data_plane import Embedded
from stacks.topology.errors import ColoError

BATCH_ROWS = 262_144


class EmbeddedStore:
    """TickStore over Parquet files below `directory`."""

    def __init__(self, directory: Path, declared: Embedded) -> None:
        self.directory = directory
        self.declared = declared

    def describe(self) -> str:
        """Name and version of what keeps and reads the rows."""
        return f"Parquet ({self.declared.parquet_compression}) and DuckDB {duckdb.__version__}"

    def begin_day(self, day: Day, run_id: str) -> bool:
        """True if the day is complete and of this run; otherwise it is emptied."""
        if self._day_file(day).exists() and read_json(self._day_file(day))["run_id"] == run_id:
            return True
        self._day_file(day).unlink(missing_ok=True)
        for table in (TICKS, ORDER_EVENTS, *(bars.name for bars in self.declared.bars)):
            shutil.rmtree(self._path(table, day).parent, ignore_errors=True)
        return False

    def write_day(self, day: Day, run_id: str, parts: Iterable[tuple[numpy.ndarray, numpy.ndarray]]) -> dict[str, int]:
        """Store (ticks, order events) as they come, make the bars, and complete the day; rows by table.

        A disk that is full or cannot be written is a ColoError that names the folder.
        """
        try:
            return self._write_day(day, run_id, parts)
        except (OSError, duckdb.IOException) as error:
            reason = " ".join(str(error).split())
            raise ColoError(f"{self.directory}: the rows of {day} cannot be written: {reason}") from error

    def _write_day(self, day: Day, run_id: str, parts: Iterable[tuple[numpy.ndarray, numpy.ndarray]]) -> dict[str, int]:
        self.begin_day(day, "")
        writers = {table: _TableWriter(self._path(table, day), self.declared) for table in (TICKS, ORDER_EVENTS)}
        try:
            for ticks, order_events in parts:
                writers[TICKS].append(ticks)
                writers[ORDER_EVENTS].append(order_events)
            rows = {table: writer.finish() for table, writer in writers.items()}
        finally:
            for writer in writers.values():
                writer.discard()
        for bars in self.declared.bars:
            rows[bars.name] = self._make_bars(bars.name, bars.window_ns, day)
        self._day_file(day).parent.mkdir(parents=True, exist_ok=True)
        write_json(self._day_file(day), {"run_id": run_id, "rows": rows})
        return rows

    def row_count(self, table: str, day: Day) -> int:
        """Rows in the footer of the day's file."""
        return pyarrow.parquet.read_metadata(self._existing(table, day)).num_rows

    def batches(self, table: str, day: Day) -> Iterator[numpy.ndarray]:
        """Sorted by DuckDB, which spills to disk what does not fit into its memory limit."""
        names = ", ".join(f'"{name}"' for name in row_dtype(table).names or ())
        source = f"read_parquet('{_quoted(self._existing(table, day))}')"
        with self._duckdb() as connection:
            answer = connection.sql(f"SELECT {names} FROM {source} ORDER BY {', '.join(sort_key(table))}")
            for batch in answer.to_arrow_reader(BATCH_ROWS):
                yield rows_from_arrow(table, batch)

    def path(self, table: str, day: Day) -> Path:
        """The Parquet file of a table and day; ColoError where the day is not stored."""
        return self._existing(table, day)

    def _make_bars(self, name: str, window_ns: int, day: Day) -> int:
        source = f"read_parquet('{_quoted(self._existing(TICKS, day))}')"
        target = self._path(name, day)
        target.parent.mkdir(parents=True, exist_ok=True)
        unfinished = target.with_suffix(".unfinished")
        names = ", ".join(f'"{column}"' for column in bar_names())
        with self._duckdb() as connection:
            connection.execute(
                f"COPY (SELECT {names} FROM ({select_bars(DUCKDB, source, window_ns)}) "
                f"ORDER BY {', '.join(sort_key(name))}) TO '{_quoted(unfinished)}' "
                f"(FORMAT parquet, COMPRESSION {self.declared.parquet_compression})"
            )
        unfinished.rename(target)
        return self.row_count(name, day)

    def _duckdb(self) -> duckdb.DuckDBPyConnection:
        connection = duckdb.connect()
        connection.execute("SET memory_limit = '1GB'")
        connection.execute(f"SET temp_directory = '{_quoted(self.directory / 'spill')}'")
        return connection

    def _existing(self, table: str, day: Day) -> Path:
        path = self._path(table, day)
        if not path.exists():
            raise ColoError(f"{path} does not exist: {table} of {day} is not stored")
        return path

    def _path(self, table: str, day: Day) -> Path:
        folder = self.directory / table / f"mic={day.mic}" / f"trading_day={day.trading_day.isoformat()}"
        return folder / "rows.parquet"

    def _day_file(self, day: Day) -> Path:
        return self.directory / "days" / f"{day.mic}-{day.trading_day.isoformat()}.json"


class _TableWriter:
    """Writes arrays into a Parquet file that gets its name when it is finished."""

    def __init__(self, path: Path, declared: Embedded) -> None:
        self._path = path
        self._unfinished = path.with_suffix(".unfinished")
        self._row_group_rows = declared.row_group_rows
        self._waiting: list[numpy.ndarray] = []
        self._waiting_rows = 0
        self._rows = 0
        path.parent.mkdir(parents=True, exist_ok=True)
        self._writer: pyarrow.parquet.ParquetWriter | None = pyarrow.parquet.ParquetWriter(
            self._unfinished, records.arrow_schema(), compression=declared.parquet_compression, use_dictionary=False
        )

    def append(self, rows: numpy.ndarray) -> None:
        """Take rows; a row group is written once there are enough of them."""
        if len(rows):
            self._waiting.append(rows)
            self._waiting_rows += len(rows)
        if self._waiting_rows >= self._row_group_rows:
            self._write()

    def finish(self) -> int:
        """Complete the file and give it its name; the number of rows in it."""
        self._write()
        assert self._writer is not None
        self._writer.close()
        self._writer = None
        self._unfinished.rename(self._path)
        return self._rows

    def discard(self) -> None:
        """Remove what was not finished; does nothing after `finish`."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None
            self._unfinished.unlink(missing_ok=True)

    def _write(self) -> None:
        if self._waiting and self._writer is not None:
            rows = numpy.concatenate(self._waiting)
            self._writer.write_table(records.arrow_table(rows), row_group_size=self._row_group_rows)
            self._rows += len(rows)
        self._waiting, self._waiting_rows = [], 0


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
