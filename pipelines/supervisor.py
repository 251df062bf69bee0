"""The one supervisor of the processes that a site runs on this machine: `make run`, `make ui` and tests alike use it.

    with Supervisor(Path("build/lab")) as supervisor:
        supervisor.start(broker, database)      # started at once, side by side
        supervisor.wait_ready("broker", "database")
        ...
    # stopped in reverse order here, whatever happened: an exception, Ctrl-C, SIGTERM

No process outlives its supervisor. A clean end stops each one in reverse order of starting; a supervisor that is
killed takes its children along, because each asks the kernel for a signal at its parent's death; and what even that
misses (a machine that froze) is found by its pid file under <directory>/pids at the next start or at `make
clean`, and ended only if pid, start time and boot are those in the file. All forks are made by one thread that lives
as long as the process, because the kernel sends the death signal when the forking *thread* ends (prctl(2)).
"""

from __future__ import annotations

import ctypes
import os
import queue
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, BinaryIO

from pipelines.process_files import Identity, ProcessFile, end_leftovers, end_process, owner_of, ports_in_use
from stacks.topology.errors import ColoError

LAST_WORDS_BYTES = 1 << 15
FALLOC_FL_KEEP_SIZE = 1  # linux/falloc.h
_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class Endpoint:
    """A TCP address that a program listens on; a start is refused with its holder's name while it is taken."""

    address: str
    port: int

    def __str__(self) -> str:
        return f"{self.address}:{self.port}"


@dataclass(frozen=True)
class Program:
    """What to start, and how to know that it is ready.

    `ready` is asked every 50 ms and may raise OSError while the program is not up; None means ready once started.
    `death_signal` is what the kernel sends when the supervisor dies without saying so. `launcher` is put before the
    command (setpriv, unshare) and must end in an exec, so that the pid stays that of the program.
    """

    name: str
    command: tuple[str, ...]
    log_file: Path
    listens: tuple[Endpoint, ...] = ()
    ready: Callable[[], bool] | None = None
    ready_s_max: float = 60.0
    stop_signal: signal.Signals = signal.SIGTERM
    stop_s_max: float = 15.0
    death_signal: signal.Signals = signal.SIGKILL
    launcher: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    working_directory: Path | None = None


@dataclass
class Running:
    """One started program: its process and the file that remembers it."""

    program: Program
    process: subprocess.Popen[bytes]
    file: ProcessFile
    ready: bool = False


