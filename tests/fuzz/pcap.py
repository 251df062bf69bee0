"""Packet captures of any bytes into the reader of captures: it yields datagrams, or says one sentence."""

from __future__ import annotations

import io
import random
import struct
import tempfile
import time
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


def changed(data: bytes, draw: random.Random) -> bytes:
    """The bytes with a few of them changed, cut or repeated."""
    result = bytearray(data)
    for _ in range(draw.randrange(6)):
        at = draw.randrange(len(result))
        result[at] = draw.choice([0, 0xFF, draw.randrange(256)])
    if draw.random() < 0.3:
        del result[draw.randrange(1, len(result)) :]
    if draw.random() < 0.1:
        at = draw.randrange(len(result))
        result[at:at] = result[: draw.randrange(len(result))]
    return bytes(result)


def read(data: bytes, path: Path) -> str:
    """What became of the capture: the number of its datagrams, or the sentence; any other exception passes."""
    path.write_bytes(data)
    try:
        return str(sum(1 for _ in read_datagrams(Source(path, Kind.CAPTURE, gzipped=False))))
    except ColoError as error:
        return str(error)


def fuzz(seconds: float, seed: int | None = None, runs_max: int | None = None) -> bool:
    """Read changed captures for so long; whether each gave datagrams or a sentence. A failure prints its seed."""
    seed = random.randrange(1 << 32) if seed is None else seed
    valid = [
        capture([b"0123456789" + bytes(10)] * 3),
        capture([b"x" * 200], link_type=101),
        capture([b"y" * 30] * 2, next_generation=True),
    ]
    runs, end = 0, time.monotonic() + seconds
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "capture.pcap"
        while time.monotonic() < end and runs != runs_max:
            draw = random.Random(seed + runs)
            data = changed(draw.choice(valid), draw)
            try:
                read(data, path)
            except Exception as error:
                print(f"pcap: seed {seed + runs}: {type(error).__name__}: {error}: {data.hex()}")
                return False
            runs += 1
    print(f"pcap: {runs} runs", flush=True)
    return True
