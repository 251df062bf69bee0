"""Pid files of supervised processes, and the only two ways in which they are used: to end leftovers, to name owners.

A pid alone may by now belong to somebody else, so a file holds the identity of a process (pid, start time in clock
ticks since boot, boot id), and nothing is ever signalled whose identity is not the one in the file.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil


@dataclass(frozen=True)
class Identity:
    """One process of one boot of this machine; `command` is for messages."""

    pid: int
    start_ticks: int
    boot_id: str
    command: str

    @classmethod
    def of(cls, pid: int) -> Identity:
        """Identity of a live process (of a zombie too); ProcessLookupError when there is none."""
        return cls(pid, _start_ticks(pid), _boot_id(), _command(pid))

    def alive(self) -> bool:
        """Whether this very process still runs (a zombie does not)."""
        try:
            return self.boot_id == _boot_id() and self.start_ticks == _start_ticks(self.pid) and not _zombie(self.pid)
        except ProcessLookupError:
            return False


class ProcessFile:
    """<directory>/pids/<name>.pid: the pid alone on the first line, for the shell of `make clean`; then JSON."""

    def __init__(self, directory: Path, name: str) -> None:
        self.name = name
        self.path = directory / "pids" / f"{name}.pid"

    def write(self, process: Identity, stop_signal: signal.Signals, stop_s_max: float) -> None:
        """Remember `process` as started by this one."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        entry = {
            "process": asdict(process),
            "owner": asdict(Identity.of(os.getpid())),
            "stop_signal": int(stop_signal),
            "stop_s_max": stop_s_max,
        }
        temporary = self.path.with_suffix(f".{os.getpid()}")
        temporary.write_text(f"{process.pid}\n{json.dumps(entry)}\n")
        temporary.replace(self.path)

    def read(self) -> tuple[Identity, Identity, signal.Signals, float] | None:
        """(process, owner, stop signal, seconds to wait for it); None without a file or with half a file."""
        try:
            entry = json.loads(self.path.read_text().partition("\n")[2])
            return (
                Identity(**entry["process"]),
                Identity(**entry["owner"]),
                signal.Signals(entry["stop_signal"]),
                float(entry["stop_s_max"]),
            )
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def remove(self) -> None:
        """Forget the process."""
        self.path.unlink(missing_ok=True)

    def end_leftover(self) -> bool:
        """End the process of the file if it still is that process, and forget it; whether there was one to end."""
        entry = self.read()
        ended = False
        if entry is not None:
            process, _, stop_signal, stop_s_max = entry
            ended = end_identity(process, stop_signal, stop_s_max)
        self.remove()
        return ended


def owner_of(file: ProcessFile) -> Identity | None:
    """The live process, other than this one, whose supervisor runs the program of `file`; None when nobody does."""
    entry = file.read()
    if entry is None or entry[1].pid == os.getpid() or not entry[1].alive() or not entry[0].alive():
        return None
    return entry[1]


def end_leftovers(directory: Path) -> list[str]:
    """End what dead supervisors left running in `directory`, latest first; the names of those that were."""
    files = sorted((directory / "pids").glob("*.pid"), key=lambda path: path.stat().st_mtime_ns, reverse=True)
    leftovers = [file for file in (ProcessFile(directory, path.stem) for path in files) if owner_of(file) is None]
    return [file.name for file in leftovers if file.end_leftover()]


def end_identity(identity: Identity, stop_signal: signal.Signals, stop_s_max: float) -> bool:
    """Signal a process that is no child of ours, wait, kill its group if it does not obey; whether it was alive."""
    if not identity.alive():
        return False
    os.kill(identity.pid, stop_signal)
    deadline = time.monotonic() + stop_s_max
    while identity.alive() and time.monotonic() < deadline:
        time.sleep(0.02)
    if identity.alive():
        _kill(identity.pid)
        while identity.alive():
            time.sleep(0.02)
    return True


def end_process(process: subprocess.Popen[bytes], stop_s_max: float) -> int:
    """Wait for a signalled child, kill it after `stop_s_max`, then whatever else is left of its process group."""
    try:
        status = process.wait(stop_s_max)
    except subprocess.TimeoutExpired:
        process.kill()
        status = process.wait()
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass  # nobody is left in it
    return status


def ports_in_use(address: str, port: int) -> str | None:
    """Who listens on a TCP port ("java (process 12)"), None when it is free to bind."""
    for connection in psutil.net_connections("tcp"):
        if connection.status != psutil.CONN_LISTEN or connection.laddr.port != port:
            continue
        if connection.laddr.ip in (address, "0.0.0.0", "::") or address == "0.0.0.0":
            return (
                f"{_name(connection.pid)} (process {connection.pid})" if connection.pid else "a process of another user"
            )
    return None


def _name(pid: int) -> str:
    try:
        return psutil.Process(pid).name()
    except psutil.Error:
        return "a process"


def _kill(pid: int) -> None:
    """Kill a live process, with its group where it leads one."""
    try:
        if os.getpgid(pid) == pid:
            os.killpg(pid, signal.SIGKILL)
        else:
            os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass  # it ended between the two calls


def _start_ticks(pid: int) -> int:
    """Field 22 of /proc/PID/stat; the command in field 2 may hold spaces and parentheses (proc(5))."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])
    except OSError as error:
        raise ProcessLookupError(f"there is no process {pid}") from error


def _zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except OSError:
        return True


def _boot_id() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def _command(pid: int) -> str:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return ""
    text = " ".join(b" ".join(words).decode(errors="replace").split())
    return text if len(text) <= 120 else text[:117] + "..."
