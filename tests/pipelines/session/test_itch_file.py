"""A sound ITCH file is copied and described; a damaged one ends with one sentence that names file and offset."""

from __future__ import annotations

import io
import random
import re

import pytest

from pipelines.session import itch_file
from pipelines.session.itch50 import MESSAGE_LENGTHS
from pipelines.session.itch_file import scan_itch
from stacks.topology.errors import ColoError
from tests.pipelines.session.itch_messages import add, delete, directory, framed, head, some_messages, system_event

SOUND = [system_event(1, b"O"), directory(2, "TEST", 7, round_lot=10), add(3, 1), add(4, 2, price=90_000), delete(5, 1)]
START_OF_LAST = len(framed(*SOUND[:-1]))


def scan(content: bytes, **options) -> itch_file.ItchContents:
    return scan_itch(io.BytesIO(content), "day.itch", **options)


def test_a_sound_file_is_copied_and_described():
    target = io.BytesIO()
    contents = scan(framed(*SOUND), target=target)
    assert target.getvalue() == framed(*SOUND)
    assert (contents.messages, contents.bytes, contents.synthetic) == (5, len(framed(*SOUND)), 0)
    assert contents.symbols == {7: "TEST"}
    assert contents.round_lots == {7: 10}
    assert contents.prices == {7: 100_000}
    assert contents.by_locate[7] == 4


def test_every_message_type_is_known():
    # Of zeros, but for what an add must have: a side and shares.
    body = bytes(8) + b"B" + (1).to_bytes(4, "big")
    kinds = [(head(kind.encode(), 5) + body)[:length].ljust(length, b"\0") for kind, length in MESSAGE_LENGTHS.items()]
    assert scan(framed(*kinds)).messages == 23


def test_symbols_come_from_adds_where_there_is_no_directory():
    contents = scan(framed(add(1, 1, symbol="AAPL", locate=13), add(2, 2, symbol="MSFT", locate=14)))
    assert contents.symbols == {13: "AAPL", 14: "MSFT"}
    assert contents.round_lots == {}


def test_messages_of_completion_are_counted_apart():
    marked = head(b"D", 3, tracking=0xC010) + bytes(8)
    assert scan(framed(add(1, 1), marked), synthetic_tracking_number=0xC010).synthetic == 1


def test_an_empty_message_may_end_a_file():
    target = io.BytesIO()
    assert scan(framed(*SOUND) + b"\0\0", target=target).messages == 5
    assert target.getvalue() == framed(*SOUND)


@pytest.mark.parametrize("block_bytes", [3, 40, 100])
def test_blocks_may_end_anywhere(monkeypatch, block_bytes):
    messages = some_messages(200)
    monkeypatch.setattr(itch_file, "_BLOCK_BYTES", block_bytes)
    monkeypatch.setattr(itch_file.read_source, "__defaults__", (block_bytes,))
    target = io.BytesIO()
    assert scan(framed(*messages) + b"\0\0", target=target).messages == 200
    assert target.getvalue() == framed(*messages)
    with pytest.raises(ColoError, match=f"byte offset {len(framed(*messages))}$"):
        scan(framed(*messages, b"!" + bytes(20)))


DAMAGED = {
    "cut in a message": (
        framed(*SOUND)[:-1],
        rf"cut off in the message at byte offset {START_OF_LAST}: 18 of 19 bytes",
    ),
    "cut after the type": (framed(*SOUND)[: START_OF_LAST + 3], rf"at byte offset {START_OF_LAST}: 1 of 19 bytes"),
    "cut after the length": (framed(*SOUND)[: START_OF_LAST + 2], rf"at byte offset {START_OF_LAST}: 0 of 19 bytes"),
    "cut in the length": (
        framed(*SOUND)[: START_OF_LAST + 1],
        rf"at byte offset {START_OF_LAST}: 0 of a length prefix",
    ),
    "length too great": (
        framed(*SOUND[:3]) + b"\0\x25" + SOUND[3] + framed(SOUND[4]),
        rf"length prefix at byte offset {len(framed(*SOUND[:3]))} says 37 bytes, but a message of type 'A' has 36",
    ),
    "length too small": (b"\0\x0b" + SOUND[0] + framed(*SOUND[1:]), r"offset 0 says 11 bytes, .* type 'S' has 12"),
    "length with a high byte": (framed(SOUND[0]) + b"\1\x24" + SOUND[2], r"offset 14 says 292 bytes"),
    "unknown type": (framed(SOUND[0], b"Z" + SOUND[4][1:]), r"unknown ITCH 5.0 message type 'Z' at byte offset 14"),
    "type not a letter": (
        framed(SOUND[0], b"\xff" + SOUND[4][1:]),
        r"unknown ITCH 5.0 message type '.xff' at byte offset 14",
    ),
    "empty in the middle": (
        framed(SOUND[0]) + b"\0\0" + framed(SOUND[2]),
        r"offset 14 says 0 bytes, but the file goes on",
    ),
    "time beyond the day": (framed(SOUND[0], add(86_400 * 10**9, 1)), r"timestamp at byte offset 21 is beyond"),
    "nothing": (b"", "holds no ITCH 5.0 message"),
    "only an end": (b"\0\0", "holds no ITCH 5.0 message"),
}


@pytest.mark.parametrize(("content", "sentence"), DAMAGED.values(), ids=DAMAGED)
def test_damage_is_named_with_its_offset(content, sentence):
    with pytest.raises(ColoError, match=sentence) as raised:
        scan(content)
    assert str(raised.value).startswith("day.itch: ")
    assert "\n" not in str(raised.value)


def test_any_cut_and_any_wrong_length_or_type_is_found(seed):
    chosen = random.Random(seed)
    messages = some_messages(100)
    content = framed(*messages)
    starts = [len(framed(*messages[:index])) for index in range(100)]
    for _ in range(300):
        start = chosen.choice(starts)
        if chosen.random() < 0.5:
            cut = chosen.randrange(1, len(content))
            damaged, offset = content[:cut], max(begin for begin in starts if begin <= cut)
            if cut in starts:
                continue
        else:
            place = start + chosen.randrange(3)
            wrong = chosen.choice(
                [byte for byte in range(256) if byte not in (content[place], *b"ADFECXUPQBINOSRHYLVWKJh")]
            )
            damaged, offset = content[:place] + bytes([wrong]) + content[place + 1 :], start
        with pytest.raises(ColoError) as raised:
            scan(damaged)
        assert re.search(rf"byte offset {offset}\b", str(raised.value)), f"{raised.value}, planted at {offset}"


def test_recorded_files_are_sound(recorded_data):
    expected = {
        "aapl_20200130_first10k.itch50": (10_000, {13: "AAPL"}),
        "aapl_20191230_0935_banded_std.itch50": (49_947, {13: "AAPL"}),
        "fullfeed_head1000.itch50": (1_000, None),
    }
    for name, (messages, symbols) in expected.items():
        with (recorded_data / "itch" / name).open("rb") as file:
            contents = scan_itch(file, name)
        assert contents.messages == messages
        assert contents.symbols == symbols or (symbols is None and len(contents.symbols) == 993)
