"""Packs the built engine into a content-addressed archive with a manifest, and unpacks it to where it runs.

The digest is the SHA-256 of the manifest's canonical JSON, which lists the SHA-256 of every file: the same files
built by the same compiler from the same commit give the same digest on any machine.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path

from stacks.topology.errors import ColoError

PROGRAMS = ("engine", "order_gateway", "exchange_simulator")
VERSION = "0.1.0"


@dataclass(frozen=True)
class Release:
    """An unpacked release: `directory` holds bin/ and manifest.json; `archive` is what would be shipped."""

    version: str
    digest: str
    directory: Path
    archive: Path

    def program(self, name: str) -> Path:
        """The path of one program of the release."""
        return self.directory / "bin" / name

    @staticmethod
    def manifest(directory: Path) -> dict:
        """The manifest of an unpacked release."""
        return json.loads((directory / "manifest.json").read_text())


def pack_release(build_directory: Path, repository_root: Path, releases_directory: Path) -> Release:
    """Packs the programs of a CMake build folder; an archive that already exists is verified and used.

    Raises ColoError naming a program that was not built, or a file whose digest does not match its manifest.
    """
    contents = _contents(build_directory, repository_root)
    manifest = {
        "version": VERSION,
        "files": {name: hashlib.sha256(data).hexdigest() for name, (data, _) in sorted(contents.items())},
        **_compiler(build_directory),
        "git_commit": _git_commit(repository_root),
        "journal_formats": journal_formats(repository_root),
    }
    digest = hashlib.sha256(_canonical(manifest)).hexdigest()
    target = releases_directory / digest
    archive = releases_directory / f"colo-{VERSION}-{digest[:12]}.tar.gz"
    if not archive.exists():
        releases_directory.mkdir(parents=True, exist_ok=True)
        _write_archive(archive, contents, manifest)
    return unpack_release(archive, target)


def unpack_release(archive: Path, target: Path) -> Release:
    """Unpacks `archive` into `target` unless it is there, and verifies every file against the manifest."""
    if not (target / "manifest.json").exists():
        staging = target.with_name(f".{target.name}.{os.getpid()}")
        try:
            with tarfile.open(archive) as tar:
                for member in tar:
                    _refuse_strange(archive, member)
                    tar.extract(member, staging)
        except (tarfile.TarError, EOFError, OSError) as error:
            shutil.rmtree(staging, ignore_errors=True)
            raise ColoError(f"release archive {archive} cannot be unpacked: {error}") from None
        shutil.rmtree(target, ignore_errors=True)
        staging.rename(target)
    manifest = json.loads((target / "manifest.json").read_text())
    for name, expected in manifest["files"].items():
        actual = hashlib.sha256((target / name).read_bytes()).hexdigest() if (target / name).exists() else "missing"
        if actual != expected:
            raise ColoError(f"release file {target / name} has digest {actual}, its manifest says {expected}")
    digest = hashlib.sha256(_canonical(manifest)).hexdigest()
    if digest != target.name:
        raise ColoError(f"release {target} has a manifest with digest {digest}")
    return Release(manifest["version"], digest, target, archive)


def _refuse_strange(archive: Path, member: tarfile.TarInfo) -> None:
    """A release holds plain files below its own folder; Debian 12's tarfile has no filter that would say so."""
    if not member.isfile() or Path(member.name).is_absolute() or ".." in Path(member.name).parts:
        raise ColoError(f"release archive {archive} holds {member.name}, which is no plain file of a release")


def journal_formats(repository_root: Path) -> list[int]:
    """The journal format versions that the engine reads, from the header that defines them."""
    text = (repository_root / "engine" / "journal" / "segment.hpp").read_text()
    return [int(version) for version in re.findall(r"journal_format_version = (\d+);", text)]


def _contents(build_directory: Path, repository_root: Path) -> dict[str, tuple[bytes, int]]:
    contents: dict[str, tuple[bytes, int]] = {}
    for program in PROGRAMS:
        found = [path for path in build_directory.rglob(program) if path.is_file() and os.access(path, os.X_OK)]
        if not found:
            raise ColoError(f"program {program} is not built under {build_directory}: run `make setup`")
        contents[f"bin/{program}"] = (found[0].read_bytes(), 0o755)
    for spec in sorted(repository_root.glob("strategies/*/spec.yaml")):
        contents[f"strategies/{spec.parent.name}.yaml"] = (spec.read_bytes(), 0o644)
    return contents


def _compiler(build_directory: Path) -> dict[str, str]:
    cache = dict(re.findall(r"^(\w+):\w+=(.*)$", (build_directory / "CMakeCache.txt").read_text(), re.MULTILINE))
    compiler = cache["CMAKE_CXX_COMPILER"]
    banner = subprocess.run([compiler, "--version"], capture_output=True, text=True, check=True).stdout.splitlines()[0]
    build_type = cache.get("CMAKE_BUILD_TYPE", "")
    flags = f"{cache.get('CMAKE_CXX_FLAGS', '')} {cache.get(f'CMAKE_CXX_FLAGS_{build_type.upper()}', '')}"
    return {"compiler": banner, "flags": f"{flags.strip()} -march={cache.get('COLO_MARCH', 'native')}"}


def _git_commit(repository_root: Path) -> str:
    """The commit, with `-dirty` when tracked files differ from it; `unversioned` outside a checkout."""
    git = ["git", "-C", str(repository_root)]
    try:
        commit = subprocess.run([*git, "rev-parse", "HEAD"], capture_output=True, text=True, check=True).stdout.strip()
        changed = subprocess.run([*git, "status", "--porcelain", "-uno"], capture_output=True, text=True).stdout
    except (subprocess.CalledProcessError, FileNotFoundError):
        return "unversioned"
    return f"{commit}-dirty" if changed.strip() else commit


def _canonical(manifest: dict) -> bytes:
    return json.dumps(manifest, sort_keys=True, separators=(",", ":")).encode()


def _write_archive(archive: Path, contents: dict[str, tuple[bytes, int]], manifest: dict) -> None:
    members = {**contents, "manifest.json": (json.dumps(manifest, indent=2, sort_keys=True).encode(), 0o644)}
    staging = archive.with_name(f".{archive.name}.{os.getpid()}")
    with tarfile.open(staging, "w:gz", compresslevel=1) as tar:
        for name, (data, mode) in sorted(members.items()):
            info = tarfile.TarInfo(name)
            info.mode, info.mtime = mode, 0
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    staging.rename(archive)
