"""One journal through both data planes: the same ticks, order events and bars, by content hash."""

from __future__ import annotations

import json
import random
import struct
import threading
import time
from pathlib import Path

import pytest

from pipelines.flink.bars import complete_bars, prepare_bars
from pipelines.store.embedded import EmbeddedStore
from pipelines.store.tick_store import ORDER_EVENTS, TICKS, Day, content_hash, read_rows
from pipelines.stream.loader import Loader
from pipelines.stream.publisher import JournalSource, Publisher
from pipelines.stream.topics import open_stream
from stacks.sites import load_site
from tests.engine.journal_files import CONTROL, FEED_MESSAGE, ORDER_ANSWER, ORDER_SENT, JournalFile
from tests.pipelines.live_plane import LivePlane

pytestmark = pytest.mark.services

OPEN_NS = 34_200_000_000_000
SYMBOLS = {1: b"AMZN    ", 2: b"AAPL    "}
REFERENCE_DATA = json.dumps(
    {
        "midnight_ns": 1_340_251_200_000_000_000,
        "synthetic_tracking_number": 0xC010,
        "calendar": {"open_ns": OPEN_NS, "close_ns": 57_600_000_000_000},
        "instruments": [
            {"instrument_id": 111, "symbol": "AMZN", "locate": 1},
            {"instrument_id": 222, "symbol": "AAPL", "locate": 2},
        ],
    }
)


class Market:
    """Writes a journal of a small invented market: adds, executions, cancels, deletes, trades, busts, own orders."""

    def __init__(self, journal: JournalFile, seed: int) -> None:
        self.journal = journal
        self.random = random.Random(seed)
        self.time_ns = OPEN_NS
        self.sequence = 0
        self.live: dict[int, list[int]] = {}  # order: locate, quantity left
        self.matches: list[tuple[int, int]] = []  # locate and number of trades that may be broken
        journal.append(b"start", CONTROL, 0, source=5)

    def run(self, messages: int) -> None:
        for _ in range(messages):
            self.time_ns += int(self.random.expovariate(1 / 4_000_000))
            self.sequence += 1
            choice = self.random.random()
            if choice < 0.45 or not self.live:
                self._add()
            elif choice < 0.95:
                self._reduce(self.random.choice(list(self.live)), choice)
            elif choice < 0.98 or not self.matches:
                self._hidden_trade()
            else:
                locate, match = self.matches.pop(self.random.randrange(len(self.matches)))
                self._feed(b"B", locate, struct.pack(">Q", match))
            if self.sequence % 40 == 0:
                self._own_order()

    def _add(self) -> None:
        locate = self.random.choice(list(SYMBOLS))
        side = self.random.choice(b"BS")
        price = 1_000_000 + (100 if side == ord("S") else -100) * self.random.randint(1, 9)
        quantity = self.random.randint(1, 9) * 100
        self.live[self.sequence] = [locate, quantity]
        self._feed(b"A", locate, struct.pack(">QBI8sI", self.sequence, side, quantity, SYMBOLS[locate], price))

    def _reduce(self, order: int, choice: float) -> None:
        locate, left = self.live[order]
        quantity = self.random.randint(1, left)
        if choice < 0.65:
            self._feed(b"E", locate, struct.pack(">QIQ", order, quantity, self._match(locate)))
        elif choice < 0.8 and quantity < left:
            self._feed(b"X", locate, struct.pack(">QI", order, quantity))
        else:
            quantity = left
            self._feed(b"D", locate, struct.pack(">Q", order))
        self.live[order][1] -= quantity
        if not self.live[order][1]:
            del self.live[order]

    def _hidden_trade(self) -> None:
        locate = self.random.choice(list(SYMBOLS))
        fields = (0, ord("B"), self.random.randint(1, 50), SYMBOLS[locate], 1_000_000, self._match(locate))
        self._feed(b"P", locate, struct.pack(">QBI8sIQ", *fields))

    def _match(self, locate: int) -> int:
        self.matches.append((locate, self.sequence))
        return self.sequence

    def _own_order(self) -> None:
        fields = (b"O", self.sequence, b"B", 10, SYMBOLS[1], 999_900, b"0", b"Y", b"P", b"N", b"N", b" " * 14, 0)
        self.journal.append(struct.pack(">cIcI8sQccccc14sH", *fields), ORDER_SENT, self.sequence, source=5)
        fields = (b"E", self.time_ns, self.sequence, 10, 999_900, b"A", 900, 0)
        self.journal.append(struct.pack(">cQIIQcQH", *fields), ORDER_ANSWER, self.sequence // 40, source=4)

    def _feed(self, kind: bytes, locate: int, rest: bytes) -> None:
        head = kind + struct.pack(">HH", locate, 0) + self.time_ns.to_bytes(6, "big")
        self.journal.append(head + rest, FEED_MESSAGE, self.sequence, receive_time_ns=self.time_ns + 5)


def test_one_journal_gives_the_same_rows_in_both_stores(live_cluster: LivePlane, day: Day, tmp_path: Path, seed: int):
    pytest.importorskip("colo_engine", reason="the Python module colo_engine is not built")
    live = live_cluster
    market = Market(JournalFile(tmp_path / "journal", segment_bytes=128 * 1024), seed)
    complete = threading.Event()
    with live.store() as store:
        run = open_stream(live.plane.kafka, store, day, tmp_path / "topics.json")
        submission = prepare_bars(live.plane, live.plane.flink.jobs[0], run, live.places)
        live.supervisor.start(submission.program)
        publisher = Publisher(live.plane.kafka, run)
        source = JournalSource(tmp_path / "journal", REFERENCE_DATA)
        publishing = threading.Thread(target=publisher.publish, args=(source, complete.is_set), daemon=True)
        publishing.start()
        for _ in range(10):  # the journal grows while it is followed
            market.run(500)
            time.sleep(0.05)
        complete.set()
        loader = Loader(live.plane.kafka, store, run)
        loader.load()
        publishing.join(60)
        bars = live.plane.flink.jobs[0].bars.name
        complete_bars(submission, submission.job(live.supervisor), store.last_offsets(run.topics[TICKS]), 90)

        declared = load_site("desk").data_plane
        assert declared.kind == "embedded"
        embedded = EmbeddedStore(tmp_path / "store", declared)
        embedded.write_day(day, "one", whole_journal(tmp_path / "journal"))
        for table in (TICKS, ORDER_EVENTS, bars):
            assert content_hash(store, table, day) == content_hash(embedded, table, day), table
        assert store.row_count(TICKS, day) == 5_000
        assert store.row_count(ORDER_EVENTS, day) == 2 * (5_000 // 40)
        assert (read_rows(store, bars, day)["trades"] > 0).sum() > 20


def whole_journal(directory: Path):
    source, offset = JournalSource(directory, REFERENCE_DATA), 0
    while True:
        ticks, order_events, following = source.read(offset, 1_000)
        if following == offset:
            return
        yield ticks, order_events
        offset = following
