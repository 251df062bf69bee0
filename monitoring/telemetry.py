"""`python -m monitoring.telemetry PLACE`: what an engine counts and how long its stages take, while it trades.

PLACE is a telemetry block, a run's folder (build/desk/runs/<run>), or a site's (build/desk: its newest run). The block
is shared memory that the engine writes and never waits for (engine/runtime/telemetry.hpp); it names its own counters
and histograms, so that nothing here repeats them. It goes when the engine ends in order.
"""

from __future__ import annotations

import argparse
import json
import struct
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from stacks.topology.errors import ColoError

MAGIC = b"COLOTELE"
FORMAT_VERSION = 1
NAME_BYTES = 48
HEADER = struct.Struct("<8s8Iq72s72s72s72s72s40x")
BUCKETS_MAX = 1 << 16
SUB_BITS_MAX = 16
PERCENTILES = (0.5, 0.9, 0.99, 0.999)


@dataclass(frozen=True)
class Latencies:
    """A histogram of nanoseconds."""

    count: int
    sum_ns: int
    max_ns: int
    counts: np.ndarray
    """uint64[buckets]"""
    upper_edges_ns: np.ndarray
    """uint64[buckets]: the largest value that each bucket takes."""

    def percentile_ns(self, fraction: float) -> int:
        """Upper edge of the bucket that holds this fraction of all values, never below the true value; 0 of none."""
        if not self.count:
            return 0
        bucket = int(np.searchsorted(np.cumsum(self.counts), fraction * self.count, side="right"))
        return min(int(self.upper_edges_ns[min(bucket, len(self.counts) - 1)]), self.max_ns)


@dataclass(frozen=True)
class Telemetry:
    """One reading of a block. Each number is whole; together they are not of one instant."""

    site: str
    process: str
    version: str
    build_id: str
    release_digest: str
    process_id: int
    started_ns: int
    counters: dict[str, int]
    latencies: dict[str, Latencies]


def read_telemetry(file: Path) -> Telemetry:
    """Read a block; ColoError names the file and what is wrong with it."""
    try:
        block = file.read_bytes()
    except OSError as error:
        raise ColoError(f"{file}: {error.strerror}: no engine runs here, or it has ended") from None
    if len(block) < HEADER.size or block[:8] != MAGIC:
        raise ColoError(f"{file}: byte 0: this is no telemetry block")
    _, version, counters, counter_bytes, *tables = HEADER.unpack_from(block)
    histograms, histogram_bytes, buckets, sub_bits, process_id, started_ns, *texts = tables
    if version != FORMAT_VERSION:
        raise ColoError(f"{file}: byte 8: format version {version}, this reader knows {FORMAT_VERSION}")
    first_histogram = HEADER.size + counters * counter_bytes
    wanted = first_histogram + histograms * histogram_bytes
    if len(block) < wanted or counter_bytes < NAME_BYTES + 8 or histogram_bytes < NAME_BYTES + 8 * (3 + buckets):
        raise ColoError(f"{file}: byte 12: the block has {len(block)} bytes, its header speaks of {wanted}")
    site, process, release_version, build_id, release_digest = map(_text, texts)
    if not 0 < buckets <= BUCKETS_MAX or sub_bits > SUB_BITS_MAX:
        raise ColoError(f"{file}: byte 28: {buckets} buckets of 2^{sub_bits} a power of two are no histogram")
    edges = upper_edges_ns(buckets, sub_bits)
    return Telemetry(
        site=site,
        process=process,
        version=release_version,
        build_id=build_id,
        release_digest=release_digest,
        process_id=process_id,
        started_ns=started_ns,
        counters=dict(_counter(block, HEADER.size + at * counter_bytes) for at in range(counters)),
        latencies=dict(_histogram(block, first_histogram + at * histogram_bytes, edges) for at in range(histograms)),
    )


def upper_edges_ns(buckets: int, sub_bits: int) -> np.ndarray:
    """uint64[buckets]: values below 2^sub_bits stand alone, then each power of two has 2^sub_bits buckets."""
    bucket = np.arange(buckets, dtype=np.uint64)
    width = np.uint64(1 << sub_bits)
    shift = np.maximum(bucket >> np.uint64(sub_bits), np.uint64(1)) - np.uint64(1)
    return np.where(bucket < width, bucket, ((width + bucket % width + np.uint64(1)) << shift) - np.uint64(1))


