"""What all declared types share: they are frozen, refuse unknown fields, and name the path of a wrong field.

    host: Annotated[Host, BY_NAME]      # a reference: validated as an object, serialised as its name

References between declarations are Python objects. Only their names reach the JSON, so that the digest of a site
is over each fact once.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from ipaddress import IPv4Address, IPv4Network
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainSerializer, ValidationError

from stacks.topology.errors import DeclarationError, Problem


class Declared(BaseModel):
    """Ancestor of every declared type."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def __init__(self, **fields: Any) -> None:
        try:
            super().__init__(**fields)
        except ValidationError as error:
            raise DeclarationError(_problems(error), _subject(type(self).__name__, fields)) from None

    @classmethod
    def from_json(cls, text: str | bytes, source: str) -> Self:
        """Return the object that a JSON text holds; `source` names it (a file's path) in the DeclarationError."""
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            raise DeclarationError(_problems(error), source) from None

    def declared_digest(self) -> str:
        """Return the SHA-256 (64 hex digits) of the canonical JSON of this declaration."""
        canonical = json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()


def raise_problems(problems: list[Problem]) -> None:
    """Raise one DeclarationError for all problems, or return where there is none."""
    if problems:
        raise DeclarationError(problems)


def repeated(values: list[Any]) -> list[Any]:
    """Return the values that stand more than once, each once, in order of their first appearance."""
    return [value for value, count in Counter(values).items() if count > 1]


def network_of(text: str) -> IPv4Network:
    """Return the network that an address with a prefix length lies in."""
    return IPv4Network(text, strict=False)


def _subject(type_name: str, fields: dict[str, Any]) -> str:
    name = fields.get("name") or fields.get("mic")
    return f"{type_name} {name}" if isinstance(name, str) else type_name


def _problems(error: ValidationError) -> list[Problem]:
    problems: list[Problem] = []
    for entry in error.errors():
        path = _path(entry["loc"])
        cause = entry.get("ctx", {}).get("error")
        if isinstance(cause, DeclarationError):
            problems.extend(problem.inside(path) for problem in cause.problems)
        elif entry["type"] in _SENTENCES:
            problems.append(Problem(path, _SENTENCES[entry["type"]]))
        else:
            problems.append(Problem(path, entry["msg"].removeprefix("Value error, ")))
    return problems


def _path(location: tuple[int | str, ...]) -> str:
    path = ""
    for part in location:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else part
    return path


def _ipv4(text: str) -> str:
    try:
        IPv4Address(text)
    except ValueError:
        raise ValueError(f"{text} is not an IPv4 address") from None
    return text


def _network(text: str) -> str:
    try:
        IPv4Network(text)
    except ValueError:
        raise ValueError(f"{text} is not an IPv4 network") from None
    return text


def _multicast(text: str) -> str:
    if not IPv4Address(_ipv4(text)).is_multicast:
        raise ValueError(f"{text} is not a multicast group (224.0.0.0 to 239.255.255.255)")
    return text


_SENTENCES = {"missing": "is missing", "extra_forbidden": "is not a field of this type"}

BY_NAME = PlainSerializer(lambda declared: declared.name, return_type=str)

Name = Annotated[str, Field(min_length=1, max_length=63, pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")]
Address = Annotated[str, AfterValidator(_ipv4)]
Network = Annotated[str, AfterValidator(_network)]
MulticastGroup = Annotated[str, AfterValidator(_multicast)]
Whole = Annotated[int, Field(strict=True)]
Flag = Annotated[bool, Field(strict=True)]
Port = Annotated[int, Field(strict=True, ge=1, le=65535)]
Positive = Annotated[int, Field(strict=True, gt=0)]
NotNegative = Annotated[int, Field(strict=True, ge=0)]
PositiveReal = Annotated[float, Field(strict=True, gt=0.0, allow_inf_nan=False)]
Fraction = Annotated[float, Field(strict=True, ge=0.0, le=1.0)]
