"""What a session can be made from: tells the kind of each file by its content, and the trading day by its name."""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO, cast

from pipelines.session.itch_file import looks_like_itch
from stacks.topology.errors import ColoError, reason

ACCEPTED = "an ITCH 5.0 file, a MoldUDP64 capture (pcap or pcapng) or a LOBSTER zip"
_DEFAULT_LOBSTER = ("LOBSTER_SampleFile_AAPL_2012-06-21_1.zip", "LOBSTER_SampleFile_AMZN_2012-06-21_5.zip")
_PCAP_MAGICS = (b"\xa1\xb2\xc3\xd4", b"\xd4\xc3\xb2\xa1", b"\xa1\xb2\x3c\x4d", b"\x4d\x3c\xb2\xa1")
_PCAPNG_MAGIC = b"\x0a\x0d\x0d\x0a"
_ZIP_MAGICS = (b"PK\x03\x04", b"PK\x05\x06")
_GZIP_MAGIC = b"\x1f\x8b"
_LOBSTER_ROW = re.compile(rb"\d+(\.\d+)?,[1-7],-?\d+,\d+,-?\d+,-?[01]\r?\n")


class Kind(StrEnum):
    """The forms a recording comes in."""

    ITCH = "ITCH 5.0 file"
    CAPTURE = "MoldUDP64 capture"
    LOBSTER = "LOBSTER zip"
    LOBSTER_MESSAGES = "LOBSTER message file"


@dataclass(frozen=True)
class Source:
    """One input file and what its first bytes say it is; a gzipped file is what it holds."""

    path: Path
    kind: Kind
    gzipped: bool

    def open(self) -> BinaryIO:
        """The content, decompressed."""
        return cast(BinaryIO, gzip.open(self.path)) if self.gzipped else self.path.open("rb")


def detect(path: Path) -> Source:
    """Tells what `path` is by its first bytes; anything else is a ColoError that says what is accepted."""
    try:
        with path.open("rb") as file:
            head = file.read(512)
        if gzipped := head.startswith(_GZIP_MAGIC):
            with gzip.open(path) as file:
                head = file.read(512)
    except (OSError, EOFError, zlib.error) as error:
        raise ColoError(f"{path}: cannot be read: {reason(error)}") from error
    if not head:
        raise ColoError(f"{path}: is empty; expected {ACCEPTED}")
    kind = _kind(path, head)
    if kind is None or (gzipped and kind is Kind.LOBSTER):
        raise ColoError(f"{path}: is neither {ACCEPTED.replace(' or ', ' nor ')} (it begins with {head[:8].hex(' ')})")
    return Source(path, kind, gzipped)


def _kind(path: Path, head: bytes) -> Kind | None:
    if head.startswith(_ZIP_MAGICS):
        return Kind.LOBSTER
    if head.startswith((*_PCAP_MAGICS, _PCAPNG_MAGIC)):
        return Kind.CAPTURE
    if looks_like_itch(head) or "itch" in path.name.lower():
        return Kind.ITCH  # by its name even when the first message is damaged, so that the error can say how
    return Kind.LOBSTER_MESSAGES if _LOBSTER_ROW.match(head) else None


def day_in_name(name: str) -> date | None:
    """The date that a file's name carries: 2012-06-21, 20190130, 01302020 or S013019; None where there is none."""
    for pattern, groups in (
        (r"(?<!\d)(\d{4})-(\d{2})-(\d{2})(?!\d)", (1, 2, 3)),
        (r"(?<!\d)(\d{4})(\d{2})(\d{2})(?!\d)", (1, 2, 3)),
        (r"(?<!\d)(\d{2})(\d{2})(\d{4})(?!\d)", (3, 1, 2)),
        (r"(?<![A-Za-z0-9])S(\d{2})(\d{2})(\d{2})(?!\d)", (3, 1, 2)),
    ):
        for match in re.finditer(pattern, name):
            year, month, day = (int(match[group]) for group in groups)
            year += 2000 if year < 100 else 0
            if 1990 <= year < 2100:
                try:
                    return date(year, month, day)
                except ValueError:
                    continue
    return None


def default_sources(environ: Mapping[str, str], repository_root: Path) -> list[Path]:
    """The recorded files to use without SESSION: from $COLO_DATA, else ../shared/data; empty means to generate.

    A $COLO_DATA that lacks the files is an error, because somebody said that they are there.
    """
    declared = environ.get("COLO_DATA", "")
    folder = (Path(declared) if declared else repository_root.parent / "shared" / "data") / "lobster"
    paths = [folder / name for name in _DEFAULT_LOBSTER]
    missing = [path for path in paths if not path.is_file()]
    if missing and declared:
        raise ColoError(f"COLO_DATA: {missing[0]} does not exist")
    return [] if missing else paths


def split_sources(text: str) -> list[Path]:
    """The paths in SESSION: separated by spaces; one path that itself holds spaces works when it exists."""
    if Path(text).exists():
        return [Path(text)]
    return [Path(part) for part in text.split()]


def one_kind(sources: Sequence[Source]) -> Kind:
    """The kind of all sources; captures may be several (lines A and B), LOBSTER zips too, an ITCH file stands alone."""
    kinds = sorted({source.kind for source in sources})
    if len(kinds) > 1:
        raise ColoError(f"a session cannot be made from a {kinds[0]} and a {kinds[1]} together")
    if kinds[0] is Kind.ITCH and len(sources) > 1:
        raise ColoError(f"{sources[1].path}: a second ITCH 5.0 file; only LOBSTER zips and captures can be several")
    return kinds[0]
