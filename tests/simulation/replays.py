"""`engine --replay` of a run's journal, and what stands in the journal, read without the engine."""

from __future__ import annotations

import struct
import subprocess
from pathlib import Path

import numpy

from tests.simulation.site_runs import SiteRuns


def replay(
    runs: SiteRuns, day: str, orders: Path, journal: Path | None = None, config: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Replay the journal of a day, or another, with the program that traded; the order stream goes to `orders`."""
    run = runs.run_directory(day)
    release = Path(runs.read(day, "release.json")["directory"])
    command = [release / "bin" / "engine", "--replay", journal or run / "journal"]
    command += ["--config", config or run / "engine.json", "--orders", orders]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def replayed(runs: SiteRuns, day: str, orders: Path) -> bytes:
    """The order stream that a replay gives."""
    done = replay(runs, day, orders)
    assert done.returncode == 0, done.stderr
    return orders.read_bytes()


def journal_records(journal: Path) -> tuple[numpy.ndarray, bytes]:
    """(headers, payloads) of the whole journal."""
    from colo_engine import read_journal

    headers, payloads, offset = [], b"", 0
    while True:
        some, data, offset = read_journal(str(journal), offset)
        if not len(some):
            return numpy.concatenate(headers), payloads
        some = some.copy()
        some["payload_position"] += len(payloads)
        headers.append(some)
        payloads += data.tobytes()


def records_of(journal: Path, kind: str) -> tuple[numpy.ndarray, list[bytes]]:
    """(headers, payloads) of the records of one kind."""
    from colo_engine import record_kinds

    headers, payloads = journal_records(journal)
    chosen = headers[headers["kind"] == record_kinds[kind]]
    starts = zip(chosen["payload_position"].tolist(), chosen["length"].tolist(), strict=True)
    return chosen, [payloads[start : start + length] for start, length in starts]


def journaled_orders(journal: Path) -> bytes:
    """The order stream as it was journaled, in the form of `--orders`: cause, length, message."""
    headers, messages = records_of(journal, "order_sent")
    causes = headers["sequence"].tolist()
    return b"".join(struct.pack("<QH", cause, len(m)) + m for cause, m in zip(causes, messages, strict=True))
