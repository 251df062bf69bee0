"""Fixtures that every test may use: where the repository and the recorded data are, and a seed that is always shown."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def repository_root() -> Path:
    """Folder of the checkout."""
    return ROOT


@pytest.fixture(scope="session")
def recorded_data() -> Path:
    """Folder of recorded sessions: `COLO_DATA`, else shared/data beside the checkout; without either the test skips."""
    folder = Path(os.environ.get("COLO_DATA") or ROOT.parent / "shared" / "data")
    if not folder.is_dir():
        pytest.skip(f"no recorded data: COLO_DATA is not set and {folder} does not exist")
    return folder


@pytest.fixture
def seed() -> Iterator[int]:
    """Seed of one test, printed so that a failure shows it; COLO_SEED repeats a run."""
    value = int(os.environ.get("COLO_SEED") or random.SystemRandom().randrange(2**32))
    print(f"COLO_SEED={value}")
    yield value
