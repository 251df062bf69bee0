"""The errors that entry points print as one sentence, without a traceback."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


class ColoError(Exception):
    """An expected failure: its text is one clear sentence that names the field, file and offset, port or program."""


@dataclass(frozen=True)
class Problem:
    """One wrong field: its path inside the declared object, and what is wrong with it."""

    path: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.path}: {self.sentence}" if self.path else self.sentence

    def inside(self, outer: str) -> Problem:
        """Return the same problem as seen from the object that holds this one in field `outer`."""
        if not outer:
            return self
        return Problem(f"{outer}.{self.path}" if self.path else outer, self.sentence)


class DeclarationError(ColoError, ValueError):
    """A declaration that contradicts itself; `problems` holds every wrong field that was found.

    It is a ValueError too, so that pydantic adds the path of the outer object when it is raised by an inner one.
    """

    def __init__(self, problems: Iterable[Problem], subject: str = "") -> None:
        self.problems = tuple(problems)
        self.subject = subject
        text = "; ".join(str(problem) for problem in self.problems)
        super().__init__(f"{subject}: {text}" if subject else text)


def reason(error: Exception) -> str:
    """What an error of the operating system or of a library says, without the file that the sentence names already."""
    return (isinstance(error, OSError) and error.strerror) or str(error)
