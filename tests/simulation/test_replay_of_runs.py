"""The journal of a run, replayed: the same orders byte for byte, and whatever is not the same is noticed."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path

import pytest

from tests.simulation.conftest import ShortSession
from tests.simulation.replays import journal_records, journaled_orders, replay
from tests.simulation.site_runs import SiteRuns

FLIPS = 12


@pytest.fixture
def finished(desk: SiteRuns, short_session: ShortSession) -> Path:
    """The run folder of a session that nothing disturbed."""
    desk.forget(short_session.day)
    report = desk.succeed([short_session.file])
    # A second run of the same session decides the same: lockstep takes the machine's speed out of it.
    assert (report["engine"]["orders"], report["engine"]["pnl"]) == (short_session.orders, short_session.pnl)
    return desk.run_directory(short_session.day)


def test_a_second_run_gives_the_same_orders(desk: SiteRuns, short_session: ShortSession, finished: Path):
    assert short_session.orders > 100
    assert journaled_orders(finished / "journal") == short_session.order_stream


def test_three_replays_give_the_orders_of_the_journal_and_notice_what_was_changed(
    desk: SiteRuns, short_session: ShortSession, finished: Path, tmp_path: Path, seed: int
):
    live = journaled_orders(finished / "journal")
    for number in range(3):
        orders = tmp_path / f"{number}.orders"
        done = replay(desk, short_session.day, orders)
        assert done.returncode == 0, done.stderr
        assert orders.read_bytes() == live
        assert json.loads(done.stdout)["orders_compared"] == live_count(live)
    assert_flipped_bytes_are_found(desk, short_session.day, finished, tmp_path, seed)
    assert_other_decisions_are_noticed(desk, short_session.day, finished, tmp_path)


def live_count(stream: bytes) -> int:
    """Orders in a stream of (cause, length, message)."""
    count = position = 0
    while position < len(stream):
        position += 10 + int.from_bytes(stream[position + 8 : position + 10], "little")
        count += 1
    return count


def assert_flipped_bytes_are_found(desk: SiteRuns, day: str, run: Path, tmp_path: Path, seed: int) -> None:
    """Any byte of a record: of its length, its check sum, its header or its payload."""
    headers, _ = journal_records(run / "journal")
    choose = random.Random(seed)
    for number in range(FLIPS):
        record = headers[choose.randrange(len(headers) - 1)]  # half of the last one looks like the end of a crash
        at = int(record["offset"]) + choose.randrange(32 + int(record["length"]))
        damaged = tmp_path / f"damaged-{number}"
        shutil.copytree(run / "journal", damaged)
        segment = damaged / "journal-0000000000.colo"
        data = bytearray(segment.read_bytes())
        data[at] ^= 1 << choose.randrange(8)
        segment.write_bytes(data)
        done = replay(desk, day, tmp_path / "damaged.orders", journal=damaged)
        found = f"record at {record['offset']}, byte {at}: {done.stderr}"
        assert done.returncode == 1 and done.stderr.startswith("engine: replay of "), found
        assert str(segment) in done.stderr and str(record["offset"]) in done.stderr, found


def assert_other_decisions_are_noticed(desk: SiteRuns, day: str, run: Path, tmp_path: Path) -> None:
    """A configuration under which the strategy would quote otherwise."""
    config = json.loads((run / "engine.json").read_text())
    config["strategies"][0]["parameters"]["gamma"] *= 2
    changed = tmp_path / "engine.json"
    changed.write_text(json.dumps(config))
    done = replay(desk, day, tmp_path / "other.orders", config=changed)
    assert done.returncode == 1
    noticed = ("differs from the one that replay gives", "that replay does not give", "that the journal does not have")
    assert any(sentence in done.stderr for sentence in noticed), done.stderr
