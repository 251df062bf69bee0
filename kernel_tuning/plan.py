"""The plan of a host: every setting with its reason, and the files and the boot line that follow from them.

    plan = make_plan(site, host, facts)
    print(plan.boot_line)
    for path, text in plan.files.items(): ...

A pure function of declaration and facts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from kernel_tuning.boot_line import boot_items, boot_line
from kernel_tuning.clock import clock_items
from kernel_tuning.cores import HostCores, host_cores
from kernel_tuning.device import Device, devices
from kernel_tuning.files import plan_files
from kernel_tuning.frequency import frequency_items
from kernel_tuning.hugepages import hugepage_items
from kernel_tuning.interrupts import interrupt_items
from kernel_tuning.item import Item
from kernel_tuning.kernel_threads import kernel_thread_items
from kernel_tuning.nic import nic_items
from kernel_tuning.services import firmware_items, kernel_items, service_items
from kernel_tuning.steering import steering_items
from kernel_tuning.sysctl import sysctl_items
from kernel_tuning.transport import onload_items, transport_items
from stacks.topology.host import Host, HostFacts
from stacks.topology.site import Site
from stacks.topology.tuning import Tuning


@dataclass(frozen=True)
class Plan:
    """The settings of a host. `applies` is False where the site leaves the host as it is found."""

    host: Host
    facts: HostFacts
    cores: HostCores
    devices: tuple[Device, ...]
    items: tuple[Item, ...]
    applies: bool

    @property
    def boot_line(self) -> str:
        """What is added to the kernel's boot line."""
        return boot_line(self.items)

    @cached_property
    def files(self) -> dict[str, str]:
        """The text of each file that makes the settings last, by its path."""
        return plan_files(self.items, self.devices)


def make_plan(site: Site, host: Host, facts: HostFacts) -> Plan:
    """Return the plan; a DeclarationError where a thread would land on a cpu that is not for it."""
    cores = host_cores(site, host, facts)
    found = devices(host, facts)
    items = tuple(_items(site, host, host.tuning or Tuning(), cores, found, facts))
    return Plan(host, facts, cores, found, items, applies=host.tuning is not None)


def _items(
    site: Site, host: Host, tuning: Tuning, cores: HostCores, found: tuple[Device, ...], facts: HostFacts
) -> Iterator[Item]:
    yield from kernel_items(host)
    yield from boot_items(host, tuning, cores, any(device.taken_from_kernel for device in found))
    yield from sysctl_items(site, host, cores)
    yield from hugepage_items(host, tuning)
    yield from frequency_items(host, tuning)
    yield from kernel_thread_items(cores)
    yield from interrupt_items(found, facts, cores)
    for device in found:
        yield from nic_items(device)
        yield from steering_items(device, cores)
        yield from transport_items(device, cores)
    yield from onload_items(cores)
    yield from clock_items(host)
    yield from service_items()
    yield from firmware_items(host)
