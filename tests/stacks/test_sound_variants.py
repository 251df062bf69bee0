"""Declarations that lie just inside the bounds are accepted, and what the types compute."""

from __future__ import annotations

from datetime import date, time

import pytest

from pipelines.quality.rules import RULES
from stacks.topology.errors import Problem
from stacks.topology.process import Thread
from stacks.topology.quality import CHECKS
from stacks.topology.recovery import Failure, RecoveryObjective
from stacks.topology.risk import RiskLimits, RiskTree
from stacks.topology.site import Site
from tests.stacks.broken_declarations import CARTERET, DESK, ENGINE, ENGINE_1, LAB, SESSION
from tests.stacks.broken_sites import parameters, smt_site
from tests.stacks.rebuild import rebuilt, substituted


def limits_all_as_wide_as(firm: RiskLimits) -> Site:
    """The desk with the limits of the firm on every level, and a throttle just as wide."""
    limits = tuple(rebuilt(firm, level=one.level, name=one.name) for one in DESK.risk.limits)
    throttle = rebuilt(SESSION.throttle, messages=firm.message_rate_max.messages)
    return rebuilt(substituted(DESK, SESSION.throttle, throttle), risk=RiskTree(limits=limits))


def test_limits_may_be_as_wide_as_those_around_them() -> None:
    assert len(limits_all_as_wide_as(DESK.risk.limits[0]).risk.limits) == 5


def test_parameters_may_reach_the_limits() -> None:
    limits = DESK.risk.of("instrument", "AMZN")
    assert limits is not None
    site = parameters(quote_quantity=limits.order_quantity_max, inventory_max=limits.position_max)
    assert site.strategies[0].parameters.inventory_max == limits.position_max


def test_a_rate_is_compared_whatever_its_window() -> None:
    rate = DESK.risk.limits[0].message_rate_max
    wider_window = rebuilt(rate, messages=rate.messages * 60, window_ms=rate.window_ms * 60)
    firm = rebuilt(DESK.risk.limits[0], message_rate_max=wider_window)
    assert rebuilt(DESK, risk=RiskTree(limits=(firm, *DESK.risk.limits[1:]))).risk.of("firm", "COLO") == firm


def test_an_instrument_has_its_own_limits_or_those_of_every_instrument() -> None:
    every = DESK.risk.limits[-1]
    own = rebuilt(every, name="AMZN", position_max=700)
    risk = RiskTree(limits=(*DESK.risk.limits, own))
    assert risk.of("instrument", "AMZN") == own
    assert risk.of("instrument", "AAPL") == every
    assert risk.of("strategy", "AAPL") is None


@pytest.mark.parametrize(("failure", "lost"), [("process", 0), ("power", 1)])
def test_a_disk_without_power_loss_protection_may_lose_something_with_the_power_only(
    failure: Failure, lost: int
) -> None:
    objective = RecoveryObjective(covers=ENGINE, failure=failure, recovery_time_s_max=60, lost_records_max=lost)
    assert rebuilt(DESK, recovery_objectives=(objective,)).recovery_objectives == (objective,)


def test_a_disk_with_power_loss_protection_loses_nothing() -> None:
    objective = RecoveryObjective(covers=ENGINE_1, failure="power", recovery_time_s_max=60, lost_records_max=0)
    assert rebuilt(CARTERET, recovery_objectives=(*CARTERET.recovery_objectives, objective))


def test_threads_that_yield_may_be_smt_siblings() -> None:
    yielding = smt_site(3, wait="yield")
    assert yielding.process_of("exchange_simulator").threads[0].cpu == 3


def test_threads_that_block_share_a_reserved_cpu() -> None:
    threads = (ENGINE_1.threads[0], Thread(role="housekeeping", cpu=1, wait="block"))
    site = substituted(CARTERET, ENGINE_1, rebuilt(ENGINE_1, threads=threads))
    assert site.processes[0].threads[1].cpu == 1


def test_smt_siblings_lie_on_one_core_and_numa_node() -> None:
    cpu = CARTERET.hosts[2].cpu  # one socket of 64 cores in 4 NUMA nodes, SMT on
    assert (cpu.count, cpu.cores, cpu.numa_nodes) == (128, 64, 4)
    assert [cpu.core_of(number) for number in (0, 63, 64, 127)] == [0, 63, 0, 63]
    assert [cpu.numa_node_of(number) for number in (0, 15, 16, 63, 64, 80, 127)] == [0, 0, 1, 3, 0, 1, 3]


def test_trading_may_end_early_on_half_days_and_not_on_others() -> None:
    calendar = rebuilt(DESK.venues[0].calendar, half_days=(date(2012, 7, 3),))
    assert calendar.close_on(date(2012, 7, 3)) == time(13)
    assert calendar.close_on(date(2012, 7, 2)) == time(16)


@pytest.mark.parametrize(("half_day_close", "sound"), [(time(16), True), (time(9, 30), False), (time(16, 1), False)])
def test_a_half_day_closes_after_the_open_and_by_the_close(half_day_close: time, sound: bool) -> None:
    calendar = DESK.venues[0].calendar
    if sound:
        assert rebuilt(calendar, half_day_close=half_day_close).half_day_close == half_day_close
    else:
        with pytest.raises(ValueError, match="open < half_day_close <= close must hold"):
            rebuilt(calendar, half_day_close=half_day_close)


def test_a_topic_is_found_by_venue_and_kind() -> None:
    kafka = LAB.data_plane.kafka
    assert kafka.topic("XNAS", "ticks").name == "xnas.ticks"
    assert kafka.topic("XNAS", "order_events").name == "xnas.order_events"


def test_the_declared_checks_are_those_of_the_pipeline() -> None:
    assert [rule.name for rule in RULES] == list(CHECKS)


def test_a_problem_of_a_whole_object_has_the_path_of_the_field_that_holds_it() -> None:
    assert str(Problem("", "is wrong").inside("hosts[0]")) == "hosts[0]: is wrong"
    assert str(Problem("cpu", "is wrong").inside("hosts[0]")) == "hosts[0].cpu: is wrong"
    assert str(Problem("cpu", "is wrong").inside("")) == "cpu: is wrong"
