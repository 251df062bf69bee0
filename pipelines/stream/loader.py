"""Loads ticks and order events from Kafka into PostgreSQL, exactly once.

Rows are copied (binary COPY) in one transaction with the offsets of the messages that they came from, and reading
starts from the offsets in the database, never from Kafka's. The offsets are moved by compare-and-set: if another
loader, or the session of a killed one that the server is still committing, moved them first, this transaction is
rolled back and reading starts over from where they are now. Only committed messages are read.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy
import psycopg
from confluent_kafka import Consumer, KafkaError, Message, TopicPartition

from engine import records
from pipelines.services.kafka import bootstrap_servers
from pipelines.store.copy_binary import HEADER, TRAILER, copy_dtype, encode_rows
from pipelines.store.postgresql import PostgresqlStore
from pipelines.stream.publisher import Reporter
from pipelines.stream.topics import KINDS, StreamRun, decode
from stacks.topology.data_plane import Kafka
from stacks.topology.errors import ColoError

MESSAGES_MAX = 512
WAIT_S = 0.1

COLUMNS = ", ".join(("mic", "trading_day", *records.field_names()))


@dataclass
class Place:
    """How far one partition is stored."""

    next_offset: int = 0
    records: int = 0
    ended: bool = False


class OffsetsMovedError(Exception):
    """Somebody else stored messages that this loader was about to store."""


class Loader:
    """Loads both topics of a run into its day of the store."""

    def __init__(self, kafka: Kafka, store: PostgresqlStore, run: StreamRun) -> None:
        self._kafka = kafka
        self._store = store
        self._run = run
        self._kinds = {run.topics[kind]: kind for kind in KINDS}
        self._wire = copy_dtype(records.numpy_dtype(), mic=True)
        # The offsets are in the same transaction as the rows: what an unflushed commit can lose at a power failure is
        # lost together and loaded again.
        store.connection.execute("SET synchronous_commit = off")
        self._consumer = Consumer(_consumer_settings(kafka, run))
        self.places: dict[tuple[str, int], Place] = {}
        self._seek()

    def load(self, progress: Callable[[dict[str, int]], None] = lambda _rows: None) -> dict[str, int]:
        """Load until every partition has ended; rows by kind. ColoError if a count is not what was published."""
        while not all(place.ended for place in self.places.values()):
            messages = self._consumer.consume(MESSAGES_MAX, WAIT_S)
            if not messages:
                continue
            try:
                self._store_messages(messages)
            except OffsetsMovedError:
                self._seek()
            progress(self.rows())
        return self.rows()

    def rows(self) -> dict[str, int]:
        """Rows stored so far, by kind."""
        totals = dict.fromkeys(KINDS, 0)
        for (topic, _), place in self.places.items():
            totals[self._kinds[topic]] += place.records
        return totals

    def close(self) -> None:
        """Leave Kafka; the store is the caller's."""
        self._consumer.close()

    def _store_messages(self, messages: list[Message]) -> None:
        waiting: dict[str, list[numpy.ndarray]] = {kind: [] for kind in KINDS}
        moved: dict[tuple[str, int], Place] = {}
        for message in messages:
            if error := message.error():
                self._refuse(error)
                continue
            key = (message.topic() or "", message.partition() or 0)
            place = moved.setdefault(key, Place(**vars(self.places[key])))
            content = decode(message)
            if isinstance(content, int):
                place.ended = True
                if content != place.records:
                    raise ColoError(f"{key[0]}[{key[1]}]: {content} records were published, {place.records} arrived")
            else:
                place.records += len(content)
                waiting[self._kinds[key[0]]].append(content)
            place.next_offset = (message.offset() or 0) + 1
        with self._store.connection.transaction():
            for key, place in moved.items():
                self._move(key, self.places[key], place)
            for kind, parts in waiting.items():
                if parts:
                    self._copy(kind, numpy.concatenate(parts))
        self.places.update(moved)

    def _move(self, key: tuple[str, int], before: Place, after: Place) -> None:
        answer = self._store.connection.execute(
            "UPDATE stream_offsets SET next_offset = %s, records = %s, ended = %s "
            "WHERE topic = %s AND partition = %s AND next_offset = %s",
            (after.next_offset, after.records, after.ended, *key, before.next_offset),
        )
        if answer.rowcount != 1:
            raise OffsetsMovedError

    def _copy(self, kind: str, rows: numpy.ndarray) -> None:
        day = self._run.day
        query = f"COPY {self._store.target(kind, day)} ({COLUMNS}) FROM STDIN (FORMAT binary)"
        with self._store.connection.cursor() as cursor, cursor.copy(query) as copy:
            copy.write(HEADER)
            copy.write(encode_rows(rows, self._wire, day.mic, day.trading_day))
            copy.write(TRAILER)

    def _seek(self) -> None:
        """Read from where the database says that each partition is stored up to."""
        for kind in KINDS:
            for partition in range(self._run.partitions[kind]):
                topic = self._run.topics[kind]
                self._store.connection.execute(
                    "INSERT INTO stream_offsets VALUES (%s, %s, 0, 0, false) ON CONFLICT DO NOTHING", (topic, partition)
                )
                row = self._store.connection.execute(
                    "SELECT next_offset, records, ended FROM stream_offsets WHERE topic = %s AND partition = %s",
                    (topic, partition),
                ).fetchone()
                assert row is not None
                self.places[topic, partition] = Place(*row)
        unfinished = {key: place for key, place in self.places.items() if not place.ended}
        self._consumer.assign([TopicPartition(*key, place.next_offset) for key, place in unfinished.items()])

    def _refuse(self, error: KafkaError) -> None:
        """A broker that restarts comes back, the client waits for it; what cannot heal ends the loader."""
        if error.fatal() or error.code() in (KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError.OFFSET_OUT_OF_RANGE):
            raise ColoError(f"Kafka at {bootstrap_servers(self._kafka)}: {error.str()}")


