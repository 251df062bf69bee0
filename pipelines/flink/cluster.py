"""Watches and ends jobs of a Flink cluster over its REST interface; standard library only."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any

from stacks.topology.data_plane import Flink
from stacks.topology.errors import ColoError

RUNNING = "RUNNING"
FINISHED = "FINISHED"
ENDED = (FINISHED, "FAILED", "CANCELED")


@dataclass(frozen=True)
class Job:
    """One submitted job."""

    flink: Flink
    job_id: str

    def state(self) -> str:
        """RUNNING, RESTARTING, FINISHED, ..."""
        return str(_call(self.flink, f"/jobs/{self.job_id}/status")["status"])

    def failure(self) -> str:
        """The latest exception in one line, empty if there was none: endless restarts never become FAILED."""
        entries = _call(self.flink, f"/jobs/{self.job_id}/exceptions?maxExceptions=1")["exceptionHistory"]["entries"]
        return _cause(entries[0]["stacktrace"]) if entries else ""

    def checkpoints(self) -> dict[str, int]:
        """Numbers of completed and failed checkpoints."""
        counts = _call(self.flink, f"/jobs/{self.job_id}/checkpoints")["counts"]
        return {name: int(counts[name]) for name in ("completed", "failed")}

    def last_checkpoint(self) -> str | None:
        """Path of the latest completed checkpoint, from which a job can be submitted again."""
        latest = _call(self.flink, f"/jobs/{self.job_id}/checkpoints")["latest"]["completed"]
        return str(latest["external_path"]) if latest else None

    def checkpoint_now(self, seconds_max: float = 30.0) -> bool:
        """Take a checkpoint at once; True when it is complete, at which the source has committed its offsets."""
        return self._operate("checkpoints", "checkpoints", {}, seconds_max)

    def drain(self, seconds_max: float = 60.0) -> bool:
        """Stop the job in such a way that all its windows fire and its sinks are flushed first; True when FINISHED."""
        if not self._operate("stop", "savepoints", {"drain": True}, seconds_max):
            return False
        deadline = time.monotonic() + seconds_max
        while (state := self.state()) not in ENDED and time.monotonic() < deadline:
            time.sleep(0.1)
        return state == FINISHED

    def cancel(self) -> None:
        """End the job at once; nothing happens to one that has ended."""
        if self.state() not in ENDED:
            _call(self.flink, f"/jobs/{self.job_id}?mode=cancel", method="PATCH")

    def _operate(self, verb: str, kind: str, body: dict[str, Any], seconds_max: float) -> bool:
        """Start an operation and wait for it; False where it failed or the job cannot take it now."""
        try:
            request = _call(self.flink, f"/jobs/{self.job_id}/{verb}", body)["request-id"]
            deadline = time.monotonic() + seconds_max
            while time.monotonic() < deadline:
                answer = _call(self.flink, f"/jobs/{self.job_id}/{kind}/{request}")
                if answer["status"]["id"] == "COMPLETED":
                    return "failure-cause" not in answer.get("operation", {})
                time.sleep(0.05)
        except FlinkError:
            return False
        return False


class FlinkError(ColoError):
    """The cluster refused a request or does not answer."""


def running_jobs(flink: Flink) -> list[Job]:
    """Jobs that have not ended."""
    jobs = _call(flink, "/jobs")["jobs"]
    return [Job(flink, job["id"]) for job in jobs if job["status"] not in ENDED]


def _call(flink: Flink, path: str, body: dict[str, Any] | None = None, method: str | None = None) -> dict[str, Any]:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(
        f"http://{flink.address}:{flink.rest_port}{path}", data, {"Content-Type": "application/json"}, method=method
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return dict(json.load(answer))
    except urllib.error.HTTPError as error:
        text = error.read().decode(errors="replace")
        raise FlinkError(f"Flink at {flink.address}:{flink.rest_port} refused {path}: {text[:300]}") from error
    except (OSError, ValueError) as error:
        raise FlinkError(f"Flink at {flink.address}:{flink.rest_port} does not answer: {error}") from error


def _cause(stacktrace: str) -> str:
    """The innermost cause of a Java stack trace, in one line."""
    causes = [line for line in stacktrace.splitlines() if line.startswith("Caused by: ")]
    first = stacktrace.splitlines()[0] if stacktrace else ""
    return (causes[-1].removeprefix("Caused by: ") if causes else first)[:500]
