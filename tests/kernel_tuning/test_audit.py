"""The audit against a made-up host: tuned, it passes; each thing that is then changed by hand is found, and named."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from kernel_tuning import collect
from kernel_tuning.audit import Finding, meets, table
from kernel_tuning.cores import assumed_facts
from kernel_tuning.item import BOOT_FILE, Comparison, Item, Reading
from kernel_tuning.observation import observe, request
from kernel_tuning.plan import make_plan
from stacks.sites import load_site
from stacks.topology.errors import ColoError
from tests.kernel_tuning.made_up_host import MadeUpHost

SYSCTL = "/proc/sys/vm/stat_interval"
GOVERNOR = "/sys/devices/system/cpu/cpu7/cpufreq/scaling_governor"


@pytest.fixture
def host(tmp_path: Path) -> MadeUpHost:
    made_up = MadeUpHost(tmp_path)
    made_up.tune()
    return made_up


def findings(host: MadeUpHost, verdict: str) -> dict[str, Finding]:
    return {f"{finding.layer} {finding.name}": finding for finding in host.audit().of(verdict)}


def test_a_tuned_host_passes(host: MadeUpHost) -> None:
    found = host.audit()
    assert findings(host, "fail") == {} and findings(host, "pending-reboot") == {}
    assert found.passed and found.judged
    assert len(found.of("pass")) > 200
    unsettable = findings(host, "unsettable")
    assert unsettable["irq nvme0q*"].running == "0-3 4-7", "what runs is shown all the same"
    assert "firmware LogicalProc" in unsettable


CHANGES = {
    "sysctl vm.stat_interval": (SYSCTL, "1", "1"),
    "cpufreq governor": (GOVERNOR, "powersave", "powersave"),
    "workqueue cpumask": ("/sys/devices/virtual/workqueue/cpumask", "ffffffff", "ffffffff"),
    "irq feed-a feed-a-3": ("/proc/irq/103/smp_affinity_list", "0,2,5", "0,2,5"),
    "irq nvme0q0": ("/proc/irq/60/smp_affinity_list", "31", "31"),
    "kthread unbound threads": ("/proc/44/status", "Cpus_allowed_list:\t0-31", "0-31"),
    "kthread services": ("/proc/1/status", "Cpus_allowed_list:\t0-31", "0-31"),
    "nic feed-a rx ring": ("/commands/ethtool_-g_feed-a", "Current hardware settings:\nRX:  4096\nTX:  512", "4096"),
    "nic orders pause rx": ("/commands/ethtool_-a_orders", "Autonegotiate: off\nRX:  on\nTX:  off", "on"),
    "clock offset": ("/commands/pmc_-u_-b_0_GET CURRENT_DATA_SET", "offsetFromMaster -1001.0", "-1001"),
    "clock service ptp4l@clock": ("/commands/systemctl_is-active_ptp4l@clock", "failed", "failed"),
    "service irqbalance": ("/commands/systemctl_is-active_irqbalance", "active", "active"),
    "hugepages transparent_hugepage enabled": (
        "/sys/kernel/mm/transparent_hugepage/enabled",
        "[always] madvise never",
        "always",
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_is_changed_by_hand_fails_and_shows_the_running_value(host: MadeUpHost, name: str) -> None:
    path, text, shown = CHANGES[name]
    host.put(path, text)
    failed = findings(host, "fail")
    assert name in failed, f"found only {', '.join(failed)}"
    assert shown in (failed[name].running or "").split()
    changed_tool_output = path.startswith("/commands/ethtool")
    assert len(failed) == 1 or changed_tool_output, f"nothing else was changed, but {', '.join(failed)} failed"


def test_what_is_configured_and_waits_for_a_reboot_is_pending(host: MadeUpHost) -> None:
    host.put("/sys/devices/system/cpu/isolated", "8-31")
    found = host.audit()
    pending = findings(host, "pending-reboot")
    assert list(pending) == ["boot isolcpus"] and not found.passed
    assert pending["boot isolcpus"].configured == pending["boot isolcpus"].declared == "managed_irq,domain,4-31"
    host.put(BOOT_FILE, 'GRUB_CMDLINE_LINUX="$GRUB_CMDLINE_LINUX quiet"')
    assert "boot isolcpus" in findings(host, "fail"), "without the file no reboot helps"


def test_what_runs_but_would_not_outlive_a_reboot_fails(host: MadeUpHost) -> None:
    host.put("/etc/sysctl.d/90-colo.conf", "vm.stat_interval = 10")
    failed = findings(host, "fail")["sysctl vm.stat_interval"]
    assert (failed.declared, failed.configured, failed.running) == ("120", "10", "120")
    assert failed.sentence == "it runs, but /etc/sysctl.d/90-colo.conf does not keep it for the next boot"


def test_what_belongs_to_the_machine_is_unsettable_on_a_namespace_host(host: MadeUpHost) -> None:
    host.put(SYSCTL, "1")
    host.put("/proc/sys/net/ipv4/tcp_timestamps", "1")
    found = host.audit(namespace_host=True)
    assert [finding.name for finding in found.of("fail")] == ["net.ipv4.tcp_timestamps"]
    assert "vm.stat_interval" in [finding.name for finding in found.of("unsettable")]


def test_a_host_without_frequency_scaling_is_not_at_fault(host: MadeUpHost) -> None:
    (host.root / "sys/devices/system/cpu/cpu4/cpufreq/scaling_governor").unlink()
    assert "no frequency scaling" in findings(host, "unsettable")["cpufreq governor"].sentence


def test_the_table_shows_what_needs_doing_first(host: MadeUpHost) -> None:
    host.put(SYSCTL, "1")
    lines = table(host.audit()).splitlines()
    assert lines[1].split() == ["fail", "sysctl", "vm.stat_interval", "120", "120", "1"]
    assert "1 fail, 0 pending-reboot" in lines[-1]


@pytest.mark.parametrize("name", ["desk", "lab"])
def test_this_machine_is_only_told_what_differs(name: str, repository_root: Path) -> None:
    command = [sys.executable, "-m", "kernel_tuning", "audit", name, "--site", name]
    done = subprocess.run(command, cwd=repository_root, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "nothing is judged" in done.stdout and "vm.swappiness" in done.stdout


@pytest.mark.parametrize(
    ("comparison", "declared", "met", "missed"),
    [
        ("equal", "off", ["off"], ["on", "off on", ""]),
        ("cpus", "2-3", ["2-3", "2,3"], ["2", "2-4", "(null)"]),
        ("mask", "f", ["f", "0f", "00000000,0000000f"], ["ff", "", "x"]),
        ("within", "0-1", ["0", "1", "0 0-1"], ["2", "0 2", "", "all"]),
        ("at_least", "32", ["32", "33"], ["31", "many", "40 31"]),
        ("at_most", "100", ["-100", "0"], ["101", "-101", "none"]),
    ],
)
def test_comparisons(comparison: Comparison, declared: str, met: list[str], missed: list[str]) -> None:
    item = Item("x", "boot", declared, "y", Reading("file", "/x"), comparison=comparison)
    assert [meets(item, running) for running in met] == [True] * len(met)
    assert [meets(item, running) for running in missed] == [False] * len(missed)


def test_the_collector_is_one_program_that_needs_nothing_but_python(host: MadeUpHost, tmp_path: Path) -> None:
    """As over ssh: the text of the program on standard input, the request as an argument, in a bare interpreter."""
    wanted = request(host.plan().items)
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-", json.dumps(wanted), str(host.root)],
        input=Path(collect.__file__).read_bytes(),
        capture_output=True,
        cwd=tmp_path,
    )
    answer, here = json.loads(done.stdout), collect.collect(wanted, str(host.root))
    assert {**answer, "time": 0} == {**here, "time": 0}


def test_the_collector_refuses_options_that_could_change_something() -> None:
    with pytest.raises(ValueError, match="ethtool -G is not among the options that only read"):
        collect.collect({"files": [], "commands": ["ethtool -G eth0"]})
    with pytest.raises(KeyError):
        collect.collect({"files": [], "commands": ["rm -r /"]})


def test_every_reading_of_every_site_is_one_that_the_collector_knows(tmp_path: Path) -> None:
    for name in ("carteret", "frankfurt", "desk"):
        site = load_site(name)
        for host in site.hosts:
            items = make_plan(site, host, assumed_facts(host)).items
            assert observe(items, root=str(tmp_path)).answer["commands"].keys() >= {"kernel"}


def test_a_host_is_read_through_ssh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program called ssh that hands its last argument to a shell here, as sshd does there."""
    fake = tmp_path / "ssh"
    fake.write_text('#!/bin/sh\nfor last; do :; done\nexec sh -c "$last"\n')
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    site = load_site("desk")
    items = make_plan(site, site.hosts[0], assumed_facts(site.hosts[0])).items
    there, here = observe(items, ssh="operator@desk").answer, observe(items).answer
    assert there["files"].keys() == here["files"].keys() and there["files"]["/proc/sys/vm/swappiness"]
    assert there["cpus"] == here["cpus"] and there["commands"] == here["commands"]


def test_an_unreachable_host_is_named() -> None:
    with pytest.raises(ColoError, match=r"^host nobody@127\.0\.0\.1: cannot be read over ssh: "):
        observe((), ssh="nobody@127.0.0.1")
