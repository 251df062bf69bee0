"""The folder of one run: what it needs to start, what it leaves, and how an interrupted one is told from a finished.

build/<site>/runs/<trading day>-<session, 12 hex digits>/
    run.json         the release that trades: a resumed run goes on with the same one
    engine.json, exchange.json, reference_data.json
    journal/         the engine's journal; exchange/ the simulator's
    logs/
    drop_copy.csv    what the venue executed, by its own account
    traded.json      the engine's last summary: trading is over
    complete         everything is stored: the next run starts afresh
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from pipelines.json_file import read_json, write_json, write_whole


@dataclass(frozen=True)
class RunDirectory:
    """Paths of one run, and the marks that say how far it came."""

    path: Path

    @property
    def journal(self) -> Path:
        """The engine's journal, a folder of segments."""
        return self.path / "journal"

    @property
    def exchange(self) -> Path:
        """The exchange simulator's own journal."""
        return self.path / "exchange"

    @property
    def logs(self) -> Path:
        """Standard output and error of every process."""
        return self.path / "logs"

    @property
    def key(self) -> str:
        """A name for the run that is the same when it is resumed, and new when it starts afresh."""
        return self.read("run.json")["key"]

    def open(self, key: str, hot_directory: Path) -> bool:
        """Makes the folder ready; returns True for a fresh run, False for one that is resumed.

        A finished run is cleared first, its hot journal segments in `hot_directory` too.
        """
        if self.finished() or not (self.path / "run.json").exists():
            shutil.rmtree(self.path, ignore_errors=True)
            shutil.rmtree(hot_directory, ignore_errors=True)
        for folder in (self.journal, self.exchange, self.logs):
            folder.mkdir(parents=True, exist_ok=True)
        if (self.path / "run.json").exists():
            return False
        self.write("run.json", {"key": key})
        return True

    def finished(self) -> bool:
        """Whether everything of this run is stored."""
        return (self.path / "complete").exists()

    def traded(self) -> dict | None:
        """The engine's summary once trading is over, else None."""
        return self.read("traded.json") if (self.path / "traded.json").exists() else None

    def finish(self) -> None:
        """Marks the run as stored completely."""
        self.write("complete", {})

    def read(self, name: str) -> dict:
        """One of the folder's JSON files."""
        return read_json(self.path / name)

    def write(self, name: str, content: dict) -> Path:
        """Writes a JSON file at once or not at all, so that a kill leaves no half of it."""
        return write_json(self.path / name, content)

    def write_text(self, name: str, text: str) -> Path:
        """Writes a file at once or not at all."""
        return write_whole(self.path / name, text)
