"""What was read of a host, here or over ssh, by the collector (kernel_tuning/collect.py)."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kernel_tuning import collect
from kernel_tuning.item import Item, Reading
from stacks.topology.errors import ColoError

SSH_S_MAX = 60


@dataclass(frozen=True)
class Observation:
    """The collector's answer."""

    answer: dict[str, Any]

    @property
    def time_s(self) -> float:
        """When it was read, by the host's own clock, Unix seconds."""
        return float(self.answer["time"])

    def value(self, reading: Reading) -> str | None:
        """Return what a reading shows: the distinct values of all its files, or None where there is nothing to read."""
        if reading.kind == "command":
            texts = [self.answer["commands"].get(reading.source)]
        else:
            texts = list(self.answer["files"].get(reading.source, {}).values())
        values = dict.fromkeys(_value(text, reading.pattern) for text in texts if text is not None)
        found = [value for value in values if value is not None]
        return " ".join(found) if found else None

    def kept(self, item: Item) -> str | None:
        """Return the value that the item's file holds, or None where the file or the line is missing."""
        if item.kept is None:
            return None
        return self.value(Reading("file", item.kept.path, item.kept.pattern()))


def _value(text: str, pattern: str) -> str | None:
    if not pattern:
        return text.strip()
    found = re.search(pattern, text, re.MULTILINE)
    return found[1].strip() if found else None


def request(items: tuple[Item, ...]) -> dict[str, list[str]]:
    """Return what the collector must read for a plan."""
    files = [item.running.source for item in items if item.running.kind == "file"]
    files += [item.kept.path for item in items if item.kept is not None]
    commands = [item.running.source for item in items if item.running.kind == "command"]
    return {"files": list(dict.fromkeys(files)), "commands": list(dict.fromkeys(commands))}


def observe(items: tuple[Item, ...], ssh: str = "", root: str = "/") -> Observation:
    """Read this machine, or `ssh` (user@host); a ColoError says why a host could not be read."""
    wanted = request(items)
    if not ssh:
        return Observation(collect.collect(wanted, root))
    program = Path(collect.__file__).read_bytes()
    remote = f"exec python3 - {shlex.quote(json.dumps(wanted))}"
    command = ["ssh", "-o", "BatchMode=yes", "-o", "ConnectTimeout=10", ssh, remote]
    try:
        done = subprocess.run(command, input=program, capture_output=True, timeout=SSH_S_MAX)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ColoError(f"host {ssh}: cannot be read over ssh: {error}") from None
    try:
        return Observation(json.loads(done.stdout))
    except ValueError:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        words = said[-1] if said else f"it answered nothing, and ended with status {done.returncode}"
        raise ColoError(f"host {ssh}: cannot be read over ssh: {words}") from None
