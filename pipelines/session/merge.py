"""Merges completed LOBSTER days into one session: the system's own events first and last, the rest by time.

The merge is stable: messages of one instrument keep their order, and at equal times instruments follow each other in
the order of their locates, so the same inputs give the same bytes.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipelines.session.completion import SYNTHETIC_TRACKING_NUMBER, Completer, CompletionCounts
from pipelines.session.itch50 import MessageWriter
from pipelines.session.lobster_rows import LobsterRows
from stacks.topology.errors import ColoError

ROUND_LOT = 100
"""Shares in a round lot of a LOBSTER instrument: the recording does not say it; it was 100 for every listed share."""


@dataclass(frozen=True)
class MergedDay:
    """One venue's day in framed messages; `counts` says by symbol what completion added."""

    messages: list[bytes]
    counts: dict[str, CompletionCounts]


def merge_days(days: Sequence[LobsterRows]) -> MergedDay:
    """Completes each recording and merges them. Locates are 1, 2, ... in the order of the symbols."""
    days = sorted(days, key=lambda rows: rows.symbol)
    _check(days)
    completers = [Completer(rows, locate) for locate, rows in enumerate(days, start=1)]
    for completer in completers:
        completer.run()
    opening = _opening(days)
    closing = _closing(max(rows.end_ns for rows in days))
    body = merge_by_time([(completer.times_ns, completer.messages) for completer in completers])
    counts = {rows.symbol: completer.counts for rows, completer in zip(days, completers, strict=True)}
    return MergedDay(opening + body + closing, counts)


def merge_by_time(streams: Sequence[tuple[Sequence[int], Sequence[bytes]]]) -> list[bytes]:
    """Messages of all streams, each already in order of its times, by time; at equal times the earlier stream first."""
    times_ns = np.concatenate([np.asarray(times, dtype=np.int64) for times, _ in streams])
    messages = [message for _, stream in streams for message in stream]
    return [messages[index] for index in np.argsort(times_ns, kind="stable").tolist()]


def _check(days: Sequence[LobsterRows]) -> None:
    for earlier, later in itertools.pairwise(days):
        if earlier.symbol == later.symbol:
            raise ColoError(f"{earlier.name} and {later.name} are both recordings of {later.symbol}")
        if earlier.day != later.day:
            raise ColoError(f"{earlier.name} is of {earlier.day}, but {later.name} of {later.day}")


def _opening(days: Sequence[LobsterRows]) -> list[bytes]:
    """Start of messages and system hours, each instrument's directory entry and trading state, start of the market.

    A recording begins in continuous trading, so the market has started when its first message arrives.
    """
    start_ns = min(rows.start_ns for rows in days)
    system = MessageWriter("", 0)
    instruments = [MessageWriter(rows.symbol, locate) for locate, rows in enumerate(days, start=1)]
    tracking = SYNTHETIC_TRACKING_NUMBER
    return [
        system.system_event(start_ns, tracking, b"O"),
        *(writer.stock_directory(start_ns, tracking, ROUND_LOT) for writer in instruments),
        system.system_event(start_ns, tracking, b"S"),
        *(writer.trading_action(start_ns, tracking, b"T") for writer in instruments),
        system.system_event(start_ns, tracking, b"Q"),
    ]


def _closing(end_ns: int) -> list[bytes]:
    """End of market hours, system hours and messages, at the end of the recording."""
    system = MessageWriter("", 0)
    return [system.system_event(end_ns, SYNTHETIC_TRACKING_NUMBER, event) for event in (b"M", b"E", b"C")]
