"""Changes the parameters of a strategy that trades, between two messages and without a stop.

    python -m strategies.parameters --file /dev/shm/.../parameters --strategy avellaneda_stoikov                # show
    python -m strategies.parameters --file ... --strategy avellaneda_stoikov --author alice gamma=0.2 k=12      # change

The values are checked here against the strategy's spec, and once more by the engine, which journals the change with its
generation and author, or refuses it with a sentence.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from stacks.topology.errors import ColoError
from strategies.spec import Spec, read_spec


@dataclass(frozen=True)
class Parameters:
    """What is in force: the generation counts changes, 0 is what was declared."""

    generation: int
    author: str
    values: dict[str, int | float]


def spec_of(strategy: str) -> Spec:
    """Return the spec of a strategy of this checkout."""
    path = Path(__file__).parent / strategy / "spec.yaml"
    if not path.is_file():
        raise ColoError(f"strategy {strategy}: has no spec {path.name}")
    return read_spec(path)


def current(file: Path, spec: Spec) -> Parameters:
    """Return what an engine has in force; ColoError where no engine keeps its parameters in the file."""
    from colo_engine import read_parameters

    try:
        generation, author, values = read_parameters(str(file))
    except RuntimeError as error:
        raise ColoError(str(error)) from None
    if len(values) != len(spec.parameters):
        raise ColoError(f"{file}: holds {len(values)} values, {spec.name} has {len(spec.parameters)} parameters")
    typed = {
        name: int(value) if parameter.type == "integer" else value
        for (name, parameter), value in zip(spec.parameters.items(), values, strict=True)
    }
    return Parameters(generation, author, typed)


def change(file: Path, spec: Spec, changes: Mapping[str, int | float], author: str) -> Parameters:
    """Change some parameters and return all; ColoError says why the spec, or the engine, refuses."""
    from colo_engine import change_parameters

    before = current(file, spec)
    wanted = {**before.values, **changes}
    spec.check(wanted)
    values = [float(wanted[name]) for name in spec.parameters]
    try:
        refusal = change_parameters(str(file), before.generation, author, values)
    except (RuntimeError, ValueError) as error:
        raise ColoError(str(error)) from None
    if refusal:
        raise ColoError(f"strategy {spec.name}: {refusal}")
    return current(file, spec)


def _assignments(texts: list[str]) -> dict[str, int | float]:
    values: dict[str, int | float] = {}
    for text in texts:
        name, _, value = text.partition("=")
        try:
            values[name] = int(value) if value.lstrip("-").isdigit() else float(value)
        except ValueError:
            raise ColoError(f"{text}: is not of the form NAME=NUMBER") from None
    return values


def main() -> int:
    """Show or change, as the command line says."""
    parser = argparse.ArgumentParser(prog="python -m strategies.parameters", description=__doc__.splitlines()[0])
    parser.add_argument("--file", type=Path, required=True, help="the engine's parameter file, beside its hot journal")
    parser.add_argument("--strategy", required=True)
    parser.add_argument("--author", help="who changes them")
    parser.add_argument("changes", nargs="*", metavar="NAME=NUMBER")
    arguments = parser.parse_args()
    try:
        spec = spec_of(arguments.strategy)
        if arguments.changes and not arguments.author:
            raise ColoError("a change needs an --author")
        changes = _assignments(arguments.changes)
        shown = change(arguments.file, spec, changes, arguments.author) if changes else current(arguments.file, spec)
    except ColoError as error:
        print(f"colo: {error}", file=sys.stderr)
        return 1
    print(f"generation {shown.generation}" + (f" by {shown.author}" if shown.author else ""))
    for name, value in shown.values.items():
        print(f"{name} = {value:g} {spec.parameters[name].unit}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
