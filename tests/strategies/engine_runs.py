"""Runs the programs `engine` and `exchange_simulator` against each other on free ports, in a folder of their own."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from engine.render import Run, render_engine, render_exchange
from monitoring.telemetry import read_telemetry
from pipelines.reference_data import make_reference_data
from pipelines.session import Session, prepare_session
from pipelines.trading.credentials import write_credentials
from stacks.sites import load_site
from stacks.topology.errors import ColoError
from stacks.topology.host import Facts, HostFacts
from tests.simulation.replays import records_of

BUILD = Path(os.environ.get("COLO_BUILD") or Path(__file__).resolve().parents[2] / "build" / "cmake")
PROGRAMS = BUILD / "bin"
DAY = date(2024, 6, 20)
RUN_S_MAX = 60


def generate_session(folder: Path, messages: int) -> Session:
    """A generated session."""
    words = ["--generate", "--seed", "11", "--messages", str(messages), "--day", DAY.isoformat()]
    program = PROGRAMS / "exchange_simulator"
    subprocess.run([program, *words, "--out", folder / "generated.itch"], check=True, timeout=RUN_S_MAX)
    return prepare_session([folder / "generated.itch"], DAY, "XNAS", folder)


@dataclass
class EngineRun:
    """One run folder: its two configurations, which a test may change, and the programs on them."""

    folder: Path
    session: Session
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.hot = Path("/dev/shm") / f"colo-test-{os.getpid()}-{self.folder.name}"
        site, session = load_site("desk"), self.session
        reference_data = make_reference_data(session, site.venues[0], [p.instruments for p in site.strategies])
        facts = Facts(hosts=(HostFacts(host="desk", cpus=tuple(sorted(os.sched_getaffinity(0)))),))
        run = Run(
            directory=str(self.folder),
            hot_directory=str(self.hot),
            credentials_directory=str(write_credentials(site, self.folder)),
            session_file=str(session.itch),
            release_digest="0" * 64,
            spec_digests={"avellaneda_stoikov": "0" * 64},
        )
        self.write(render_engine(site, facts, reference_data, run), render_exchange(site, facts, reference_data, run))

    def write(self, engine: str, exchange: str) -> None:
        """Write both configurations, with ports that nobody uses."""
        engine_config, exchange_config = json.loads(engine), json.loads(exchange)
        channel = engine_config["feed"]["channels"][0]
        pairs = [
            *zip(channel["lines"], exchange_config["lines"], strict=True),
            (channel["rerequest"], exchange_config["rerequest"]),
            (channel["snapshot"], exchange_config["snapshot"]),
            (engine_config["order_session"], exchange_config["order_entry"]),
        ]
        for (ours, theirs), port in zip(pairs, free_ports(len(pairs)), strict=True):
            ours["port"] = theirs["port"] = port
        (self.folder / "engine.json").write_text(json.dumps(engine_config))
        (self.folder / "exchange.json").write_text(json.dumps(exchange_config))

    def change(self, program: str, change: Callable[[dict[str, Any]], object]) -> None:
        """Change engine.json or exchange.json."""
        path = self.folder / f"{program}.json"
        config = json.loads(path.read_text())
        change(config)
        path.write_text(json.dumps(config))

    def start(self, program: str) -> subprocess.Popen[bytes]:
        """Start `engine` or `exchange_simulator`."""
        config = self.folder / ("engine.json" if program == "engine" else "exchange.json")
        command = [PROGRAMS / program, "--config", config]
        with self.out(program).open("w") as out, self.error(program).open("w") as error:
            process = subprocess.Popen(command, stdout=out, stderr=error)
        self.started.append(process)
        return process

    def out(self, program: str) -> Path:
        """What a program printed."""
        return self.folder / f"{program}.out"

    def error(self, program: str) -> Path:
        """What a program said of its failure."""
        return self.folder / f"{program}.error"

    def summary(self) -> dict[str, Any]:
        """The engine's last line."""
        return json.loads(self.out("engine").read_text().splitlines()[-1])

    def trade(self) -> dict[str, Any]:
        """Run both to the end; the engine's summary."""
        exchange, engine = self.start("exchange_simulator"), self.start("engine")
        assert engine.wait(timeout=RUN_S_MAX) == 0, self.error("engine").read_text()
        assert exchange.wait(timeout=RUN_S_MAX) == 0, self.error("exchange_simulator").read_text()
        return self.summary()

    def wait_for_orders(self, journal_bytes: int) -> None:
        """Wait until the exchange's journal of orders has grown so far."""
        deadline = time.monotonic() + RUN_S_MAX
        while sum(file.stat().st_size for file in (self.folder / "exchange").glob("*")) < journal_bytes:
            assert time.monotonic() < deadline, self.error("engine").read_text()
            time.sleep(0.001)

    def controls(self) -> list[str]:
        """The texts of the control records in the engine's journal."""
        _, texts = records_of(self.folder / "journal", "control")
        return [text.decode() for text in texts]

    def refuse(self) -> str:
        """Run the engine alone; the one sentence with which it ends."""
        status = self.start("engine").wait(timeout=RUN_S_MAX)
        lines = self.error("engine").read_text().splitlines()
        assert status == 1 and len(lines) == 1 and lines[0].startswith("engine: "), (status, lines)
        return lines[0].removeprefix("engine: ")

    def replay(self, orders: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Replay the journal."""
        command = [PROGRAMS / "engine", "--replay", self.folder / "journal", "--config", self.folder / "engine.json"]
        command += ["--orders", orders] if orders else []
        return subprocess.run(command, capture_output=True, text=True, timeout=RUN_S_MAX)

    def close(self) -> None:
        """End what still runs and remove the hot segments."""
        for process in self.started:
            if process.poll() is None:
                process.kill()
                process.wait()
        shutil.rmtree(self.hot, ignore_errors=True)


def await_session(run: EngineRun) -> None:
    """Wait until the engine is logged in at the venue; while it begins, it has no counters yet."""
    deadline, ready = time.monotonic() + RUN_S_MAX, 0
    while not ready:
        assert time.monotonic() < deadline, run.error("engine").read_text()
        time.sleep(0.005)
        with contextlib.suppress(ColoError):
            ready = read_telemetry(run.hot / "telemetry").counters["session/ready"]


def free_ports(count: int) -> list[int]:
    """Ports that neither TCP nor UDP uses now."""
    sockets: list[socket.socket] = []
    ports: list[int] = []
    while len(ports) < count:
        tcp, udp = socket.socket(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sockets += [tcp, udp]
        tcp.bind(("127.0.0.1", 0))
        try:
            udp.bind(("", tcp.getsockname()[1]))
        except OSError:
            continue
        ports.append(tcp.getsockname()[1])
    for opened in sockets:
        opened.close()
    return ports
