"""How hosts are wired: NICs, switches, links, cross connects and taps."""

from __future__ import annotations

from ipaddress import IPv4Address
from typing import Annotated, Literal

from pydantic import Field, model_validator

from stacks.topology.declared import (
    BY_NAME,
    Address,
    Declared,
    Flag,
    Name,
    Network,
    NotNegative,
    Positive,
    PositiveReal,
    network_of,
    raise_problems,
)
from stacks.topology.errors import Problem

LineName = Literal["A", "B"]
LinkRole = Literal["feed", "orders", "data", "management", "clock", "capture"]
Speed = Literal[1, 10, 25, 40, 100]
# Forward error correction of both ends of a cable: IEEE 802.3 clauses 74 (fire code), 91 and 108 (Reed-Solomon).
Fec = Literal["none", "fire_code", "reed_solomon"]


class Nic(Declared):
    """A network interface. `transport` is how the engine reads it; `queues` are its receive queues, from 0.

    `latency_ns` is the time between the wire and the program through this transport, in one direction, as the vendor
    states or we measured it; half of half a round trip where only that is known.
    """

    name: Name
    address: Address
    model: str
    speed_gbps: Speed
    transport: Literal["kernel", "af_xdp", "dpdk", "ef_vi"] = "kernel"
    numa_node: NotNegative = 0
    queues: Positive = 1
    hardware_timestamps: Flag = False
    latency_ns: Positive | None = None


class Switch(Declared):
    """A switch.

    `forwarding` is how a frame passes: `layer1` copies the signal of one port to others, `mux` (an FPGA application)
    merges many ports into one and copies the other direction, `cut_through` forwards before the frame's end has come,
    `store_and_forward` after it. `latency_ns` is its port-to-port latency as the vendor states it.
    `port_speed_gbps` is what its cages take at most, and `boundary_clock` says that it hands on PTP time as a clock.
    """

    name: Name
    model: str
    os: Literal["eos", "nxos"]
    role: Literal["feed_a", "feed_b", "orders", "data", "management"]
    forwarding: Literal["layer1", "mux", "cut_through", "store_and_forward"]
    address: Address
    ports: Positive
    port_speed_gbps: Speed
    latency_ns: NotNegative
    boundary_clock: Flag = False

    @property
    def frames(self) -> bool:
        """Whether it looks at frames: only then can it have VLANs, addresses and aggregated links."""
        return self.forwarding in ("cut_through", "store_and_forward")


class Vlan(Declared):
    """A VLAN on some switches: the links of one role that end there are in it.

    `gateway` is the address under which it is routed, by its switches that are not of role management; a pair of
    switches has it together, so the two addresses below it are theirs where they need one each.
    """

    name: Name
    number: Annotated[int, Field(strict=True, ge=2, le=4093)]
    role: LinkRole
    subnet: Network
    switches: tuple[Annotated[Switch, BY_NAME], ...]
    gateway: Address | None = None

    @model_validator(mode="after")
    def _check(self) -> Vlan:
        problems = []
        if self.gateway is not None and not self.holds(self.gateway):
            problems.append(Problem("gateway", f"{self.gateway} is not an address of {self.subnet}"))
        for switch in self.switches:
            if not switch.frames:
                problems.append(Problem(f"switches[{switch.name}]", f"forwards by {switch.forwarding}, without VLANs"))
        raise_problems(problems)
        return self

    def holds(self, address: str) -> bool:
        """Return whether an address lies in the subnet."""
        return IPv4Address(address) in network_of(self.subnet)


class Handoff(Declared):
    """How a venue hands over its network at a cross connect: our address and its own, and what is behind it.

    `prefixes` are the venue's networks that are reached through it; `rendezvous_point` is the root of its multicast
    trees (PIM sparse mode, RFC 7761), where feeds come over it.
    """

    address: Address
    peer: Address
    prefix_length: Annotated[int, Field(strict=True, ge=8, le=31)]
    prefixes: tuple[Network, ...]
    rendezvous_point: Address | None = None

    @model_validator(mode="after")
    def _check(self) -> Handoff:
        subnet = network_of(f"{self.address}/{self.prefix_length}")
        if IPv4Address(self.peer) not in subnet:
            raise_problems([Problem("peer", f"{self.peer} is not in {subnet}, the network of {self.address}")])
        return self


class CrossConnect(Declared):
    """A fibre of the data centre between the venue's demarcation and one of our switches. `length_m` is its length.

    A switch that looks at frames routes what comes over it, and needs the handoff; through any other the hosts
    themselves are on the venue's network.
    """

    name: Name
    circuit: str
    role: Literal["feed", "orders"]
    line: LineName
    switch: Annotated[Switch, BY_NAME]
    switch_port: Positive
    speed_gbps: Speed
    length_m: Positive
    handoff: Handoff | None = None

    @model_validator(mode="after")
    def _check(self) -> CrossConnect:
        if self.switch.frames != (self.handoff is not None):
            sentence = f"switch {self.switch.name} forwards by {self.switch.forwarding}, so it "
            sentence += "routes, and needs one" if self.switch.frames else "cannot have one"
            raise_problems([Problem("handoff", sentence)])
        return self


