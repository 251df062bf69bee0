"""Progress for people: one line a stage with its time, and a line that moves while a stage works."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import TextIO

INTERVAL_S = {True: 0.2, False: 5.0}  # a terminal is redrawn, a log file gets a line now and then


class Progress:
    """Prints to `out`; times are seconds since the process started, which is when its user began to wait."""

    def __init__(self, out: TextIO | None = None) -> None:
        self.out = out or sys.stdout
        self.started = time.monotonic() - process_age_s()
        self.drawn = 0.0
        self.pending = False

    def elapsed_s(self) -> float:
        """Seconds since the process started."""
        return time.monotonic() - self.started

    def stage(self, name: str, text: str) -> None:
        """A finished stage, or a fact worth keeping on the screen."""
        self._clear()
        print(self._line(name, text), file=self.out, flush=True)

    def moving(self, name: str, text: str) -> None:
        """Where a working stage is; drawn at most every INTERVAL_S."""
        interactive = self.out.isatty()
        now = time.monotonic()
        if now - self.drawn < INTERVAL_S[interactive]:
            return
        self.drawn = now
        if interactive:
            print(f"\r\x1b[K{self._line(name, text)}", end="", file=self.out, flush=True)
            self.pending = True
        else:
            print(self._line(name, text), file=self.out, flush=True)

    def _line(self, name: str, text: str) -> str:
        return f"[{self.elapsed_s():6.1f} s] {name:<15} {text}"

    def _clear(self) -> None:
        if self.pending:
            print("\r\x1b[K", end="", file=self.out)
            self.pending = False


def process_age_s() -> float:
    """Seconds since this process started: proc(5), field 22 of stat, in clock ticks since boot."""
    fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
    started_s = int(fields[19]) / os.sysconf("SC_CLK_TCK")
    return time.clock_gettime(time.CLOCK_BOOTTIME) - started_s
