"""A slow, obvious order book over framed ITCH 5.0, written apart from everything it judges.

It refuses what a sound stream never does: a reference that is used twice while it rests, a change to an unknown
order, more taken from an order than it shows, a cancel that leaves nothing, time that goes back, a crossed book.
"""

from __future__ import annotations

import struct
from bisect import bisect_left, insort
from collections.abc import Callable, Iterator


class Unsound(AssertionError):
    """What a sound stream never does."""


class Book:
    """Orders by reference, and on each side the quantity at every price."""

    def __init__(self) -> None:
        self.orders: dict[int, list] = {}
        self.quantities: dict[bytes, dict[int, int]] = {b"B": {}, b"S": {}}
        self.prices: dict[bytes, list[int]] = {b"B": [], b"S": []}
        self.taken = 0

    def add(self, reference: int, side: bytes, price: int, quantity: int) -> None:
        if reference in self.orders:
            raise Unsound(f"reference {reference} rests already")
        if quantity <= 0:
            raise Unsound(f"order {reference} adds {quantity}")
        self.orders[reference] = [side, price, quantity]
        if price not in self.quantities[side]:
            insort(self.prices[side], price)
        self.quantities[side][price] = self.quantities[side].get(price, 0) + quantity
        if self.prices[b"B"] and self.prices[b"S"] and self.prices[b"B"][-1] >= self.prices[b"S"][0]:
            raise Unsound(f"order {reference} crosses the book")

    def take(self, reference: int, quantity: int | None, whole_allowed: bool = True) -> None:
        if reference not in self.orders:
            raise Unsound(f"reference {reference} is unknown")
        side, price, resting = self.orders[reference]
        quantity = resting if quantity is None else quantity
        if not 0 < quantity <= resting or (quantity == resting and not whole_allowed):
            raise Unsound(f"{quantity} taken from order {reference}, which shows {resting}")
        self.taken = quantity
        self.orders[reference][2] -= quantity
        if resting == quantity:
            del self.orders[reference]
        self.quantities[side][price] -= quantity
        if not self.quantities[side][price]:
            del self.quantities[side][price]
            del self.prices[side][bisect_left(self.prices[side], price)]

    def apply(self, message: bytes) -> None:
        kind = message[:1]
        if kind in (b"A", b"F"):
            reference, side, quantity, _, price = struct.unpack_from(">QcI8sI", message, 11)
            self.add(reference, side, price, quantity)
        elif kind in (b"E", b"C", b"X"):
            reference, quantity = struct.unpack_from(">QI", message, 11)
            self.take(reference, quantity, whole_allowed=kind != b"X")
        elif kind == b"D":
            self.take(struct.unpack_from(">Q", message, 11)[0], None)
        elif kind == b"U":
            original, reference, quantity, price = struct.unpack_from(">QQII", message, 11)
            side = self.orders.get(original, [b"B"])[0]
            self.take(original, None)
            self.add(reference, side, price, quantity)

    def row(self, levels: int) -> list[int]:
        """The best levels as LOBSTER writes them."""
        asks = self.prices[b"S"][:levels]
        bids = self.prices[b"B"][: -levels - 1 : -1]
        row = []
        for level in range(levels):
            row += [asks[level], self.quantities[b"S"][asks[level]]] if level < len(asks) else [9999999999, 0]
            row += [bids[level], self.quantities[b"B"][bids[level]]] if level < len(bids) else [-9999999999, 0]
        return row


def unframe(data: bytes) -> Iterator[bytes]:
    """The messages of a framed stream."""
    position = 0
    while position < len(data):
        length = int.from_bytes(data[position : position + 2], "big")
        yield data[position + 2 : position + 2 + length]
        position += 2 + length


def tracking_of(message: bytes) -> int:
    return int.from_bytes(message[3:5], "big")


def time_ns_of(message: bytes) -> int:
    return int.from_bytes(message[5:11], "big")


def play(messages: Iterator[bytes], after: Callable[[int, bytes, Book], None]) -> dict[int, Book]:
    """Applies every message, calling `after`(locate, message, book of the locate) behind each."""
    books: dict[int, Book] = {}
    previous = 0
    for message in messages:
        locate = int.from_bytes(message[1:3], "big")
        if time_ns_of(message) < previous:
            raise Unsound(f"time goes back to {time_ns_of(message)}")
        previous = time_ns_of(message)
        book = books.setdefault(locate, Book())
        book.apply(message)
        after(locate, message, book)
    return books


class RowCheck:
    """Compares the book after every recorded message with that message's recorded row, a deletion also with its own.

    `days` are the recordings by locate: each has `books` and `events`, of which the third value is the quantity.
    """

    def __init__(self, days: dict) -> None:
        self._rows = {locate: day.books for locate, day in days.items()}
        self._events = {locate: day.events for locate, day in days.items()}
        self.compared = dict.fromkeys(days, 0)

    def __call__(self, locate: int, message: bytes, book: Book) -> None:
        if tracking_of(message) != 0:
            return
        row = self._rows[locate][self.compared[locate]]
        got = book.row(len(row) // 4)
        if got != row:
            raise Unsound(f"locate {locate}, row {self.compared[locate] + 1}: the book is {got}, recorded is {row}")
        if message[:1] == b"D" and book.taken != self._events[locate][self.compared[locate]][2]:
            raise Unsound(f"locate {locate}, row {self.compared[locate] + 1}: {book.taken} shares are deleted")
        self.compared[locate] += 1

    def finish(self) -> None:
        assert self.compared == {locate: len(rows) for locate, rows in self._rows.items()}
