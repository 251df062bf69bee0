"""A release is content-addressed: same inputs, same digest; a changed byte is found before anything is started."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipelines.release.archive import PROGRAMS, Release, pack_release, unpack_release
from stacks.topology.errors import ColoError


@pytest.fixture
def built(tmp_path: Path) -> tuple[Path, Path]:
    """A build folder and a repository with just what a release is made of."""
    build, repository = tmp_path / "cmake", tmp_path / "repository"
    (build / "bin").mkdir(parents=True)
    for program in PROGRAMS:
        path = build / "bin" / program
        path.write_text(f"#!/bin/sh\necho {program}\n")
        path.chmod(0o755)
    (build / "CMakeCache.txt").write_text("CMAKE_CXX_COMPILER:FILEPATH=c++\nCOLO_MARCH:STRING=native\n")
    (repository / "engine" / "journal").mkdir(parents=True)
    header = repository / "engine" / "journal" / "segment.hpp"
    header.write_text("inline constexpr unsigned journal_format_version = 1;\n")
    return build, repository


def pack(built: tuple[Path, Path], releases: Path) -> Release:
    return pack_release(*built, releases)


def test_the_same_build_gives_the_same_digest_and_archive(built: tuple[Path, Path], tmp_path: Path) -> None:
    first, second = pack(built, tmp_path / "a"), pack(built, tmp_path / "b")
    assert first.digest == second.digest
    assert first.archive.read_bytes() == second.archive.read_bytes()
    assert first.program("engine").read_text() == "#!/bin/sh\necho engine\n"
    manifest = json.loads((first.directory / "manifest.json").read_text())
    assert set(manifest) == {"version", "files", "compiler", "flags", "git_commit", "journal_formats"}
    assert manifest["journal_formats"] == [1]


def test_another_program_gives_another_digest(built: tuple[Path, Path], tmp_path: Path) -> None:
    first = pack(built, tmp_path / "a")
    (built[0] / "bin" / "engine").write_text("#!/bin/sh\necho changed\n")
    assert pack(built, tmp_path / "a").digest != first.digest


def test_a_program_that_is_not_built_is_named(built: tuple[Path, Path], tmp_path: Path) -> None:
    (built[0] / "bin" / "engine").unlink()
    with pytest.raises(ColoError, match="program engine is not built"):
        pack(built, tmp_path / "a")


def test_a_changed_byte_of_an_unpacked_release_is_refused(built: tuple[Path, Path], tmp_path: Path) -> None:
    release = pack(built, tmp_path / "a")
    release.program("engine").write_text("#!/bin/sh\necho tampered\n")
    with pytest.raises(ColoError, match="bin/engine has digest"):
        unpack_release(release.archive, release.directory)


def test_a_changed_manifest_is_refused(built: tuple[Path, Path], tmp_path: Path) -> None:
    release = pack(built, tmp_path / "a")
    path = release.directory / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "version": "9.9.9"}))
    with pytest.raises(ColoError, match="has a manifest with digest"):
        unpack_release(release.archive, release.directory)


def test_a_truncated_archive_is_one_sentence(built: tuple[Path, Path], tmp_path: Path) -> None:
    release = pack(built, tmp_path / "a")
    release.archive.write_bytes(release.archive.read_bytes()[:100])
    with pytest.raises(ColoError, match="cannot be unpacked"):
        unpack_release(release.archive, tmp_path / "elsewhere" / release.digest)
