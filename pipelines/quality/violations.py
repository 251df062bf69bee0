"""Runs the rules over a stored session and gathers what they find as one table of violations."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import duckdb
import pyarrow as pa

from pipelines.quality.rules import RULES, Rule

REPORTED_MAX = 1_000  # rows of one rule that are kept by name; the count is always exact
NAMED_MAX = 5  # of these in a sentence


@dataclass(frozen=True)
class StoredSession:
    """What the rules look at. `ticks`, `order_events` and `bars` come from the store, `journal` (kind, sequence,
    journal_offset), `tick_rules` (price_from, tick_size), `positions` (instrument_id, position) and `drop_copy` (the
    venue's fills) from the run; `bounds` are the numbers that rules name with a $: messages of the session, from_start
    (1 or 0), window_ns, staleness_ns, and open_ns and close_ns in Unix ns."""

    ticks: pa.Table
    order_events: pa.Table
    bars: pa.Table
    journal: pa.Table
    tick_rules: pa.Table
    positions: pa.Table
    drop_copy: pa.Table
    bounds: Mapping[str, int]


@dataclass(frozen=True)
class Finding:
    """The outcome of one rule: rows examined, violations counted, and the first of them as (stored_row, detail)."""

    rule: Rule
    examined: int
    violations: int
    rows: tuple[tuple[str, str], ...]

    def sentence(self) -> str:
        """What was found, with the first offending rows."""
        if not self.violations:
            return f"{self.rule.name}: {self.examined:,} rows examined, none violates it"
        named = "; ".join(f"{row}: {detail}" for row, detail in self.rows[:NAMED_MAX])
        more = f"; and {self.violations - NAMED_MAX:,} more" if self.violations > NAMED_MAX else ""
        return f"{self.rule.name}: {self.violations:,} of {self.examined:,} rows, {named}{more}"

    def as_json(self) -> dict[str, Any]:
        """The finding as kept beside the run."""
        return {
            "rule": self.rule.name,
            "examined": self.examined,
            "violations": self.violations,
            "rows": [list(row) for row in self.rows[:REPORTED_MAX]],
            "sentence": self.sentence(),
        }


def find_violations(stored: StoredSession, rules: tuple[Rule, ...] = RULES) -> list[Finding]:
    """Every rule's finding, in the order of the rules."""
    with duckdb.connect(":memory:") as connection:
        for name in ("ticks", "order_events", "bars", "journal", "tick_rules", "positions", "drop_copy"):
            connection.register(name, getattr(stored, name))
        return [_find(connection, rule, stored.bounds) for rule in rules]


def _find(connection: duckdb.DuckDBPyConnection, rule: Rule, bounds: Mapping[str, int]) -> Finding:
    def bound(query: str) -> str:
        return re.sub(r"\$(\w+)", lambda name: str(bounds[name[1]]), query)

    connection.execute(f"CREATE OR REPLACE TEMP TABLE violations AS {bound(rule.violations)}")
    count = connection.execute("SELECT count(*) FROM violations").fetchone()[0]
    rows = connection.execute(f"SELECT stored_row, detail FROM violations LIMIT {REPORTED_MAX}").fetchall()
    examined = connection.execute(bound(rule.examined)).fetchone()[0]
    return Finding(rule, examined, count, tuple(rows))
