"""A Kafka producer whose messages become visible together with the journal position that they reach, exactly once.

The position is the last message of each transaction: an empty one whose header holds it as JSON. After any failure,
and there are many kinds when a broker dies under a transaction, one recovery serves them all: a new producer with the
same transactional id fences the old one and ends what it left open, either way, and the last committed position in the
topic tells whether that was committed or aborted. (Committing the position as a consumer group's offset would be the
usual way, but librdkafka's send_offsets_to_transaction ignores its timeout and hangs when the coordinator is lost.)
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition

from pipelines.stream.topics import headers

REQUEST_S_MAX = 10.0
OUTAGE_S_MAX = 120.0
TRANSACTION_MS_MAX = 60_000

POSITION_HEADER = "colo.position"
LOOK_BACK = 16

FENCED = (KafkaError._FENCED, KafkaError.PRODUCER_FENCED, KafkaError.INVALID_PRODUCER_EPOCH)


@dataclass(frozen=True)
class Position:
    """How far the topics follow the journal: the next journal offset, and the records sent so far by kind."""

    journal_offset: int = 0
    ticks: int = 0
    order_events: int = 0
    ended: bool = False


@dataclass(frozen=True)
class Outgoing:
    """One message."""

    topic: str
    partition: int
    key: bytes
    value: bytes
    headers: list[tuple[str, bytes]]


class ExactProducer:
    """Sends messages and positions; the positions stand in one partition of one topic."""

    def __init__(self, transactional_id: str, topic: str, partition: int, settings: dict[str, Any]) -> None:
        self._place = (topic, partition)
        self._settings = {
            **settings,
            "transactional.id": transactional_id,
            "transaction.timeout.ms": TRANSACTION_MS_MAX,
            "enable.idempotence": True,
            "acks": "all",
            "log_level": 0,
        }
        self._producer: Producer | None = None
        self.position = Position()
        self._until(time.monotonic() + OUTAGE_S_MAX, self._connect)

    def advance(self, step: Callable[[Position], tuple[list[Outgoing], Position]]) -> None:
        """Make the messages and the position that `step` gives for the present position visible together.

        `step` is called again with the position that Kafka has after a failure, and may then find nothing to do:
        it returns that same position. KafkaException if Kafka is away for longer than OUTAGE_S_MAX, or at once if
        another producer took over this one's transactional id.
        """

        def attempt() -> None:
            if self._producer is None:
                self._connect()
            messages, reached = step(self.position)
            if reached != self.position:
                self._transact(messages, reached)

        self._until(time.monotonic() + OUTAGE_S_MAX, attempt)

    def _until(self, deadline: float, attempt: Callable[[], None]) -> None:
        while True:
            try:
                attempt()
                return
            except KafkaException as error:
                self._producer = None
                if error.args[0].code() in FENCED or time.monotonic() > deadline:
                    raise
                time.sleep(0.1)

    def _connect(self) -> None:
        producer = Producer(self._settings)
        producer.init_transactions(REQUEST_S_MAX)
        self.position = read_position(self._settings["bootstrap.servers"], *self._place)
        self._producer = producer

    def _transact(self, messages: list[Outgoing], reached: Position) -> None:
        assert self._producer is not None
        self._producer.begin_transaction()
        for message in messages:
            self._produce(message)
        position = (POSITION_HEADER, json.dumps(asdict(reached)).encode())
        self._produce(Outgoing(*self._place, b"", b"", [*headers(), position]))
        self._producer.commit_transaction(REQUEST_S_MAX)
        self.position = reached

    def _produce(self, message: Outgoing) -> None:
        assert self._producer is not None
        while True:
            try:
                self._producer.produce(
                    message.topic, message.value, message.key, message.partition, headers=message.headers
                )
                return
            except BufferError:  # the queue is full: Kafka is slower than the journal, which keeps what waits
                self._producer.poll(0.1)


def read_position(servers: str, topic: str, partition: int) -> Position:
    """The last committed position in a partition: Position() in one that holds none."""
    consumer = Consumer(
        {
            "bootstrap.servers": servers,
            "group.id": f"position.{topic}",  # named because the client demands it; nothing is committed
            "enable.auto.commit": False,
            "isolation.level": "read_committed",
            "enable.partition.eof": True,
            "log_level": 0,
        }
    )
    try:
        first, behind = consumer.get_watermark_offsets(TopicPartition(topic, partition), REQUEST_S_MAX)
        look_back = LOOK_BACK
        while behind > first:
            start = max(first, behind - look_back)
            found = _last_position(consumer, TopicPartition(topic, partition, start))
            if found is not None or start == first:
                return found or Position()
            look_back *= 8  # only aborted messages there: look further back
        return Position()
    finally:
        consumer.close()


def _last_position(consumer: Consumer, start: TopicPartition) -> Position | None:
    """The last position between `start` and the end of its partition."""
    consumer.assign([start])
    found: Position | None = None
    deadline = time.monotonic() + REQUEST_S_MAX
    while time.monotonic() < deadline:
        message = consumer.poll(0.5)
        if message is None:
            continue
        if error := message.error():
            if error.code() == KafkaError._PARTITION_EOF:
                return found
            raise KafkaException(error)
        held = dict(message.headers() or []).get(POSITION_HEADER)
        if isinstance(held, bytes):
            found = Position(**json.loads(held))
    raise KafkaException(KafkaError(KafkaError._TIMED_OUT))
