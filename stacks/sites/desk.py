"""desk: one machine, the engine against the exchange simulator, and the data plane inside the pipeline's process."""

from __future__ import annotations

from stacks.sites import workstation
from stacks.topology.data_plane import Bars, Embedded
from stacks.topology.site import Dagster, Site

HOST = workstation.machine("desk")
VENUE = workstation.simulated_nasdaq(
    workstation.ExchangePorts(
        group_a="239.255.17.1",
        group_b="239.255.17.2",
        line_a=17101,
        line_b=17102,
        rerequest=17103,
        glimpse=17104,
        ouch=17105,
    )
)
ENGINE, SIMULATOR = workstation.programs(HOST, VENUE)

SITE = Site(
    name="desk",
    kind="desk",
    hosts=(HOST,),
    clocks=(workstation.OSCILLATOR,),
    venues=(VENUE,),
    processes=(ENGINE, SIMULATOR),
    strategies=(workstation.market_making(ENGINE),),
    risk=workstation.risk(),
    anomalies=workstation.ANOMALIES,
    data_plane=Embedded(
        host=HOST,
        parquet_compression="zstd",
        row_group_rows=131_072,
        bars=(Bars(name="bars_1s", window_ns=1_000_000_000),),
    ),
    quality=workstation.QUALITY,
    release=workstation.RELEASE,
    dagster=Dagster(host=HOST, address=workstation.LOOPBACK, port=17130),
    control=(workstation.control(HOST, port=17140),),
)
