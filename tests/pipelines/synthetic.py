"""Seeded, plausible normalised records for tests of the stream and the stores: no engine and no journal needed.

The stream holds what real ones hold and what breaks naive code: busts, hidden trades, crosses, unprintable executions,
halts, empty sides of the book, statuses without an instrument, windows without a trade, gaps of many windows, and
events in the last and first nanosecond of a window.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import date

import numpy

from engine import records
from pipelines.store.tick_store import Day

DAY = Day("XNAS", date(2012, 6, 21))
MIDNIGHT_NS = 1_340_251_200_000_000_000
SECOND_NS = 1_000_000_000
INSTRUMENTS = (271_828, 314_159, 161_803, 2_000_000_001)

MARKET = {"A": 40, "D": 25, "X": 6, "M": 8, "F": 14, "T": 3, "C": 1, "B": 1, "I": 1, "S": 1}
OWN = "NRKarmkfjo"


def synthetic_records(seed: int, messages: int) -> tuple[numpy.ndarray, numpy.ndarray]:
    """(ticks, order events) as a normaliser would make them of a journal with `messages` feed messages."""
    random = numpy.random.default_rng(seed)
    ticks = _ticks(random, messages)
    order_events = _order_events(random, ticks)
    # Both lie in one journal: offsets rise over both kinds together, by the order of what caused them.
    order = numpy.argsort(numpy.concatenate([ticks["sequence"] * 2, order_events["sequence"] * 2 + 1]), kind="stable")
    offsets = numpy.empty(len(order), numpy.int64)
    offsets[order] = 4096 + numpy.cumsum(random.integers(7, 13, len(order)) * 8)
    ticks["journal_offset"] = offsets[: len(ticks)]
    order_events["journal_offset"] = offsets[len(ticks) :]
    return ticks, order_events


def _ticks(random: numpy.random.Generator, messages: int) -> numpy.ndarray:
    ticks = numpy.zeros(messages, records.numpy_dtype())
    ticks["sequence"] = numpy.arange(1, messages + 1)
    steps = random.exponential(2_000_000, messages).astype(numpy.int64)
    steps[random.random(messages) < 0.0005] += 7 * SECOND_NS
    steps[random.random(messages) < 0.1] = 0
    times = MIDNIGHT_NS + 34_200 * SECOND_NS + numpy.cumsum(steps)
    edges = random.random(messages) < 0.002
    times[edges] = times[edges] // SECOND_NS * SECOND_NS + random.choice([0, SECOND_NS - 1], edges.sum())
    ticks["event_time_ns"] = numpy.maximum.accumulate(times)
    ticks["receive_time_ns"] = ticks["event_time_ns"] + random.integers(1_000, 90_000, messages)
    letters = numpy.array([ord(letter) for letter in MARKET], numpy.int8)
    weights = numpy.array(list(MARKET.values()), float)
    ticks["action"] = random.choice(letters, messages, p=weights / weights.sum())
    ticks["instrument_id"] = random.choice(INSTRUMENTS, messages, p=[0.6, 0.3, 0.09, 0.01])
    ticks["side"] = random.choice(numpy.array([ord("B"), ord("S")], numpy.int8), messages)
    ticks["order_id"] = random.integers(1, 2**40, messages)
    ticks["reference"] = random.integers(0, 2**40, messages)
    ticks["quantity"] = random.integers(1, 50, messages) * 10
    middle = 2_200_000 + numpy.cumsum(random.integers(-1, 2, messages)) * 100
    ticks["price"] = middle + random.integers(-5, 6, messages) * 100
    _book(random, ticks, middle)
    _flags(random, ticks)
    status = ticks["action"] == ord("S")
    for name in ("price", "quantity", "order_id", "reference", "side"):
        ticks[name][status] = 0
    ticks["instrument_id"][status & (random.random(messages) < 0.5)] = 0
    return ticks


def _book(random: numpy.random.Generator, ticks: numpy.ndarray, middle: numpy.ndarray) -> None:
    messages = len(ticks)
    for side, sign in (("bid", -1), ("ask", 1)):
        present = random.random(messages) > 0.02
        ticks[f"{side}_price"] = numpy.where(present, middle + sign * random.integers(1, 20, messages) * 100, 0)
        ticks[f"{side}_quantity"] = numpy.where(present, random.integers(1, 100, messages) * 100, 0)
    for instrument in INSTRUMENTS:
        rows = numpy.flatnonzero(ticks["instrument_id"] == instrument)
        before = rows[:-1]
        known = (ticks["bid_quantity"][before] > 0) & (ticks["ask_quantity"][before] > 0)
        spread = ticks["ask_price"][before] - ticks["bid_price"][before]
        ticks["spread_before"][rows[1:]] = numpy.where(known, spread, 0)
        elapsed = numpy.diff(ticks["event_time_ns"][rows])
        ticks["elapsed_ns"][rows[1:]] = numpy.where(known, elapsed, 0)
        both = numpy.zeros(len(rows), bool)
        both[1:] = known & (ticks["bid_quantity"][rows[1:]] > 0) & (ticks["ask_quantity"][rows[1:]] > 0)
        ticks["order_flow_imbalance"][rows] = numpy.where(both, random.integers(-900, 900, len(rows)), 0)


def _flags(random: numpy.random.Generator, ticks: numpy.ndarray) -> None:
    trading = numpy.isin(ticks["action"], [ord(letter) for letter in "FTCB"])
    flags = numpy.where(trading & (random.random(len(ticks)) > 0.1), records.flag("printable"), 0)
    for name, chance in (("synthetic", 0.05), ("halted", 0.01), ("auction", 0.02), ("unknown_order", 0.001)):
        flags |= numpy.where(random.random(len(ticks)) < chance, records.flag(name), 0)
    ticks["flags"] = flags


def _order_events(random: numpy.random.Generator, ticks: numpy.ndarray) -> numpy.ndarray:
    count = len(ticks) // 20
    events = numpy.zeros(count, records.numpy_dtype())
    causes = numpy.sort(random.integers(0, len(ticks), count))
    for name in ("sequence", "event_time_ns", "receive_time_ns", "bid_price", "ask_price", "instrument_id"):
        events[name] = ticks[name][causes]
    events["order_id"] = numpy.arange(1, count + 1)
    events["price"] = 2_200_000 + random.integers(-9, 9, count) * 100
    events["quantity"] = 100
    events["action"] = random.choice(numpy.array([ord(letter) for letter in OWN], numpy.int8), count)
    events["side"] = random.choice(numpy.array([ord("B"), ord("S")], numpy.int8), count)
    events["flags"] = records.flag("own")
    return events


class SyntheticSource:
    """A RecordSource over arrays; with `growth`, a call sees only as much as the journal would have grown by then."""

    def __init__(self, ticks: numpy.ndarray, order_events: numpy.ndarray, records_per_s: float = 0.0) -> None:
        self._rows = (ticks, order_events)
        self._offsets = numpy.sort(numpy.concatenate([ticks["journal_offset"], order_events["journal_offset"]]))
        self._rate = records_per_s
        self._began = time.monotonic()

    def _written(self) -> int:
        return (
            min(len(self._offsets), int((time.monotonic() - self._began) * self._rate))
            if self._rate
            else len(self._offsets)
        )

    def all_written(self) -> bool:
        return self._written() == len(self._offsets)

    def read(self, from_offset: int, records_max: int) -> tuple[numpy.ndarray, numpy.ndarray, int]:
        first = int(numpy.searchsorted(self._offsets, from_offset))
        last = min(first + records_max, self._written())
        if last <= first:
            empty = numpy.empty(0, records.numpy_dtype())
            return empty, empty, from_offset
        next_offset = int(self._offsets[last - 1]) + 8
        ticks, order_events = (
            rows[(rows["journal_offset"] >= from_offset) & (rows["journal_offset"] < next_offset)]
            for rows in self._rows
        )
        return ticks, order_events, next_offset

    def parts(self, records_max: int) -> Iterator[tuple[numpy.ndarray, numpy.ndarray]]:
        """The whole stream in parts, as a store takes it."""
        offset = 0
        while True:
            ticks, order_events, next_offset = self.read(offset, records_max)
            if next_offset == offset:
                return
            yield ticks, order_events
            offset = next_offset
