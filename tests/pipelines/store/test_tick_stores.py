"""One suite for both stores: what goes in comes out, days are replaced or kept, and equal content has an equal hash."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy
import pytest

from pipelines.store.copy_binary import HEADER, TRAILER, copy_dtype, decode_rows, encode_rows
from pipelines.store.embedded import EmbeddedStore
from pipelines.store.postgresql import PostgresqlStore
from pipelines.store.tick_store import (
    NULL,
    ORDER_EVENTS,
    TICKS,
    Day,
    TickStore,
    bar_dtype,
    content_hash,
    hash_rows,
    read_arrow,
    read_rows,
    row_dtype,
    rows_from_arrow,
)
from stacks.sites import load_site
from stacks.topology.errors import ColoError
from tests.pipelines.live_plane import LivePlane
from tests.pipelines.synthetic import SyntheticSource, synthetic_records


class Filled:
    """A store, and how a test puts a day into it."""

    def __init__(self, store: TickStore, fill) -> None:
        self.store = store
        self.fill = fill


def embedded_store(directory: Path) -> Filled:
    declared = load_site("desk").data_plane
    assert declared.kind == "embedded"
    store = EmbeddedStore(directory, declared)
    return Filled(store, lambda day, run, source: store.write_day(day, run, source.parts(1_000)))


def fill_postgresql(store: PostgresqlStore, day: Day, run_id: str, source: SyntheticSource) -> None:
    wire = copy_dtype(row_dtype(TICKS), mic=True)
    if store.begin_day(day, run_id):
        return
    for kinds in source.parts(1_000):
        for table, rows in zip((TICKS, ORDER_EVENTS), kinds, strict=True):
            with (
                store.connection.cursor() as cursor,
                cursor.copy(f"COPY {store.target(table, day)} FROM STDIN (FORMAT binary)") as copy,
            ):
                copy.write(HEADER + encode_rows(rows, wire, day.mic, day.trading_day) + TRAILER)
    store.finish_day(day)


@pytest.fixture(params=["embedded", pytest.param("postgresql", marks=pytest.mark.services)])
def filled(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Filled]:
    if request.param == "embedded":
        yield embedded_store(tmp_path / "store")
        return
    live: LivePlane = request.getfixturevalue("live_plane")
    with live.store() as store:
        yield Filled(store, lambda day, run, source: fill_postgresql(store, day, run, source))


def sorted_rows(rows: numpy.ndarray) -> numpy.ndarray:
    return numpy.sort(rows, order=["sequence", "journal_offset"])


def test_rows_come_back_as_they_went_in(filled: Filled, day: Day, seed: int):
    ticks, order_events = synthetic_records(seed, 5_000)
    filled.fill(day, "one", SyntheticSource(ticks, order_events))
    assert numpy.array_equal(read_rows(filled.store, TICKS, day), ticks)
    assert numpy.array_equal(read_rows(filled.store, ORDER_EVENTS, day), sorted_rows(order_events))
    assert filled.store.row_count(TICKS, day) == len(ticks)
    assert content_hash(filled.store, TICKS, day) == hash_rows([ticks])
    assert read_arrow(filled.store, TICKS, day).num_rows == len(ticks)


def test_a_changed_row_changes_the_hash(filled: Filled, day: Day, seed: int):
    ticks, order_events = synthetic_records(seed, 500)
    before = hash_rows([ticks])
    ticks["price"][len(ticks) // 2] += 1
    filled.fill(day, "one", SyntheticSource(ticks, order_events))
    assert content_hash(filled.store, TICKS, day) != before


def test_another_run_replaces_the_day_and_no_other(filled: Filled, day: Day, seed: int):
    other = Day(day.mic, date(2020, 1, 2))
    first, second = SyntheticSource(*synthetic_records(seed, 900)), SyntheticSource(*synthetic_records(seed + 1, 700))
    filled.fill(day, "one", first)
    filled.fill(other, "one", first)
    filled.fill(day, "two", second)
    assert filled.store.row_count(TICKS, day) == 700
    assert filled.store.row_count(TICKS, other) == 900
    assert filled.store.begin_day(day, "two") is True  # goes on: nothing is lost
    assert filled.store.row_count(TICKS, day) == 700
    assert filled.store.begin_day(day, "three") is False


def test_both_stores_describe_themselves(filled: Filled):
    assert filled.store.describe().startswith(("Parquet (zstd) and DuckDB", "PostgreSQL "))


@pytest.mark.services
def test_postgresql_says_which_form_its_tables_have(live_plane: LivePlane):
    with live_plane.store() as store:
        assert ("TimescaleDB" in store.describe()) == store.hyper
        assert store.hyper or "native partitions" in store.describe()


@pytest.mark.services
def test_postgresql_refuses_a_row_twice(live_plane: LivePlane, day: Day, seed: int):
    source = SyntheticSource(*synthetic_records(seed, 100))
    with live_plane.store() as store:
        fill_postgresql(store, day, "one", source)
        query = f"INSERT INTO {store.target(TICKS, day)} SELECT * FROM ticks WHERE trading_day = %s LIMIT 1"
        with pytest.raises(Exception, match="duplicate key value"):
            store.connection.execute(query, (day.trading_day,))


def test_an_interrupted_day_is_not_there(tmp_path: Path, day: Day, seed: int):
    filled = embedded_store(tmp_path)
    source = SyntheticSource(*synthetic_records(seed, 3_000))
    filled.fill(day, "one", source)

    def broken():
        yield from list(source.parts(1_000))[:2]
        raise OSError("the disk is gone")

    with pytest.raises((OSError, ColoError), match="the disk is gone"):
        filled.store.write_day(day, "two", broken())
    with pytest.raises(ColoError, match=f"ticks of {day} is not stored"):
        filled.store.path(TICKS, day)
    assert not list(tmp_path.rglob("*.unfinished"))
    filled.fill(day, "two", source)
    assert filled.store.row_count(TICKS, day) == 3_000


def test_binary_copy_keeps_every_extreme(seed: int):
    dtype = row_dtype(TICKS)
    rows = numpy.frombuffer(numpy.random.default_rng(seed).bytes(dtype.itemsize * 50), dtype).copy()
    for name in dtype.names or ():
        limits = numpy.iinfo(dtype[name])
        rows[name][:2] = (limits.min, limits.max)
    encoded = encode_rows(rows, copy_dtype(dtype, mic=True), "XNAS", date(2012, 6, 21))
    plain = numpy.frombuffer(encoded, copy_dtype(dtype, mic=True))
    assert set(plain["mic"]) == {b"XNAS"} and set(plain["trading_day"]) == {4_555}
    stripped = numpy.zeros(len(rows), copy_dtype(dtype))
    for name in stripped.dtype.names or ():
        stripped[name] = plain[name]
    assert numpy.array_equal(decode_rows(stripped.tobytes(), copy_dtype(dtype), dtype), rows)


def test_nulls_of_bars_survive_arrow():
    bars = numpy.zeros(3, bar_dtype())
    bars["open"] = (NULL, 5, NULL)
    from pipelines.store.tick_store import arrow_bars

    table = arrow_bars(bars)
    assert table["open"].to_pylist() == [None, 5, None]
    (batch,) = table.to_batches()
    assert numpy.array_equal(rows_from_arrow("bars_1s", batch), bars)
