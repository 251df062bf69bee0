"""Packet captures of any bytes into the reader of captures: it yields datagrams, or says one sentence."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import dpkt

from pipelines.session.datagrams import read_datagrams
from pipelines.session.sources import Kind, Source
from stacks.topology.errors import ColoError


def capture(payloads: list[bytes], link_type: int = 1, next_generation: bool = False) -> bytes:
    """A capture of UDP packets, as a capturing program writes it."""
    file = io.BytesIO()
    writer = dpkt.pcapng.Writer(file) if next_generation else dpkt.pcap.Writer(file, linktype=link_type)
    for number, payload in enumerate(payloads):
        udp = struct.pack(">HHHH", 26400, 26400, 8 + len(payload), 0) + payload
        addresses = b"\n\0\0\1", b"\xef\0\0\1"
        ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), number, 0, 64, 17, 0, *addresses) + udp
        frame = ip if link_type == 101 else bytes(12) + b"\x81\x00\x00\x07" * (number % 2) + b"\x08\x00" + ip
        writer.writepkt(frame, ts=34_200 + number)
    return file.getvalue()


def read(data: bytes, path: Path) -> str:
    """What became of the capture: the number of its datagrams, or the sentence; any other exception passes."""
    path.write_bytes(data)
    try:
        return str(sum(1 for _ in read_datagrams(Source(path, Kind.CAPTURE, gzipped=False))))
    except ColoError as error:
        return str(error)


VALID = [
    capture([b"0123456789" + bytes(10)] * 3),
    capture([b"x" * 200], link_type=101),
    capture([b"y" * 30] * 2, next_generation=True),
]
