"""The bars of one run, from submission to the last window: what `make run` and the tests start and wait for.

    with submit_bars(plane, job, run, ...) ...: the submission is a process, started early, beside everything else
    complete_bars(...)                        when the stream has ended and is loaded

The job reads its topic from the beginning each time it is submitted, and upserts: whatever an earlier job of the same
run wrote is written again with the same values. Complete means: the source's offsets, committed by a checkpoint, are
past the message that ends each partition, and the job was then drained, which fires every window and flushes the sink.
"""

from __future__ import annotations

import json
import secrets
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from confluent_kafka import Consumer, TopicPartition

from pipelines.flink.cluster import ENDED, FlinkError, Job, running_jobs
from pipelines.flink.render import render_bars_job
from pipelines.services.kafka import bootstrap_servers
from pipelines.stream.topics import StreamRun
from stacks.topology.data_plane import BarsJob, Kafka, Services
from stacks.topology.errors import ColoError

SUBMISSION_S_MAX = 120.0


@dataclass(frozen=True)
class Places:
    """Where the parts of a submission lie."""

    root: Path
    """The checkout: what the submitting process imports from."""
    environment: Path
    """Flink's Python environment."""
    jars: Path
    """Connectors and format."""
    log_file: Path
    password_file: Path


class BarsSubmission:
    """A bars job that is being submitted by a process of Flink's environment, while others do other things."""

    def __init__(self, plane: Services, declared: BarsJob, run: StreamRun, places: Places) -> None:
        self.plane = plane
        self.declared = declared
        self.run = run
        self.topic = run.topics[declared.source.kind]
        self.group = f"{declared.name}.{run.run_id}.{secrets.token_hex(4)}"
        self._places = places
        self._began = time.monotonic()
        rendered = render_bars_job(
            plane, declared, run.day, self.topic, self.group, places.jars, places.password_file.read_text().strip()
        )
        places.log_file.parent.mkdir(parents=True, exist_ok=True)
        with places.log_file.open("wb") as log:
            self._process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", "--", str(places.environment / "bin" / "python")]
                + ["-m", "pipelines.flink.bars_job"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=places.root,
            )
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(rendered).encode())
        self._process.stdin.close()

    def job(self) -> Job:
        """Wait until the cluster has the job."""
        assert self._process.stdout is not None
        try:
            self._process.wait(SUBMISSION_S_MAX - (time.monotonic() - self._began))
        except subprocess.TimeoutExpired:
            self.cancel()
            raise ColoError(f"bars job {self.declared.name} was not submitted within {SUBMISSION_S_MAX:g} s") from None
        answer = self._process.stdout.read().decode(errors="replace").strip().splitlines()
        if self._process.returncode != 0 or not answer:
            lines = self._places.log_file.read_text(errors="replace").strip().splitlines()
            causes = [line for line in lines if "Caused by" in line or "Error" in line or "Exception" in line]
            said = (causes or lines or ["nothing"])[-1].strip()
            raise ColoError(f"bars job {self.declared.name} cannot be submitted (log: {self._places.log_file}): {said}")
        return Job(self.plane.flink, json.loads(answer[-1])["job_id"])

    def cancel(self) -> None:
        """End the submitting process, if it still runs."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()


def complete_bars(
    submission: BarsSubmission,
    job: Job,
    ends: dict[int, int],
    seconds_max: float,
    progress: Callable[[dict[int, int]], None] = lambda _offsets: None,
) -> None:
    """Wait until `job` has read each partition past `ends` (offset of its last message), then drain it.

    ColoError names the job's latest exception if that takes longer than `seconds_max`, or if the job ended before.
    """
    deadline = time.monotonic() + seconds_max
    reader = Consumer(
        {"bootstrap.servers": bootstrap_servers(submission.plane.kafka), "group.id": submission.group, "log_level": 0}
    )
    try:
        while time.monotonic() < deadline:
            if (state := _state(job)) in ENDED:
                raise ColoError(f"bars job {job.job_id} ended as {state} before its stream did: {job.failure()}")
            job.checkpoint_now()
            read = _committed(reader, submission.topic, list(ends))
            progress(read)
            if all(read[partition] > offset for partition, offset in ends.items()) and job.drain():
                return
            time.sleep(0.1)
    finally:
        reader.close()
    raise ColoError(f"bars job {job.job_id} was not complete within {seconds_max:g} s: {job.failure() or 'no error'}")


def end_offsets(kafka: Kafka, run: StreamRun, kind: str, stored: dict[tuple[str, int], int]) -> dict[int, int]:
    """Offset of the message that ends each partition, from the next offsets of a loader that has loaded everything."""
    topic = run.topics[kind]
    return {partition: next_offset - 1 for (name, partition), next_offset in stored.items() if name == topic}


def cancel_all(flink_jobs: list[Job]) -> None:
    """Cancel what runs: jobs that an interrupted run left on a cluster that outlived it."""
    for job in flink_jobs:
        job.cancel()


def _state(job: Job) -> str:
    try:
        return job.state()
    except FlinkError:
        return "UNKNOWN"  # the job manager restarts, or is too busy to answer: the deadline decides


def _committed(reader: Consumer, topic: str, partitions: list[int]) -> dict[int, int]:
    places = reader.committed([TopicPartition(topic, partition) for partition in partitions], timeout=30)
    return {place.partition: place.offset for place in places}


__all__ = ["BarsSubmission", "Places", "cancel_all", "complete_bars", "end_offsets", "running_jobs"]