def find_block(place: Path) -> Path:
    """The block of a place that `python -m monitoring.telemetry` takes; ColoError where no run was ever started."""
    if place.is_file():
        return place
    return Path(json.loads(find_run(place).read_text())["journal"]["hot_directory"]) / "telemetry"


def find_run(place: Path) -> Path:
    """The engine.json of a run's folder, or of the newest run of a site's; ColoError where no run was ever started."""
    runs = [place / "engine.json", *place.glob("runs/*/engine.json")]
    started = [run for run in runs if run.exists()]
    if not started:
        what = "neither a telemetry block nor the folder of a run (engine.json) or of a site (runs/)"
        raise ColoError(f"{place}: {what}")
    return max(started, key=lambda run: run.stat().st_mtime_ns)


def as_json(telemetry: Telemetry) -> dict[str, Any]:
    """Counters as they are, latencies as {count, mean_ns, p50_ns, p90_ns, p99_ns, p99.9_ns, max_ns}."""
    identity = {name: getattr(telemetry, name) for name in Telemetry.__dataclass_fields__ if name not in _TABLES}
    return {
        **identity,
        "counters": telemetry.counters,
        "latencies": {name: _figures(latencies) for name, latencies in telemetry.latencies.items()},
    }


def as_table(telemetry: Telemetry) -> str:
    """For a terminal: counters that are not zero, then the latencies in nanoseconds."""
    running = (time.time_ns() - telemetry.started_ns) / 1e9
    lines = [
        f"{telemetry.site} {telemetry.process}: engine {telemetry.version}, release {telemetry.release_digest[:12]}, "
        f"process {telemetry.process_id}, started {running:.0f} s ago",
        "",
        *(f"  {name:<34} {value:>16,}" for name, value in telemetry.counters.items() if value),
        "",
        "  " + "nanoseconds".ljust(24) + "".join(f"{title:>12}" for title in _TITLES),
    ]
    for name, latencies in telemetry.latencies.items():
        figures = _figures(latencies).values()
        lines.append("  " + name.ljust(24) + "".join(f"{figure:>12,}" for figure in figures))
    return "\n".join(lines)


_TABLES = ("counters", "latencies")
_TITLES = ("count", "mean", *(f"p{fraction * 100:g}" for fraction in PERCENTILES), "max")


def _figures(latencies: Latencies) -> dict[str, int]:
    mean = latencies.sum_ns // latencies.count if latencies.count else 0
    values = (latencies.count, mean, *map(latencies.percentile_ns, PERCENTILES), latencies.max_ns)
    return {title if title == "count" else f"{title}_ns": value for title, value in zip(_TITLES, values, strict=True)}


def _text(field: bytes) -> str:
    return field.split(b"\0", 1)[0].decode(errors="replace")


def _counter(block: bytes, at: int) -> tuple[str, int]:
    return _text(block[at : at + NAME_BYTES]), struct.unpack_from("<q", block, at + NAME_BYTES)[0]


def _histogram(block: bytes, at: int, edges: np.ndarray) -> tuple[str, Latencies]:
    count, total, largest = struct.unpack_from("<3Q", block, at + NAME_BYTES)
    counts = np.frombuffer(block, dtype="<u8", count=len(edges), offset=at + NAME_BYTES + 24)
    return _text(block[at : at + NAME_BYTES]), Latencies(count, total, largest, counts, edges)


def main(arguments: list[str]) -> int:
    """Print one reading, or one a second until interrupted."""
    parser = argparse.ArgumentParser(prog="python -m monitoring.telemetry", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("place", type=Path, help="a telemetry block, a run's folder, or a site's folder under build/")
    parser.add_argument("--json", action="store_true", help="one line of JSON a reading")
    parser.add_argument("--watch", action="store_true", help="read once a second until interrupted or the engine ends")
    options = parser.parse_args(arguments)
    try:
        while True:
            telemetry = read_telemetry(find_block(options.place))
            print(json.dumps(as_json(telemetry)) if options.json else as_table(telemetry), flush=True)
            if not options.watch:
                return 0
            time.sleep(1)
    except ColoError as error:
        print(f"colo: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
