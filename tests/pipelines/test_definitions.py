"""The assets, their groups, partitions and checks, and the Dagster instance that stands at the root."""

from __future__ import annotations

from pathlib import Path

from pipelines.definitions import SESSION_JOB, build_definitions
from pipelines.instance import history_directory, render_instance
from pipelines.quality.rules import RULES

GROUPS = {
    "engine_release": "engine_release",
    "session": "session",
    "reference_data": "reference_data",
    "traded_session": "traded_session",
    "ticks": "stream",
    "order_events": "stream",
    "bars": "stream",
    "data_docs": "quality",
    "report": "report",
}


def test_assets_stand_in_their_groups_and_are_partitioned_by_venue_and_day() -> None:
    graph = build_definitions("desk").resolve_asset_graph()
    nodes = {key.to_user_string(): graph.get(key) for key in graph.get_all_asset_keys()}
    assert {name: node.group_name for name, node in nodes.items()} == GROUPS
    for name, node in nodes.items():
        dimensions = node.partitions_def.partition_dimension_names if node.partitions_def else None
        assert dimensions == (None if name == "engine_release" else ["trading_day", "venue"])


def test_every_rule_is_an_asset_check() -> None:
    graph = build_definitions("desk").resolve_asset_graph()
    assert {key.name for key in graph.asset_check_keys} == {rule.name for rule in RULES}


def test_one_job_makes_everything() -> None:
    job = build_definitions("lab").resolve_job_def(SESSION_JOB)
    made = {key.to_user_string() for key in job.asset_layer.executable_asset_keys}
    assert made == set(GROUPS)


def test_the_instance_at_the_root_is_the_desk_rendered(repository_root: Path) -> None:
    assert (repository_root / "dagster.yaml").read_text() == render_instance(history_directory("desk"))
