"""Journal and normaliser from Python, over journals that plain Python wrote as the format says."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import numpy
import pytest

from engine import records
from tests.engine.journal_files import (
    CONTROL,
    FEED_MESSAGE,
    HEADER_BYTES,
    ORDER_ANSWER,
    ORDER_SENT,
    RISK_REJECT,
    TIMING,
    JournalFile,
    segment_header,
)

colo_engine = pytest.importorskip("colo_engine", reason="the Python module colo_engine is not built")

MIDNIGHT_NS = 1340251200000000000
OPEN_NS = 34_200_000_000_000
REFERENCE_DATA = {
    "midnight_ns": MIDNIGHT_NS,
    "synthetic_tracking_number": 0xC010,
    "calendar": {"open_ns": OPEN_NS, "close_ns": 57_600_000_000_000},
    "instruments": [{"instrument_id": 111, "symbol": "AMZN", "locate": 1}],
}


def itch_add(order_id: int, side: bytes, price: int, quantity: int, time_ns: int = OPEN_NS) -> bytes:
    head = struct.pack(">cHH6s", b"A", 1, 0, time_ns.to_bytes(6, "big"))
    return head + struct.pack(">QcI8sI", order_id, side, quantity, b"AMZN    ", price)


def ouch_enter(user_ref_num: int, price: int, quantity: int) -> bytes:
    fields = (b"O", user_ref_num, b"B", quantity, b"AMZN    ", price, b"0", b"Y", b"P", b"N", b"N", b" " * 14, 0)
    return struct.pack(">cIcI8sQccccc14sH", *fields)


def ouch_executed(user_ref_num: int, price: int, quantity: int, time_ns: int) -> bytes:
    return struct.pack(">cQIIQcQH", b"E", time_ns, user_ref_num, quantity, price, b"A", 900, 0)


def small_journal(directory: Path) -> JournalFile:
    journal = JournalFile(directory)
    journal.append(b"start", CONTROL, 0, source=5)
    journal.append(itch_add(1, b"B", 1_000_000, 100), FEED_MESSAGE, 1, receive_time_ns=71)
    journal.append(itch_add(2, b"S", 1_000_200, 50, OPEN_NS + 9), FEED_MESSAGE, 2, receive_time_ns=72, source=1)
    journal.append(ouch_enter(5, 1_000_000, 10), ORDER_SENT, 2, receive_time_ns=73, source=5)
    journal.append(struct.pack("<QII5q", 2, 5, 0, 1, 2, 3, 4, 5), TIMING, 2, source=5)
    journal.append(ouch_executed(5, 1_000_000, 10, OPEN_NS + 20), ORDER_ANSWER, 1, source=4)
    journal.append(struct.pack("<QqqiIHc5x", 2, 9_000_000, 7, 111, 0, 1, b"S"), RISK_REJECT, 2, source=5)
    return journal


def test_headers_and_payloads_are_what_was_written(tmp_path: Path) -> None:
    journal = small_journal(tmp_path)
    headers, payloads, next_offset = colo_engine.read_journal(tmp_path)
    assert headers["offset"].tolist() == journal.offsets
    kinds = colo_engine.record_kinds
    names = ["control", "feed_message", "feed_message", "order_sent", "timing", "order_answer", "risk_reject"]
    assert headers["kind"].tolist() == [kinds[name] for name in names]
    assert headers["sequence"].tolist() == [0, 1, 2, 2, 2, 1, 2]
    assert headers["receive_time_ns"].tolist()[1:4] == [71, 72, 73]
    assert headers["source"].tolist() == [5, 0, 1, 5, 5, 4, 5]
    second = headers[2]
    payload = payloads[second["payload_position"] : second["payload_position"] + second["length"]]
    assert payload.tobytes() == itch_add(2, b"S", 1_000_200, 50, OPEN_NS + 9)
    assert next_offset == journal.at
    headers, _, again = colo_engine.read_journal(tmp_path, next_offset)
    assert len(headers) == 0 and again == next_offset


def test_a_journal_is_read_in_parts_over_segments(tmp_path: Path) -> None:
    journal = JournalFile(tmp_path, segment_bytes=72 * 1024)
    payloads = [itch_add(n, b"B", 100, n, OPEN_NS + n) for n in range(1, 3001)]
    for n, payload in enumerate(payloads, 1):
        journal.append(payload, sequence=n)
    assert journal.index > 1
    offset, found = 0, []
    while True:
        headers, data, offset = colo_engine.read_journal(tmp_path, offset, 173)
        if not len(headers):
            break
        found += [data[row["payload_position"] : row["payload_position"] + row["length"]].tobytes() for row in headers]
    assert found == payloads


def test_timings_and_header(tmp_path: Path) -> None:
    small_journal(tmp_path)
    timings, _ = colo_engine.read_timings(tmp_path)
    assert len(timings) == 1
    assert timings[0]["cause_sequence"] == 2 and timings[0]["user_ref_num"] == 5
    assert [timings[0][name] for name in timings.dtype.names[4:]] == [1, 2, 3, 4, 5]
    header = colo_engine.journal_header(tmp_path)
    assert header["site"] == "desk" and header["mold_session"] == "0123456789"
    assert header["release_digest"] == "release-a" and header["format_version"] == 1


def test_rows_have_the_layout_that_records_owns(tmp_path: Path) -> None:
    journal = small_journal(tmp_path)
    normaliser = colo_engine.Normaliser(json.dumps(REFERENCE_DATA))
    ticks, order_events, next_offset = normaliser.read(tmp_path, 0, 1000)
    assert ticks.dtype == order_events.dtype == records.numpy_dtype()
    assert next_offset == journal.at
    assert ticks["journal_offset"].tolist() == journal.offsets[1:3]
    assert ticks["event_time_ns"].tolist() == [MIDNIGHT_NS + OPEN_NS, MIDNIGHT_NS + OPEN_NS + 9]
    assert ticks["instrument_id"].tolist() == [111, 111]
    assert ticks["bid_quantity"].tolist() == [100, 100] and ticks["ask_quantity"].tolist() == [0, 50]
    assert bytes(order_events["action"].tolist()) == b"Nfj"
    assert order_events["order_id"].tolist() == [5, 5, 0]
    assert order_events["sequence"].tolist() == [2, 1, 2]
    assert order_events["event_time_ns"].tolist() == [MIDNIGHT_NS + OPEN_NS + at for at in (9, 20, 9)]
    assert (order_events["flags"] == records.flag("own")).all()
    assert normaliser.counts() == {"ticks": 2, "order_events": 3, "malformed_messages": 0, "unknown_orders": 0}


def test_rows_do_not_depend_on_how_many_are_read_at_once(tmp_path: Path) -> None:
    journal = JournalFile(tmp_path, segment_bytes=72 * 1024)
    for n in range(1, 2001):
        journal.append(itch_add(n, b"B" if n % 2 else b"S", 10_000 + n % 2 * -100, n, OPEN_NS + n), sequence=n)
    whole, _, _ = colo_engine.Normaliser(json.dumps(REFERENCE_DATA)).read(tmp_path, 0, 10_000)
    normaliser, offset, parts = colo_engine.Normaliser(json.dumps(REFERENCE_DATA)), 0, []
    while True:
        ticks, _, following = normaliser.read(tmp_path, offset, 61)
        if following == offset:
            break
        parts.append(ticks)
        offset = following
    assert numpy.concatenate(parts).tobytes() == whole.tobytes()
    assert len(whole) == 2000


def test_a_journal_that_grows_is_followed(tmp_path: Path) -> None:
    journal = JournalFile(tmp_path)
    normaliser = colo_engine.Normaliser(json.dumps(REFERENCE_DATA))
    ticks, _, offset = normaliser.read(tmp_path, 0, 100)
    assert len(ticks) == 0 and offset in (0, HEADER_BYTES)
    journal.append(itch_add(1, b"B", 100, 1), sequence=1)
    ticks, _, offset = normaliser.read(tmp_path, offset, 100)
    assert ticks["sequence"].tolist() == [1]
    journal.path.write_bytes(journal.path.read_bytes() + b"\x24\0\0\0half a record")
    ticks, _, same = normaliser.read(tmp_path, offset, 100)
    assert len(ticks) == 0 and same == offset


def test_books_cannot_jump(tmp_path: Path) -> None:
    small_journal(tmp_path)
    normaliser = colo_engine.Normaliser(json.dumps(REFERENCE_DATA))
    normaliser.read(tmp_path, 0, 2)
    with pytest.raises(ValueError, match="stand at offset"):
        normaliser.read(tmp_path, 0, 2)


def test_corrupt_record_is_named_after_the_good_ones_are_read(tmp_path: Path) -> None:
    journal = small_journal(tmp_path)
    data = bytearray(journal.path.read_bytes())
    data[journal.offsets[3] + 40] ^= 1
    journal.path.write_bytes(data)
    headers, _, offset = colo_engine.read_journal(tmp_path)
    assert len(headers) == 3 and offset == journal.offsets[3]
    with pytest.raises(colo_engine.JournalError, match=f"{journal.path} at byte {offset}: corrupt record"):
        colo_engine.read_journal(tmp_path, offset)


def test_unknown_version_is_refused_naming_both(tmp_path: Path) -> None:
    (tmp_path / "journal-0000000000.colo").write_bytes(segment_header(0, version=7))
    with pytest.raises(colo_engine.JournalError, match="version 7, but this build reads version 1"):
        colo_engine.read_journal(tmp_path)


def test_wrong_reference_data_names_the_field() -> None:
    with pytest.raises(ValueError, match=r"reference data: calendar\.open_ns must be an integer"):
        colo_engine.Normaliser(json.dumps({**REFERENCE_DATA, "calendar": {}}))


def test_a_recorded_session_gives_one_tick_for_each_message(tmp_path: Path, recorded_data: Path) -> None:
    session = (recorded_data / "itch" / "aapl_20200130_first10k.itch50").read_bytes()
    journal, messages, at = JournalFile(tmp_path, segment_bytes=1 << 20), [], 0
    while at < len(session):
        length = int.from_bytes(session[at : at + 2], "big")
        messages.append(session[at + 2 : at + 2 + length])
        at += 2 + length
    for n, message in enumerate(messages, 1):
        journal.append(message, sequence=n)
    locates = sorted({int.from_bytes(message[1:3], "big") for message in messages} - {0})
    instruments = [{"instrument_id": 1000 + n, "symbol": f"S{n}", "locate": n} for n in locates]
    reference_data = json.dumps({**REFERENCE_DATA, "synthetic_tracking_number": None, "instruments": instruments})
    ticks, order_events, _ = colo_engine.Normaliser(reference_data).read(tmp_path, 0, 1 << 20)
    assert len(ticks) == len(messages) and len(order_events) == 0
    assert ticks["sequence"].tolist() == list(range(1, len(messages) + 1))
    assert ticks["journal_offset"].tolist() == journal.offsets

    books, traded = colo_engine.Books(), 0
    for message, tick in zip(messages, ticks, strict=True):
        change = books.apply(message)
        if message[:1] in b"AFECXDU":
            top = tuple(int(tick[name]) for name in ("bid_price", "bid_quantity", "ask_price", "ask_quantity"))
            assert top == tuple(books.top(change["locate"]))
        traded += change["executed"] if change["printable"] else 0
    printable = (ticks["flags"] & records.flag("printable")) != 0
    assert int(ticks["quantity"][printable].sum()) == traded > 0
