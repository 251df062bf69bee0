"""What is traded at CME: the front months of two equity index futures, market making each, and the limits around it."""

from __future__ import annotations

from stacks.sites.aurora.venue import ACCOUNT, FIRM
from stacks.sites.colocation.trading import Bounds, Desk, Mandate
from stacks.topology.strategy import AvellanedaStoikov

_PARAMETERS = AvellanedaStoikov(
    quote_quantity=2,
    gamma=0.05,
    sigma_window_ms=60_000,
    k=4.0,
    horizon_ms=60_000,
    inventory_max=20,
    spread_ticks_min=1,
    requote_ticks=1,
)

DESK = Desk(
    mpid=FIRM,
    account=ACCOUNT,
    mandates=(
        Mandate("market-making-es", ("ESZ6",), _PARAMETERS),
        Mandate("market-making-nq", ("NQZ6",), _PARAMETERS),
    ),
    collar_bps=100,
    order_quantity=10,
    notional=300_000,
    bounds={
        "firm": Bounds(position=120, gross=6_000_000, loss=60_000, messages=900),
        "account": Bounds(position=90, gross=5_000_000, loss=50_000, messages=800),
        "session": Bounds(position=60, gross=2_500_000, loss=25_000, messages=400),
        "strategy": Bounds(position=50, gross=2_500_000, loss=25_000, messages=300),
        "instrument": Bounds(position=40, gross=2_000_000, loss=20_000, messages=300),
    },
)
