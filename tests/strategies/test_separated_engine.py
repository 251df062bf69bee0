"""Engine, gateway and exchange as three programs: the gateway cancels and drops the session of an engine that stands
still (SIGSTOP) or dies (SIGKILL), and both come back one by one."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.session import Session
from tests.simulation.replays import records_of
from tests.strategies.engine_runs import PROGRAMS, RUN_S_MAX, generate_session
from tests.strategies.separated_runs import CANCEL_WAIT_MS, STALL_MS_MAX, SeparatedRun

MESSAGES = 30_000
SLACK_MS = 400  # of a busy machine
pytestmark = pytest.mark.skipif(not (PROGRAMS / "order_gateway").exists(), reason="the programs are not built")


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Session:
    """A generated session."""
    return generate_session(tmp_path_factory.mktemp("session"), MESSAGES)


@pytest.fixture
def run(tmp_path: Path, session: Session) -> Iterator[SeparatedRun]:
    """A session that plays for some seconds, so that there is time to interfere."""
    run = SeparatedRun(tmp_path, session)
    run.change("exchange", lambda config: config["pacing"].update(mode="original", speed=3000.0))
    run.change("engine", lambda config: config.update(paced=False))
    yield run
    run.close()


def start_all(run: SeparatedRun) -> tuple[subprocess.Popen[bytes], subprocess.Popen[bytes], subprocess.Popen[bytes]]:
    """Exchange, gateway and engine, until orders were answered."""
    programs = run.start("exchange_simulator"), run.start("order_gateway"), run.start("engine")
    run.wait_for_orders(3_000)
    return programs


def end_all(run: SeparatedRun, engine: subprocess.Popen[bytes], gateway: subprocess.Popen[bytes]) -> dict:
    """End engine and gateway in order; the engine's summary."""
    for name, program in (("engine", engine), ("order_gateway", gateway)):
        program.terminate()
        assert program.wait(timeout=RUN_S_MAX) == 0, run.error(name).read_text()
    return run.summary()


def answers(run: SeparatedRun, folder: str) -> list[bytes]:
    """Venue messages of a journal; each once, as a gateway that starts again hears the day again."""
    headers, messages = records_of(run.folder / folder, "order_answer")
    return list(dict(zip(headers["sequence"].tolist(), messages, strict=True)).values())


def sessions_down(run: SeparatedRun) -> int:
    """How often the engine found its session down."""
    texts = records_of(run.folder / "journal", "control")[1]
    return sum(text.startswith(b"order session down") for text in texts)


def exchange_received(run: SeparatedRun) -> int:
    """Bytes of the exchange's journal of orders."""
    return sum(file.stat().st_size for file in (run.folder / "exchange").glob("*"))


def test_a_session_is_traded_through_the_gateway(tmp_path: Path, session: Session) -> None:
    run = SeparatedRun(tmp_path, session)
    try:
        gateway = run.start("order_gateway")
        summary = run.trade()
        gateway.terminate()  # it would wait for an engine that comes back
        assert gateway.wait(timeout=RUN_S_MAX) == 0, run.error("order_gateway").read_text()
        assert summary["messages"] == MESSAGES and summary["orders"] > 100 and summary["fills"] > 0
        assert not any(summary["anomalies"].values()) and summary["open_orders"] == 0
        sent = records_of(run.folder / "journal", "order_sent")[1]
        assert sent == records_of(run.folder / "gateway", "order_sent")[1], "both journals have what the venue got"
        assert answers(run, "journal") == answers(run, "gateway")
        assert run.replay().returncode == 0
        assert not run.hot.exists(), "both leave nothing in memory"
    finally:
        run.close()


