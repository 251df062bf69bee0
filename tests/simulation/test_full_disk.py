"""The disk of the journal fills up in mid-session: one sentence says so, and with room again the session goes on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.simulation.checks import assert_complete
from tests.simulation.conftest import ShortSession
from tests.simulation.site_runs import SiteRuns


@pytest.fixture
def small_disk(desk: SiteRuns, short_session: ShortSession) -> Iterator[Path]:
    """A disk for the journal of the day, with less room than the session needs."""
    if not desk.machine.private:
        pytest.skip("no right to mount a small disk")
    desk.forget(short_session.day)
    desk.succeed([short_session.file])  # so that the run's folder is there
    journal = desk.run_directory(short_session.day) / "journal"
    desk.machine.mount_memory(journal, short_session.journal_bytes // 2)
    yield journal
    desk.machine.unmount(journal)
    desk.forget(short_session.day)


def test_a_disk_that_fills_up_stops_the_session_and_room_lets_it_go_on(
    desk: SiteRuns, short_session: ShortSession, small_disk: Path
):
    full = re.compile(rf"colo: engine: .*{re.escape(str(small_disk))}/journal-\d+\.colo at byte (\d+): .*No space left")
    for _ in range(2):  # a second run finds the disk as full, and changes nothing
        found = full.match(desk.run([short_session.file]).sentence())
        assert found and 0 < int(found[1]) <= short_session.journal_bytes // 2 + 4096  # whole pages
    desk.machine.resize_memory(small_disk, 4 * short_session.journal_bytes)
    desk.succeed([short_session.file])
    desk.machine.run(lambda: assert_complete(desk, short_session.day, short_session.messages))


def test_a_disk_that_is_full_for_all_the_run_writes(desk: SiteRuns, short_session: ShortSession):
    """The log lies on that disk too, and has the sentence all the same."""
    if not desk.machine.private:
        pytest.skip("no right to mount a small disk")
    runs = desk.directory / "runs"
    desk.machine.mount_memory(runs, short_session.journal_bytes // 2)
    try:
        sentence = desk.run([short_session.file]).sentence()
    finally:
        desk.machine.unmount(runs)
    assert re.match(r"colo: engine: .*/journal-\d+\.colo at byte \d+: .*No space left on device", sentence)


def test_a_store_that_is_full(desk: SiteRuns, short_session: ShortSession):
    if not desk.machine.private:
        pytest.skip("no right to mount a small disk")
    desk.forget(short_session.day)
    store = desk.directory / "store"
    desk.machine.mount_memory(store, 100_000)
    try:
        sentence = desk.run([short_session.file]).sentence()
    finally:
        desk.machine.unmount(store)
    assert sentence.startswith(f"colo: {store}: the rows of XNAS {short_session.day} cannot be written: ")
    # Trading is over: the next run only stores.
    assert "resumed" in desk.run([short_session.file]).out
    assert_complete(desk, short_session.day, short_session.messages)


def test_shared_memory_that_is_too_small_is_left_alone(desk: SiteRuns, short_session: ShortSession):
    if not desk.machine.private:
        pytest.skip("no right to mount a small disk")
    desk.forget(short_session.day)
    shared_memory = Path("/dev/shm")
    desk.machine.mount_memory(shared_memory, 64 << 20)  # what containers get where nobody says more
    try:
        outcome = desk.run([short_session.file])
    finally:
        desk.machine.unmount(shared_memory)
    assert outcome.status == 0, outcome
    assert "/dev/shm has no 256 MiB for us: hot segments on disk, where orders may stall" in outcome.out
    assert_complete(desk, short_session.day, short_session.messages)
