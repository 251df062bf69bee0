"""carteret: NASDAQ's data centre; two trading hosts, each the standby of the other, a data and a monitoring host."""

from __future__ import annotations

from stacks.sites.carteret import hosts, network, venue
from stacks.sites.carteret.data_plane import DATA_PLANE
from stacks.sites.carteret.trading import CONTROL, OBJECTIVES, PROCESSES, RISK, STRATEGIES
from stacks.topology.quality import CHECKS, Quality
from stacks.topology.release import Release
from stacks.topology.site import Dagster, Site

SITE = Site(
    name="carteret",
    kind="production",
    hosts=hosts.HOSTS,
    switches=network.SWITCHES,
    links=hosts.LINKS,
    cross_connects=network.CROSS_CONNECTS,
    taps=hosts.TAPS,
    clocks=(network.GRANDMASTER,),
    venues=(venue.VENUE,),
    processes=PROCESSES,
    strategies=STRATEGIES,
    risk=RISK,
    data_plane=DATA_PLANE,
    quality=Quality(checks=CHECKS, staleness_ms_max=60_000),
    release=Release(name="engine", compiler="g++", march=hosts.TRADING_1.march),
    dagster=Dagster(host=hosts.DATA, address="10.20.4.11", port=3070),
    control=CONTROL,
    recovery_objectives=OBJECTIVES,
    maintenance_windows=venue.VENUE.maintenance_windows,
)
