"""Which cpu of a host does what: the one source of boot line, interrupt plan, NIC queues and engine thread pins.

    cores = host_cores(site, host, facts)
    cores.isolated      cpus from which the kernel stays away
    cores.pins          engine threads, each with its cpu and the NIC queues that it reads

All cpus here are the operating system's numbers: the facts translate the declared indexes. A thread that would land
on a reserved cpu, or on another NUMA node than a NIC that it works with, is refused before anything is touched: the
declaration checks its own words (stacks/topology/process.py), this checks them again with what was found.
"""

from __future__ import annotations

from dataclasses import dataclass

from stacks.topology.declared import raise_problems
from stacks.topology.errors import Problem
from stacks.topology.host import Host, HostFacts
from stacks.topology.network import Nic
from stacks.topology.process import NicQueue, Process, Thread
from stacks.topology.site import Site


@dataclass(frozen=True)
class Pin:
    """A thread on a cpu (the operating system's number)."""

    process: Process
    thread: Thread
    cpu: int
    path: str  # of the thread in its process

    @property
    def program(self) -> str:
        """The name of the program that the thread belongs to: the process, or its gateway."""
        gateway = self.process.gateway
        return gateway.name if gateway is not None and self.path.startswith("gateway.") else self.process.name

    @property
    def queues(self) -> tuple[NicQueue, ...]:
        """The NIC queues that the thread reads."""
        return self.thread.nic_queues


@dataclass(frozen=True)
class HostCores:
    """The cpus of a host by what they are for, ascending; `nodes` are the cpus of each NUMA node."""

    reserved: tuple[int, ...]
    isolated: tuple[int, ...]
    nodes: tuple[tuple[int, ...], ...]
    pins: tuple[Pin, ...]

    def reserved_on(self, node: int) -> tuple[int, ...]:
        """Return the reserved cpus of a NUMA node, all reserved cpus where it has none."""
        own = tuple(cpu for cpu in self.reserved if node < len(self.nodes) and cpu in self.nodes[node])
        return own or self.reserved

    def reader_of(self, nic: Nic, queue: int) -> Pin | None:
        """Return the thread that reads a NIC queue, or None."""
        return next((pin for pin in self.pins if NicQueue(nic=nic, queue=queue) in pin.queues), None)


def assumed_facts(host: Host) -> HostFacts:
    """Return facts that nobody gathered: cpu numbers and NUMA nodes as declared, NICs and interrupts unknown."""
    cpus = tuple(range(host.cpu.count))
    nodes = tuple(
        tuple(cpu for cpu in cpus if host.cpu.numa_node_of(cpu) == node) for node in range(host.cpu.numa_nodes)
    )
    siblings = tuple(tuple(range(core, host.cpu.count, host.cpu.cores)) for core in range(host.cpu.cores))
    return HostFacts(host=host.name, cpus=cpus, nodes=nodes, siblings=siblings)


def host_cores(site: Site, host: Host, facts: HostFacts) -> HostCores:
    """Return what each cpu of a host is for; a DeclarationError names every thread that is in the wrong place.

    Without reserved cpus nothing is isolated, but for the cpus of threads that spin.
    """
    processes = [process for process in site.processes if process.host == host]
    raise_problems(_facts_problems(host, facts))
    pins = tuple(
        Pin(process, thread, facts.cpus[thread.cpu], path)
        for process in processes
        for path, thread in process.placed_threads
    )
    spinning = {pin.cpu for pin in pins if pin.thread.wait == "spin"}
    declared = facts.cpus[: host.cpu.count]
    if host.reserved_cpus:
        reserved = {facts.cpus[cpu] for cpu in host.reserved_cpus}
        isolated = set(declared) - reserved
    else:
        isolated = spinning
        reserved = set(declared) - isolated
    raise_problems([problem for pin in pins for problem in _pin_problems(pin, host, facts, frozenset(reserved))])
    return HostCores(tuple(sorted(reserved)), tuple(sorted(isolated)), facts.nodes, pins)


def _facts_problems(host: Host, facts: HostFacts) -> list[Problem]:
    if len(facts.cpus) < host.cpu.count:
        sentence = f"host {host.name} declares {host.cpu.count} cpus, {len(facts.cpus)} were found"
        return [Problem("facts.cpus", sentence)]
    return []


def _pin_problems(pin: Pin, host: Host, facts: HostFacts, reserved: frozenset[int]) -> list[Problem]:
    path = f"processes[{pin.process.name}].{pin.path}.cpu"
    declared = f"cpu {pin.thread.cpu} is cpu {pin.cpu} of {host.name}"
    problems = []
    if pin.thread.wait == "spin" and pin.cpu in reserved:
        problems.append(Problem(path, f"{declared}, which is reserved for the kernel"))
    if pin.thread.wait == "spin":
        siblings = next((cpus for cpus in facts.siblings if pin.cpu in cpus), ())
        busy = sorted((set(siblings) - {pin.cpu}) & reserved)
        if busy:
            problems.append(Problem(path, f"{declared}, whose sibling {busy[0]} is reserved for the kernel"))
    node = next((index for index, cpus in enumerate(facts.nodes) if pin.cpu in cpus), None)
    for nic in pin.process.nics_of(pin.thread):
        found = facts.nic(nic)
        nic_node = found.numa_node if found else nic.numa_node
        if node is not None and node != nic_node:
            problems.append(
                Problem(path, f"{declared}, on NUMA node {node}, and NIC {nic.name} lies on node {nic_node}")
            )
    return problems
