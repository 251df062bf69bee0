"""LOBSTER files are read exactly; whatever is wrong with one is said with its row."""

from __future__ import annotations

import gzip
import zipfile
from datetime import date
from pathlib import Path

import pytest

from pipelines.session.completion import Completer
from pipelines.session.lobster_rows import read_message_file, read_zip
from stacks.topology.errors import ColoError
from tests.pipelines.session.reference_book import Book, Unsound, unframe
from tests.pipelines.session.simulated_recording import simulate, write_zip

MESSAGES = ["34200.000000001,1,11,100,1000000,1", "34200.5,5,0,1,1000100,-1", "34201.25,3,11,100,1000000,1"]
BOOKS = ["9999999999,0,1000000,100", "9999999999,0,1000000,100", "9999999999,0,-9999999999,0"]
STEM = "TEST_2012-06-21_34200000_57600000"


def zipped(folder: Path, messages=MESSAGES, books=BOOKS, message_name=None, book_name=None) -> Path:
    path = folder / "recording.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        if messages is not None:
            archive.writestr(message_name or f"{STEM}_message_1.csv", "\n".join(messages))
        if books is not None:
            archive.writestr(book_name or f"{STEM}_orderbook_1.csv", "\n".join(books) + "\n")
        archive.writestr("LOBSTER_SampleFiles_ReadMe.txt", "not data")
    return path


def test_a_pair_is_read_exactly(tmp_path):
    day = read_zip(zipped(tmp_path))
    assert (day.symbol, day.day, day.levels) == ("TEST", date(2012, 6, 21), 1)
    assert (day.start_ns, day.end_ns) == (34_200 * 10**9, 57_600 * 10**9)
    assert day.times_ns == [34_200 * 10**9 + 1, 34_200_500_000_000, 34_201_250_000_000]
    assert day.events[0] == (1, 11, 100, 1_000_000, 1)
    assert day.books == [[9999999999, 0, 1000000, 100]] * 2 + [[9999999999, 0, -9999999999, 0]]


@pytest.mark.parametrize(
    ("text", "time_ns"),
    [
        ("34200", 34_200_000_000_000),
        ("34200.1", 34_200_100_000_000),
        ("43002.632812672004", 43_002_632_812_672),
        ("43002.632812671996", 43_002_632_812_672),
        ("43002.9999999999", 43_003_000_000_000),
    ],
)
def test_times_are_nanoseconds(tmp_path, text, time_ns):
    assert read_zip(zipped(tmp_path, messages=[f"{text},1,11,100,1000000,1"], books=BOOKS[:1])).times_ns == [time_ns]


BAD_ROWS = {
    "columns missing": ("34200.1,1,11,100,1000000", r"row 2: has 5 columns, not 6"),
    "empty line": ("", r"row 2: has 1 columns, not 6"),
    "not a number": ("34200.1,1,eleven,100,1000000,1", r"row 2: is malformed: .*eleven"),
    "time is no number": ("nine,1,11,100,1000000,1", r"row 2: is malformed: time 'nine'"),
    "time goes back": ("34199.9,1,11,100,1000000,1", r"row 2: time 34199.9 goes back"),
    "time beyond the day": ("86400.0,1,11,100,1000000,1", r"row 2: time 86400.0 goes back, or beyond the day"),
    "unknown type": ("34200.1,8,11,100,1000000,1", r"row 2: type 8 is not 1 to 7"),
    "quantity": ("34200.1,1,11,-5,1000000,1", r"row 2: quantity -5 is not positive"),
    "price": ("34200.1,1,11,5,0,1", r"row 2: price 0 is not positive"),
    "order id": ("34200.1,1,0,5,1000000,1", r"row 2: order id 0 is not a positive number"),
    "direction": ("34200.1,1,11,5,1000000,0", r"row 2: direction 0 is neither 1 nor -1"),
    "halt": ("34200.1,7,0,0,5,-1", r"row 2: a halt's price is -1, 0 or 1, not 5"),
}


