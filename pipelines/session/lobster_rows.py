"""Reads LOBSTER files: a zip with a message and an orderbook csv, or a message csv alone (also gzipped).

Every value is checked, and an error names the file and the row. Times become integer nanoseconds since midnight from
their decimal text, without a float in between; prices are in 1e-4 dollars already.
"""

from __future__ import annotations

import re
import zipfile
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pipelines.session.itch50 import NANOSECONDS_PER_DAY, PRICE_MAX, QUANTITY_MAX
from stacks.topology.errors import ColoError

ADD, CANCEL, DELETE, EXECUTE, TRADE, CROSS, HALT = 1, 2, 3, 4, 5, 6, 7
"""The types of LOBSTER's message file; 6 (a cross) is of newer recordings."""

_NAME = re.compile(r"(?P<symbol>[A-Z0-9.\-+=^]{1,8})_(?P<day>\d{4}-\d{2}-\d{2})_(?P<start>\d+)_(?P<end>\d+)_"
                   r"(?P<kind>message|orderbook)_(?P<levels>\d+)\.csv")  # fmt: skip


@dataclass(frozen=True)
class LobsterRows:
    """One symbol's recorded day: `events` are (type, order id, quantity, price, direction), `books` the level rows.

    A row of `books` is ask price, ask quantity, bid price, bid quantity for each level; quantity 0 marks an empty
    one. `books` is None for a message file that came without its order book.
    """

    name: str
    symbol: str
    day: date | None
    levels: int
    start_ns: int
    end_ns: int
    times_ns: list[int]
    events: list[tuple[int, int, int, int, int]]
    books: list[list[int]] | None


def read_zip(path: Path) -> LobsterRows:
    """Reads the pair of files inside a LOBSTER zip; a broken zip or a missing half is a ColoError."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = _pair(path, archive.namelist())
            contents = {kind: archive.read(match.string) for kind, match in names.items()}
    except (zipfile.BadZipFile, EOFError, OSError, NotImplementedError, RuntimeError, zipfile.zlib.error) as error:
        raise ColoError(f"{path}: is not a readable zip file: {error}") from error
    message, orderbook = names["message"], names["orderbook"]
    levels = int(message["levels"])
    times_ns, events = _read_messages(f"{path}: {message.string}", contents["message"])
    books = _read_books(f"{path}: {orderbook.string}", contents["orderbook"], levels)
    if len(books) != len(events):
        raise ColoError(f"{path}: {message.string} has {len(events)} rows, but {orderbook.string} has {len(books)}")
    return _rows(str(path), message, times_ns, events, books)


def read_message_file(path: Path, content: bytes) -> LobsterRows:
    """Reads a message csv that stands alone; its name must say the symbol, as LOBSTER's names do."""
    match = _NAME.search(path.name)
    if match is None or match["kind"] != "message":
        raise ColoError(
            f"{path}: looks like a LOBSTER message file, but its name does not say the symbol and the period "
            "(SYMBOL_YYYY-MM-DD_STARTMS_ENDMS_message_LEVELS.csv)"
        )
    times_ns, events = _read_messages(str(path), content)
    return _rows(str(path), match, times_ns, events, None)


def _rows(name: str, match: re.Match[str], times_ns: list[int], events: list, books: list | None) -> LobsterRows:
    try:
        day = date.fromisoformat(match["day"])
    except ValueError as error:
        raise ColoError(f"{name}: {match.group()} names no valid day: {error}") from error
    if not events:
        raise ColoError(f"{name}: {match.group()} is empty")
    start_ns = min(int(match["start"]) * 10**6, times_ns[0])
    end_ns = max(int(match["end"]) * 10**6, times_ns[-1])
    if end_ns >= NANOSECONDS_PER_DAY:
        raise ColoError(f"{name}: {match.group()} ends {match['end']} ms after midnight, beyond the day")
    return LobsterRows(name, match["symbol"], day, int(match["levels"]), start_ns, end_ns, times_ns, events, books)


