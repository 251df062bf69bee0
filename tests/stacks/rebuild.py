"""Builds variants of a declared object through its constructor, so that every validation runs again."""

from __future__ import annotations

from typing import Any, TypeVar

from stacks.topology.declared import Declared

T = TypeVar("T", bound=Declared)


def rebuilt(declared: T, **changes: Any) -> T:
    """The same object with some fields changed."""
    fields = {name: getattr(declared, name) for name in type(declared).model_fields}
    return type(declared)(**{**fields, **changes})


def without(declared: Declared, field: str) -> Declared:
    """The same object built without one field."""
    fields = {name: getattr(declared, name) for name in type(declared).model_fields if name != field}
    return type(declared)(**fields)


def substituted(root: T, old: Declared, new: Declared) -> T:
    """The same object with `new` wherever it holds or refers to `old`, at any depth."""
    return _substituted(root, old, new)


def _substituted(value: Any, old: Declared, new: Declared) -> Any:
    if isinstance(value, type(old)) and value == old:
        return new
    if isinstance(value, tuple):
        return tuple(_substituted(element, old, new) for element in value)
    if not isinstance(value, Declared):
        return value
    before = {name: getattr(value, name) for name in type(value).model_fields}
    after = {name: _substituted(part, old, new) for name, part in before.items()}
    return value if all(after[name] is before[name] for name in before) else rebuilt(value, **after)
