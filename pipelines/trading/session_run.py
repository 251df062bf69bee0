"""Runs the exchange simulator and the engine of a release over one session, until the session has ended.

Where the site declares a gateway for the engine, it runs between the two as a process of its own. All print a line of
JSON a second into their logs; their last line, with "done": true, is their summary.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from pipelines.release.archive import Release
from pipelines.supervisor import Program, Supervisor
from pipelines.trading.run_directory import RunDirectory
from stacks.topology.errors import ColoError

EXCHANGE, GATEWAY, ENGINE = "exchange_simulator", "order_gateway", "engine"
POLL_S = 0.1
FULL_BYTES = 1 << 16  # a disk with less cannot have kept what a program said about it
ENDED_S_MAX = 30.0  # between the end of one program and that of the others


def trade(
    supervisor: Supervisor,
    release: Release,
    run: RunDirectory,
    on_progress: Callable[[dict, dict], None],
    check: Callable[[], None] = lambda: None,
) -> dict:
    """Trades the session of `run` to its end and returns the summaries of "engine", "exchange" and "gateway", if any.

    `on_progress(exchange, engine)` gets the latest line of each; `check()` raises when something else that the run
    needs has failed. Raises ColoError with the program's own sentence when one of them fails: what it journaled
    stays, and the next call on the same folder goes on from there.
    """
    started = {program.name: program for program in programs(release, run)}
    supervisor.start(*started.values())
    ended_at: float | None = None
    while True:
        statuses = {name: supervisor.poll(name) for name in started}
        on_progress(last_line(started[EXCHANGE].log_file), last_line(started[ENGINE].log_file))
        failed = [program for name, program in started.items() if statuses[name] not in (None, 0)]
        if failed:
            raise ColoError(_sentence(failed, statuses, run.path))
        running = [name for name, status in statuses.items() if status is None]
        if running == [GATEWAY]:
            supervisor.stop(GATEWAY)  # it would wait for an engine that comes back
            running = []
        if not running:
            return {_KEYS[name]: summary(program) for name, program in started.items()}
        if len(running) < len(started):
            ended_at = ended_at or time.monotonic()
            if time.monotonic() - ended_at > ENDED_S_MAX:
                raise ColoError(f"{running[0]} did not end within {ENDED_S_MAX:g} s of the others; see {run.logs}")
        check()
        time.sleep(POLL_S)


_KEYS = {EXCHANGE: "exchange", GATEWAY: "gateway", ENGINE: "engine"}  # of the summaries


def programs(release: Release, run: RunDirectory) -> tuple[Program, ...]:
    """The exchange simulator, the gateway where the engine has one, and the engine, as the supervisor starts them."""
    names = [EXCHANGE, GATEWAY, ENGINE] if run.read("engine.json").get("gateway") else [EXCHANGE, ENGINE]
    configured = {EXCHANGE: "exchange.json", GATEWAY: "engine.json", ENGINE: "engine.json"}
    return tuple(
        Program(
            name=name,
            command=(str(release.program(name)), "--config", str(run.path / configured[name]), "--progress"),
            log_file=run.logs / f"{name}.log",
        )
        for name in names
    )


def summary(program: Program) -> dict:
    """The last line that `program` printed; ColoError when it ended without one."""
    line = last_line(program.log_file)
    if not line.get("done"):
        raise ColoError(f"{program.name} ended without a summary; its log is {program.log_file}")
    return line


def last_line(log_file: Path) -> dict:
    """The latest complete line of JSON in a log, {} when there is none."""
    try:
        with log_file.open("rb") as log:
            log.seek(max(0, log.seek(0, 2) - 65_536))
            lines = log.read().splitlines()
    except FileNotFoundError:
        return {}
    for line in reversed(lines):
        try:
            value = json.loads(line)
        except ValueError:
            continue
        if isinstance(value, dict):
            return value
    return {}


def _sentence(failed: list[Program], statuses: dict[str, int | None], directory: Path) -> str:
    """What the failed programs said: the engine's own last words come first, as the exchange often only follows."""
    said = []
    for program in sorted(failed, key=lambda program: program.name):
        status = statuses[program.name]
        lines = program.log_file.read_text(errors="replace").splitlines() if program.log_file.exists() else []
        own = [line for line in lines if line.startswith(f"{program.name}: ")]
        how = f"was killed by signal {-status}" if status is not None and status < 0 else f"ended with status {status}"
        if not own and shutil.disk_usage(directory).free < FULL_BYTES:
            how += f", and the disk of {directory} is full"
        said.append(own[-1] if own else f"{program.name} {how}; its log is {program.log_file}")
    return "; ".join(said)
