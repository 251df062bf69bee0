"""The schema of a strategy's spec.yaml: what the strategy is told, in which unit, within which bounds.

    spec = read_spec(Path("strategies/avellaneda_stoikov/spec.yaml"))
    spec.check({"gamma": 0.1, ...})     # ColoError names the parameter that is missing, unknown or out of bounds

A spec has no values: those are the declaration's.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from stacks.topology.errors import ColoError

Text = Annotated[str, Field(min_length=1)]


class Strict(BaseModel):
    """Frozen, and without fields that the schema does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Parameter(Strict):
    """One parameter: every one must be given, because a default would be a number with two owners."""

    type: Literal["integer", "number"]
    unit: Literal["shares", "ticks", "ms", "1/dollar"]
    above: float
    doc: Text

    def problem(self, value: object) -> str | None:
        """Say why a value is not allowed."""
        allowed = (int,) if self.type == "integer" else (int, float)
        if isinstance(value, bool) or not isinstance(value, allowed):
            return f"must be of type {self.type}"
        return None if value > self.above else f"must be above {self.above:g} {self.unit}"


class Spec(Strict):
    """What spec.yaml says of a strategy."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    source: Text
    doc: Text
    model_inputs: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")], Text] = {}
    parameters: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")], Parameter]

    def check(self, values: Mapping[str, object]) -> None:
        """Refuse values that the strategy would refuse at its start."""
        for name, parameter in self.parameters.items():
            if name not in values:
                raise ColoError(f"strategy {self.name}: parameter {name} is missing")
            if problem := parameter.problem(values[name]):
                raise ColoError(f"strategy {self.name}: parameter {name} {problem}")
        if unknown := sorted(set(values) - set(self.parameters)):
            raise ColoError(f"strategy {self.name}: unknown parameter {unknown[0]}")


def read_spec(path: Path) -> Spec:
    """Read a spec; ColoError names the file and the field that is wrong."""
    try:
        spec = Spec.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except yaml.YAMLError as error:
        raise ColoError(f"{path}: is not YAML: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        raise ColoError(f"{path}: {'.'.join(str(part) for part in first['loc'])}: {first['msg']}") from error
    if spec.name != path.parent.name:
        raise ColoError(f"{path}: name: is {spec.name}, but the folder is {path.parent.name}")
    return spec
