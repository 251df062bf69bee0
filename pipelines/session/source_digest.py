"""Remembers the digests of source files, so that asking for a session again does not read gigabytes again.

An entry holds as long as path, length, inode and modification time are the same. A file that was modified less than
two seconds before it was read is not remembered: a change in the same clock tick would go unnoticed.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from pathlib import Path

from stacks.topology.errors import ColoError, reason

_SETTLED_NS = 2 * 10**9
_ENTRIES_MAX = 1000


def source_digest(path: Path, cache: Path) -> str:
    """SHA-256 of the file's bytes as hex digits; `cache` is the JSON file of earlier answers."""
    try:
        status = path.stat()
        key = f"{path.resolve()}:{status.st_size}:{status.st_ino}:{status.st_mtime_ns}"
        known = _load(cache)
        if key in known:
            return known[key]
        settled = time.time_ns() - status.st_mtime_ns > _SETTLED_NS
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ColoError(f"{path}: cannot be read: {reason(error)}") from error
    if settled:
        _save(cache, dict(list({**known, key: digest}.items())[-_ENTRIES_MAX:]))
    return digest


def _load(cache: Path) -> dict[str, str]:
    try:
        known = json.loads(cache.read_text())
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def _save(cache: Path, known: dict[str, str]) -> None:
    """An unwritable cache costs time only, so failing to write it is no error."""
    temporary = cache.with_name(f".{cache.name}.{os.getpid()}")
    try:
        cache.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text(json.dumps(known, indent=0))
        temporary.replace(cache)
    except OSError:
        temporary.unlink(missing_ok=True)
