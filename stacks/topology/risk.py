"""Pre-trade limits, nested: firm > account > session > strategy > instrument.

SEC rule 15c3-5 (17 CFR 240.15c3-5, the market access rule) and RTS 6 (Regulation (EU) 2017/589, article 15) ask for
them; each field names the paragraph that it serves. Money is in units of 1e-4 dollars.
"""

from __future__ import annotations

from typing import Literal, get_args

from pydantic import model_validator

from stacks.topology.declared import Declared, Positive, raise_problems, repeated
from stacks.topology.errors import Problem

RiskLevel = Literal["firm", "account", "session", "strategy", "instrument"]
RISK_LEVELS: tuple[RiskLevel, ...] = get_args(RiskLevel)
EVERY_INSTRUMENT = "*"


class MessageRate(Declared):
    """At most `messages` order messages in any `window_ms` (15c3-5 (c)(1)(ii); RTS 6 article 15(1)(d), 15(3))."""

    messages: Positive
    window_ms: Positive


class RiskLimits(Declared):
    """The limits of one level; every one must be given, because a limit that is missing limits nothing.

    price_collar_bps      largest distance of an order's price from the reference price, in 1e-4 of it
                          (15c3-5 (c)(1)(ii) erroneous orders; RTS 6 article 15(1)(a) price collars)
    order_quantity_max    shares an order (15c3-5 (c)(1)(ii); RTS 6 article 15(1)(c) maximum order volume)
    position_max          absolute position in shares an instrument, open orders counted as filled
                          (15c3-5 (c)(1)(i); RTS 6 article 15(4))
    notional_max          price times quantity an order, 1e-4 dollars (RTS 6 article 15(1)(b) maximum order value)
    gross_notional_max    sum over instruments of position and open orders at the reference price, 1e-4 dollars
                          (15c3-5 (c)(1)(i) pre-set credit or capital thresholds)
    message_rate_max      order messages a window (15c3-5 (c)(1)(ii) duplicative orders; RTS 6 article 15(1)(d))
    """

    level: RiskLevel
    name: str
    price_collar_bps: Positive
    order_quantity_max: Positive
    position_max: Positive
    notional_max: Positive
    gross_notional_max: Positive
    message_rate_max: MessageRate


class RiskTree(Declared):
    """All limits of a site. The name of a level is that of the firm (MPID), account, order session, strategy or symbol;
    an instrument level named "*" holds for each symbol without its own."""

    limits: tuple[RiskLimits, ...]

    @model_validator(mode="after")
    def _check(self) -> RiskTree:
        present = [(limits.level, limits.name) for limits in self.limits]
        problems = [
            Problem("limits", f"the limits of level {level} are missing")
            for level in RISK_LEVELS
            if level != "instrument" and not any(present_level == level for present_level, _ in present)
        ]
        if ("instrument", EVERY_INSTRUMENT) not in present:
            problems.append(Problem("limits", 'the limits of level instrument named "*" are missing'))
        for level, name in repeated(present):
            problems.append(Problem(f"limits[{level} {name}]", "stand twice"))
        raise_problems(problems)
        return self

    def of(self, level: RiskLevel, name: str) -> RiskLimits | None:
        """Return the limits of one level and name (an instrument falls back to "*"), or None."""
        own = next((limits for limits in self.limits if (limits.level, limits.name) == (level, name)), None)
        if own is None and level == "instrument" and name != EVERY_INSTRUMENT:
            return self.of("instrument", EVERY_INSTRUMENT)
        return own
