"""Bars from Flink are the bars from DuckDB, byte for byte, also when the task manager is killed on the way."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from pipelines.flink.bars import complete_bars, prepare_bars
from pipelines.flink.cluster import running_jobs
from pipelines.flink.render import render_bars_job, render_insert, render_source
from pipelines.services import flink
from pipelines.services.programs import cluster
from pipelines.store.embedded import EmbeddedStore
from pipelines.store.tick_store import TICKS, Day, content_hash
from pipelines.stream.loader import Loader
from pipelines.stream.publisher import Publisher
from pipelines.stream.topics import open_stream
from stacks.sites import load_site
from stacks.topology.errors import ColoError
from tests.pipelines.live_plane import LivePlane
from tests.pipelines.synthetic import DAY, SyntheticSource, synthetic_records

PLANE = load_site("lab").data_plane
assert PLANE.kind == "services"
JOB = PLANE.flink.jobs[0]


def test_the_source_is_the_record_in_event_time():
    text = render_source(PLANE.kafka, JOB, "some-topic", "some-group", 1)
    assert "`event_time_ns` BIGINT NOT NULL" in text and "`action` TINYINT NOT NULL" in text
    assert "'format' = 'packed-records'" in text and "'topic' = 'some-topic'" in text
    assert "'properties.isolation.level' = 'read_committed'" in text


def test_rows_carry_their_day():
    assert "CAST('XNAS' AS STRING), DATE '2012-06-21'" in render_insert(JOB, DAY)


def test_a_password_with_a_quote_stays_one_word():
    rendered = render_bars_job(PLANE, JOB, DAY, "t", "g", Path("nowhere"), "it's")
    assert "'password' = 'it''s'" in rendered["sink"]
    assert "it's" not in rendered["insert"] + rendered["source"]


def duckdb_hash(day: Day, source: SyntheticSource, directory: Path) -> str:
    declared = load_site("desk").data_plane
    assert declared.kind == "embedded"
    store = EmbeddedStore(directory, declared)
    store.write_day(day, "one", source.parts(50_000))
    return content_hash(store, JOB.bars.name, day)


@pytest.mark.services
@pytest.mark.parametrize("kill", [False, True], ids=["undisturbed", "task manager killed"])
def test_flink_makes_the_same_bars_as_duckdb(live_cluster: LivePlane, day: Day, tmp_path: Path, seed: int, kill: bool):
    live, supervisor = live_cluster, live_cluster.supervisor
    ticks, order_events = synthetic_records(seed, 60_000)
    source = SyntheticSource(ticks, order_events, 6_000.0 if kill else 0.0)
    with live.store() as store:
        run = open_stream(live.plane.kafka, store, day, tmp_path / "topics.json")
        submission = prepare_bars(live.plane, live.plane.flink.jobs[0], run, live.places)
        supervisor.start(submission.program)
        publisher = Publisher(live.plane.kafka, run)
        job = submission.job(supervisor)
        publishing = threading.Thread(target=publisher.publish, args=(source, source.all_written), daemon=True)
        publishing.start()
        if kill:
            await_checkpoints(job, 2)
            supervisor.kill(flink.TASK_MANAGER)
            supervisor.start(cluster(live.plane, live.places)[1])
        loader = Loader(live.plane.kafka, store, run)
        loader.load()
        publishing.join(60)
        complete_bars(submission, job, store.last_offsets(run.topics[TICKS]), 90)
        assert job.state() == "FINISHED"
        expected = duckdb_hash(day, SyntheticSource(ticks, order_events), tmp_path / "store")
        assert content_hash(store, JOB.bars.name, day) == expected


def await_checkpoints(job, count: int) -> None:
    deadline = time.monotonic() + 60
    while job.checkpoints()["completed"] < count and time.monotonic() < deadline:
        time.sleep(0.1)
    assert job.checkpoints()["completed"] >= count


@pytest.mark.services
def test_a_job_that_cannot_be_planned_is_one_sentence(live_cluster: LivePlane, day: Day, tmp_path: Path):
    live = live_cluster
    with live.store() as store:
        run = open_stream(live.plane.kafka, store, day, tmp_path / "topics.json")
    declared = live.plane.flink.jobs[0]
    # A sink that cannot exist: PostgreSQL's connector refuses the URL when the job is planned.
    wrong = live.plane.model_copy(
        update={"postgres": live.plane.postgres.model_copy(update={"address": "127.0.0.1:bad/"})}
    )
    submission = prepare_bars(wrong, declared, run, live.places)
    live.supervisor.start(submission.program)
    with pytest.raises(ColoError, match=r"Flink job bars_1s (cannot be submitted: .*\(log: .*\)|ended|was not)"):
        complete_bars(submission, submission.job(live.supervisor), {0: 10}, 10)
    await_no_job(live)


def await_no_job(live: LivePlane) -> None:
    """A job that was given up leaves its slots to the next one."""
    deadline = time.monotonic() + 20
    while (left := running_jobs(live.plane.flink)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not left
