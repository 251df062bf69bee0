"""The merge of several instruments keeps every message, orders by time, and is stable."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.session.lobster_rows import read_zip
from pipelines.session.merge import merge_by_time, merge_days
from stacks.topology.errors import ColoError
from tests.pipelines.session.reference_book import time_ns_of, unframe
from tests.pipelines.session.simulated_recording import simulate, write_zip

TIMES = st.lists(st.integers(0, 5), max_size=30).map(sorted)


@given(st.lists(TIMES, min_size=1, max_size=5))
def test_merge_is_by_time_and_stable(times):
    streams = [
        (stream, [bytes([number, index]) for index in range(len(stream))]) for number, stream in enumerate(times)
    ]
    merged = merge_by_time(streams)
    placed = [(times[message[0]][message[1]], message[0], message[1]) for message in merged]
    assert placed == sorted(placed)
    assert len(merged) == sum(map(len, times))


def test_the_order_of_the_inputs_does_not_matter(tmp_path, seed):
    days = [read_zip(write_zip(tmp_path, simulate(seed + k, 2, 300), symbol=s)) for k, s in enumerate(("BBB", "AAA"))]
    merged = merge_days(days)
    assert merged.messages == merge_days(days[::-1]).messages
    messages = list(unframe(b"".join(merged.messages)))
    times = [time_ns_of(message) for message in messages]
    assert times == sorted(times)
    kinds = b"".join(message[:1] for message in messages)
    assert kinds.startswith(b"SRRSHHS") and kinds.endswith(b"SSS")
    symbols = {message[1:3]: message[11:19].strip() for message in messages if message[:1] == b"R"}
    assert symbols == {b"\0\1": b"AAA", b"\0\2": b"BBB"}


def test_one_instrument_is_converted_alike_alone_and_merged(tmp_path, seed):
    days = [read_zip(write_zip(tmp_path, simulate(seed + k, 2, 300), symbol=s)) for k, s in enumerate(("AAA", "BBB"))]
    alone = [message for message in unframe(b"".join(merge_days(days[:1]).messages)) if message[1:3] == b"\0\1"]
    merged = [message for message in unframe(b"".join(merge_days(days).messages)) if message[1:3] == b"\0\1"]
    assert alone == merged


def test_references_and_match_numbers_are_the_days_own(tmp_path, seed):
    """Two recordings may leave the same references to completion; made-up ones must not meet."""
    days = [read_zip(write_zip(tmp_path, simulate(seed, 2, 300), symbol=s)) for s in ("AAA", "BBB")]
    made_up = [
        message[11:19]
        for message in unframe(b"".join(merge_days(days).messages))
        if message[:1] == b"A" and message[11] >= 0x40
    ]
    assert made_up and len(made_up) == len(set(made_up))


def test_what_does_not_belong_together_is_refused(tmp_path):
    recording = simulate(1, 1, 50)
    first = read_zip(write_zip(tmp_path, recording))
    with pytest.raises(ColoError, match=r"are both recordings of TEST"):
        merge_days([first, first])
    other = read_zip(write_zip(tmp_path, recording, symbol="OTHER", day="2012-06-22"))
    with pytest.raises(ColoError, match=r"is of 2012-06-22, but .* of 2012-06-21"):
        merge_days([first, other])
