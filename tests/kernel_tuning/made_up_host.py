"""A made-up tree of /proc, /sys and /etc that stands for a trading host of carteret, as the collector reads it.

Cpus are numbered as many servers do it: even ones on the first socket, odd ones on the second, so that a declared index
is never the number itself. What tools print is in their own formats (ethtool 6.1, linuxptp 3.1, systemd 252).
"""

from __future__ import annotations

from pathlib import Path

from kernel_tuning.audit import Audit, audit
from kernel_tuning.collect import collect
from kernel_tuning.facts import host_facts
from kernel_tuning.item import Item
from kernel_tuning.observation import Observation, request
from kernel_tuning.plan import Plan, make_plan
from stacks.sites import load_site
from stacks.topology.host import Host
from stacks.topology.site import Site

SITE = load_site("carteret")
HOST = next(host for host in SITE.hosts if host.name == "trading-1")
PLACES = {  # interface: (PCI address, driver, NUMA node, first interrupt)
    "feed-a": ("0000:3b:00.0", "sfc", 0, 100),
    "feed-b": ("0000:3b:00.1", "sfc", 0, 120),
    "orders": ("0000:5e:00.0", "sfc", 0, 140),
    "data-1": ("0000:af:00.0", "mlx5_core", 1, 160),
    "data-2": ("0000:af:00.1", "mlx5_core", 1, 180),
    "clock": ("0000:d8:00.0", "igb", 1, 200),
}
RING = """Ring parameters for {name}:
Pre-set maximums:
RX:             4096
RX Mini:        n/a
TX:             2048
Current hardware settings:
RX:             {ring}
RX Mini:        n/a
TX:             {ring}
"""
CHANNELS = """Channel parameters for {name}:
Pre-set maximums:
RX:             n/a
TX:             n/a
Combined:       32
Current hardware settings:
RX:             n/a
TX:             n/a
Combined:       {queues}
"""
PAUSE = """Pause parameters for {name}:
Autonegotiate:  off
RX:             off
TX:             off
"""
FEATURES = """Features for {name}:
rx-checksumming: on
tcp-segmentation-offload: {merge}
\ttx-tcp-segmentation: {merge}
generic-receive-offload: {merge}
large-receive-offload: off [fixed]
ntuple-filters: on
"""
COALESCING = """Coalesce parameters for {name}:
Adaptive RX: {adaptive}  TX: n/a
stats-block-usecs: n/a

rx-usecs:       {usecs}
rx-frames:      0
"""


