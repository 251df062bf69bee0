"""MDP 3.0 as Python sees it: packets written by hand, and the recorded lines read a second time with struct."""

from __future__ import annotations

import struct
from collections import defaultdict
from pathlib import Path

import pytest

colo_engine = pytest.importorskip("colo_engine")

UNIT = 1_000_000_000
BID, OFFER = "0", "1"
TIME = 1_700_000_000_000_000_001


def packet(sequence: int, *messages: bytes) -> bytes:
    framed = b"".join(struct.pack("<H", 2 + len(message)) + message for message in messages)
    return struct.pack("<IQ", sequence, TIME - 1) + framed


def message(template: int, block_length: int, body: bytes) -> bytes:
    return struct.pack("<HHHH", block_length, template, 1, 9) + body


def book(*levels: tuple, orders: tuple[tuple, ...] = (), indicator: int = 0x80) -> bytes:
    """MDIncrementalRefreshBook46. A level is (price, quantity, rpt_seq, orders, place, action, type)."""
    body = struct.pack("<QBxxHB", TIME, indicator, 32, len(levels))
    for price, quantity, rpt_seq, count, place, action, kind in levels:
        body += struct.pack("<qiiIiBBc5x", price, quantity, 5602, rpt_seq, count, place, action, kind.encode())
    body += struct.pack("<H5xB", 24, len(orders))
    for order, priority, quantity, reference in orders:
        body += struct.pack("<QQiBB2x", order, priority, quantity, reference, 0)
    return message(46, 11, body)


FIRST = book((-UNIT, 5, 1, 2, 1, 0, BID), orders=((11, 30, 2, 1), (12, 20, 3, 1)), indicator=4)
SECOND = book((UNIT, 1, 2, 1, 1, 0, OFFER))


def test_entries_are_rows():
    rows = colo_engine.decode_mdp3([packet(7, FIRST), packet(8, message(999, 0, b""), SECOND)])
    assert rows["sequence"].tolist() == [7, 7, 7, 8]
    assert rows["group"].tolist() == [b"M", b"O", b"O", b"M"]
    assert rows["price"].tolist() == [-UNIT, colo_engine.MDP3_NONE, colo_engine.MDP3_NONE, UNIT]
    assert rows["quantity"].tolist() == [5, 2, 3, 1]
    assert rows["order_id"].tolist() == [0, 11, 12, 0] and rows["priority"].tolist() == [0, 30, 20, 0]
    assert rows["entry_type"].tolist() == [b"0", b"", b"", b"1"] and rows["level"].tolist() == [1, 1, 1, 1]
    assert rows["security_id"].tolist() == [5602, 0, 0, 5602] and rows["rpt_seq"].tolist() == [1, 0, 0, 2]
    assert rows["indicator"].tolist() == [4, 4, 4, 128] and (rows["transact_time_ns"] == TIME).all()
    assert (rows["sending_time_ns"] == TIME - 1).all() and (rows["template_id"] == 46).all()
    with pytest.raises(colo_engine.FormatError, match=r"MDP3 packet\.message_length at byte 12"):
        colo_engine.decode_mdp3([packet(7, FIRST)[:-1]])
    with pytest.raises(colo_engine.FormatError, match=r"MDIncrementalRefreshBook46\.group entries at byte 11"):
        colo_engine.decode_mdp3([packet(7, message(46, 11, FIRST[8:40]))])


def test_books_step_from_event_to_event():
    books = colo_engine.Mdp3Books()
    assert books.apply(packet(1, FIRST)) == []
    assert books.apply(packet(2, SECOND)) == [[5602]]
    assert books.top(5602) == (-UNIT, 5, UNIT, 1)
    assert books.levels(5602, "B").tolist() == [[-UNIT, 5, 1]]
    assert books.orders(5602, "B", -UNIT).tolist() == [[12, 3], [11, 2]]
    assert books.top(5602, "orders") == (-UNIT, 5, 0, 0)
    assert books.counts()["events"] == 1 and books.counts()["invalid_fields"] == 0
    with pytest.raises(ValueError, match="no message named the instrument 1"):
        books.top(1)
    with pytest.raises(ValueError, match="'levels' or 'orders'"):
        books.top(5602, "queues")


@pytest.fixture(scope="module")
def lines(recorded_data: Path) -> dict[int, list[bytes]]:
    """Payloads by UDP port: 15340 is line A, 14340 line B."""
    content = (recorded_data / "venue-pcap" / "Cme.Mdp3.Sbe_AB_lines.pcap").read_bytes()
    payloads, at = defaultdict(list), 0
    while at < len(content):
        kind, length = struct.unpack_from("<II", content, at)
        if kind == 6:
            port, size = struct.unpack_from(">HH", content, at + 28 + 36)
            payloads[port].append(content[at + 28 + 42 : at + 28 + 34 + size])
        at += length
    return payloads


def entries(payloads: list[bytes]):
    """Every price level entry of template 32, as struct reads it at the specification's offsets."""
    for payload in payloads:
        sequence, sending_time = struct.unpack_from("<IQ", payload)
        at = 12
        while at < len(payload):
            length, block_length, template = struct.unpack_from("<HHH", payload, at)
            if template == 32:
                time, indicator = struct.unpack_from("<QB", payload, at + 10)
                size, count = struct.unpack_from("<HB", payload, at + 10 + block_length)
                for n in range(count):
                    entry = struct.unpack_from("<qiiIiBBc", payload, at + 13 + block_length + n * size)
                    yield sequence, sending_time, time, indicator, *entry
            at += length


def test_recorded_entries_are_those_that_struct_reads(lines: dict[int, list[bytes]]):
    rows = colo_engine.decode_mdp3(lines[15340])
    rows = rows[rows["template_id"] == 32]
    expected = list(entries(lines[15340]))
    assert len(expected) == len(rows) == 14_574
    names = ["sequence", "sending_time_ns", "transact_time_ns", "indicator", "price", "quantity", "security_id"]
    names += ["rpt_seq", "order_count", "level", "action", "entry_type"]
    for column, name in enumerate(names):
        values = [row[column] * 100 if name == "price" else row[column] for row in expected]
        if name == "order_count":
            values = [0 if value == 2**31 - 1 else value for value in values]
        assert rows[name].tolist() == values, name


def test_both_recorded_lines_say_the_same(lines: dict[int, list[bytes]]):
    assert lines[15340] == lines[14340] and len(lines[15340]) == 5_000


def test_recorded_books_after_every_event(lines: dict[int, list[bytes]]):
    books = colo_engine.Mdp3Books()
    events = 0
    for payload in lines[15340]:
        for touched in books.apply(payload):
            events += 1
            assert len(touched) == len(set(touched))
    assert events == 4_781
    for touched in {row[6] for row in entries(lines[15340])}:
        bid, bid_quantity, ask, ask_quantity = books.top(touched)
        assert not (bid_quantity and ask_quantity) or bid < ask
