"""Strategies as a site places them: which strategy, on which process, on which instruments, with which parameters."""

from __future__ import annotations

from typing import Annotated, Literal

from stacks.topology.declared import BY_NAME, Declared, Name, NotNegative, Positive, PositiveReal
from stacks.topology.instrument import InstrumentSelection
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


class StrategyPlacement(Declared):
    """A strategy on a process. The process gives host, cpu, feed and order session."""

    name: Name
    process: Annotated[Process, BY_NAME]
    instruments: InstrumentSelection
    parameters: AvellanedaStoikov
