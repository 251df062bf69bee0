"""Makes a session, the one form in which a recorded or generated day enters the project, and keeps it by digest.

A session is a folder `sessions/<digest>/` with `session.itch` (ITCH 5.0, each message behind its two-byte length) and
`session.json`. The digest covers the sources' bytes and names, the day, the venue and the version of the conversion,
so the same inputs are converted once.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any, BinaryIO

from pipelines.session.capture import copy_capture
from pipelines.session.completion import SYNTHETIC_TRACKING_NUMBER, CompletionCounts
from pipelines.session.generated import Generation, generate
from pipelines.session.itch_file import ItchContents, copy_itch
from pipelines.session.lobster_rows import LobsterRows, read_message_file, read_zip
from pipelines.session.merge import merge_days
from pipelines.session.source_digest import source_digest
from pipelines.session.sources import Kind, Source, day_in_name, detect, one_kind, unreadable
from stacks.topology.errors import ColoError

CONVERSION_VERSION = 1
"""Raised whenever the same inputs would give another session, so that sessions made before are not reused."""


@dataclass(frozen=True)
class SessionInstrument:
    """One instrument of a session; `round_lot` is None where no directory message says it."""

    symbol: str
    locate: int
    round_lot: int | None
    messages: int


@dataclass(frozen=True)
class Session:
    """A prepared session and what its session.json says; `synthetic` counts messages that nobody recorded."""

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
    def symbols(self) -> tuple[str, ...]:
        """The instruments' symbols, in order of their locates."""
        return tuple(instrument.symbol for instrument in self.instruments)


def prepare_session(
    sources: Sequence[Path],
    day: date | None,
    venue: str,
    output_root: Path,
    generation: Generation | None = None,
) -> Session:
    """The session of `sources`, or the generated one where there are none, under `output_root`/sessions.

    `day` overrides the day that the names of the sources give; `venue` is the MIC. Raises ColoError with one sentence
    that names the file and, where there is one, the byte offset or row.
    """
    if not sources:
        if generation is None:
            raise ColoError("SESSION: no recorded session is given and nothing to generate one with")
        return _prepare_generated(generation, day, venue, output_root)
    detected = [detect(Path(path)) for path in sources]
    kind = one_kind(detected)
    cache = output_root / "sessions" / "source-digests.json"
    inputs = [(source.path.name, source_digest(source.path, cache)) for source in detected]
    trading_day = day or _day_of(detected)
    digest = _digest(inputs, trading_day, venue)
    return _cached(output_root, digest) or _build(output_root, digest, detected, kind, trading_day, venue)


def load_session(folder: Path) -> Session:
    """Reads a prepared session's description; a ColoError where it is missing or does not fit its session.itch."""
    description = folder / "session.json"
    try:
        fields = json.loads(description.read_text())
        session = Session(
            folder=folder,
            digest=fields["digest"],
            source=fields["source"],
            venue=fields["venue"],
            trading_day=date.fromisoformat(fields["trading_day"]),
            messages=fields["messages"],
            bytes=fields["bytes"],
            synthetic=fields["synthetic"],
            synthetic_tracking_number=fields["synthetic_tracking_number"],
            instruments=tuple(SessionInstrument(**instrument) for instrument in fields["instruments"]),
        )
        present = session.itch.stat().st_size
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise ColoError(f"{description}: is not a session's description: {error!r}") from error
    if present != session.bytes:
        raise ColoError(f"{session.itch}: has {present} bytes, not the {session.bytes} of its description")
    return session


def _cached(output_root: Path, digest: str) -> Session | None:
    folder = output_root / "sessions" / digest
    if not folder.exists():
        return None
    try:
        return load_session(folder)
    except ColoError:
        shutil.rmtree(folder)  # damaged from outside: made again
        return None


def _digest(inputs: Sequence[tuple[str, str]], day: date, venue: str) -> str:
    text = json.dumps([CONVERSION_VERSION, sorted(inputs), day.isoformat(), venue])
    return hashlib.sha256(text.encode()).hexdigest()


