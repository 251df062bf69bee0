"""The release that a journal names is fetched, verified and asked for the moment; what is missing is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines import moment
from pipelines.release.archive import PROGRAMS, Release, pack_release
from tests.engine.journal_files import CONTROL, JournalFile, segment_header

ENGINE = """#!/bin/sh
if [ $# -eq 0 ]; then echo "usage: engine --replay JOURNAL@SEQUENCE" >&2; exit 2; fi
echo "$@"
"""


def pack(folder: Path, releases: Path, engine: str = ENGINE) -> Release:
    """A release of shell scripts."""
    (folder / "bin").mkdir(parents=True, exist_ok=True)
    for program in PROGRAMS:
        path = folder / "bin" / program
        path.write_text(engine)
        path.chmod(0o755)
    (folder / "CMakeCache.txt").write_text("CMAKE_CXX_COMPILER:FILEPATH=c++\nCOLO_MARCH:STRING=native\n")
    return pack_release(folder, moment.REPOSITORY, releases)


@pytest.fixture
def releases(tmp_path: Path) -> Path:
    return tmp_path / "releases"


@pytest.fixture
def release(tmp_path: Path, releases: Path) -> Release:
    return pack(tmp_path / "built", releases)


def write_journal(folder: Path, digests: list[str], version: int = 1) -> Path:
    """A journal of a message a segment, each segment written by another release."""
    journal = folder / "run" / "journal"
    file = JournalFile(journal)
    for sequence, digest in enumerate(digests, 1):
        header = segment_header(file.index, file.segment_bytes, version, release_digest=digest)
        file.path.write_bytes(header)
        file.append(b"feed", sequence=sequence)
        file.append(b"control", kind=CONTROL)
        if sequence < len(digests):
            file.end_segment()
    return journal


def show(releases: Path, place: str, *options: str) -> int:
    return moment.main([place, "--releases", str(releases), *options])


def test_the_release_of_the_journal_shows_it(
    release: Release, releases: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    journal = write_journal(tmp_path, [release.digest])
    assert show(releases, f"{journal}@1", "--json") == 0
    config = journal.parent.resolve() / "engine.json"
    assert capfd.readouterr().out == f"--replay {journal}@1 --config {config} --json\n"


def test_only_the_archive_is_needed(
    release: Release, releases: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    for file in sorted(release.directory.rglob("*"), reverse=True):
        file.rmdir() if file.is_dir() else file.unlink()
    release.directory.rmdir()
    assert show(releases, f"{write_journal(tmp_path, [release.digest])}@1") == 0
    assert release.program("engine").exists()


def test_the_segment_of_the_message_names_the_release(
    release: Release, releases: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    other = pack(tmp_path / "other", releases, ENGINE.replace('echo "$@"', "echo other"))
    journal = write_journal(tmp_path, [release.digest, other.digest])
    assert show(releases, f"{journal}@2") == 0
    assert capfd.readouterr().out == "other\n"


def test_what_is_missing_is_said(release: Release, releases: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    def sentence(place: str) -> str:
        assert show(releases, place) == 1
        return capsys.readouterr().err

    assert "a moment is JOURNAL@SEQUENCE" in sentence("nothing")
    assert "there is no journal here" in sentence(f"{tmp_path / 'nowhere'}@1")
    absent = write_journal(tmp_path / "absent", ["f" * 64])
    assert f"release {'f' * 64}, which the journal names, is not in {releases}" in sentence(f"{absent}@1")
    unknown = write_journal(tmp_path / "unknown", [release.digest], version=9)
    assert "journal format version 9, but this build reads version" in sentence(f"{unknown}@1")
    old = pack(tmp_path / "old", releases, "#!/bin/sh\n")
    assert "before engines could show a moment" in sentence(f"{write_journal(tmp_path / 'old', [old.digest])}@1")
    release.program("engine").write_text("tampered")
    changed = write_journal(tmp_path / "changed", [release.digest])
    assert "bin/engine has digest" in sentence(f"{changed}@1")
