"""The reader of captures under changed captures, from a seed that does not change."""

from __future__ import annotations

from tests.fuzz import pcap

RUNS = 3_000


def test_a_whole_capture_is_read(tmp_path):
    for data in (pcap.capture([b"abc"] * 4), pcap.capture([b"abc"] * 4, 101), pcap.capture([b"abc"] * 4, 1, True)):
        assert pcap.read(data, tmp_path / "capture.pcap") == "4"


def test_a_cut_capture_is_a_sentence(tmp_path):
    assert "is cut off: 2 of 3 payload bytes" in pcap.read(pcap.capture([b"abc"] * 4)[:-1], tmp_path / "capture.pcap")


def test_any_change_gives_datagrams_or_a_sentence():
    assert pcap.fuzz(seconds=600, seed=1, runs_max=RUNS)
