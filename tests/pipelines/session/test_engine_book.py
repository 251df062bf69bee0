"""The engine's own book, fed with a completed session, gives every recorded row of the recorded days."""

from __future__ import annotations

import gzip

import numpy as np
import pytest

from pipelines.session.completion import Completer
from pipelines.session.lobster_rows import read_message_file, read_zip
from pipelines.session.merge import merge_days
from tests.pipelines.session.reference_book import tracking_of, unframe

colo_engine = pytest.importorskip("colo_engine", reason="colo_engine is not built")


def recorded_indices(messages: list[bytes], locate: int) -> np.ndarray:
    """Positions of one locate's recorded messages."""
    marks = [k for k, m in enumerate(messages) if tracking_of(m) == 0 and int.from_bytes(m[1:3], "big") == locate]
    return np.array(marks, dtype=np.int64)


@pytest.mark.parametrize(
    "names",
    [("AAPL_2012-06-21_1", "AMZN_2012-06-21_5"), ("AMZN_2012-06-21_1",)],
    ids=["AAPL 1 with AMZN 5", "AMZN 1"],
)
def test_the_engines_book_is_exact_after_every_recorded_row(recorded_data, names):
    days = [read_zip(recorded_data / "lobster" / f"LOBSTER_SampleFile_{name}.zip") for name in names]
    content = b"".join(merge_days(days).messages)
    messages = list(unframe(content))
    for locate, day in enumerate(days, start=1):
        at = recorded_indices(messages, locate)
        got = colo_engine.book_levels(content, locate, day.levels, at).reshape(len(at), -1)
        expected = np.array(day.books, dtype=np.int64)
        assert got.shape == expected.shape
        wrong = np.flatnonzero((got != expected).any(axis=1))
        assert not len(wrong), f"{day.symbol} row {wrong[0] + 1}: {got[wrong[0]]} is not {expected[wrong[0]]}"


def test_fifty_levels_without_completion_give_the_first_level(recorded_data):
    path = recorded_data / "lobster" / "AAPL_2012-06-21_34200000_37800000_message_50.csv.gz"
    deep = read_message_file(path, gzip.decompress(path.read_bytes()))
    first_level = read_zip(recorded_data / "lobster" / "LOBSTER_SampleFile_AAPL_2012-06-21_1.zip")
    completer = Completer(deep, 1)
    completer.run()
    got = colo_engine.book_levels(b"".join(completer.messages), 1, 1).reshape(-1, 4).tolist()
    rows: dict[tuple, list[list[int]]] = {}
    for time_ns, event, row in zip(first_level.times_ns, first_level.events, first_level.books, strict=True):
        rows.setdefault((time_ns, event), []).append(row)
    equal = [
        row == rows[key].pop(0)
        for key, row in zip(zip(deep.times_ns, deep.events, strict=True), got, strict=True)
        if rows.get(key)
    ]
    assert len(equal) == 25_641
    assert sum(equal) / len(equal) >= 0.995
