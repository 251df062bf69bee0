"""Readers in Python under changed files: each yields what it reads, or says one sentence."""

from __future__ import annotations

import random
import tempfile
import time
from pathlib import Path

from tests.fuzz import pcap, telemetry

READERS = {"pcap": pcap, "telemetry": telemetry}


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


def fuzz(name: str, seconds: float, seed: int | None = None, runs_max: int | None = None) -> bool:
    """Give a reader changed files for so long; whether each was read or refused. A failure prints its seed."""
    reader = READERS[name]
    seed = random.randrange(1 << 32) if seed is None else seed
    runs, end = 0, time.monotonic() + seconds
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        while time.monotonic() < end and runs != runs_max:
            draw = random.Random(seed + runs)
            data = changed(draw.choice(reader.VALID), draw)
            try:
                reader.read(data, path)
            except Exception as error:
                print(f"{name}: seed {seed + runs}: {type(error).__name__}: {error}: {data.hex()}")
                return False
            runs += 1
    print(f"{name}: {runs} runs", flush=True)
    return True
