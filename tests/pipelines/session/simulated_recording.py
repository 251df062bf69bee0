"""Makes LOBSTER recordings of a simulated market, seen through a window of levels as LOBSTER sees it.

The market is whole; the recording shows only messages at prices inside the recorded levels, so it lacks what the
real ones lack: orders from before the start, and what happens to orders while they are outside the window.
"""

from __future__ import annotations

import random
import zipfile
from dataclasses import dataclass
from pathlib import Path

TICK = 100
START_NS = 34_200 * 10**9


@dataclass
class Recording:
    """Rows of both files as integers; a message's time is in nanoseconds."""

    levels: int
    messages: list[tuple[int, int, int, int, int, int]]
    books: list[list[int]]

    def message_csv(self) -> bytes:
        return "".join(
            f"{time // 10**9}.{time % 10**9:09d},{','.join(map(str, event))}\n" for time, *event in self.messages
        ).encode()

    def orderbook_csv(self) -> bytes:
        return "".join(",".join(map(str, row)) + "\n" for row in self.books).encode()


class _Market:
    def __init__(self, seed: int, levels: int) -> None:
        self.random = random.Random(seed)
        self.levels = levels
        self.orders: dict[int, list[int]] = {}  # reference -> direction, price, quantity
        self.reference = 1000
        self.recording = Recording(levels, [], [])
        self.time_ns = START_NS
        self.middle = 100_000

    def row(self) -> list[int]:
        row = []
        sides = {}
        for direction in (-1, 1):
            quantities: dict[int, int] = {}
            for side, price, quantity in self.orders.values():
                if side == direction:
                    quantities[price] = quantities.get(price, 0) + quantity
            sides[direction] = sorted(quantities.items(), key=lambda level: -direction * level[0])
        for level in range(self.levels):
            for direction in (-1, 1):
                empty = (-9999999999 * direction, 0)
                row += sides[direction][level] if level < len(sides[direction]) else empty
        return row

    def step(self) -> None:
        self.time_ns += self.random.choice((0, 1, 1000, 123_456_789))
        roll = self.random.random()
        before = self.row()
        if roll < 0.45 or not self.orders:
            event = self.place()
        elif roll < 0.9:
            event = self.change()
        elif roll < 0.97:
            self.show((5, 0, self.random.randint(1, 300), self.middle + 50, self.random.choice((-1, 1))))
            return
        else:
            self.show(
                self.random.choice(((7, 0, 0, -1, -1), (7, 0, 0, 0, -1), (7, 0, 0, 1, -1), (6, -1, 500, 100_000, 1)))
            )
            return
        first = 2 if event[4] > 0 else 0
        prices = before[first::4] + self.row()[first::4]
        if event[3] in prices:
            self.show(event)

    def place(self) -> tuple[int, int, int, int, int]:
        if self.random.random() < 0.1:
            self.middle += self.random.randint(-8, 8) * TICK
        direction = self.random.choice((-1, 1))
        opposite = [order[1] for order in self.orders.values() if order[0] == -direction]
        price = self.middle - direction * self.random.randint(1, 12) * TICK
        if opposite and direction > 0:
            price = min(price, min(opposite) - TICK)
        elif opposite:
            price = max(price, max(opposite) + TICK)
        self.reference += self.random.randint(1, 5)
        quantity = self.random.choice((1, 50, 100, 100, 100, 200, 300))
        self.orders[self.reference] = [direction, price, quantity]
        return (1, self.reference, quantity, price, direction)

    def change(self) -> tuple[int, int, int, int, int]:
        """A cancel or delete of any order, or an execution of one at the best price."""
        kind = self.random.choice((2, 3, 3, 3, 4))
        references = list(self.orders)
        if kind == 4:
            direction = self.orders[self.random.choice(references)][0]
            best = max(direction * order[1] for order in self.orders.values() if order[0] == direction)
            references = [
                r for r, order in self.orders.items() if order[0] == direction and direction * order[1] == best
            ]
        reference = self.random.choice(references)
        direction, price, resting = self.orders[reference]
        if kind == 2 and resting == 1:
            kind = 3
        quantity = resting if kind == 3 else self.random.randint(1, resting - (kind == 2))
        self.orders[reference][2] -= quantity
        if not self.orders[reference][2]:
            del self.orders[reference]
        return (kind, reference, quantity, price, direction)

    def show(self, event: tuple[int, int, int, int, int]) -> None:
        self.recording.messages.append((self.time_ns, *event))
        self.recording.books.append(self.row())


def simulate(seed: int, levels: int, steps: int) -> Recording:
    """A recording of `steps` market events after as many as fill the book, of which some are inside the window."""
    market = _Market(seed, levels)
    for _ in range(60):
        market.place()
    for _ in range(steps):
        market.step()
    market.show((5, 0, 1, market.middle, 1))
    return market.recording


def write_zip(
    folder: Path, recording: Recording, symbol: str = "TEST", day: str = "2012-06-21", name: str | None = None
) -> Path:
    """The pair of files in a zip named as LOBSTER names it."""
    path = folder / (name or f"LOBSTER_{symbol}_{day}_{recording.levels}.zip")
    stem = f"{symbol}_{day}_34200000_57600000"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{stem}_message_{recording.levels}.csv", recording.message_csv())
        archive.writestr(f"{stem}_orderbook_{recording.levels}.csv", recording.orderbook_csv())
    return path
