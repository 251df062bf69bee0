"""SIGKILL at random moments of a session on a desk: the next run goes on, and nothing is missing or there twice."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys

import pytest

from tests.simulation.checks import assert_complete
from tests.simulation.conftest import ShortSession
from tests.simulation.replays import journaled_orders, replayed
from tests.simulation.site_runs import ROOT, SiteRuns, StartedRun, alive, await_that

PROGRAMS = ("engine", "exchange_simulator")
KILLS = 4


@pytest.mark.parametrize("victim", PROGRAMS)
def test_a_killed_program(desk: SiteRuns, short_session: ShortSession, tmp_path, victim: str, seed: int):
    desk.forget(short_session.day)
    run = desk.start([short_session.file])
    await_played(desk, short_session, random.Random(seed).uniform(0.02, 0.9), run)
    desk.kill(victim, run)
    sentence = run.wait().sentence()
    assert f"{victim} was killed by signal 9" in sentence, sentence
    assert_it_goes_on(desk, short_session, tmp_path)


def test_a_killed_run(desk: SiteRuns, short_session: ShortSession, tmp_path, seed: int):
    """The command of the Makefile itself, with all that belongs to it: its programs do not outlive it."""
    desk.forget(short_session.day)
    command = [sys.executable, "-m", "pipelines.run", "--site", "desk", "--build", str(desk.build)]
    command += ["--session", str(short_session.file)]
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT}/build/cmake/python"}
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    run = desk.machine.run(lambda: subprocess.Popen(command, cwd=ROOT, env=environment, **quiet))
    await_played(desk, short_session, random.Random(seed).uniform(0.02, 0.9))
    pids = [desk.pid(program) for program in PROGRAMS]
    run.send_signal(signal.SIGKILL)
    run.wait()
    await_that(lambda: not any(pid and alive(pid) for pid in pids), "the end of its programs", 5)
    assert_it_goes_on(desk, short_session, tmp_path)


def test_a_run_that_is_killed_when_trading_is_over(desk: SiteRuns, short_session: ShortSession, tmp_path):
    """While it stores and judges: a day is there whole, or it is not there."""
    desk.forget(short_session.day)
    run_folder = f"runs/{short_session.day}-*"
    for mark in (f"{run_folder}/traded.json", "store/ticks/*/*/rows.unfinished", f"{run_folder}/complete"):
        run = desk.start([short_session.file])
        stages = (mark, f"{run_folder}/complete")  # the unfinished file is there for milliseconds, and may be missed
        await_that(lambda stages=stages: any(any(desk.directory.glob(stage)) for stage in stages), mark, 60, run)
        os.kill(run.pid, signal.SIGKILL)
        assert run.wait().status == -signal.SIGKILL, mark
    assert_it_goes_on(desk, short_session, tmp_path)


@pytest.mark.long
def test_one_after_the_other_is_killed(desk: SiteRuns, short_session: ShortSession, tmp_path, seed: int):
    """Whatever was begun again is killed again, further on in the same session."""
    desk.forget(short_session.day)
    choose = random.Random(seed)
    shares = sorted(choose.uniform(0.02, 0.9) for _ in range(KILLS))
    for share in shares:
        # A killed run takes its programs along, a moment later: the next victim must not be one of those.
        await_that(lambda: not any(alive(desk.pid(program)) for program in PROGRAMS), "the end of what was killed", 10)
        run = desk.start([short_session.file])
        await_played(desk, short_session, share, run)
        victim = choose.choice((*PROGRAMS, "run"))
        os.kill(run.pid, signal.SIGKILL) if victim == "run" else desk.kill(victim, run)
        assert run.wait().status != 0, f"{victim} was killed at {share:.0%}"
    assert_it_goes_on(desk, short_session, tmp_path)


def await_played(desk: SiteRuns, session: ShortSession, share: float, run: StartedRun | None = None) -> None:
    """Until the journal has this share of the bytes that the undisturbed session has."""
    await_that(lambda: desk.journaled(session.day) >= share * session.journal_bytes, f"{share:.1%} played", 60, run)


def assert_it_goes_on(desk: SiteRuns, session: ShortSession, tmp_path) -> None:
    """The next run resumes, completes, and can be replayed."""
    complete = any(desk.directory.glob(f"runs/{session.day}-*/complete"))
    outcome = desk.run([session.file])
    assert outcome.status == 0, f"{outcome.out}\n{outcome.error}"
    assert ("resumed" in outcome.out) != complete
    assert_complete(desk, session.day, session.messages)
    done = desk.read(session.day, "traded.json")
    assert done["engine"]["lost_messages"] == 0
    journal = desk.run_directory(session.day) / "journal"
    assert replayed(desk, session.day, tmp_path / "resumed.orders") == journaled_orders(journal)
