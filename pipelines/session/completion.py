"""Completes a LOBSTER day so that its order-by-order book equals the recorded order-book row after every message.

LOBSTER keeps only the messages inside the recorded levels. Orders that rested before the recording began, and orders
that were added, changed or removed while their level was outside the window, are never shown, yet later messages
refer to them and later rows count them. Completion adds the fewest messages that explain the rows: an add for an
order that must have been there, a delete or a partial cancel for one that must have gone.

A row and the book differ by quantities at prices. The recorded message changes both alike, so the corrections may
stand before it, and then the book is right at the moment the recorded message has been applied, without an
intermediate state that is crossed: a level that corrections touch is, but for the message's own, behind the best.

Where the rows leave open which order changed, the future of the recording decides: an order that is executed or
deleted later must rest now with at least that quantity. Order references of one day rise with time, so an order
whose add is never shown is placed at the first row that counts it, under its own reference.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field

from pipelines.session.itch50 import MessageWriter
from pipelines.session.lobster_rows import ADD, CANCEL, CROSS, DELETE, EXECUTE, HALT, TRADE, LobsterRows

SYNTHETIC_TRACKING_NUMBER = 0xC010
SYNTHETIC_ORDER_BASE = 1 << 62
"""References at and above this belong to quantity that the rows show and no recorded message ever names."""

_SIDES = (b"B", b"S")
_HALT_STATES = {-1: b"H", 0: b"Q", 1: b"T"}
_NOON_NS = 12 * 3600 * 10**9


@dataclass
class CompletionCounts:
    """What completion had to do; `forced` and `readded` are 0 where rows and messages agree about every order."""

    added: int = 0
    deleted: int = 0
    reduced: int = 0
    orphans: int = 0
    forced: int = 0
    readded: int = 0

    @property
    def synthetic(self) -> int:
        """Messages that were not recorded."""
        return self.added + self.deleted + self.reduced


class _Order:
    """A resting order: where it rests and how much of it."""

    __slots__ = ("key", "order_id", "quantity", "side")

    def __init__(self, order_id: int, side: int, key: int, quantity: int) -> None:
        self.order_id = order_id
        self.side = side
        self.key = key
        self.quantity = quantity


class _Side:
    """One side of the book. A key is the price, negated for asks, so that the best level is the greatest key."""

    __slots__ = ("keys", "orders", "quantities")

    def __init__(self) -> None:
        self.keys: list[int] = []
        self.quantities: dict[int, int] = {}
        self.orders: dict[int, dict[int, _Order]] = {}

    def insert(self, order: _Order) -> None:
        key = order.key
        if key in self.quantities:
            self.quantities[key] += order.quantity
        else:
            self.keys.insert(bisect_left(self.keys, key), key)
            self.quantities[key] = order.quantity
            self.orders[key] = {}
        self.orders[key][order.order_id] = order

    def take(self, order: _Order, quantity: int) -> None:
        key = order.key
        order.quantity -= quantity
        if not order.quantity:
            del self.orders[key][order.order_id]
        self.quantities[key] -= quantity
        if not self.orders[key]:
            del self.orders[key], self.quantities[key]
            del self.keys[bisect_left(self.keys, key)]


@dataclass
class _Future:
    """What the rest of the recording says about the orders: looked up once, counted down as messages pass."""

    needed: dict[int, int] = field(default_factory=dict)  # quantity that later messages take from an order
    deleted: set[int] = field(default_factory=set)  # orders whose last message is their deletion
    surviving: set[int] = field(default_factory=set)  # orders whose last message leaves at least one share
    unshown: dict[tuple[int, int], list[int]] = field(default_factory=dict)  # (side, key) -> orders never added
    newest: list[int] = field(default_factory=list)  # a row -> greatest reference added up to its next add

    def pass_by(self, order_id: int, quantity: int) -> None:
        needed = self.needed[order_id] - quantity
        self.needed[order_id] = 0 if needed == 1 and order_id in self.surviving else needed

    @classmethod
    def of(cls, rows: LobsterRows) -> _Future:
        future = cls()
        shown: set[int] = set()
        kinds: dict[int, int] = {}
        places: dict[int, tuple[int, int]] = {}
        for kind, order_id, quantity, price, direction in rows.events:
            if kind == ADD:
                shown.add(order_id)
            elif kind in (CANCEL, DELETE, EXECUTE):
                future.needed[order_id] = future.needed.get(order_id, 0) + quantity
                kinds[order_id] = kind
                places[order_id] = (0, price) if direction > 0 else (1, -price)
        for order_id, kind in kinds.items():
            if kind == DELETE:
                future.deleted.add(order_id)
            elif kind == CANCEL:
                future.surviving.add(order_id)
                future.needed[order_id] += 1
        for order_id in sorted(places.keys() - shown):
            future.unshown.setdefault(places[order_id], []).append(order_id)
        future.newest = _newest_references(rows)
        return future


def _newest_references(rows: LobsterRows) -> list[int]:
    events = rows.events
    newest = [0] * len(events)
    following = 0
    for index in range(len(events) - 1, -1, -1):
        if events[index][0] == ADD:
            following = events[index][1]
        newest[index] = following
    greatest = 0
    for index, reference in enumerate(newest):
        if reference > greatest:
            greatest = reference
        newest[index] = greatest
    return newest


class Completer:
    """Turns rows into framed ITCH messages, recorded ones with tracking number 0, its own with the synthetic one."""

    def __init__(self, rows: LobsterRows, locate: int) -> None:
        self.counts = CompletionCounts()
        self.messages: list[bytes] = []
        self.times_ns: list[int] = []
        self._late: list[bytes] = []  # corrections of the recorded message's own order: only a wrong row needs them
        self._rows = rows
        self._writer = MessageWriter(rows.symbol, locate)
        self._sides = (_Side(), _Side())
        self._live: dict[int, _Order] = {}
        self._future = _Future.of(rows)
        self._offset = locate << 40  # keeps made-up references and match numbers apart between instruments
        self._anonymous = 0
        self._matches = 0
        self._time_ns = 0
        self._row = 0

    def run(self) -> None:
        """Converts every row; the messages and their times stand in `messages` and `times_ns` afterwards."""
        books = self._rows.books
        for index, (time_ns, event) in enumerate(zip(self._rows.times_ns, self._rows.events, strict=True)):
            self._row, self._time_ns = index, time_ns
            recorded = self._apply(event)
            if books is not None:
                self._match_row(books[index], event[1])
            self.messages.append(recorded)
            if self._late:
                self.messages += self._late
                self._late.clear()
            self.times_ns.extend([time_ns] * (len(self.messages) - len(self.times_ns)))

    # The recorded message

    def _apply(self, event: tuple[int, int, int, int, int]) -> bytes:
        kind, order_id, quantity, price, direction = event
        time_ns, writer = self._time_ns, self._writer
        side = 0 if direction > 0 else 1
        if kind == ADD:
            self._rest(order_id, side, price if side == 0 else -price, quantity)
            return writer.add(time_ns, 0, order_id, _SIDES[side], quantity, price)
        if kind == TRADE:
            return writer.trade(time_ns, 0, _SIDES[side], quantity, price, self._next_match())
        if kind == HALT:
            return writer.trading_action(time_ns, 0, _HALT_STATES[price])
        if kind == CROSS:
            cross = b"O" if time_ns < _NOON_NS else b"C"
            return writer.cross(time_ns, 0, quantity, price, self._next_match(), cross)
        order = self._resting(order_id, side, price, quantity + (kind == CANCEL))
        self._future.pass_by(order_id, quantity)
        if kind == DELETE:
            if order and order.quantity > quantity and self._rows.books is not None:
                self._cut(order, order.quantity - quantity)  # part of it had been cancelled unseen
            self._take(order, quantity)
            return writer.delete(time_ns, 0, order_id)
        self._take(order, quantity)
        if kind == CANCEL:
            return writer.cancel(time_ns, 0, order_id, quantity)
        return writer.execute(time_ns, 0, order_id, quantity, self._next_match())

    def _resting(self, order_id: int, side: int, price: int, quantity: int) -> _Order | None:
        """The order that a message takes `quantity` from; with books it is added first where it was never shown."""
        order = self._live.get(order_id)
        if self._rows.books is None:
            self.counts.orphans += order is None
            return order
        if order is not None and order.quantity < quantity:
            self.counts.readded += 1
            self._cut(order, order.quantity)
            order = None
        if order is None:
            order = self._add(order_id, side, price if side == 0 else -price, self._future.needed[order_id])
        return order

    def _next_match(self) -> int:
        self._matches += 1
        return self._offset + self._matches

    def _rest(self, order_id: int, side: int, key: int, quantity: int) -> _Order:
        order = self._live[order_id] = _Order(order_id, side, key, quantity)
        self._sides[side].insert(order)
        return order

    def _take(self, order: _Order | None, quantity: int) -> None:
        if order is None:
            return
        self._sides[order.side].take(order, min(quantity, order.quantity))
        if not order.quantity:
            del self._live[order.order_id]

    # The recorded row

    def _match_row(self, row: list[int], recorded_id: int) -> None:
        for side, book_side in enumerate(self._sides):
            keys, quantities = book_side.keys, book_side.quantities
            resting = len(keys)
            place = 2 if side == 0 else 0
            sign = 1 if side == 0 else -1
            for level in range(1, len(row) // 4 + 1):
                quantity = row[place + 1]
                if quantity == 0:
                    if level <= resting:
                        break
                elif level > resting or keys[-level] != sign * row[place] or quantities[keys[-level]] != quantity:
                    break
                place += 4
            else:
                continue
            self._correct_side(side, row, recorded_id)

    def _correct_side(self, side: int, row: list[int], recorded_id: int) -> None:
        first = 2 if side == 0 else 0
        sign = 1 if side == 0 else -1
        target = {sign * row[i]: row[i + 1] for i in range(first, len(row), 4) if row[i + 1]}
        book_side = self._sides[side]
        full = len(target) == len(row) // 4
        worst = min(target) if full else None
        start = bisect_left(book_side.keys, worst) if worst is not None else 0
        for key in book_side.keys[start:]:
            if key not in target:
                self._reduce(side, key, book_side.quantities[key], recorded_id)
        for key, quantity in target.items():
            difference = quantity - book_side.quantities.get(key, 0)
            if difference > 0:
                self._raise(side, key, difference, recorded_id)
            elif difference < 0:
                self._reduce(side, key, -difference, recorded_id)

    def _raise(self, side: int, key: int, difference: int, recorded_id: int) -> None:
        """Adds quantity to a level: first the orders that later messages name, then one that nobody names."""
        future = self._future
        spare = sum(order.quantity - self._needed(order) for order in self._level(side, key, recorded_id))
        for order_id in future.unshown.get((side, key), ()):
            needed = future.needed[order_id]
            if order_id > future.newest[self._row] or needed > difference + spare:
                continue
            if needed and order_id not in self._live and order_id != recorded_id:
                self._add(order_id, side, key, needed)
                difference -= needed
        if difference > 0:
            self._anonymous += 1
            self._add(SYNTHETIC_ORDER_BASE + self._offset + self._anonymous, side, key, difference)
        elif difference < 0:
            self._reduce(side, key, -difference, recorded_id)

    def _reduce(self, side: int, key: int, quantity: int, recorded_id: int) -> None:
        """Takes quantity from a level: from orders known to hold too much, then from those that nobody names again."""
        future = self._future
        for order in self._level(side, key, recorded_id):
            spare = order.quantity - self._needed(order)
            if quantity and spare > 0 and order.order_id in future.deleted and spare < order.quantity:
                cut = min(spare, quantity)
                self._cut(order, cut)
                quantity -= cut
        while quantity:
            orders = self._level(side, key, recorded_id)
            free = [order for order in orders if order.quantity > self._needed(order)]
            if free:
                order = min(free, key=lambda order: self._reluctance(order, quantity))
                cut = min(order.quantity - self._needed(order), quantity)
            else:
                self.counts.forced += 1
                order = orders[-1] if orders else self._live[recorded_id]
                cut = min(order.quantity, quantity)
            self._cut(order, cut, late=order.order_id == recorded_id)
            quantity -= cut

    def _reluctance(self, order: _Order, quantity: int) -> tuple[int, int, int]:
        """Cut first what one message settles whole, then made-up quantity, then the newest."""
        spare = order.quantity - self._needed(order)
        whole = spare == quantity and spare == order.quantity
        anonymous = order.order_id >= SYNTHETIC_ORDER_BASE
        return (0 if whole else 1, 0 if anonymous else 1, -order.order_id)

    def _level(self, side: int, key: int, recorded_id: int) -> list[_Order]:
        """The orders at a level that corrections may touch: all but the one that the recorded message is about."""
        orders = self._sides[side].orders.get(key, {})
        return [order for order in orders.values() if order.order_id != recorded_id]

    def _needed(self, order: _Order) -> int:
        return self._future.needed.get(order.order_id, 0)

    # Messages of completion

    def _add(self, order_id: int, side: int, key: int, quantity: int) -> _Order:
        self.counts.added += 1
        price = key if side == 0 else -key
        self.messages.append(
            self._writer.add(self._time_ns, SYNTHETIC_TRACKING_NUMBER, order_id, _SIDES[side], quantity, price)
        )
        return self._rest(order_id, side, key, quantity)

    def _cut(self, order: _Order, quantity: int, late: bool = False) -> None:
        messages = self._late if late else self.messages
        if quantity == order.quantity:
            self.counts.deleted += 1
            messages.append(self._writer.delete(self._time_ns, SYNTHETIC_TRACKING_NUMBER, order.order_id))
        else:
            self.counts.reduced += 1
            messages.append(self._writer.cancel(self._time_ns, SYNTHETIC_TRACKING_NUMBER, order.order_id, quantity))
        self._take(order, quantity)
