"""The supervisor: nothing outlives it, and what cannot start says why in one sentence."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipelines.process_files import Identity, ProcessFile, end_leftovers
from pipelines.supervisor import Endpoint, Program, Supervisor
from stacks.topology.errors import ColoError

# A parent that supervises three sleepers, the last started from a thread that ends: the kernel's death signal is tied
# to the thread that forks.
PARENT = """
import sys, threading, time
from pathlib import Path
from pipelines.supervisor import Program, Supervisor

directory = Path(sys.argv[1])
sleep = (
    "import signal, sys, time;"
    "said = lambda *_: (print(sys.argv[1], time.monotonic(), flush=True), sys.exit());"
    "signal.signal(signal.SIGTERM, said)"
)
def sleeper(name):
    code = sleep + "; print('up', flush=True); time.sleep(600)"
    log = directory / f"{name}.log"
    return Program(name, (sys.executable, "-u", "-c", code, name), log, ready=lambda: b"up" in log.read_bytes())

with Supervisor(directory) as supervisor:
    supervisor.start(sleeper("one"), sleeper("two"))
    thread = threading.Thread(target=lambda: supervisor.start(sleeper("three")))
    thread.start()
    thread.join()
    supervisor.wait_ready("one", "two", "three")
    print(*(supervisor.pid(name) for name in supervisor.names()), flush=True)
    time.sleep(600)
"""


def sleeper(directory: Path, name: str = "sleeper", **fields: object) -> Program:
    return Program(name, ("sleep", "600"), directory / f"{name}.log", **fields)  # type: ignore[arg-type]


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def await_end(pids: list[int], seconds: float = 10.0) -> list[int]:
    deadline = time.monotonic() + seconds
    while (left := [pid for pid in pids if alive(pid)]) and time.monotonic() < deadline:
        time.sleep(0.02)
    return left


@pytest.fixture
def parent(tmp_path: Path, repository_root: Path):
    process = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(tmp_path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        cwd=repository_root, env={**os.environ, "PYTHONPATH": str(repository_root)},
    )  # fmt: skip
    yield process
    process.kill()
    process.communicate()


def children(parent: subprocess.Popen[str]) -> list[int]:
    assert parent.stdout is not None
    line = parent.stdout.readline()
    assert line, parent.stderr.read() if parent.stderr else ""
    return [int(word) for word in line.split()]


def test_children_die_with_a_killed_parent(parent: subprocess.Popen[str]):
    pids = children(parent)
    assert len(pids) == 3 and all(alive(pid) for pid in pids)
    parent.kill()
    assert await_end(pids) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_children_are_stopped_in_reverse_order_when_the_parent_is_told_to_end(
    parent: subprocess.Popen[str], tmp_path: Path, number: signal.Signals
):
    pids = children(parent)
    parent.send_signal(number)
    assert parent.wait(15) != 0
    assert not [pid for pid in pids if alive(pid)]
    stopped = {name: float((tmp_path / f"{name}.log").read_text().split()[-1]) for name in ("one", "two", "three")}
    assert sorted(stopped, key=stopped.__getitem__) == ["three", "two", "one"]
    assert not list((tmp_path / "pids").iterdir())


def test_a_port_in_use_is_named_with_its_holder(tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as server, Supervisor(tmp_path) as supervisor:
        port = server.getsockname()[1]
        with pytest.raises(ColoError, match=rf"port 127\.0\.0\.1:{port} of db is already in use by .*{os.getpid()}"):
            supervisor.start(
                sleeper(tmp_path, "first"), sleeper(tmp_path, "db", listens=(Endpoint("127.0.0.1", port),))
            )
        assert supervisor.names() == ()  # nothing is started if one cannot be


def test_readiness_has_a_time_limit(tmp_path: Path):
    with Supervisor(tmp_path) as supervisor:
        supervisor.start(sleeper(tmp_path, ready=lambda: False, ready_s_max=0.2))
        with pytest.raises(ColoError, match=r"sleeper was not ready within 0\.2 s; its log is .*sleeper\.log"):
            supervisor.wait_ready("sleeper")
        pid = supervisor.pid("sleeper")
    assert not alive(pid)


def test_a_program_that_ends_too_early_is_quoted(tmp_path: Path):
    failing = Program("db", ("sh", "-c", "echo 'no such disk' >&2; exit 3"), tmp_path / "db.log", ready=lambda: False)
    with Supervisor(tmp_path) as supervisor:
        supervisor.start(failing)
        with pytest.raises(ColoError, match=r"db ended before it was ready, with exit status 3.*no such disk"):
            supervisor.wait_ready("db")


def test_a_missing_program_is_one_sentence(tmp_path: Path):
    with Supervisor(tmp_path) as supervisor:
        supervisor.start(Program("ghost", ("no-such-program",), tmp_path / "ghost.log", ready=lambda: False))
        with pytest.raises(ColoError, match=r"ghost ended before it was ready.*no-such-program"):
            supervisor.wait_ready("ghost")


def test_check_reports_a_program_that_was_killed(tmp_path: Path):
    with Supervisor(tmp_path) as supervisor:
        supervisor.start(sleeper(tmp_path))
        supervisor.check("sleeper")
        os.kill(supervisor.pid("sleeper"), signal.SIGKILL)
        time.sleep(0.2)
        with pytest.raises(ColoError, match="sleeper ended unexpectedly, killed by SIGKILL"):
            supervisor.check("sleeper")


def test_a_program_that_ignores_its_stop_signal_is_killed_with_its_children(tmp_path: Path):
    code = "trap '' TERM; sleep 600 & echo $!; wait; sleep 600"
    stubborn = Program("stubborn", ("sh", "-c", code), tmp_path / "stubborn.log", stop_s_max=0.3)
    with Supervisor(tmp_path) as supervisor:
        supervisor.start(stubborn)
        time.sleep(0.3)
        pids = [supervisor.pid("stubborn"), int((tmp_path / "stubborn.log").read_text())]
        supervisor.stop("stubborn")
    assert await_end(pids) == []


def test_leftovers_of_a_dead_supervisor_are_ended_at_the_next_start(tmp_path: Path):
    left = subprocess.Popen(["sleep", "600"])
    file = ProcessFile(tmp_path, "left")
    file.write(Identity.of(left.pid), signal.SIGTERM, 5.0)
    pid, entry = file.path.read_text().split("\n", 1)
    content = json.loads(entry)
    content["owner"]["start_ticks"] -= 1  # an owner that no longer is
    file.path.write_text(f"{pid}\n{json.dumps(content)}\n")
    with Supervisor(tmp_path):
        assert left.wait(5) == -signal.SIGTERM
    assert not file.path.exists()


def test_a_pid_that_now_belongs_to_another_process_is_left_alone(tmp_path: Path):
    stranger = subprocess.Popen(["sleep", "600"])
    try:
        identity = Identity.of(stranger.pid)
        file = ProcessFile(tmp_path, "left")
        file.write(Identity(identity.pid, identity.start_ticks - 1, identity.boot_id, ""), signal.SIGTERM, 5.0)
        assert end_leftovers(tmp_path) == []
        assert stranger.poll() is None and not file.path.exists()
    finally:
        stranger.kill()
        stranger.wait()


def test_a_program_of_another_live_supervisor_is_refused(parent: subprocess.Popen[str], tmp_path: Path):
    pids = children(parent)
    refusal = pytest.raises(ColoError, match=f"two is in use by process {parent.pid} .*end that first")
    with Supervisor(tmp_path) as supervisor, refusal:
        supervisor.start(sleeper(tmp_path, "two"))
    assert all(alive(pid) for pid in pids)
