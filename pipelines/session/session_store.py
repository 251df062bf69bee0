"""The folder of a prepared session: `session.itch` (framed ITCH 5.0) and `session.json`, which says what it holds.

A session is written under a temporary name and renamed, so that it is there whole or not at all.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from pipelines.session.completion import SYNTHETIC_TRACKING_NUMBER, CompletionCounts
from pipelines.session.itch_file import ItchContents
from stacks.topology.errors import ColoError


@dataclass(frozen=True)
class SessionInstrument:
    """One instrument of a session.

    `round_lot` is None where no directory message says it; `price` is the median of its first adds in 1e-4 dollars,
    None where it has none.
    """

    symbol: str
    locate: int
    round_lot: int | None
    price: int | None
    messages: int


@dataclass(frozen=True)
class Session:
    """A prepared session; `synthetic` counts messages that nobody recorded, which completion marks by a number."""

    folder: Path
    digest: str
    source: str
    venue: str
    trading_day: date
    messages: int
    bytes: int
    synthetic: int
    synthetic_tracking_number: int | None
    instruments: tuple[SessionInstrument, ...]

    @property
    def itch(self) -> Path:
        """The messages."""
        return self.folder / "session.itch"

    @property
    def from_start(self) -> bool:
        """Whether the day is there from its first message on: event O, start of messages (ITCH 5.0, section 1.1)."""
        with self.itch.open("rb") as file:
            first = file.read(14)
        return first[2:3] == b"S" and first[13:14] == b"O"

    @property
    def symbols(self) -> tuple[str, ...]:
        """The instruments' symbols, in order of their locates."""
        return tuple(instrument.symbol for instrument in self.instruments)


Write = Callable[[Path], tuple[ItchContents, Mapping[str, CompletionCounts]]]
"""Writes session.itch at the given path and returns what it holds and, by symbol, what completion did."""


def store_session(sessions: Path, digest: str, source: str, venue: str, day: date, write: Write) -> Session:
    """Makes `sessions`/`digest` by `write`; what fails leaves nothing behind."""
    final = sessions / digest
    building: Path | None = None
    try:
        sessions.mkdir(parents=True, exist_ok=True)
        building = Path(tempfile.mkdtemp(prefix=f".{digest[:12]}-", dir=sessions))
        building.chmod(0o755)
        contents, counts = write(building / "session.itch")
        description = _description(digest, source, venue, day, contents, counts)
        (building / "session.json").write_text(json.dumps(description, indent=1) + "\n")
        for file in building.iterdir():
            _flush(file)
        if not final.exists():  # else another process was faster with the same bytes
            building.rename(final)
    except OSError as error:
        raise ColoError(f"{error.filename or sessions}: the session cannot be written: {error.strerror}") from error
    finally:
        if building is not None:
            shutil.rmtree(building, ignore_errors=True)
    return load_session(final)


def find_session(sessions: Path, digest: str) -> Session | None:
    """The session made before, or None; one that was damaged from outside is removed, to be made again."""
    folder = sessions / digest
    if not folder.exists():
        return None
    try:
        return load_session(folder)
    except ColoError:
        shutil.rmtree(folder)
        return None


def load_session(folder: Path) -> Session:
    """Reads a session's description; a ColoError where it is missing or does not fit its session.itch."""
    description = folder / "session.json"
    try:
        fields = json.loads(description.read_text())
        session = Session(
            folder=folder,
            trading_day=date.fromisoformat(fields["trading_day"]),
            instruments=tuple(SessionInstrument(**instrument) for instrument in fields["instruments"]),
            **{key: fields[key] for key in ("digest", "source", "venue", "messages", "bytes", "synthetic")},
            synthetic_tracking_number=fields["synthetic_tracking_number"],
        )
        present = session.itch.stat().st_size
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise ColoError(f"{description}: does not describe a session: {error!r}") from error
    if present != session.bytes:
        raise ColoError(f"{session.itch}: has {present} bytes, not the {session.bytes} of its description")
    return session


def _flush(file: Path) -> None:
    descriptor = os.open(file, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _description(
    digest: str,
    source: str,
    venue: str,
    day: date,
    contents: ItchContents,
    counts: Mapping[str, CompletionCounts],
) -> dict[str, Any]:
    instruments = [
        SessionInstrument(
            symbol=symbol,
            locate=locate,
            round_lot=contents.round_lots.get(locate),
            price=contents.prices.get(locate),
            messages=int(contents.by_locate[locate]),
        )
        for locate, symbol in sorted(contents.symbols.items())
    ]
    return {
        "digest": digest,
        "source": source,
        "venue": venue,
        "trading_day": day.isoformat(),
        "messages": contents.messages,
        "bytes": contents.bytes,
        "symbols": [instrument.symbol for instrument in instruments],
        "synthetic": contents.synthetic,
        "synthetic_tracking_number": SYNTHETIC_TRACKING_NUMBER if contents.synthetic else None,
        "instruments": [asdict(instrument) for instrument in instruments],
        "completion": {symbol: asdict(count) for symbol, count in counts.items()},
    }
