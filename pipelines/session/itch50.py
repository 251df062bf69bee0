"""The few facts of ITCH 5.0 that making a session needs: the length of every message and how to write some of them.

Offsets and lengths are those of "Nasdaq TotalView-ITCH 5.0"; the section is named beside each message. The engine
has the full codec; this module never decodes a book, it only frames, counts and writes.
"""

from __future__ import annotations

import struct

MESSAGE_LENGTHS: dict[str, int] = {
    "S": 12,  # 1.1 system event
    "R": 39,  # 1.2.1 stock directory
    "H": 25,  # 1.2.2 stock trading action
    "Y": 20,  # 1.2.3 Reg SHO restriction
    "L": 26,  # 1.2.4 market participant position
    "V": 35,  # 1.2.5.1 market-wide circuit breaker levels
    "W": 12,  # 1.2.5.2 market-wide circuit breaker status
    "K": 28,  # 1.2.6 quoting period update
    "J": 35,  # 1.2.7 limit up, limit down auction collar
    "h": 21,  # 1.2.8 operational halt
    "A": 36,  # 1.3.1 add order
    "F": 40,  # 1.3.2 add order with attribution
    "E": 31,  # 1.4.1 order executed
    "C": 36,  # 1.4.2 order executed with price
    "X": 23,  # 1.4.3 order cancel
    "D": 19,  # 1.4.4 order delete
    "U": 35,  # 1.4.5 order replace
    "P": 44,  # 1.5.1 trade, not cross
    "Q": 40,  # 1.5.2 cross trade
    "B": 19,  # 1.5.3 broken trade
    "I": 50,  # 1.6 net order imbalance
    "N": 20,  # 1.7 retail interest
    "O": 48,  # 1.8 direct listing with capital raise
}

STOCK_OFFSETS: dict[str, int] = {
    "R": 11, "H": 11, "Y": 11, "L": 15, "K": 11, "J": 11, "h": 11,
    "A": 24, "F": 24, "P": 24, "Q": 19, "I": 28, "N": 11, "O": 11,
}  # fmt: skip
"""Where a message that names its instrument carries the eight letters of the symbol."""

NANOSECONDS_PER_DAY = 86_400 * 10**9
QUANTITY_MAX = 2**32 - 1
PRICE_MAX = 2**32 - 1

_HEAD = ">HcHHHI"  # length prefix, type, locate, tracking number, timestamp as 16 high and 32 low bits
_SYSTEM_EVENT = struct.Struct(_HEAD + "c")
_STOCK_DIRECTORY = struct.Struct(_HEAD + "8sccIcc2scccccIc")
_TRADING_ACTION = struct.Struct(_HEAD + "8scc4s")
_ADD = struct.Struct(_HEAD + "QcI8sI")
_EXECUTE = struct.Struct(_HEAD + "QIQ")
_CANCEL = struct.Struct(_HEAD + "QI")
_DELETE = struct.Struct(_HEAD + "Q")
_TRADE = struct.Struct(_HEAD + "QcI8sIQ")
_CROSS = struct.Struct(_HEAD + "Q8sIQc")


class MessageWriter:
    """Writes framed messages (two-byte length first) of one instrument; `locate` 0 is for the system's own events."""

    def __init__(self, symbol: str, locate: int) -> None:
        self.symbol = symbol
        self.locate = locate
        self._stock = symbol.encode("ascii").ljust(8)

    def system_event(self, time_ns: int, tracking: int, event: bytes) -> bytes:
        """One of the letters of specification 1.1: O, S, Q, M, E, C."""
        return _SYSTEM_EVENT.pack(12, b"S", 0, tracking, time_ns >> 32, time_ns & 0xFFFFFFFF, event)

    def stock_directory(self, time_ns: int, tracking: int, round_lot: int) -> bytes:
        """What the source does not say (tier, status, classification) is a blank, as the specification allows."""
        return _STOCK_DIRECTORY.pack(
            39, b"R", self.locate, tracking, time_ns >> 32, time_ns & 0xFFFFFFFF, self._stock,
            b" ", b" ", round_lot, b"N", b"C", b"Z ", b"P", b" ", b" ", b" ", b" ", 0, b"N",
        )  # fmt: skip

    def trading_action(self, time_ns: int, tracking: int, state: bytes) -> bytes:
        """H halted, Q quotation only, T trading (specification 1.2.2)."""
        return _TRADING_ACTION.pack(
            25, b"H", self.locate, tracking, time_ns >> 32, time_ns & 0xFFFFFFFF, self._stock, state, b" ", b"    "
        )

    def add(self, time_ns: int, tracking: int, order_id: int, side: bytes, quantity: int, price: int) -> bytes:
        """A displayed order enters the book."""
        return _ADD.pack(
            36, b"A", self.locate, tracking, time_ns >> 32, time_ns & 0xFFFFFFFF,
            order_id, side, quantity, self._stock, price,
        )  # fmt: skip

    def execute(self, time_ns: int, tracking: int, order_id: int, quantity: int, match_number: int) -> bytes:
        """A displayed order trades at its own price."""
        return _EXECUTE.pack(
            31, b"E", self.locate, tracking, time_ns >> 32, time_ns & 0xFFFFFFFF, order_id, quantity, match_number
        )

    def cancel(self, time_ns: int, tracking: int, order_id: int, quantity: int) -> bytes:
        """Part of an order leaves the book."""
        return _CANCEL.pack(23, b"X", self.locate, tracking, time_ns >> 32, time_ns & 0xFFFFFFFF, order_id, quantity)

    def delete(self, time_ns: int, tracking: int, order_id: int) -> bytes:
        """The rest of an order leaves the book."""
        return _DELETE.pack(19, b"D", self.locate, tracking, time_ns >> 32, time_ns & 0xFFFFFFFF, order_id)

    def trade(self, time_ns: int, tracking: int, side: bytes, quantity: int, price: int, match_number: int) -> bytes:
        """A trade against a hidden order: its order reference is 0 (specification 1.5.1)."""
        return _TRADE.pack(
            44, b"P", self.locate, tracking, time_ns >> 32, time_ns & 0xFFFFFFFF,
            0, side, quantity, self._stock, price, match_number,
        )  # fmt: skip

    def cross(self, time_ns: int, tracking: int, quantity: int, price: int, match_number: int, kind: bytes) -> bytes:
        """An auction: `kind` is O, C or H (specification 1.5.2)."""
        return _CROSS.pack(
            40, b"Q", self.locate, tracking, time_ns >> 32, time_ns & 0xFFFFFFFF,
            quantity, self._stock, price, match_number, kind,
        )  # fmt: skip
