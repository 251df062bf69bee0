"""MoldUDP64 captures in every form give the messages in order, each once; a gap or damage is named."""

from __future__ import annotations

import gzip
import io
import random

import pytest

from pipelines.session.capture import write_capture
from pipelines.session.sources import detect
from stacks.topology.errors import ColoError
from tests.pipelines.session.itch_messages import framed, some_messages
from tests.pipelines.session.packet_capture import (
    END_OF_SESSION,
    GROUP_B,
    LINKS,
    PCAP_FORMATS,
    ethernet,
    mold,
    udp,
    write_pcap,
    write_pcapng,
)

MESSAGES = some_messages(40)


def packets(first: int = 1, per_packet: int = 4) -> list[bytes]:
    """The messages in MoldUDP64 packets, numbered from `first`."""
    return [mold(first + k, MESSAGES[k : k + per_packet]) for k in range(0, len(MESSAGES), per_packet)]


def frames(payloads: list[bytes], **options) -> list[bytes]:
    return [ethernet(udp(payload, **options)) for payload in payloads]


def read(*paths) -> bytes:
    target = io.BytesIO()
    write_capture([detect(path) for path in paths], target)
    return target.getvalue()


@pytest.mark.parametrize("form", PCAP_FORMATS)
def test_pcap_forms(tmp_path, form):
    assert read(write_pcap(tmp_path / "a.pcap", frames(packets()), form=form)) == framed(*MESSAGES)


@pytest.mark.parametrize("link", LINKS)
def test_link_layers(tmp_path, link):
    number, wrap = LINKS[link]
    wrapped = [wrap(udp(payload, options=1)) for payload in packets()]
    assert read(write_pcap(tmp_path / "a.pcap", wrapped, link=number)) == framed(*MESSAGES)
    assert read(write_pcapng(tmp_path / "a.pcapng", wrapped, link=number)) == framed(*MESSAGES)


@pytest.mark.parametrize("order", ["<", ">"])
def test_pcapng_byte_orders(tmp_path, order):
    assert read(write_pcapng(tmp_path / "a.pcapng", frames(packets()), order=order)) == framed(*MESSAGES)


def test_a_gzipped_capture(tmp_path):
    path = write_pcap(tmp_path / "a.pcap", frames(packets()))
    path.write_bytes(gzip.compress(path.read_bytes()))
    assert read(path) == framed(*MESSAGES)


def test_two_lines_fill_each_others_gaps(tmp_path, seed):
    """Each line loses packets and is late by a different amount; what one has is enough, in one file or in two."""
    chosen = random.Random(seed)
    per_line: list[list[tuple[float, bytes]]] = [[], []]
    for number, payload in enumerate(packets(first=500, per_packet=1)):
        lost = chosen.choice((None, 0, 1))
        for line in (0, 1):
            if line != lost:
                frame = ethernet(udp(payload, **({"group": GROUP_B} if line else {})))
                per_line[line].append((number + 5 * line + chosen.random() * 3, frame))
    mixed = [frame for _, frame in sorted(per_line[0] + per_line[1])]
    assert read(write_pcap(tmp_path / "both.pcap", mixed)) == framed(*MESSAGES)
    paths = [write_pcap(tmp_path / f"line {line}.pcap", [frame for _, frame in per_line[line]]) for line in (0, 1)]
    assert read(*paths) == framed(*MESSAGES)


def test_other_traffic_heartbeats_and_requests_are_passed_over(tmp_path):
    other = [
        ethernet(udp(b"\0\1\0\2 something else", port=319)),
        ethernet(b"\x46\0\0\x20" + bytes(5) + b"\x02" + bytes(22)),  # IGMP
        b"\x01\x80\xc2\0\0\x0e" + bytes(6) + b"\x88\xcc" + bytes(50),  # LLDP
        *frames([mold(1, [], count=0), mold(10, [], count=3)]),  # a heartbeat, a receiver's request
        ethernet(b"\x60" + bytes(60)),
    ]
    end = frames([mold(41, [], count=0), mold(41, [], count=END_OF_SESSION)])
    assert read(write_pcap(tmp_path / "a.pcap", other + frames(packets()) + end)) == framed(*MESSAGES)


def test_a_capture_may_begin_in_mid_session(tmp_path):
    assert read(write_pcap(tmp_path / "a.pcap", frames(packets(first=9_000)))) == framed(*MESSAGES)


