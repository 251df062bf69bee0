"""A declared NIC together with what was found of it: interface, driver, queues and their interrupts."""

from __future__ import annotations

import re
from dataclasses import dataclass

from stacks.topology.errors import ColoError
from stacks.topology.host import Host, HostFacts, NicFacts
from stacks.topology.network import Nic

INTERFACE_CHARACTERS_MAX = 15  # IFNAMSIZ less the final zero
# First words of a declared model, and the kernel's driver for it.
DRIVERS = (
    ("AMD Solarflare", "sfc"),
    ("NVIDIA ConnectX", "mlx5_core"),
    ("Mellanox ConnectX", "mlx5_core"),
    ("Intel I210", "igb"),
    ("Intel X710", "i40e"),
    ("Intel XXV710", "i40e"),
    ("Intel E810", "ice"),
)
# Names that drivers give to the interrupt of a receive queue (their source in drivers/net/ethernet of Linux 6.1).
QUEUE_NAMES = {
    "sfc": r"^{interface}(?:-rx|-tx|-xdp)?-(\d+)$",
    "mlx5_core": r"^mlx5_comp(\d+)@pci:{pci}$",
}
OTHER_QUEUE_NAMES = r"^(?:\w+-)?{interface}(?:-[A-Za-z]+)*-(\d+)$"


@dataclass(frozen=True)
class Device:
    """A NIC of a host; `facts` is None where it was not found, or nobody has looked."""

    nic: Nic
    facts: NicFacts | None

    @property
    def interface(self) -> str:
        """The name of the interface: that of the declaration, which the rendered .link file gives to it."""
        return self.nic.name

    @property
    def driver(self) -> str:
        """The kernel's driver; an empty text where neither facts nor model tell."""
        found = self.facts.driver if self.facts else ""
        return found or next((driver for words, driver in DRIVERS if self.nic.model.startswith(words)), "")

    @property
    def taken_from_kernel(self) -> bool:
        """Whether DPDK drives the NIC in the kernel's stead, so that it has no interface; mlx5's it shares."""
        return self.nic.transport == "dpdk" and self.driver != "mlx5_core"

    @property
    def numa_node(self) -> int:
        """The node on which it lies."""
        return self.facts.numa_node if self.facts else self.nic.numa_node

    @property
    def pci_address(self) -> str:
        """Its place on the bus; a shell pattern that fits none where it is unknown."""
        return self.facts.pci_address if self.facts else "unknown"

    def queue_of(self, interrupt: str) -> int | None:
        """Return the queue of which an interrupt's name speaks, or None."""
        pattern = QUEUE_NAMES.get(self.driver, OTHER_QUEUE_NAMES)
        name = self.facts.interface if self.facts else self.interface
        names = {re.escape(name), re.escape(self.interface)}
        found = re.match(
            pattern.format(interface=f"(?:{'|'.join(sorted(names))})", pci=re.escape(self.pci_address)), interrupt
        )
        return int(found[1]) if found else None


def devices(host: Host, facts: HostFacts) -> tuple[Device, ...]:
    """Return the NICs of a host; the loopback interface is none. A ColoError names one that Linux cannot name so."""
    found = tuple(Device(nic, facts.nic(nic)) for nic in host.nics if nic.model != "loopback")
    for device in found:
        if len(device.interface) > INTERFACE_CHARACTERS_MAX:
            sentence = f"is longer than the {INTERFACE_CHARACTERS_MAX} characters of an interface's name"
            raise ColoError(f"host {host.name}: nics[{device.interface}].name: {sentence}")
    return found
