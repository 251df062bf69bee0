"""The bars of one run, from submission to the last window.

    program, submission = prepare_bars(...)     # a program for the supervisor, started beside everything else
    job = submission.job(supervisor)            # when the cluster has it
    complete_bars(submission, job, ends, ...)   # when the stream has ended

The job reads its topic from the beginning each time it is submitted, and upserts: whatever an earlier job of the same
run wrote is written again with the same values. Complete means: the source's offsets, committed by a checkpoint, are
past the message that ends each partition, and the job was then drained, which fires every window and flushes the sink.
The connector commits only when its reader wakes, and at the end of a stream that sleeps for up to ten seconds in
`poll`: an empty message wakes it.
"""

from __future__ import annotations

import json
import os
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from confluent_kafka import Consumer, Producer, TopicPartition

from pipelines.flink.cluster import ENDED, FlinkError, Job
from pipelines.flink.render import render_bars_job
from pipelines.services.flink import submission_environment
from pipelines.services.kafka import bootstrap_servers
from pipelines.services.programs import ServicePlaces
from pipelines.stream.topics import StreamRun, headers
from pipelines.supervisor import Program, Supervisor
from stacks.topology.data_plane import BarsJob, Services
from stacks.topology.errors import ColoError

ROOT = Path(__file__).resolve().parents[2]
SUBMISSION_S_MAX = 120.0


@dataclass(frozen=True)
class Submission:
    """A bars job on its way to the cluster."""

    plane: Services
    declared: BarsJob
    topic: str
    group: str
    """Consumer group of this very submission: its committed offsets tell how far the job has read."""
    program: Program

    def job(self, supervisor: Supervisor) -> Job:
        """Wait until the submitting program has ended; ColoError with its own words if the cluster has no job then."""
        status = supervisor.wait(self.program.name, SUBMISSION_S_MAX)
        if status is None:
            supervisor.stop(self.program.name)
            raise ColoError(f"Flink job {self.declared.name} was not submitted within {SUBMISSION_S_MAX:g} s")
        lines = self.program.log_file.read_text(errors="replace").splitlines()
        answers = [line for line in lines if line.startswith('{"job_id"')]
        if status != 0 or not answers:
            causes = [line for line in lines if "Caused by" in line or "Error" in line or "Exception" in line]
            said = (causes or lines or ["nothing"])[-1].strip()
            log_file = self.program.log_file
            raise ColoError(f"Flink job {self.declared.name} cannot be submitted: {said} (log: {log_file})")
        return Job(self.plane.flink, json.loads(answers[-1])["job_id"])


def prepare_bars(plane: Services, declared: BarsJob, run: StreamRun, places: ServicePlaces) -> Submission:
    """Render the job into a private file, and make the program that submits it from there."""
    group = f"{declared.name}.{run.run_id}.{secrets.token_hex(4)}"
    topic = run.topics[declared.source.kind]
    password = places.password_file(plane).read_text().strip()
    rendered = render_bars_job(plane, declared, run.day, topic, group, places.flink_jars, password)
    file = places.flink_directory.absolute() / f"{declared.name}.json"
    file.unlink(missing_ok=True)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        json.dump(rendered, out)
    python = places.flink_environment.absolute() / "bin" / "python"
    variables = submission_environment(places.flink_directory, places.flink_environment, places.class_data)
    program = Program(
        name=f"flink-submit-{declared.name}",
        command=(str(python), "-m", "pipelines.flink.bars_job", str(file)),
        log_file=places.flink_directory / f"{declared.name}.log",
        environment={**variables, "PYTHONPATH": ""},
        working_directory=ROOT,
    )
    return Submission(plane, declared, topic, group, program)


def complete_bars(
    submission: Submission,
    job: Job,
    ends: dict[int, int],
    seconds_max: float,
    progress: Callable[[float], None] = lambda _share: None,
) -> None:
    """Wait until `job` has read each partition past `ends` (offset of its last message), then drain it.

    `progress` gets the share of the messages read. ColoError names the job's latest exception if it takes longer than
    `seconds_max`, or if the job ended by itself. A job that is given up is cancelled: restarting for ever, it would
    keep its slots from the next one.
    """
    deadline = time.monotonic() + seconds_max
    client = {"bootstrap.servers": bootstrap_servers(submission.plane.kafka), "log_level": 0}
    reader, waker = Consumer({**client, "group.id": submission.group}), Producer(client)
    try:
        while time.monotonic() < deadline:
            if (state := _state(job)) in ENDED:
                raise ColoError(f"Flink job {submission.declared.name} ended as {state} too early: {job.failure()}")
            if job.checkpoint_now():
                for partition in ends:
                    waker.produce(submission.topic, b"", partition=partition, headers=headers())
                waker.flush(10)
                time.sleep(0.05)
                read = _committed(reader, submission.topic, list(ends))
                progress(sum(read.values()) / max(1, sum(offset + 1 for offset in ends.values())))
                if all(read[partition] > offset for partition, offset in ends.items()) and job.drain():
                    return
            time.sleep(0.2)
    finally:
        reader.close()
    reason = job.failure() or "no error was reported"
    job.cancel()
    raise ColoError(f"Flink job {submission.declared.name} was not complete within {seconds_max:g} s: {reason}")


def _state(job: Job) -> str:
    try:
        return job.state()
    except FlinkError:
        return "UNKNOWN"  # the job manager restarts, or is too busy to answer: the deadline decides


def _committed(reader: Consumer, topic: str, partitions: list[int]) -> dict[int, int]:
    places = reader.committed([TopicPartition(topic, partition) for partition in partitions], timeout=30)
    return {place.partition: max(0, place.offset) for place in places}
