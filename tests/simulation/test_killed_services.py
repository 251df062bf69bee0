"""SIGKILL of every process of the lab in mid-session, one after the other: the last run has everything, once.

One session is played at a fixed speed, so that it lasts while services come up. Whatever goes on with it is killed
again, each time another process, chosen in an order and at moments that the seed gives.
"""

from __future__ import annotations

import os
import random
import signal
import time
from pathlib import Path

import pytest

from pipelines.process_files import ports_in_use
from pipelines.services import flink, kafka, postgresql
from pipelines.stream.services_plane import LOADER, PUBLISHER
from tests.pipelines.live_plane import missing_for_services
from tests.simulation.conftest import ShortSession
from tests.simulation.private_machine import PrivateMachine
from tests.simulation.replays import journaled_orders, records_of, replayed
from tests.simulation.site_runs import RunServer, SiteRuns, await_that

VICTIMS = (PUBLISHER, LOADER, kafka.NAME, flink.JOB_MANAGER, flink.TASK_MANAGER, postgresql.NAME, "run")
SECONDS_OF_SESSION = 23_400  # from open to close
SESSION_S = 30.0
PORTS = range(17201, 17219)


@pytest.fixture(scope="module")
def lab(machine: PrivateMachine, run_server: RunServer, workplace: Path) -> SiteRuns:
    """Site lab, in a folder of its own."""
    if reason := missing_for_services(flink=True):
        pytest.skip(f"services cannot be started: {reason}")
    if not machine.private and any(ports_in_use("127.0.0.1", port) for port in PORTS):
        pytest.skip("no right to make a network of its own, and ports of site lab are in use")
    return SiteRuns(machine, run_server, "lab", workplace / "lab")


@pytest.mark.services
def test_every_process_is_killed_and_the_session_is_complete(
    lab: SiteRuns, desk: SiteRuns, short_session: ShortSession, tmp_path: Path, seed: int
):
    choose = random.Random(seed)
    pacing = {"mode": "original", "speed": SECONDS_OF_SESSION / SESSION_S}
    slowly = {"session": [short_session.file], "changes": [{"name": "faults", "pacing": pacing}]}
    for victim in choose.sample(VICTIMS, len(VICTIMS)):
        before = lab.journaled(short_session.day)
        run = lab.start(**slowly)
        await_that(lambda before=before: lab.journaled(short_session.day) > before + 4096, "trading", 90, run)
        time.sleep(choose.uniform(0, 3))
        if victim == "run":
            os.kill(run.pid, signal.SIGKILL)
            assert run.wait().status == -signal.SIGKILL
        else:
            lab.kill(victim)
            sentence = run.wait().sentence()
            assert f"{victim} ended unexpectedly, killed by SIGKILL" in sentence, sentence
    report = lab.succeed(**slowly)
    assert report["stream"]["stored_by_table"]["ticks"] == short_session.messages
    bars = desk.rows("bars_1s", short_session.day).num_rows  # of the market alone: those of any run of the session
    assert report["stream"]["stored_by_table"]["bars_1s"] == bars
    assert (report["stream"]["duplicates"], report["stream"]["gaps"]) == (0, 0)
    assert report["checks"]["failed"] == 0
    journal = lab.run_directory(short_session.day) / "journal"
    headers, _ = records_of(journal, "feed_message")
    assert headers["sequence"].tolist() == list(range(1, short_session.messages + 1))
    assert replayed(lab, short_session.day, tmp_path / "lab.orders") == journaled_orders(journal)
