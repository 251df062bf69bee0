"""Pre-trade limits, nested: firm > account > session > strategy > instrument.

SEC rule 15c3-5 (17 CFR 240.15c3-5, the market access rule) and RTS 6 (Regulation (EU) 2017/589, article 15) ask for
them; each field names the paragraph that it serves. Money is in units of 1e-4 dollars, or of the venue's currency.
"""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import Field, model_validator

from stacks.topology.declared import Declared, Flag, Positive, raise_problems, repeated
from stacks.topology.errors import Problem
from stacks.topology.instrument import Symbol

RiskLevel = Literal["firm", "account", "session", "strategy", "instrument"]
RISK_LEVELS: tuple[RiskLevel, ...] = get_args(RiskLevel)
EVERY_INSTRUMENT = "*"


class MessageRate(Declared):
    """At most `messages` order messages in any `window_ms` (15c3-5 (c)(1)(ii); RTS 6 article 15(1)(d), 15(3))."""

    messages: Positive
    window_ms: Positive


class DuplicateOrders(Declared):
    """At most `orders` new orders in any `window_ms` with one instrument, side, price and quantity (15c3-5 (c)(1)(ii)
    duplicative orders; RTS 6 article 15(3) repeated execution). The gate remembers the latest 16 of an instrument."""

    orders: Annotated[int, Field(strict=True, ge=1, le=15)]
    window_ms: Positive


class RiskLimits(Declared):
    """The limits of one level; every one must be given, because a limit that is missing limits nothing.

    price_collar_bps      largest distance of an order's price from the reference price, in 1e-4 of it
                          (15c3-5 (c)(1)(ii) erroneous orders; RTS 6 article 15(1)(a) price collars)
    last_trade_collar_bps the same from the price of the last trade (15c3-5 (c)(1)(ii); RTS 6 article 15(1)(a))
    order_quantity_max    shares an order (15c3-5 (c)(1)(ii); RTS 6 article 15(1)(c) maximum order volume)
    position_max          absolute position in shares an instrument, open orders counted as filled
                          (15c3-5 (c)(1)(i); RTS 6 article 15(4))
    notional_max          price times quantity an order, 1e-4 dollars (RTS 6 article 15(1)(b) maximum order value)
    gross_notional_max    sum over instruments of position and open orders at the reference price, 1e-4 dollars
                          (15c3-5 (c)(1)(i) pre-set credit or capital thresholds)
    loss_max              loss of the day, fees and open positions at the reference price included, 1e-4 dollars;
                          beyond it only what reduces a position may leave (15c3-5 (c)(1)(i); RTS 6 article 15(4))
    message_rate_max      messages a window, cancels included (15c3-5 (c)(1)(ii); RTS 6 article 15(1)(d))
    order_rate_max        new and replaced orders a window (15c3-5 (c)(1)(ii); RTS 6 article 15(3))
    duplicate_orders_max  equal new orders a window (15c3-5 (c)(1)(ii) duplicative orders; RTS 6 article 15(3))
    """

    level: RiskLevel
    name: str
    price_collar_bps: Positive
    last_trade_collar_bps: Positive
    order_quantity_max: Positive
    position_max: Positive
    notional_max: Positive
    gross_notional_max: Positive
    loss_max: Positive
    message_rate_max: MessageRate
    order_rate_max: MessageRate
    duplicate_orders_max: DuplicateOrders


class RiskTree(Declared):
    """All limits of a site. The name of a level is that of the firm (MPID), account, order session, strategy or symbol;
    an instrument level named "*" holds for each symbol without its own.

    `restricted` symbols may not be traded by anybody here (15c3-5 (c)(2)(ii)). Where `cancel_on_disconnect_required`,
    no order leaves on a session whose venue would leave it in the market when the connection breaks (RTS 6 article 12).
    """

    limits: tuple[RiskLimits, ...]
    restricted: tuple[Symbol, ...] = ()
    cancel_on_disconnect_required: Flag = True

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
        problems += [Problem(f"restricted[{symbol}]", "stands twice") for symbol in repeated(list(self.restricted))]
        raise_problems(problems)
        return self

    def of(self, level: RiskLevel, name: str) -> RiskLimits | None:
        """Return the limits of one level and name (an instrument falls back to "*"), or None."""
        own = next((limits for limits in self.limits if (limits.level, limits.name) == (level, name)), None)
        if own is None and level == "instrument" and name != EVERY_INSTRUMENT:
            return self.of("instrument", EVERY_INSTRUMENT)
        return own
