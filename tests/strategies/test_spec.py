"""Every strategy has a spec that the schema takes, and wrong specs and values are refused by name."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from stacks.sites import SITES, load_site
from stacks.topology.errors import ColoError
from strategies.spec import read_spec

FOLDERS = sorted(path.parent for path in (Path(__file__).resolve().parents[2] / "strategies").glob("*/decision.hpp"))


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_every_strategy_has_a_sound_spec(folder: Path) -> None:
    spec = read_spec(folder / "spec.yaml")
    assert spec.parameters
    assert all(parameter.doc.endswith(".") for parameter in spec.parameters.values())


@pytest.mark.parametrize("name", SITES)
def test_the_sites_give_values_that_the_spec_allows(name: str, repository_root: Path) -> None:
    for placement in load_site(name).strategies:
        values = placement.parameters.model_dump(exclude={"strategy"})
        read_spec(repository_root / "strategies" / placement.parameters.strategy / "spec.yaml").check(values)


def broken(tmp_path: Path, **changes: object) -> Path:
    """The Avellaneda-Stoikov spec with some of its parts replaced, in a folder of its name."""
    spec = yaml.safe_load((FOLDERS[0] / "spec.yaml").read_text()) | changes
    path = tmp_path / "avellaneda_stoikov" / "spec.yaml"
    path.parent.mkdir()
    path.write_text(yaml.safe_dump(spec))
    return path


def test_wrong_specs_are_refused(tmp_path: Path) -> None:
    parameter = {"type": "text", "unit": "ms", "above": 0, "doc": "What it is."}
    with pytest.raises(ColoError, match=r"spec\.yaml: parameters\.x\.type: "):
        read_spec(broken(tmp_path, parameters={"x": parameter}))


def test_another_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ColoError, match="name: is other, but the folder is avellaneda_stoikov"):
        read_spec(broken(tmp_path, name="other"))


def test_wrong_values_are_refused() -> None:
    spec = read_spec(FOLDERS[0] / "spec.yaml")
    sound = dict.fromkeys(spec.parameters, 1)
    spec.check(sound)
    for values, sentence in (
        ({**sound, "gamma": 0}, "parameter gamma must be above 0 1/dollar"),
        ({**sound, "quote_quantity": 1.5}, "parameter quote_quantity must be of type integer"),
        ({**sound, "kappa": 1}, "unknown parameter kappa"),
        ({name: 1 for name in spec.parameters if name != "k"}, "parameter k is missing"),
    ):
        with pytest.raises(ColoError, match=sentence):
            spec.check(values)
