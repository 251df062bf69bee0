"""A session is traded by the programs that the engine's configuration asks for, a separate gateway among them."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.release.archive import Release
from pipelines.supervisor import Supervisor
from pipelines.trading.run_directory import RunDirectory
from pipelines.trading.session_run import trade
from tests.strategies.engine_runs import BUILD, PROGRAMS, EngineRun, generate_session
from tests.strategies.separated_runs import SeparatedRun

pytestmark = pytest.mark.skipif(not (PROGRAMS / "order_gateway").exists(), reason="the programs are not built")


def test_a_separate_gateway_changes_no_order(tmp_path: Path) -> None:
    session = generate_session(tmp_path, 20_000)
    release = Release(version="test", digest="0" * 64, directory=BUILD, archive=tmp_path / "none")
    traded = {}
    for kind in (EngineRun, SeparatedRun):
        (tmp_path / kind.__name__).mkdir()
        run = kind(tmp_path / kind.__name__, session)
        try:
            with Supervisor(tmp_path / "site") as supervisor:
                traded[kind] = trade(supervisor, release, RunDirectory(run.folder), lambda exchange, engine: None)
        finally:
            run.close()
    alone, separated = traded[EngineRun], traded[SeparatedRun]
    assert set(alone) == {"engine", "exchange"} and set(separated) == {"engine", "exchange", "gateway"}
    for figure in ("orders", "fills", "pnl", "sequence"):
        assert separated["engine"][figure] == alone["engine"][figure], figure
    gateway = separated["gateway"]
    assert gateway["orders/passed"] >= separated["engine"]["orders"] > 100
    assert gateway["orders/open"] == 0 and not any(gateway[f"engine/{loss}"] for loss in ("stalled", "refused_order"))
