"""Starts, kills and reads runs of a site that keep everything below one folder: what the tests of this folder share."""

from __future__ import annotations

import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet

from tests.simulation.private_machine import PrivateMachine

ROOT = Path(__file__).resolve().parents[2]
RUN_S_MAX = 120.0


@dataclass(frozen=True)
class Outcome:
    """How a run ended: its exit status, negative for a signal, and what it printed."""

    status: int
    out: str
    error: str

    def sentence(self) -> str:
        """The one line on standard error of a run that failed as it should; AssertionError with all of it otherwise."""
        lines = self.error.strip().splitlines()
        assert self.status not in (0, 70, 71) and len(lines) == 1 and "Traceback" not in self.error, self
        assert lines[0].startswith("colo: "), self
        return lines[0]


class StartedRun:
    """One run that was started."""

    def __init__(self, pid: int, out: Path, error: Path) -> None:
        self.pid = pid
        self.out = out
        self.error = error
        self.status: queue.SimpleQueue[int] = queue.SimpleQueue()

    def wait(self, seconds_max: float = RUN_S_MAX) -> Outcome:
        """Its end; it is killed, and the test fails, when that takes too long."""
        try:
            status = self.status.get(timeout=seconds_max)
        except queue.Empty:
            os.kill(self.pid, signal.SIGKILL)
            raise AssertionError(f"run did not end in {seconds_max} s:\n{self._printed(self.out)}") from None
        return Outcome(status, self._printed(self.out), self._printed(self.error))

    @staticmethod
    def _printed(path: Path) -> str:
        return path.read_text(errors="replace") if path.exists() else ""


class RunServer:
    """A process with everything imported, which forks runs (run_server.py), on a private machine."""

    def __init__(self, machine: PrivateMachine) -> None:
        command = [sys.executable, "-m", "tests.simulation.run_server"]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (ROOT, ROOT / "build/cmake/python")))}
        environment.update(GX_ANALYTICS_ENABLED="false", DAGSTER_DISABLE_TELEMETRY="1", DO_NOT_TRACK="1")
        self._process = machine.run(
            lambda: subprocess.Popen(
                command,
                cwd=ROOT,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                start_new_session=True,
            )
        )
        self._runs: dict[int, StartedRun] = {}
        self._started: queue.SimpleQueue[StartedRun] = queue.SimpleQueue()
        self._files: queue.SimpleQueue[tuple[Path, Path]] = queue.SimpleQueue()
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def start(self, request: Mapping[str, Any]) -> StartedRun:
        """Fork a run."""
        assert self._process.stdin is not None
        self._files.put((Path(request["out"]), Path(request["error"])))
        self._process.stdin.write(json.dumps(request).encode() + b"\n")
        self._process.stdin.flush()
        return self._started.get(timeout=60)

    def close(self) -> None:
        """End the server; runs have ended by then."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(30)
        self._listener.join(5)
        assert self._process.stdout is not None
        self._process.stdout.close()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            content = json.loads(line)
            if "status" in content:
                self._runs.pop(content["pid"]).status.put(content["status"])
            elif "pid" in content:
                run = StartedRun(content["pid"], *self._files.get())
                self._runs[run.pid] = run
                self._started.put(run)


class SiteRuns:
    """Runs of one site, all of whose files lie below `build`."""

    def __init__(self, machine: PrivateMachine, server: RunServer, site: str, build: Path) -> None:
        self.machine = machine
        self.site = site
        self.build = build
        self.directory = build / site
        self._server = server
        self._count = 0

    def start(
        self,
        session: Sequence[Path] = (),
        day: str = "",
        changes: Sequence[Mapping[str, Any]] = (),
        environment: Mapping[str, str] | None = None,
        site: str = "",
    ) -> StartedRun:
        """`python -m pipelines.run` with these, in a forked process."""
        self._count += 1
        self.build.mkdir(parents=True, exist_ok=True)
        arguments = ["--site", site or self.site, "--build", str(self.build)]
        arguments += ["--session", *map(str, session)] if session else []
        arguments += ["--day", day] if day else []
        request = {
            "arguments": arguments,
            "changes": list(changes),
            "environment": dict(environment or {}),
            "out": str(self.build / f"run-{self._count}.out"),
            "error": str(self.build / f"run-{self._count}.err"),
        }
        return self._server.start(request)

    def run(self, *arguments: Any, **options: Any) -> Outcome:
        """Start, and wait for the end."""
        return self.start(*arguments, **options).wait()

    def succeed(self, *arguments: Any, **options: Any) -> dict[str, Any]:
        """Run to a good end; the report."""
        outcome = self.run(*arguments, **options)
        assert outcome.status == 0, f"{outcome.out}\n{outcome.error}"
        return self.report()

    def report(self) -> dict[str, Any]:
        """report.json of the latest run that came so far."""
        return json.loads((self.build / "run" / "report.json").read_text())

    def run_directory(self, day: str) -> Path:
        """The folder of the one run of a day."""
        (found,) = (self.directory / "runs").glob(f"{day}-*")
        return found

    def read(self, day: str, name: str) -> dict[str, Any]:
        """A JSON file of the run of a day."""
        return json.loads((self.run_directory(day) / name).read_text())

    def forget(self, day: str) -> None:
        """The next run of a day starts afresh, whatever a test before has left."""
        for found in (self.directory / "runs").glob(f"{day}-*"):
            forget_hot_segments(found)
            shutil.rmtree(found)

    def rows(self, table: str, day: str) -> pyarrow.Table:
        """Stored rows of a desk."""
        folder = self.directory / "store" / table / "mic=XNAS" / f"trading_day={day}"
        return pyarrow.parquet.ParquetFile(folder / "rows.parquet").read()

    def pid(self, name: str) -> int | None:
        """The process of a program while one runs."""
        try:
            return int((self.directory / "pids" / f"{name}.pid").read_text().split()[0])
        except (FileNotFoundError, IndexError, ValueError):
            return None

    def kill(self, name: str, run: StartedRun | None = None) -> None:
        """SIGKILL a program of a run, once it is there."""
        await_that(lambda: alive(self.pid(name)), f"the start of {name}", 60, run)
        pid = self.pid(name)
        assert pid is not None
        os.kill(pid, signal.SIGKILL)

    def journaled(self, day: str) -> int:
        """Bytes drained by the run of a day so far."""
        return sum(journal_bytes(journal) for journal in (self.directory / "runs").glob(f"{day}-*/journal"))


def forget_hot_segments(folder: Path) -> None:
    """Remove what killed runs below a folder have left in memory."""
    for declared in folder.rglob("engine.json"):
        shutil.rmtree(json.loads(declared.read_text())["journal"]["hot_directory"], ignore_errors=True)


def alive(pid: int | None) -> bool:
    """Whether a process runs; a zombie does not."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] not in "ZX"


def journal_bytes(journal: Path) -> int:
    """What a journal holds on disk."""
    return sum(segment.stat().st_size for segment in journal.glob("journal-*.colo"))


def await_that(condition: Callable[[], bool], what: str, seconds_max: float, run: StartedRun | None = None) -> None:
    """Look every 2 ms; AssertionError when it does not come to be."""
    deadline = time.monotonic() + seconds_max
    while not condition():
        printed = f":\n{run._printed(run.out)}{run._printed(run.error)}" if run else ""
        assert time.monotonic() < deadline, f"waited {seconds_max} s for {what}{printed}"
        time.sleep(0.002)
