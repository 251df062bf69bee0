"""A running engine is read from outside, also while it is stopped in the middle of something."""

from __future__ import annotations

import contextlib
import json
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from monitoring.telemetry import HEADER, as_table, find_block, main, read_telemetry, upper_edges_ns
from pipelines.session import Session
from stacks.topology.errors import ColoError
from tests.strategies.engine_runs import PROGRAMS, EngineRun, generate_session

needs_programs = pytest.mark.skipif(not (PROGRAMS / "engine").exists(), reason="the programs are not built")


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Session:
    """A generated session."""
    return generate_session(tmp_path_factory.mktemp("session"), 60_000)


@pytest.fixture
def run(tmp_path: Path, session: Session) -> Iterator[EngineRun]:
    """A run folder with sound configurations."""
    run = EngineRun(tmp_path, session)
    yield run
    run.close()


def await_counter(block: Path, counter: str, value: int) -> None:
    """Until the engine has counted so far; while it begins, there is no block, or half of one."""
    deadline, counted = time.monotonic() + 30, -1
    while counted < value:
        assert time.monotonic() < deadline
        time.sleep(0.001)
        with contextlib.suppress(ColoError):
            counted = read_telemetry(block).counters[counter]


@needs_programs
def test_a_stopped_engine_is_read_and_goes_on(run: EngineRun, capsys: pytest.CaptureFixture[str]) -> None:
    exchange, engine = run.start("exchange_simulator"), run.start("engine")
    block = find_block(run.folder)
    await_counter(block, "orders/sent", 20)
    engine.send_signal(signal.SIGSTOP)
    time.sleep(0.05)
    seen = read_telemetry(block)
    assert (seen.site, seen.process, seen.process_id) == ("desk", "engine", engine.pid)
    assert seen.release_digest == "0" * 64 and len(seen.build_id) == 40
    assert 0 < seen.counters["feed/sequence"] < 60_000 and seen.counters["orders/sent"] >= 20
    assert seen.counters["session/ready"] == 1 and seen.counters["session/killed"] == 0
    stages = seen.latencies
    assert stages["tick_to_trade"].count == stages["decoded_to_decided"].count > 0
    assert 0 < stages["tick_to_trade"].percentile_ns(0.5) <= stages["wire_to_wire"].percentile_ns(0.5)
    assert main([str(run.folder), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["latencies"]["tick_to_trade"]["count"] == stages["tick_to_trade"].count
    assert "tick_to_trade" in as_table(seen) and "feed/gaps" not in as_table(seen)  # a counter of zero is not news
    engine.send_signal(signal.SIGCONT)
    assert engine.wait(60) == 0, run.error("engine").read_text()
    exchange.wait(60)
    assert run.summary()["sequence"] == 60_000
    assert not block.exists()


@needs_programs
def test_what_a_killed_engine_counted_can_still_be_read(run: EngineRun) -> None:
    run.start("exchange_simulator")
    engine = run.start("engine")
    block = find_block(run.folder)
    await_counter(block, "feed/sequence", 500)
    engine.kill()
    engine.wait(10)
    assert read_telemetry(block).counters["feed/sequence"] >= 500


def test_no_engine_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path)]) == 1
    assert capsys.readouterr().err == (
        f"colo: {tmp_path}: neither a telemetry block nor the folder of a run (engine.json) or of a site (runs/)\n"
    )
    with pytest.raises(ColoError, match="no engine runs here, or it has ended"):
        read_telemetry(tmp_path / "telemetry")


def test_a_foreign_or_cut_block_is_refused(tmp_path: Path) -> None:
    block = tmp_path / "telemetry"
    block.write_bytes(b"something else" * 100)
    with pytest.raises(ColoError, match="byte 0: this is no telemetry block"):
        read_telemetry(block)
    texts = [b""] * 5
    block.write_bytes(HEADER.pack(b"COLOTELE", 2, 0, 64, 0, 0, 0, 5, 0, 0, *texts))
    with pytest.raises(ColoError, match="format version 2, this reader knows 1"):
        read_telemetry(block)
    block.write_bytes(HEADER.pack(b"COLOTELE", 1, 9, 64, 0, 0, 0, 5, 0, 0, *texts))
    lengths = f"the block has {HEADER.size} bytes, its header speaks of {HEADER.size + 9 * 64}"
    with pytest.raises(ColoError, match=lengths):
        read_telemetry(block)


def test_bucket_edges_are_those_of_the_engine() -> None:
    edges = upper_edges_ns(1920, 5)
    assert list(edges[:34]) == [*range(32), 32, 33]
    assert list(edges[62:66]) == [62, 63, 65, 67]
    assert edges[-1] == np.iinfo(np.uint64).max and (np.diff(edges.astype(object)) > 0).all()