@pytest.mark.parametrize(("row", "sentence"), BAD_ROWS.values(), ids=BAD_ROWS)
def test_a_bad_message_row_is_named(tmp_path, row, sentence):
    with pytest.raises(ColoError, match=rf"recording\.zip: {STEM}_message_1\.csv {sentence}"):
        read_zip(zipped(tmp_path, messages=[MESSAGES[0], row, *MESSAGES[2:]]))


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ("9999999999,0,1000000", r"row 3: has 3 columns, not 4 for 1 levels"),
        ("9999999999,x,1000000,100", r"row 3: is malformed"),
        ("9999999999,0,1000000,-100", r"row 3: has a negative quantity"),
    ],
)
def test_a_bad_order_book_row_is_named(tmp_path, row, sentence):
    with pytest.raises(ColoError, match=rf"recording\.zip: {STEM}_orderbook_1\.csv {sentence}"):
        read_zip(zipped(tmp_path, books=[*BOOKS[:2], row]))


BAD_ZIPS = {
    "no message file": ({"messages": None}, "holds no LOBSTER message file"),
    "no order book": ({"books": None}, "holds no LOBSTER orderbook file"),
    "fewer rows": ({"books": BOOKS[:2]}, "has 3 rows, but .* has 2"),
    "other levels": ({"book_name": f"{STEM}_orderbook_5.csv"}, "are not of the same recording .levels differs"),
    "other symbol": (
        {"book_name": "ELSE_2012-06-21_34200000_57600000_orderbook_1.csv"},
        "are not of the same recording .symbol differs",
    ),
    "no such day": (
        {
            "message_name": f"{STEM.replace('06', '13')}_message_1.csv",
            "book_name": f"{STEM.replace('06', '13')}_orderbook_1.csv",
        },
        "names no valid day",
    ),
    "no rows": ({"messages": [], "books": []}, "is empty|row 1: is malformed"),
}


@pytest.mark.parametrize(("change", "sentence"), BAD_ZIPS.values(), ids=BAD_ZIPS)
def test_a_zip_without_a_whole_pair_is_refused(tmp_path, change, sentence):
    with pytest.raises(ColoError, match=rf"recording\.zip: .*({sentence})"):
        read_zip(zipped(tmp_path, **change))


def test_a_cut_or_damaged_zip_is_refused(tmp_path):
    path = write_zip(tmp_path, simulate(3, 1, 500))
    content = path.read_bytes()
    for damaged in (content[: len(content) // 2], content[:200] + b"\xff\xff\xff\xff" + content[204:]):
        path.write_bytes(damaged)
        with pytest.raises(ColoError, match=r"is not a readable zip file"):
            read_zip(path)


def test_fifty_levels_give_the_first_level_without_completion(recorded_data):
    """The shared messages are those that both recordings hold with the same time and values, each matched once."""
    path = recorded_data / "lobster" / "AAPL_2012-06-21_34200000_37800000_message_50.csv.gz"
    deep = read_message_file(path, gzip.decompress(path.read_bytes()))
    first_level = read_zip(recorded_data / "lobster" / "LOBSTER_SampleFile_AAPL_2012-06-21_1.zip")
    rows: dict[tuple, list[list[int]]] = {}
    for time_ns, event, row in zip(first_level.times_ns, first_level.events, first_level.books, strict=True):
        rows.setdefault((time_ns, event), []).append(row)
    completer = Completer(deep, 1)
    completer.run()
    assert completer.counts.orphans == 84
    assert len(completer.messages) == len(deep.events) == 91_997
    book = Book()
    shared = equal = orphans = 0
    for time_ns, event, message in zip(deep.times_ns, deep.events, unframe(b"".join(completer.messages)), strict=True):
        try:
            book.apply(message)
        except Unsound:
            orphans += 1
        if rows.get((time_ns, event)):
            shared += 1
            equal += book.row(1) == rows[time_ns, event].pop(0)
    assert orphans == 84
    assert shared == 25_641
    assert equal / shared >= 0.995
