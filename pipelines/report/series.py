"""What the plots show, computed from the stored rows: marks of profit and position, quotes, fills, latencies.

All input tables have the columns of the normalised record (engine/records.py); times come out as hours or seconds
of the trading day, prices in dollars.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import numpy as np
import pyarrow as pa

from pipelines.report.figures import PRICE_UNITS, STAGES, thin

MARK_INTERVAL_NS = 60 * 1_000_000_000
WINDOW_S = 90.0  # of the picture of quotes around the book
POINTS = ("receive_time_ns", "decoded_ns", "decided_ns", "journaled_ns", "sent_ns")
TIMING = np.dtype(
    [("cause_sequence", "<u8"), ("user_ref_num", "<u4"), ("pad", "<u4"), *((point, "<i8") for point in POINTS)]
)


def columns(table: pa.Table, *names: str) -> dict[str, np.ndarray]:
    """The named columns of `table` as NumPy arrays."""
    return {name: table.column(name).to_numpy() for name in names}


def marks(ticks: pa.Table, fills: pa.Table, symbols: Mapping[int, str], midnight_ns: int) -> dict[str, np.ndarray]:
    """symbol -> [n, 3] of hour of the day, profit in dollars at the book's middle before fees, shares held.

    Marked once a minute over the day; instruments without a fill are left out.
    """
    tick = columns(ticks, "instrument_id", "event_time_ns", "bid_price", "ask_price", "bid_quantity", "ask_quantity")
    fill = columns(fills, "instrument_id", "event_time_ns", "price", "quantity", "side")
    result = {}
    if not len(fill["price"]):
        return result
    grid = np.arange(tick["event_time_ns"].min(), tick["event_time_ns"].max() + MARK_INTERVAL_NS, MARK_INTERVAL_NS)
    for instrument_id, symbol in symbols.items():
        mine = fill["instrument_id"] == instrument_id
        two_sided = (tick["instrument_id"] == instrument_id) & (tick["bid_quantity"] > 0) & (tick["ask_quantity"] > 0)
        if not mine.any() or not two_sided.any():
            continue
        middle = (tick["bid_price"][two_sided] + tick["ask_price"][two_sided]) / 2 / PRICE_UNITS
        at = np.searchsorted(tick["event_time_ns"][two_sided], grid, side="right") - 1
        shares = np.where(fill["side"][mine] == ord("B"), 1, -1) * fill["quantity"][mine]
        cash = np.concatenate([[0.0], np.cumsum(-shares * fill["price"][mine] / PRICE_UNITS)])
        held = np.concatenate([[0], np.cumsum(shares)])
        done = np.searchsorted(fill["event_time_ns"][mine], grid, side="right")
        profit = cash[done] + held[done] * middle[np.maximum(at, 0)]
        result[symbol] = np.column_stack([(grid - midnight_ns) / 3.6e12, profit, held[done]])
    return result


def quotes_in_busiest_window(
    ticks: pa.Table, order_events: pa.Table, instrument_id: int, midnight_ns: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(book, quotes, fills) for `quotes_around_book`, in the window of an instrument with the most fills."""
    event = columns(order_events, "instrument_id", "event_time_ns", "action", "side", "price", "order_id", "reference")
    mine = event["instrument_id"] == instrument_id
    event = {name: values[mine] for name, values in event.items()}
    second = (event["event_time_ns"] - midnight_ns) / 1e9
    filled = event["action"] == ord("f")
    times = second[filled]
    within = np.searchsorted(times, times + WINDOW_S, side="right") - np.arange(len(times))
    start = times[int(np.argmax(within))] - 5.0
    tick = columns(ticks, "instrument_id", "event_time_ns", "bid_price", "ask_price", "bid_quantity", "ask_quantity")
    at = (tick["event_time_ns"] - midnight_ns) / 1e9
    shown = (tick["instrument_id"] == instrument_id) & (at >= start) & (at <= start + WINDOW_S)
    shown &= (tick["bid_quantity"] > 0) & (tick["ask_quantity"] > 0)
    book = np.column_stack([at[shown], tick["bid_price"][shown] / PRICE_UNITS, tick["ask_price"][shown] / PRICE_UNITS])
    recent = filled & (second >= start) & (second <= start + WINDOW_S)
    sign = np.where(event["side"] == ord("B"), 1, -1)
    fills = np.column_stack([second[recent], event["price"][recent] / PRICE_UNITS, sign[recent]])
    return thin(book), _resting(event, second, sign, start), fills


def _resting(event: Mapping[str, np.ndarray], second: np.ndarray, sign: np.ndarray, start: float) -> np.ndarray:
    """[m, 4] of second from, second to, price, side for each order that rested in the window."""
    opened: dict[int, tuple[float, float, float]] = {}
    rows = []
    for index in np.flatnonzero(second <= start + WINDOW_S):
        kind, order = chr(event["action"][index]), int(event["order_id"][index])
        if kind in "am":
            if kind == "m" and (old := opened.pop(int(event["reference"][index]), None)):
                rows.append((old[0], second[index], *old[1:]))
            opened[order] = (second[index], event["price"][index] / PRICE_UNITS, sign[index])
        elif kind in "kf" and (old := opened.pop(order, None)):
            rows.append((old[0], second[index], *old[1:]))
    rows += [(begin, start + WINDOW_S, price, side) for begin, price, side in opened.values()]
    kept = [(max(begin, start), end, price, side) for begin, end, price, side in rows if end >= start]
    return np.array(kept, dtype=float).reshape(-1, 4)


def stage_latencies(timings: np.ndarray) -> dict[str, np.ndarray]:
    """Stage -> nanoseconds of each order, from the journal's timing records (dtype TIMING)."""
    spans = [timings[later] - timings[earlier] for earlier, later in pairwise(POINTS)]
    return dict(zip(STAGES, [*spans, timings["sent_ns"] - timings["receive_time_ns"]], strict=True))
