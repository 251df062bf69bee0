"""How hosts are wired: NICs, switches, links, cross connects and taps."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import model_validator

from stacks.topology.declared import (
    BY_NAME,
    Address,
    Declared,
    Flag,
    Name,
    NotNegative,
    Positive,
    PositiveReal,
    raise_problems,
)
from stacks.topology.errors import Problem

LineName = Literal["A", "B"]
LinkRole = Literal["feed", "orders", "data", "management", "clock"]


class Nic(Declared):
    """A network interface. `transport` is how the engine reads it; `queues` are its receive queues, from 0."""

    name: Name
    address: Address
    model: str
    speed_gbps: Literal[1, 10, 25, 40, 100]
    transport: Literal["kernel", "af_xdp", "dpdk", "ef_vi"] = "kernel"
    numa_node: NotNegative = 0
    queues: Positive = 1
    hardware_timestamps: Flag = False


class Switch(Declared):
    """A switch. `latency_ns` is its port-to-port latency as the vendor states it; layer 1 devices count as switches."""

    name: Name
    model: str
    os: Literal["eos", "nxos", "mos"]
    role: Literal["feed_a", "feed_b", "orders", "data", "management", "layer1"]
    address: Address
    ports: Positive
    latency_ns: NotNegative
    boundary_clock: Flag = False


class CrossConnect(Declared):
    """A fibre of the data centre between the venue's demarcation and one of our switches. `length_m` is its length."""

    name: Name
    circuit: str
    role: Literal["feed", "orders"]
    line: LineName
    switch: Annotated[Switch, BY_NAME]
    switch_port: Positive
    speed_gbps: Literal[1, 10, 25, 40, 100]
    length_m: Positive


class Link(Declared):
    """A cable of ours from a NIC to a switch port.

    `lag` names a link aggregation group; one is for data and management only, because its hash decides the member
    that a frame takes, so that the latency of a feed or order link would depend on the sender's port number.
    """

    name: Name
    role: LinkRole
    line: LineName | None = None
    nic: Annotated[Nic, BY_NAME]
    switch: Annotated[Switch, BY_NAME]
    switch_port: Positive
    length_m: PositiveReal
    lag: Name | None = None

    @model_validator(mode="after")
    def _check(self) -> Link:
        problems = []
        if self.lag is not None and self.role in ("feed", "orders"):
            problems.append(Problem("lag", f"a link of role {self.role} may not be a member of a LAG ({self.lag})"))
        if self.role == "feed" and self.line is None:
            problems.append(Problem("line", "a feed link carries line A or line B"))
        if self.switch_port > self.switch.ports:
            problems.append(Problem("switch_port", f"switch {self.switch.name} has {self.switch.ports} ports"))
        raise_problems(problems)
        return self


class Tap(Declared):
    """A passive optical tap on a cross connect, read by a NIC of the monitoring host."""

    name: Name
    cross_connect: Annotated[CrossConnect, BY_NAME]
    nic: Annotated[Nic, BY_NAME]
