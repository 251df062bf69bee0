"""Gathers what the rules look at: the stored rows, the journal's headers, the tick rules and the engine's positions."""

from __future__ import annotations

from datetime import date

import pyarrow as pa

from pipelines.quality.violations import StoredSession
from pipelines.session import Session
from pipelines.store.tick_store import ORDER_EVENTS, TICKS, Day, TickStore, read_arrow
from pipelines.trading.drop_copy import read_drop_copy
from pipelines.trading.run_directory import RunDirectory
from stacks.topology.data_plane import Bars
from stacks.topology.instrument import ReferenceData


def stored_session(
    store: TickStore, day: Day, bars: Bars, staleness_ms_max: int, run: RunDirectory, session: Session
) -> StoredSession:
    """The stored session of `run`, whole: the rules judge what the store holds, not what was meant to be stored.

    `session` is the one that was played.
    """
    reference_data = ReferenceData.model_validate(run.read("reference_data.json"))
    return StoredSession(
        ticks=read_arrow(store, TICKS, day),
        order_events=read_arrow(store, ORDER_EVENTS, day),
        bars=read_arrow(store, bars.name, day),
        journal=journal_headers(run),
        tick_rules=_tick_rules(reference_data),
        positions=_positions(run, reference_data),
        drop_copy=read_drop_copy(run, reference_data),
        bounds={
            "messages": session.messages,
            "from_start": int(session.from_start),
            "window_ns": bars.window_ns,
            "staleness_ns": staleness_ms_max * 1_000_000,
            "open_ns": reference_data.midnight_ns + reference_data.calendar.open_ns,
            "close_ns": reference_data.midnight_ns + reference_data.calendar.close_ns,
        },
    )


def journal_headers(run: RunDirectory) -> pa.Table:
    """kind, sequence and journal_offset of every record of the run's journal."""
    from colo_engine import read_journal

    parts, offset = [], 0
    while True:
        headers, _, following = read_journal(str(run.journal), offset)
        if not len(headers):
            break
        parts.append(
            pa.table(
                {
                    "kind": headers["kind"].astype("int32"),
                    "sequence": headers["sequence"].astype("int64"),
                    "journal_offset": headers["offset"].astype("int64"),
                }
            )
        )
        offset = following
    return pa.concat_tables(parts)


def _tick_rules(reference_data: ReferenceData) -> pa.Table:
    day = date.fromisoformat(str(reference_data.trading_day))
    in_force: dict[int, tuple[date, int]] = {}
    for rule in reference_data.tick_rules:
        effective = date.fromisoformat(str(rule.effective_from))
        if effective <= day and effective >= in_force.get(rule.price_from, (date.min, 0))[0]:
            in_force[rule.price_from] = (effective, rule.tick_size)
    prices = sorted(in_force)
    return pa.table(
        {
            "price_from": pa.array(prices, pa.int64()),
            "tick_size": pa.array([in_force[price][1] for price in prices], pa.int64()),
        }
    )


def _positions(run: RunDirectory, reference_data: ReferenceData) -> pa.Table:
    held = run.read("traded.json")["engine"]["instruments"]
    ids = {instrument.symbol: instrument.instrument_id for instrument in reference_data.instruments}
    # What was held before the day is no fill of it.
    opening = {row["symbol"]: row["opening_position"]["quantity"] for row in run.read("engine.json")["instruments"]}
    return pa.table(
        {
            "instrument_id": pa.array([ids[symbol] for symbol in held], pa.int32()),
            "position": pa.array([held[symbol]["position"] - opening[symbol] for symbol in held], pa.int64()),
        }
    )
