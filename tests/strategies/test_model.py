"""Model files: what is read, what is refused by name, and a swap while an engine trades."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from stacks.topology.errors import ColoError
from strategies.model import NODES_MAX, current_model, read_model_file, swap
from strategies.parameters import spec_of
from tests.simulation.replays import records_of
from tests.strategies.engine_runs import PROGRAMS, EngineRun, await_session, generate_session

SPEC = spec_of("avellaneda_stoikov")
STUMP = [
    {"input": "imbalance", "threshold": 0.25, "below": 1, "above": 2},
    {"value": -0.5},
    {"input": "spread_ticks", "threshold": 2, "below": 3, "above": 4},
    {"value": 0.5},
    {"value": 1.5},
]


def written(folder: Path, **changes: Any) -> Path:
    """A sound model's file, with some of its parts replaced."""
    content = {"schema": "colo.model/1", "strategy": SPEC.name, "value_max": 2.0, "trees": [STUMP, STUMP], **changes}
    path = folder / "model.json"
    path.write_text(json.dumps(content, indent=2))
    return path


def test_trees_become_one_table(tmp_path: Path) -> None:
    model = read_model_file(written(tmp_path))
    roots, nodes = model.table(SPEC)
    assert roots == [0, 5]
    assert nodes[0] == (0.25, 0, 1, 2) and nodes[1] == (-0.5, 0xFFFF, 0, 0)
    assert nodes[7] == (2.0, 1, 8, 9)
    path = tmp_path / "model.json"
    path.write_text(json.dumps(json.loads(path.read_text())))
    assert read_model_file(path).digest == model.digest, "another layout is no other model"
    assert read_model_file(written(tmp_path, value_max=2.5)).digest != model.digest


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"schema": "colo.model/2"}, r"model\.json: schema: Input should be 'colo\.model/1'"),
        ({"author": "eve"}, r"model\.json: author: Extra inputs are not permitted"),
        ({"value_max": "inf"}, r"model\.json: value_max: "),
        ({"trees": [[{"value": 1, "below": 2}]]}, r"model\.json: trees\.0\.0\."),
        ({"trees": [STUMP] * 33}, r"model\.json: trees: Tuple should have at most 32 items"),
        ({"strategy": "other"}, "model: strategy: is for other, not for avellaneda_stoikov"),
        ({"trees": [[]]}, r"model: trees\[0\]: has no node"),
        (
            {"trees": [STUMP, [{**STUMP[0], "input": "moon"}]]},
            r"model: trees\[1\]\[0\]\.input: moon is none of imbalance, ",
        ),
        (
            {"trees": [[{**STUMP[0], "below": 0}, *STUMP[1:]]]},
            r"trees\[0\]\[0\]\.below: 0 is no later node of its tree",
        ),
        ({"trees": [STUMP[:3]]}, r"trees\[0\]\[2\]\.below: 3 is no later node of its tree"),
        ({"trees": [[{"value": 0}] * 200] * 2}, f"model: trees: have 400 nodes, at most {NODES_MAX}"),
    ],
)
def test_what_is_no_model_is_refused(tmp_path: Path, changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ColoError, match=sentence):
        read_model_file(written(tmp_path, **changes)).table(SPEC)


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ColoError, match=r"none\.json: No such file"):
        read_model_file(tmp_path / "none.json")
    (tmp_path / "bad.json").write_text("{")
    with pytest.raises(ColoError, match=r"bad\.json: it: Invalid JSON"):
        read_model_file(tmp_path / "bad.json")


@pytest.mark.skipif(not (PROGRAMS / "engine").exists(), reason="the programs are not built")
def test_swap_while_an_engine_trades_and_replay_has_it(tmp_path: Path) -> None:
    (tmp_path / "session").mkdir()
    run = EngineRun(tmp_path, generate_session(tmp_path / "session", 30_000))
    run.change("exchange", lambda config: config["pacing"].update(mode="original", speed=5_000.0))
    run.change("engine", lambda config: config.update(paced=False))
    try:
        run.start("exchange_simulator")
        engine = run.start("engine")
        await_session(run)
        file, model = run.hot / "models", read_model_file(written(tmp_path))
        assert current_model(file) == (0, "", "")
        assert swap(file, SPEC, model, "alice") == 1
        command = [sys.executable, "-m", "strategies.model", "--file", str(file), "--strategy", SPEC.name]
        other = written(tmp_path, trees=[STUMP])
        shown = subprocess.run([*command, "--author", "bob", str(other)], capture_output=True, text=True, timeout=30)
        assert shown.stdout == f"generation 2 by bob, SHA-256 {read_model_file(other).digest}\n", shown.stderr
        refused = subprocess.run([*command, str(other)], capture_output=True, text=True, timeout=30)
        assert (refused.returncode, refused.stderr) == (1, "colo: a swap needs an --author\n")
        run.wait_for_orders(3_000)
        engine.terminate()
        assert engine.wait(timeout=30) == 0, run.error("engine").read_text()
        _, models = records_of(run.folder / "journal", "model")
        assert [record[8:13] for record in models] == [b"alice", b"bob\0\0"]
        assert bytes.fromhex(model.digest) in models[0]
        replayed = run.replay()
        assert replayed.returncode == 0, replayed.stderr
    finally:
        run.close()
    with pytest.raises(ColoError, match="no engine keeps its models there"):
        current_model(file)
