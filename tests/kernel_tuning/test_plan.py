"""Rendered plans and files against stored ones: carteret's hosts, and each way to read a NIC and to keep time."""

from __future__ import annotations

from pathlib import Path

import pytest

from kernel_tuning.cores import assumed_facts
from kernel_tuning.facts import host_facts
from kernel_tuning.plan import Plan, make_plan
from kernel_tuning.table import plan_table
from stacks.sites import load_site
from stacks.topology.clock import ClockDiscipline, ClockSource
from stacks.topology.host import HostFacts
from stacks.topology.site import Site
from tests.kernel_tuning.made_up_host import HOST, SITE, MadeUpHost
from tests.stacks.rebuild import rebuilt, substituted

EXPECTED = Path(__file__).parent / "expected"
NTP = ClockSource(name="ntp-1", kind="ntp", address="10.20.0.11", uncertainty_ns_max=1_000_000)


def gathered(folder: Path) -> HostFacts:
    """Facts of the made-up trading host."""
    return host_facts(HOST, MadeUpHost(folder).observe(()))


def read_by(transport: str, model: str = "") -> Site:
    """Carteret with other NICs for feed and orders on its trading hosts."""
    site = SITE
    for nic in dict.fromkeys(nic for host in SITE.hosts for nic in host.nics if nic.transport == "ef_vi"):
        site = substituted(site, nic, rebuilt(nic, transport=transport, model=model or nic.model))
    return site


def planned(site: Site, facts: HostFacts, host: str = "trading-1") -> Plan:
    return make_plan(site, next(each for each in site.hosts if each.name == host), facts)


def files_of(plan: Plan, *words: str) -> str:
    """The files of a plan whose paths hold one of the words, as the command prints them."""
    chosen = {path: text for path, text in plan.files.items() if not words or any(word in path for word in words)}
    return "".join(f"==> {path} <==\n{text}\n" for path, text in chosen.items())


def timed_by(clock: ClockDiscipline) -> Site:
    host = rebuilt(HOST, clock=clock)
    site = SITE
    if clock.source not in site.clocks:
        site = rebuilt(site, clocks=(*site.clocks, clock.source))
    return substituted(site, HOST, host)


def realtime() -> Site:
    host = rebuilt(HOST, os=rebuilt(HOST.os, kernel="realtime"), tuning=rebuilt(HOST.tuning, mitigations="off"))
    return substituted(SITE, HOST, host)


def data_host() -> Plan:
    host = next(host for host in load_site("carteret").hosts if host.name == "data-1")
    return make_plan(SITE, host, assumed_facts(host))


CLOCK = HOST.clock
PULSED = rebuilt(CLOCK, pps_nics=HOST.nics[:2])
CHRONY = ClockDiscipline(source=NTP, method="chrony", nic=HOST.nics[-1], offset_ns_max=1_000_000)
DEVICES = ("colo-devices", "/feed-a", "90-colo.rules", "driverctl", "grub.d", "/etc/colo")
RENDERED = {
    "trading_1_plan.txt": lambda facts: plan_table(planned(SITE, facts), assumed=False) + "\n",
    "trading_1_assumed_plan.txt": lambda _: plan_table(planned(SITE, assumed_facts(HOST)), assumed=True) + "\n",
    "trading_1_files.txt": lambda facts: files_of(planned(SITE, facts)),
    "data_1_files.txt": lambda _: files_of(data_host()),
    "kernel_sockets.txt": lambda facts: files_of(planned(read_by("kernel"), facts), "sysctl.d", *DEVICES),
    "af_xdp.txt": lambda facts: files_of(planned(read_by("af_xdp"), facts), *DEVICES),
    "dpdk_sfc.txt": lambda facts: files_of(planned(read_by("dpdk"), facts), *DEVICES),
    "dpdk_mlx5.txt": lambda _: files_of(
        planned(read_by("dpdk", "NVIDIA ConnectX-6 Dx"), assumed_facts(HOST)), *DEVICES
    ),
    "ts2phc.txt": lambda facts: files_of(planned(timed_by(PULSED), facts), "linuxptp", "phc2sys"),
    "chrony.txt": lambda facts: files_of(planned(timed_by(CHRONY), facts), "chrony", "linuxptp", "phc2sys"),
    "realtime_boot_line.txt": lambda facts: planned(realtime(), facts).boot_line + "\n",
}


@pytest.mark.parametrize("name", RENDERED)
def test_rendered_text_is_the_expected_one(name: str, tmp_path: Path, repository_root: Path) -> None:
    text = RENDERED[name](gathered(tmp_path))
    made = repository_root / "build" / "tests" / "kernel_tuning" / name
    made.parent.mkdir(parents=True, exist_ok=True)
    made.write_text(text)
    assert text == (EXPECTED / name).read_text(), f"the new text is {made}"


def test_queues_that_are_read_through_the_kernel_are_served_where_their_thread_runs(tmp_path: Path) -> None:
    plan = planned(read_by("kernel"), gathered(tmp_path))
    declared = {item.name: item.declared for item in plan.items if item.layer == "irq"}
    assert declared["feed-a feed-a-1"] == "4"  # engine-1 trades on declared cpu 2
    assert declared["feed-a feed-a-2"] == "6"  # standby-2 on declared cpu 3
    assert declared["feed-a feed-a-0"] == declared["feed-a feed-a-7"] == "0,2"  # reserved, on the NIC's own node
    assert declared["data-1 mlx5_comp3@pci:0000:af:00.0"] == "1,3"


def test_each_line_of_the_feed_is_steered_to_the_queue_of_its_thread(tmp_path: Path) -> None:
    plan = planned(read_by("kernel"), gathered(tmp_path))
    steered = {item.name: item.declared for item in plan.items if " line " in item.name or " session " in item.name}
    assert steered == {
        "feed-a line A": "1",  # engine-1 and standby-2 read it, and a NIC sends it to one queue
        "feed-b line B": "1",
        "orders session ouch-1": "1",  # and ouch-2, which is at the same endpoint of the venue
    }


def test_a_managed_interrupt_is_named_as_unsettable_and_nothing_writes_it(tmp_path: Path) -> None:
    plan = planned(SITE, gathered(tmp_path))
    managed = next(item for item in plan.items if item.name == "nvme0q*")
    assert "managed by the kernel" in managed.unsettable and managed.kept is None and managed.set_by == ""
    assert (
        next(item for item in plan.items if item.name == "nvme0q0").set_by
        == "echo 0-3 > /proc/irq/60/smp_affinity_list"
    )
    assert not any("nvme0q1" in text for text in plan.files.values())
