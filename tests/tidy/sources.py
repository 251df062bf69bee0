"""The files that the rules look at: what git tracks, and what it would track if it were added now."""

from __future__ import annotations

import ast
import subprocess
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Source:
    """One file: its path from the repository's root, with slashes, and its text."""

    path: str
    text: str

    @property
    def module(self) -> str:
        """Dotted name under which Python imports it."""
        return self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    @cached_property
    def tree(self) -> ast.Module:
        """Syntax tree of a Python file."""
        return ast.parse(self.text, self.path)


def paths() -> list[str]:
    """Every file of the project that git does not ignore."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return sorted(path for path in set(listed.split("\0")) if path and (ROOT / path).is_file())


def sources(*endings: str) -> list[Source]:
    """The text files whose names end so; all of them if no ending is given."""
    found = []
    for path in paths():
        if not endings or path.endswith(endings):
            try:
                found.append(Source(path, (ROOT / path).read_text(encoding="utf-8")))
            except UnicodeDecodeError:
                continue  # a binary test vector has no words
    return found


def python_sources() -> list[Source]:
    """Every Python file."""
    return sources(".py")


def cpp_sources() -> list[Source]:
    """Every C++ file."""
    return sources(".hpp", ".cpp")


def hold(violations: list[str]) -> None:
    """Fail with one violation a line, where there is any."""
    assert not violations, f"{len(violations)} violations:\n" + "\n".join(violations)
