"""A machine: its processors and NUMA nodes, memory and huge pages, disks, NICs and cards.

A cpu number in the declaration is a declared index: first all cores (socket by socket), then their SMT siblings.
The number that the operating system uses for it is a fact of the host (`HostFacts.cpus`).
"""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from stacks.topology.clock import ClockDiscipline
from stacks.topology.declared import Address, Declared, Flag, Name, NotNegative, Positive, raise_problems, repeated
from stacks.topology.errors import Problem
from stacks.topology.network import Nic
from stacks.topology.tuning import Tuning


class Cpu(Declared):
    """The processors of a host. `threads_per_core` 1 means that SMT is off."""

    model: str
    sockets: Positive = 1
    cores_per_socket: Positive
    threads_per_core: Literal[1, 2] = 1
    numa_nodes_per_socket: Positive = 1

    @property
    def cores(self) -> int:
        """Physical cores of all sockets."""
        return self.sockets * self.cores_per_socket

    @property
    def count(self) -> int:
        """Logical cpus."""
        return self.cores * self.threads_per_core

    @property
    def numa_nodes(self) -> int:
        """NUMA nodes of all sockets."""
        return self.sockets * self.numa_nodes_per_socket

    def core_of(self, cpu: int) -> int:
        """Return the physical core on which a cpu lies."""
        return cpu % self.cores

    def numa_node_of(self, cpu: int) -> int:
        """Return the NUMA node on which a cpu lies."""
        return self.core_of(cpu) * self.numa_nodes // self.cores


class Hugepages(Declared):
    """Huge pages of one page length (2 or 1024 MiB) on one NUMA node."""

    numa_node: NotNegative
    page_mib: Literal[2, 1024]
    count: Positive

    @property
    def mib(self) -> int:
        """Memory that they take, in MiB."""
        return self.page_mib * self.count


class Disk(Declared):
    """A disk. Without power-loss protection a journal on it may lose what the disk acknowledged."""

    name: Name
    model: str
    capacity_gib: Positive
    power_loss_protection: Flag


class FpgaCard(Declared):
    """An FPGA card or device; `ports` are its own optical ports."""

    name: Name
    model: str
    numa_node: NotNegative
    ports: Positive
    shell: str


class OperatingSystem(Declared):
    """What runs on the host; `kernel` realtime is declared only where it is wanted (PREEMPT_RT costs throughput)."""

    distribution: str
    release: str
    kernel: Literal["generic", "realtime"] = "generic"


class Bios(Declared):
    """Firmware settings as (name, value) pairs, in the vendor's words."""

    version: str
    settings: tuple[tuple[str, str], ...] = ()


class Bmc(Declared):
    """The management controller, reached over the management network."""

    address: Address
    protocol: Literal["redfish", "ipmi"] = "redfish"


class Host(Declared):
    """One machine. `reserved_cpus` belong to the kernel and to threads that block; engine threads never poll there.

    Without `tuning` the host is left as it is found: its audit tells what differs, and judges nothing.
    """

    name: Name
    role: Literal["workstation", "trading", "standby", "data", "monitoring", "cluster", "exchange"]
    cpu: Cpu
    memory_mib: Positive
    reserved_cpus: tuple[NotNegative, ...] = ()
    hugepages: tuple[Hugepages, ...] = ()
    disks: tuple[Disk, ...] = ()
    nics: tuple[Nic, ...]
    fpga_cards: tuple[FpgaCard, ...] = ()
    clock: ClockDiscipline
    os: OperatingSystem
    bios: Bios | None = None
    bmc: Bmc | None = None
    march: str = "native"
    tuning: Tuning | None = Tuning()

    @model_validator(mode="after")
    def _check(self) -> Host:
        raise_problems([*self._memory_problems(), *self._placement_problems(), *self._clock_problems()])
        return self

    def _memory_problems(self) -> list[Problem]:
        problems = []
        per_node = self.memory_mib // self.cpu.numa_nodes
        for node in range(self.cpu.numa_nodes):
            wanted = sum(pages.mib for pages in self.hugepages if pages.numa_node == node)
            if wanted >= per_node:
                sentence = f"NUMA node {node} has {per_node} MiB of memory, huge pages would take {wanted} MiB"
                problems.append(Problem("hugepages", sentence))
        return problems

    def _placement_problems(self) -> list[Problem]:
        problems = []
        for field in ("hugepages", "nics", "fpga_cards"):
            for index, part in enumerate(getattr(self, field)):
                if part.numa_node >= self.cpu.numa_nodes:
                    key = getattr(part, "name", index)
                    sentence = f"NUMA node {part.numa_node} does not exist, the host has {self.cpu.numa_nodes}"
                    problems.append(Problem(f"{field}[{key}].numa_node", sentence))
        for cpu in self.reserved_cpus:
            if cpu >= self.cpu.count:
                problems.append(Problem("reserved_cpus", f"cpu {cpu} does not exist, the host has {self.cpu.count}"))
        for field in ("disks", "nics", "fpga_cards"):
            for name in repeated([part.name for part in getattr(self, field)]):
                problems.append(Problem(f"{field}[{name}]", "the name stands twice"))
        return problems

    def _clock_problems(self) -> list[Problem]:
        used = [("clock.nic", self.clock.nic)] if self.clock.nic is not None else []
        used += [(f"clock.pps_nics[{nic.name}]", nic) for nic in self.clock.pps_nics]
        return [
            Problem(path, f"NIC {nic.name} is not declared on this host") for path, nic in used if nic not in self.nics
        ]


class InterruptFacts(Declared):
    """An interrupt: its number, the name of its handler, and whether the kernel alone may say where it is served."""

    number: NotNegative
    name: str
    managed: Flag = False


class NicFacts(Declared):
    """What was found of a declared NIC: the name and place that the operating system gives it, and its firmware."""

    nic: Name
    interface: Name
    pci_address: str
    driver: str
    firmware: str
    numa_node: NotNegative
    interrupts: tuple[InterruptFacts, ...] = ()


class HostFacts(Declared):
    """What was discovered on a host and cannot be declared.

    `cpus` are the operating system's cpu numbers that may be used, in the order of the declared indexes: a machine
    with more cores, or a container that is confined to some of them, only has a longer or another list. `nodes` are the
    cpu numbers of each NUMA node, `siblings` those that share a core; `interrupts` are those of no declared NIC.
    """

    host: Name
    cpus: tuple[NotNegative, ...]
    kernel: str = ""
    bios_version: str = ""
    nodes: tuple[tuple[NotNegative, ...], ...] = ()
    siblings: tuple[tuple[NotNegative, ...], ...] = ()
    nics: tuple[NicFacts, ...] = ()
    interrupts: tuple[InterruptFacts, ...] = ()

    def nic(self, nic: Nic) -> NicFacts | None:
        """Return the facts of one NIC, or None where it was not found."""
        return next((facts for facts in self.nics if facts.nic == nic.name), None)


class Facts(Declared):
    """The facts of all hosts of a site."""

    hosts: tuple[HostFacts, ...]

    def of(self, host: Host) -> HostFacts | None:
        """Return the facts of one host, or None where none were gathered."""
        return next((facts for facts in self.hosts if facts.host == host.name), None)
