"""What an engine release is built with."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from stacks.topology.declared import Declared, Name, Positive, raise_problems, repeated
from stacks.topology.errors import Problem


class Stage(Declared):
    """What a release may take for one stage between a packet and the order that it causes, as a median.

    The names are those under which a running engine counts its stages (engine/runtime/engine_counters.hpp); what lies
    before and after them is the NIC's.
    """

    name: Literal["taken_to_decoded", "decoded_to_decided", "decided_to_journaled"]
    latency_ns: Positive


class Release(Declared):
    """The engine release of a site: compiler, language standard, flags, target architecture, and its latency budget."""

    name: Name
    compiler: Literal["g++", "clang++"]
    build_type: Literal["Release", "RelWithDebInfo"] = "Release"
    march: str
    flags: tuple[str, ...] = ()
    stages: tuple[Stage, ...] = ()

    @model_validator(mode="after")
    def _check(self) -> Release:
        names = [stage.name for stage in self.stages]
        raise_problems([Problem(f"stages[{name}]", "stands twice") for name in repeated(names)])
        return self
