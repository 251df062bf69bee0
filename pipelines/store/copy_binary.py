"""PostgreSQL's binary COPY format for rows of fixed-width integers, made and read by NumPy without a loop over rows.

A row is a 16-bit count of fields, then for each field its length in bytes (32 bits) and its value, all big endian
(PostgreSQL documentation, COPY, "Binary Format"). Where every field has a fixed width, so has the row, and a whole
batch is one structured array: columns are assigned, bytes are swapped on the way.
"""

from __future__ import annotations

from datetime import date

import numpy

HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
HEADER_BYTES = len(HEADER)
TRAILER = b"\xff\xff"

_EPOCH = date(2000, 1, 1)


def copy_dtype(rows: numpy.dtype, mic: bool = False) -> numpy.dtype:
    """Layout of a row on the wire; with `mic`, the columns mic and trading_day come first."""
    fields: list[tuple[str, str]] = [("fields", ">i2")]
    if mic:
        fields += [("mic_bytes", ">i4"), ("mic", "S4"), ("trading_day_bytes", ">i4"), ("trading_day", ">i4")]
    for name in rows.names or ():
        width = max(2, rows[name].itemsize)  # there is no one-byte integer in PostgreSQL
        fields += [(f"{name}_bytes", ">i4"), (name, f">i{width}")]
    return numpy.dtype(fields)


def encode_rows(rows: numpy.ndarray, wire: numpy.dtype, mic: str, trading_day: date) -> bytes:
    """Bytes of many rows, without header and trailer; `wire` is copy_dtype(rows.dtype, mic=True)."""
    encoded = numpy.empty(len(rows), wire)
    names = wire.names or ()
    encoded["fields"] = sum(1 for name in names if name.endswith("_bytes"))
    for name in names:
        if name.endswith("_bytes"):
            encoded[name] = wire[name.removesuffix("_bytes")].itemsize
    encoded["mic"] = mic.encode("ascii")
    encoded["trading_day"] = (trading_day - _EPOCH).days
    for name in rows.dtype.names or ():
        encoded[name] = rows[name]
    return encoded.tobytes()


def decode_rows(data: bytes, wire: numpy.dtype, dtype: numpy.dtype) -> numpy.ndarray:
    """Rows of `dtype` from the bytes of whole rows laid out as copy_dtype(dtype)."""
    encoded = numpy.frombuffer(data, wire)
    rows = numpy.empty(len(encoded), dtype)
    for name in dtype.names or ():
        rows[name] = encoded[name]
    return rows
