"""Telemetry blocks of any bytes into the reader that operators use: it prints a table, or says one sentence."""

from __future__ import annotations

import json
import struct
from pathlib import Path

from monitoring.telemetry import FORMAT_VERSION, HEADER, MAGIC, NAME_BYTES, as_json, as_table, read_telemetry
from stacks.topology.errors import ColoError

BUCKETS, SUB_BITS = 24, 2


def block(counters: dict[str, int], histograms: dict[str, tuple[int, int, int]]) -> bytes:
    """A block as engine/runtime/telemetry.cpp writes it; histograms are (count, sum, largest)."""
    sizes = (len(counters), NAME_BYTES + 16, len(histograms), NAME_BYTES + 8 * (3 + BUCKETS), BUCKETS, SUB_BITS, 4711)
    texts = (b"desk", b"engine", b"0.1.0", b"0" * 40, b"1" * 64)
    parts = [HEADER.pack(MAGIC, FORMAT_VERSION, *sizes, 1_700_000_000_000_000_000, *texts)]
    parts += [struct.pack(f"<{NAME_BYTES}sq8x", name.encode(), value) for name, value in counters.items()]
    for name, numbers in histograms.items():
        parts.append(struct.pack(f"<{NAME_BYTES}s{3 + BUCKETS}Q", name.encode(), *numbers, *range(BUCKETS)))
    return b"".join(parts)


def read(data: bytes, path: Path) -> str:
    """What became of the block: its table, or the sentence; any other exception passes."""
    path.write_bytes(data)
    try:
        telemetry = read_telemetry(path)
    except ColoError as error:
        return str(error)
    json.dumps(as_json(telemetry))
    return as_table(telemetry)


VALID = [block({"feed/sequence": 7}, {"tick_to_trade": (276, 9_000, 800)}), block({}, {})]
