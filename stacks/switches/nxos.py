"""Cisco NX-OS, from a plan. Chapters of the Nexus 3548 and 9000 configuration guides stand beside their commands."""

from __future__ import annotations

from collections.abc import Iterator

from stacks.switches.plan import Gateway, Lag, Port, SwitchPlan

_FEC = {"none": "fec off", "fire_code": "fec fc-fec", "reed_solomon": "fec rs-fec"}


def render(plan: SwitchPlan) -> str:
    """Return the configuration; blocks are divided by empty lines, as in `show running-config`."""
    sections = (
        _system(plan),
        _vlans(plan),
        _routing(plan),
        _clock(plan),
        _pair(plan),
        *(_gateway(plan, gateway) for gateway in plan.gateways),
        *(_lag(lag) for lag in plan.lags),
        *(_port(plan, port) for port in plan.ports),
        _management(plan),
        *_mirrors(plan),
    )
    blocks = [list(section) for section in sections]
    return "\n".join("".join(f"{line}\n" for line in block) for block in blocks if block)


def _features(plan: SwitchPlan) -> Iterator[str]:
    """What NX-OS must be told to load before the commands of it exist."""
    if plan.gateways:
        yield "interface-vlan"
    if plan.lags:
        yield "lacp"
    if plan.pair is not None:
        yield "vpc"
        if plan.gateways:
            yield "hsrp"
    if plan.multicast:
        yield "pim"
    if plan.ptp_domain is not None:
        yield "ptp"


def _system(plan: SwitchPlan) -> Iterator[str]:
    yield f"! {plan.switch.model}, role {plan.switch.role}"
    yield f"hostname {plan.hostname}"
    for feature in _features(plan):
        yield f"feature {feature}"
    yield "spanning-tree mode mst"
    yield "vrf context management"
    if plan.management_gateway is not None:
        yield f"  ip route 0.0.0.0/0 {plan.management_gateway}"


def _vlans(plan: SwitchPlan) -> Iterator[str]:
    """Layer 2 Switching Configuration Guide, Configuring VLANs."""
    for number, name in plan.vlans:
        yield f"vlan {number}"
        yield f"  name {name}"


def _routing(plan: SwitchPlan) -> Iterator[str]:
    """Multicast Routing Configuration Guide, Configuring PIM: each group at the root that the venue named for it."""
    for prefix, next_hop in plan.routes:
        yield f"ip route {prefix} {next_hop}"
    for rendezvous_point, group in plan.groups:
        yield f"ip pim rp-address {rendezvous_point} group-list {group}/32"


def _clock(plan: SwitchPlan) -> Iterator[str]:
    """System Management Configuration Guide, Configuring PTP: the switch is a boundary clock wherever PTP is on."""
    if plan.ptp_domain is not None:
        yield f"ptp source {plan.switch.address}"
        yield f"ptp domain {plan.ptp_domain}"


def _pair(plan: SwitchPlan) -> Iterator[str]:
    """Interfaces Configuration Guide, Configuring vPCs: the keepalive goes over the management network."""
    if plan.pair is None:
        return
    yield f"vpc domain {plan.pair.number}"
    yield "  peer-switch"
    yield f"  role priority {100 if plan.pair.is_first else 200}"
    yield f"  peer-keepalive destination {plan.pair.peer_address} source {plan.switch.address} vrf management"
    yield "  delay restore 300"
    yield "  peer-gateway"
    yield "  auto-recovery"


def _gateway(plan: SwitchPlan, gateway: Gateway) -> Iterator[str]:
    """A pair shares the gateway by HSRP, so each has an address of its own as well."""
    yield f"interface Vlan{gateway.vlan}"
    yield f"  description {gateway.name}"
    yield "  no shutdown"
    yield "  no ip redirects"
    if plan.pair is None:
        yield f"  ip address {gateway.address}/{gateway.prefix_length}"
    else:
        yield f"  ip address {gateway.own_address}/{gateway.prefix_length}"
        yield "  hsrp version 2"
        yield f"  hsrp {gateway.vlan}"
        yield f"    priority {110 if plan.pair.is_first else 100}"
        yield f"    ip {gateway.address}"
    if gateway.multicast:
        yield "  ip pim sparse-mode"
        yield "  ip igmp version 3"


def _lag(lag: Lag) -> Iterator[str]:
    """Configuring Port Channels; `vpc` joins the halves of both peers."""
    yield f"interface port-channel{lag.number}"
    yield f"  description {lag.description}"
    yield from _switchport(lag.mode, lag.vlans)
    if lag.peer:
        yield "  spanning-tree port type network"
        yield "  vpc peer-link"
    elif lag.mode == "access":
        yield "  spanning-tree port type edge"
    if lag.multichassis:
        yield f"  vpc {lag.number}"


def _port(plan: SwitchPlan, port: Port) -> Iterator[str]:
    yield f"interface Ethernet1/{port.number}"
    yield f"  description {port.description}"
    if port.mode == "routed" and port.handoff is not None:
        yield "  no switchport"
    yield f"  speed {port.speed_gbps * 1000}"
    if port.speed_gbps >= 25:
        yield f"  {_FEC[port.fec]}"
    if port.handoff is not None:
        yield f"  ip address {port.handoff.address}/{port.handoff.prefix_length}"
        if port.handoff.rendezvous_point is not None:
            yield "  ip pim sparse-mode"
    elif port.mode == "mirror":
        yield "  switchport"
        yield "  switchport monitor"
    else:
        yield from _switchport(port.mode, port.vlans)
        if port.mode == "access" and port.lag is None:
            yield "  spanning-tree port type edge"
    if port.lag is not None:
        yield f"  channel-group {port.lag} mode active"
    if port.clock is not None:  # on the members of a peer link too, never on the port channel
        yield "  ptp"
        if port.clock == "peer":
            yield f"  ptp vlan {plan.clock_vlan}"
    yield "  no shutdown"


def _switchport(mode: str, vlans: tuple[int, ...]) -> Iterator[str]:
    yield "  switchport"
    if mode == "access":
        yield f"  switchport access vlan {vlans[0]}"
        return
    yield "  switchport mode trunk"
    yield f"  switchport trunk allowed vlan {','.join(map(str, vlans))}"


def _management(plan: SwitchPlan) -> Iterator[str]:
    yield "interface mgmt0"
    yield "  vrf member management"
    yield f"  ip address {plan.switch.address}/{plan.management_prefix_length}"


def _mirrors(plan: SwitchPlan) -> Iterator[Iterator[str]]:
    """System Management Configuration Guide, Configuring SPAN."""
    for session, mirror in enumerate(plan.mirrors, start=1):
        yield iter(
            (
                f"monitor session {session}",
                f"  description {mirror.name}",
                f"  source interface Ethernet1/{mirror.source} rx",
                f"  destination interface Ethernet1/{mirror.destination}",
                "  no shut",
            )
        )
