"""A Flink session cluster on this machine: a job manager and a task manager, started without Flink's shell scripts.

The scripts of the distribution take 20 to 31 s to bring a cluster up, mostly in shells and in a helper JVM that
computes memory sizes; the same two classes started directly take a few. What the helper would compute is computed
here (`TaskManagerMemory`), and everything else stands in a config.yaml of our own, rendered from the declaration:
the one in the Python environment is hard-linked into an installer's cache and is never edited.
"""

from __future__ import annotations

import json
import shutil
import socket
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from pipelines.services.java import QUICK_START, class_data, class_path, find_java, write_logging
from pipelines.supervisor import Endpoint, Program
from stacks.topology.data_plane import Flink
from stacks.topology.errors import ColoError

JOB_MANAGER = "flink-jobmanager"
TASK_MANAGER = "flink-taskmanager"

# What Flink's own config.yaml opens of the JDK for its serializers and its SQL planner; without it jobs fail late.
OPENS = (
    *(f"--add-exports=jdk.compiler/com.sun.tools.javac.{name}=ALL-UNNAMED" for name in
      ("api", "file", "parser", "tree", "util")),
    "--add-exports=java.rmi/sun.rmi.registry=ALL-UNNAMED",
    "--add-exports=java.security.jgss/sun.security.krb5=ALL-UNNAMED",
    *(f"--add-opens=java.base/{name}=ALL-UNNAMED" for name in
      ("java.lang", "java.net", "java.io", "java.nio", "sun.nio.ch", "java.lang.reflect", "java.text", "java.time",
       "java.util", "java.util.concurrent", "java.util.concurrent.atomic", "java.util.concurrent.locks")),
)  # fmt: skip