SENTENCES = {
    "gap": (packets()[:3] + packets()[5:], "messages 13 to 20 of MoldUDP64 session '0000100123' are missing on every"),
    "end lost, a heartbeat tells": ([*packets()[:-2], mold(41, [], count=0)], "messages 33 to 40 of"),
    "end lost, the end tells": ([*packets()[:-1], mold(41, [], count=END_OF_SESSION)], "messages 37 to 40 of"),
    "another session": (
        [*packets()[:2], mold(9, MESSAGES[8:9], session=b"0000100124")],
        "is of MoldUDP64 session '0000100124', but the capture began with '0000100123'",
    ),
    "only heartbeats": ([mold(5, [], count=0)], "holds only heartbeats"),
    "no MoldUDP64": ([b"anything"], "holds no MoldUDP64 packet with ITCH 5.0 messages; .*8 bytes are too few"),
    "binary session": ([b"\0" * 40], "session 00000000000000000000 is not printable"),
    "unknown type": (
        [*packets()[:2], mold(9, [b"?" + MESSAGES[0][1:]])],
        "packet at byte offset 450: message 1 of 1: 36 bytes of type '[?]', which is unknown to ITCH 5.0",
    ),
    "length lies": (
        [*packets()[:1], packets()[1][:21] + b"\x25" + packets()[1][22:]],
        "37 bytes of type 'A', which has 36",
    ),
    "count too great": ([*packets()[:1], mold(5, MESSAGES[4:6], count=3)], "message 3 of 3 runs beyond the packet"),
    "count too small": ([*packets()[:1], mold(5, MESSAGES[4:6], count=1)], "bytes follow the last of 1 messages"),
}


@pytest.mark.parametrize(("payloads", "sentence"), SENTENCES.values(), ids=SENTENCES)
def test_what_is_wrong_is_said(tmp_path, payloads, sentence):
    with pytest.raises(ColoError, match=sentence) as raised:
        read(write_pcap(tmp_path / "a.pcap", frames(payloads)))
    assert str(tmp_path / "a.pcap") in str(raised.value)


def test_a_line_damaged_from_its_first_packet_is_not_taken_for_other_traffic(tmp_path):
    damaged = ethernet(udp(mold(1, [b"?" + MESSAGES[0][1:]]), group=GROUP_B))
    with pytest.raises(ColoError, match=r"byte offset 24: message 1 of 1"):
        read(write_pcap(tmp_path / "a.pcap", [damaged, *frames(packets())]))


@pytest.mark.parametrize("fragment", [0x2000, 0x0001], ids=["first fragment", "later fragment"])
def test_fragments_are_refused(tmp_path, fragment):
    with pytest.raises(ColoError, match=r"packet at byte offset 24 is an IPv4 fragment"):
        read(write_pcap(tmp_path / "a.pcap", frames(packets(), fragment=fragment)))


def test_a_packet_that_the_capture_cut_is_refused(tmp_path):
    whole = frames(packets())
    with pytest.raises(ColoError, match=r"packet at byte offset 24 is cut off: 50 of \d+ payload bytes"):
        read(write_pcap(tmp_path / "a.pcap", [whole[0][: 42 + 50], *whole[1:]]))


@pytest.mark.parametrize("write", [write_pcap, write_pcapng])
def test_a_cut_file_is_refused(tmp_path, write):
    path = write(tmp_path / "a.pcap", frames(packets()))
    content = path.read_bytes()
    for length in (len(content) - 5, len(content) - 60):
        path.write_bytes(content[:length])
        with pytest.raises(ColoError, match=r"cut off"):
            read(path)


def test_an_unknown_link_layer_is_refused(tmp_path):
    with pytest.raises(ColoError, match="link type 127 are not supported"):
        read(write_pcap(tmp_path / "a.pcap", frames(packets()), link=127))


def test_recorded_packets(recorded_data):
    folder = recorded_data / "itch" / "moldudp64_pcap"
    single = sorted(path for path in folder.glob("*.pcap") if path.name != "Multiple.Packets.pcap")
    assert single
    for path in single:
        content = read(path)
        assert len(content) == 2 + int.from_bytes(content[:2], "big")
        assert content[2:3] in b"ALIDEUHX"
    with pytest.raises(ColoError, match=r"messages 14764497 to 19009116 of MoldUDP64 session '000010059B'"):
        read(folder / "Multiple.Packets.pcap")
