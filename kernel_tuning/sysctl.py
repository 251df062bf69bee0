"""What the running kernel is told through /proc/sys, kept in /etc/sysctl.d.

Meanings are those of Documentation/admin-guide/sysctl and Documentation/networking/ip-sysctl.rst; the values for
kernel and vm are those of tuned's profiles cpu-partitioning and network-latency where the reason says nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator

from kernel_tuning.cores import HostCores
from kernel_tuning.item import Comparison, Item, Kept, Owner, Reading
from stacks.topology.host import Host
from stacks.topology.site import Site

SYSCTL_FILE = "/etc/sysctl.d/90-colo.conf"
RECEIVE_BYTES_MAX = 67_108_864  # 64 MiB hold 60 ms of a full 10 Gb line


def sysctl_items(site: Site, host: Host, cores: HostCores) -> Iterator[Item]:
    """Yield the settings of a host: those of every tuned host, of isolated cpus, and of sockets."""
    yield _setting("kernel.numa_balancing", "0", "no page is unmapped to see who uses it: every thread is pinned")
    yield _setting("vm.swappiness", "1", "memory of programs is given up last")
    yield _setting(
        "vm.zone_reclaim_mode", "0", "an allocation takes a remote page before it stops to reclaim near ones"
    )
    yield _setting("vm.compaction_proactiveness", "0", "memory is not moved about in the background")
    yield _setting("kernel.nmi_watchdog", "0", "no performance-counter interrupt; boot line nmi_watchdog says the same")
    if cores.isolated:
        yield _setting("vm.stat_interval", "120", "each cpu's counters are summed every 2 minutes, not every second")
        yield _setting("kernel.hung_task_timeout_secs", "600", "the list of tasks is walked every 10 minutes")
        yield _setting(
            "kernel.timer_migration", "1", "timers that are started on an idle isolated cpu go to a reserved one"
        )
    if any(pin.thread.policy == "SCHED_FIFO" for pin in cores.pins):
        reason = "a SCHED_FIFO thread is declared: 5 % of each second stay for others, so that it cannot hang the host"
        yield _setting("kernel.sched_rt_runtime_us", "950000", reason)
    yield from _sockets(site, host)


def _sockets(site: Site, host: Host) -> Iterator[Item]:
    processes = [process for process in site.processes if process.host == host]
    lines = {line.line for process in processes for line in process.receptions}
    if lines:
        yield _setting(
            "net.core.rmem_max",
            str(RECEIVE_BYTES_MAX),
            "a feed socket may hold what comes while its reader restarts",
            comparison="at_least",
        )
        yield _setting(
            "net.ipv4.igmp_max_memberships",
            str(max(20, 2 * len(lines))),
            f"{len(lines)} multicast lines are joined here, 20 groups a socket is the default",
            owner="namespace",
            comparison="at_least",
        )
        reason = (
            "multicast comes from sources to which another NIC has the route: strict filtering would drop it (RFC 3704)"
        )
        yield _setting("net.ipv4.conf.all.rp_filter", "2", reason, owner="namespace")
    if any(process.order_session for process in processes):
        reason = "an order session that was quiet sends its next burst at once, not from a collapsed window (RFC 2861)"
        yield _setting("net.ipv4.tcp_slow_start_after_idle", "0", reason, owner="namespace")
        yield _setting("net.ipv4.tcp_timestamps", "0", "12 bytes less in each order's segment", owner="namespace")
    if any(
        nic.transport == "kernel"
        for process in processes
        for _, thread in process.placed_threads
        for nic in process.nics_of(thread)
    ):
        reason = "a socket that is read polls its queue for 50 us before it sleeps (Documentation/networking/napi.rst)"
        yield _setting("net.core.busy_read", "50", reason)
        yield _setting("net.core.busy_poll", "50", reason.replace("read polls", "waited for polls"))


def _setting(name: str, value: str, reason: str, owner: Owner = "machine", comparison: Comparison = "equal") -> Item:
    return Item(
        name=name,
        layer="sysctl",
        declared=value,
        reason=reason,
        running=Reading("file", "/proc/sys/" + name.replace(".", "/")),
        kept=Kept(SYSCTL_FILE, f"{name} = {{}}"),
        set_by=f"sysctl -w {name}={value}",
        owner=owner,
        comparison=comparison,
    )
