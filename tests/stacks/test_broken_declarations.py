"""Every broken declaration fails at construction with its own message, and every message that exists is shown here."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

import stacks.topology
from stacks.topology import errors
from stacks.topology.errors import DeclarationError, Problem
from tests.stacks.broken_declarations import BROKEN_DECLARATIONS, Broken
from tests.stacks.broken_networks import BROKEN_NETWORKS
from tests.stacks.broken_processes import BROKEN_PROCESSES
from tests.stacks.broken_sites import BROKEN_SITES

# One line a case: its name, a colon, and the whole message.
EXPECTED = dict(
    line.split(": ", maxsplit=1)
    for line in (Path(__file__).parent / "expected" / "messages.txt").read_text().splitlines()
)
BROKEN = [*BROKEN_DECLARATIONS, *BROKEN_PROCESSES, *BROKEN_SITES, *BROKEN_NETWORKS]
TOPOLOGY = Path(stacks.topology.__file__).parent
# Where a problem is passed on, or put in pydantic's words, instead of found.
PASSED_ON = ("declared.py", "errors.py")


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.what)
def test_broken_declaration_names_the_field(broken: Broken) -> None:
    with pytest.raises(DeclarationError) as raised:
        broken.build()
    assert str(raised.value) == EXPECTED[broken.what]


def test_every_case_has_one_message() -> None:
    assert [broken.what for broken in BROKEN] == list(EXPECTED)


def test_every_problem_that_can_be_found_has_a_case(monkeypatch: pytest.MonkeyPatch) -> None:
    """As every case compares whole messages, removing any check then fails a case."""
    written = {
        (path.name, node.lineno)
        for path in TOPOLOGY.glob("*.py")
        if path.name not in PASSED_ON
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Problem"
    }
    found: set[tuple[str, int]] = set()

    class SeenProblem(Problem):
        def __init__(self, path: str, sentence: str) -> None:
            super().__init__(path, sentence)
            caller = sys._getframe(1)
            found.add((Path(caller.f_code.co_filename).name, caller.f_lineno))

    for module in [module for name, module in sys.modules.items() if name.startswith("stacks.topology.")]:
        if hasattr(module, "Problem") and module is not errors:
            monkeypatch.setattr(module, "Problem", SeenProblem)
    for broken in BROKEN:
        with pytest.raises(DeclarationError):
            broken.build()
    assert written, "no check was found in the sources"
    without_case = sorted(written - found)
    assert not without_case, f"these problems have no case: {without_case}"
