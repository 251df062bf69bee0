"""Arista EOS, from a plan. Sections of the EOS User Manual (arista.com/en/um-eos) stand beside their commands."""

from __future__ import annotations

from collections.abc import Iterator

from stacks.switches.plan import Lag, Port, SwitchPlan

# VLAN and addresses over which the switches of a pair talk (Multi-Chassis Link Aggregation, Configuring MLAG). Only the
# trunk group of the peer link carries it, so every pair can have the same.
_PEER_VLAN = 4094
_PEER_ADDRESSES = ("169.254.255.1", "169.254.255.2")
_PEER_GROUP = "MLAG"
_SPEED = {1: "1000full", 10: "10000full", 25: "25gfull", 40: "40gfull", 100: "100gfull"}
_FEC = {
    "none": "no error-correction encoding",
    "fire_code": "error-correction encoding fire-code",
    "reed_solomon": "error-correction encoding reed-solomon",
}


def render(plan: SwitchPlan) -> str:
    """Return the configuration; blocks are divided by `!` as in `show running-config`."""
    sections = (
        _system(plan),
        _vlans(plan),
        _clock(plan),
        _mirrors(plan),
        *(_lag(lag) for lag in plan.lags),
        *(_port(plan, port) for port in plan.ports),
        *_mux(plan),
        _management(plan),
        *_gateways(plan),
        _routing(plan),
        _pair(plan),
    )
    blocks = [list(section) for section in sections]
    return "!\n".join("".join(f"{line}\n" for line in block) for block in blocks if block) + "!\nend\n"


def interface(plan: SwitchPlan, number: int) -> str:
    """Return the name of a port: cages of 40 Gb and more have lanes, and the first one stands for all."""
    lane = "/1" if plan.switch.port_speed_gbps >= 40 else ""
    return f"Ethernet{number}{lane}"


def _system(plan: SwitchPlan) -> Iterator[str]:
    yield f"! {plan.switch.model}, role {plan.switch.role}"
    yield f"hostname {plan.hostname}"
    yield "!"
    yield "vrf instance MGMT"
    if plan.pair is not None:
        yield "!"
        yield f"no spanning-tree vlan-id {_PEER_VLAN}"
    if plan.switch.frames:
        yield "spanning-tree mode mstp"


def _vlans(plan: SwitchPlan) -> Iterator[str]:
    """Virtual LANs (VLANs); the group keeps the peers' own VLAN off all other trunks."""
    for number, name in plan.vlans:
        yield f"vlan {number}"
        yield f"   name {name}"
    if plan.pair is not None:
        yield f"vlan {_PEER_VLAN}"
        yield "   name mlag-peer"
        yield f"   trunk group {_PEER_GROUP}"


def _clock(plan: SwitchPlan) -> Iterator[str]:
    """Timing Protocols, Boundary Clock Mode. The source address stands in the packets only."""
    if plan.ptp_domain is not None:
        yield f"ptp source ip {plan.switch.address}"
        yield f"ptp domain {plan.ptp_domain}"
        yield "ptp mode boundary"


def _mirrors(plan: SwitchPlan) -> Iterator[str]:
    """Data Transfer, Port Mirroring. On layer 1 the mirror's port simply copies the other one."""
    if plan.switch.frames:
        for mirror in plan.mirrors:
            yield f"monitor session {mirror.name} source {interface(plan, mirror.source)} rx"
            yield f"monitor session {mirror.name} destination {interface(plan, mirror.destination)}"


def _lag(lag: Lag) -> Iterator[str]:
    """Port Channels and LACP; `mlag` joins the halves of both peers."""
    yield f"interface Port-Channel{lag.number}"
    yield f"   description {lag.description}"
    yield from _switchport(lag.mode, (*lag.vlans, _PEER_VLAN) if lag.peer else lag.vlans)
    if lag.peer:
        yield f"   switchport trunk group {_PEER_GROUP}"
    if lag.multichassis:
        yield f"   mlag {lag.number}"
    if lag.mode == "access":
        yield "   spanning-tree portfast"


