"""Who runs on which cpu: declared indexes become the system's numbers, and a thread in a wrong place is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from kernel_tuning.cores import assumed_facts, host_cores
from kernel_tuning.cpu_list import cpu_list, cpu_mask, cpus_in, cpus_in_mask
from kernel_tuning.facts import host_facts
from kernel_tuning.plan import make_plan
from stacks.sites import SITES, load_site
from stacks.topology.errors import DeclarationError
from stacks.topology.host import HostFacts
from tests.kernel_tuning.made_up_host import HOST, SITE, MadeUpHost
from tests.stacks.rebuild import rebuilt


@pytest.mark.parametrize(
    ("cpus", "text", "mask"),
    [
        ((), "", "0"),
        ((0,), "0", "1"),
        ((3, 1, 2), "1-3", "e"),
        ((0, 2, 3, 9), "0,2-3,9", "20d"),
        ((0, 32, 64), "0,32,64", "1,00000001,00000001"),
    ],
)
def test_lists_and_masks_of_cpus(cpus: tuple[int, ...], text: str, mask: str) -> None:
    assert cpu_list(cpus) == text
    assert cpus_in(text) == set(cpus)
    assert cpu_mask(cpus) == mask
    assert cpus_in_mask(mask) == set(cpus)


def test_words_in_a_list_are_no_cpus() -> None:
    assert cpus_in("managed_irq,domain,2-3") == {2, 3}
    assert cpus_in("(null)") == frozenset()
    assert cpus_in_mask("none") == frozenset()


@pytest.fixture
def facts(tmp_path: Path) -> HostFacts:
    made_up = MadeUpHost(tmp_path)
    return host_facts(HOST, made_up.observe(()))


def test_declared_indexes_become_the_numbers_of_the_operating_system(facts: HostFacts) -> None:
    cores = host_cores(SITE, HOST, facts)
    assert facts.cpus[:3] == (0, 2, 4) and facts.cpus[16:19] == (1, 3, 5)
    assert cores.reserved == (0, 1, 2, 3)
    assert cores.isolated == tuple(range(4, 32))
    assert {(pin.program, pin.thread.role): pin.cpu for pin in cores.pins} == {
        ("engine-1", "trading"): 4,
        ("engine-1", "housekeeping"): 0,
        ("engine-1-gateway", "gateway"): 8,
        ("engine-1-gateway", "housekeeping"): 0,
        ("standby-2", "trading"): 6,
        ("standby-2", "housekeeping"): 2,
        ("standby-2-gateway", "gateway"): 10,
        ("standby-2-gateway", "housekeeping"): 2,
    }


def test_boot_line_interrupts_and_pins_are_of_the_same_cpus(facts: HostFacts) -> None:
    plan = make_plan(SITE, HOST, facts)
    isolated = cpus_in("4-31")
    boot = {item.name: item.declared for item in plan.items if item.layer == "boot"}
    assert cpus_in(boot["isolcpus"]) == cpus_in(boot["nohz_full"]) == cpus_in(boot["rcu_nocbs"]) == isolated
    assert {pin.cpu for pin in plan.cores.pins if pin.thread.wait == "spin"} <= isolated
    placed = [
        item for item in plan.items if item.layer == "irq" and item.comparison == "within" and not item.unsettable
    ]
    assert len(placed) > 50
    assert all(not cpus_in(item.declared) & isolated for item in placed)


def test_facts_of_another_node_refuse_the_thread_before_anything_is_touched(facts: HostFacts) -> None:
    moved = rebuilt(facts, nics=tuple(rebuilt(nic, numa_node=1) if nic.nic == "feed-b" else nic for nic in facts.nics))
    with pytest.raises(DeclarationError) as raised:
        make_plan(SITE, HOST, moved)
    assert [str(problem) for problem in raised.value.problems] == [
        f"processes[{process}].threads[trading].cpu: cpu {declared} is cpu {cpu} of trading-1, on NUMA node 0, "
        "and NIC feed-b lies on node 1"
        for process, declared, cpu in (("engine-1", 2, 4), ("standby-2", 3, 6))
    ]


def test_a_spinning_thread_beside_a_reserved_sibling_is_refused() -> None:
    facts = rebuilt(assumed_facts(HOST), siblings=((0, 2), (1, 3)))
    with pytest.raises(DeclarationError, match="whose sibling 0 is reserved for the kernel"):
        host_cores(SITE, HOST, facts)


def test_a_host_with_too_few_cpus_is_refused(facts: HostFacts) -> None:
    with pytest.raises(DeclarationError, match="host trading-1 declares 32 cpus, 31 were found"):
        host_cores(SITE, HOST, rebuilt(facts, cpus=facts.cpus[:31]))


@pytest.mark.parametrize("name", SITES)
def test_every_host_of_every_site_has_a_plan_with_a_reason_for_each_line(name: str) -> None:
    site = load_site(name)
    for host in site.hosts:
        plan = make_plan(site, host, assumed_facts(host))
        names = [(item.layer, item.name) for item in plan.items]
        assert len(names) == len(set(names)), f"an item of {host.name} stands twice"
        assert all(item.reason and item.declared for item in plan.items)
        assert plan.applies == (site.kind == "production")
        assert ("isolcpus=" in plan.boot_line) == bool(host.reserved_cpus)
