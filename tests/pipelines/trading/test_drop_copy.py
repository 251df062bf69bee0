"""The venue's own account of a traded session, and what the reader of one refuses."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from pipelines.trading.drop_copy import DROP_COPY, read_drop_copy
from pipelines.trading.run_directory import RunDirectory
from stacks.sites import load_site
from stacks.topology.errors import ColoError
from tests.stacks.sample_reference_data import sample_reference_data
from tests.strategies.engine_runs import PROGRAMS, RUN_S_MAX, EngineRun, generate_session

DATA = sample_reference_data(load_site("desk").venues[0], ("AMZN", "AAPL"))
NAMES = "kind,time_ns,user_ref_num,match_number,symbol,side,quantity,price\n"


@pytest.mark.skipif(not (PROGRAMS / "engine").exists(), reason="the programs are not built")
def test_the_venue_and_the_engine_come_to_the_same_positions(tmp_path: Path) -> None:
    (tmp_path / "session").mkdir()
    run = EngineRun(tmp_path, generate_session(tmp_path / "session", 60_000))
    try:
        summary = run.trade()
    finally:
        run.close()
    command = [PROGRAMS / "exchange_simulator", "--config", tmp_path / "exchange.json"]
    subprocess.run([*command, "--drop-copy", tmp_path / DROP_COPY], check=True, timeout=RUN_S_MAX)
    lines = [line.split(",") for line in (tmp_path / DROP_COPY).read_text().splitlines()]
    assert lines[0] == NAMES.strip().split(",")
    kinds = [line[0] for line in lines[1:]]
    assert kinds.count("executed") == summary["fills"] > 0 and kinds.count("broken") == summary["broken_trades"] > 0
    assert len({line[3] for line in lines[1:]}) == summary["fills"], "a match number names one execution"
    for symbol, held in summary["instruments"].items():
        signs = {("executed", "B"): 1, ("executed", "S"): -1, ("broken", "B"): -1, ("broken", "S"): 1}
        copied = [signs[line[0], line[5]] * int(line[6]) for line in lines[1:] if line[4] == symbol]
        assert sum(copied) == held["position"]
    refused = subprocess.run(
        [*command, "--drop-copy", tmp_path / "nowhere" / "file"], capture_output=True, text=True, timeout=RUN_S_MAX
    )
    assert refused.returncode == 1
    assert refused.stderr == f"exchange_simulator: {tmp_path}/nowhere/file: the drop copy cannot be written\n"


def test_a_drop_copy_is_read_as_the_rules_take_it(tmp_path: Path) -> None:
    (tmp_path / DROP_COPY).write_text(NAMES + "executed,34200000000000,17,4711,AAPL,S,100,5850000\n")
    (row,) = read_drop_copy(RunDirectory(tmp_path), DATA).to_pylist()
    ids = {instrument.symbol: instrument.instrument_id for instrument in DATA.instruments}
    assert row == {
        "kind": "executed", "match_number": 4711, "order_id": 17, "instrument_id": ids["AAPL"], "side": ord("S"),
        "price": 5_850_000, "quantity": 100,
    }  # fmt: skip


def test_a_day_without_a_fill_is_an_empty_copy(tmp_path: Path) -> None:
    (tmp_path / DROP_COPY).write_text(NAMES)
    assert read_drop_copy(RunDirectory(tmp_path), DATA).num_rows == 0


@pytest.mark.parametrize(
    "text", [None, "", "kind\nexecuted\n", NAMES + "executed,1,2,3,AMZN,B,many,4\n", NAMES + "a,b\n"]
)
def test_what_is_no_drop_copy_is_refused(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / DROP_COPY).write_text(text)
    with pytest.raises(ColoError, match=r"drop_copy\.csv: is no drop copy"):
        read_drop_copy(RunDirectory(tmp_path), DATA)
