"""The program `engine` against the program `exchange_simulator`: it trades, resumes after SIGKILL, obeys signals, and
ends with one sentence when it cannot start."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import colo_engine
import pytest

from pipelines.session import Session
from tests.strategies.engine_runs import PROGRAMS, EngineRun, generate_session

MESSAGES = 30_000
HUGEPAGES = {"numa_node": 0, "page_mib": 1024, "count": 1_000}  # more than any host of a test has
pytestmark = pytest.mark.skipif(not (PROGRAMS / "engine").exists(), reason="the programs are not built")


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Session:
    """A generated session."""
    return generate_session(tmp_path_factory.mktemp("session"), MESSAGES)


@pytest.fixture
def run(tmp_path: Path, session: Session) -> Iterator[EngineRun]:
    """A run folder with sound configurations."""
    run = EngineRun(tmp_path, session)
    yield run
    run.close()


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, session: Session) -> Iterator[tuple[EngineRun, dict]]:
    """A finished run, and its summary."""
    run = EngineRun(tmp_path_factory.mktemp("undisturbed"), session)
    yield run, run.trade()
    run.close()


def test_trades_the_whole_session(undisturbed: tuple[EngineRun, dict]) -> None:
    _, summary = undisturbed
    assert summary["done"] and summary["sequence"] == summary["messages"] == MESSAGES
    assert summary["orders"] > 100 and summary["fills"] > 0 and summary["open_orders"] == 0
    # A machine with other work may stall; nothing else is out of the ordinary.
    assert not any(count for name, count in summary["anomalies"].items() if name != "latency_spike")
    for name in ("tick_to_trade_ns", "wire_to_wire_ns"):
        figures = summary[name]
        assert 0 < figures["p50"] <= figures["p99"] <= figures["p999"] <= figures["max"]


def test_replay_gives_the_same_bytes_three_times(undisturbed: tuple[EngineRun, dict], tmp_path: Path) -> None:
    run, summary = undisturbed
    streams = []
    for i in range(3):
        done = run.replay(tmp_path / f"orders{i}")
        assert done.returncode == 0, done.stderr
        replayed = json.loads(done.stdout)
        assert {key: replayed[key] for key in ("orders", "fills", "pnl")} == {
            key: summary[key] for key in ("orders", "fills", "pnl")
        }
        streams.append((tmp_path / f"orders{i}").read_bytes())
    assert streams[0] and streams[0] == streams[1] == streams[2]


def test_shows_the_moment_of_an_order(undisturbed: tuple[EngineRun, dict]) -> None:
    run, _ = undisturbed
    journal = run.folder / "journal"
    headers, payloads, _ = colo_engine.read_journal(journal)
    sent = headers[headers["kind"] == colo_engine.record_kinds["order_sent"]][-1]
    start = int(sent["payload_position"])
    number = int.from_bytes(payloads[start + 1 : start + 5].tobytes(), "big")
    # The engine needs no configuration but the run's, which lies beside the journal.
    command = [PROGRAMS / "engine", "--replay", f"{journal}@{sent['sequence']}"]
    shown = json.loads(subprocess.run([*command, "--json"], capture_output=True, check=True, timeout=60).stdout)
    asked = [asked for input in shown["inputs"] for decision in input["decisions"] for asked in decision["requests"]]
    assert number in [one["order"]["fields"]["user_ref_num"] for one in asked if one["order"]]
    page = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    assert "What the strategy saw" in page and f"user_ref_num                       {number}\n" in page


def test_a_moment_outside_the_journal_names_both_ends(undisturbed: tuple[EngineRun, dict]) -> None:
    run, summary = undisturbed
    command = [PROGRAMS / "engine", "--replay", f"{run.folder / 'journal'}@{summary['messages'] + 1}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and done.stderr.startswith("engine: ")
    assert f"the journal has messages 1 to {summary['messages']}" in done.stderr


def test_replay_finds_other_decisions(undisturbed: tuple[EngineRun, dict]) -> None:
    run, _ = undisturbed
    text = (run.folder / "engine.json").read_text()
    try:
        run.change("engine", lambda config: config["strategies"][0]["parameters"].update(gamma=0.7))
        done = run.replay()
    finally:
        (run.folder / "engine.json").write_text(text)
    assert done.returncode == 1 and "differs from the one that replay gives" in done.stderr


@pytest.mark.parametrize("victim", ["engine", "exchange_simulator"])
def test_a_killed_program_resumes(
    run: EngineRun, undisturbed: tuple[EngineRun, dict], victim: str, tmp_path: Path
) -> None:
    for ordered_bytes in (3_000, 10_000):
        programs = {"exchange_simulator": run.start("exchange_simulator"), "engine": run.start("engine")}
        run.wait_for_orders(ordered_bytes)
        programs[victim].kill()
        for program in programs.values():
            program.kill()
            program.wait()
    summary = run.trade()
    _, expected = undisturbed
    assert summary["resumed"] and summary["messages"] == MESSAGES
    done = run.replay(tmp_path / "orders")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["pnl"] == summary["pnl"]
    assert summary["fills"] == pytest.approx(expected["fills"], rel=0.2), "orders were away for a moment only"


def test_signals_stop_and_kill(run: EngineRun) -> None:
    run.change("exchange", lambda config: config["pacing"].update(mode="original", speed=4000.0))
    run.change("engine", lambda config: config.update(paced=False))
    exchange, engine = run.start("exchange_simulator"), run.start("engine")
    time.sleep(1.0)
    engine.send_signal(signal.SIGUSR1)
    time.sleep(0.3)
    engine.send_signal(signal.SIGTERM)
    assert engine.wait(timeout=30) == 0, run.error("engine").read_text()
    summary = run.summary()
    assert summary["killed"] and summary["open_orders"] == 0
    exchange.terminate()
    assert run.replay().returncode == 0


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda c: c["order_session"].pop("port"), "engine.json: order_session.port: is missing"),
        (lambda c: c.update(clock="sundial"), "engine.json: clock: must be one of: session, host"),
        (lambda c: c["strategies"][0].update(name="oracle"), "risk: no limits of level strategy for strategy oracle"),
        (lambda c: c["risk"].pop(0), "engine.json: risk: no limits of level firm"),
        (
            lambda c: c["feed"]["channels"][0]["lines"][1].update(interface="eth99"),
            'line B: interface "eth99" is neither an IPv4 address nor an interface of this host',
        ),
        (lambda c: c["threads"][0].update(cpu=4000), "threads: role trading: cannot run on cpu 4000"),
        (lambda c: c["order_session"].update(password_file="/no/such"), "cannot read a password from /no/such"),
        (
            lambda c: c.update(environment="production", host={"hugepages": [HUGEPAGES], "waived": ["memory_locked"]}),
            "process engine declares, and its environment is production: ",
        ),
    ],
)  # fmt: skip
def test_wrong_configurations_are_refused_by_field(run: EngineRun, change, sentence: str) -> None:
    run.change("engine", change)
    assert sentence in run.refuse()


def test_a_port_in_use_is_named(run: EngineRun) -> None:
    line = json.loads((run.folder / "engine.json").read_text())["feed"]["channels"][0]["lines"][0]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as holder:
        holder.bind((line["group"], line["port"]))
        sentence = run.refuse()
    assert sentence == f"line A: cannot bind UDP port {line['port']} of {line['group']}: Address already in use"


def test_a_refused_login_is_named(run: EngineRun, tmp_path: Path) -> None:
    (tmp_path / "other").write_text("wrong\n")
    run.change("engine", lambda config: config["order_session"].update(password_file=str(tmp_path / "other")))
    run.start("exchange_simulator")
    sentence = run.refuse()
    assert sentence.startswith("order session: login of ") and sentence.endswith("not authorised")


def test_an_unknown_journal_version_is_refused(
    undisturbed: tuple[EngineRun, dict], tmp_path: Path, session: Session
) -> None:
    finished, _ = undisturbed
    run = EngineRun(tmp_path, session)
    try:
        journal = run.folder / "journal"
        journal.mkdir()
        segment = next(iter(sorted((finished.folder / "journal").glob("*.colo"))))
        content = bytearray(segment.read_bytes())
        content[8:12] = (99).to_bytes(4, "little")
        (journal / segment.name).write_bytes(content)
        sentence = run.refuse()
        assert "version 99" in sentence and segment.name in sentence, sentence
    finally:
        run.close()


def test_version_and_usage() -> None:
    version = subprocess.run([PROGRAMS / "engine", "--version"], capture_output=True, text=True)
    fields = json.loads(version.stdout)
    assert set(fields) == {"version", "build_id"} and len(fields["build_id"]) == 40
    usage = subprocess.run([PROGRAMS / "engine", "--nonsense"], capture_output=True, text=True)
    assert usage.returncode == 2 and usage.stderr.startswith("usage: engine")