def _port(plan: SwitchPlan, port: Port) -> Iterator[str]:
    yield f"interface {interface(plan, port.number)}"
    yield f"   description {port.description}"
    yield f"   speed forced {_SPEED[port.speed_gbps]}"
    if port.speed_gbps >= 25:
        yield f"   {_FEC[port.fec]}"
    if port.mode == "layer1":  # Configuring Layer 1 on the 7130 Platform
        if port.copies is not None:
            source = "MuxOut1/1" if port.copies == "mux" else interface(plan, port.copies)
            yield f"   l1 source interface {source}"
    elif port.lag is not None:
        yield f"   channel-group {port.lag} mode active"
    elif port.handoff is not None:
        yield "   no switchport"
        yield f"   ip address {port.handoff.address}/{port.handoff.prefix_length}"
        if port.handoff.rendezvous_point is not None:
            yield "   pim ipv4 sparse-mode"
    elif port.mode == "access":
        yield from _switchport(port.mode, port.vlans)
        yield "   spanning-tree portfast"
    if port.clock is not None:
        yield "   ptp enable"
        if port.clock == "follows":
            yield "   ptp role master"
        if port.clock == "peer":
            yield f"   ptp vlan {plan.clock_vlan}"


def _switchport(mode: str, vlans: tuple[int, ...]) -> Iterator[str]:
    if mode == "access":
        yield f"   switchport access vlan {vlans[0]}"
        return
    yield f"   switchport trunk allowed vlan {','.join(map(str, vlans))}"
    yield "   switchport mode trunk"


def _mux(plan: SwitchPlan) -> Iterator[Iterator[str]]:
    """Configuring Layer 1 for a MetaMux Interface: what the hosts send is merged into MuxOut1/1, the venue's port."""
    for position, number in enumerate(plan.mux_inputs, start=1):
        yield iter((f"interface MuxIn1/1/{position}", f"   l1 source interface {interface(plan, number)}"))


def _management(plan: SwitchPlan) -> Iterator[str]:
    yield "interface Management1"
    yield "   vrf MGMT"
    yield f"   ip address {plan.switch.address}/{plan.management_prefix_length}"
    if plan.management_gateway is not None:
        yield "!"
        yield f"ip route vrf MGMT 0.0.0.0/0 {plan.management_gateway}"


def _gateways(plan: SwitchPlan) -> Iterator[Iterator[str]]:
    """A pair has the gateway together (Virtual Router, VARP), a single switch as its own address."""
    for gateway in plan.gateways:
        address = f"{gateway.address}/{gateway.prefix_length}"
        shared = f"   ip address virtual {address}" if plan.pair is not None else f"   ip address {address}"
        lines = [f"interface Vlan{gateway.vlan}", f"   description {gateway.name}", shared]
        if gateway.multicast:
            lines += ["   ip igmp version 3", "   pim ipv4 sparse-mode"]
        yield iter(lines)
    if plan.pair is not None:
        own, _ = _peer_addresses(plan)
        yield iter((f"interface Vlan{_PEER_VLAN}", "   no autostate", f"   ip address {own}/30"))


def _routing(plan: SwitchPlan) -> Iterator[str]:
    """IPv4 Multicast Routing and PIM Sparse Mode; a group is asked for at the root that the venue named for it."""
    if plan.gateways and plan.pair is not None:
        yield "ip virtual-router mac-address 00:1c:73:00:00:01"
    if plan.gateways or plan.routes:
        yield "ip routing"
    for prefix, next_hop in plan.routes:
        yield f"ip route {prefix} {next_hop}"
    if plan.multicast:
        yield "!"
        yield from ("router multicast", "   ipv4", "      routing", "!", "router pim sparse-mode", "   ipv4")
        for rendezvous_point, group in plan.groups:
            yield f"      rp address {rendezvous_point} {group}/32"


def _pair(plan: SwitchPlan) -> Iterator[str]:
    """Multi-Chassis Link Aggregation; the heartbeat goes over the management network, so a cut peer link is told from
    a dead peer."""
    if plan.pair is None:
        return
    _, peer = _peer_addresses(plan)
    yield "mlag configuration"
    yield f"   domain-id {plan.pair.name}"
    yield f"   local-interface Vlan{_PEER_VLAN}"
    yield f"   peer-address {peer}"
    yield f"   peer-address heartbeat {plan.pair.peer_address} vrf MGMT"
    yield f"   peer-link Port-Channel{next(lag.number for lag in plan.lags if lag.peer)}"
    yield "   dual-primary detection delay 5 action errdisable all-interfaces"
    yield "   reload-delay mlag 300"
    yield "   reload-delay non-mlag 330"


def _peer_addresses(plan: SwitchPlan) -> tuple[str, str]:
    """Return (our address, the peer's) between the switches of a pair."""
    first, second = _PEER_ADDRESSES
    return (first, second) if plan.pair is not None and plan.pair.is_first else (second, first)
