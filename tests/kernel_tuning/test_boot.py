"""The rendered boot line on real kernels: Debian's cloud kernel and its real-time kernel are booted with it under QEMU,
and show from inside what it does.

The guest is carteret's trading host, smaller: two NUMA nodes of four cpus, of which the engines spin on two.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from kernel_tuning.audit import Audit, audit
from kernel_tuning.collect import collect
from kernel_tuning.cores import assumed_facts
from kernel_tuning.item import BOOT_FILE
from kernel_tuning.observation import Observation, request
from kernel_tuning.plan import Plan, make_plan
from stacks.topology.host import Cpu, Hugepages
from tests import qemu_guest
from tests.kernel_tuning.made_up_host import HOST, SITE
from tests.stacks.rebuild import rebuilt, substituted

MACHINE = qemu_guest.Machine(sockets=2, cores_per_socket=6, node_mib=(3072, 512))
MARK = "@@@ "
# What the collector reads for the items below, one file after the other.
SCRIPT = f"""
for file in {{files}} /proc/[0-9]*/stat /proc/[0-9]*/status /sys/kernel/realtime; do
  [ -f $file ] && echo "{MARK}$file" && cat $file && echo
done
"""


def small_plan(kernel: str) -> Plan:
    """Carteret's first trading host with twelve cpus and as much memory as a guest may have."""
    host = rebuilt(
        HOST,
        cpu=Cpu(model="AMD", sockets=2, cores_per_socket=6),
        memory_mib=3584,
        reserved_cpus=(0, 1, 6, 7),
        hugepages=(
            Hugepages(numa_node=0, page_mib=1024, count=1),
            Hugepages(numa_node=0, page_mib=2, count=48),
            Hugepages(numa_node=1, page_mib=2, count=16),
        ),
        os=rebuilt(HOST.os, kernel=kernel),
    )
    return make_plan(substituted(SITE, HOST, host), host, assumed_facts(host))


def booted(plan: Plan, kernel: Path, folder: Path, line: str) -> Audit:
    """The audit of a guest that was booted with a line: the files that it printed are read as a host's are."""
    wanted = request(tuple(item for item in plan.items if item.layer not in ("nic", "transport", "irq")))
    script = SCRIPT.format(files=" ".join(path for path in wanted["files"] if not path.startswith("/etc/")))
    # In so little memory, a kernel at a random place may lie in the only whole GiB.
    output = qemu_guest.boot(kernel, folder, script, f"{line} nokaslr", MACHINE)
    tree = folder / "tree"
    for part in output.split(MARK)[1:]:
        path, _, text = part.partition("\n")
        file = tree / path.strip().lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text.partition(qemu_guest.ENDED)[0].rstrip("\n") + "\n")
    boot_file = tree / BOOT_FILE.lstrip("/")
    boot_file.parent.mkdir(parents=True)
    boot_file.write_text(plan.files[BOOT_FILE])
    return audit(SITE.name, plan, Observation(collect(request(plan.items), str(tree))))


@pytest.mark.parametrize(("kernel", "declared"), [("cloud", "generic"), ("rt", "realtime")])
def test_a_kernel_does_what_the_rendered_line_says(kernel: str, declared: str, tmp_path: Path) -> None:
    plan = small_plan(declared)
    found = {
        f"{each.layer} {each.name}": each
        for each in booted(plan, qemu_guest.kernel(kernel), tmp_path, plan.boot_line).findings
    }
    shown = {name: finding.running for name, finding in found.items()}
    assert shown["boot kernel"] == declared
    assert shown["boot isolcpus"] == shown["boot nohz_full"] == "2-5,8-11"
    assert shown["hugepages node0 1024 MiB"] == "1"
    assert shown["hugepages node0 2 MiB"] == "48" and shown["hugepages node1 2 MiB"] == "16"
    boot = {name: finding for name, finding in found.items() if finding.layer == "boot"}
    assert {finding.verdict for finding in boot.values()} == {"pass"}, boot


@pytest.mark.long
def test_the_line_of_another_host_is_found_and_waits_for_a_reboot(tmp_path: Path) -> None:
    plan = small_plan("generic")
    other = plan.boot_line.replace("2-5,8-11", "3-5,8-11").replace("hugepages=0:48,1:16", "hugepages=0:48")
    found = booted(plan, qemu_guest.kernel("cloud"), tmp_path, other)
    pending = {finding.name: finding.running for finding in found.of("pending-reboot")}
    assert pending == {"isolcpus": "3-5,8-11", "nohz_full": "3-5,8-11", "rcu_nocbs": "3-5,8-11", "hugepages 2M": "0:48"}
