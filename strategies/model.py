"""Swaps the model that a strategy asks while it trades, between two messages and without a stop.

    python -m strategies.model --file /dev/shm/.../models --strategy avellaneda_stoikov                      # show
    python -m strategies.model --file ... --strategy avellaneda_stoikov --author alice model.json            # swap

A model is a sum of small decision trees over the inputs that the strategy's spec names. Its file is JSON, each tree a
list of nodes; a branch names later nodes of its own tree by their place:

    {"schema": "colo.model/1", "strategy": "avellaneda_stoikov", "value_max": 2.0, "trees": [[
        {"input": "imbalance", "threshold": 0.4, "below": 1, "above": 2}, {"value": 0.0}, {"value": 0.5}]]}

The engine checks it once more and journals it whole, with the digest of its file, its generation and author.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from stacks.topology.errors import ColoError
from strategies.parameters import spec_of
from strategies.spec import Spec, Strict

NODES_MAX, TREES_MAX = 240, 32
LEAF = 0xFFFF
Number = Annotated[float, Field(allow_inf_nan=False)]
Place = Annotated[int, Field(ge=0, lt=NODES_MAX)]


class Branch(Strict):
    """Goes on at `below` where the input is at most the threshold, else at `above`."""

    input: str
    threshold: Number
    below: Place
    above: Place


class Leaf(Strict):
    """What the tree adds to the model's value."""

    value: Number


class Model(Strict):
    """The content of a model's file. The sum of its trees is cut to `value_max` on either side of zero."""

    schema_: Annotated[Literal["colo.model/1"], Field(alias="schema")]
    strategy: str
    value_max: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    trees: Annotated[tuple[tuple[Branch | Leaf, ...], ...], Field(max_length=TREES_MAX)]

    @property
    def digest(self) -> str:
        """SHA-256, 64 hex digits, of the canonical JSON: the same however the file is laid out."""
        canonical = json.dumps(self.model_dump(by_alias=True), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()

    def table(self, spec: Spec) -> tuple[list[int], list[tuple[float, int, int, int]]]:
        """(roots, nodes) as the engine takes them; ColoError names the node that is wrong."""
        if self.strategy != spec.name:
            raise ColoError(f"model: strategy: is for {self.strategy}, not for {spec.name}")
        inputs, roots, nodes = list(spec.model_inputs), [], []
        for number, tree in enumerate(self.trees):
            first = len(nodes)
            roots.append(first)
            if not tree:
                raise ColoError(f"model: trees[{number}]: has no node")
            for place, node in enumerate(tree):
                if isinstance(node, Leaf):
                    nodes.append((node.value, LEAF, 0, 0))
                    continue
                where = f"model: trees[{number}][{place}]"
                if node.input not in inputs:
                    raise ColoError(f"{where}.input: {node.input} is none of {', '.join(inputs)}")
                for name, after in (("below", node.below), ("above", node.above)):
                    if not place < after < len(tree):
                        raise ColoError(f"{where}.{name}: {after} is no later node of its tree")
                nodes.append((node.threshold, inputs.index(node.input), first + node.below, first + node.above))
        if len(nodes) > NODES_MAX:
            raise ColoError(f"model: trees: have {len(nodes)} nodes, at most {NODES_MAX}")
        return roots, nodes


def read_model_file(path: Path) -> Model:
    """Read a model; ColoError names the file and the field that is wrong."""
    try:
        return Model.model_validate_json(path.read_bytes())
    except OSError as error:
        raise ColoError(f"{path}: {error.strerror}") from None
    except ValidationError as error:
        first = error.errors()[0]
        raise ColoError(f"{path}: {'.'.join(map(str, first['loc'])) or 'it'}: {first['msg']}") from None


def swap(file: Path, spec: Spec, model: Model, author: str) -> int:
    """Put a model in place of the one in force and return its generation; ColoError says who refuses it, and why."""
    from colo_engine import swap_model

    roots, nodes = model.table(spec)
    try:
        refusal = swap_model(str(file), author, model.digest, model.value_max, roots, nodes)
    except (RuntimeError, ValueError) as error:
        raise ColoError(str(error)) from None
    if refusal:
        raise ColoError(f"strategy {spec.name}: {refusal}")
    return current_model(file)[0]


def current_model(file: Path) -> tuple[int, str, str]:
    """(generation, author, digest) of the model in force, generation 0 where none is; ColoError without an engine."""
    from colo_engine import read_model

    try:
        return read_model(str(file))
    except RuntimeError as error:
        raise ColoError(str(error)) from None


def main() -> int:
    """Show or swap, as the command line says."""
    parser = argparse.ArgumentParser(prog="python -m strategies.model", description=__doc__.splitlines()[0])
    parser.add_argument("--file", type=Path, required=True, help="the engine's model file, beside its hot journal")
    parser.add_argument("--strategy", required=True)
    parser.add_argument("--author", help="who swaps it")
    parser.add_argument("model", nargs="?", type=Path, help="the model's file")
    arguments = parser.parse_args()
    try:
        if arguments.model and not arguments.author:
            raise ColoError("a swap needs an --author")
        if arguments.model:
            swap(arguments.file, spec_of(arguments.strategy), read_model_file(arguments.model), arguments.author)
        generation, author, digest = current_model(arguments.file)
    except ColoError as error:
        print(f"colo: {error}", file=sys.stderr)
        return 1
    print(f"generation {generation} by {author}, SHA-256 {digest}" if generation else "no model")
    return 0


if __name__ == "__main__":
    sys.exit(main())
