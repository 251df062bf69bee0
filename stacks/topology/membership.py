"""Checks that what a site refers to is declared in it, under names and addresses that stand once."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address
from typing import TYPE_CHECKING, Any

from stacks.topology.data_plane import RECORD_KINDS
from stacks.topology.declared import repeated
from stacks.topology.errors import Problem

if TYPE_CHECKING:
    from stacks.topology.host import Host
    from stacks.topology.site import Site

_NAMED = (
    "hosts",
    "switches",
    "vlans",
    "links",
    "trunks",
    "management_links",
    "cross_connects",
    "taps",
    "mirrors",
    "clocks",
    "venues",
    "processes",
    "strategies",
)


def membership_problems(site: Site) -> list[Problem]:
    """Return every reference out of the site, and every name or address that stands twice."""
    return [
        *_name_problems(site),
        *_address_problems(site),
        *_reference_problems(site),
        *_topic_problems(site),
        *_control_problems(site),
        *_cluster_problems(site),
    ]


def data_plane_hosts(site: Site) -> Iterator[tuple[str, Host]]:
    """Yield the path of each part of the data plane, and the host on which it is placed."""
    if site.data_plane.kind == "embedded":
        yield "data_plane", site.data_plane.host
        return
    for part in ("kafka", "flink", "postgres"):
        yield f"data_plane.{part}", getattr(site.data_plane, part).host


def _name_problems(site: Site) -> list[Problem]:
    names = {field: [part.name for part in getattr(site, field)] for field in _NAMED}
    names["processes"] += [process.gateway.name for process in site.processes if process.gateway is not None]
    return [
        Problem(f"{field}[{name}]", "the name stands twice")
        for field, stated in names.items()
        for name in repeated(stated)
    ]


def _address_problems(site: Site) -> list[Problem]:
    addressed = [
        (f"hosts[{host.name}].nics[{nic.name}].address", nic.address) for host in site.hosts for nic in host.nics
    ]
    addressed += [(f"hosts[{host.name}].bmc.address", host.bmc.address) for host in site.hosts if host.bmc is not None]
    addressed += [(f"switches[{switch.name}].address", switch.address) for switch in site.switches]
    addressed += [
        (f"clocks[{clock.name}].address", clock.address) for clock in site.clocks if clock.address is not None
    ]
    addressed += [(f"vlans[{vlan.name}].gateway", vlan.gateway) for vlan in site.vlans if vlan.gateway is not None]
    addressed += [("cluster.address", site.cluster.address)] if site.cluster is not None else []
    problems = []
    owner: dict[str, str] = {}
    for path, address in addressed:
        if IPv4Address(address).is_loopback:
            continue
        if address in owner:
            problems.append(
                Problem(path, f"{address} is already the address of {owner[address].removesuffix('.address')}")
            )
        owner.setdefault(address, path)
    return problems


def _reference_problems(site: Site) -> list[Problem]:
    return [
        Problem(path, f"{kind} {referred.name} is not declared in the site")
        for path, kind, referred, declared in _references(site)
        if referred not in declared
    ]


def _cluster_problems(site: Site) -> list[Problem]:
    """What the cluster runs lies on its nodes."""
    if site.cluster is None:
        return []
    nodes = site.cluster.nodes
    placed = [("dagster", "dagster.host", site.dagster.host)]
    placed += [(path.rpartition(".")[2], f"{path}.host", host) for path, host in data_plane_hosts(site)]
    return [
        Problem(path, f"host {host.name} is no node of cluster {site.cluster.name}, which runs {workload}")
        for workload, path, host in placed
        if workload in site.cluster.workloads and host not in nodes
    ]


def _topic_problems(site: Site) -> list[Problem]:
    """Every venue has a topic for each kind of record, so that nothing that is journaled has nowhere to go."""
    if site.data_plane.kind != "services":
        return []
    present = [(topic.venue, topic.kind) for topic in site.data_plane.kafka.topics]
    return [
        Problem("data_plane.kafka.topics", f"no topic for {kind} of {venue.mic}")
        for venue in site.venues
        for kind in RECORD_KINDS
        if (venue, kind) not in present
    ]


def _control_problems(site: Site) -> list[Problem]:
    """No engine without somebody who can stop it."""
    served = [service.host for service in site.control]
    return [
        Problem("control", f"no service on host {process.host.name}, where {process.name} trades")
        for process in site.processes
        if process.order_session is not None and process.host not in served
    ]


def _references(site: Site) -> Iterator[tuple[str, str, Any, tuple[Any, ...]]]:
    """Yield (path, kind, referred object, the declared objects among which it must be)."""
    nics = tuple(nic for host in site.hosts for nic in host.nics)
    for host in site.hosts:
        yield f"hosts[{host.name}].clock.source", "clock source", host.clock.source, site.clocks
    for link in site.links:
        yield f"links[{link.name}].nic", "NIC", link.nic, nics
        yield f"links[{link.name}].switch", "switch", link.switch, site.switches
    for vlan in site.vlans:
        for switch in vlan.switches:
            yield f"vlans[{vlan.name}].switches", "switch", switch, site.switches
    for trunk in site.trunks:
        yield f"trunks[{trunk.name}].first", "switch", trunk.first, site.switches
        yield f"trunks[{trunk.name}].second", "switch", trunk.second, site.switches
    for cable in site.management_links:
        yield f"management_links[{cable.name}].switch", "switch", cable.switch, site.switches
    for mirror in site.mirrors:
        yield f"mirrors[{mirror.name}].source", "link", mirror.source, site.links
        yield f"mirrors[{mirror.name}].destination", "link", mirror.destination, site.links
    for cross_connect in site.cross_connects:
        yield f"cross_connects[{cross_connect.name}].switch", "switch", cross_connect.switch, site.switches
    for tap in site.taps:
        yield f"taps[{tap.name}].cross_connect", "cross connect", tap.cross_connect, site.cross_connects
        yield f"taps[{tap.name}].nic", "NIC", tap.nic, nics
    for process in site.processes:
        yield f"processes[{process.name}].host", "host", process.host, site.hosts
        yield f"processes[{process.name}].venue", "venue", process.venue, site.venues
        if process.stands_by is not None:
            yield f"processes[{process.name}].stands_by", "process", process.stands_by, site.processes
    for placement in site.strategies:
        yield f"strategies[{placement.name}].process", "process", placement.process, site.processes
    for objective in site.recovery_objectives:
        yield f"recovery_objectives[{objective.covers.name}].covers", "process", objective.covers, site.processes
    for path, host in data_plane_hosts(site):
        yield f"{path}.host", "host", host, site.hosts
    yield "dagster.host", "host", site.dagster.host, site.hosts
    for service in site.control:
        yield f"control[{service.host.name}].host", "host", service.host, site.hosts
    for node in () if site.cluster is None else site.cluster.nodes:
        yield f"cluster.nodes[{node.name}]", "host", node, site.hosts
    if site.data_plane.kind == "services":
        for topic in site.data_plane.kafka.topics:
            yield f"data_plane.kafka.topics[{topic.name}].venue", "venue", topic.venue, site.venues
