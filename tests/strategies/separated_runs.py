"""Runs `engine`, `order_gateway` and `exchange_simulator` as three processes: an EngineRun whose engine.json names a
gateway."""

from __future__ import annotations

import subprocess
import time
from collections import Counter
from dataclasses import dataclass

from tests.simulation.replays import records_of
from tests.strategies.engine_runs import PROGRAMS, RUN_S_MAX, EngineRun

STALL_MS_MAX = 200
CANCEL_WAIT_MS = 500


@dataclass
class SeparatedRun(EngineRun):
    """A run folder with a gateway between engine and exchange."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.change("engine", self._separate)

    def _separate(self, config: dict) -> None:
        config["gateway"] = {
            "name": "engine-gateway",
            "socket": str(self.hot / "orders"),
            "journal": {
                "directory": str(self.folder / "gateway"),
                "hot_directory": str(self.hot / "gateway"),
                "segment_bytes": 1 << 20,
            },
            "threads": [{"role": "gateway", "cpu": -1, "wait": "block"}],
            "watchdog": {"stall_ms_max": STALL_MS_MAX, "cancel_wait_ms": CANCEL_WAIT_MS},
        }

    def start(self, program: str) -> subprocess.Popen[bytes]:
        """Start one of the three programs."""
        if program != "order_gateway":
            return super().start(program)
        command = [PROGRAMS / program, "--config", self.folder / "engine.json", "--progress"]
        with self.out(program).open("w") as out, self.error(program).open("w") as error:
            process = subprocess.Popen(command, stdout=out, stderr=error)
        self.started.append(process)
        return process

    def gateway_messages(self) -> Counter[str]:
        """What the gateway has journaled as sent, by message type."""
        return Counter(chr(message[0]) for message in records_of(self.folder / "gateway", "order_sent")[1])

    def gateway_notes(self) -> list[str]:
        """What the gateway noted in its journal."""
        return [text.decode() for text in records_of(self.folder / "gateway", "control")[1]]

    def wait_for_note(self, note: str, seconds: float = RUN_S_MAX) -> float:
        """Wait until the gateway has noted something; how long that took."""
        began = time.monotonic()
        while not any(told.startswith(note) for told in self.gateway_notes()):
            assert time.monotonic() < began + seconds, (self.gateway_notes(), self.error("order_gateway").read_text())
            time.sleep(0.005)
        return time.monotonic() - began
