"""Publishes a journal to Kafka, exactly once: each record of the journal is one record of one topic, whatever dies.

    python -m pipelines.stream.publisher --plane plane.json ... (see main)

The position in the journal is committed in the same Kafka transaction as the records up to it. A publisher that comes
after one that was killed asks for the transactional id, which fences the dead one and aborts what it left open, then
reads the position and goes on there: no record twice, none missing. The normaliser holds the book, so it is fed from
the journal's start again; what lies before the position is computed and not sent. A journal has one feed channel,
which is the key of its messages, so that their order is kept; when Kafka is slow, the publisher waits and the journal
grows: nothing is dropped.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy
from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition

from pipelines.services.kafka import bootstrap_servers
from pipelines.stream.topics import KINDS, StreamRun, end_headers, headers
from stacks.topology.data_plane import Kafka
from stacks.topology.errors import ColoError

POLL_S = 0.02
REQUEST_S_MAX = 10.0
OUTAGE_S_MAX = 120.0
TRANSACTION_MS_MAX = 60_000


class RecordSource(Protocol):
    """Normalised records of a journal, in the order of the journal, read from its start."""

    def read(self, from_offset: int, records_max: int) -> tuple[numpy.ndarray, numpy.ndarray, int]:
        """(ticks, order events, next offset); empty arrays and the same offset where nothing new is there yet."""
        ...


@dataclass(frozen=True)
class Position:
    """How far the topics follow the journal: the next journal offset, and the records sent so far by kind."""

    journal_offset: int = 0
    ticks: int = 0
    order_events: int = 0
    ended: bool = False


class Publisher:
    """One journal, one feed channel, one pair of topics."""

    def __init__(self, kafka: Kafka, run: StreamRun, channel: int = 0) -> None:
        self._kafka = kafka
        self._run = run
        self._key = str(channel).encode()
        self._partitions = {kind: channel % run.partitions[kind] for kind in KINDS}
        self._group = f"publisher.{run.topics[KINDS[0]]}"
        self._consumer = Consumer(
            {"bootstrap.servers": bootstrap_servers(kafka), "group.id": self._group, "log_level": 0}
        )
        self._producer = Producer(_producer_settings(kafka, run, self._group))
        # Fences a predecessor, and ends what it left open, before the position is read.
        _patiently(lambda: self._producer.init_transactions(REQUEST_S_MAX), time.monotonic() + OUTAGE_S_MAX)
        self.position = self._read_position()

    def publish(
        self,
        source: RecordSource,
        ended: Callable[[], bool],
        progress: Callable[[Position], None] = lambda _position: None,
        records_max: int = 65_536,
    ) -> Position:
        """Follow the journal until `ended()` is true and it has no more records, then mark the end of the stream."""
        offset = 0
        while not self.position.ended:
            last = ended()  # asked before the read: what was written before the end is then seen by it
            ticks, order_events, next_offset = source.read(offset, records_max)
            if next_offset > max(offset, self.position.journal_offset):
                self._send({"ticks": ticks, "order_events": order_events}, next_offset)
                progress(self.position)
            elif next_offset == offset and last:
                self._end()
                progress(self.position)
            elif next_offset == offset:
                time.sleep(POLL_S)
            offset = next_offset
        return self.position

    def _send(self, batch: dict[str, numpy.ndarray], next_offset: int) -> None:
        fresh = {kind: rows[rows["journal_offset"] >= self.position.journal_offset] for kind, rows in batch.items()}

        def produce() -> None:
            for kind, rows in fresh.items():
                for start in range(0, len(rows), self._kafka.records_per_message):
                    packed = rows[start : start + self._kafka.records_per_message].tobytes()
                    self._produce(kind, packed, headers(), self._partitions[kind])

        ticks, order_events = len(fresh["ticks"]), len(fresh["order_events"])
        self._transact(
            produce, Position(next_offset, self.position.ticks + ticks, self.position.order_events + order_events)
        )

    def _end(self) -> None:
        def produce() -> None:
            for kind in KINDS:
                for partition in range(self._run.partitions[kind]):
                    sent = getattr(self.position, kind) if partition == self._partitions[kind] else 0
                    self._produce(kind, b"", end_headers(sent), partition)

        self._transact(produce, Position(**{**asdict(self.position), "ended": True}))

    def _transact(self, produce: Callable[[], None], position: Position) -> None:
        """Make what `produce` sends and the new position visible together, once, however often it takes."""
        deadline = time.monotonic() + OUTAGE_S_MAX
        place = TopicPartition(
            self._run.topics[KINDS[0]], 0, position.journal_offset, metadata=json.dumps(asdict(position))
        )
        group = self._consumer.consumer_group_metadata()
        while True:
            try:
                self._producer.begin_transaction()
                produce()
                _patiently(lambda: self._producer.send_offsets_to_transaction([place], group, REQUEST_S_MAX), deadline)
                _patiently(lambda: self._producer.commit_transaction(REQUEST_S_MAX), deadline)
                self.position = position
                return
            except KafkaException as error:
                if not error.args[0].txn_requires_abort() or time.monotonic() > deadline:
                    raise
                _patiently(lambda: self._producer.abort_transaction(REQUEST_S_MAX), deadline)

    def _produce(self, kind: str, value: bytes, with_headers: list[tuple[str, bytes]], partition: int) -> None:
        while True:
            try:
                self._producer.produce(self._run.topics[kind], value, self._key, partition, headers=with_headers)
                return
            except BufferError:  # the queue is full: Kafka is slower than the journal, which keeps what waits
                self._producer.poll(0.1)

    def _read_position(self) -> Position:
        place = self._consumer.committed([TopicPartition(self._run.topics[KINDS[0]], 0)], timeout=OUTAGE_S_MAX)[0]
        if place.error:
            raise KafkaException(place.error)
        return Position(**json.loads(place.metadata)) if place.offset >= 0 else Position()


def _patiently(call: Callable[[], Any], deadline: float) -> None:
    """Repeat a request that a restarting broker may answer later; other errors, and the deadline, are raised."""
    while True:
        try:
            call()
            return
        except KafkaException as error:
            if not error.args[0].retriable() or time.monotonic() > deadline:
                raise


class JournalSource:
    """The real journal, through the normaliser of the engine."""

    def __init__(self, journal_directory: Path, reference_data: str) -> None:
        import colo_engine

        self._directory = str(journal_directory)
        self._normaliser = colo_engine.Normaliser(reference_data)

    def read(self, from_offset: int, records_max: int) -> tuple[numpy.ndarray, numpy.ndarray, int]:
        """See RecordSource."""
        if not Path(self._directory).is_dir():
            return numpy.empty(0), numpy.empty(0), from_offset
        ticks, order_events, next_offset = self._normaliser.read(self._directory, from_offset, records_max)
        return ticks, order_events, next_offset


def _producer_settings(kafka: Kafka, run: StreamRun, transactional_id: str) -> dict[str, Any]:
    declared = kafka.topic(run.day.mic, KINDS[0])
    return {
        "bootstrap.servers": bootstrap_servers(kafka),
        "transactional.id": transactional_id,
        "transaction.timeout.ms": TRANSACTION_MS_MAX,
        "enable.idempotence": True,
        "acks": "all",
        "compression.type": declared.compression,
        "linger.ms": kafka.linger_ms,
        "batch.size": kafka.batch_bytes,
        "message.max.bytes": 8 * 1024 * 1024,
        "queue.buffering.max.kbytes": 65_536,
        "log_level": 0,
    }


def main(arguments: list[str] | None = None) -> int:
    """Publish a run's journal until the file of --end exists; prints its position as a line of JSON a second."""
    from stacks.sites import load_site

    parser = argparse.ArgumentParser(prog="publisher", description="Publish a journal to Kafka.")
    parser.add_argument("--site", required=True, help="declared site, with services")
    parser.add_argument("--stream", type=Path, required=True, help="file of the run's stream, made by open_stream")
    parser.add_argument("--journal", type=Path, required=True, help="folder of the journal")
    parser.add_argument("--reference-data", type=Path, required=True, help="reference_data.json of the run")
    parser.add_argument(
        "--end", type=Path, required=True, help="file whose existence tells that the journal is complete"
    )
    options = parser.parse_args(arguments)
    reporter = Reporter()
    try:
        plane = load_site(options.site).data_plane
        if plane.kind != "services":
            raise ColoError(f"site {options.site} has no services to publish to")
        publisher = Publisher(plane.kafka, StreamRun.from_json(options.stream.read_text()))
        source = JournalSource(options.journal, options.reference_data.read_text())
        publisher.publish(source, options.end.exists, lambda position: reporter.report(**asdict(position)))
    except (ColoError, OSError) as error:
        print(f"publisher: {error}", file=sys.stderr)
        return 1
    except KafkaException as error:
        print(f"publisher: Kafka at {bootstrap_servers(plane.kafka)}: {error.args[0].str()}", file=sys.stderr)
        return 1
    reporter.report(force=True, **asdict(publisher.position))
    return 0


class Reporter:
    """Prints a line of JSON at most once a second, for whoever shows progress."""

    def __init__(self) -> None:
        self._next = 0.0

    def report(self, force: bool = False, **figures: Any) -> None:
        """Print `figures` if a second has passed since the last line, or at once."""
        now = time.monotonic()
        if force or now >= self._next:
            self._next = now + 1.0
            print(json.dumps(figures), flush=True)


if __name__ == "__main__":
    sys.exit(main())