@dataclass(frozen=True)
class TaskManagerMemory:
    """How the memory of a task manager is divided, in MiB; the parts add up to the declared process size."""

    task_heap: int
    managed: int
    network: int
    framework_heap: int = 128
    framework_off_heap: int = 128
    metaspace: int = 192
    overhead: int = 128

    @classmethod
    def of(cls, process_mib: int) -> TaskManagerMemory:
        """A division for jobs with their state on the heap: a tenth for the network, a little managed memory."""
        network = max(64, process_mib // 10)
        managed = 32
        rest = process_mib - network - managed - 128 - 128 - 192 - 128
        if rest < 128:
            raise ColoError(
                f"data_plane.flink.task_manager_memory_mib: {process_mib} MiB leave {rest} MiB of heap for tasks; "
                f"at least {process_mib - rest + 128} are needed"
            )
        return cls(task_heap=rest, managed=managed, network=network)

    def jvm_options(self) -> tuple[str, ...]:
        """Heap, direct memory and metaspace limits that match the configuration."""
        heap = self.task_heap + self.framework_heap
        direct = self.network + self.framework_off_heap
        return (
            f"-Xms{heap}m",
            f"-Xmx{heap}m",
            f"-XX:MaxDirectMemorySize={direct}m",
            f"-XX:MaxMetaspaceSize={self.metaspace}m",
        )

    def settings(self) -> dict[str, str]:
        """The keys that a task manager demands when the scripts are not there to compute them."""
        return {
            "taskmanager.cpu.cores": "1.0",
            "taskmanager.memory.task.heap.size": f"{self.task_heap}m",
            "taskmanager.memory.task.off-heap.size": "0m",
            "taskmanager.memory.framework.heap.size": f"{self.framework_heap}m",
            "taskmanager.memory.framework.off-heap.size": f"{self.framework_off_heap}m",
            "taskmanager.memory.network.min": f"{self.network}m",
            "taskmanager.memory.network.max": f"{self.network}m",
            "taskmanager.memory.managed.size": f"{self.managed}m",
            "taskmanager.memory.jvm-metaspace.size": f"{self.metaspace}m",
            "taskmanager.memory.jvm-overhead.min": f"{self.overhead}m",
            "taskmanager.memory.jvm-overhead.max": f"{self.overhead}m",
        }


def render_configuration(flink: Flink, directory: Path) -> str:
    """config.yaml of the cluster: flat keys, every port and every address named, nothing left to a default range."""
    settings = {
        "rest.address": flink.address,
        "rest.bind-address": flink.address,
        "rest.port": str(flink.rest_port),
        "rest.bind-port": str(flink.rest_port),
        "rest.profiling.enabled": "false",
        "jobmanager.rpc.address": flink.address,
        "jobmanager.rpc.port": str(flink.rpc_port),
        "jobmanager.bind-host": flink.address,
        "jobmanager.memory.process.size": f"{flink.job_manager_memory_mib}m",
        "blob.server.port": str(flink.blob_port),
        "taskmanager.resource-id": "taskmanager",  # else made from the machine's name, which need not resolve
        "taskmanager.host": flink.address,
        "taskmanager.bind-host": flink.address,
        "taskmanager.rpc.port": str(flink.task_manager_rpc_port),
        "taskmanager.data.port": str(flink.task_manager_data_port),
        "taskmanager.data.bind-port": str(flink.task_manager_data_port),
        "taskmanager.numberOfTaskSlots": str(flink.parallelism * max(1, len(flink.jobs))),
        **TaskManagerMemory.of(flink.task_manager_memory_mib).settings(),
        "parallelism.default": str(flink.parallelism),
        "state.backend.type": "hashmap",
        "execution.checkpointing.storage": "filesystem",
        "execution.checkpointing.dir": (directory / "checkpoints").as_uri(),
        "execution.checkpointing.savepoint-dir": (directory / "savepoints").as_uri(),
        "io.tmp.dirs": str(directory / "tmp"),
        "web.tmpdir": str(directory / "tmp"),
        # A dead task manager is noticed in seconds; the defaults (10 s / 50 s) are made for wide networks.
        "heartbeat.interval": "2000",
        "heartbeat.timeout": "8000",
        "slot.request.timeout": "60000",
        "resourcemanager.standalone.start-up-time": "30000",
        "web.cancel.enable": "true",
        "web.submit.enable": "false",
        "cluster.io-pool.size": "4",
    }
    return "".join(f"{key}: {json.dumps(value)}\n" for key, value in settings.items())


def programs(
    flink: Flink, directory: Path, environment: Path, archives: Path, start_s_max: float, stop_s_max: float
) -> tuple[Program, Program]:
    """Job manager and task manager, with their state in `directory`, from the PyFlink in `environment`.

    `archives` is where the class data of Java programs is kept.
    """
    java = find_java()
    directory = directory.absolute()
    home = flink_home(environment.absolute())
    configuration = directory / "conf"
    for folder in (configuration, directory / "tmp", directory / "checkpoints", directory / "savepoints"):
        folder.mkdir(parents=True, exist_ok=True)
    (configuration / "config.yaml").write_text(render_configuration(flink, directory))
    logging = write_logging(
        configuration / "log4j2.properties",
        quiet=("org.apache.kafka", "org.apache.pekko", "org.apache.flink.configuration"),
    )
    variables = _variables(home, directory)
    classes = class_path(home / "lib")
    heap = max(256, flink.job_manager_memory_mib - 192 - 128 - 128)

    def flink_program(name: str, main: str, jvm: tuple[str, ...], listens: tuple[int, ...], slots: int) -> Program:
        options = (*QUICK_START, *class_data(archives, name, classes), "-XX:TieredStopAtLevel=1", *OPENS, logging)
        arguments = ("-cp", classes, main, "--configDir", str(configuration))
        return Program(
            name=name,
            command=(str(java), *jvm, *options, *arguments),
            log_file=directory / f"{name}.log",
            listens=tuple(Endpoint(flink.address, port) for port in listens),
            ready=lambda: answers(flink, slots),
            ready_s_max=start_s_max,
            stop_s_max=stop_s_max,
            environment=variables,
            working_directory=directory,
        )

    entry = "org.apache.flink.runtime"
    return (
        flink_program(
            JOB_MANAGER,
            f"{entry}.entrypoint.StandaloneSessionClusterEntrypoint",
            (f"-Xms{heap}m", f"-Xmx{heap}m", "-XX:MaxMetaspaceSize=192m"),
            (flink.rest_port, flink.rpc_port, flink.blob_port),
            slots=0,
        ),
        flink_program(
            TASK_MANAGER,
            f"{entry}.taskexecutor.TaskManagerRunner",
            TaskManagerMemory.of(flink.task_manager_memory_mib).jvm_options(),
            (flink.task_manager_rpc_port, flink.task_manager_data_port),
            slots=1,
        ),
    )


def forget_state(directory: Path) -> None:
    """Remove what the jobs of an earlier cluster left: each run submits its jobs anew, from the start of the stream."""
    for name in ("checkpoints", "savepoints", "tmp"):
        shutil.rmtree(directory / name, ignore_errors=True)


def submission_environment(directory: Path, environment: Path, archives: Path) -> dict[str, str]:
    """Variables under which PyFlink's own JVM, which plans and submits a job, starts as quickly as the cluster's.

    Its class data archive is written when the first submission ends.
    """
    directory, home = directory.absolute(), flink_home(environment.absolute())
    options = (
        *QUICK_START,
        *class_data(archives, "flink-submit", class_path(home / "lib", home / "opt")),
        "-XX:TieredStopAtLevel=1",
        "-Xmx512m",
    )
    return {
        **_variables(home, directory),
        "JVM_ARGS": " ".join(options),
        "FLINK_ENV_JAVA_OPTS": " ".join(OPENS),
        "LOG4J_PROPERTIES": str(directory / "conf" / "log4j2.properties"),
        "FLINK_LOG_DIR": str(directory),
        "JAVA_HOME": str(find_java().resolve().parents[1]),
    }


def flink_home(environment: Path) -> Path:
    """Folder of the Flink distribution that a PyFlink environment carries."""
    found = sorted(environment.glob("lib/python3*/site-packages/pyflink"))
    if not found:
        raise ColoError(f"there is no PyFlink in {environment}: `make setup SITE=lab` brings it")
    return found[-1]


def answers(flink: Flink, slots: int) -> bool:
    """Whether the job manager's REST interface answers and knows of `slots` slots or more, free or taken."""
    with socket.create_connection((flink.address, flink.rest_port), timeout=1):
        pass
    try:
        with urllib.request.urlopen(f"http://{flink.address}:{flink.rest_port}/overview", timeout=5) as answer:
            return int(json.load(answer)["slots-total"]) >= slots
    except (urllib.error.URLError, ValueError, KeyError):
        return False


def _variables(home: Path, directory: Path) -> dict[str, str]:
    return {
        "FLINK_CONF_DIR": str(directory / "conf"),
        "FLINK_LIB_DIR": str(home / "lib"),
        "FLINK_PLUGINS_DIR": str(directory / "plugins"),  # none: the distribution's are metric reporters, not used
        "FLINK_OPT_DIR": str(home / "opt"),
    }
