"""Journal to Kafka to PostgreSQL, exactly once, whatever is killed in the middle."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import numpy
import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from pipelines.services import kafka, postgresql
from pipelines.services.kafka import bootstrap_servers, topic_names
from pipelines.services.programs import store_and_broker
from pipelines.store.tick_store import ORDER_EVENTS, TICKS, Day, hash_rows
from pipelines.stream.loader import Loader
from pipelines.stream.publisher import Publisher
from pipelines.stream.topics import StreamRun, open_stream
from stacks.topology.errors import ColoError
from tests.pipelines.live_plane import LivePlane
from tests.pipelines.synthetic import SyntheticSource, synthetic_records

pytestmark = pytest.mark.services

MESSAGES = 40_000
RATE = 10_000.0


def expected(seed: int, messages: int = MESSAGES) -> tuple[str, str]:
    ticks, order_events = synthetic_records(seed, messages)
    return hash_rows([ticks]), hash_rows([numpy.sort(order_events, order=["sequence", "journal_offset"])])


def open_run(live: LivePlane, day: Day, tmp_path: Path) -> StreamRun:
    with live.store() as store:
        return open_stream(live.plane.kafka, store, day, tmp_path / "topics.json")


def publish(live: LivePlane, run: StreamRun, seed: int, messages: int = MESSAGES) -> Publisher:
    source = SyntheticSource(*synthetic_records(seed, messages))
    publisher = Publisher(live.plane.kafka, run)
    publisher.publish(source, source.all_written)
    return publisher


def load(live: LivePlane, run: StreamRun) -> dict[str, int]:
    with live.store() as store:
        loader = Loader(live.plane.kafka, store, run)
        rows = loader.load()
        loader.close()
        store.finish_day(run.day)
        return rows


def test_what_is_stored_is_what_was_journaled(live_plane: LivePlane, day: Day, tmp_path: Path, seed: int):
    run = open_run(live_plane, day, tmp_path)
    position = publish(live_plane, run, seed).position
    assert (position.ticks, position.order_events, position.ended) == (MESSAGES, MESSAGES // 20, True)
    assert load(live_plane, run) == {TICKS: MESSAGES, ORDER_EVENTS: MESSAGES // 20}
    assert live_plane.hashes(day) == expected(seed)
    # Both go on where they were, and have nothing left to do.
    assert publish(live_plane, run, seed).position == position
    assert load(live_plane, run) == {TICKS: MESSAGES, ORDER_EVENTS: MESSAGES // 20}
    assert live_plane.hashes(day) == expected(seed)


def progress(live: LivePlane, run: StreamRun, name: str) -> int:
    """How far the publisher or the loader is, seen from outside."""
    if name == "publisher":
        consumer = Consumer({"bootstrap.servers": bootstrap_servers(live.plane.kafka), "group.id": "progress"})
        return consumer.get_watermark_offsets(TopicPartition(run.topics[TICKS], 0), 10)[1]
    with live.store() as store:
        query = "SELECT coalesce(sum(records), 0) FROM stream_offsets WHERE topic = ANY(%s)"
        row = store.connection.execute(query, (list(run.topics.values()),)).fetchone()
        return int(row[0]) if row else 0


def test_publisher_and_loader_killed_again_and_again(live_plane: LivePlane, day: Day, tmp_path: Path, seed: int):
    run, run_file = open_run(live_plane, day, tmp_path), tmp_path / "topics.json"
    supervisor, random = live_plane.supervisor, numpy.random.default_rng(seed)
    running = {
        "publisher": live_plane.publisher(run_file, seed, MESSAGES, RATE / 3),
        "loader": live_plane.loader(run_file),
    }
    supervisor.start(*running.values())
    kills, reached = dict.fromkeys(running, 0), dict.fromkeys(running, 0)
    deadline = time.monotonic() + 150
    while running and time.monotonic() < deadline:
        time.sleep(random.uniform(0.02, 0.2))
        for name, program in list(running.items()):
            if supervisor.poll(name) is not None:
                assert supervisor.wait(name) == 0, program.log_file.read_text()
                del running[name]
            elif kills[name] < 3 and progress(live_plane, run, name) > reached[name]:
                supervisor.kill(name)  # it has sent or stored something since it was started, and has more to do
                kills[name] += 1
                reached[name] = progress(live_plane, run, name)
                supervisor.start(program)
    assert not running and kills == {"publisher": 3, "loader": 3}
    assert live_plane.hashes(day) == expected(seed)


@pytest.mark.parametrize("victim", [kafka.NAME, postgresql.NAME])
def test_broker_or_database_killed_in_the_middle(
    live_plane: LivePlane, day: Day, tmp_path: Path, seed: int, victim: str
):
    run = open_run(live_plane, day, tmp_path)
    supervisor = live_plane.supervisor
    source = SyntheticSource(*synthetic_records(seed, MESSAGES), RATE)
    publisher = Publisher(live_plane.plane.kafka, run)
    publishing = threading.Thread(target=publisher.publish, args=(source, source.all_written), daemon=True)
    publishing.start()
    loader = live_plane.loader(tmp_path / "topics.json")
    supervisor.start(loader)
    time.sleep(1.5)
    supervisor.kill(victim)
    time.sleep(0.5)
    supervisor.start(*(each for each in store_and_broker(live_plane.plane, live_plane.places) if each.name == victim))
    supervisor.wait_ready(victim)
    status = supervisor.wait(loader.name, 60)
    if victim == postgresql.NAME:
        assert status == 1  # it says so and ends: whoever supervises it starts it again
        supervisor.start(loader)
        status = supervisor.wait(loader.name, 60)
    publishing.join(60)
    assert status == 0, loader.log_file.read_text()
    assert publisher.position.ended
    assert live_plane.hashes(day) == expected(seed)


def test_a_fresh_run_replaces_the_day_and_its_topics(live_plane: LivePlane, day: Day, tmp_path: Path, seed: int):
    first = open_run(live_plane, day, tmp_path)
    publish(live_plane, first, seed, 3_000)
    load(live_plane, first)
    assert open_run(live_plane, day, tmp_path) == first  # interrupted: goes on with the same
    second = open_run(live_plane, day, tmp_path / "fresh")
    assert second.run_id != first.run_id
    publish(live_plane, second, seed + 1, 2_000)
    load(live_plane, second)
    assert live_plane.hashes(day) == expected(seed + 1, 2_000)
    names = topic_names(live_plane.plane.kafka)
    assert not set(first.topics.values()) & set(names) and set(second.topics.values()) <= set(names)
    # The first run's folder comes back: its day is no longer in the store, so it starts over instead of mixing.
    assert open_run(live_plane, day, tmp_path).run_id not in (first.run_id, second.run_id)


def test_records_of_another_layout_are_refused(live_plane: LivePlane, day: Day, tmp_path: Path):
    run = open_run(live_plane, day, tmp_path)
    producer = Producer({"bootstrap.servers": bootstrap_servers(live_plane.plane.kafka)})
    producer.produce(run.topics[TICKS], bytes(128), partition=0, headers=[("colo.schema", b"17")])
    producer.flush(10)
    with live_plane.store() as store:
        loader = Loader(live_plane.plane.kafka, store, run)
        with pytest.raises(
            ColoError, match=rf"{run.topics[TICKS]}\[0\] at offset 0: records of layout 17, this release"
        ):
            loader.load()
        assert store.row_count(TICKS, day) == 0


def test_a_count_that_does_not_agree_is_refused(live_plane: LivePlane, day: Day, tmp_path: Path, seed: int):
    from pipelines.stream.topics import end_headers

    run = open_run(live_plane, day, tmp_path)
    producer = Producer({"bootstrap.servers": bootstrap_servers(live_plane.plane.kafka)})
    for kind in (TICKS, ORDER_EVENTS):
        producer.produce(run.topics[kind], b"", partition=0, headers=end_headers(5))
    producer.flush(10)
    with live_plane.store() as store, pytest.raises(ColoError, match="5 records were published, 0 arrived"):
        Loader(live_plane.plane.kafka, store, run).load()
