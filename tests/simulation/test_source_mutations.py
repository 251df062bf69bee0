"""Mistakes made in the engine's own source: each is built into a copy, whose simulation must break an invariant."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SEEDS = 1_000


@dataclass(frozen=True)
class Mutation:
    """A text of a source file and what stands there instead; the invariants that may see it first."""

    name: str
    file: str
    text: str
    instead: str
    found_by: str


MUTATIONS = [
    Mutation(
        "a_kill_cancels_nothing",
        "engine/runtime/trading_core.hpp",
        "        gate_.set_killed(true);\n        cancel_everything();\n",
        "        gate_.set_killed(true);\n",
        "a killed engine cancels at once|a killed engine has nothing in the market",
    ),
    Mutation(
        "a_refused_replacement_keeps_its_original_busy",
        "engine/orders/order_table.cpp",
        "    order->rejected = true;\n    settle(*order);\n",
        "    order->rejected = true;\n    settle(*order);\n    return {std::nullopt, order, Anomaly::none};\n",
        "nothing is waited for that was answered",
    ),
    Mutation(
        "a_snapshot_takes_one_message_too_many",
        "engine/feed/arbiter.hpp",
        "    next_ = next;\n    snapshot_attempts_",
        "    next_ = next + 1;\n    snapshot_attempts_",
        "the feed is whole|the book equals the reference",
    ),
    Mutation(
        "a_broken_trade_is_not_taken_back",
        "engine/runtime/trading_core.hpp",
        "fill.broken ? opposite(fill.side) : fill.side",
        "fill.side",
        "positions equal fills",
    ),
    Mutation(
        "the_next_process_uses_the_numbers_of_the_last",
        "engine/runtime/trading_core.hpp",
        "        orders_.skip_reserved();\n",
        "",
        "no order twice",
    ),
    Mutation(
        "a_replaced_order_keeps_its_quantity_in_the_book",
        "engine/book/itch_books.hpp",
        "m.new_order_reference_number, m.price, m.shares",
        "m.new_order_reference_number, m.price, m.shares.get() + Quantity{1}",
        "the book equals the reference",
    ),
]


@pytest.fixture(scope="module")
def copy() -> Path:
    """A copy of the source that the program `simulate` is built from, configured."""
    folder = ROOT / "build" / "mutations"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name in ("CMakeLists.txt", "engine", "strategies", "tests"):
        source = ROOT / name
        ignored = shutil.ignore_patterns("__pycache__")
        (shutil.copytree(source, folder / name, ignore=ignored) if source.is_dir() else shutil.copy(source, folder))
    options = [f"-DPython_EXECUTABLE={sys.executable}", "-DCOLO_BINDINGS=OFF"]
    run(["cmake", "-G", "Ninja", "-S", folder, "-B", folder / "build", *options])
    return folder


def run(command: list[str | Path]) -> None:
    """Run a program that must succeed."""
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"NINJA_STATUS": ""})
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]


@pytest.mark.long
@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_a_mistake_in_the_source_breaks_an_invariant(copy: Path, mutation: Mutation):
    file = copy / mutation.file
    whole = file.read_text()
    assert whole.count(mutation.text) == 1, f"{mutation.file} has changed: this mutation stands nowhere or twice"
    file.write_text(whole.replace(mutation.text, mutation.instead))
    try:
        run(["cmake", "--build", copy / "build", "--target", "simulate", "-j", "2"])
        simulate = copy / "build" / "tests" / "simulation" / "simulate"
        found = subprocess.run([simulate, "--first", "1", "--count", str(SEEDS)], capture_output=True, text=True)
    finally:
        file.write_text(whole)
    assert found.returncode == 1, f"{mutation.name} breaks nothing in {SEEDS} seeds"
    assert re.search(f"broken: ({mutation.found_by})", found.stdout), found.stdout
