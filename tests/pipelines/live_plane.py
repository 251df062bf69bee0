"""The services of `lab` on free ports, for tests that start them, and programs of the stream that tests may kill."""

from __future__ import annotations

import argparse
import json
import shutil
import socket
import sys
from pathlib import Path

from pipelines.services.programs import ServicePlaces
from pipelines.store.postgresql import PostgresqlStore
from pipelines.store.tick_store import ORDER_EVENTS, TICKS, Day, content_hash
from pipelines.stream.loader import Loader
from pipelines.stream.publisher import Publisher
from pipelines.stream.topics import StreamRun
from pipelines.supervisor import Program, Supervisor
from stacks.sites import load_site
from stacks.topology.data_plane import Services
from tests.pipelines.synthetic import SyntheticSource, synthetic_records

ROOT = Path(__file__).resolve().parents[2]

PORTS = {
    "kafka": ("port", "controller_port"),
    "flink": ("rest_port", "rpc_port", "blob_port", "task_manager_rpc_port", "task_manager_data_port"),
    "postgres": ("port",),
}


def missing_for_services(flink: bool) -> str:
    """What this machine lacks to run the services; empty if nothing."""
    if not shutil.which("java"):
        return "no java"
    if not list(Path("/usr/lib/postgresql").glob("*/bin/postgres")):
        return "no PostgreSQL server"
    needed = [ROOT / "build" / "jars" / "kafka"] + ([ROOT / "build" / "flink-venv"] if flink else [])
    absent = [str(path.relative_to(ROOT)) for path in needed if not path.is_dir()]
    return f"{', '.join(absent)} is missing (make setup-services)" if absent else ""


def free_ports() -> dict[str, dict[str, int]]:
    """A port that nothing listens on for each that the services need."""
    sockets = {(service, name): socket.socket() for service, names in PORTS.items() for name in names}
    for each in sockets.values():
        each.bind(("127.0.0.1", 0))
    ports: dict[str, dict[str, int]] = {service: {} for service in PORTS}
    for (service, name), each in sockets.items():
        ports[service][name] = each.getsockname()[1]
        each.close()
    return ports


def plane_at(ports: dict[str, dict[str, int]]) -> Services:
    """The data plane of `lab`, at other ports."""
    plane = load_site("lab").data_plane
    assert plane.kind == "services"
    moved = {service: getattr(plane, service).model_copy(update=ports[service]) for service in PORTS}
    return plane.model_copy(update=moved)


class LivePlane:
    """Services that a test session shares; each test takes a trading day of its own."""

    def __init__(self, directory: Path, supervisor: Supervisor) -> None:
        self.directory = directory
        self.supervisor = supervisor
        self.ports = free_ports()
        self.plane = plane_at(self.ports)
        self.places = ServicePlaces(directory, ROOT / "build", directory / "credentials")

    def store(self) -> PostgresqlStore:
        return PostgresqlStore(self.plane.postgres, self.plane.bars, self.places.password_file(self.plane))

    def hashes(self, day: Day) -> tuple[str, str]:
        with self.store() as store:
            return content_hash(store, TICKS, day), content_hash(store, ORDER_EVENTS, day)

    def publisher(self, run_file: Path, seed: int, messages: int, rate: float, name: str = "publisher") -> Program:
        """A publisher process over a synthetic journal that grows by `rate` records a second."""
        return self._program(name, "publish", run_file, f"--seed={seed}", f"--messages={messages}", f"--rate={rate}")

    def loader(self, run_file: Path, name: str = "loader") -> Program:
        """A loader process."""
        return self._program(name, "load", run_file)

    def _program(self, name: str, verb: str, run_file: Path, *options: str) -> Program:
        ports = self.directory / "ports.json"
        ports.write_text(json.dumps({"ports": self.ports, "password": str(self.places.password_file(self.plane))}))
        command = (sys.executable, "-m", "tests.pipelines.live_plane", verb, str(ports), str(run_file), *options)
        return Program(name=name, command=command, log_file=self.directory / f"{name}.log", working_directory=ROOT)


def main() -> None:
    """What the programs run."""
    parser = argparse.ArgumentParser()
    parser.add_argument("verb", choices=("publish", "load"))
    parser.add_argument("ports", type=Path)
    parser.add_argument("run_file", type=Path)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--messages", type=int)
    parser.add_argument("--rate", type=float)
    options = parser.parse_args()
    where = json.loads(options.ports.read_text())
    plane, run = plane_at(where["ports"]), StreamRun.from_json(options.run_file.read_text())
    if options.verb == "publish":
        source = SyntheticSource(*synthetic_records(options.seed, options.messages), options.rate)
        publisher = Publisher(plane.kafka, run)
        print(f"goes on at {publisher.position}", flush=True)
        publisher.publish(source, source.all_written, records_max=500)
    else:
        with PostgresqlStore(plane.postgres, plane.bars, Path(where["password"])) as store:
            loader = Loader(plane.kafka, store, run)
            print(f"goes on at {loader.places}", flush=True)
            loader.load()


if __name__ == "__main__":
    main()
