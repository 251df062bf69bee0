"""Sessions of every kind of source on a desk: every message is played, and what is stored is what was journaled."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pyarrow.compute as pc
import pytest

from engine.records import flag
from tests.pipelines.session.packet_capture import GROUP_A, GROUP_B, ethernet, mold, udp, write_pcap, write_pcapng
from tests.simulation.checks import assert_complete
from tests.simulation.conftest import generate
from tests.simulation.site_runs import SiteRuns


@dataclass(frozen=True)
class Recording:
    """A recorded session, and what is known of it: messages, symbols, references to orders from before its start."""

    file: str
    day: str
    messages: int
    symbols: int
    unknown: int = 0
    day_given: bool = False


RECORDINGS = (
    Recording("itch/aapl_20200130_first10k.itch50", "2020-01-30", 10_000, 1),
    Recording("itch/fullfeed_head1000.itch50", "2019-01-30", 1_000, 993, day_given=True),
    # Filtered by a band of prices: its README counts the orders whose add was left out.
    Recording("itch/aapl_20191230_0935_banded_std.itch50", "2019-12-30", 49_947, 1, unknown=3_970),
    Recording("itch/moldudp64_pcap/AddOrderNoMpidAttributionMessage.pcap", "2023-08-22", 1, 1, day_given=True),
    Recording("lobster/LOBSTER_SampleFile_AAPL_2012-06-21_1.zip", "2012-06-21", 157_446, 1),
)


@pytest.mark.parametrize("recording", RECORDINGS, ids=lambda recording: Path(recording.file).stem)
def test_a_recording(desk: SiteRuns, recorded_data: Path, recording: Recording):
    desk.forget(recording.day)
    report = desk.succeed([recorded_data / recording.file], day=recording.day if recording.day_given else "")
    assert report["session"]["messages"] == recording.messages
    assert len(report["session"]["symbols"]) == recording.symbols
    assert_complete(desk, recording.day, recording.messages)
    flags = desk.rows("ticks", recording.day)["flags"]
    unknown = pc.sum(pc.not_equal(pc.bit_wise_and(flags, flag("unknown_order")), 0)).as_py()
    assert unknown == recording.unknown, "references to orders that the recording does not have"


def test_a_generated_session_where_nothing_is_recorded(desk: SiteRuns):
    report = desk.succeed(changes=[{"name": "generated", "messages": 5_000}])
    assert report["session"]["source"] == "generated: seed 1, 5000 messages, 2 symbols"
    assert report["session"]["synthetic"] == report["session"]["messages"] == 5_000
    assert_complete(desk, report["session"]["trading_day"], 5_000)


@pytest.mark.parametrize("message", [b"A", b"D"], ids=["added twice", "deleted twice"])
def test_an_order_that_cannot_be_is_named(desk: SiteRuns, tmp_path: Path, message: bytes):
    """The session is traded and stored: what the exchange sent is kept, and the check says which rows are wrong."""
    file = tmp_path / "impossible_2024-06-25.itch50"
    generate(file, seed=5, messages=5_000, day="2024-06-25")
    data, offset, number = file.read_bytes(), 0, 0
    while number < 2_000 or data[offset + 2 : offset + 3] != message:
        offset += 2 + int.from_bytes(data[offset : offset + 2], "big")
        number += 1
    end = offset + 2 + int.from_bytes(data[offset : offset + 2], "big")
    file.write_bytes(data[:end] + data[offset:end] + data[end:])
    desk.forget("2024-06-25")
    sentence = desk.run([file]).sentence()
    assert "order_references: 1 of " in sentence and f"ticks sequence={number + 2} " in sentence, sentence
    assert desk.rows("ticks", "2024-06-25").num_rows == 5_001


def test_captures_that_lack_messages_say_which(desk: SiteRuns, recorded_data: Path):
    """The recorded packets are samples of a day: what lies between them is nowhere."""
    file = recorded_data / "itch/moldudp64_pcap/Multiple.Packets.pcap"
    assert desk.run([file], day="2023-08-22").sentence() == (
        f"colo: {file}: messages 14764497 to 19009116 of MoldUDP64 session '000010059B' are missing on every line"
    )


def test_a_capture_of_two_lines_is_the_session_it_was_taken_from(desk: SiteRuns, workplace: Path):
    """Each line lost other packets, one is tagged for a VLAN, their packets differ: together they have everything."""
    day = "2024-06-24"
    file = workplace / f"captured_{day}.itch50"
    generate(file, seed=13, messages=3_000, day=day)
    messages = framed(file.read_bytes())
    frames = {"a": [], "b": []}
    for first in range(0, len(messages), 7):
        packet = mold(first + 1, messages[first : first + 7])
        if first % 5 != 1:
            frames["a"].append(ethernet(udp(packet, GROUP_A), tags=[0x8100]))
        if first % 5 != 2:
            frames["b"].append(ethernet(udp(packet, GROUP_B)))
    captures = [
        write_pcap(workplace / f"line_a_{day}.pcap", frames["a"], "nanoseconds"),
        write_pcapng(workplace / f"line_b_{day}.pcapng", frames["b"]),
    ]
    desk.succeed(captures)
    assert_complete(desk, day, len(messages))
    assert Path(desk.read(day, "exchange.json")["session_file"]).read_bytes() == file.read_bytes()


def framed(data: bytes) -> list[bytes]:
    """The messages of an ITCH file."""
    messages, offset = [], 0
    while offset < len(data):
        length = int.from_bytes(data[offset : offset + 2], "big")
        messages.append(data[offset + 2 : offset + 2 + length])
        offset += 2 + length
    return messages


def test_a_recording_with_a_defect_fails_and_the_row_is_named(desk: SiteRuns, workplace: Path):
    """The clock of one message goes back: the session is played and stored as it is, and the run says so."""
    day = "2024-06-25"
    file = workplace / f"defective_{day}.itch50"
    generate(file, seed=14, messages=8_000, day=day)
    messages = framed(file.read_bytes())
    early = int.from_bytes(messages[1_998][5:11], "big") - 25
    messages[1_999] = messages[1_999][:5] + early.to_bytes(6, "big") + messages[1_999][11:]
    file.write_bytes(b"".join(len(message).to_bytes(2, "big") + message for message in messages))
    sentence = desk.run([file]).sentence()
    assert sentence.startswith("colo: event_time_monotone: 1 of 8,000 rows, ticks sequence=2000 journal_offset=")
    assert sentence.endswith(": event time 25 ns before the message ahead of it")
    assert desk.rows("ticks", day).num_rows == 8_000
