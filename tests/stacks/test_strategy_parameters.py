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
    source = (repository_root / "strategies/avellaneda_stoikov/decision.cpp").read_text()
    assert set(re.findall(r'field\["(\w+)"\]', source)) == DECLARED
