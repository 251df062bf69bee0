"""What operators do to a program `engine` that trades: other parameters, the kill switch, its release."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from stacks.topology.errors import ColoError
from strategies.parameters import change, current, spec_of
from tests.strategies.engine_runs import PROGRAMS, RUN_S_MAX, EngineRun, generate_session

SPEC = spec_of("avellaneda_stoikov")
pytestmark = pytest.mark.skipif(not (PROGRAMS / "engine").exists(), reason="the programs are not built")


@pytest.fixture
def run(tmp_path: Path) -> Iterator[EngineRun]:
    """A session that plays for some seconds, so that there is time to interfere."""
    (tmp_path / "session").mkdir()
    run = EngineRun(tmp_path, generate_session(tmp_path / "session", 30_000))
    run.change("exchange", lambda config: config["pacing"].update(mode="original", speed=2000.0))
    run.change("engine", lambda config: config.update(paced=False))
    run.start("exchange_simulator")
    yield run
    run.close()


def until(holds: Callable[[], bool], run: EngineRun) -> None:
    deadline = time.monotonic() + RUN_S_MAX
    while not holds():
        assert time.monotonic() < deadline, run.error("engine").read_text()
        time.sleep(0.01)


def test_parameters_change_and_replay_follows(run: EngineRun, tmp_path: Path) -> None:
    engine = run.start("engine")
    file = run.hot / "parameters"
    until(file.exists, run)
    declared = current(file, SPEC)
    assert (declared.generation, declared.author) == (0, "")
    run.wait_for_orders(3_000)
    assert change(file, SPEC, {"gamma": 0.3, "quote_quantity": 200}, "alice").generation == 1
    with pytest.raises(ColoError, match="parameter gamma must be above 0 1/dollar"):
        change(file, SPEC, {"gamma": 0}, "alice")
    with pytest.raises(ColoError, match="quote_quantity must be whole, above 0 and at most 999999 shares, not 1e"):
        change(file, SPEC, {"quote_quantity": 1_000_000}, "bob")
    command = [sys.executable, "-m", "strategies.parameters", "--file", str(file), "--strategy", SPEC.name]
    shown = subprocess.run([*command, "--author", "carol", "k=12"], capture_output=True, text=True, timeout=30)
    assert shown.returncode == 0 and shown.stdout.startswith("generation 3 by carol\n"), shown.stderr
    assert "gamma = 0.3 1/dollar" in shown.stdout and "k = 12 1/dollar" in shown.stdout
    refused = subprocess.run([*command, "k=12"], capture_output=True, text=True, timeout=30)
    assert (refused.returncode, refused.stderr) == (1, "colo: a change needs an --author\n")
    engine.terminate()
    assert engine.wait(timeout=30) == 0, run.error("engine").read_text()
    assert not file.exists()
    with pytest.raises(ColoError, match="no engine keeps its parameters there"):
        current(file, SPEC)
    told = [text for text in run.controls() if text.startswith("parameters")]
    assert told[0].startswith("parameters: 1 alice quote_quantity=200 gamma=0.3 ")
    assert told[1].startswith("parameters refused: quote_quantity must be whole")
    assert told[2].startswith("parameters: 3 carol quote_quantity=200 gamma=0.3 ")
    replayed = run.replay(tmp_path / "orders")
    assert replayed.returncode == 0, replayed.stderr


def test_the_kill_switch_is_pulled_and_released_by_file(run: EngineRun) -> None:
    engine = run.start("engine")
    run.wait_for_orders(3_000)
    (run.folder / "kill").touch()
    time.sleep(0.3)
    (run.folder / "kill").unlink()
    (run.folder / "kill.re-arm").write_text("dave\n")
    until(lambda: not (run.folder / "kill.re-arm").exists(), run)
    time.sleep(0.5)
    engine.terminate()
    assert engine.wait(timeout=30) == 0, run.error("engine").read_text()
    told = run.controls()
    assert told.index("kill switch: file") < told.index("re-arm: dave")
    summary = run.summary()
    assert not summary["killed"] and summary["open_orders"] == 0
    assert run.replay().returncode == 0
