"""Makes a session, the one form in which a recorded or generated day enters the project, and keeps it by digest.

The digest covers the sources' bytes and names, the day, the venue and the version of the conversion, so the same
inputs are converted once; asking again costs milliseconds.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

from pipelines.session.capture import write_capture
from pipelines.session.completion import SYNTHETIC_TRACKING_NUMBER, CompletionCounts
from pipelines.session.generated import Generation, generate
from pipelines.session.itch_file import ItchContents, read_source, scan_itch
from pipelines.session.lobster_rows import LobsterRows, read_message_file, read_zip
from pipelines.session.merge import merge_days
from pipelines.session.session_store import Session, find_session, store_session
from pipelines.session.source_digest import source_digest
from pipelines.session.sources import Kind, Source, day_in_name, detect, one_kind
from stacks.topology.errors import ColoError

CONVERSION_VERSION = 1
"""Raised whenever the same inputs would give another session, so that sessions made before are not reused."""


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
    folder = output_root / "sessions"
    if not sources:
        return _generated(generation, day, venue, folder)
    detected = [detect(Path(path)) for path in sources]
    kind = one_kind(detected)
    inputs = [(source.path.name, source_digest(source.path, folder / "source-digests.json")) for source in detected]
    trading_day = day or _named_day(detected)
    digest = _digest(inputs, trading_day, venue)
    name = f"{kind}: {', '.join(source.path.name for source in detected)}"
    if (found := find_session(folder, digest)) is not None:
        return found

    def write(itch: Path) -> tuple[ItchContents, dict[str, CompletionCounts]]:
        return _write(detected, kind, itch)

    return store_session(folder, digest, name, venue, trading_day, write)


def trading_day_of(sources: Sequence[Path], day: date | None, generated_day: date) -> date:
    """The trading day of a session before it is made: `day`, else what the names tell, else that of the generator."""
    if day is not None:
        return day
    return _named_day([detect(Path(path)) for path in sources]) if sources else generated_day


def _write(sources: Sequence[Source], kind: Kind, itch: Path) -> tuple[ItchContents, dict[str, CompletionCounts]]:
    names = ", ".join(str(source.path) for source in sources)
    with itch.open("w+b") as target:
        if kind is Kind.ITCH:
            with sources[0].open() as file:
                return scan_itch(file, names, target), {}
        counts: dict[str, CompletionCounts] = {}
        if kind is Kind.CAPTURE:
            write_capture(sources, target)
        else:
            merged = merge_days([_read_lobster(source) for source in sources])
            target.write(b"".join(merged.messages))
            counts = merged.counts
        target.seek(0)
        return scan_itch(target, names, None, None if kind is Kind.CAPTURE else SYNTHETIC_TRACKING_NUMBER), counts


def _read_lobster(source: Source) -> LobsterRows:
    if source.kind is Kind.LOBSTER:
        return read_zip(source.path)
    with source.open() as file:
        return read_message_file(source.path, read_source(file, str(source.path), -1))


def _generated(generation: Generation | None, day: date | None, venue: str, folder: Path) -> Session:
    if generation is None:
        raise ColoError("SESSION: names no recorded session, and there is nothing to generate one with")
    generation = replace(generation, day=day or generation.day)
    program = source_digest(generation.simulator, folder / "source-digests.json")
    digest = _digest([(generation.source(), program)], generation.day, venue)
    if (found := find_session(folder, digest)) is not None:
        return found

    def write(itch: Path) -> tuple[ItchContents, dict[str, CompletionCounts]]:
        generate(generation, itch)
        with itch.open("rb") as file:
            return scan_itch(file, "the generated session", None, SYNTHETIC_TRACKING_NUMBER), {}

    return store_session(folder, digest, generation.source(), venue, generation.day, write)


def _digest(inputs: Sequence[tuple[str, str]], day: date, venue: str) -> str:
    text = json.dumps([CONVERSION_VERSION, sorted(inputs), day.isoformat(), venue])
    return hashlib.sha256(text.encode()).hexdigest()


def _named_day(sources: Sequence[Source]) -> date:
    """The day in the sources' names. A capture's packet times do not count: a replayed one carries the replay's."""
    first: tuple[Source, date] | None = None
    for source in sources:
        day = day_in_name(source.path.name)
        if day is None and source.kind is Kind.LOBSTER:
            day = read_zip(source.path).day
        if day is None:
            raise ColoError(f"{source.path}: its name does not tell the trading day; give it as DAY=YYYY-MM-DD")
        if first is not None and first[1] != day:
            raise ColoError(f"{first[0].path} is of {first[1]}, but {source.path} of {day}")
        first = first or (source, day)
    assert first is not None
    return first[1]
