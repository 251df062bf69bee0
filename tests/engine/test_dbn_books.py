"""Recorded order-by-order data of ES through the engine's books, against a slow reading of the same bytes."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow
import pytest

colo_engine = pytest.importorskip("colo_engine")

ES = 5602
QUARTER_POINT = 250_000_000
LAST_OF_EVENT, SNAPSHOT = 128, 32
RECORD = struct.Struct("<BBHIQQqIBBccQiI")


def record(
    action: str,
    order: int,
    side: str = "B",
    price: int = QUARTER_POINT,
    quantity: int = 1,
    time: int = 1,
    flags: int = 0,
) -> bytes:
    return RECORD.pack(
        14, 160, 1, ES, time, order, price, quantity, flags, 0, action.encode(), side.encode(), time + 1, 0, 7
    )


def file_of(records: list[bytes], version: int = 1) -> bytes:
    return b"DBN" + struct.pack("<BI", version, 5) + b"meta!" + b"".join(records)


class SlowBook:
    """Every order in a dictionary; a queue is sorted by the time at which each order took its place, when it is read.

    A change of the rules is a planted fault.
    """

    def __init__(self, fault: str = "") -> None:
        self.fault = fault
        self.orders: dict[int, list] = {}
        self.sides: dict[tuple[str, int], dict[int, list]] = {}
        self.unknown = 0

    def apply(self, number: int, row: tuple) -> tuple[str, int] | None:
        """Apply a record as struct reads it; return the (side, price) of the level that it is about."""
        _, _, _, _, time, order, price, quantity, _, _, action, side, *_ = row
        place = (0, number) if self.fault == "arrival" else (0, order) if self.fault == "reference" else (time, number)
        key = (side.decode(), price)
        if action == b"R":
            self.orders.clear()
            self.sides.clear()
        elif action == b"A":
            self._put(order, [*key, quantity, place])
        elif action == b"C" and order in self.orders:
            entry = self._take(order)
            if entry[2] > quantity:
                self._put(order, [*entry[:2], entry[2] - quantity, entry[3]])
        elif action == b"M" and order in self.orders:
            entry = self._take(order)
            keeps = entry[1] == price and (quantity <= entry[2] or self.fault == "growth keeps its place")
            if self.fault == "every change loses its place":
                keeps = False
            self._put(order, [entry[0], price, quantity, entry[3] if keeps else place])
        elif action in (b"C", b"M"):
            self.unknown += 1
        return None if action == b"R" else key

    def _put(self, order: int, entry: list) -> None:
        self.orders[order] = entry
        self.sides.setdefault((entry[0], entry[1]), {})[order] = entry

    def _take(self, order: int) -> list:
        entry = self.orders.pop(order)
        level = self.sides[entry[0], entry[1]]
        del level[order]
        if not level:
            del self.sides[entry[0], entry[1]]
        return entry

    def queue(self, side: str, price: int) -> list[list[int]]:
        """[order, quantity] from the first to trade to the last."""
        entries = self.sides.get((side, price), {}).items()
        return [[order, entry[2]] for order, entry in sorted(entries, key=lambda item: item[1][3])]

    def levels(self, side: str) -> list[list[int]]:
        """[price, quantity, orders] from the best on."""
        prices = sorted((p for s, p in self.sides if s == side), reverse=side == "B")
        return [[p, sum(q for _, q in self.queue(side, p)), len(self.sides[side, p])] for p in prices]


ENGINE_SIDE = {"B": "B", "A": "S"}


def differences(books, slow: SlowBook, key: tuple[str, int] | None) -> list[str]:
    """What differs at the level of a record and at the top, or in the whole book where there is no key."""
    found = []
    for side, name in ENGINE_SIDE.items():
        if books.levels(ES, name).tolist() != slow.levels(side):
            found.append(f"levels of side {side}")
    prices = [key] if key else list(slow.sides)
    for side, price in prices:
        if side in ENGINE_SIDE and books.orders(ES, ENGINE_SIDE[side], price).tolist() != slow.queue(side, price):
            found.append(f"queue of {side} {price}")
    return found


def compared(records: list[bytes], slow: SlowBook, given: Callable[[int, bytes], bytes] = lambda _, r: r) -> list[str]:
    """Run both over the records and compare after every event; the first differences. `given` may change a record."""
    books = colo_engine.MboBooks()
    for number, raw in enumerate(records):
        row = RECORD.unpack(raw)
        if books.apply(given(number, raw)) != "ok":
            return [f"status of record {number}"]
        if number == 0:
            books.set_tick(ES, QUARTER_POINT)
        key = slow.apply(number, row)
        if row[8] & LAST_OF_EVENT and (found := differences(books, slow, None if row[8] & SNAPSHOT else key)):
            return found
    return differences(books, slow, None)


@pytest.fixture(scope="module")
def recorded(recorded_data: Path) -> bytes:
    path = recorded_data / "databento" / "esm4-mbo-20240508-snapshot+2s.dbn.zst"
    with pyarrow.CompressedInputStream(pyarrow.OSFile(str(path)), "zstd") as stream:
        return stream.read()


@pytest.fixture(scope="module")
def records(recorded: bytes) -> list[bytes]:
    body = recorded[8 + struct.unpack_from("<I", recorded, 4)[0] :]
    return [body[at : at + RECORD.size] for at in range(0, len(body), RECORD.size)]


def test_records_are_rows(recorded: bytes, records: list[bytes]):
    rows = colo_engine.decode_dbn_mbo(recorded)
    assert rows.dtype.itemsize == RECORD.size == 56 and len(rows) == len(records) == 13_796
    assert [tuple(row) for row in rows.tolist()] == [RECORD.unpack(raw) for raw in records]
    assert dict(zip(*np.unique(rows["action"], return_counts=True), strict=True)) == {
        b"A": 13_678, b"C": 80, b"F": 5, b"M": 27, b"R": 1, b"T": 5,
    }  # fmt: skip


def test_the_recorded_book_agrees_after_every_event(records: list[bytes]):
    slow = SlowBook()
    assert compared(records, slow) == []
    assert slow.unknown == 0, "the snapshot holds every order that is named later"


def test_recorded_events_leave_no_crossed_book(records: list[bytes]):
    books = colo_engine.MboBooks()
    for raw in records:
        assert books.apply(raw) == "ok"
        if RECORD.unpack(raw)[8] & LAST_OF_EVENT:
            bid, _, ask, _ = books.top(ES)
            assert 0 < bid < ask
    counts = books.counts()
    assert counts["events"] == 185 and counts["trades"] == 5 and counts["open_orders"] == 13_598
    assert all(
        counts[what] == 0 for what in ("unknown_orders", "duplicate_orders", "over_executions", "invalid_fields")
    )


def test_recorded_fills_take_the_first_of_the_queue(records: list[bytes]):
    """The venue says who is first: ahead of a filled order are only those that it cancels at the same instant."""
    rows = [RECORD.unpack(raw) for raw in records]
    cancelled = {(row[5], row[4]) for row in rows if row[10] == b"C"}
    books = colo_engine.MboBooks()
    fills = 0
    for raw, row in zip(records, rows, strict=True):
        if row[10] == b"F":
            fills += 1
            side = ENGINE_SIDE[row[11].decode()]
            assert row[6] == books.top(ES)[2 if side == "S" else 0]
            queue = books.orders(ES, side, row[6])[:, 0].tolist()
            ahead = queue[: queue.index(row[5])]
            assert [order for order in ahead if (order, row[4]) not in cancelled] == []
        books.apply(raw)
    assert fills == 5


@pytest.mark.parametrize("fault", ["reference", "growth keeps its place", "every change loses its place"])
def test_a_fault_in_the_slow_book_is_seen(records: list[bytes], fault: str):
    if fault == "reference":
        assert compared(records, SlowBook(fault)) != []
        return
    # The recording holds no order that grows where it stands: one that does, and one that shrinks, are added to it.
    time = RECORD.unpack(records[-1])[4] + 1
    more = [
        *(record("A", order, "B", QUARTER_POINT, 5, time + order, LAST_OF_EVENT) for order in (1, 2, 3)),
        record("M", 1, "B", QUARTER_POINT, 4, time + 4, LAST_OF_EVENT),
        record("M", 2, "B", QUARTER_POINT, 9, time + 5, LAST_OF_EVENT),
    ]
    assert compared([*records, *more], SlowBook()) == []
    assert compared([*records, *more], SlowBook(fault)) != []


FIELDS = {"order": 16, "price": 24, "quantity": 32, "action": 38, "side": 39}


@pytest.mark.parametrize("field", FIELDS)
def test_a_changed_record_is_seen(records: list[bytes], field: str, seed: int):
    chosen = random.Random(seed)
    rows = enumerate(map(RECORD.unpack, records))
    live = [n for n, row in rows if row[10] == b"A" and row[8] & LAST_OF_EVENT and not row[8] & SNAPSHOT]
    number = chosen.choice(live)

    def given(at: int, raw: bytes) -> bytes:
        if at != number:
            return raw
        other = bytearray(raw)
        other[FIELDS[field]] = {"action": ord("N"), "side": ord("A") if raw[39] == ord("B") else ord("B")}.get(
            field, raw[FIELDS[field]] ^ 2
        )
        return bytes(other)

    assert compared(records, SlowBook(), given) != [], f"record {number}"


def test_a_small_file_written_by_hand():
    records = [
        record("A", 9, time=30, quantity=3),
        record("A", 2, time=10, quantity=4),
        record("A", 5, time=20, quantity=5),
        record("A", 7, "A", -QUARTER_POINT, 1),
        record("T", 0, "A", QUARTER_POINT, 2),
        record("F", 2, "B", QUARTER_POINT, 2),
        record("C", 2, "B", QUARTER_POINT, 2),
        record("M", 9, "B", QUARTER_POINT, 2, time=40),
        record("M", 5, "B", QUARTER_POINT, 6, time=50),
    ]
    assert len(colo_engine.decode_dbn_mbo(file_of(records))) == len(records)
    books = colo_engine.MboBooks()
    assert [books.apply(raw) for raw in records] == ["ok"] * len(records)
    assert books.orders(ES, "B", QUARTER_POINT).tolist() == [[2, 2], [9, 2], [5, 6]]
    assert books.quantity_ahead(5) == 4 and books.top(ES) == (QUARTER_POINT, 10, -QUARTER_POINT, 1)
    assert books.apply(record("C", 77)) == "unknown order" and books.apply(record("M", 77)) == "unknown order"
    assert books.apply(record("A", 9)) == "duplicate order"
    assert books.apply(record("A", 78, "N")) == "invalid field" and books.apply(record("?", 78)) == "invalid field"
    assert books.apply(record("A", 78, price=2**63 - 1)) == "invalid field"
    assert books.apply(record("C", 2, quantity=3)) == "over-execution"
    assert books.apply(record("R", 0, "N")) == "ok" and books.counts()["open_orders"] == 0


def test_what_is_no_dbn_file_is_refused_by_its_byte():
    whole = file_of([record("A", 1), record("A", 2)])
    for changed, sentence in [
        (whole[:7], "DBN file.prefix at byte 0: 8 bytes needed, 7 present"),
        (b"CSV" + whole[3:], "DBN file.prefix at byte 0: unknown type 'C'"),
        (whole[:3] + b"\4" + whole[4:], "DBN file.version at byte 3: value 0x04 is not allowed"),
        (whole[:10], "DBN file.metadata at byte 8: 5 bytes needed, 2 present"),
        (whole[:-1], "DBN record.length at byte 69: length is 56, must be 55"),
        (whole[:13] + b"\3" + whole[14:], "DBN record.length at byte 13: length is 12"),
    ]:
        with pytest.raises(colo_engine.FormatError, match=sentence):
            colo_engine.decode_dbn_mbo(changed)
    other = bytearray(record("A", 3))
    other[1] = 0
    assert len(colo_engine.decode_dbn_mbo(whole + bytes(other))) == 2
    with pytest.raises(colo_engine.FormatError):
        colo_engine.MboBooks().apply(bytes(other))


def test_published_codec_vectors_decode(recorded_data: Path):
    folder = recorded_data / "databento" / "dbn-codec-vectors"
    names = ["test_data.mbo.dbn", "test_data.mbo.v1.dbn.zst", "test_data.mbo.v2.dbn.zst", "test_data.mbo.v3.dbn.zst"]
    decoded = []
    for name in names:
        raw = (folder / name).read_bytes()
        if name.endswith(".zst"):
            with pyarrow.CompressedInputStream(pyarrow.OSFile(str(folder / name)), "zstd") as stream:
                raw = stream.read()
        decoded.append(colo_engine.decode_dbn_mbo(raw))
    assert len(decoded[0]) == 2 and all(rows.tolist() == decoded[0].tolist() for rows in decoded)
