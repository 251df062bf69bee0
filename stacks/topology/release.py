"""What an engine release is built with."""

from __future__ import annotations

from typing import Literal

from stacks.topology.declared import Declared, Name


class Release(Declared):
    """The engine release of a site: compiler, language standard, flags and target architecture."""

    name: Name
    compiler: Literal["g++", "clang++"]
    build_type: Literal["Release", "RelWithDebInfo"] = "Release"
    march: str
    flags: tuple[str, ...] = ()
