"""`python -m pipelines.moment JOURNAL@SEQUENCE`: what happened at one message, told by the release that traded it.

JOURNAL is a run's journal (build/desk/runs/<run>/journal) and SEQUENCE the number of a feed message. The header of the
segment that holds the message names a release; its archive is verified and unpacked where it is not yet, and its own
`engine --replay` shows the message, the book, the strategy's inputs, each risk rule's verdict and the order.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

import numpy as np

from pipelines.release.archive import Release, unpack_release
from stacks.topology.errors import ColoError

RECORDS_MAX = 1 << 18  # in memory at once
REPOSITORY = Path(__file__).resolve().parent.parent


def place_of(text: str) -> tuple[Path, int]:
    """Split JOURNAL@SEQUENCE; ColoError says what is missing."""
    directory, at, sequence = text.rpartition("@")
    if not at or not directory or not sequence.isdigit():
        raise ColoError(f"{text}: a moment is JOURNAL@SEQUENCE, such as build/desk/runs/RUN/journal@4711")
    if not Path(directory).is_dir():
        raise ColoError(f"{directory}: there is no journal here")
    return Path(directory), int(sequence)


def release_of(journal: Path, sequence: int) -> str:
    """The digest of the release that wrote the segment of a feed message; the first segment's where there is none."""
    from colo_engine import JournalError, journal_header

    try:
        header = journal_header(journal, _offset_of(journal, sequence))
    except JournalError as error:
        raise ColoError(str(error)) from None
    if header is None:
        raise ColoError(f"{journal}: nothing is journaled here")
    return header["release_digest"]


def fetch_release(digest: str, releases: Path) -> Release:
    """The verified release of this digest from a folder of archives; ColoError where it is not there or was changed."""
    target = releases / digest
    archives = sorted(releases.glob(f"colo-*-{digest[:12]}.tar.gz"))
    if not archives and not target.is_dir():
        raise ColoError(f"release {digest}, which the journal names, is not in {releases}")
    return unpack_release(archives[0] if archives else target, target)


def _refuse_older(release: Release) -> None:
    usage = subprocess.run([release.program("engine")], capture_output=True, text=True).stderr
    if "@SEQUENCE" not in usage:
        raise ColoError(f"release {release.digest} is of a time before engines could show a moment")


def _offset_of(journal: Path, sequence: int) -> int:
    """Where the feed message is journaled, 0 where it is not: the engine then says which messages there are."""
    from colo_engine import read_journal, record_kinds

    offset = 0
    while True:
        headers, _, following = read_journal(journal, offset, RECORDS_MAX)
        if not len(headers):
            return 0
        feed = headers[headers["kind"] == record_kinds["feed_message"]]
        found = feed["offset"][np.flatnonzero(feed["sequence"] == sequence)]
        if len(found):
            return int(found[0])
        offset = following


def main(arguments: list[str] | None = None) -> int:
    """Show the moment, and end with the status of the engine that showed it."""
    parser = argparse.ArgumentParser(prog="python -m pipelines.moment", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("moment", metavar="JOURNAL@SEQUENCE")
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.add_argument("--config", type=Path, help="engine.json of the run; beside the journal where not given")
    parser.add_argument("--releases", type=Path, default=REPOSITORY / "build" / "releases", help="folder of archives")
    options = parser.parse_args(arguments)
    try:
        journal, sequence = place_of(options.moment)
        release = fetch_release(release_of(journal, sequence), options.releases)
        config = options.config or journal.resolve().parent / "engine.json"
        _refuse_older(release)
        command = [release.program("engine"), "--replay", f"{journal}@{sequence}", "--config", config]
        return subprocess.run([*command, "--json"] if options.json else command).returncode
    except (ColoError, OSError) as error:
        print(f"colo: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
