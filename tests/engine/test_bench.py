"""The benchmark runner on inputs of a few thousand messages: what it writes is whole; how fast it was is not judged."""

from __future__ import annotations

import math
import os
from pathlib import Path

import pytest

from engine.bench import run as bench
from engine.bench.targets import Target

TINY = (
    bench.Input("SYN", 20_000, 50, 1),
    bench.Input("WIDE", 30_000, 400, 7, (30, 140)),
    bench.Input("ONE", 5_000, 1, 3),
)


def built(name: str) -> Path:
    program = bench.PROGRAMS / name
    if not os.access(program, os.X_OK):
        pytest.skip(f"{name} is not built: requirements/install.sh benchmarks")
    return program


def test_every_figure_of_the_book_is_measured_beside_its_floor(tmp_path: Path) -> None:
    programs = [built("bench_itch_decode"), built("bench_itch_book")]
    said: list[str] = []
    entries = bench.run(programs, ["itch_decode", "itch_book", "itch_book_live"], TINY, tmp_path, 2, said.append)
    assert {entry["name"] for entry in entries} == {
        "itch_decode/SYN",
        "itch_book/SYN",
        "itch_book/WIDE",
        "itch_book_live/SYN",
        "itch_book_live/WIDE",
    }
    for entry in entries:
        assert list(entry)[:6] == ["name", "value", "unit", "floor", "ratio", "percentiles"]
        assert entry["rounds"] == 2 and entry["unit"] == "ns/message"
        assert entry["command"] == f"python -m engine.bench.run {entry['name']}"
        for key in ("value", "floor", "ratio"):
            assert math.isfinite(entry[key]) and entry[key] > 0
        assert entry["targets"] and entry["targets"][0]["measured"] == entry["ratio"]
        assert entry["name"] in bench.table(entries)
    assert any("round 2 of 2" in line for line in said)


def test_an_input_is_made_once_and_anew_when_its_arguments_change(tmp_path: Path) -> None:
    built("itch_generator")
    said: list[str] = []
    bench.make_inputs(tmp_path, TINY[:1], said.append)
    first = (tmp_path / "SYN.itch").read_bytes()
    bench.make_inputs(tmp_path, TINY[:1], said.append)
    assert len(said) == 1
    bench.make_inputs(tmp_path, [bench.Input("SYN", 20_000, 50, 2)], said.append)
    assert len(said) == 2 and (tmp_path / "SYN.itch").read_bytes() != first


def test_a_program_that_prints_no_figure_is_named(tmp_path: Path) -> None:
    script = tmp_path / "bench_broken"
    script.write_text("#!/bin/sh\n[ \"$1\" = --list ] && echo broken || echo '{\"name\": \"broken\", \"value\": 1}'\n")
    script.chmod(0o755)
    with pytest.raises(bench.BenchmarkError, match="bench_broken: a figure lacks floor, unit"):
        bench.run([script], inputs=(), folder=tmp_path, rounds=1, say=lambda _: None)
    with pytest.raises(bench.BenchmarkError, match="no benchmark is called other; there are broken"):
        bench.run([script], ["other"], inputs=(), folder=tmp_path, rounds=1, say=lambda _: None)


def test_medians_are_of_the_rounds_own_ratios() -> None:
    rounds = [
        {"name": "x", "value": value, "unit": "ns", "floor": floor, "percentiles": {"p99": value * 2}}
        for value, floor in ((10.0, 10.0), (40.0, 10.0), (60.0, 30.0))
    ]
    found = bench.aspects(rounds)
    assert (found["value"], found["floor"], found["ratio"]) == (40.0, 10.0, 2.0)
    assert (found["p99"], found["least p99"], found["p99/floor"]) == (80.0, 20.0, 4.0)


def test_a_target_tells_reached_from_missed_and_from_not_measured() -> None:
    assert Target("x", "ratio", 2.2).reached({"value": 9.0, "ratio": 2.2}) is True
    assert Target("x", "ratio", 2.2).reached({"value": 9.0, "ratio": 2.3}) is False
    assert Target("x", "peer", 2.4, at_least=True).reached({"value": 9.0, "peer": 2.3}) is False
    assert Target("x", "peer", 2.4, at_least=True).reached({"value": 9.0}) is None
    assert Target("x", "ratio", 3, or_value=10).reached({"value": 9.0, "ratio": 5.0}) is True
