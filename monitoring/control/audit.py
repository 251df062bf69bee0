"""The record of who asked for what: one line of JSON before a request acts, on disk, and one with its outcome.

{"time": "...", "request": "9f31...", "operator": "alice", "action": "pause", "given": {"strategy": "..."}, "before": 3}
{"time": "...", "request": "9f31...", "status": 200, "outcome": "generation 4"}

A line without its second is a request whose outcome is not known: the service or the machine ended in between.
"""

from __future__ import annotations

import json
import os
import secrets
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from stacks.topology.errors import ColoError


class Audit:
    """An append-only file, readable by its owner alone."""

    def __init__(self, file: Path) -> None:
        """Open it; ColoError where that cannot be."""
        self.file = file
        self._lock = threading.Lock()
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            self._descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise ColoError(f"{file}: the audit cannot be written: {error.strerror}") from None

    def asked(self, operator: str, action: str, given: dict[str, Any], before: Any) -> str:
        """Write down what is about to happen and return the request's number; ColoError: then it must not happen."""
        request = secrets.token_hex(8)
        self._append({"request": request, "operator": operator, "action": action, "given": given, "before": before})
        return request

    def happened(self, request: str, status: int, outcome: str) -> None:
        """Write down what came of it."""
        self._append({"request": request, "status": status, "outcome": outcome})

    def _append(self, entry: dict[str, Any]) -> None:
        line = json.dumps({"time": datetime.now(UTC).isoformat(), **entry}).encode() + b"\n"
        try:
            with self._lock:
                if os.write(self._descriptor, line) != len(line):
                    raise OSError(0, "the disk is full")
                os.fsync(self._descriptor)
        except OSError as error:
            raise ColoError(f"{self.file}: the audit cannot be written: {error.strerror}") from None
