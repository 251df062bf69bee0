"""What each figure is to reach, as the ratio to its floor or to its peer in the same run."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Target:
    """A bound on one aspect of a figure.

    `of` names the aspect: `ratio` (value to floor), `value`, `peer` (value to the peer's value), a percentile such as
    `p99` (in the figure's unit), `p99/floor`, or `least p99` (of the quietest round). `or_value` is a value that is
    good enough whatever the aspect says.
    """

    name: str
    of: str
    bound: float
    at_least: bool = False
    or_value: float | None = None

    def reached(self, aspects: dict[str, float]) -> bool | None:
        """Whether the figure reaches it; None where the figure lacks the aspect."""
        if self.of not in aspects:
            return None
        if self.or_value is not None and aspects["value"] <= self.or_value:
            return True
        return aspects[self.of] >= self.bound if self.at_least else aspects[self.of] <= self.bound

    def __str__(self) -> str:
        sign = "≥" if self.at_least else "≤"
        otherwise = "" if self.or_value is None else f" or value ≤ {self.or_value:g}"
        return f"{self.of} {sign} {self.bound:g}{otherwise}"


TARGETS = (
    Target("itch_decode/SYN", "ratio", 1.1),
    Target("itch_book/SYN", "ratio", 2.2),
    Target("itch_book/WIDE", "ratio", 4.1),
    Target("itch_book_live/SYN", "ratio", 2.9),
    Target("itch_book_live/WIDE", "ratio", 5.3),
    Target("tick_to_trade", "p50/floor", 6),
    Target("tick_to_trade", "p99/floor", 40),
    Target("tick_to_trade", "p99.9/floor", 60),
    Target("wire_to_wire", "ratio", 1.3),
    Target("wire_to_wire", "least p99", 10_000),
    Target("match", "ratio", 10),
    Target("spsc_ring/round_trip", "ratio", 1.15),
    Target("spsc_ring/throughput", "peer", 2.4, at_least=True),
    Target("journal_append", "p50/floor", 2),
    Target("journal_append", "peer", 0.1),
    Target("ouch_encode", "ratio", 3, or_value=10),
)
