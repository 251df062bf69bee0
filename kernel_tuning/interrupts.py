"""Which cpu serves which interrupt: queues of NICs beside the threads that read them, all else on the reserved cpus.

An interrupt that the kernel manages (a queue of an NVMe disk, one a cpu) cannot be placed by anybody: writing its mask
is refused (Documentation/core-api/irq/irq-affinity.rst, kernel/irq/manage.c). It is named as unsettable, and what keeps
it away is isolcpus=managed_irq.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from kernel_tuning.cores import HostCores
from kernel_tuning.cpu_list import cpu_list, cpu_mask
from kernel_tuning.device import Device
from kernel_tuning.item import Item, Kept, Reading
from stacks.topology.host import HostFacts, InterruptFacts

DEVICES_UNIT = "/etc/systemd/system/colo-devices.service"
DEFAULT = "/proc/irq/default_smp_affinity"


def interrupt_items(devices: tuple[Device, ...], facts: HostFacts, cores: HostCores) -> Iterator[Item]:
    """Yield the default mask, each queue of each NIC, and each group of other interrupts; nothing without isolation."""
    if not cores.isolated:
        return
    mask = cpu_mask(cores.reserved)
    yield Item(
        name="default",
        layer="irq",
        declared=mask,
        reason="a device that appears later is served on the reserved cpus; the running side of irqaffinity",
        running=Reading("file", DEFAULT),
        kept=Kept(DEVICES_UNIT, f"ExecStart=-/bin/sh -c 'echo {{}} > {DEFAULT}'", section="Service"),
        set_by=f"echo {mask} > {DEFAULT}",
        comparison="mask",
    )
    for device in devices:
        if device.taken_from_kernel:
            continue
        if device.facts is None or not device.facts.interrupts:
            yield _unknown_queues(device, cores)
        else:
            for interrupt in device.facts.interrupts:
                yield _queue(device, interrupt, cores)
    for stem, interrupts in _groups(facts.interrupts).items():
        yield _others(stem, interrupts, cores)


def _queue(device: Device, interrupt: InterruptFacts, cores: HostCores) -> Item:
    """A queue's interrupt. The thread that reads a queue through the kernel polls the driver on its own cpu, where the
    packet's cache lines are wanted; a queue that bypasses the kernel raises none that matters.
    """
    queue = device.queue_of(interrupt.name)
    reader = None if queue is None else cores.reader_of(device.nic, queue)
    if reader is not None and device.nic.transport in ("kernel", "af_xdp"):
        cpus: tuple[int, ...] = (reader.cpu,)
        reason = f"queue {queue} is read by {reader.program}'s {reader.thread.role} thread on cpu {reader.cpu}"
    else:
        cpus = cores.reserved_on(device.numa_node)
        read = "" if reader is None else f"; {reader.program} reads it past the kernel ({device.nic.transport})"
        reason = f"reserved cpus of NUMA node {device.numa_node}, on which the NIC lies{read}"
    return _placed(f"{device.nic.name} {interrupt.name}", interrupt, cpus, reason)


def _unknown_queues(device: Device, cores: HostCores) -> Item:
    """The queues of a NIC whose interrupt numbers nobody has gathered, as one item."""
    cpus = cpu_list(cores.reserved_on(device.numa_node))
    return Item(
        name=f"{device.nic.name} queues",
        layer="irq",
        declared=cpus,
        reason=f"reserved cpus of NUMA node {device.numa_node}; each queue is placed once the facts give its number",
        running=Reading("file", f"/proc/irq/*/{device.interface}*/../smp_affinity_list"),
        comparison="within",
        unsettable="the interrupt numbers are facts of the host, and none were gathered",
    )


def _placed(name: str, interrupt: InterruptFacts, cpus: tuple[int, ...], reason: str) -> Item:
    declared = cpu_list(cpus)
    path = f"/proc/irq/{interrupt.number}/smp_affinity_list"
    # At boot the interrupt is found by its name: numbers are given anew each time.
    command = f"for d in /proc/irq/*/{interrupt.name}; do echo {{}} > $${{d%%/*}}/smp_affinity_list; done"
    return Item(
        name=name,
        layer="irq",
        declared=declared,
        reason=reason,
        running=Reading("file", path),
        kept=None if interrupt.managed else Kept(DEVICES_UNIT, f"ExecStart=-/bin/sh -c '{command}'", section="Service"),
        set_by="" if interrupt.managed else f"echo {declared} > {path}",
        comparison="within",
        unsettable="managed by the kernel: its mask can be read only" if interrupt.managed else "",
    )


def _groups(interrupts: tuple[InterruptFacts, ...]) -> dict[str, list[InterruptFacts]]:
    """Return interrupts by device and by who places them: nvme0q1 and nvme0q2 are one group, unmanaged nvme0q0 none."""
    groups: dict[str, list[InterruptFacts]] = {}
    for interrupt in interrupts:
        stem = re.sub(r"\d+(?=\D*$)", "*", interrupt.name) if interrupt.managed else interrupt.name
        groups.setdefault(stem, []).append(interrupt)
    return groups


def _others(stem: str, interrupts: list[InterruptFacts], cores: HostCores) -> Item:
    first = interrupts[0]
    if not first.managed:
        return _placed(stem, first, cores.reserved, "no interrupt of a device is served on an isolated cpu")
    numbers = ",".join(str(interrupt.number) for interrupt in interrupts)
    return Item(
        name=stem,
        layer="irq",
        declared=cpu_list(cores.reserved),
        reason=f"{len(interrupts)} queues, one a cpu: a cpu that starts no disk operation gets no interrupt of them",
        running=Reading("file", f"/proc/irq/{{{numbers}}}/smp_affinity_list"),
        comparison="within",
        unsettable="managed by the kernel: their masks can be read only; isolcpus=managed_irq keeps them off",
    )
