"""The readers in Python under changed files, from a seed that does not change."""

from __future__ import annotations

import pytest

from tests.fuzz import pcap, readers, telemetry

RUNS = 3_000


def test_a_whole_capture_is_read(tmp_path):
    for data in (pcap.capture([b"abc"] * 4), pcap.capture([b"abc"] * 4, 101), pcap.capture([b"abc"] * 4, 1, True)):
        assert pcap.read(data, tmp_path / "capture.pcap") == "4"


def test_a_cut_capture_is_a_sentence(tmp_path):
    assert "is cut off: 2 of 3 payload bytes" in pcap.read(pcap.capture([b"abc"] * 4)[:-1], tmp_path / "capture.pcap")


def test_a_whole_block_is_read(tmp_path):
    table = telemetry.read(telemetry.VALID[0], tmp_path / "telemetry")
    assert "feed/sequence" in table and "tick_to_trade" in table


def test_a_cut_block_is_a_sentence(tmp_path):
    assert "its header speaks of" in telemetry.read(telemetry.VALID[0][:-1], tmp_path / "telemetry")


@pytest.mark.parametrize("name", readers.READERS)
def test_any_change_is_read_or_a_sentence(name):
    assert readers.fuzz(name, seconds=600, seed=1, runs_max=RUNS)
