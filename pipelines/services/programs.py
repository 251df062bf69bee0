"""All services of a data plane as programs for the supervisor, in the order in which they are started."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pipelines.services import flink, kafka, postgresql
from pipelines.supervisor import Program
from stacks.topology.data_plane import Services


@dataclass(frozen=True)
class ServicePlaces:
    """Where services keep their data (`directory`, a site's folder) and where what they run from lies (`build`)."""

    directory: Path
    build: Path
    credentials: Path

    @property
    def flink_environment(self) -> Path:
        """Flink's Python environment, which carries the cluster's jars."""
        return self.build / "flink-venv"

    @property
    def flink_jars(self) -> Path:
        """Connectors, and the format of packed records."""
        return self.build / "jars" / "flink"

    @property
    def kafka_jars(self) -> Path:
        """The broker."""
        return self.build / "jars" / "kafka"

    @property
    def class_data(self) -> Path:
        """Archives of parsed Java classes, shared by all sites."""
        return self.build / "class-data"

    @property
    def flink_directory(self) -> Path:
        """The cluster's folder."""
        return self.directory / "flink"

    def password_file(self, plane: Services) -> Path:
        """The password of the declared database user."""
        return self.credentials / plane.postgres.credential.name


def store_and_broker(plane: Services, places: ServicePlaces) -> tuple[Program, ...]:
    """PostgreSQL and Kafka; ColoError in one sentence where one of them is not installed."""
    times = (plane.start_timeout_s, plane.stop_timeout_s)
    return (
        postgresql.program(plane.postgres, places.directory / "postgresql", places.password_file(plane), *times),
        kafka.program(plane.kafka, places.directory / "kafka", places.kafka_jars, places.class_data, *times),
    )


def cluster(plane: Services, places: ServicePlaces) -> tuple[Program, ...]:
    """Flink's job manager and task manager."""
    times = (plane.start_timeout_s, plane.stop_timeout_s)
    return flink.programs(plane.flink, places.flink_directory, places.flink_environment, places.class_data, *times)
