"""One private machine, one server of runs, and one desk with a finished run, shared by the tests of this folder."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from pipelines.process_files import ports_in_use
from tests.simulation.private_machine import PrivateMachine
from tests.simulation.replays import replayed
from tests.simulation.site_runs import ROOT, RunServer, SiteRuns, forget_hot_segments, journal_bytes

SHORT_DAY = "2024-06-18"
DESK_PORTS = (17103, 17104, 17105)


@dataclass(frozen=True)
class ShortSession:
    """A generated session, and what a run of it that nothing disturbs leaves on a desk."""

    file: Path
    day: str
    messages: int
    orders: int
    pnl: float
    journal_bytes: int
    order_stream: bytes


@pytest.fixture(scope="session")
def machine() -> Iterator[PrivateMachine]:
    """Where the runs take place."""
    with PrivateMachine() as machine:
        holders = [ports_in_use("127.0.0.1", port) for port in (() if machine.private else DESK_PORTS)]
        if any(holders):
            pytest.skip(f"no right to make a network of its own, and {max(filter(None, holders))} holds a port of desk")
        yield machine


@pytest.fixture(scope="session")
def workplace(request: pytest.FixtureRequest) -> Iterator[Path]:
    """Folder of all that the runs of this test session make; it is kept when a test failed."""
    folder = ROOT / "build" / f"simulation-{os.getpid()}"
    folder.mkdir(parents=True)
    yield folder
    if not request.session.testsfailed:
        forget_hot_segments(folder)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def run_server(machine: PrivateMachine) -> Iterator[RunServer]:
    """Forks the runs."""
    server = RunServer(machine)
    yield server
    server.close()


@pytest.fixture(scope="session")
def desk(machine: PrivateMachine, run_server: RunServer, workplace: Path) -> SiteRuns:
    """Site desk, in a folder that all tests share."""
    return SiteRuns(machine, run_server, "desk", workplace / "desk")


@pytest.fixture(scope="session")
def short_session(desk: SiteRuns, workplace: Path) -> ShortSession:
    """20,000 generated messages, traded once without disturbance."""
    file = workplace / f"generated_{SHORT_DAY}.itch50"
    generate(file, seed=11, messages=20_000, day=SHORT_DAY)
    report = desk.succeed([file])
    return ShortSession(
        file=file,
        day=SHORT_DAY,
        messages=20_000,
        orders=report["engine"]["orders"],
        pnl=report["engine"]["pnl"],
        journal_bytes=journal_bytes(desk.run_directory(SHORT_DAY) / "journal"),
        order_stream=replayed(desk, SHORT_DAY, workplace / "undisturbed.orders"),
    )


def generate(file: Path, seed: int, messages: int, day: str, symbols: int = 2) -> None:
    """A session file made by the simulator."""
    options = {"--seed": seed, "--messages": messages, "--symbols": symbols, "--day": day, "--out": file}
    words = [str(word) for pair in options.items() for word in pair]
    subprocess.run([program("exchange_simulator"), "--generate", *words], check=True)


def program(name: str) -> Path:
    """A built program."""
    return ROOT / "build" / "cmake" / "bin" / name
