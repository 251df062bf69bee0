"""The switches, cross connects and clock of carteret, and what plugs a host into them.

Layer 1 devices fan the feed out in about 5 ns; the order switches multiplex in about 39 ns (Arista 7130 data sheets).
"""

from __future__ import annotations

from typing import Literal

from stacks.topology.clock import ClockSource
from stacks.topology.network import CrossConnect, LineName, Link, LinkRole, Nic, Switch

GRANDMASTER = ClockSource(
    name="gm-1", kind="ptp_grandmaster", address="10.20.0.10", ptp_domain=24, uncertainty_ns_max=100
)

FEED_A = Switch(
    name="feed-a", model="Arista 7130-48L", os="mos", role="feed_a", address="10.20.0.21", ports=48, latency_ns=5
)
FEED_B = Switch(
    name="feed-b", model="Arista 7130-48L", os="mos", role="feed_b", address="10.20.0.22", ports=48, latency_ns=5
)
ORDERS_A = Switch(
    name="orders-a", model="Arista 7130-48L", os="mos", role="orders", address="10.20.0.23", ports=48, latency_ns=39
)
ORDERS_B = Switch(
    name="orders-b", model="Arista 7130-48L", os="mos", role="orders", address="10.20.0.24", ports=48, latency_ns=39
)
DATA_1 = Switch(
    name="data-1", model="Arista 7060CX2-32S", os="eos", role="data", address="10.20.0.31", ports=32, latency_ns=450
)
DATA_2 = Switch(
    name="data-2", model="Arista 7060CX2-32S", os="eos", role="data", address="10.20.0.32", ports=32, latency_ns=450
)
MANAGEMENT = Switch(
    name="management",
    model="Arista 7010TX-48",
    os="eos",
    role="management",
    address="10.20.0.41",
    ports=48,
    latency_ns=3_500,
    boundary_clock=True,
)
SWITCHES = (FEED_A, FEED_B, ORDERS_A, ORDERS_B, DATA_1, DATA_2, MANAGEMENT)


def _cross_connect(role: Literal["feed", "orders"], line: LineName, switch: Switch) -> CrossConnect:
    """Return a cross connect of 150 m: the venue equalises the fibre to every cabinet to the longest run."""
    return CrossConnect(
        name=switch.name,
        circuit=f"XC-XNAS-{role}-{line}".upper(),
        role=role,
        line=line,
        switch=switch,
        switch_port=1,
        speed_gbps=10,
        length_m=150,
    )


CROSS_CONNECTS = (
    _cross_connect("feed", "A", FEED_A),
    _cross_connect("feed", "B", FEED_B),
    _cross_connect("orders", "A", ORDERS_A),
    _cross_connect("orders", "B", ORDERS_B),
)


def trading_nics(number: int) -> tuple[Nic, ...]:
    """Return the NICs of a trading host: feed A, feed B and orders on NUMA node 0, data (a LAG of two) and clock."""
    return (
        _low_latency_nic("feed-a", f"10.20.1.{number}"),
        _low_latency_nic("feed-b", f"10.20.2.{number}"),
        _low_latency_nic("orders", f"10.20.3.{number}"),
        *data_nics(f"10.20.4.{number}", f"10.20.5.{number}", numa_node=1),
        clock_nic(f"10.20.6.{number}", numa_node=1),
    )


def data_nics(first: str, second: str, numa_node: int = 0) -> tuple[Nic, Nic]:
    """Return the two 100 Gb NICs of the data network."""
    return tuple(  # type: ignore[return-value]
        Nic(
            name=name,
            address=address,
            model="NVIDIA ConnectX-6 Dx",
            speed_gbps=100,
            numa_node=numa_node,
            queues=16,
            hardware_timestamps=True,
        )
        for name, address in (("data-1", first), ("data-2", second))
    )


def clock_nic(address: str, numa_node: int = 0) -> Nic:
    """Return the NIC through which a host follows the grandmaster."""
    return Nic(
        name="clock",
        address=address,
        model="Intel I210",
        speed_gbps=1,
        numa_node=numa_node,
        hardware_timestamps=True,
    )


def _low_latency_nic(name: str, address: str) -> Nic:
    return Nic(
        name=name,
        address=address,
        model="AMD Solarflare X2522",
        speed_gbps=10,
        transport="ef_vi",
        numa_node=0,
        queues=8,
        hardware_timestamps=True,
    )


def trading_links(host: str, nics: tuple[Nic, ...], port: int, orders: Switch) -> tuple[Link, ...]:
    """Return the cables of a trading host; `port` is the one it takes on every switch."""
    feed_a, feed_b, order_nic, *_ = nics
    return (
        _cable(f"{host}-feed-a", "feed", feed_a, FEED_A, port, line="A"),
        _cable(f"{host}-feed-b", "feed", feed_b, FEED_B, port, line="B"),
        _cable(f"{host}-orders", "orders", order_nic, orders, port),
        *service_links(host, nics, port),
    )


def service_links(host: str, nics: tuple[Nic, ...], port: int) -> tuple[Link, ...]:
    """Return the cables of any host to the data switches (a LAG over both) and to the clock."""
    by_name = {nic.name: nic for nic in nics}
    lag = f"{host}-data"
    return (
        _cable(f"{host}-data-1", "data", by_name["data-1"], DATA_1, port, lag=lag),
        _cable(f"{host}-data-2", "data", by_name["data-2"], DATA_2, port, lag=lag),
        _cable(f"{host}-clock", "clock", by_name["clock"], MANAGEMENT, port),
    )


def _cable(
    name: str, role: LinkRole, nic: Nic, switch: Switch, port: int, line: LineName | None = None, lag: str | None = None
) -> Link:
    """Return a cable of 3 m, the longest inside the cabinet."""
    return Link(name=name, role=role, line=line, nic=nic, switch=switch, switch_port=port, length_m=3.0, lag=lag)
