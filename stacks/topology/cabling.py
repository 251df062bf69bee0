"""Checks that what is plugged into a switch fits it: VLANs, subnets, pairs of switches, and management ports."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address
from typing import TYPE_CHECKING

from stacks.topology.declared import network_of
from stacks.topology.errors import Problem

if TYPE_CHECKING:
    from stacks.topology.network import Switch, Vlan
    from stacks.topology.site import Site


def cabling_problems(site: Site) -> list[Problem]:
    """Return what lies in no VLAN or in two, aggregated links without a pair of switches, and strange devices."""
    return [
        *_vlan_problems(site),
        *_membership_problems(site),
        *_pair_problems(site),
        *_device_problems(site),
        *_handoff_problems(site),
        *_port_problems(site),
    ]


def vlan_of(site: Site, switch: Switch, role: str) -> Vlan | None:
    """Return the VLAN of the links of a role on a switch, or None where it has none."""
    return next((vlan for vlan in site.vlans if vlan.role == role and switch in vlan.switches), None)


def peer_of(site: Site, switch: Switch) -> Switch | None:
    """Return the switch that acts as one with this one (MLAG, vPC), or None."""
    peers = (other for trunk in site.trunks if trunk.role == "peer" for own, _, other, _ in trunk.ends if own == switch)
    return next(peers, None)


def _vlan_problems(site: Site) -> list[Problem]:
    problems = []
    for index, vlan in enumerate(site.vlans):
        for other in site.vlans[:index]:
            shared = sorted({switch.name for switch in vlan.switches} & {switch.name for switch in other.switches})
            path = f"vlans[{vlan.name}]"
            if vlan.number == other.number:
                problems.append(Problem(f"{path}.number", f"{vlan.number} is already that of vlans[{other.name}]"))
            if network_of(vlan.subnet).overlaps(network_of(other.subnet)):
                sentence = f"{vlan.subnet} overlaps {other.subnet} of vlans[{other.name}]"
                problems.append(Problem(f"{path}.subnet", sentence))
            if vlan.role == other.role and shared:
                sentence = f"links of role {vlan.role} are already in vlans[{other.name}] on {', '.join(shared)}"
                problems.append(Problem(f"{path}.switches", sentence))
    return problems


def _plugged(site: Site) -> Iterator[tuple[str, str, Switch, str]]:
    """Yield (path, role, switch, address) of whatever has an address and a port of ours."""
    for link in site.links:
        if link.role != "capture":  # what a mirror port sends is addressed to somebody else
            yield f"links[{link.name}]", link.role, link.switch, link.nic.address
    for cable in site.management_links:
        yield f"management_links[{cable.name}]", cable.role, cable.switch, cable.address


def _membership_problems(site: Site) -> list[Problem]:
    problems = []
    for path, role, switch, address in _plugged(site):
        if not switch.frames:
            continue
        vlan = vlan_of(site, switch, role)
        if vlan is None:
            problems.append(Problem(f"{path}.switch", f"switch {switch.name} has no VLAN for links of role {role}"))
        elif not vlan.holds(address):
            problems.append(Problem(path, f"{address} is not an address of VLAN {vlan.name}, {vlan.subnet}"))
    return problems


def _pair_problems(site: Site) -> list[Problem]:
    """A LAG over two switches needs them to act as one; the other member of a pair must have its own half."""
    ends: dict[str, list[tuple[str, Switch]]] = {}
    for link in site.links:
        if link.lag is not None:
            ends.setdefault(link.lag, []).append((f"links[{link.name}].lag", link.switch))
    problems = []
    for lag, members in ends.items():
        path, first = members[0]
        switches = {switch.name for _, switch in members}
        peer = peer_of(site, first)
        if len(switches) > 1 and (peer is None or switches != {first.name, peer.name}):
            sentence = f"the members of {lag} end at {', '.join(sorted(switches))}, which no peer trunk joins to a pair"
            problems.append(Problem(path, sentence))
    return problems


def _device_problems(site: Site) -> list[Problem]:
    addresses = {host.bmc.address for host in site.hosts if host.bmc is not None}
    addresses |= {switch.address for switch in site.switches}
    addresses |= {clock.address for clock in site.clocks if clock.address is not None}
    problems = []
    for cable in site.management_links:
        path = f"management_links[{cable.name}]"
        if cable.address not in addresses:
            problems.append(Problem(f"{path}.address", f"{cable.address} is of no BMC, switch or clock of the site"))
        if cable.switch.role != "management":
            problems.append(Problem(f"{path}.switch", f"switch {cable.switch.name} is of role {cable.switch.role}"))
    return problems


def _handoff_problems(site: Site) -> list[Problem]:
    """Whoever sends requests or orders over a routed cross connect must find its server behind it."""
    problems = []
    for process in site.processes:
        session = process.order_session
        gateway = None if session is None else process.environment.gateway_of(session)
        link = next((link for link in site.links if link.nic == process.order_nic), None)
        if gateway is None or link is None:
            continue
        for crossing in site.cross_connects:
            if crossing.switch != link.switch or crossing.role != "orders" or crossing.handoff is None:
                continue
            behind = [network_of(prefix) for prefix in crossing.handoff.prefixes]
            if not any(IPv4Address(gateway.primary.address) in prefix for prefix in behind):
                path = f"cross_connects[{crossing.name}].handoff.prefixes"
                sentence = f"{gateway.primary.address} of order gateway {gateway.name} is in none of them"
                problems.append(Problem(path, sentence))
    return list(dict.fromkeys(problems))


def _port_problems(site: Site) -> list[Problem]:
    plugged = [(f"cross_connects[{one.name}].switch_port", one.switch, one.switch_port) for one in site.cross_connects]
    plugged += [
        (f"management_links[{one.name}].switch_port", one.switch, one.switch_port) for one in site.management_links
    ]
    plugged += [(f"trunks[{trunk.name}]", switch, port) for trunk in site.trunks for switch, port, _, _ in trunk.ends]
    return [
        Problem(path, f"switch {switch.name} has {switch.ports} ports, port {port} is not one of them")
        for path, switch, port in plugged
        if port > switch.ports
    ]
