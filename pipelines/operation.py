"""What a run of a site holds open while its assets are made: the site, the processes, the data plane, the screen.

A Dagster resource, made once a run (the executor is in-process), so that the services which `traded_session` starts
still stand when `stream` waits for them, and everything is stopped when the run ends, however it ends.
"""

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cached_property
from pathlib import Path

import dagster as dg
from pydantic import Field, PrivateAttr

from pipelines.json_file import read_json, write_json
from pipelines.progress import Progress
from pipelines.store.tick_store import Day
from pipelines.stream.plane import DataPlane, open_plane
from pipelines.supervisor import Supervisor
from pipelines.trading.run_directory import RunDirectory
from stacks.sites import load_site
from stacks.topology.data_plane import Bars
from stacks.topology.errors import ColoError
from stacks.topology.host import Facts, HostFacts
from stacks.topology.site import Site

REPOSITORY_ROOT = Path(__file__).resolve().parents[1]
BUILD = REPOSITORY_ROOT / "build"  # the programs, and by default what they make
SHARED_MEMORY = Path("/dev/shm")
HOT_SEGMENTS = 4  # the current one, two prepared ahead (engine/journal/drain.hpp), one being drained


class Operation(dg.ConfigurableResource):
    """One site's run. `sources` are session files (none: recorded data where found, else a generated session), `build`
    is the folder of all that runs make: sessions, releases, stores, the report."""

    site_name: str
    sources: list[str] = Field(default_factory=list)
    day: str = ""
    build: str = str(BUILD)

    _stack: ExitStack = PrivateAttr(default_factory=ExitStack)
    _progress: Progress = PrivateAttr(default_factory=Progress)
    _plane: DataPlane | None = PrivateAttr(default=None)
    _supervisor: Supervisor | None = PrivateAttr(default=None)

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> "Iterator[Operation]":
        """Holds processes and connections for the run and closes them after it."""
        with self._stack:
            yield self

    @cached_property
    def site(self) -> Site:
        """The declaration."""
        return load_site(self.site_name)

    @property
    def build_directory(self) -> Path:
        """The folder of all that runs make."""
        return Path(self.build)

    @property
    def directory(self) -> Path:
        """build/<site>."""
        return self.build_directory / self.site_name

    @property
    def report_directory(self) -> Path:
        """build/run: the latest report of any site."""
        return self.build_directory / "run"

    @property
    def progress(self) -> Progress:
        """The screen."""
        return self._progress

    @property
    def supervisor(self) -> Supervisor:
        """Owner of every process of the run, started when first asked for."""
        if self._supervisor is None:
            self._supervisor = self._stack.enter_context(Supervisor(self.directory))
        return self._supervisor

    def plane(self, run: RunDirectory, day: Day) -> DataPlane:
        """The site's data plane, opened for `run` of `day` when first asked for."""
        if self._plane is None:
            self._plane = self._stack.enter_context(open_plane(self.site, self.supervisor, self.directory, run, day))
        return self._plane

    @property
    def bars(self) -> Bars:
        """The bars that checks and reports look at: the first that the site declares."""
        return self.site.data_plane.bars[0]

    def run_directory(self, trading_day: str, session_digest: str) -> RunDirectory:
        """The folder of the run over one session."""
        return RunDirectory(self.directory / "runs" / f"{trading_day}-{session_digest[:12]}")

    def hot_directory(self, run: RunDirectory) -> Path:
        """Where hot journal segments lie: in memory, if there is room, so that no write-back stalls an order."""
        journals = [[process, process.gateway] if process.gateway else [process] for process in self.site.processes]
        needed_mib = HOT_SEGMENTS * max(sum(one.journal.segment_mib for one in beside) for beside in journals)
        parent = SHARED_MEMORY
        if not os.access(parent, os.W_OK) or shutil.disk_usage(parent).free < needed_mib << 20:
            parent = run.path
            text = f"{SHARED_MEMORY} has no {needed_mib} MiB for us: hot segments on disk, where orders may stall"
            self.progress.stage("journal", text)
        place = hashlib.sha256(str(run.path).encode()).hexdigest()[:8]  # two checkouts may trade the same session
        return parent / f"colo-{os.getuid()}-{self.site_name}-{run.path.name}-{place}"

    @property
    def environment(self) -> dict[str, str]:
        """The process environment, which may name where recorded data lies."""
        return dict(os.environ)

    def show_trading(self, exchange: dict, engine: dict) -> None:
        """Draws how far the session has been played."""
        if exchange.get("messages"):
            share = exchange["played"] / exchange["messages"]
            text = f"{share:5.1%} played, {exchange.get('orders', 0):,} orders, {exchange.get('fills', 0):,} fills"
            self._progress.moving("trading", text)

    def facts(self) -> Facts:
        """What was found on this machine: the cpus that the process may use."""
        cpus = tuple(sorted(os.sched_getaffinity(0)))
        return Facts(hosts=tuple(HostFacts(host=host.name, cpus=cpus) for host in self.site.hosts))

    # -- what assets of one partition leave for the next: small JSON files under build/<site>/partitions

    def leave(self, partition: str, name: str, content: dict) -> None:
        """Remembers what an asset of a partition made."""
        target = self.directory / "partitions" / partition.replace("|", "-") / f"{name}.json"
        target.parent.mkdir(parents=True, exist_ok=True)
        write_json(target, content)

    def find(self, partition: str, name: str) -> dict:
        """What an asset of a partition left; ColoError when it was never made."""
        path = self.directory / "partitions" / partition.replace("|", "-") / f"{name}.json"
        if not path.exists():
            raise ColoError(f"asset {name} of partition {partition} was never made: {path} is missing")
        return read_json(path)
