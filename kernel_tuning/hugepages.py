"""Huge pages of each NUMA node, and what becomes of pages that nobody asked to be huge.

Documentation/admin-guide/mm/hugetlbpage.rst and transhuge.rst.
"""

from __future__ import annotations

from collections.abc import Iterator

from kernel_tuning.item import Item, Kept, Reading
from stacks.topology.host import Host
from stacks.topology.tuning import Tuning

KERNEL_VALUES_FILE = "/etc/tmpfiles.d/90-colo.conf"


def written_at_boot(path: str) -> Kept:
    """Return the line that has systemd-tmpfiles write a value into a file of the kernel at boot (tmpfiles.d(5))."""
    return Kept(KERNEL_VALUES_FILE, f"w {path} - - - - {{}}")


def hugepage_items(host: Host, tuning: Tuning) -> Iterator[Item]:
    """Yield the pages of each node that the kernel must have found, and the handling of transparent ones."""
    for pages in host.hugepages:
        node = f"/sys/devices/system/node/node{pages.numa_node}"
        path = f"{node}/hugepages/hugepages-{pages.page_mib * 1024}kB/nr_hugepages"
        yield Item(
            name=f"node{pages.numa_node} {pages.page_mib} MiB",
            layer="hugepages",
            declared=str(pages.count),
            reason="as declared; the boot line asks for them, this is how many the node had in one piece",
            running=Reading("file", path),
            kept=written_at_boot(path),
            set_by=f"echo {pages.count} > {path}",
            needs_reboot=pages.page_mib == 1024,
            comparison="at_least",
        )
    folder = "/sys/kernel/mm/transparent_hugepage"
    for name, value, reason in (
        ("enabled", tuning.transparent_hugepages, "as declared, the running side of the boot line"),
        ("defrag", "madvise", "a page fault stops to make room for a huge page only where a program asked for one"),
    ):
        yield Item(
            name=f"transparent_hugepage {name}",
            layer="hugepages",
            declared=value,
            reason=reason,
            running=Reading("file", f"{folder}/{name}", r"\[(\S+)\]"),
            kept=written_at_boot(f"{folder}/{name}"),
            set_by=f"echo {value} > {folder}/{name}",
            absent="this kernel has no transparent huge pages",
        )
    yield Item(
        name="ksm",
        layer="hugepages",
        declared="0",
        reason="no thread compares pages, and none is made read-only behind a program's back",
        running=Reading("file", "/sys/kernel/mm/ksm/run"),
        kept=written_at_boot("/sys/kernel/mm/ksm/run"),
        set_by="echo 0 > /sys/kernel/mm/ksm/run",
        absent="this kernel merges no pages",
    )
