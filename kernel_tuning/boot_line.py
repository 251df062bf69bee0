"""The kernel's boot line: what can only be decided before it runs.

Parameters are those of Documentation/admin-guide/kernel-parameters.rst of Linux 6.1, named in each reason where
another page explains them.
"""

from __future__ import annotations

from collections.abc import Iterator

from kernel_tuning.cores import HostCores
from kernel_tuning.cpu_list import cpu_list
from kernel_tuning.item import BOOT_FILE, Comparison, Item, Kept, Reading
from stacks.topology.host import Host
from stacks.topology.tuning import Tuning

CPU = "/sys/devices/system/cpu"
WORDS = "/proc/cmdline"


def boot_items(host: Host, tuning: Tuning, cores: HostCores, iommu: bool) -> Iterator[Item]:
    """Yield the parameters in the order in which they stand on the line; `iommu` where a program drives a device."""
    if cores.isolated:
        yield from _isolation(cores)
    yield from _hugepages(host)
    yield from _processor(host, tuning)
    if iommu:
        yield from _iommu(host)
    yield from _quiet(tuning, cores)


def boot_line(items: tuple[Item, ...]) -> str:
    """Return the parameters of a plan as they are given to the kernel."""
    return " ".join(_word(item) for item in items if item.layer == "boot" and item.kept is not None)


def boot_file(items: tuple[Item, ...]) -> str:
    """Return the text of the file that adds the line to GRUB's."""
    return f'GRUB_CMDLINE_LINUX="$GRUB_CMDLINE_LINUX {boot_line(items)}"\n'


def _word(item: Item) -> str:
    assert item.kept is not None, "boot_line asks for kept items only"
    return item.kept.with_value(item.declared)


def _parameter(
    name: str, value: str, reason: str, running: Reading | None = None, comparison: Comparison = "equal"
) -> Item:
    """Return a parameter; where the kernel does not show its effect, the line that it was booted with is read."""
    line = f"{name}={{}}"
    pattern = rf"(?:^|\s){name}=(\S*)"
    if not value:
        line, value, pattern = name, name, rf"(?:^|\s)({name})(?:\s|$)"
    return Item(
        name=name,
        layer="boot",
        declared=value,
        reason=reason,
        running=running or Reading("file", WORDS, pattern),
        kept=Kept(BOOT_FILE, line),
        needs_reboot=True,
        comparison=comparison,
    )


def _isolation(cores: HostCores) -> Iterator[Item]:
    isolated, reserved = cpu_list(cores.isolated), cpu_list(cores.reserved)
    yield _parameter(
        "isolcpus",
        f"managed_irq,domain,{isolated}",
        "no task is balanced onto the cpus of spinning threads, and managed interrupts avoid them while a reserved cpu "
        "can take them",
        Reading("file", f"{CPU}/isolated"),
        "cpus",
    )
    yield _parameter(
        "nohz_full",
        isolated,
        "a cpu with one runnable thread gets no scheduler tick (Documentation/timers/no_hz.rst)",
        Reading("file", f"{CPU}/nohz_full"),
        "cpus",
    )
    yield _parameter(
        "rcu_nocbs",
        isolated,
        "RCU callbacks run in threads on reserved cpus, not in the softirq of a spinning thread's cpu",
        comparison="cpus",
    )
    yield _parameter("rcu_nocb_poll", "", "a spinning cpu need not wake the threads of its RCU callbacks: they poll")
    yield _parameter(
        "irqaffinity",
        reserved,
        "interrupts that nobody has placed are served on the reserved cpus",
        comparison="cpus",
    )


def _hugepages(host: Host) -> Iterator[Item]:
    """Pages of 1 GiB are found in one piece only at boot; those of 2 MiB too, once memory is fragmented.

    The kernel pairs each hugepagesz with the hugepages that follows it; by node as node:count since Linux 5.15.
    """
    for page_mib in sorted({pages.page_mib for pages in host.hugepages}, reverse=True):
        suffix = "1G" if page_mib == 1024 else "2M"
        counts = [(pages.numa_node, pages.count) for pages in host.hugepages if pages.page_mib == page_mib]
        value = ",".join(f"{node}:{count}" for node, count in sorted(counts))
        reason = (
            f"pages of {suffix} for tables and packet buffers, on the nodes where they are used, while memory is whole"
        )
        yield Item(
            name=f"hugepages {suffix}",
            layer="boot",
            declared=value,
            reason=reason,
            running=Reading("file", WORDS, rf"hugepagesz={suffix}\s+hugepages=(\S+)"),
            kept=Kept(BOOT_FILE, f"hugepagesz={suffix} hugepages={{}}"),
            needs_reboot=True,
        )


def _processor(host: Host, tuning: Tuning) -> Iterator[Item]:
    depth = str(tuning.cstate_max)
    reason = f"an idle cpu goes no deeper than C{depth}, from which it wakes up at once"
    if "Intel" in host.cpu.model:
        yield _parameter(
            "intel_idle.max_cstate",
            depth,
            reason + " (Documentation/admin-guide/pm/intel_idle.rst)",
            Reading("file", "/sys/module/intel_idle/parameters/max_cstate"),
        )
    yield _parameter(
        "processor.max_cstate", depth, reason, Reading("file", "/sys/module/processor/parameters/max_cstate")
    )
    yield _parameter("mitigations", tuning.mitigations, "as declared: mitigations cost each system call some 100 ns")
    if host.cpu.threads_per_core == 1:
        yield _parameter(
            "nosmt",
            "",
            "a spinning thread shares its core's caches and ports with nobody; declared threads_per_core is 1",
        )


def _iommu(host: Host) -> Iterator[Item]:
    if "Intel" in host.cpu.model:
        yield _parameter("intel_iommu", "on", "a NIC that DPDK drives reaches the memory of its program alone")
    yield _parameter("iommu", "pt", "the kernel's own devices pass the IOMMU without a translation")


def _quiet(tuning: Tuning, cores: HostCores) -> Iterator[Item]:
    yield _parameter(
        "transparent_hugepage",
        tuning.transparent_hugepages,
        "huge pages are made for programs that ask, so that no other stalls while its pages are merged",
    )
    yield _parameter("skew_tick", "1", "ticks of different cpus do not meet at one lock in one microsecond")
    yield _parameter(
        "tsc", "reliable", "the time stamp counter stays the clock source: its watchdog would run on every cpu in turn"
    )
    yield _parameter("nowatchdog", "", "no lockup detector's timer and thread on every cpu")
    yield _parameter("nmi_watchdog", "0", "no performance-counter interrupt on every cpu, once in ten seconds")
    yield _parameter("audit", "0", "no system call passes through the audit subsystem")
    if cores.isolated:
        yield _parameter("mce", "ignore_ce", "corrected memory errors are not polled for on every cpu each 5 minutes")
