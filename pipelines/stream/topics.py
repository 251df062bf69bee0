"""The Kafka topics of one run of one trading day, and what their messages look like.

A message holds many normalised records (engine/records.py) one behind the other. Its headers name the layout; the
last message of a partition is empty and carries, instead, how many records the partition holds: the end of the stream.

Topics are scoped to a run, "<declared name>.<trading day>.<run id>", because records carry no run of their own: a new
complete run of a day gets fresh topics, and those of the day's earlier runs are deleted. Everything in Kafka and in the
store can be made again from the journal, so wherever the parts disagree about which run they hold, the run starts over
with a new id instead of guessing.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy
from confluent_kafka import Message

from engine import records
from pipelines.json_file import write_whole
from pipelines.services.kafka import create_topics, delete_topics, topic_names
from pipelines.store.postgresql import PostgresqlStore
from pipelines.store.tick_store import ORDER_EVENTS, TICKS, Day
from stacks.topology.data_plane import Kafka
from stacks.topology.errors import ColoError

KINDS = (TICKS, ORDER_EVENTS)
SCHEMA_HEADER = "colo.schema"
END_HEADER = "colo.end_of_stream"


@dataclass(frozen=True)
class StreamRun:
    """One run's stream: whose day it is, and the names of its topics by kind."""

    day: Day
    run_id: str
    topics: dict[str, str]
    partitions: dict[str, int]

    def to_json(self) -> str:
        """Text from which another process makes the same run."""
        names = {kind: [self.topics[kind], self.partitions[kind]] for kind in KINDS}
        day = [self.day.mic, self.day.trading_day.isoformat()]
        return json.dumps({"day": day, "run_id": self.run_id, "topics": names}, indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str) -> StreamRun:
        """The run that `to_json` described."""
        entry = json.loads(text)
        day = Day(entry["day"][0], date.fromisoformat(entry["day"][1]))
        topics = {kind: name for kind, (name, _) in entry["topics"].items()}
        return cls(day, entry["run_id"], topics, {kind: count for kind, (_, count) in entry["topics"].items()})


def open_stream(kafka: Kafka, store: PostgresqlStore, day: Day, run_file: Path) -> StreamRun:
    """The stream of the run that `run_file` remembers (in the run's folder); a fresh one unless all of it is there.

    Resumed, if the file, the day in the store and the topics all belong to the same run. Otherwise new topics are
    made, older topics of the day deleted, the day in the store emptied, and the file written, in this order: a crash
    between two steps leads to a fresh stream again.
    """
    known = _read(run_file)
    present = topic_names(kafka)
    complete = known is not None and all(name in present for name in known.topics.values())
    if known and complete and known.day == day and store.run_id(day) == known.run_id:
        return known
    run_file.unlink(missing_ok=True)
    run = _new_run(kafka, day)
    create_topics(kafka, {run.topics[kind]: kafka.topic(day.mic, kind) for kind in KINDS})
    delete_topics(kafka, [name for name in present if name.startswith(_prefixes(kafka, day))])
    store.begin_day(day, run.run_id)
    run_file.parent.mkdir(parents=True, exist_ok=True)
    write_whole(run_file, run.to_json())
    return run


def headers() -> list[tuple[str, bytes]]:
    """Headers of a message of records."""
    return [(SCHEMA_HEADER, str(records.schema_id()).encode())]


def end_headers(records_sent: int) -> list[tuple[str, bytes]]:
    """Headers of the empty message that ends a partition."""
    return [*headers(), (END_HEADER, str(records_sent).encode())]


def decode(message: Message) -> numpy.ndarray | int:
    """The records of a message, or the number of records in the partition if it is the one that ends it.

    ColoError names topic, partition and offset of a message in another layout.
    """
    found = dict(message.headers() or [])
    schema = found.get(SCHEMA_HEADER)
    where = f"{message.topic()}[{message.partition()}] at offset {message.offset()}"
    if schema != str(records.schema_id()).encode():
        name = schema.decode(errors="replace") if isinstance(schema, bytes) else "none"
        raise ColoError(f"{where}: records of layout {name}, this release reads {records.schema_id()}")
    if END_HEADER in found:
        return int(found[END_HEADER] or b"0")
    value = message.value() or b""
    if len(value) % records.RECORD_BYTES:
        raise ColoError(f"{where}: {len(value)} bytes are no multiple of a record of {records.RECORD_BYTES}")
    return numpy.frombuffer(value, records.numpy_dtype())


def _new_run(kafka: Kafka, day: Day) -> StreamRun:
    run_id = secrets.token_hex(4)
    declared = {kind: kafka.topic(day.mic, kind) for kind in KINDS}
    names = {kind: f"{topic.name}.{day.trading_day.isoformat()}.{run_id}" for kind, topic in declared.items()}
    return StreamRun(day, run_id, names, {kind: topic.partitions for kind, topic in declared.items()})


def _prefixes(kafka: Kafka, day: Day) -> tuple[str, ...]:
    return tuple(f"{kafka.topic(day.mic, kind).name}.{day.trading_day.isoformat()}." for kind in KINDS)


def _read(run_file: Path) -> StreamRun | None:
    try:
        return StreamRun.from_json(run_file.read_text())
    except (OSError, ValueError, KeyError, TypeError):
        return None
