"""Has the exchange simulator generate a session from a seed, for machines without recorded data."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from stacks.topology.errors import ColoError

_TIMEOUT_S = 300


@dataclass(frozen=True)
class Generation:
    """What to generate and with which program: the same values and program give the same bytes."""

    simulator: Path
    seed: int
    messages: int
    symbols: int
    day: date

    def source(self) -> str:
        """How reports name the session."""
        return f"generated: seed {self.seed}, {self.messages} messages, {self.symbols} symbols"


def generate(generation: Generation, output: Path) -> None:
    """Runs the simulator, which writes framed ITCH 5.0 to `output`."""
    options = {
        "--seed": generation.seed,
        "--messages": generation.messages,
        "--symbols": generation.symbols,
        "--day": generation.day.isoformat(),
        "--out": output,
    }
    command = [str(generation.simulator), "--generate", *(str(part) for pair in options.items() for part in pair)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ColoError(f"{generation.simulator}: cannot generate a session: {error}") from error
    if done.returncode:
        said = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise ColoError(f"{generation.simulator}: generating a session failed: {said}")
    if not output.is_file():
        raise ColoError(f"{generation.simulator}: ended without writing the session")
