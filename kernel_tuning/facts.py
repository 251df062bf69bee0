"""The facts of a host, from what the collector read: which cpu is which, and where each declared NIC was found."""

from __future__ import annotations

from typing import Any

from kernel_tuning.cpu_list import cpus_in
from kernel_tuning.observation import Observation
from stacks.topology.host import Host, HostFacts, InterruptFacts, NicFacts


def host_facts(host: Host, observation: Observation, usable: frozenset[int] | None = None) -> HostFacts:
    """Return the facts; `usable` are the cpus to which a container is confined, all where it is None.

    Declared indexes count the cores socket by socket, then their siblings: so do `cpus`.
    """
    answer = observation.answer
    found = [cpu for cpu in answer["cpus"] if usable is None or cpu["number"] in usable]
    ordered = sorted(found, key=_declared_order)
    nodes = range(1 + max((cpu["node"] for cpu in found), default=0))
    interrupts = {each["number"]: each for each in answer["interrupts"]}
    nics = tuple(facts for nic in host.nics if (facts := _nic(nic, answer["nics"], interrupts)) is not None)
    taken = {interrupt.number for facts in nics for interrupt in facts.interrupts}
    return HostFacts(
        host=host.name,
        cpus=tuple(cpu["number"] for cpu in ordered),
        kernel=answer["release"] or "",
        bios_version=answer["bios_version"] or "",
        nodes=tuple(tuple(cpu["number"] for cpu in found if cpu["node"] == node) for node in nodes),
        siblings=tuple(dict.fromkeys(tuple(sorted(cpus_in(cpu["siblings"]))) for cpu in ordered)),
        nics=nics,
        interrupts=tuple(InterruptFacts(**each) for number, each in interrupts.items() if number not in taken),
    )


def _declared_order(cpu: dict[str, Any]) -> tuple[int, int, int]:
    siblings = sorted(cpus_in(cpu["siblings"]))
    thread = siblings.index(cpu["number"]) if cpu["number"] in siblings else 0
    return thread, cpu["socket"], cpu["core"]


def _nic(nic: Any, found: list[dict[str, Any]], interrupts: dict[int, dict[str, Any]]) -> NicFacts | None:
    """A declared NIC is the interface that has its address, or else its name."""
    match = next((each for each in found if each["address"] == nic.address), None)
    match = match or next((each for each in found if each["interface"] == nic.name), None)
    if match is None:
        return None
    own = [interrupts[number] for number in match["interrupts"] if number in interrupts]
    return NicFacts(
        nic=nic.name,
        interface=match["interface"],
        pci_address=match["pci_address"],
        driver=match["driver"],
        firmware=match["firmware"],
        numa_node=match["numa_node"],
        interrupts=tuple(InterruptFacts(**each) for each in own),
    )
