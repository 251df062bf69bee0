"""The checks that a stored session must pass, and their bounds."""

from __future__ import annotations

from typing import Literal, get_args

from pydantic import model_validator

from stacks.topology.declared import Declared, NotNegative, raise_problems, repeated
from stacks.topology.errors import Problem

Rule = Literal[
    "sequence_complete",  # no sequence gap or duplicate
    "event_time_monotone",  # event time never steps back on a line
    "book_uncrossed",  # bid below ask outside auctions
    "price_on_tick_grid",
    "executed_within_displayed",
    "bar_volume_equals_trades",
    "stored_equals_journaled",
    "staleness",  # longest silence of the feed during the session
]
RULES: tuple[Rule, ...] = get_args(Rule)


class Check(Declared):
    """One rule. `bound` is the number of rows that may break it, or milliseconds for `staleness`."""

    rule: Rule
    bound: NotNegative = 0


class Quality(Declared):
    """The check list of a site: every rule exactly once."""

    checks: tuple[Check, ...]

    @model_validator(mode="after")
    def _check(self) -> Quality:
        declared = [check.rule for check in self.checks]
        problems = [Problem(f"checks[{rule}]", "stands twice") for rule in repeated(declared)]
        problems += [Problem(f"checks[{rule}]", "is missing") for rule in RULES if rule not in declared]
        raise_problems(problems)
        return self

    def bound_of(self, rule: Rule) -> int:
        """Return the bound of a rule."""
        return next(check.bound for check in self.checks if check.rule == rule)
