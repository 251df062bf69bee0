"""Starts runs of `python -m pipelines.run` as forks of a process that has everything imported already.

A run is a process of its own with its own standard output and error, as from the command line, but for the seconds of
processor time that the imports of Dagster and Great Expectations take each time. Requests come as lines of JSON on
standard input, {"arguments", "environment", "changes", "out", "error"}; each is answered by {"pid"} on standard
output, and later by {"pid", "status"} when that run has ended (a negative status is a signal's number).
"""

from __future__ import annotations

import json
import os
import select
import signal
import sys
from typing import Any

from tests.simulation.changes import apply_changes


def serve() -> None:
    """Until standard input ends."""
    import great_expectations  # noqa: F401

    import pipelines.run  # noqa: F401

    wakeup, on_child = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(on_child)
    waiting = b""
    answer({"ready": True})
    while True:
        readable, _, _ = select.select([0, wakeup], [], [])
        if wakeup in readable:
            os.read(wakeup, 4096)
            report_ended()
        if 0 in readable:
            received = os.read(0, 65_536)
            if not received:
                return
            *requests, waiting = (waiting + received).split(b"\n")
            for request in requests:
                answer({"pid": fork_run(json.loads(request))})


def fork_run(request: dict[str, Any]) -> int:
    """The process id of the run."""
    pid = os.fork()
    if pid:
        return pid
    status = 70
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for descriptor, path in ((1, request["out"]), (2, request["error"])):
            os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644), descriptor)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.environ.update(request["environment"])
        status = run(request)
        sys.stdout.flush()
    finally:
        os._exit(status)


def run(request: dict[str, Any]) -> int:
    """What the forked process does: the entry point, with the request's changes."""
    import traceback

    import pipelines.run

    try:
        apply_changes(request["changes"])
        return pipelines.run.main(request["arguments"])
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else 1
    except BaseException:
        traceback.print_exc()
        return 71


def report_ended() -> None:
    """Tell of every run that has ended."""
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        answer({"pid": pid, "status": os.waitstatus_to_exitcode(status)})


def answer(content: dict[str, Any]) -> None:
    """One line of JSON."""
    os.write(1, json.dumps(content).encode() + b"\n")


if __name__ == "__main__":
    serve()
