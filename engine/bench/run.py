"""Runs the benchmarks, prints a table and writes build/bench.json: `python -m engine.bench.run [NAME...]`.

Each program measures one round of its figures and the floors beside them. Rounds are repeated and interleaved between
programs, so that a machine that slows down slows all alike; what is reported are medians over the rounds, the ratio as
the median of the rounds' own ratios.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from engine.bench.targets import TARGETS

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = ROOT / "build" / "cmake" / "engine" / "bench"
ROUNDS = 7
ROUND_S_MAX = 600.0


@dataclass(frozen=True)
class Input:
    """A generated feed: arguments of `itch_generator` after the file."""

    name: str
    messages: int
    symbols: int
    seed: int
    open_orders: tuple[int, int] = (80, 350)  # of a symbol: the least, and the mean of what activity adds

    def arguments(self) -> list[str]:
        """The command line after the file's name."""
        return [str(value) for value in (self.messages, self.symbols, self.seed, *self.open_orders)]


INPUTS = (
    Input("SYN", 10_000_000, 500, 1),
    Input("WIDE", 20_000_000, 8_000, 7, (30, 140)),
    Input("ONE", 3_000_000, 1, 3),
)


class BenchmarkError(Exception):
    """A program that is missing, failed, or printed something else than figures."""


def _output(command: list[str]) -> str:
    """Standard output of a program that must succeed."""
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=ROUND_S_MAX, check=False)
    except OSError as error:
        raise BenchmarkError(f"{command[0]}: {error.strerror}; `make bench` builds it") from error
    except subprocess.TimeoutExpired as error:
        raise BenchmarkError(f"{command[0]}: not done after {ROUND_S_MAX:.0f} s") from error
    if done.returncode != 0:
        raise BenchmarkError(f"{command[0]}: {done.stderr.strip() or f'ended with status {done.returncode}'}")
    return done.stdout


def make_inputs(folder: Path, inputs: Iterable[Input], say: Callable[[str], None]) -> None:
    """Write the inputs that are not there yet; a file's arguments lie beside it, so that other ones make it anew."""
    folder.mkdir(parents=True, exist_ok=True)
    for made in inputs:
        file, note = folder / f"{made.name}.itch", folder / f"{made.name}.arguments"
        arguments = " ".join(made.arguments())
        if file.is_file() and note.is_file() and note.read_text() == arguments:
            continue
        say(f"making {file.name}: {made.messages} messages")
        note.unlink(missing_ok=True)
        partial = file.with_suffix(".partial")
        _output([str(PROGRAMS / "itch_generator"), str(partial), *made.arguments()])
        partial.rename(file)
        note.write_text(arguments)


def names_of(programs: Iterable[Path]) -> dict[Path, list[str]]:
    """Figures that each program measures."""
    return {program: _output([str(program), "--list"]).split() for program in programs}


def figures(command: list[str]) -> list[dict[str, Any]]:
    """What one round of a program measured."""
    found = []
    for line in _output(command).splitlines():
        try:
            figure = json.loads(line)
            missing = {"name", "value", "unit", "floor"} - figure.keys()
        except (ValueError, AttributeError) as error:
            raise BenchmarkError(f"{command[0]}: printed what is no figure: {line}") from error
        if missing:
            raise BenchmarkError(f"{command[0]}: a figure lacks {', '.join(sorted(missing))}: {line}")
        found.append(figure)
    return found


def aspects(rounds: list[dict[str, Any]]) -> dict[str, float]:
    """All that a target may bound: medians over the rounds."""
    found = {
        "value": median(figure["value"] for figure in rounds),
        "floor": median(figure["floor"] for figure in rounds),
        "ratio": median(figure["value"] / figure["floor"] for figure in rounds),
    }
    for name in rounds[0].get("percentiles", {}):
        found[name] = median(figure["percentiles"][name] for figure in rounds)
        found[f"{name}/floor"] = median(figure["percentiles"][name] / figure["floor"] for figure in rounds)
        found[f"least {name}"] = min(figure["percentiles"][name] for figure in rounds)
    if "peer" in rounds[0]:
        found["peer"] = median(figure["value"] / figure["peer"]["value"] for figure in rounds)
    return found


