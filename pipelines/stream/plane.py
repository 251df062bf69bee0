"""The data plane of a site: what carries a run's journal into its store, behind one interface for both kinds.

`embedded` reads the journal when trading is over; `services` follows it through Kafka, Flink and PostgreSQL while the
session trades. Both store the same rows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

from pipelines.store.tick_store import Day, TickStore
from pipelines.supervisor import Supervisor
from pipelines.trading.run_directory import RunDirectory
from stacks.topology.site import Site


@dataclass(frozen=True)
class StreamFigures:
    """What went through the data plane. `published` counts rows that left the journal, `duplicates` and `gaps` rows
    stored twice and rows missing; `store` names the store and how it keeps its tables."""

    published: int
    stored_by_table: Mapping[str, int]
    duplicates: int
    gaps: int
    store: str

    def as_json(self) -> dict[str, Any]:
        """The figures with `stored`, the ticks and order events that the store holds."""
        stored = self.stored_by_table["ticks"] + self.stored_by_table["order_events"]
        return {**asdict(self), "stored_by_table": dict(self.stored_by_table), "stored": stored}


class DataPlane(Protocol):
    """One run's way into the store. A run that is resumed goes on where it stopped; nothing is stored twice."""

    def follow(self) -> None:
        """Start what must stand while the session trades; returns as soon as trading may begin."""

    def check(self) -> None:
        """Raise ColoError when something that was started has failed."""

    def finish(self, on_progress: Callable[[str], None]) -> StreamFigures:
        """Carry the rest of the journal into the store and wait until its bars are complete."""

    def store(self) -> TickStore:
        """The store, for reading this run's rows."""


def open_plane(
    site: Site, supervisor: Supervisor, directory: Path, run: RunDirectory, day: Day
) -> AbstractContextManager[DataPlane]:
    """The data plane that `site` declares, for `run` of `day`; `directory` is the site's folder. Rows are kept."""
    if site.data_plane.kind == "embedded":
        from pipelines.stream.embedded_plane import EmbeddedPlane

        return EmbeddedPlane(site, directory, run, day)
    from pipelines.stream.services_plane import ServicesPlane

    return ServicesPlane(site, supervisor, directory, run, day)
