"""What is traded at NASDAQ: two pairs of stocks, market making each, and the limits around it."""

from __future__ import annotations

from stacks.sites.carteret.venue import ACCOUNT, MPID
from stacks.sites.colocation.trading import Bounds, Desk, Mandate
from stacks.topology.strategy import AvellanedaStoikov

_PARAMETERS = AvellanedaStoikov(
    quote_quantity=100,
    gamma=0.1,
    sigma_window_ms=60_000,
    k=10.0,
    horizon_ms=60_000,
    inventory_max=500,
    spread_ticks_min=2,
    requote_ticks=1,
)

DESK = Desk(
    mpid=MPID,
    account=ACCOUNT,
    mandates=(
        Mandate("market-making-1", ("AMZN", "AAPL"), _PARAMETERS),
        Mandate("market-making-2", ("MSFT", "NVDA"), _PARAMETERS),
    ),
    collar_bps=300,
    order_quantity=500,
    notional=250_000,
    bounds={
        "firm": Bounds(position=4_000, gross=10_000_000, loss=200_000, messages=2_000),
        "account": Bounds(position=3_000, gross=8_000_000, loss=150_000, messages=1_600),
        "session": Bounds(position=2_000, gross=4_000_000, loss=75_000, messages=800),
        "strategy": Bounds(position=1_500, gross=4_000_000, loss=75_000, messages=600),
        "instrument": Bounds(position=1_000, gross=2_000_000, loss=40_000, messages=300),
    },
)
