"""After every recorded row the completed book equals that row; on recorded days and on simulated ones."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest

from pipelines.session.completion import SYNTHETIC_TRACKING_NUMBER, Completer
from pipelines.session.lobster_rows import LobsterRows, read_zip
from pipelines.session.merge import merge_days
from tests.pipelines.session.reference_book import Book, RowCheck, Unsound, play, time_ns_of, tracking_of, unframe
from tests.pipelines.session.simulated_recording import simulate, write_zip

SHOWN_TYPES = {1: b"A", 2: b"X", 3: b"D", 4: b"E", 5: b"P", 6: b"Q", 7: b"H"}


def recorded(folder: Path, *names: str) -> list[LobsterRows]:
    paths = [folder / "lobster" / f"LOBSTER_SampleFile_{name}.zip" for name in names]
    return [read_zip(path) for path in paths]


def check(days: list[LobsterRows], messages: list[bytes]) -> None:
    ordered = sorted(days, key=lambda rows: rows.symbol)
    rows = RowCheck(dict(enumerate(ordered, start=1)))
    play(unframe(b"".join(messages)), rows)
    rows.finish()


@pytest.mark.parametrize(
    ("names", "synthetic_max"),
    [(("AMZN_2012-06-21_5", "AAPL_2012-06-21_1"), 65_100), (("AMZN_2012-06-21_1",), 20_000)],
    ids=["AMZN 5 with AAPL 1", "AMZN 1"],
)
def test_recorded_day_is_exact_after_every_row(recorded_data, names, synthetic_max):
    days = recorded(recorded_data, *names)
    merged = merge_days(days)
    check(days, merged.messages)
    for counts in merged.counts.values():
        assert counts.forced == counts.readded == counts.orphans == 0
    assert len(merged.messages) - sum(len(day.events) for day in days) <= synthetic_max


@pytest.mark.parametrize("levels", [1, 2, 5, 20])
def test_simulated_day_is_exact_after_every_row(tmp_path, seed, levels):
    for offset in range(8):
        day = read_zip(write_zip(tmp_path, simulate(seed + offset, levels, 1500)))
        merged = merge_days([day])
        check([day], merged.messages)
        assert merged.counts["TEST"].forced == merged.counts["TEST"].readded == 0


def test_recorded_messages_are_kept_as_they_are(tmp_path, seed):
    day = read_zip(write_zip(tmp_path, simulate(seed, 5, 2000)))
    shown = [message for message in unframe(b"".join(merge_days([day]).messages)) if tracking_of(message) == 0]
    assert len(shown) == len(day.events)
    for message, time_ns, (kind, order_id, quantity, price, direction) in zip(
        shown, day.times_ns, day.events, strict=True
    ):
        assert message[:1] == SHOWN_TYPES[kind]
        assert time_ns_of(message) == time_ns
        if kind <= 4:
            assert int.from_bytes(message[11:19], "big") == order_id
        if kind in (2, 4):
            assert int.from_bytes(message[19:23], "big") == quantity
        if kind in (1, 5):
            assert message[19:20] == (b"B" if direction > 0 else b"S")
            assert int.from_bytes(message[20:24], "big") == quantity
            assert int.from_bytes(message[32:36], "big") == price
        if kind == 7:
            assert message[19:20] == {-1: b"H", 0: b"Q", 1: b"T"}[price]


def mutations(messages: list[bytes], seed: int, number: int):
    """The stream with one message of completion left out, or with one share more or less."""
    chosen = random.Random(seed)
    corrections = [
        index
        for index, message in enumerate(messages)
        if message[5:7] == SYNTHETIC_TRACKING_NUMBER.to_bytes(2, "big") and message[2:3] in (b"A", b"D", b"X")
    ]
    for index in chosen.sample(corrections, min(number, len(corrections))):
        message = messages[index]
        if message[2:3] == b"D" or chosen.random() < 0.5:
            yield f"message {index} left out", messages[:index] + messages[index + 1 :]
        else:
            place = 22 if message[2:3] == b"A" else 21
            quantity = int.from_bytes(message[place : place + 4], "big") + 1
            changed = message[:place] + quantity.to_bytes(4, "big") + message[place + 4 :]
            yield f"message {index} with quantity {quantity}", [*messages[:index], changed, *messages[index + 1 :]]


def test_any_mutated_correction_is_caught(tmp_path, seed):
    day = read_zip(write_zip(tmp_path, simulate(seed, 3, 800)))
    messages = Completer(day, 1)
    messages.run()
    tried = 0
    for what, mutated in mutations(messages.messages, seed, 60):
        tried += 1
        with pytest.raises(Unsound):
            check([day], mutated)
            print(f"{what} was not caught")
    assert tried >= 20


def test_a_mutated_correction_of_a_recorded_day_is_caught(recorded_data, seed):
    (day,) = recorded(recorded_data, "AMZN_2012-06-21_5")
    first = 4000
    day = replace(day, times_ns=day.times_ns[:first], events=day.events[:first], books=day.books[:first])
    completer = Completer(day, 1)
    completer.run()
    check([day], completer.messages)
    for what, mutated in mutations(completer.messages, seed, 15):
        with pytest.raises(Unsound):
            check([day], mutated)
            print(f"{what} was not caught")


def test_rows_that_contradict_the_messages_are_still_met(tmp_path, seed):
    """Where a row is wrong about its own message's order, the correction has to follow the message."""
    recording = simulate(seed, 2, 600)
    chosen = random.Random(seed)
    for row in chosen.sample(recording.books[10:-1], 20):
        if row[1] > 1:
            row[1] -= chosen.randint(1, row[1] - 1)
    day = read_zip(write_zip(tmp_path, recording))
    merged = merge_days([day])
    assert merged.counts["TEST"].forced > 0
    reached = -1
    met = set()

    def note(_: int, message: bytes, book: Book) -> None:
        nonlocal reached
        reached += tracking_of(message) == 0
        if book.row(day.levels) == day.books[max(reached, 0)]:
            met.add(reached)

    play(unframe(b"".join(merged.messages)), note)
    assert met >= set(range(len(day.books)))
