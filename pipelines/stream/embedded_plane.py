"""The embedded data plane: when trading is over, the journal is read as rows and written to Parquet, DuckDB makes the
bars. Nothing has to be started, and nothing can lag behind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType

import numpy as np

from pipelines.store.embedded import EmbeddedStore
from pipelines.store.tick_store import ORDER_EVENTS, TICKS, Day
from pipelines.stream.plane import StreamFigures
from pipelines.trading.run_directory import RunDirectory
from stacks.topology.site import Site

RECORDS_MAX = 1 << 18  # of the journal in memory at once


class EmbeddedPlane:
    """DataPlane of a site whose store is embedded."""

    def __init__(self, site: Site, directory: Path, run: RunDirectory, day: Day) -> None:
        self._store = EmbeddedStore(directory / "store", site.data_plane)
        self._run = run
        self._day = day

    def __enter__(self) -> EmbeddedPlane:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        return None

    def follow(self) -> None:
        """Nothing follows the journal: it is read when it is complete."""

    def check(self) -> None:
        """Nothing was started that could fail."""

    def finish(self, on_progress: Callable[[str], None]) -> StreamFigures:
        """Store the whole journal, unless this run's day is stored already."""
        published = {TICKS: 0, ORDER_EVENTS: 0}

        def counted() -> Iterator[tuple[np.ndarray, np.ndarray]]:
            for ticks, order_events in journal_rows(self._run):
                published[TICKS] += len(ticks)
                published[ORDER_EVENTS] += len(order_events)
                on_progress(f"{sum(published.values()):,} rows")
                yield ticks, order_events

        stored = self._store.write_day(self._day, self._run.key, counted())
        missing = sum(published.values()) - sum(stored[table] for table in published)
        return StreamFigures(
            published=sum(published.values()),
            stored_by_table=stored,
            duplicates=max(0, -missing),
            gaps=max(0, missing),
            store=self._store.describe(),
        )

    def store(self) -> EmbeddedStore:
        """The Parquet files and DuckDB."""
        return self._store


def journal_rows(run: RunDirectory) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """(ticks, order events) of the run's journal from its start, some at a time."""
    from colo_engine import Normaliser

    normaliser = Normaliser((run.path / "reference_data.json").read_text())
    offset = 0
    while True:
        ticks, order_events, following = normaliser.read(str(run.journal), offset, RECORDS_MAX)
        if following == offset:
            return
        yield ticks, order_events
        offset = following
