"""What is traded at Eurex: two months of the EURO STOXX 50 future, market making each, and the limits around it."""

from __future__ import annotations

from stacks.sites.colocation.trading import Bounds, Desk, Mandate
from stacks.sites.frankfurt.venue import ACCOUNT, MEMBER
from stacks.topology.strategy import AvellanedaStoikov

_PARAMETERS = AvellanedaStoikov(
    quote_quantity=5,
    gamma=0.05,
    sigma_window_ms=60_000,
    k=2.0,
    horizon_ms=60_000,
    inventory_max=50,
    spread_ticks_min=1,
    requote_ticks=1,
)

DESK = Desk(
    mpid=MEMBER,
    account=ACCOUNT,
    mandates=(
        Mandate("market-making-front", ("FESXZ6",), _PARAMETERS),
        Mandate("market-making-next", ("FESXH7",), _PARAMETERS),
    ),
    collar_bps=100,
    order_quantity=20,
    notional=150_000,
    bounds={
        "firm": Bounds(position=300, gross=4_000_000, loss=40_000, messages=280),
        "account": Bounds(position=240, gross=3_000_000, loss=30_000, messages=240),
        "session": Bounds(position=150, gross=1_500_000, loss=15_000, messages=120),
        "strategy": Bounds(position=120, gross=1_500_000, loss=15_000, messages=110),
        "instrument": Bounds(position=100, gross=1_000_000, loss=10_000, messages=100),
    },
)
