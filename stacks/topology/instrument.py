"""Instruments: tick rules of a venue, which symbols are traded, and the reference data of one trading day."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Annotated

from pydantic import Field, model_validator

from stacks.topology.declared import Declared, Flag, NotNegative, Positive, Whole, raise_problems, repeated
from stacks.topology.errors import Problem

Symbol = Annotated[str, Field(min_length=1, max_length=8, pattern=r"^[A-Z][A-Z0-9.+*=#^~-]*$")]


def dollars(amount: int) -> int:
    """Return a whole number of dollars in price units of 1e-4 dollars, the unit of all money here."""
    return amount * 10_000


class TickRule(Declared):
    """The smallest price increment from a day and a price on, in units of 10^-price_scale of the venue.

    In the United States' stocks 0.01 dollars, 0.0001 for prices below one dollar (17 CFR 242.612).
    """

    effective_from: datetime.date
    price_from: NotNegative
    tick_size: Positive


class InstrumentSelection(Declared):
    """Which instruments of a session are traded: those of the listed symbols that it has.

    In a session that has none of them, its `else_most_active` instruments with the most messages (0: none).
    """

    symbols: tuple[Symbol, ...]
    else_most_active: NotNegative = 0

    @model_validator(mode="after")
    def _check(self) -> InstrumentSelection:
        raise_problems([Problem(f"symbols[{symbol}]", "stands twice") for symbol in repeated(list(self.symbols))])
        return self

    def choose(self, messages_by_symbol: Mapping[str, int]) -> tuple[str, ...]:
        """Return the traded symbols of a session, given its messages by symbol; ties go to the alphabet."""
        if any(symbol in messages_by_symbol for symbol in self.symbols):
            return self.among(tuple(messages_by_symbol))
        order = sorted(messages_by_symbol, key=lambda symbol: (-messages_by_symbol[symbol], symbol))
        return tuple(order[: self.else_most_active])

    def among(self, symbols: tuple[str, ...]) -> tuple[str, ...]:
        """Return the listed symbols that are among the traded ones, else (where others may be traded) all of these."""
        listed = tuple(symbol for symbol in self.symbols if symbol in symbols)
        return listed or (tuple(sorted(symbols)) if self.else_most_active else ())


class Instrument(Declared):
    """One instrument of a trading day. `instrument_id` is stable across days, `locate` is of the day.

    `tick_size` is in units of 10^-price_scale dollars, `lot_size` in shares.
    """

    instrument_id: Annotated[int, Field(strict=True, ge=0, le=0x7FFFFFFF)]
    symbol: str
    locate: Annotated[int, Field(strict=True, ge=0, le=0xFFFF)]
    tick_size: Positive
    lot_size: Positive
    price_scale: NotNegative = 4
    traded: Flag


class TradingHours(Declared):
    """The continuous session of a day, in nanoseconds since the venue's midnight."""

    open_ns: NotNegative
    close_ns: NotNegative


class Fees(Declared):
    """Fees in units of 1e-8 dollars a share; negative is a rebate. `source` names the price list."""

    add_per_share: Whole
    remove_per_share: Whole
    source: str


class ReferenceData(Declared):
    """The reference data of one trading day of one venue, as it stands in reference_data.json."""

    mic: str
    trading_day: str
    timezone: str
    midnight_ns: Whole
    session_digest: str
    synthetic_tracking_number: Whole | None
    instruments: tuple[Instrument, ...]
    tick_rules: tuple[TickRule, ...]
    calendar: TradingHours
    fees: Fees
    digest: str

    @model_validator(mode="after")
    def _check(self) -> ReferenceData:
        problems = []
        for field in ("instrument_id", "symbol", "locate"):
            for value in repeated([getattr(instrument, field) for instrument in self.instruments]):
                problems.append(Problem(f"instruments[{value}].{field}", "stands twice"))
        raise_problems(problems)
        return self

    @property
    def traded(self) -> tuple[Instrument, ...]:
        """The instruments that strategies trade."""
        return tuple(instrument for instrument in self.instruments if instrument.traded)
