"""What the rules are given of a run."""

from __future__ import annotations

from pathlib import Path

from pipelines.quality.stored import _positions
from pipelines.trading.run_directory import RunDirectory
from stacks.sites import load_site
from tests.stacks.sample_reference_data import sample_reference_data


def test_what_was_held_before_the_day_is_no_fill_of_it(tmp_path: Path) -> None:
    run = RunDirectory(tmp_path)
    reference_data = sample_reference_data(load_site("desk").venues[0], ("AMZN", "AAPL"))
    run.write("traded.json", {"engine": {"instruments": {"AMZN": {"position": 700}, "AAPL": {"position": -5}}}})
    opening = {"AMZN": 1_000, "AAPL": 0}
    held = [{"symbol": symbol, "opening_position": {"quantity": quantity}} for symbol, quantity in opening.items()]
    run.write("engine.json", {"instruments": held})
    assert _positions(run, reference_data).column("position").to_pylist() == [-300, -5]