class Supervisor:
    """Starts programs, waits for them, and ends them in reverse order; a context manager.

    `directory` is the site's folder, such as build/lab. Two supervisors may share it (the services of a site, and the
    engine of a run), but not a program's name: starting a name that another live supervisor runs is refused.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._running: dict[str, Running] = {}
        self._forks = _ForkThread()
        self._previous_sigterm: Any = None
        self._closed = False

    def __enter__(self) -> Supervisor:
        end_leftovers(self.directory)
        if threading.current_thread() is threading.main_thread():
            self._previous_sigterm = signal.signal(signal.SIGTERM, _exit_on_sigterm)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def start(self, *programs: Program) -> None:
        """Start all, in this order and without waiting; ColoError where a port or a name is taken or a file missing."""
        for program in programs:
            self._refuse_conflicts(program)
        for program in programs:
            self._start(program)

    def wait_ready(self, *names: str) -> None:
        """Wait until each is ready; ColoError when one ends before that or takes longer than its ready_s_max."""
        began = time.monotonic()
        waiting = [self._running[name] for name in names]
        while waiting := [running for running in waiting if not self._is_ready(running)]:
            for running in waiting:
                if time.monotonic() - began > running.program.ready_s_max:
                    raise ColoError(
                        f"{running.program.name} was not ready within {running.program.ready_s_max:g} s; "
                        f"its log is {running.program.log_file}{_log_end(running.program.log_file)}"
                    )
            time.sleep(0.05)

    def check(self, *names: str) -> None:
        """Raise ColoError if any of these programs has ended."""
        for name in names:
            self._refuse_ended(self._running[name], "ended unexpectedly")

    def wait(self, name: str, seconds_max: float | None = None) -> int | None:
        """Exit status of a program that ends by itself; None when it still runs after `seconds_max`."""
        running = self._running[name]
        try:
            status = running.process.wait(seconds_max)
        except subprocess.TimeoutExpired:
            return None
        self._forget(name)
        return status

    def poll(self, name: str) -> int | None:
        """Exit status of a program, None while it runs."""
        return self._running[name].process.poll()

    def pid(self, name: str) -> int:
        """Process id of a running program."""
        return self._running[name].process.pid

    def names(self) -> tuple[str, ...]:
        """Names of the programs under supervision, in the order in which they were started."""
        return tuple(self._running)

    def stop(self, *names: str) -> None:
        """Ask each to end by its stop signal, all at once, then wait; one that does not obey in time is killed."""
        stopping = [self._running[name] for name in names if name in self._running]
        for running in stopping:
            _signal(running.process, running.program.stop_signal)
        for running in stopping:
            end_process(running.process, running.program.stop_s_max)
            self._forget(running.program.name)

    def kill(self, name: str) -> None:
        """SIGKILL one program: for failure tests."""
        running = self._running[name]
        _signal(running.process, signal.SIGKILL)
        end_process(running.process, running.program.stop_s_max)
        self._forget(name)

    def close(self) -> None:
        """Stop everything in reverse order; further Ctrl-C and SIGTERM are held back until that is done."""
        if self._closed:
            return
        self._closed = True
        held = _hold_signals()
        try:
            for name in reversed(tuple(self._running)):
                self.stop(name)
        finally:
            self._forks.end()
            _restore_signals(held)
            if self._previous_sigterm is not None:
                signal.signal(signal.SIGTERM, self._previous_sigterm)

    def _refuse_conflicts(self, program: Program) -> None:
        if program.name in self._running:
            raise ColoError(f"{program.name} is already running as process {self.pid(program.name)}")
        file = ProcessFile(self.directory, program.name)
        if owner := owner_of(file):
            raise ColoError(f"{program.name} is in use by process {owner.pid} ({owner.command}); end that first")
        file.end_leftover()
        for endpoint in program.listens:
            if holder := ports_in_use(endpoint.address, endpoint.port):
                raise ColoError(f"port {endpoint} of {program.name} is already in use by {holder}")

    def _start(self, program: Program) -> None:
        program.log_file.parent.mkdir(parents=True, exist_ok=True)
        launch = ("setpriv", "--pdeathsig", program.death_signal.name.removeprefix("SIG"), "--")
        command = (*program.launcher, *launch, *program.command)
        with program.log_file.open("wb") as log:
            _reserve_last_words(log)
            process = self._forks.fork(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, **program.environment},
                cwd=program.working_directory,
                start_new_session=True,  # the terminal's Ctrl-C is for the supervisor, which stops in order
            )
        file = ProcessFile(self.directory, program.name)
        file.write(Identity.of(process.pid), program.stop_signal, program.stop_s_max)
        self._running[program.name] = Running(program, process, file)

    def _is_ready(self, running: Running) -> bool:
        if running.ready:
            return True
        self._refuse_ended(running, "ended before it was ready")
        try:
            running.ready = running.program.ready is None or running.program.ready()
        except OSError:
            return False
        return running.ready

    def _refuse_ended(self, running: Running, how: str) -> None:
        status = running.process.poll()
        if status is None:
            return
        log_file = running.program.log_file
        self._forget(running.program.name)
        raise ColoError(f"{running.program.name} {how}, {_status(status)}; its log is {log_file}{_log_end(log_file)}")

    def _forget(self, name: str) -> None:
        self._running.pop(name).file.remove()


class _ForkThread:
    """Makes every fork in one thread of its own, which lives until the supervisor closes or the process ends."""

    def __init__(self) -> None:
        self._requests: queue.SimpleQueue[tuple[Any, ...] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def fork(self, command: tuple[str, ...], **options: Any) -> subprocess.Popen[bytes]:
        if self._thread is None:
            self._thread = threading.Thread(target=self._serve, name="supervisor-forks", daemon=True)
            self._thread.start()
        answer: queue.SimpleQueue[subprocess.Popen[bytes] | OSError] = queue.SimpleQueue()
        self._requests.put((command, options, answer))
        result = answer.get()
        if isinstance(result, OSError):
            raise ColoError(f"{command[0]} cannot be started: {result.strerror} ({result.filename})") from result
        return result

    def end(self) -> None:
        self._requests.put(None)

    def _serve(self) -> None:
        while (request := self._requests.get()) is not None:
            command, options, answer = request
            try:
                answer.put(subprocess.Popen(command, **options))
            except OSError as error:
                answer.put(error)


def _exit_on_sigterm(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(128 + signal.SIGTERM)


def _hold_signals() -> dict[signal.Signals, Any]:
    if threading.current_thread() is not threading.main_thread():
        return {}
    return {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTERM)}


def _restore_signals(held: dict[signal.Signals, Any]) -> None:
    for number, handler in held.items():
        signal.signal(number, handler)


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    if process.poll() is None:
        try:
            process.send_signal(number)
        except ProcessLookupError:
            pass  # it ended between the two calls


def _reserve_last_words(log: BinaryIO) -> None:
    """Takes room on the disk for what a program says at its end: a disk that it found full must not swallow that."""
    _libc.fallocate(log.fileno(), FALLOC_FL_KEEP_SIZE, ctypes.c_long(0), ctypes.c_long(LAST_WORDS_BYTES))


def _status(status: int) -> str:
    return f"killed by {signal.Signals(-status).name}" if status < 0 else f"with exit status {status}"


def _log_end(log_file: Path) -> str:
    """The last line of a log that says something, introduced so that it can end a sentence."""
    try:
        text = log_file.read_bytes()[-8192:].decode(errors="replace")
    except OSError:
        return ""
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith(("\t", "    at "))]
    return f", which ends: {lines[-1][:400]}" if lines else ", which is empty"
