"""A few ITCH 5.0 messages for tests, packed by hand from the specification's offsets."""

from __future__ import annotations

import struct


def head(kind: bytes, time_ns: int, locate: int = 7, tracking: int = 0) -> bytes:
    return kind + struct.pack(">HH", locate, tracking) + time_ns.to_bytes(6, "big")


def add(time_ns: int, reference: int, price: int = 100_000, symbol: str = "TEST", locate: int = 7) -> bytes:
    return head(b"A", time_ns, locate) + struct.pack(">QcI8sI", reference, b"B", 100, symbol.ljust(8).encode(), price)


def delete(time_ns: int, reference: int, locate: int = 7) -> bytes:
    return head(b"D", time_ns, locate) + struct.pack(">Q", reference)


def directory(time_ns: int, symbol: str, locate: int, round_lot: int = 100) -> bytes:
    stock = symbol.ljust(8).encode()
    return head(b"R", time_ns, locate) + stock + b"QN" + struct.pack(">I", round_lot) + b"NCZ P  1N\0\0\0\0N"


def system_event(time_ns: int, event: bytes) -> bytes:
    return head(b"S", time_ns, 0) + event


def framed(*messages: bytes) -> bytes:
    return b"".join(struct.pack(">H", len(message)) + message for message in messages)


def some_messages(number: int) -> list[bytes]:
    """Adds and deletes, one nanosecond apart."""
    return [add(k, k) if k % 3 else delete(k, k - 1) for k in range(1, number + 1)]
