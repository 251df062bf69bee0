"""What measuring tools print becomes figures against the budget; what cannot be measured is skipped, and says why."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from kernel_tuning import measure
from kernel_tuning.cores import assumed_facts
from kernel_tuning.plan import make_plan
from stacks.sites import load_site

# rtla-osnoise-top(1), EXAMPLE
OSNOISE = """                                          Operating System Noise
duration:   0 00:01:00 | time is in us
CPU Period       Runtime        Noise  % CPU Aval   Max Noise   Max Single          HW          NMI          IRQ
  0 #58         58000000       204896    99.64672        5029          124           0            0         3124
  1 #58         58000000       190131    99.67218        4892          256           0            0         3011
"""


def test_the_longest_of_all_threads_counts() -> None:
    assert measure.longest({"thread": {"0": {"max": 12}, "1": {"max": 30.5}}}) == 30.5
    with pytest.raises(measure.Skipped):
        measure.longest({})


def test_osnoise_counts_the_longest_single_noise() -> None:
    assert measure.osnoise_longest(OSNOISE) == 256
    with pytest.raises(measure.Skipped, match="it reported no cpu: Failed"):
        measure.osnoise_longest("Failed to enable the osnoise tracer\n")


@pytest.mark.parametrize(
    ("text", "longest_us"), [("Max Latency: 27us\nSamples recorded: 3", 27), ("Max Latency: Below threshold", 0)]
)
def test_hwlatdetect_below_its_threshold_is_zero(text: str, longest_us: float) -> None:
    assert measure.hwlat_longest(text) == longest_us


def test_a_budget_is_met_or_not() -> None:
    def verdict(found_us: float | None) -> str:
        return measure.Measured("oslat", "2-3", "lost", 10, found_us).verdict

    assert [verdict(10), verdict(10.5), verdict(None)] == ["pass", "fail", "skipped"]


def test_a_missing_tool_or_tracer_is_skipped(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    site = load_site("desk")
    plan = make_plan(site, site.hosts[0], assumed_facts(site.hosts[0]))
    monkeypatch.setattr(measure.shutil, "which", lambda _: None)
    assert {one.verdict for one in measure.measure(plan)} == {"skipped"}
    (tmp_path / "available_tracers").write_text("function nop\n")
    monkeypatch.setattr(measure, "TRACING", (tmp_path,))
    with pytest.raises(measure.Skipped, match="this kernel has no tracer hwlat"):
        measure._hwlatdetect("0", 1)


@pytest.mark.skipif(shutil.which("oslat") is None, reason="rt-tests is not installed")
def test_this_machine_is_measured() -> None:
    """For what it is worth: a figure of a second, against the default budget, on whatever cpu there is."""
    site = load_site("desk")
    plan = make_plan(site, site.hosts[0], assumed_facts(site.hosts[0]))
    by_tool = {one.tool: one for one in measure.measure(plan, seconds=1)}
    assert by_tool["oslat"].found_us is not None and by_tool["oslat"].found_us > 0
    assert by_tool["cyclictest"].found_us is not None and by_tool["cyclictest"].found_us > 0
    assert "us of 10 us" in by_tool["oslat"].line()