class Link(Declared):
    """A cable of ours from a NIC to a switch port.

    `lag` names a link aggregation group; one is for data and management only, because its hash decides the member
    that a frame takes, so that the latency of a feed or order link would depend on the sender's port number.
    `fec` costs latency, and exists from 25 Gb on.
    """

    name: Name
    role: LinkRole
    line: LineName | None = None
    nic: Annotated[Nic, BY_NAME]
    switch: Annotated[Switch, BY_NAME]
    switch_port: Positive
    length_m: PositiveReal
    lag: Name | None = None
    fec: Fec = "none"

    @model_validator(mode="after")
    def _check(self) -> Link:
        problems = []
        if self.lag is not None and self.role not in ("data", "management"):
            problems.append(Problem("lag", f"a link of role {self.role} may not be a member of a LAG ({self.lag})"))
        if self.role == "feed" and self.line is None:
            problems.append(Problem("line", "a feed link carries line A or line B"))
        if self.switch_port > self.switch.ports:
            problems.append(Problem("switch_port", f"switch {self.switch.name} has {self.switch.ports} ports"))
        if self.nic.speed_gbps > self.switch.port_speed_gbps:
            sentence = f"NIC {self.nic.name} needs {self.nic.speed_gbps} Gb, "
            sentence += f"ports of switch {self.switch.name} have {self.switch.port_speed_gbps}"
            problems.append(Problem("switch", sentence))
        if self.fec != "none" and self.nic.speed_gbps < 25:
            problems.append(Problem("fec", f"there is no error correction at {self.nic.speed_gbps} Gb"))
        raise_problems(problems)
        return self


class Trunk(Declared):
    """A cable between two of our switches that carries all VLANs that both have, member of an aggregation group.

    `peer` joins a pair of switches that act as one towards hosts (MLAG, vPC); `uplink` joins two such pairs.
    """

    name: Name
    role: Literal["peer", "uplink"]
    lag: Name
    first: Annotated[Switch, BY_NAME]
    first_port: Positive
    second: Annotated[Switch, BY_NAME]
    second_port: Positive
    speed_gbps: Speed
    length_m: PositiveReal
    fec: Fec = "none"

    @property
    def ends(self) -> tuple[tuple[Switch, int, Switch, int], ...]:
        """(switch, port, the switch and the port at the other end), from either end."""
        there = (self.first, self.first_port, self.second, self.second_port)
        return (there, (*there[2:], *there[:2]))

    @model_validator(mode="after")
    def _check(self) -> Trunk:
        problems = []
        if self.first == self.second:
            problems.append(Problem("second", f"switch {self.first.name} is at both ends"))
        for switch, _, _, _ in self.ends:
            if switch.role not in ("data", "management"):
                sentence = f"switch {switch.name} is of role {switch.role}, and feeds and orders are never aggregated"
                problems.append(Problem("lag", sentence))
        if self.role == "peer" and (self.first.os, self.first.role) != (self.second.os, self.second.role):
            problems.append(Problem("second", f"{self.second.name} is no twin of {self.first.name}"))
        raise_problems(problems)
        return self


class ManagementLink(Declared):
    """A cable from a device that is no NIC of a host to a switch of role management; `address` says whose it is.

    The device is a BMC, the management port of a switch, or a grandmaster (role clock).
    """

    name: Name
    role: Literal["management", "clock"]
    address: Address
    switch: Annotated[Switch, BY_NAME]
    switch_port: Positive
    length_m: PositiveReal


class Tap(Declared):
    """A passive optical tap on a cross connect, read by a NIC of the monitoring host."""

    name: Name
    cross_connect: Annotated[CrossConnect, BY_NAME]
    nic: Annotated[Nic, BY_NAME]


class Mirror(Declared):
    """A mirror port: what a host sends into its switch over `source` also leaves over `destination`, a capture link."""

    name: Name
    source: Annotated[Link, BY_NAME]
    destination: Annotated[Link, BY_NAME]

    @model_validator(mode="after")
    def _check(self) -> Mirror:
        problems = []
        if self.destination.role != "capture":
            problems.append(Problem("destination", f"link {self.destination.name} is of role {self.destination.role}"))
        if self.source.switch != self.destination.switch:
            sentence = f"{self.destination.name} is on switch {self.destination.switch.name}, "
            sentence += f"{self.source.name} on {self.source.switch.name}"
            problems.append(Problem("destination", sentence))
        raise_problems(problems)
        return self