class MadeUpHost:
    """A tree in a folder; `put` writes one of its files."""

    def __init__(self, root: Path, site: Site = SITE, host: Host = HOST) -> None:
        self.root, self.site, self.host = root, site, host
        self._cpus()
        for name, place in PLACES.items():
            self._nic(name, *place)
        self.put("/proc/sys/kernel/hostname", "trading-1")
        self.put("/proc/sys/kernel/osrelease", "6.1.0-56-amd64")
        self.interrupt(9, "acpi", "0,2,16")
        self.interrupt(60, "nvme0q0", "0")
        self.interrupt(61, "nvme0q1", "0-3")
        self.interrupt(62, "nvme0q2", "4-7")

    def put(self, path: str, text: str) -> None:
        """Write a file of the tree."""
        file = self.root / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text + "\n")

    def link(self, path: str, target: str) -> None:
        """Make a symbolic link whose last part is what is read."""
        file = self.root / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.symlink_to(f"../nowhere/{target}")

    def interrupt(self, number: int, name: str, cpus: str) -> None:
        """Make an interrupt with its handler and where it is served."""
        (self.root / f"proc/irq/{number}/{name}").mkdir(parents=True, exist_ok=True)
        self.put(f"/proc/irq/{number}/smp_affinity_list", cpus)

    def tune(self) -> None:
        """Make everything run and be kept as the plan says: what a role and a reboot would leave."""
        plan = self.plan()
        for path, text in plan.files.items():
            self.put(path, text.rstrip("\n"))
        self.put("/proc/cmdline", f"BOOT_IMAGE=/vmlinuz root=/dev/nvme0n1p2 {plan.boot_line} quiet")
        for item in plan.items:
            if item.running.kind == "file" and not item.running.pattern and item.layer != "irq":
                self.put(_one_path(item), _shown(item))
        self.put("/sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never")
        self.put("/sys/kernel/mm/transparent_hugepage/defrag", "always defer defer+madvise [madvise] never")
        self.put("/proc/irq/default_smp_affinity", "f")  # cpus 0 to 3: declared indexes 0, 1, 16 and 17
        self.put("/proc/1/status", "Name:\tsystemd\nCpus_allowed:\tf\nCpus_allowed_list:\t0-3")
        self.put("/proc/1/stat", "1 (systemd) S 0 1 1 0 -1 4194560 0 0")
        self.put("/proc/44/stat", "44 (kswapd0) S 2 0 0 0 -1 2097216 0 0")
        self.put("/proc/44/status", "Name:\tkswapd0\nCpus_allowed_list:\t0-3")
        self.put("/proc/17/stat", "17 (migration/5) S 2 0 0 0 -1 69238848 0 0")
        self.put("/proc/17/status", "Name:\tmigration/5\nCpus_allowed_list:\t5")
        for service in ("ptp4l@clock", "irqbalance", "tuned", "ondemand"):
            self.put(f"/commands/systemctl_is-active_{service}", "active" if service == "ptp4l@clock" else "inactive")
        self.put("/commands/pmc_-u_-b_0_GET CURRENT_DATA_SET", "\t\tstepsRemoved     1\n\t\toffsetFromMaster -37.0\n")
        for item in plan.items:
            if item.layer == "irq" and item.running.source.endswith("/smp_affinity_list") and not item.unsettable:
                self.put(item.running.source, item.declared)

    def plan(self) -> Plan:
        """The plan from what is found here."""
        return make_plan(self.site, self.host, host_facts(self.host, self.observe(())))

    def observe(self, items: tuple[Item, ...]) -> Observation:
        """What the collector reads."""
        return Observation(collect(request(items), str(self.root)))

    def audit(self, namespace_host: bool = False) -> Audit:
        """The audit of the tree."""
        plan = self.plan()
        return audit(self.site.name, plan, self.observe(plan.items), namespace_host)

    def _cpus(self) -> None:
        for cpu in range(32):
            folder = f"/sys/devices/system/cpu/cpu{cpu}"
            self.put(f"{folder}/topology/physical_package_id", str(cpu % 2))
            self.put(f"{folder}/topology/core_id", str(cpu // 2))
            self.put(f"{folder}/topology/thread_siblings_list", str(cpu))
            (self.root / f"{folder}/node{cpu % 2}".lstrip("/")).mkdir()

    def _nic(self, name: str, pci: str, driver: str, node: int, first: int) -> None:
        nic = next(nic for nic in self.host.nics if nic.name == name)
        folder = f"/sys/class/net/{name}"
        self.link(f"{folder}/device", pci)
        device = self.root / f"sys/class/net/{name}/device"
        device.unlink()
        place = self.root / f"sys/devices/{pci}"
        place.mkdir(parents=True)
        device.symlink_to(f"../../../devices/{pci}")
        self.link(f"/sys/devices/{pci}/driver", driver)
        self.put(f"/sys/devices/{pci}/numa_node", str(node))
        (self.root / f"sys/bus/pci/devices/{pci}/net/{name}").mkdir(parents=True)
        for queue in range(nic.queues):
            handler = {"mlx5_core": f"mlx5_comp{queue}@pci:{pci}", "igb": f"{name}-TxRx-{queue}"}.get(
                driver, f"{name}-{queue}"
            )
            self.put(f"/sys/devices/{pci}/msi_irqs/{first + queue}", "msix")
            self.interrupt(first + queue, handler, "0-31")
        self._tools(nic.name, nic.address, nic.queues, bulk=nic.speed_gbps == 100, kernel=nic.transport == "kernel")

    def _tools(self, name: str, address: str, queues: int, bulk: bool, kernel: bool) -> None:
        values = {
            "name": name,
            "queues": queues,
            "ring": 4096 if bulk else 1024 if kernel else 512,
            "merge": "on" if bulk else "off",
            "adaptive": "on" if bulk else "off",
            "usecs": 0 if kernel else 60,
        }
        self.put(f"/commands/address_{name}", address)
        self.put(f"/commands/ethtool_-i_{name}", f"driver: x\nfirmware-version: 8.5.1 rx1 tx1\nbus: {name}")
        for option, text in (("g", RING), ("l", CHANNELS), ("a", PAUSE), ("k", FEATURES), ("c", COALESCING)):
            self.put(f"/commands/ethtool_-{option}_{name}", text.format(**values).rstrip("\n"))


def _one_path(item: Item) -> str:
    """The path of a reading; of a shell pattern, that of one cpu or package."""
    return item.running.source.replace("[0-9]*", "4").replace("*", "00")


def _shown(item: Item) -> str:
    """How the kernel shows a value: isolcpus without its flags."""
    return item.declared.removeprefix("managed_irq,domain,")