def summary(name: str, rounds: list[dict[str, Any]], command: str) -> dict[str, Any]:
    """One entry of bench.json."""
    found = aspects(rounds)
    entry: dict[str, Any] = {"name": name, "value": found["value"], "unit": rounds[0]["unit"]}
    entry |= {"floor": found["floor"], "ratio": found["ratio"]}
    entry["percentiles"] = {key: found[key] for key in rounds[0].get("percentiles", {})}
    if "peer" in rounds[0]:
        peer = rounds[0]["peer"]["name"]
        entry["peer"] = {"name": peer, "value": median(figure["peer"]["value"] for figure in rounds)}
    entry |= {"rounds": len(rounds), "ratios": [figure["value"] / figure["floor"] for figure in rounds]}
    entry["targets"] = [
        {"target": str(target), "measured": found.get(target.of), "reached": target.reached(found)}
        for target in TARGETS
        if target.name == name
    ]
    return entry | {"command": command}


def run(
    programs: Iterable[Path],
    chosen: Iterable[str] = (),
    inputs: Iterable[Input] = INPUTS,
    folder: Path = ROOT / "build" / "bench",
    rounds: int = ROUNDS,
    say: Callable[[str], None] = print,
) -> list[dict[str, Any]]:
    """All chosen figures (all that there are, where none is), one entry each.

    A name chooses a figure (`itch_book/SYN`) or all that begin with it (`itch_book`). Raises BenchmarkError.
    """
    known = names_of(programs)
    wanted = _choose(known, list(chosen))
    make_inputs(folder, inputs, say)
    measured: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for number in range(1, rounds + 1):
        for program, names in wanted.items():
            say(f"round {number} of {rounds}: {' '.join(names)}")
            for figure in figures([str(program), "--inputs", str(folder), *names]):
                measured[figure["name"]].append(figure)
    short = [name for names in wanted.values() for name in names if len(measured[name]) != rounds]
    if short:
        raise BenchmarkError(f"not measured in every round: {', '.join(short)}")
    return [
        summary(name, measured[name], f"python -m engine.bench.run {name}")
        for names in wanted.values()
        for name in names
    ]


def _choose(known: dict[Path, list[str]], chosen: list[str]) -> dict[Path, list[str]]:
    """Names to measure, by program."""
    every = [name for names in known.values() for name in names]
    for choice in chosen:
        if not any(_matches(name, choice) for name in every):
            raise BenchmarkError(f"no benchmark is called {choice}; there are {', '.join(every)}")
    wanted = {
        program: [name for name in names if not chosen or any(_matches(name, choice) for choice in chosen)]
        for program, names in known.items()
    }
    return {program: names for program, names in wanted.items() if names}


def _matches(name: str, choice: str) -> bool:
    return name == choice or name.startswith(choice + "/")


def table(entries: list[dict[str, Any]]) -> str:
    """The figures as text, each with its targets and whether they were reached."""
    words = {True: "reached", False: "missed", None: "not measured"}
    lines = [f"{'name':<24}{'value':>12} {'unit':<14}{'floor':>10}{'ratio':>8}  target"]
    for entry in entries:
        targets = [
            f"{target['target']}: {words[target['reached']]}"
            + (f" ({target['measured']:.4g})" if target["measured"] is not None else "")
            for target in entry["targets"]
        ]
        head = f"{entry['name']:<24}{entry['value']:>12.4g} {entry['unit']:<14}{entry['floor']:>10.4g}"
        lines.append(f"{head}{entry['ratio']:>8.2f}  {targets[0] if targets else ''}".rstrip())
        lines += [f"{'':<70}{target}" for target in targets[1:]]
        if entry["percentiles"]:
            lines.append("    " + "  ".join(f"{key} {value:.4g}" for key, value in entry["percentiles"].items()))
        if "peer" in entry:
            lines.append(f"    {entry['peer']['name']}: {entry['peer']['value']:.4g} {entry['unit']}")
    return "\n".join(lines)


def main() -> int:
    """Command line; the programs must be built, which `make bench` does."""
    parser = argparse.ArgumentParser(prog="python -m engine.bench.run", description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="figures, such as itch_book/SYN or itch_book")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"repeats of each program (default {ROUNDS})")
    options = parser.parse_args()
    programs = sorted(path for path in PROGRAMS.glob("bench_*") if path.is_file() and os.access(path, os.X_OK))
    try:
        if not programs:
            raise BenchmarkError(f"no program in {PROGRAMS.relative_to(ROOT)}; `make bench` builds them")
        entries = run(programs, options.names, rounds=options.rounds, say=lambda text: print(text, flush=True))
    except BenchmarkError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    file = ROOT / "build" / "bench.json"
    file.write_text(json.dumps(entries, indent=1) + "\n")
    print(f"\n{table(entries)}\n\n{file.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