def _day_of(sources: Sequence[Source]) -> date:
    days = {source.path: _named_day(source) for source in sources}
    for path, found in days.items():
        if found is None:
            raise ColoError(f"{path}: its name does not tell the trading day; give it as DAY=YYYY-MM-DD")
    (first, day), *others = days.items()
    for path, other in others:
        if other != day:
            raise ColoError(f"{first} is of {day}, but {path} of {other}")
    assert day is not None
    return day


def _named_day(source: Source) -> date | None:
    day = day_in_name(source.path.name)
    return read_zip(source.path).day if day is None and source.kind is Kind.LOBSTER else day


def _build(
    output_root: Path, digest: str, sources: Sequence[Source], kind: Kind, day: date, venue: str
) -> Session:
    def write(target: BinaryIO) -> tuple[ItchContents, dict[str, CompletionCounts]]:
        if kind in (Kind.LOBSTER, Kind.LOBSTER_MESSAGES):
            return _write_lobster(sources, target)
        if kind is Kind.CAPTURE:
            return copy_capture(sources, target), {}
        with sources[0].open() as file:
            return copy_itch(file, str(sources[0].path), target, None), {}

    source = f"{kind}: {', '.join(source.path.name for source in sources)}"
    tracking = SYNTHETIC_TRACKING_NUMBER if kind in (Kind.LOBSTER, Kind.LOBSTER_MESSAGES) else None
    return _store(output_root, digest, source, day, venue, tracking, write)


def _write_lobster(
    sources: Sequence[Source], target: BinaryIO
) -> tuple[ItchContents, dict[str, CompletionCounts]]:
    merged = merge_days([_read_lobster(source) for source in sources])
    with tempfile.TemporaryFile() as file:
        file.write(b"".join(merged.messages))
        file.seek(0)
        return copy_itch(file, "the converted session", target, SYNTHETIC_TRACKING_NUMBER), merged.counts


def _read_lobster(source: Source) -> LobsterRows:
    if source.kind is Kind.LOBSTER:
        return read_zip(source.path)
    with source.open() as file:
        return read_message_file(source.path, file.read())


def _prepare_generated(generation: Generation, day: date | None, venue: str, output_root: Path) -> Session:
    trading_day = day or generation.day
    digest = _digest([("generated", generation.identity())], trading_day, venue)
    found = _cached(output_root, digest)
    if found is not None:
        return found

    def write(target: BinaryIO) -> tuple[ItchContents, dict[str, CompletionCounts]]:
        contents = generate(generation, target)
        contents.synthetic = contents.messages
        return contents, {}

    return _store(output_root, digest, generation.source(), trading_day, venue, None, write)


def _store(
    output_root: Path, digest: str, source: str, day: date, venue: str, tracking: int | None, write: Any
) -> Session:
    """Writes the folder under a temporary name and renames it, so that a session is there whole or not at all."""
    sessions = output_root / "sessions"
    final = sessions / digest
    try:
        sessions.mkdir(parents=True, exist_ok=True)
        building = Path(tempfile.mkdtemp(prefix=f".{digest[:12]}-", dir=sessions))
    except OSError as error:
        raise ColoError(f"{sessions}: cannot be written: {error}") from error
    try:
        with (building / "session.itch").open("wb") as target:
            contents, counts = write(target)
            target.flush()
            os.fsync(target.fileno())
        description = _description(digest, source, day, venue, tracking, contents, counts)
        (building / "session.json").write_text(json.dumps(description, indent=1) + "\n")
        building.chmod(0o755)
        if not final.exists():
            building.rename(final)
    except unreadable as error:
        raise ColoError(f"{source}: the session cannot be made in {sessions}: {error}") from error
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return load_session(final)


def _description(
    digest: str,
    source: str,
    day: date,
    venue: str,
    tracking: int | None,
    contents: ItchContents,
    counts: dict[str, CompletionCounts],
) -> dict[str, Any]:
    instruments = [
        SessionInstrument(symbol, locate, contents.round_lots.get(locate), int(contents.by_locate[locate]))
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
        "synthetic_tracking_number": tracking,
        "instruments": [asdict(instrument) for instrument in instruments],
        "completion": {symbol: asdict(count) for symbol, count in counts.items()},
    }
