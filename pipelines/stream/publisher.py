"""Publishes a journal to Kafka, exactly once: each record of the journal is one record of one topic, whatever dies.

The position in the journal is in the same Kafka transaction as the records up to it (exact_producer.py), so that a
publisher which comes after one that was killed goes on at that position: no record twice, none missing. The
normaliser holds the book, so it is fed from the journal's start again; what lies before the position is computed and
not sent. A journal has one feed channel, which is the key of its messages, so that their order is kept; when Kafka is
slow, the publisher waits and the journal grows: nothing is dropped.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Protocol

import numpy
from confluent_kafka import KafkaException

from pipelines.services.kafka import bootstrap_servers
from pipelines.stream.exact_producer import ExactProducer, Outgoing, Position
from pipelines.stream.topics import KINDS, StreamRun, end_headers, headers
from stacks.topology.data_plane import Kafka
from stacks.topology.errors import ColoError

POLL_S = 0.02


class RecordSource(Protocol):
    """Normalised records of a journal, in the order of the journal, read from its start."""

    def read(self, from_offset: int, records_max: int) -> tuple[numpy.ndarray, numpy.ndarray, int]:
        """(ticks, order events, next offset); empty arrays and the same offset where nothing new is there yet."""
        ...


class Publisher:
    """One journal, one feed channel, one pair of topics."""

    def __init__(self, kafka: Kafka, run: StreamRun, channel: int = 0) -> None:
        self._kafka = kafka
        self._run = run
        self._key = str(channel).encode()
        self._partitions = {kind: channel % run.partitions[kind] for kind in KINDS}
        first = run.topics[KINDS[0]]
        settings = _producer_settings(kafka, run)
        self._producer = ExactProducer(f"publisher.{first}", first, self._partitions[KINDS[0]], settings)

    @property
    def position(self) -> Position:
        """How far the topics follow the journal."""
        return self._producer.position

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
        def step(position: Position) -> tuple[list[Outgoing], Position]:
            if position.journal_offset >= next_offset:
                return [], position
            fresh = {kind: rows[rows["journal_offset"] >= position.journal_offset] for kind, rows in batch.items()}
            messages = [message for kind, rows in fresh.items() for message in self._pack(kind, rows)]
            ticks, order_events = len(fresh["ticks"]), len(fresh["order_events"])
            return messages, Position(next_offset, position.ticks + ticks, position.order_events + order_events)

        self._producer.advance(step)

    def _pack(self, kind: str, rows: numpy.ndarray) -> Iterator[Outgoing]:
        for start in range(0, len(rows), self._kafka.records_per_message):
            packed = rows[start : start + self._kafka.records_per_message].tobytes()
            yield Outgoing(self._run.topics[kind], self._partitions[kind], self._key, packed, headers())

    def _end(self) -> None:
        def step(position: Position) -> tuple[list[Outgoing], Position]:
            messages = []
            for kind in KINDS:
                for partition in range(self._run.partitions[kind]):
                    sent = getattr(position, kind) if partition == self._partitions[kind] else 0
                    messages.append(Outgoing(self._run.topics[kind], partition, self._key, b"", end_headers(sent)))
            return ([], position) if position.ended else (messages, replace(position, ended=True))

        self._producer.advance(step)


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


def _producer_settings(kafka: Kafka, run: StreamRun) -> dict[str, Any]:
    return {
        "bootstrap.servers": bootstrap_servers(kafka),
        "compression.type": kafka.topic(run.day.mic, KINDS[0]).compression,
        "linger.ms": kafka.linger_ms,
        "batch.size": kafka.batch_bytes,
        "message.max.bytes": 8 * 1024 * 1024,
        "queue.buffering.max.kbytes": 65_536,
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