def test_an_engine_that_stands_still_is_cancelled_and_dropped(run: SeparatedRun) -> None:
    exchange, gateway, engine = start_all(run)
    engine.send_signal(signal.SIGSTOP)
    run.wait_for_note("engine lost: it stands still", (STALL_MS_MAX + SLACK_MS) / 1000)
    run.wait_for_note("order session down: ", (CANCEL_WAIT_MS + SLACK_MS) / 1000)
    run.wait_for_note("order session down: every order is cancelled", 0.01)
    received = exchange_received(run)
    time.sleep(0.2)
    assert exchange_received(run) <= received + 64, "nothing more of the strategy reaches the exchange"
    engine.send_signal(signal.SIGCONT)
    deadline = time.monotonic() + RUN_S_MAX
    while run.gateway_notes().count("order session up") < 2 or exchange_received(run) < received + 1_000:
        assert time.monotonic() < deadline, run.gateway_notes()
        time.sleep(0.01)
    summary = end_all(run, engine, gateway)
    cancelled = json.loads(run.out("order_gateway").read_text().splitlines()[-1])["loss_to_last_cancel_ns"]
    assert 0 < cancelled["max"] < SLACK_MS * 1_000_000, "from noticing the loss to the last cancel's last byte"
    assert sessions_down(run) == 1
    assert summary["open_orders"] == 0 and not summary["anomalies"]["overfill"]
    assert answers(run, "journal") == answers(run, "gateway")[: len(answers(run, "journal"))]
    assert run.replay().returncode == 0
    exchange.terminate()


def test_an_engine_that_dies_is_cancelled_at_once_and_resumes(run: SeparatedRun) -> None:
    exchange, gateway, engine = start_all(run)
    engine.kill()
    engine.wait()
    took = run.wait_for_note("engine lost: its process is gone", SLACK_MS / 1000)
    run.wait_for_note("order session down: every order is cancelled", (CANCEL_WAIT_MS + SLACK_MS) / 1000)
    assert took < SLACK_MS / 1000
    engine_orders = records_of(run.folder / "gateway", "order_sent")[1]
    engine = run.start("engine")
    deadline = time.monotonic() + RUN_S_MAX
    while len(records_of(run.folder / "gateway", "order_sent")[1]) < len(engine_orders) + 20:
        assert time.monotonic() < deadline, (run.gateway_notes(), run.error("engine").read_text())
        time.sleep(0.01)
    summary = end_all(run, engine, gateway)
    assert summary["resumed"] and summary["open_orders"] == 0
    assert not any(summary["anomalies"][name] for name in ("overfill", "unknown_order", "unknown_match"))
    assert run.replay().returncode == 0
    exchange.terminate()


def test_a_gateway_that_dies_takes_the_session_along_and_comes_back(run: SeparatedRun) -> None:
    exchange, gateway, engine = start_all(run)
    gateway.kill()
    gateway.wait()
    time.sleep(0.3)
    assert engine.poll() is None, run.error("engine").read_text()
    gateway = run.start("order_gateway")
    before = len(records_of(run.folder / "gateway", "order_sent")[1])
    deadline = time.monotonic() + RUN_S_MAX
    while len(records_of(run.folder / "gateway", "order_sent")[1]) < before + 20:
        assert time.monotonic() < deadline, (run.gateway_notes(), run.error("order_gateway").read_text())
        time.sleep(0.01)
    summary = end_all(run, engine, gateway)
    assert sessions_down(run) == 1 and summary["open_orders"] == 0
    assert answers(run, "journal") == answers(run, "gateway")[: len(answers(run, "journal"))]
    assert run.replay().returncode == 0
    exchange.terminate()


def test_a_gateway_ends_with_one_sentence_where_it_cannot_work(run: SeparatedRun, tmp_path: Path) -> None:
    def refused() -> str:
        gateway = run.start("order_gateway")
        assert gateway.wait(timeout=RUN_S_MAX) == 1
        lines = run.error("order_gateway").read_text().splitlines()
        assert len(lines) == 1 and lines[0].startswith("order_gateway: "), lines
        return lines[0].removeprefix("order_gateway: ")

    run.change("engine", lambda config: config["gateway"]["watchdog"].update(stall_ms_max=0))
    assert refused() == "engine.json: gateway.watchdog.stall_ms_max: must be an integer from 1 to 60000"
    run.change("engine", lambda config: config["gateway"]["watchdog"].update(stall_ms_max=200))
    run.change("engine", lambda config: config["gateway"].update(socket="/tmp/" + 120 * "s"))
    assert "is longer than the 107 characters of a UNIX socket" in refused()
    run.change("engine", lambda config: config.pop("gateway"))
    assert refused() == "engine.json: gateway: is missing: the engine logs in at the venue itself"
