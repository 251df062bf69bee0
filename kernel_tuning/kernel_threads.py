"""Where the kernel's own threads, its work queues and the system's services may run: on reserved cpus.

Documentation/core-api/workqueue.rst ("Affinity Scopes"), Documentation/admin-guide/kernel-per-CPU-kthreads.rst.
"""

from __future__ import annotations

from collections.abc import Iterator

from kernel_tuning.cores import HostCores
from kernel_tuning.cpu_list import cpu_list, cpu_mask
from kernel_tuning.hugepages import written_at_boot
from kernel_tuning.item import Item, Kept, Reading

SYSTEMD_FILE = "/etc/systemd/system.conf.d/90-colo.conf"


def kernel_thread_items(cores: HostCores) -> Iterator[Item]:
    """Yield work queues, kernel threads and the services' mask; nothing where no cpu is isolated."""
    if not cores.isolated:
        return
    reserved, mask = cpu_list(cores.reserved), cpu_mask(cores.reserved)
    for path, reason in (
        ("/sys/devices/virtual/workqueue/cpumask", "work that is bound to no cpu runs on the reserved cpus"),
        ("/sys/devices/virtual/workqueue/writeback/cpumask", "dirty pages are written back on the reserved cpus"),
    ):
        yield Item(
            name=path.removeprefix("/sys/devices/virtual/workqueue/"),
            layer="workqueue",
            declared=mask,
            reason=reason,
            running=Reading("file", path),
            kept=written_at_boot(path),
            set_by=f"echo {mask} > {path}",
            comparison="mask",
        )
    yield Item(
        name="unbound threads",
        layer="kthread",
        declared=reserved,
        reason="kernel threads that may move (kswapd, rcuo*, kcompactd) keep off the isolated cpus; those that are one "
        "a cpu cannot move, and sleep there",
        running=Reading("command", "kthreads"),
        set_by=f"for p in $(ps --ppid 2 -o pid=); do taskset -pc {reserved} $p; done",
        comparison="within",
    )
    yield Item(
        name="services",
        layer="kthread",
        declared=reserved,
        reason="what systemd starts inherits the reserved cpus; engines pin their own threads (systemd-system.conf(5))",
        running=Reading("file", "/proc/1/status", r"(?m)^Cpus_allowed_list:\s*(\S+)"),
        kept=Kept(SYSTEMD_FILE, "CPUAffinity={}", section="Manager"),
        set_by="systemctl daemon-reexec",
        comparison="cpus",
    )
