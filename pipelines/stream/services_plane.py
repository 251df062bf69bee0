"""The data plane of real services: Kafka, Flink and PostgreSQL follow the journal while the session trades.

Everything starts side by side: the database and the broker are ready in about a second, then the tables and topics
are made, and publisher, loader, Flink and the submission of its job come up while the session already trades.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any

from pipelines.flink.bars import Submission, complete_bars, prepare_bars
from pipelines.services import flink, kafka, postgresql
from pipelines.services.programs import ServicePlaces, cluster, store_and_broker
from pipelines.store.postgresql import PostgresqlStore
from pipelines.store.tick_store import TICKS, Day
from pipelines.stream.plane import StreamFigures
from pipelines.stream.topics import KINDS, StreamRun, open_stream
from pipelines.supervisor import Program, Supervisor
from pipelines.trading.run_directory import RunDirectory
from stacks.topology.data_plane import Services
from stacks.topology.errors import ColoError
from stacks.topology.site import Site

ROOT = Path(__file__).resolve().parents[2]
STREAM_FILE = "topics.json"
END_FILE = "journal.complete"
PUBLISHER, LOADER = "publisher", "loader"
STALL_S_MAX = 120.0
BARS_S_MAX = 300.0


class ServicesPlane:
    """DataPlane of a site with services; leaving its context ends what it started, in reverse order."""

    def __init__(self, site: Site, supervisor: Supervisor, directory: Path, run: RunDirectory, day: Day) -> None:
        assert isinstance(site.data_plane, Services)
        self._site = site
        self._plane = site.data_plane
        self._supervisor = supervisor
        self._places = ServicePlaces(directory, ROOT / "build", directory / "credentials")
        self._run = run
        self._day = day
        self._stack = ExitStack()
        self._store: PostgresqlStore | None = None
        self._stream: StreamRun | None = None
        self._submissions: list[Submission] = []
        self._started: list[str] = []

    def __enter__(self) -> ServicesPlane:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stack.close()
        for name in reversed(self._started):
            self._supervisor.stop(name)

    def follow(self) -> None:
        """Start the services, the publisher, the loader and the bars jobs; trading may begin when this returns."""
        if self._stream is not None:
            return
        flink.forget_state(self._places.flink_directory)
        self._start(*store_and_broker(self._plane, self._places), *cluster(self._plane, self._places))
        self._supervisor.wait_ready(postgresql.NAME, kafka.NAME)
        store = self._open_store()
        self._stream = open_stream(self._plane.kafka, store, self._day, self._run.path / STREAM_FILE)
        self._submissions = [
            prepare_bars(self._plane, job, self._stream, self._places) for job in self._plane.flink.jobs
        ]
        self._start(*(submission.program for submission in self._submissions), self._publisher(), self._loader())

    def check(self) -> None:
        """Raise ColoError when a service, the publisher or the loader has ended."""
        submitting = {submission.program.name for submission in self._submissions}
        self._supervisor.check(*(name for name in self._started if name not in submitting))

    def finish(self, on_progress: Callable[[str], None]) -> StreamFigures:
        """Publish and load the rest of the journal, complete the bars, and end all services but the database."""
        self.follow()
        assert self._stream is not None and self._store is not None
        self._run.write(END_FILE, {})
        published = self._await(PUBLISHER, "published", on_progress)
        self._await(LOADER, "stored", on_progress)
        self._supervisor.wait_ready(flink.JOB_MANAGER, flink.TASK_MANAGER)
        for submission in self._submissions:
            job = submission.job(self._supervisor)
            on_progress(f"bars {submission.declared.name}")
            complete_bars(
                submission,
                job,
                self._ends(),
                BARS_S_MAX,
                lambda share: on_progress(f"bars of {share:.0%} of the ticks"),
            )
        self._end(flink.JOB_MANAGER, flink.TASK_MANAGER, kafka.NAME)
        return self._figures(published)

    def store(self) -> PostgresqlStore:
        """The database; it stands until the context is left."""
        if self._store is None:
            self._start(*store_and_broker(self._plane, self._places)[:1])
            self._supervisor.wait_ready(postgresql.NAME)
        return self._open_store()

    def _open_store(self) -> PostgresqlStore:
        if self._store is None:
            opened = PostgresqlStore(self._plane.postgres, self._plane.bars, self._places.password_file(self._plane))
            self._store = self._stack.enter_context(opened)
        return self._store

    def _start(self, *programs: Program) -> None:
        fresh = [program for program in programs if program.name not in self._started]
        self._supervisor.start(*fresh)
        self._started += [program.name for program in fresh]

    def _end(self, *names: str) -> None:
        self._supervisor.stop(*names)
        self._started = [name for name in self._started if name not in names]

    def _publisher(self) -> Program:
        options = {
            "--journal": self._run.journal,
            "--reference-data": self._run.path / "reference_data.json",
            "--end": self._run.path / END_FILE,
        }
        return self._python(PUBLISHER, options)

    def _loader(self) -> Program:
        return self._python(LOADER, {"--password-file": self._places.password_file(self._plane)})

    def _python(self, name: str, options: dict[str, Path]) -> Program:
        words = [str(word) for option in options.items() for word in option]
        stream = ("--site", self._site.name, "--stream", str(self._run.path / STREAM_FILE))
        return Program(
            name=name,
            command=(sys.executable, "-m", f"pipelines.stream.{name}", *stream, *words),
            log_file=self._run.logs / f"{name}.log",
            working_directory=ROOT,
        )

    def _await(self, name: str, what: str, on_progress: Callable[[str], None]) -> dict[str, Any]:
        """Wait until the publisher or the loader ends by itself; ColoError if it fails or stands still."""
        log_file = self._run.logs / f"{name}.log"
        seen, since = b"", time.monotonic()
        while (status := self._supervisor.wait(name, 0.2)) is None:
            content = log_file.read_bytes()
            if content != seen:
                seen, since = content, time.monotonic()
                figures = last_figures(content)
                on_progress(f"{sum(figures.get(kind, 0) for kind in KINDS):,} rows {what}")
            if time.monotonic() - since > STALL_S_MAX:
                raise ColoError(f"{name} made no progress for {STALL_S_MAX:g} s; its log is {log_file}")
        self._started.remove(name)
        if status != 0:
            lines = log_file.read_text(errors="replace").strip().splitlines()
            raise ColoError(lines[-1] if lines else f"{name} ended with status {status}; its log is {log_file}")
        return last_figures(log_file.read_bytes())

    def _ends(self) -> dict[int, int]:
        """Offset of the message that ends each partition of the ticks; the loader has read past it."""
        assert self._stream is not None and self._store is not None
        return self._store.last_offsets(self._stream.topics[TICKS])

    def _figures(self, published: dict[str, Any]) -> StreamFigures:
        assert self._store is not None
        tables = (*KINDS, *(bars.name for bars in self._plane.bars))
        stored = {table: self._store.row_count(table, self._day) for table in tables}
        distinct = {kind: self._store.distinct_count(kind, self._day) for kind in KINDS}
        return StreamFigures(
            published=sum(published[kind] for kind in KINDS),
            stored_by_table=stored,
            duplicates=sum(stored[kind] - distinct[kind] for kind in KINDS),
            gaps=sum(published[kind] - distinct[kind] for kind in KINDS),
            store=self._store.describe(),
        )


def last_figures(log: bytes) -> dict[str, Any]:
    """The latest complete line of JSON in a log; {} where there is none."""
    for line in reversed(log.splitlines()):
        if line.startswith(b"{") and line.endswith(b"}"):
            return dict(json.loads(line))
    return {}
