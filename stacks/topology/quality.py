"""The checks that a stored session must pass, and their bounds. No row may break one; pipelines/quality says how."""

from __future__ import annotations

from typing import Literal, get_args

from pydantic import model_validator

from stacks.topology.declared import Declared, Positive, raise_problems, repeated
from stacks.topology.errors import Problem

Check = Literal[
    "sequence_gap",
    "sequence_duplicate",
    "event_time_monotone",
    "staleness",
    "crossed_book",
    "tick_grid",
    "executed_within_displayed",
    "order_references",
    "bar_volume",
    "ticks_equal_journal",
    "order_events_equal_journal",
    "position_equals_fills",
    "fills_equal_drop_copy",
    "position_equals_drop_copy",
]
CHECKS: tuple[Check, ...] = get_args(Check)


class Quality(Declared):
    """The check list of a site. None may be left out: a session that was not checked may not be relied on.

    `staleness_ms_max` is the longest silence of the feed during continuous trading.
    """

    checks: tuple[Check, ...]
    staleness_ms_max: Positive

    @model_validator(mode="after")
    def _check(self) -> Quality:
        problems = [Problem(f"checks[{check}]", "stands twice") for check in repeated(list(self.checks))]
        problems += [Problem(f"checks[{check}]", "is missing") for check in CHECKS if check not in self.checks]
        raise_problems(problems)
        return self
