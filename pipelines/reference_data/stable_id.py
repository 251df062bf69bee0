"""Instrument ids that stay the same across days, unlike an exchange's locate codes."""

from __future__ import annotations

_POLYNOMIAL = 0x82F63B78  # CRC-32C (Castagnoli), reflected; RFC 3720 section 12.1


def _row(byte: int) -> int:
    for _ in range(8):
        byte = byte >> 1 ^ (_POLYNOMIAL if byte & 1 else 0)
    return byte


_TABLE = tuple(_row(byte) for byte in range(256))


def crc32c(data: bytes) -> int:
    """CRC-32C of `data`."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ _TABLE[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF


def stable_id(mic: str, symbol: str) -> int:
    """The id of a symbol at a venue: 31 bits, so that it fits a signed column everywhere."""
    return crc32c(f"{mic}:{symbol}".encode()) & 0x7FFFFFFF