def _consumer_settings(kafka: Kafka, run: StreamRun) -> dict[str, object]:
    return {
        "bootstrap.servers": bootstrap_servers(kafka),
        "group.id": f"loader.{run.run_id}",  # named because the client demands it; nothing is committed to Kafka
        "enable.auto.commit": False,
        "isolation.level": "read_committed",
        "auto.offset.reset": "error",
        "fetch.max.bytes": 32 * 1024 * 1024,
        "queued.max.messages.kbytes": 65_536,
        "log_level": 0,
    }


def main(arguments: list[str] | None = None) -> int:
    """Load a run's topics until they end, then index the day; prints rows as a line of JSON a second."""
    from stacks.sites import load_site

    parser = argparse.ArgumentParser(prog="loader", description="Load ticks and order events into PostgreSQL.")
    parser.add_argument("--site", required=True, help="declared site, with services")
    parser.add_argument("--stream", type=Path, required=True, help="file of the run's stream, made by open_stream")
    parser.add_argument("--password-file", type=Path, required=True, help="file with the password of the database")
    options = parser.parse_args(arguments)
    reporter = Reporter()
    try:
        plane = load_site(options.site).data_plane
        if plane.kind != "services":
            raise ColoError(f"site {options.site} has no services to load from")
        run = StreamRun.from_json(options.stream.read_text())
        with PostgresqlStore(plane.postgres, plane.bars, options.password_file) as store:
            began = time.monotonic()
            loader = Loader(plane.kafka, store, run)
            rows = loader.load(lambda stored: reporter.report(**stored))
            loader.close()
            store.finish_day(run.day)
    except (ColoError, OSError) as error:
        print(f"loader: {error}", file=sys.stderr)
        return 1
    except psycopg.Error as error:
        print(f"loader: PostgreSQL at {plane.postgres.address}:{plane.postgres.port}: {error}", file=sys.stderr)
        return 1
    reporter.report(force=True, **rows, elapsed_s=round(time.monotonic() - began, 3))
    return 0


if __name__ == "__main__":
    sys.exit(main())
