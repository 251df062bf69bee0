"""Strategies as a site places them: which strategy, on which process, on which instruments, with which parameters."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import model_validator

from stacks.topology.declared import (
    BY_NAME,
    Declared,
    Name,
    NotNegative,
    Positive,
    PositiveReal,
    Whole,
    raise_problems,
    repeated,
)
from stacks.topology.errors import Problem
from stacks.topology.instrument import InstrumentSelection, Symbol
from stacks.topology.process import Process


class AvellanedaStoikov(Declared):
    """Parameters of Avellaneda-Stoikov market making (Quantitative Finance 8(3), 2008, equations 3.17 and 3.18).

    quote_quantity        shares a quote
    gamma                 risk aversion, 1/dollar
    sigma_window_ms       time over which the mid-price variance is estimated, ms
    k                     decay of the fill intensity with the distance from mid, 1/dollar
    horizon_ms            time to the end of the inventory horizon (rolling), ms
    inventory_max         shares held long or short at most; beyond it only the reducing side is quoted
    spread_ticks_min      smallest distance between own bid and ask, ticks
    requote_ticks         a quote is replaced only when its target moved by this many ticks
    """

    strategy: Literal["avellaneda_stoikov"] = "avellaneda_stoikov"
    quote_quantity: Positive
    gamma: PositiveReal
    sigma_window_ms: Positive
    k: PositiveReal
    horizon_ms: Positive
    inventory_max: Positive
    spread_ticks_min: NotNegative
    requote_ticks: Positive


class OpeningPosition(Declared):
    """What is held of a symbol when the day begins: signed shares, and what a share cost, 1e-4 dollars."""

    symbol: Symbol
    quantity: Whole
    average_price: Positive


class StrategyPlacement(Declared):
    """A strategy on a process. The process gives host, cpu, feed and order session."""

    name: Name
    process: Annotated[Process, BY_NAME]
    instruments: InstrumentSelection
    parameters: AvellanedaStoikov
    opening_positions: tuple[OpeningPosition, ...] = ()

    @model_validator(mode="after")
    def _check(self) -> StrategyPlacement:
        symbols = [held.symbol for held in self.opening_positions]
        problems = [Problem(f"opening_positions[{symbol}]", "stands twice") for symbol in repeated(symbols)]
        if not self.instruments.else_most_active:
            problems += [
                Problem(f"opening_positions[{symbol}]", "is not among the instruments")
                for symbol in symbols
                if symbol not in self.instruments.symbols
            ]
        raise_problems(problems)
        return self
