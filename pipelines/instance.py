"""The Dagster instance of a site, rendered from where its history lies; `dagster.yaml` at the root is the desk's."""

from __future__ import annotations

from pathlib import Path

import yaml


def render_instance(history_directory: str) -> str:
    """dagster.yaml with run history, schedules and logs in SQLite and files under `history_directory`.

    A relative directory is relative to the folder in which Dagster is started: the repository's root.
    """
    settings = {
        "storage": {"sqlite": {"base_dir": history_directory}},
        "local_artifact_storage": {
            "module": "dagster._core.storage.root",
            "class": "LocalArtifactStorage",
            "config": {"base_dir": history_directory},
        },
        "compute_logs": {
            "module": "dagster._core.storage.local_compute_log_manager",
            "class": "LocalComputeLogManager",
            "config": {"base_dir": f"{history_directory}/logs"},
        },
        "telemetry": {"enabled": False},
        "nux": {"enabled": False},
    }
    header = "# A site's Dagster instance, rendered by pipelines/instance.py; a test compares the one at the root.\n"
    return header + yaml.safe_dump(settings, sort_keys=False)


def history_directory(site_name: str) -> str:
    """Where a site's Dagster keeps its history, relative to the repository's root."""
    return f"build/{site_name}/dagster"


def open_instance(build: Path, site_name: str) -> Path:
    """Makes the site's DAGSTER_HOME, with its rendered dagster.yaml, and returns it."""
    home = build / site_name / "dagster"
    home.mkdir(parents=True, exist_ok=True)
    (home / "dagster.yaml").write_text(render_instance(str(home)))
    return home