def _pair(path: Path, names: list[str]) -> dict[str, re.Match[str]]:
    found: dict[str, re.Match[str]] = {}
    for name in names:
        match = re.fullmatch(r"(?:.*/)?" + _NAME.pattern, name)
        if match is None:
            continue
        if match["kind"] in found:
            raise ColoError(
                f"{path}: holds two LOBSTER {match['kind']} files, {found[match['kind']].string} and {name}"
            )
        found[match["kind"]] = match
    for kind in ("message", "orderbook"):
        if kind not in found:
            raise ColoError(f"{path}: holds no LOBSTER {kind} file (SYMBOL_YYYY-MM-DD_STARTMS_ENDMS_{kind}_LEVELS.csv)")
    first, second = found["message"], found["orderbook"]
    for key in ("symbol", "day", "start", "end", "levels"):
        if first[key] != second[key]:
            raise ColoError(f"{path}: {first.string} and {second.string} are not of the same recording ({key} differs)")
    if not 1 <= int(first["levels"]) <= 1000:
        raise ColoError(f"{path}: {first.string} names {first['levels']} levels, not 1 to 1000")
    return found


def _read_messages(name: str, content: bytes) -> tuple[list[int], list[tuple[int, int, int, int, int]]]:
    times_ns: list[int] = []
    events: list[tuple[int, int, int, int, int]] = []
    previous = 0
    for row, line in enumerate(content.splitlines(), start=1):
        columns = line.split(b",")
        try:
            text, kind, order_id, quantity, price, direction = columns
            time_ns = _nanoseconds(text)
            event = (int(kind), int(order_id), int(quantity), int(price), int(direction))
        except ValueError as error:
            reason = f"has {len(columns)} columns, not 6" if len(columns) != 6 else f"is malformed: {error}"
            raise ColoError(f"{name} row {row}: {reason}") from error
        if time_ns < previous or time_ns >= NANOSECONDS_PER_DAY:
            raise ColoError(f"{name} row {row}: time {text.decode()} goes back, or beyond the day")
        if problem := _problem(event):
            raise ColoError(f"{name} row {row}: {problem}")
        previous = time_ns
        times_ns.append(time_ns)
        events.append(event)
    return times_ns, events


def _nanoseconds(text: bytes) -> int:
    """Some rows carry a float's noise (43002.632812672004), so digits beyond the ninth round."""
    seconds, _, fraction = text.partition(b".")
    if not seconds.isdigit() or (fraction and not fraction.isdigit()):
        raise ValueError(f"time {text.decode(errors='replace')!r} is not decimal seconds")
    rest = int(fraction[:9].ljust(9, b"0")) + (fraction[9:10] >= b"5")
    return int(seconds) * 10**9 + rest


def _problem(event: tuple[int, int, int, int, int]) -> str:
    kind, order_id, quantity, price, direction = event
    if not ADD <= kind <= HALT:
        return f"type {kind} is not 1 to 7"
    if kind == HALT:
        return "" if price in (-1, 0, 1) else f"a halt's price is -1, 0 or 1, not {price}"
    if kind <= EXECUTE and not 0 < order_id < 1 << 62:
        return f"order id {order_id} is not a positive number below 2^62"
    if not (quantity > 0 or (kind == CROSS and quantity == 0)) or quantity > QUANTITY_MAX:
        return f"quantity {quantity} is not positive"
    if not 0 < price <= PRICE_MAX:
        return f"price {price} is not positive"
    return "" if direction in (-1, 1) else f"direction {direction} is neither 1 nor -1"


def _read_books(name: str, content: bytes, levels: int) -> list[list[int]]:
    books: list[list[int]] = []
    for row, line in enumerate(content.splitlines(), start=1):
        try:
            values = list(map(int, line.split(b",")))
        except ValueError as error:
            raise ColoError(f"{name} row {row}: is malformed: {error}") from error
        if len(values) != 4 * levels:
            raise ColoError(f"{name} row {row}: has {len(values)} columns, not {4 * levels} for {levels} levels")
        if min(values[1::2]) < 0:
            raise ColoError(f"{name} row {row}: has a negative quantity")
        books.append(values)
    return books
