"""Fixtures that start the real services once for all tests that need them; without Java or PostgreSQL those skip."""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from pipelines.services import flink, kafka, postgresql
from pipelines.services.programs import cluster, store_and_broker
from pipelines.store.tick_store import Day
from pipelines.supervisor import Supervisor
from tests.pipelines.live_plane import ROOT, LivePlane, missing_for_services

_days = itertools.count()


@pytest.fixture
def day() -> Day:
    """A trading day that no other test uses, so that tests share a store."""
    return Day("XNAS", date(2012, 6, 21) + timedelta(days=next(_days)))


@pytest.fixture(scope="session")
def live_directory() -> Iterator[Path]:
    """Folder of the services' data, removed afterwards."""
    directory = ROOT / "build" / f"live-{os.getpid()}"
    yield directory
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="session")
def live_plane(live_directory: Path) -> Iterator[LivePlane]:
    """Kafka and PostgreSQL, running."""
    if reason := missing_for_services(flink=False):
        pytest.skip(f"services cannot be started: {reason}")
    with Supervisor(live_directory) as supervisor:
        live = LivePlane(live_directory, supervisor)
        supervisor.start(*store_and_broker(live.plane, live.places))
        supervisor.wait_ready(kafka.NAME, postgresql.NAME)
        yield live


@pytest.fixture(scope="session")
def live_cluster(live_plane: LivePlane) -> LivePlane:
    """The same with a Flink cluster."""
    if reason := missing_for_services(flink=True):
        pytest.skip(f"Flink cannot be started: {reason}")
    live_plane.supervisor.start(*cluster(live_plane.plane, live_plane.places))
    live_plane.supervisor.wait_ready(flink.JOB_MANAGER, flink.TASK_MANAGER)
    return live_plane
