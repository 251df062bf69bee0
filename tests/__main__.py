"""Runs the groups of tests one after the other: `python -m tests [--long] [GROUP...]`.

Each group is one command with a time limit that leaves a JUnit file, from which the counts are taken, so that the
last line of the run sums over every runner. A group that fails does not keep the next from running.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parents[1]
REPORTS = ROOT / "build" / "tests"
INTERRUPT_GRACE_S = 60.0  # what a group gets to stop the services it started, once it is past its limit


@dataclass(frozen=True)
class Group:
    """Tests that run as one command, and how long they may take."""

    name: str
    minutes_max: float
    command: tuple[str, ...]


@dataclass
class Outcome:
    """What came of a group."""

    name: str
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    minutes: float = 0.0


def groups(long: bool) -> list[Group]:
    """All groups, quickest verdict first."""
    pytest = (sys.executable, "-m", "pytest", "-q", "--durations=5")
    not_long = "" if long else " and not long"
    ctest = ("ctest", "--output-on-failure", "-j2", "--no-tests=ignore", "--test-dir")
    sanitizers = [
        Group("sanitizers", 60, (*ctest, "build/sanitized")),
        Group("races", 10, (*ctest, "build/threads", "-R", "^test_rings[.]")),
    ]
    return [
        Group("ruff", 2, (sys.executable, "-m", "ruff", "check", ".")),
        Group("tidy", 3, (*pytest, "tests/tidy")),
        Group("C++", 15, (*ctest, "build/cmake")),
        Group("Python", 60 if long else 20, (*pytest, "tests", "--ignore=tests/tidy", "-m", f"not services{not_long}")),
        Group("services", 60 if long else 20, (*pytest, "tests", "-m", f"services{not_long}")),
        *(sanitizers if long else []),
    ]


def run(group: Group) -> Outcome:
    """Run one group, its output passed on as it comes, and count its tests."""
    REPORTS.mkdir(parents=True, exist_ok=True)
    report = REPORTS / f"{group.name}.xml"
    report.unlink(missing_ok=True)
    print(f"== {group.name}: {' '.join(group.command[1:])}", flush=True)
    started = time.monotonic()
    process = subprocess.Popen(
        [*group.command, *_report_option(group, report)],
        cwd=ROOT,
        env=_environment(),
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )
    code = _wait(process, group)
    outcome = _count(group, report, code)
    outcome.minutes = (time.monotonic() - started) / 60
    return outcome


def _environment() -> dict[str, str]:
    """Ours, with the recorded data named for the C++ tests, which do not look for it themselves."""
    environment = dict(os.environ)
    data = ROOT.parent / "shared" / "data"
    if not environment.get("COLO_DATA") and data.is_dir():
        environment["COLO_DATA"] = str(data)
    return environment


def _report_option(group: Group, report: Path) -> list[str]:
    if group.name == "ruff":
        return []
    return ["--output-junit", str(report)] if group.command[0] == "ctest" else [f"--junitxml={report}"]


def _wait(process: subprocess.Popen[bytes], group: Group) -> int:
    """Exit code of the group; past its limit it is interrupted, and then killed."""
    try:
        return process.wait(timeout=group.minutes_max * 60)
    except subprocess.TimeoutExpired:
        print(f"{group.name}: interrupted after {group.minutes_max} minutes", flush=True)
        os.killpg(process.pid, signal.SIGINT)
    except KeyboardInterrupt:
        os.killpg(process.pid, signal.SIGINT)
        process.wait(timeout=INTERRUPT_GRACE_S)
        raise
    try:
        return process.wait(timeout=INTERRUPT_GRACE_S) or 1
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        return process.wait()


def _count(group: Group, report: Path, code: int) -> Outcome:
    """Counts from the JUnit file; a group that ended badly without a failed test counts as one failure."""
    outcome = Outcome(group.name)
    if report.exists():
        for case in ElementTree.parse(report).getroot().iter("testcase"):
            if case.find("failure") is not None or case.find("error") is not None:
                outcome.failed += 1
            elif case.find("skipped") is not None or case.get("status") in ("disabled", "notrun"):
                outcome.skipped += 1
            else:
                outcome.passed += 1
    elif code == 0:
        outcome.passed = 1
    no_tests_were_collected = code == 5 and "pytest" in group.command
    if code != 0 and not no_tests_were_collected:
        outcome.failed = max(outcome.failed, 1)
    return outcome


def main(arguments: list[str] | None = None) -> int:
    """Run the groups named, or all, and print the minutes of each and the sum."""
    parser = argparse.ArgumentParser(prog="python -m tests", description="Run the groups of tests.")
    parser.add_argument("--long", action="store_true", help="more seeds and longer runs")
    parser.add_argument("group", nargs="*", help="such as tidy, C++, Python, services; all if none is named")
    chosen = parser.parse_args(arguments)
    known = groups(chosen.long)
    unknown = set(chosen.group) - {group.name for group in known}
    if unknown:
        parser.error(f"no group is called {', '.join(sorted(unknown))}")
    # A shell starts what runs in its background with interrupts ignored, and programs inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    outcomes = [run(group) for group in known if not chosen.group or group.name in chosen.group]
    print()
    for outcome in outcomes:
        counts = f"{outcome.passed} passed, {outcome.failed} failed, {outcome.skipped} skipped"
        print(f"{outcome.name:<10} {outcome.minutes:6.1f} min  {counts}")
    passed, failed, skipped = (sum(getattr(o, name) for o in outcomes) for name in ("passed", "failed", "skipped"))
    print(f"{passed} passed, {failed} failed, {skipped} skipped", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
