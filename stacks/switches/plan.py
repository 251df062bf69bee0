"""What a switch has to do, gathered from the whole declaration and in no vendor's words: ports, VLANs, routes, clocks.

    plan = switch_plan(site, switch)

A pure function. The renderers for EOS and NX-OS only print what stands here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from stacks.topology.cabling import peer_of, vlan_of
from stacks.topology.declared import network_of
from stacks.topology.network import CrossConnect, Fec, Handoff, Link, Switch, Trunk, Vlan
from stacks.topology.site import Site

# Aggregation groups have the number of their lowest port on the first switch of a pair; where they have none there,
# that on the second one, counted from another number. That of a pair's own link must be none of these.
SECOND_LAGS = 500
PEER_LAG = 1000


@dataclass(frozen=True)
class Port:
    """One port that something is plugged into.

    mode      access (one VLAN), trunk, routed (has the handoff's address), mirror (a copy leaves), layer1 (no VLANs)
    clock     a device that follows us, one that we follow, or our peer, which may be either; None without PTP
    copies    on layer 1: the port whose signal leaves here, or the multiplexer, or nothing
    """

    number: int
    description: str
    speed_gbps: int
    mode: Literal["access", "trunk", "routed", "mirror", "layer1"]
    vlans: tuple[int, ...] = ()
    lag: int | None = None
    fec: Fec = "none"
    clock: Literal["follows", "leads", "peer"] | None = None
    copies: int | Literal["mux"] | None = None
    handoff: Handoff | None = None


@dataclass(frozen=True)
class Lag:
    """An aggregation group. `multichassis` ones have members on both switches of a pair; `peer` joins the pair."""

    number: int
    description: str
    mode: Literal["access", "trunk"]
    vlans: tuple[int, ...]
    multichassis: bool
    peer: bool


@dataclass(frozen=True)
class Pair:
    """The pair that a switch is one of: its number and name in the site, and the addresses of both."""

    number: int
    name: str
    is_first: bool
    peer_address: str


@dataclass(frozen=True)
class Gateway:
    """A VLAN that is routed: the gateway's address, our own (below it, where a pair shares it), whether feeds come."""

    vlan: int
    name: str
    address: str
    own_address: str
    prefix_length: int
    multicast: bool


@dataclass(frozen=True)
class Mirror:
    """What enters at one port also leaves at another."""

    name: str
    source: int
    destination: int


@dataclass(frozen=True)
class SwitchPlan:
    """All that a switch's configuration says. `groups` are (rendezvous point, multicast group)."""

    hostname: str
    switch: Switch
    management_prefix_length: int
    management_gateway: str | None
    vlans: tuple[tuple[int, str], ...]
    ports: tuple[Port, ...]
    lags: tuple[Lag, ...]
    pair: Pair | None
    gateways: tuple[Gateway, ...]
    routes: tuple[tuple[str, str], ...]
    groups: tuple[tuple[str, str], ...]
    ptp_domain: int | None
    clock_vlan: int | None
    mirrors: tuple[Mirror, ...]

    @property
    def multicast(self) -> bool:
        """Whether feeds are routed here."""
        return bool(self.groups)

    @property
    def mux_inputs(self) -> tuple[int, ...]:
        """The ports whose signals a multiplexer merges: those of hosts, and not those where mirrors leave."""
        if self.switch.forwarding != "mux":
            return ()
        captured = {mirror.destination for mirror in self.mirrors}
        return tuple(p.number for p in self.ports if isinstance(p.copies, int) and p.number not in captured)


def switch_plan(site: Site, switch: Switch) -> SwitchPlan:
    """Return what a switch of a site has to do."""
    vlans = [vlan for vlan in site.vlans if switch in vlan.switches]
    management = next((vlan for vlan in site.vlans if vlan.role == "management"), None)
    crossings = [crossing for crossing in site.cross_connects if crossing.switch == switch]
    clock = next((clock for clock in site.clocks if clock.ptp_domain is not None), None)
    clock_vlan = vlan_of(site, switch, "clock")
    mirrors = _mirrors(site, switch)
    return SwitchPlan(
        hostname=f"{site.name}-{switch.name}",
        switch=switch,
        management_prefix_length=24 if management is None else network_of(management.subnet).prefixlen,
        management_gateway=None if management is None else management.gateway,
        vlans=tuple((vlan.number, vlan.name) for vlan in vlans),
        ports=tuple(sorted(_ports(site, switch), key=lambda port: port.number)),
        lags=tuple(sorted(_lags(site, switch), key=lambda lag: lag.number)),
        pair=_pair(site, switch),
        gateways=tuple(_gateways(site, switch, vlans)),
        routes=tuple(
            (prefix, crossing.handoff.peer)
            for crossing in crossings
            if crossing.handoff is not None
            for prefix in crossing.handoff.prefixes
        ),
        groups=tuple(_groups(site, crossings)),
        ptp_domain=clock.ptp_domain if switch.boundary_clock and clock is not None else None,
        clock_vlan=None if clock_vlan is None else clock_vlan.number,
        mirrors=mirrors,
    )


def _ports(site: Site, switch: Switch) -> Iterator[Port]:
    sources = {mirror.destination: mirror.source for mirror in _mirrors(site, switch)}
    venue_port = next((crossing.switch_port for crossing in site.cross_connects if crossing.switch == switch), None)
    for crossing in site.cross_connects:
        if crossing.switch == switch:
            yield _crossing_port(crossing)
    for link in site.links:
        if link.switch == switch:
            yield _link_port(site, link, sources.get(link.switch_port, venue_port))
    for trunk in site.trunks:
        for own, port, other, other_port in trunk.ends:
            if own == switch:
                yield _trunk_port(site, trunk, own, port, f"{other.name} port {other_port}")
    for cable in site.management_links:
        if cable.switch == switch:
            vlan = vlan_of(site, switch, cable.role)
            yield Port(
                number=cable.switch_port,
                description=f"{cable.role} {cable.name}",
                speed_gbps=1,
                mode="access",
                vlans=_numbers(vlan),
                clock="leads" if cable.role == "clock" and switch.boundary_clock else None,
            )


def _crossing_port(crossing: CrossConnect) -> Port:
    merged = crossing.switch.forwarding == "mux"
    return Port(
        number=crossing.switch_port,
        description=f"venue {crossing.circuit}",
        speed_gbps=crossing.speed_gbps,
        mode="routed" if crossing.switch.frames else "layer1",
        copies="mux" if merged else None,
        handoff=crossing.handoff,
    )


def _link_port(site: Site, link: Link, source: int | None) -> Port:
    """Return the port of a host; on layer 1 it copies what the venue sends, or, for a mirror, what a host sends."""
    host = next(host.name for host in site.hosts if link.nic in host.nics)
    frames = link.switch.frames
    mirror = link.role == "capture"
    return Port(
        number=link.switch_port,
        description=f"{link.role} {host} {link.nic.name}",
        speed_gbps=link.nic.speed_gbps,
        mode="layer1" if not frames else "mirror" if mirror else "access",
        vlans=() if mirror or not frames else _numbers(vlan_of(site, link.switch, link.role)),
        lag=None if link.lag is None else _lag_number(site, link.switch, link.lag),
        fec=link.fec,
        clock="follows" if link.role == "clock" and link.switch.boundary_clock else None,
        copies=None if frames else source,
    )


def _trunk_port(site: Site, trunk: Trunk, switch: Switch, port: int, other: str) -> Port:
    return Port(
        number=port,
        description=f"{trunk.role} {other}",
        speed_gbps=trunk.speed_gbps,
        mode="trunk",
        vlans=_shared_vlans(site, trunk),
        lag=_lag_number(site, switch, trunk.lag),
        fec=trunk.fec,
        clock="peer" if trunk.role == "peer" and switch.boundary_clock else None,
    )


def _lags(site: Site, switch: Switch) -> Iterator[Lag]:
    seen: set[str] = set()
    for link in site.links:
        if link.switch == switch and link.lag is not None and link.lag not in seen:
            seen.add(link.lag)
            vlans = _numbers(vlan_of(site, switch, link.role))
            number = _lag_number(site, switch, link.lag)
            yield Lag(number, link.lag, "access", vlans, multichassis=peer_of(site, switch) is not None, peer=False)
    for trunk in site.trunks:
        if switch in (trunk.first, trunk.second) and trunk.lag not in seen:
            seen.add(trunk.lag)
            peer = trunk.role == "peer"
            number = _lag_number(site, switch, trunk.lag)
            yield Lag(number, trunk.lag, "trunk", _shared_vlans(site, trunk), multichassis=not peer, peer=peer)


def _lag_number(site: Site, switch: Switch, lag: str) -> int:
    """Both switches of a pair must give a group the same number, and two groups never the same."""
    first, second = next((pair for pair in _pairs(site) if switch in pair), (switch, None))
    ends = [(link.switch, link.switch_port) for link in site.links if link.lag == lag]
    for trunk in site.trunks:
        if trunk.lag == lag:
            if trunk.role == "peer":
                return PEER_LAG
            ends += [(own, port) for own, port, _, _ in trunk.ends]
    on_first = [port for own, port in ends if own == first]
    return min(on_first) if on_first else SECOND_LAGS + min(port for own, port in ends if own == second)


def _pair(site: Site, switch: Switch) -> Pair | None:
    for number, (first, second) in enumerate(_pairs(site), start=1):
        if switch in (first, second):
            peer = second if switch == first else first
            return Pair(number, switch.role, is_first=switch == first, peer_address=peer.address)
    return None


def _pairs(site: Site) -> list[tuple[Switch, Switch]]:
    return list(dict.fromkeys((trunk.first, trunk.second) for trunk in site.trunks if trunk.role == "peer"))


def _gateways(site: Site, switch: Switch, vlans: list[Vlan]) -> Iterator[Gateway]:
    pair = _pair(site, switch)
    below = 0 if pair is None else 1 if pair.is_first else 2
    for vlan in vlans:
        if vlan.gateway is None or switch.role == "management":
            continue
        subnet = network_of(vlan.subnet)
        yield Gateway(
            vlan=vlan.number,
            name=vlan.name,
            address=vlan.gateway,
            own_address=str(network_of(vlan.gateway)[0] - below),
            prefix_length=subnet.prefixlen,
            multicast=vlan.role == "feed",
        )


def _groups(site: Site, crossings: list[CrossConnect]) -> Iterator[tuple[str, str]]:
    """Yield every group of the line that comes over a cross connect, with the root of its tree."""
    for crossing in crossings:
        if crossing.role != "feed" or crossing.handoff is None or crossing.handoff.rendezvous_point is None:
            continue
        groups = {
            line.group
            for venue in site.venues
            for environment in venue.environments
            for feed in environment.feeds
            for channel in feed.channels
            for line in channel.groups
            if line.name == crossing.line
        }
        for group in sorted(groups, key=network_of):
            yield crossing.handoff.rendezvous_point, group


def _mirrors(site: Site, switch: Switch) -> tuple[Mirror, ...]:
    return tuple(
        Mirror(mirror.name, mirror.source.switch_port, mirror.destination.switch_port)
        for mirror in site.mirrors
        if mirror.source.switch == switch
    )


def _shared_vlans(site: Site, trunk: Trunk) -> tuple[int, ...]:
    return tuple(vlan.number for vlan in site.vlans if trunk.first in vlan.switches and trunk.second in vlan.switches)


def _numbers(vlan: Vlan | None) -> tuple[int, ...]:
    assert vlan is not None, "a Site refuses a link that lies in no VLAN of its switch"
    return (vlan.number,)
