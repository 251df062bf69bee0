"""Checks that no two things stand in one place: threads on a cpu, listeners on a port, cables on a switch port."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

from stacks.topology.errors import Problem

if TYPE_CHECKING:
    from stacks.topology.host import Host
    from stacks.topology.process import Process, Thread
    from stacks.topology.site import Site


class Listener(NamedTuple):
    """A port that something of the site binds on a host; `group` is set for a multicast line."""

    path: str
    host: Host
    transport: str
    port: int
    group: str | None = None


def placement_problems(site: Site) -> list[Problem]:
    """Return every cpu, port and switch port that is taken twice."""
    return [*_cpu_problems(site), *_port_problems(site), *_switch_port_problems(site)]


def listeners(site: Site) -> Iterator[Listener]:
    """Yield every port that the site binds on its own hosts; a line that several processes join is yielded once."""
    joined: set[tuple[str, str, int]] = set()
    for process in site.processes:
        path = f"processes[{process.name}]"
        if process.role == "exchange_simulator":
            yield from _exchange_listeners(path, process)
            continue
        for reception in process.receptions:
            line = reception.line
            if (process.host.name, line.group, line.port) not in joined:
                joined.add((process.host.name, line.group, line.port))
                yield Listener(f"{path}.receptions[{line.name}].line.port", process.host, "udp", line.port, line.group)
    yield from _service_listeners(site)
    yield Listener("dagster.port", site.dagster.host, "tcp", site.dagster.port)
    for service in site.control:
        yield Listener(f"control[{service.host.name}].port", service.host, "tcp", service.port)


def _exchange_listeners(path: str, process: Process) -> Iterator[Listener]:
    for feed in process.environment.feeds:
        for channel in feed.channels:
            for recovery in channel.recovery:
                transport = "udp" if recovery.kind == "rerequest" else "tcp"
                at = f"{path}.environment.feeds[{feed.name}].channels[{channel.id}].recovery[{recovery.kind}].port"
                yield Listener(at, process.host, transport, recovery.port)
    for gateway in process.environment.order_gateways:
        at = f"{path}.environment.order_gateways[{gateway.name}]"
        yield Listener(f"{at}.primary.port", process.host, "tcp", gateway.primary.port)
        if gateway.backup is not None:
            yield Listener(f"{at}.backup.port", process.host, "tcp", gateway.backup.port)


def _service_listeners(site: Site) -> Iterator[Listener]:
    if site.data_plane.kind != "services":
        return
    fields = {
        "kafka": ("port", "controller_port"),
        "flink": ("rest_port", "rpc_port", "blob_port", "task_manager_rpc_port", "task_manager_data_port"),
        "postgres": ("port",),
    }
    for part, ports in fields.items():
        service = getattr(site.data_plane, part)
        for field in ports:
            yield Listener(f"data_plane.{part}.{field}", service.host, "tcp", getattr(service, field))


def _port_problems(site: Site) -> list[Problem]:
    problems = []
    for first, second in combinations(listeners(site), 2):
        same = (first.host, first.transport, first.port) == (second.host, second.transport, second.port)
        groups_differ = first.group is not None and second.group is not None and first.group != second.group
        if same and not groups_differ:
            sentence = (
                f"{second.transport} port {second.port} of host {second.host.name} is already taken by {first.path}"
            )
            problems.append(Problem(second.path, sentence))
    return problems


def _cpu_problems(site: Site) -> list[Problem]:
    problems = []
    for host in site.hosts:
        pinned = [
            (f"processes[{process.name}].{path}", thread)
            for process in site.processes
            if process.host == host
            for path, thread in process.placed_threads
        ]
        for (first_path, first), (second_path, second) in combinations(pinned, 2):
            sentence = _conflict(host, first, second, first_path)
            if sentence:
                problems.append(Problem(f"{second_path}.cpu", sentence))
    return problems


def _conflict(host: Host, first: Thread, second: Thread, first_path: str) -> str:
    """Return why two threads cannot be where they are, or an empty text."""
    waits = {first.wait, second.wait}
    if first.cpu == second.cpu:
        if "spin" in waits or "block" not in waits:
            return f"cpu {second.cpu} of host {host.name} is already taken by {first_path}, and polling threads overlap"
    elif host.cpu.core_of(first.cpu) == host.cpu.core_of(second.cpu) and "spin" in waits:
        return f"cpu {second.cpu} of host {host.name} shares a core with cpu {first.cpu} of {first_path}, and one spins"
    return ""


def _switch_port_problems(site: Site) -> list[Problem]:
    plugged = [(f"links[{link.name}]", link.switch, link.switch_port) for link in site.links]
    plugged += [(f"cross_connects[{cc.name}]", cc.switch, cc.switch_port) for cc in site.cross_connects]
    plugged += [(f"management_links[{cable.name}]", cable.switch, cable.switch_port) for cable in site.management_links]
    plugged += [(f"trunks[{trunk.name}]", switch, port) for trunk in site.trunks for switch, port, _, _ in trunk.ends]
    problems = []
    for (first_path, first, first_port), (second_path, second, second_port) in combinations(plugged, 2):
        if (first, first_port) == (second, second_port):
            sentence = f"port {second_port} of switch {second.name} is already taken by {first_path}"
            problems.append(Problem(f"{second_path}.switch_port", sentence))
    for first_link, second_link in combinations(site.links, 2):
        if first_link.nic == second_link.nic:
            sentence = f"NIC {second_link.nic.name} is already the end of links[{first_link.name}]"
            problems.append(Problem(f"links[{second_link.name}].nic", sentence))
    return problems
