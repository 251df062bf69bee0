"""How long a host takes a cpu from a thread, against the declared budget: each tool where it fits.

oslat, rtla osnoise   isolated cpus: what a spinning thread loses; one cpu, for what it is worth, where none is isolated
hwlatdetect           the whole machine: what the firmware takes unseen by the kernel (system management interrupts)
cyclictest            reserved cpus: how late a thread that blocks on a timer wakes up

A tool that is not installed, or whose tracer the kernel lacks, is skipped, and says so. Formats are those of rt-tests
2.4 and rtla 6.1.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from kernel_tuning.cpu_list import cpu_list
from kernel_tuning.plan import Plan
from stacks.topology.tuning import Tuning

START_S_MAX = 30  # what a tool may need before and after it measures
CYCLE_US = 1000
TRACING = (Path("/sys/kernel/tracing"), Path("/sys/kernel/debug/tracing"))


class Skipped(Exception):
    """A tool that cannot measure here; its text says why."""


@dataclass(frozen=True)
class Measured:
    """What one tool found: the longest time in microseconds, None where it was skipped."""

    tool: str
    cpus: str
    what: str
    budget_us: int
    found_us: float | None
    skipped: str = ""

    @property
    def verdict(self) -> Literal["pass", "fail", "skipped"]:
        """Whether it lies within the budget."""
        if self.found_us is None:
            return "skipped"
        return "pass" if self.found_us <= self.budget_us else "fail"

    def line(self) -> str:
        """Return it for a reader."""
        found = self.skipped if self.found_us is None else f"{self.found_us:g} us of {self.budget_us} us"
        return f"{self.verdict:<9}{self.tool:<14}cpus {self.cpus:<14}{self.what}: {found}"

    def as_json(self) -> dict[str, Any]:
        """Return it for a program."""
        return {**asdict(self), "verdict": self.verdict}


def measure(plan: Plan, seconds: int | None = None) -> list[Measured]:
    """Measure this machine with every tool, one after the other, each for the declared duration or `seconds`."""
    budget = (plan.host.tuning or Tuning()).budget
    duration_s = seconds or budget.duration_s
    spinning = cpu_list(plan.cores.isolated or plan.cores.reserved[-1:])
    blocking = cpu_list(plan.cores.reserved[:1])
    lost = "longest time taken from a spinning thread"
    tools: list[tuple[str, str, str, int, Callable[[str, int], float]]] = [
        ("oslat", spinning, lost, budget.interruption_us_max, _oslat),
        ("rtla", spinning, lost, budget.interruption_us_max, _osnoise),
        (
            "hwlatdetect",
            cpu_list([*plan.cores.reserved, *plan.cores.isolated]),
            "longest time taken by the firmware",
            budget.hardware_us_max,
            _hwlatdetect,
        ),
        ("cyclictest", blocking, "latest wake-up of a thread that blocks", budget.wakeup_us_max, _cyclictest),
    ]
    return [_one(tool, cpus, what, budget_us, run, duration_s) for tool, cpus, what, budget_us, run in tools]


def _one(
    tool: str, cpus: str, what: str, budget_us: int, run: Callable[[str, int], float], duration_s: int
) -> Measured:
    if shutil.which(tool) is None:
        return Measured(tool, cpus, what, budget_us, None, "is not installed (packages rt-tests and rtla)")
    try:
        return Measured(tool, cpus, what, budget_us, run(cpus, duration_s))
    except Skipped as error:
        return Measured(tool, cpus, what, budget_us, None, str(error))


def _oslat(cpus: str, duration_s: int) -> float:
    return longest(_json_of(["oslat", "-q", "-c", cpus, "-D", f"{duration_s}s"], duration_s))


def _cyclictest(cpus: str, duration_s: int) -> float:
    """--default-system: the tool keeps its hands off the C-states, which are what is measured, too."""
    command = ["cyclictest", "-q", "-m", "--default-system", "-a", cpus, "-t", "1", "-i", str(CYCLE_US)]
    return longest(_json_of([*command, "--policy=other", "-D", str(duration_s)], duration_s))


def _osnoise(cpus: str, duration_s: int) -> float:
    _require_tracer("osnoise")
    return osnoise_longest(_run(["rtla", "osnoise", "top", "-q", "-c", cpus, "-d", f"{duration_s}s"], duration_s))


def _hwlatdetect(_cpus: str, duration_s: int) -> float:
    _require_tracer("hwlat")
    return hwlat_longest(_run(["hwlatdetect", f"--duration={duration_s}", "--threshold=1"], duration_s))


def _require_tracer(name: str) -> None:
    """Raise Skipped where the kernel has not been built with a tracer, or does not show its tracers to us."""
    for folder in TRACING:
        try:
            tracers = (folder / "available_tracers").read_text().split()
        except OSError:
            continue
        if name in tracers:
            return
        raise Skipped(f"this kernel has no tracer {name}")
    raise Skipped(f"no tracers are shown here (tracefs), {name} is one")


def longest(document: dict[str, Any]) -> float:
    """Return the longest time of all threads in a JSON report of rt-tests, microseconds."""
    times = [float(thread["max"]) for thread in document.get("thread", {}).values()]
    if not times:
        raise Skipped("it reported no thread")
    return max(times)


def osnoise_longest(text: str) -> float:
    """Return the longest single noise of all cpus in rtla's table, microseconds."""
    # CPU, period, runtime, noise, % available, max noise, max single (rtla-osnoise-top(1))
    rows = re.findall(r"(?m)^\s*\d+\s+#\d+\s+\d+\s+\d+\s+[\d.]+\s+\d+\s+(\d+)", text)
    if not rows:
        raise Skipped(f"it reported no cpu: {_last_line(text)}")
    return max(float(row) for row in rows)


def hwlat_longest(text: str) -> float:
    """Return the longest time that hwlatdetect saw, microseconds; 0 where none was above its threshold of 1."""
    found = re.search(r"Max Latency: (?:(\d+)us|Below threshold)", text)
    if not found:
        raise Skipped(f"it reported no latency: {_last_line(text)}")
    return float(found[1] or 0)


def _json_of(command: list[str], duration_s: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="colo-") as folder:
        report = Path(folder) / "report.json"
        text = _run([*command, f"--json={report}"], duration_s)
        try:
            return json.loads(report.read_text())
        except (OSError, ValueError):
            raise Skipped(f"it left no report: {_last_line(text)}") from None


def _run(command: list[str], duration_s: int) -> str:
    """Return what a tool prints; Skipped where it fails."""
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=duration_s + START_S_MAX
        )
    except subprocess.TimeoutExpired:
        raise Skipped(f"it did not end within {START_S_MAX} s of its duration") from None
    text = done.stdout + done.stderr
    if done.returncode != 0 and not done.stdout.strip():
        raise Skipped(f"it failed: {_last_line(text)}")
    return text


def _last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1].strip() if lines else "it said nothing"
