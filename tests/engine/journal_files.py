"""Writes journal segments as the format says, in plain Python: an independent reading of it, and journals for tests."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from pathlib import Path

HEADER_BYTES = 4096
SEGMENT_BYTES = 256 * 1024
SEGMENT_END_MARK = 0xFFFFFFFF
FEED_MESSAGE, ORDER_SENT, ORDER_ANSWER, CONTROL, TIMING, RISK_REJECT = 1, 2, 3, 5, 6, 7


def _crc32c_table() -> tuple[int, ...]:
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
        table.append(byte)
    return tuple(table)


_TABLE = _crc32c_table()


def crc32c(data: bytes) -> int:
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ _TABLE[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF


def segment_header(
    index: int, segment_bytes: int = SEGMENT_BYTES, version: int = 1, release_digest: str = "release-a"
) -> bytes:
    page = struct.pack(
        "<8sIIQQ32s16s16s72s72s",
        b"COLOJRNL", version, HEADER_BYTES, index, segment_bytes,
        b"desk", b"0123456789", b"2012-06-21", release_digest.encode(), b"config-a",
    )  # fmt: skip
    return (page + struct.pack("<I", crc32c(page))).ljust(HEADER_BYTES, b"\0")


def record(
    payload: bytes, kind: int, sequence: int, receive_time_ns: int = 0, source: int = 0, channel: int = 0
) -> bytes:
    checked = struct.pack("<qQBBHI", receive_time_ns, sequence, kind, source, channel, 0) + payload
    return (struct.pack("<II", len(payload), crc32c(checked)) + checked).ljust(32 + (len(payload) + 7) // 8 * 8, b"\0")


@dataclass
class JournalFile:
    """Grows a journal in a directory, segment by segment."""

    directory: Path
    segment_bytes: int = SEGMENT_BYTES
    index: int = 0
    at: int = HEADER_BYTES
    offsets: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)
        self.path.write_bytes(segment_header(self.index, self.segment_bytes))

    @property
    def path(self) -> Path:
        return self.directory / f"journal-{self.index:010}.colo"

    def append(self, payload: bytes, kind: int = FEED_MESSAGE, sequence: int = 0, **fields: int) -> int:
        """Returns the record's journal offset."""
        data = record(payload, kind, sequence, **fields)
        if self.at + len(data) > self.segment_bytes:
            self.end_segment()
        offset = self.index * self.segment_bytes + self.at
        self._write(data)
        self.at += len(data)
        self.offsets.append(offset)
        return offset

    def end_segment(self) -> None:
        """What follows goes into the next segment."""
        if self.at < self.segment_bytes:
            self._write(struct.pack("<II", SEGMENT_END_MARK, 0))
        self.index, self.at = self.index + 1, HEADER_BYTES
        self.path.write_bytes(segment_header(self.index, self.segment_bytes))

    def _write(self, data: bytes) -> None:
        with self.path.open("ab") as file:
            file.write(data)
