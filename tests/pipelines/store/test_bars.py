"""The definition of bars: DuckDB's against a slow obvious loop, and what the definition refuses."""

from __future__ import annotations

import duckdb
import numpy
import pytest

from engine import records
from pipelines.store.bars import BAR_COLUMNS, DUCKDB, FLINK, bar_names, interval, select_bars
from pipelines.store.tick_store import NULL, bar_dtype, rows_from_arrow
from tests.pipelines.synthetic import SECOND_NS, synthetic_records


def duckdb_bars(ticks: numpy.ndarray, window_ns: int) -> numpy.ndarray:
    table = records.arrow_table(ticks)
    query = f"SELECT {', '.join(bar_names())} FROM ({select_bars(DUCKDB, 'ticks', window_ns)}) ORDER BY ALL"
    with duckdb.connect() as connection:
        connection.register("ticks", table)
        parts = [rows_from_arrow("bars", batch) for batch in connection.sql(query).to_arrow_reader(10_000)]
    return numpy.concatenate(parts) if parts else numpy.empty(0, bar_dtype())


def obvious_bars(ticks: numpy.ndarray, window_ns: int) -> numpy.ndarray:
    """The definition, row by row, as one would explain it."""
    bars: dict[tuple[int, int], dict[str, int]] = {}
    for tick in numpy.sort(ticks, order="sequence"):
        if tick["action"] == ord("S"):
            continue
        start = int(tick["event_time_ns"]) // window_ns * window_ns
        bar = bars.setdefault(
            (int(tick["instrument_id"]), start),
            {
                c.name: NULL if c.nullable else 0
                for c in BAR_COLUMNS
                if c.name not in ("instrument_id", "window_start_ns")
            },
        )
        price, quantity = int(tick["price"]), int(tick["quantity"])
        if tick["flags"] & 1 and chr(tick["action"]) in "FTC":
            if bar["open"] == NULL:
                bar["open"] = bar["high"] = bar["low"] = price
            bar["high"], bar["low"], bar["close"] = max(bar["high"], price), min(bar["low"], price), price
            sign = 1
        else:
            sign = -1 if tick["flags"] & 1 and chr(tick["action"]) == "B" else 0
        bar["volume"] += sign * quantity
        bar["notional"] += sign * price * quantity
        bar["trades"] += sign
        covered = min(int(tick["elapsed_ns"]), int(tick["event_time_ns"]) - start)
        bar["order_flow_imbalance"] += int(tick["order_flow_imbalance"])
        bar["spread_time"] += int(tick["spread_before"]) * covered
        bar["observed_time_ns"] += covered
    rows = [(*key, *bar.values()) for key, bar in sorted(bars.items())]
    return numpy.array(rows, bar_dtype())


@pytest.mark.parametrize("window_ns", [SECOND_NS, 100_000_000, 60 * SECOND_NS])
def test_duckdb_makes_the_bars_of_the_definition(seed: int, window_ns: int):
    ticks, _ = synthetic_records(seed, 20_000)
    expected = obvious_bars(ticks, window_ns)
    assert numpy.array_equal(duckdb_bars(ticks, window_ns), expected)
    assert (expected["trades"] > 0).any()
    assert window_ns > SECOND_NS or (expected["open"] == NULL).any()  # short windows come with and without trades


def test_the_order_of_rows_does_not_matter(seed: int):
    ticks, _ = synthetic_records(seed, 5_000)
    shuffled = numpy.random.default_rng(seed).permutation(ticks)
    assert numpy.array_equal(duckdb_bars(shuffled, SECOND_NS), duckdb_bars(ticks, SECOND_NS))


def test_a_bust_takes_its_trade_back_and_leaves_the_prices():
    ticks = numpy.zeros(3, records.numpy_dtype())
    ticks["sequence"] = (1, 2, 3)
    ticks["event_time_ns"] = 5 * SECOND_NS + numpy.arange(3)
    ticks["instrument_id"] = 7
    ticks["action"] = [ord(letter) for letter in "FFB"]
    ticks["flags"] = 1
    ticks["price"] = (100, 300, 300)
    ticks["quantity"] = (10, 20, 20)
    (bar,) = duckdb_bars(ticks, SECOND_NS)
    assert (bar["volume"], bar["notional"], bar["trades"]) == (10, 1_000, 1)
    assert (bar["open"], bar["high"], bar["low"], bar["close"]) == (100, 300, 100, 300)


def test_a_status_makes_no_window():
    ticks = numpy.zeros(1, records.numpy_dtype())
    ticks["action"] = ord("S")
    assert len(duckdb_bars(ticks, SECOND_NS)) == 0


@pytest.mark.parametrize("window_ns", [0, -1, 1_500_000, 999_999])
def test_a_window_that_is_no_whole_number_of_milliseconds_is_refused(window_ns: int):
    with pytest.raises(ValueError, match=f"window_ns: {window_ns} is not a positive number of whole milliseconds"):
        select_bars(FLINK, "ticks", window_ns)


def test_intervals_have_two_digits_before_the_point():
    assert interval(SECOND_NS) == "INTERVAL '1.000' SECOND"
    assert interval(1_000_000) == "INTERVAL '0.001' SECOND"
    assert interval(300 * SECOND_NS) == "INTERVAL '5' MINUTE"
    assert interval(86_400 * SECOND_NS) == "INTERVAL '24' HOUR"
    with pytest.raises(ValueError, match="a span of 100500000000 ns"):
        interval(100_500_000_000)


def test_both_dialects_name_every_column_and_share_the_formulas():
    for dialect in (DUCKDB, FLINK):
        text = select_bars(dialect, "ticks", SECOND_NS)
        assert all(f"{dialect.quote}{name}{dialect.quote}" in text for name in bar_names())
