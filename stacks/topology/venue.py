"""A venue: its calendar, rules and fees, and the environments in which it can be reached."""

from __future__ import annotations

import datetime
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import Field, model_validator

from stacks.topology.declared import (
    Declared,
    Flag,
    Fraction,
    NotNegative,
    Positive,
    PositiveReal,
    raise_problems,
    repeated,
)
from stacks.topology.errors import Problem
from stacks.topology.feed import Feed
from stacks.topology.instrument import Fees, TickRule
from stacks.topology.order_entry import OrderGateway, OrderSession


class Calendar(Declared):
    """Opening hours in the venue's local time; `half_days` close at `half_day_close`, `holidays` never open.

    Where `opens_the_evening_before`, `open` is of the calendar day before the trading day (CME Globex: 17:00).

    The days are listed only for a venue whose MIC the package exchange_calendars does not know: it has them otherwise.
    """

    open: datetime.time
    close: datetime.time
    half_day_close: datetime.time
    opens_the_evening_before: Flag = False
    holidays: tuple[datetime.date, ...] = ()
    half_days: tuple[datetime.date, ...] = ()

    @model_validator(mode="after")
    def _check(self) -> Calendar:
        opened = self.opens_the_evening_before or self.open < self.half_day_close
        if not (opened and self.half_day_close <= self.close):
            raise_problems([Problem("close", "open < half_day_close <= close must hold")])
        return self

    def close_on(self, day: datetime.date) -> datetime.time:
        """Return the local time at which continuous trading ends on a day."""
        return self.half_day_close if day in self.half_days else self.close


class MaintenanceWindow(Declared):
    """Local times between which a site or venue may be changed, on the days of the week (0 is Monday)."""

    days: tuple[Annotated[int, Field(strict=True, ge=0, le=6)], ...]
    start: datetime.time
    end: datetime.time


class Pacing(Declared):
    """How the simulator plays a session: in lockstep with the receiver, or in original time divided by `speed`.

    In lockstep `window_packets` may be under way. Messages within `packet_span_ns` of event time share a packet.
    """

    mode: Literal["lockstep", "original"]
    window_packets: Positive = 1
    packet_span_ns: NotNegative = 500_000
    speed: PositiveReal = 1.0


class Loss(Declared):
    """Shares of packets that the simulator drops on line A, on line B, and on both at once; seeded."""

    line_a: Fraction = 0.0
    line_b: Fraction = 0.0
    both: Fraction = 0.0
    seed: NotNegative = 1


class GeneratedSession(Declared):
    """The session that the simulator makes from a seed where no recorded one is given."""

    seed: NotNegative
    messages: Positive
    symbols: Positive
    day: datetime.date


class Simulator(Declared):
    """The exchange simulator's own settings, for the environment `simulation`."""

    pacing: Pacing
    packet_messages_max: Positive
    loss: Loss = Loss()
    rerequest_refuse: Flag = False
    generated: GeneratedSession


class VenueEnvironment(Declared):
    """One place where the venue is reached: simulation, certification or production."""

    kind: Literal["simulation", "certification", "production"]
    feeds: tuple[Feed, ...]
    order_gateways: tuple[OrderGateway, ...]
    simulator: Simulator | None = None

    @model_validator(mode="after")
    def _check(self) -> VenueEnvironment:
        problems = []
        if (self.simulator is not None) != (self.kind == "simulation"):
            problems.append(Problem("simulator", "is declared for the environment simulation, and for no other"))
        if self.simulator is not None:
            for feed in self.feeds:
                if feed.protocol != "itch":
                    sentence = f"{feed.protocol} is not a feed that the simulator can play, which is itch"
                    problems.append(Problem(f"feeds[{feed.name}].protocol", sentence))
        for field in ("feeds", "order_gateways"):
            for name in repeated([part.name for part in getattr(self, field)]):
                problems.append(Problem(f"{field}[{name}]", "the name stands twice"))
        raise_problems(problems)
        return self

    @property
    def name(self) -> str:
        """The kind, by which references are serialised."""
        return self.kind

    def gateway_of(self, session: OrderSession) -> OrderGateway | None:
        """Return the gateway at which a session logs in, or None."""
        return next((gateway for gateway in self.order_gateways if session in gateway.sessions), None)


class Venue(Declared):
    """A market. `mic` is its ISO 10383 code; `price_scale` is the number of decimals of a price on the wire.

    Tick sizes are in units of 10^-price_scale, money (limits, fees) in the venue's `currency` (ISO 4217).
    """

    mic: Annotated[str, Field(pattern=r"^[A-Z0-9]{4}$")]
    full_name: str
    timezone: str
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = "USD"
    calendar: Calendar
    tick_rules: tuple[TickRule, ...]
    lot_size: Positive
    price_scale: NotNegative
    fees: Fees
    matching: Literal["fifo", "pro_rata", "parity", "split"]
    environments: tuple[VenueEnvironment, ...]
    maintenance_windows: tuple[MaintenanceWindow, ...] = ()

    @model_validator(mode="after")
    def _check(self) -> Venue:
        problems = []
        if not _is_timezone(self.timezone):
            problems.append(Problem("timezone", f"{self.timezone} is no time zone of the IANA database"))
        for kind in repeated([environment.kind for environment in self.environments]):
            problems.append(Problem(f"environments[{kind}]", "stands twice"))
        if not any(rule.price_from == 0 for rule in self.tick_rules):
            problems.append(Problem("tick_rules", "no rule starts at price 0"))
        for rule in repeated([(rule.effective_from, rule.price_from) for rule in self.tick_rules]):
            problems.append(Problem("tick_rules", f"two rules for price {rule[1]} from {rule[0]}"))
        raise_problems(problems)
        return self

    @property
    def name(self) -> str:
        """The MIC, by which references are serialised and paths of errors name a venue."""
        return self.mic

    def midnight_ns(self, day: datetime.date) -> int:
        """Return the Unix time in nanoseconds of the local midnight at which a trading day begins."""
        midnight = datetime.datetime.combine(day, datetime.time(), tzinfo=ZoneInfo(self.timezone))
        return int(midnight.timestamp()) * 1_000_000_000

    def tick_rules_on(self, day: datetime.date) -> tuple[TickRule, ...]:
        """Return the tick rules in force on a day, the newest for each price range, by ascending price."""
        newest: dict[int, TickRule] = {}
        for rule in sorted(self.tick_rules, key=lambda rule: rule.effective_from):
            if rule.effective_from <= day:
                newest[rule.price_from] = rule
        return tuple(newest[price] for price in sorted(newest))


def _is_timezone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # ZoneInfoNotFoundError is a KeyError; "." or a folder raise the others
        return False
    return True
