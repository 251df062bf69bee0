"""Seeds beyond those of the C++ tests, through the program that runs the whole system in one process."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

SIMULATE = Path(__file__).resolve().parents[2] / "build" / "cmake" / "tests" / "simulation" / "simulate"
SEEDS = 20_000


@pytest.mark.long
def test_the_invariants_hold_under_the_faults_of_many_seeds():
    run = subprocess.run(
        [SIMULATE, "--first", "10001", "--count", str(SEEDS)], capture_output=True, text=True, timeout=3000
    )
    assert run.returncode == 0, run.stdout + run.stderr
