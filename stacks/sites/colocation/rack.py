"""A rack in a venue's data centre: its switches, VLANs, trunks, cross connects and clock, and what plugs hosts in.

Feed A and B, and orders A and B, come over cross connects that end at switches of their own. Data and management
switches are pairs that act as one. A host of number n has the address n in each network of the site:

    10.<site>.0  management    .1 feed A    .2 feed B    .3 orders A and B    .4 and .5 data    .6 clock    .8 capture
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from stacks.sites.colocation.equipment import CONNECTX_6_INSIDE, INTEL_I210, Equipment
from stacks.topology.clock import ClockSource
from stacks.topology.declared import network_of
from stacks.topology.network import (
    CrossConnect,
    Handoff,
    LineName,
    Link,
    LinkRole,
    ManagementLink,
    Nic,
    Switch,
    Trunk,
    Vlan,
)

# The longest cable inside a cabinet.
CABLE_M = 3.0
# Ports of the management switches: their uplinks and peer links are behind the 48 of copper.
_UPLINK_PORTS = (49, 50)
_PEER_PORTS = (51, 52)
_GRANDMASTER_PORT = 48


def handoffs(
    first_network: str, feed_a: str, feed_b: str, orders: str, rendezvous_points: tuple[str, str]
) -> dict[str, Handoff]:
    """Return the handoffs of all cross connects: four networks of four addresses from `first_network` (/28) on.

    The venue has the first address of each, and behind it a network for feed A, feed B, and orders. The roots of its
    multicast trees are those of feed A and B.
    """
    addresses = [str(address) for address in network_of(f"{first_network}/28")]
    points = dict(zip(("feed-a", "feed-b"), rendezvous_points, strict=True))
    behind = {"feed-a": feed_a, "feed-b": feed_b, "orders-a": orders, "orders-b": orders}
    return {
        name: Handoff(
            address=addresses[4 * index + 2],
            peer=addresses[4 * index + 1],
            prefix_length=30,
            prefixes=(prefix,),
            rendezvous_point=points.get(name),
        )
        for index, (name, prefix) in enumerate(behind.items())
    }


@dataclass(frozen=True)
class Rack:
    """One site's rack.

    number            second byte of all its addresses
    circuits          what the names of its circuits begin with
    cross_connect_m   metres of each cross connect
    handoffs          by cross connect (feed-a, feed-b, orders-a, orders-b); used where switches of ours route
    """

    number: int
    circuits: str
    equipment: Equipment
    cross_connect_m: int
    handoffs: Mapping[str, Handoff] = field(default_factory=dict)

    def address(self, network: int, host: int) -> str:
        """Return the address of a host in one of the site's networks."""
        return f"10.{self.number}.{network}.{host}"

    @cached_property
    def grandmaster(self) -> ClockSource:
        """The receiver of the data centre's GNSS antenna."""
        address = self.address(6, 250)
        return ClockSource(name="gm-1", kind="ptp_grandmaster", address=address, ptp_domain=24, uncertainty_ns_max=100)

    @cached_property
    def feed(self) -> tuple[Switch, Switch]:
        """The switches of feed A and B."""
        model = self.equipment.feed
        return model.built("feed-a", "feed_a", self.address(0, 21)), model.built(
            "feed-b", "feed_b", self.address(0, 22)
        )

    @cached_property
    def orders(self) -> tuple[Switch, Switch]:
        """The switches of orders A and B."""
        model = self.equipment.orders
        return tuple(model.built(f"orders-{line}", "orders", self.address(0, 23 + i)) for i, line in enumerate("ab"))

    @cached_property
    def data(self) -> tuple[Switch, Switch]:
        """The pair of the data network."""
        return tuple(self.equipment.data.built(f"data-{i}", "data", self.address(0, 30 + i)) for i in (1, 2))

    @cached_property
    def management(self) -> tuple[Switch, Switch]:
        """The pair of the management network, which hands on the time as well."""
        model = self.equipment.management
        return tuple(model.built(f"management-{i}", "management", self.address(0, 40 + i)) for i in (1, 2))

    @property
    def switches(self) -> tuple[Switch, ...]:
        """All switches."""
        return (*self.feed, *self.orders, *self.data, *self.management)

    @cached_property
    def vlans(self) -> tuple[Vlan, ...]:
        """The VLANs of the switches that look at frames; what routes does so under the last address of its subnet."""
        feed_a, feed_b = self.feed
        orders_a, orders_b = self.orders
        candidates = (
            ("feed-a", 11, "feed", "1.0/24", (feed_a,), "1.254"),
            ("feed-b", 12, "feed", "2.0/24", (feed_b,), "2.254"),
            ("orders-a", 31, "orders", "3.0/25", (orders_a,), "3.126"),
            ("orders-b", 32, "orders", "3.128/25", (orders_b,), "3.254"),
            ("data", 40, "data", "4.0/23", self.data, "5.254"),
            ("clock", 60, "clock", "6.0/24", self.management, None),
            ("management", 70, "management", "0.0/24", (*self.management, *self.data), "0.254"),
        )
        return tuple(
            Vlan(
                name=name,
                number=number,
                role=role,
                subnet=f"10.{self.number}.{subnet}",
                switches=switches,
                gateway=gateway and f"10.{self.number}.{gateway}",
            )
            for name, number, role, subnet, switches, gateway in candidates
            if all(switch.frames for switch in switches)
        )

    @cached_property
    def trunks(self) -> tuple[Trunk, ...]:
        """Two cables between the switches of a pair, and one from each management switch to each data switch."""
        data_ports = self.equipment.data.ports
        uplink = self.equipment.uplink_gbps
        peers = [
            self._trunk("peer", pair, ports, speed)
            for pair, last, speed in (
                (self.data, data_ports, self.equipment.data.port_speed_gbps),
                (self.management, _PEER_PORTS[1], uplink),
            )
            for ports in ((last - 1, last - 1), (last, last))
        ]
        uplinks = [
            self._trunk("uplink", (below, above), (_UPLINK_PORTS[above_index], data_ports - 3 + below_index), uplink)
            for below_index, below in enumerate(self.management)
            for above_index, above in enumerate(self.data)
        ]
        return (*peers, *uplinks)

    @cached_property
    def cross_connects(self) -> tuple[CrossConnect, ...]:
        """Feed and orders, each over lines A and B."""
        ends = (("feed", "A", self.feed[0]), ("feed", "B", self.feed[1]))
        ends += (("orders", "A", self.orders[0]), ("orders", "B", self.orders[1]))
        return tuple(
            CrossConnect(
                name=switch.name,
                circuit=f"{self.circuits}-{role}-{line}".upper(),
                role=role,
                line=line,
                switch=switch,
                switch_port=1,
                speed_gbps=10,
                length_m=self.cross_connect_m,
                handoff=self.handoffs.get(switch.name) if switch.frames else None,
            )
            for role, line, switch in ends
        )

    @cached_property
    def management_links(self) -> tuple[ManagementLink, ...]:
        """The management ports of all switches, in turn on one and the other of the pair, and the grandmaster.

        Those of the pair itself are both on the first: its peers' heartbeat must not need the link between them.
        """
        switches = [
            self.management_link(
                switch.name, switch.address, 25 + index, self.management[0] if switch in self.management else None
            )
            for index, switch in enumerate(self.switches)
        ]
        gm = self.grandmaster
        assert gm.address is not None
        clock = ManagementLink(
            name=gm.name,
            role="clock",
            address=gm.address,
            switch=self.management[0],
            switch_port=_GRANDMASTER_PORT,
            length_m=CABLE_M,
        )
        return (*switches, clock)

    def management_link(self, name: str, address: str, port: int, switch: Switch | None = None) -> ManagementLink:
        """Return the cable of a device's management port, by itself on the first switch of the pair if it is odd."""
        return ManagementLink(
            name=name,
            role="management",
            address=address,
            switch=switch or self.management[(port + 1) % 2],
            switch_port=port,
            length_m=CABLE_M,
        )

    def trading_nics(self, number: int) -> tuple[Nic, ...]:
        """Return the NICs of a trading host: feed A, feed B, orders on NUMA node 0, data (a LAG of two) and clock."""
        nic = self.equipment.exchange_nic.built
        orders = number + 128 * self._order_line(number)
        return (
            nic("feed-a", self.address(1, number)),
            nic("feed-b", self.address(2, number)),
            nic("orders", self.address(3, orders)),
            *self.service_nics(number, numa_node=1),
        )

    def service_nics(self, number: int, numa_node: int = 0) -> tuple[Nic, Nic, Nic]:
        """Return the NICs that every host has: two of the data network, and the one that follows the grandmaster."""
        inside = CONNECTX_6_INSIDE.built
        return (
            inside("data-1", self.address(4, number), numa_node),
            inside("data-2", self.address(5, number), numa_node),
            INTEL_I210.built("clock", self.address(6, number), numa_node),
        )

    def trading_links(self, host: str, number: int, nics: tuple[Nic, ...]) -> tuple[Link, ...]:
        """Return the cables of a trading host.

        Each trading host is on an order switch of its own, so that a lost switch leaves the other host.
        """
        feed_a, feed_b, orders, *_ = nics
        port = 10 + number
        return (
            self._cable(f"{host}-feed-a", "feed", feed_a, self.feed[0], port, line="A"),
            self._cable(f"{host}-feed-b", "feed", feed_b, self.feed[1], port, line="B"),
            self._cable(f"{host}-orders", "orders", orders, self.orders[self._order_line(number)], port),
            *self.service_links(host, number, nics),
        )

    def service_links(self, host: str, number: int, nics: tuple[Nic, ...]) -> tuple[Link, ...]:
        """Return the cables of any host to the data switches (a LAG over both) and to the clock."""
        by_name = {nic.name: nic for nic in nics}
        return (
            *(
                Link(
                    name=f"{host}-{switch.name}",
                    role="data",
                    nic=by_name[switch.name],
                    switch=switch,
                    switch_port=number,
                    length_m=CABLE_M,
                    lag=f"{host}-data",
                    fec="reed_solomon",
                )
                for switch in self.data
            ),
            self._cable(f"{host}-clock", "clock", by_name["clock"], self.management[number % 2], number),
        )

    def capture_link(self, name: str, nic: Nic, source: Link) -> Link:
        """Return the cable from a mirror port, on the switch of the mirrored link, to a NIC of the monitoring host."""
        return self._cable(name, "capture", nic, source.switch, source.switch_port + 20)

    def _order_line(self, number: int) -> int:
        return (number + 1) % 2

    def _cable(
        self, name: str, role: LinkRole, nic: Nic, switch: Switch, port: int, line: LineName | None = None
    ) -> Link:
        return Link(name=name, role=role, line=line, nic=nic, switch=switch, switch_port=port, length_m=CABLE_M)

    def _trunk(
        self, role: Literal["peer", "uplink"], ends: tuple[Switch, ...], ports: tuple[int, int], speed_gbps: int
    ) -> Trunk:
        first, second = ends
        return Trunk(
            name=f"{first.name}-{second.name}-{ports[0]}",
            role=role,
            lag=f"{first.role}-{role}",
            first=first,
            first_port=ports[0],
            second=second,
            second_port=ports[1],
            speed_gbps=speed_gbps,
            length_m=CABLE_M,
            fec="reed_solomon" if speed_gbps == 100 else "none",
        )
