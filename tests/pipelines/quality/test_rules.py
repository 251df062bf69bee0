"""Each rule passes on a sound stored session and names the planted row of a mutated one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from engine.records import action_code, arrow_table, flag, numpy_dtype
from pipelines.quality.rules import FEED_MESSAGE, ORDER_ANSWER, ORDER_SENT, RULES
from pipelines.quality.violations import StoredSession, find_violations

WINDOW_NS = 1_000_000_000
MIDNIGHT_NS = 1_340_251_200 * WINDOW_NS
INSTRUMENT = 77
UNKNOWN_ORDER, REFUSED = flag("unknown_order"), flag("refused")


def tick(sequence: int, action: str, **values: int) -> np.ndarray:
    """One row of a quiet, two-sided book: bid 10.00, ask 10.02."""
    row = np.zeros(1, numpy_dtype())
    row["sequence"] = sequence
    row["journal_offset"] = 4096 + 64 * sequence
    row["event_time_ns"] = MIDNIGHT_NS + sequence * 100_000_000
    row["instrument_id"] = INSTRUMENT
    row["action"] = action_code(action)
    for name, value in {"bid_price": 100_000, "ask_price": 100_200, "bid_quantity": 100, "ask_quantity": 100}.items():
        row[name] = value
    for name, value in values.items():
        row[name] = value
    return row


FILL = {"order_id": 1, "reference": 5, "quantity": 10, "side": ord("B")}


def sound_session() -> StoredSession:
    """Adds, a partial cancel, executions, a hidden trade that is broken later, and one own fill."""
    printable = flag("printable")
    ticks = np.concatenate(
        [
            tick(1, "add_order", order_id=1, price=100_000, quantity=300, side=ord("B")),
            tick(2, "add_order", order_id=2, price=100_200, quantity=300, side=ord("S")),
            tick(3, "execute_order", order_id=1, price=100_000, quantity=100, reference=9, flags=printable),
            tick(4, "cancel_order", order_id=1, price=100_000, quantity=100),
            tick(5, "trade", price=100_150, quantity=50, reference=10, flags=printable),
            tick(6, "replace_order", order_id=3, reference=2, price=100_300, quantity=200, side=ord("S")),
            tick(7, "bust", price=100_150, quantity=50, reference=10, flags=printable),
            tick(8, "execute_order", order_id=3, price=100_300, quantity=200, reference=11, flags=printable),
        ]
    )
    order_events = np.concatenate(
        [
            tick(3, "own_new", order_id=1, price=100_000, quantity=10, side=ord("B"), journal_offset=9_000),
            tick(1, "own_accepted", order_id=1, price=100_000, quantity=10, side=ord("B"), journal_offset=9_064),
            tick(2, "own_executed", **FILL, price=100_000, journal_offset=9_128),
        ]
    )
    bars = pa.table(
        {
            "instrument_id": pa.array([INSTRUMENT], pa.int32()),
            "window_start_ns": [MIDNIGHT_NS],
            "volume": [300],
            "notional": [100 * 100_000 + 200 * 100_300],
            "trades": [2],
        }
    )
    kinds = [FEED_MESSAGE] * len(ticks) + [ORDER_SENT, ORDER_ANSWER, ORDER_ANSWER]
    journal = pa.table(
        {
            "kind": kinds,
            "sequence": np.concatenate([ticks["sequence"], order_events["sequence"]]),
            "journal_offset": np.concatenate([ticks["journal_offset"], order_events["journal_offset"]]),
        }
    )
    return StoredSession(
        ticks=arrow_table(ticks),
        order_events=arrow_table(order_events),
        bars=bars,
        journal=journal,
        tick_rules=pa.table({"price_from": [0, 10_000], "tick_size": [1, 100]}),
        positions=pa.table({"instrument_id": pa.array([INSTRUMENT], pa.int32()), "position": [10]}),
        drop_copy=drop_copy(("executed", 5, 10)),
        bounds={
            "messages": len(ticks),
            "from_start": 1,
            "window_ns": WINDOW_NS,
            "staleness_ns": 10 * WINDOW_NS,
            "open_ns": MIDNIGHT_NS,
            "close_ns": MIDNIGHT_NS + 100 * WINDOW_NS,
        },
    )


def drop_copy(*lines: tuple[str, int, int], order_id: int = 1, price: int = 100_000, side: str = "B") -> pa.Table:
    """Lines of (kind, match number, quantity)."""
    count = len(lines)
    return pa.table(
        {
            "kind": pa.array([kind for kind, _, _ in lines], pa.string()),
            "match_number": pa.array([match for _, match, _ in lines], pa.int64()),
            "order_id": pa.array([order_id] * count, pa.int64()),
            "instrument_id": pa.array([INSTRUMENT] * count, pa.int32()),
            "side": pa.array([ord(side)] * count, pa.int8()),
            "price": pa.array([price] * count, pa.int64()),
            "quantity": pa.array([quantity for _, _, quantity in lines], pa.int64()),
        }
    )


def changed(table: pa.Table, row: int, column: str, value: int) -> pa.Table:
    """`table` with one cell replaced."""
    index = table.schema.get_field_index(column)
    values = table.column(column).to_pylist()
    values[row] = value
    return table.set_column(index, table.schema.field(column), pa.array(values, table.schema.field(column).type))


def without(table: pa.Table, row: int) -> pa.Table:
    """`table` less one row."""
    return pa.concat_tables([table.slice(0, row), table.slice(row + 1)])


def with_row(table: pa.Table, row: pa.Table) -> pa.Table:
    """`table` and one row more."""
    return pa.concat_tables([table, row])


Mutation = Callable[[StoredSession], StoredSession]
MUTATIONS: dict[str, tuple[Mutation, str]] = {
    "sequence_gap": (lambda s: replace(s, ticks=without(s.ticks, 3)), "ticks sequence=5 "),
    "sequence_duplicate": (
        lambda s: replace(s, ticks=with_row(s.ticks, changed(s.ticks.slice(4, 1), 0, "journal_offset", 99_999))),
        "ticks sequence=5 journal_offset=99999",
    ),
    "event_time_monotone": (
        lambda s: replace(s, ticks=changed(s.ticks, 5, "event_time_ns", MIDNIGHT_NS)), "ticks sequence=6 "),
    "staleness": (
        lambda s: replace(s, ticks=changed(s.ticks, 7, "event_time_ns", MIDNIGHT_NS + 12 * WINDOW_NS)),
        "ticks sequence=8 ",
    ),
    "crossed_book": (lambda s: replace(s, ticks=changed(s.ticks, 1, "bid_price", 100_300)), "ticks sequence=2 "),
    "tick_grid": (lambda s: replace(s, ticks=changed(s.ticks, 0, "price", 100_050)), "ticks sequence=1 "),
    "executed_within_displayed": (
        lambda s: replace(s, ticks=changed(s.ticks, 7, "quantity", 201)), "ticks sequence=8 "),
    "order_references": (lambda s: replace(s, ticks=changed(s.ticks, 3, "flags", UNKNOWN_ORDER)), "ticks sequence=4 "),
    "bar_volume": (lambda s: replace(s, bars=changed(s.bars, 0, "volume", 301)), f"window_start_ns={MIDNIGHT_NS}"),
    "ticks_equal_journal": (lambda s: replace(s, ticks=without(s.ticks, 7)), "journal_offset=4608"),
    "order_events_equal_journal": (
        lambda s: replace(s, order_events=with_row(s.order_events, s.order_events.slice(1, 1))),
        "journal_offset=9064"),
    "position_equals_fills": (
        lambda s: replace(s, positions=changed(s.positions, 0, "position", 11)), f"instrument_id={INSTRUMENT}"),
    "fills_equal_drop_copy": (lambda s: replace(s, drop_copy=drop_copy(("executed", 5, 9))), "match_number=5"),
    "position_equals_drop_copy": (
        lambda s: replace(s, drop_copy=drop_copy(("executed", 5, 10), ("broken", 5, 10))),
        f"drop_copy instrument_id={INSTRUMENT}"),
}  # fmt: skip


def test_a_sound_session_passes_every_rule() -> None:
    findings = find_violations(sound_session())
    assert {finding.rule.name: finding.rows for finding in findings if finding.violations} == {}
    assert all(finding.examined > 0 for finding in findings)


@pytest.mark.parametrize("name", [rule.name for rule in RULES])
def test_a_mutated_session_fails_its_rule_and_the_row_is_named(name: str) -> None:
    mutation, row = MUTATIONS[name]
    findings = {finding.rule.name: finding for finding in find_violations(mutation(sound_session()))}
    assert findings[name].violations == 1
    assert row in findings[name].rows[0][0]


@pytest.mark.parametrize(
    ("ticks", "row", "detail"),
    [
        (slice(2, 8), "ticks sequence=3 ", "sequence 1 to 2 missing before it"),
        (slice(0, 6), "ticks sequence=6 ", "sequence 7 to 8 missing after it"),
        (slice(0, 0), "ticks", "no row of 8 is there"),
    ],
)
def test_a_session_without_its_beginning_or_its_end_has_a_gap(ticks: slice, row: str, detail: str) -> None:
    sound = sound_session()
    cut = replace(sound, ticks=sound.ticks.slice(ticks.start, ticks.stop - ticks.start))
    (finding,) = (finding for finding in find_violations(cut) if finding.rule.name == "sequence_gap")
    assert finding.violations == 1
    assert row in finding.rows[0][0] and finding.rows[0][1] == detail


def test_a_session_from_the_middle_of_a_day_may_refer_to_orders_from_before_but_none_may_be_impossible() -> None:
    sound = sound_session()
    later = replace(sound, bounds={**sound.bounds, "from_start": 0})
    for flags, violations in ((UNKNOWN_ORDER, 0), (REFUSED, 1)):
        stored = replace(later, ticks=changed(later.ticks, 3, "flags", flags))
        findings = {finding.rule.name: finding for finding in find_violations(stored)}
        assert findings["order_references"].violations == violations


@pytest.mark.parametrize(
    ("copied", "detail"),
    [
        (drop_copy(), "a fill that the venue did not execute"),
        (drop_copy(("executed", 5, 10), ("executed", 6, 1)), "the venue executed it, we have no such fill"),
        (
            drop_copy(("executed", 5, 9)),
            "1 times 10 at 100000 of order 1; the venue has 1 times 9 at 100000 of order 1",
        ),
        (drop_copy(("executed", 5, 10), price=99_900), "the venue has 1 times 10 at 99900 of order 1"),
        (drop_copy(("executed", 5, 10), order_id=2), "the venue has 1 times 10 at 100000 of order 2"),
        (drop_copy(("executed", 5, 10), side="S"), "the venue has 1 times 10 at 100000 of order 1"),
    ],
)
def test_what_differs_from_the_drop_copy_is_named(copied: pa.Table, detail: str) -> None:
    findings = {finding.rule.name: finding for finding in find_violations(replace(sound_session(), drop_copy=copied))}
    finding = findings["fills_equal_drop_copy"]
    assert finding.violations == 1
    assert detail in finding.rows[0][1]


def test_a_fill_that_is_stored_twice_is_not_the_venues() -> None:
    sound = sound_session()
    twice = replace(sound, order_events=with_row(sound.order_events, sound.order_events.slice(2, 1)))
    findings = {finding.rule.name: finding for finding in find_violations(twice)}
    assert "2 times 10 at 100000 of order 1; the venue has 1 times" in findings["fills_equal_drop_copy"].rows[0][1]


def test_a_broken_fill_is_no_position() -> None:
    sound = sound_session()
    row = tick(4, "own_other", order_id=1, quantity=10, side=ord("B"), journal_offset=9_192, reference=5)
    broken = replace(sound, order_events=with_row(sound.order_events, arrow_table(row)))
    broken = replace(broken, drop_copy=drop_copy(("executed", 5, 10), ("broken", 5, 10)))
    for position, violations in ((10, 1), (0, 0)):
        held = replace(broken, positions=changed(sound.positions, 0, "position", position))
        findings = {finding.rule.name: finding.violations for finding in find_violations(held)}
        assert findings["position_equals_fills"] == findings["position_equals_drop_copy"] == violations
        assert findings["fills_equal_drop_copy"] == 0


def test_sub_dollar_prices_have_a_finer_grid() -> None:
    stored = sound_session()
    cheap = changed(stored.ticks, 0, "price", 9_999)
    findings = {finding.rule.name: finding for finding in find_violations(replace(stored, ticks=cheap))}
    assert findings["tick_grid"].violations == 0


def test_halts_and_auctions_may_be_crossed() -> None:
    stored = sound_session()
    ticks = changed(changed(stored.ticks, 1, "bid_price", 100_300), 1, "flags", flag("auction"))
    findings = {finding.rule.name: finding for finding in find_violations(replace(stored, ticks=ticks))}
    assert findings["crossed_book"].violations == 0
