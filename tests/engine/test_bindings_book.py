"""The decoder and the book as Python sees them: a small session written by hand, and a recorded one."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

colo_engine = pytest.importorskip("colo_engine")

NO_ASK, NO_BID = 9_999_999_999, -9_999_999_999


def message(kind: str, body: bytes, locate: int = 7, timestamp_ns: int = 34_200_000_000_001) -> bytes:
    """One ITCH message without its length prefix."""
    return kind.encode() + struct.pack(">HH", locate, 0) + timestamp_ns.to_bytes(6, "big") + body


def add(reference: int, side: str, shares: int, price: int, locate: int = 7) -> bytes:
    return message("A", struct.pack(">QcI8sI", reference, side.encode(), shares, b"AMZN    ", price), locate)


SESSION = [
    add(1, "B", 100, 1_000_000),
    add(2, "S", 50, 1_000_200),
    add(3, "B", 30, 1_000_000),
    message("E", struct.pack(">QIQ", 1, 40, 900)),
    message("U", struct.pack(">QQII", 2, 4, 60, 1_000_300)),
    add(5, "S", 10, 2_000_000, locate=8),
    message("P", struct.pack(">QcI8sIQ", 0, b"B", 5, b"AMZN    ", 1_000_100, 901)),
    message("D", struct.pack(">Q", 3)),
]


def framed(messages: list[bytes]) -> bytes:
    return b"".join(struct.pack(">H", len(m)) + m for m in messages)


def test_decode_session_gives_a_row_a_message(tmp_path: Path):
    path = tmp_path / "session.itch"
    path.write_bytes(framed(SESSION))
    rows = colo_engine.decode_session(path)
    assert rows["type"].tolist() == [b"A", b"A", b"A", b"E", b"U", b"A", b"P", b"D"]
    assert rows["locate"].tolist() == [7, 7, 7, 7, 7, 8, 7, 7]
    assert rows["order_reference"].tolist() == [1, 2, 3, 1, 2, 5, 0, 3]
    assert rows["new_order_reference"].tolist() == [0, 0, 0, 0, 4, 0, 0, 0]
    assert rows["shares"].tolist() == [100, 50, 30, 40, 60, 10, 5, 0]
    assert rows["price"].tolist() == [1_000_000, 1_000_200, 1_000_000, 0, 1_000_300, 2_000_000, 1_000_100, 0]
    assert rows["match_number"].tolist() == [0, 0, 0, 900, 0, 0, 901, 0]
    assert rows["side"].tolist() == [b"B", b"S", b"B", b"", b"", b"S", b"B", b""]
    assert rows["stock"][0] == b"AMZN"
    assert (rows["timestamp_ns"] == 34_200_000_000_001).all()
    assert np.array_equal(colo_engine.decode_session(framed(SESSION)), rows)


def test_book_levels_are_lobster_rows():
    rows = colo_engine.book_levels(framed(SESSION), 7, 2, at=[0, 1, 4, 4, 7])
    assert rows.dtype == np.int64 and rows.shape == (5, 2, 4)
    empty = [NO_ASK, 0, NO_BID, 0]
    assert rows[0].tolist() == [[NO_ASK, 0, 1_000_000, 100], empty]
    assert rows[1].tolist() == [[1_000_200, 50, 1_000_000, 100], empty]
    assert rows[2].tolist() == rows[3].tolist() == [[1_000_300, 60, 1_000_000, 90], empty]
    assert rows[4].tolist() == [[1_000_300, 60, 1_000_000, 60], empty]
    assert colo_engine.book_levels(framed(SESSION), 7, 1).shape == (8, 1, 4)
    with pytest.raises(ValueError, match="rising order"):
        colo_engine.book_levels(framed(SESSION), 7, 1, at=[3, 2])
    with pytest.raises(ValueError, match="below 8"):
        colo_engine.book_levels(framed(SESSION), 7, 1, at=[8])


def test_books_step_through_a_session():
    books = colo_engine.Books()
    changes = [books.apply(m) for m in SESSION[:5]]
    assert changes[3]["status"] == "ok" and changes[3]["price"] == 1_000_000 and changes[3]["quantity_after"] == 60
    assert changes[4]["side"] == "S" and changes[4]["price_before"] == 1_000_200 and changes[4]["order_id"] == 4
    assert books.top(7) == (1_000_000, 90, 1_000_300, 60)
    assert books.levels(7, "B").tolist() == [[1_000_000, 90, 2]]
    assert books.orders(7, "B", 1_000_000).tolist() == [[1, 60], [3, 30]]
    assert books.quantity_ahead(3) == 60 and books.quantity_ahead(99) is None
    assert books.find(4) == {"locate": 7, "side": "S", "price": 1_000_300, "quantity": 60}
    assert books.last_trade(7)[:2] == (1_000_000, 40)
    assert books.symbol(7) == "AMZN" and books.locates() == [7]
    assert books.apply(add(1, "B", 1, 1))["status"] == "duplicate order"
    assert books.fault(7) == "duplicate order" and books.halted(7)
    assert books.counts()["duplicate_orders"] == 1


def test_wrong_bytes_name_offset_and_field(tmp_path: Path):
    path = tmp_path / "cut.itch"
    path.write_bytes(framed(SESSION)[:-1])
    with pytest.raises(colo_engine.FormatError, match=r"cut\.itch: offset \d+, ITCH message.message at byte 0"):
        colo_engine.decode_session(path)
    with pytest.raises(colo_engine.FormatError, match="unknown type 'z'"):
        colo_engine.Books().apply(b"z")
    with pytest.raises(colo_engine.FormatError, match="No such file"):
        colo_engine.book_levels(tmp_path / "none.itch", 7, 1)
    with pytest.raises(ValueError, match="'B' or 'S'"):
        colo_engine.Books().levels(7, "buy")


def test_recorded_session(recorded_data: Path):
    path = recorded_data / "itch" / "aapl_20200130_first10k.itch50"
    rows = colo_engine.decode_session(path)
    assert len(rows) == 10_000 and set(rows["locate"].tolist()) == {13}
    books = colo_engine.book_levels(path, 13, 3)
    ask, bid = books[:, 0, 0], books[:, 0, 2]
    two_sided = (ask != NO_ASK) & (bid != NO_BID)
    assert two_sided.any() and (bid[two_sided] < ask[two_sided]).all()
    assert (np.diff(books[:, :, 0], axis=1) >= 0).all() and (np.diff(books[:, :, 2], axis=1) <= 0).all()
