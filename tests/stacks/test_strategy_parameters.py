"""The parameters that a site may give a strategy are those that the strategy's spec and its C++ decision know."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from stacks.topology.strategy import AvellanedaStoikov

DECLARED = set(AvellanedaStoikov.model_fields) - {"strategy"}


def test_spec_has_the_declared_parameters(repository_root: Path) -> None:
    spec = yaml.safe_load((repository_root / "strategies/avellaneda_stoikov/spec.yaml").read_text())
    assert spec["name"] == AvellanedaStoikov.model_fields["strategy"].default
    if not spec["parameters"]:
        pytest.skip("strategies/avellaneda_stoikov/spec.yaml lists no parameters")
    assert set(spec["parameters"]) == DECLARED


def test_decision_reads_the_declared_parameters(repository_root: Path) -> None:
    assert set(decision_rules(repository_root)) == DECLARED


def test_decision_has_the_rules_of_the_spec(repository_root: Path) -> None:
    """In the same order too: a change of parameters is a list of values."""
    spec = yaml.safe_load((repository_root / "strategies/avellaneda_stoikov/spec.yaml").read_text())
    expected = {
        name: (parameter["unit"], parameter["type"] == "integer", parameter["above"])
        for name, parameter in spec["parameters"].items()
    }
    rules = decision_rules(repository_root)
    assert rules == expected
    assert list(rules) == list(expected)


def test_decision_has_the_model_inputs_of_the_spec(repository_root: Path) -> None:
    """In the same order too: a node of a model names its input by the place."""
    folder = repository_root / "strategies/avellaneda_stoikov"
    spec = yaml.safe_load((folder / "spec.yaml").read_text())
    stated = re.search(r"model_inputs = \{([^}]+)\}", (folder / "decision.hpp").read_text())
    assert stated and re.findall(r'"(\w+)"', stated[1]) == list(spec["model_inputs"])


def decision_rules(repository_root: Path) -> dict[str, tuple[str, bool, float]]:
    """By name: unit, whether it is whole, and what it must be above, as the C++ decision has them."""
    source = (repository_root / "strategies/avellaneda_stoikov/decision.hpp").read_text()
    rules = re.findall(r'\{"(\w+)", "([^"]+)", (true|false), (-?\d+), [\d\']+\}', source)
    return {name: (unit, whole == "true", float(above)) for name, unit, whole, above in rules}
