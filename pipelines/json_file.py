"""Small JSON files that runs leave behind: written at once or not at all, and read with a sentence where damaged."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from stacks.topology.errors import ColoError


def read_json(file: Path) -> Any:
    """What the file holds; ColoError names the file and the place where it is damaged. OSError where it is missing."""
    text = file.read_text(errors="replace")
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise ColoError(
            f"{file}: damaged at character {error.pos}: {error.msg}; remove it, or its folder, and run again"
        ) from None


def write_json(file: Path, content: Any) -> Path:
    """Write it so that a kill leaves the old content or the new, never a half."""
    return write_whole(file, json.dumps(content, indent=2) + "\n")


def write_whole(file: Path, text: str) -> Path:
    """The same for any text."""
    staging = file.parent / f".{file.name}.{os.getpid()}"
    staging.write_text(text)
    staging.replace(file)
    return file
