"""A Kafka broker of one node (KRaft: broker and controller in one process), its start and its topics."""

from __future__ import annotations

import socket
import subprocess
import uuid
from base64 import urlsafe_b64encode
from pathlib import Path

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient, NewTopic

from pipelines.services.java import QUICK_START, class_data, class_path, find_java, write_logging
from pipelines.supervisor import Endpoint, Program
from stacks.topology.data_plane import Kafka, Topic
from stacks.topology.errors import ColoError

NAME = "kafka"


def bootstrap_servers(kafka: Kafka) -> str:
    """Address that clients connect to first."""
    return f"{kafka.address}:{kafka.port}"


def render_properties(kafka: Kafka, data: Path) -> str:
    """server.properties of the broker."""
    settings = {
        "process.roles": "broker,controller",
        "node.id": 1,
        "controller.quorum.voters": f"1@{kafka.address}:{kafka.controller_port}",
        "listeners": f"PLAINTEXT://{kafka.address}:{kafka.port},CONTROLLER://{kafka.address}:{kafka.controller_port}",
        "advertised.listeners": f"PLAINTEXT://{kafka.address}:{kafka.port}",
        "controller.listener.names": "CONTROLLER",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "log.dirs": data,
        "auto.create.topics.enable": "false",
        "offsets.topic.replication.factor": 1,
        "offsets.topic.num.partitions": 1,
        "transaction.state.log.replication.factor": 1,
        "transaction.state.log.min.isr": 1,
        "transaction.state.log.num.partitions": 1,
        "share.coordinator.state.topic.replication.factor": 1,
        "share.coordinator.state.topic.min.isr": 1,
        "group.initial.rebalance.delay.ms": 0,
        # A broker that was killed may come back once its session has run out: by default that is 9 s.
        "broker.session.timeout.ms": 3_000,
        "broker.heartbeat.interval.ms": 500,
        # The longest time-out that a Flink exactly-once sink may ask for.
        "transaction.max.timeout.ms": 900_000,
        "message.max.bytes": 8 * 1024 * 1024,
        "replica.fetch.max.bytes": 8 * 1024 * 1024,
        "log.segment.bytes": 256 * 1024 * 1024,
        "log.cleaner.dedupe.buffer.size": 16 * 1024 * 1024,
        "num.io.threads": 4,
        "num.network.threads": 2,
        "background.threads": 4,
    }
    return "".join(f"{key}={value}\n" for key, value in settings.items())


def program(
    kafka: Kafka, directory: Path, jars: Path, archives: Path, start_s_max: float, stop_s_max: float
) -> Program:
    """The broker, with its data in `directory`, ready to be started; formats its storage the first time.

    `archives` is where the class data of Java programs is kept.
    """
    java = find_java()
    classes = class_path(jars)
    data = directory / "data"
    directory.mkdir(parents=True, exist_ok=True)
    properties = directory / "server.properties"
    properties.write_text(render_properties(kafka, data))
    logging = write_logging(
        directory / "log4j2.properties", quiet=("org.apache.kafka.common.config", "kafka.server.KafkaConfig")
    )
    if not (data / "meta.properties").exists():
        _format(java, classes, properties, logging)
    return Program(
        name=NAME,
        command=(
            str(java),
            f"-Xms{kafka.heap_mib}m",
            f"-Xmx{kafka.heap_mib}m",
            *QUICK_START,
            *class_data(archives, "kafka", classes),
            logging,
            "-cp",
            classes,
            "kafka.Kafka",
            str(properties),
        ),
        log_file=directory / "kafka.log",
        listens=(Endpoint(kafka.address, kafka.port), Endpoint(kafka.address, kafka.controller_port)),
        ready=lambda: answers(kafka),
        ready_s_max=start_s_max,
        stop_s_max=stop_s_max,
    )


def answers(kafka: Kafka) -> bool:
    """Whether the broker lists its topics; OSError while nothing listens."""
    with socket.create_connection((kafka.address, kafka.port), timeout=1):
        pass
    try:
        _admin(kafka).list_topics(timeout=5)
    except KafkaException:
        return False
    return True


def create_topics(kafka: Kafka, names: dict[str, Topic]) -> None:
    """Create each topic that is missing, named by the key and declared by the value."""
    admin = _admin(kafka)
    present = admin.list_topics(timeout=30).topics
    missing = [
        NewTopic(
            name,
            num_partitions=topic.partitions,
            replication_factor=1,
            config={
                "retention.ms": str(topic.retention_hours * 3_600_000),
                "message.timestamp.type": "LogAppendTime",  # event times of a recorded day are past any retention
                "max.message.bytes": str(8 * 1024 * 1024),
                "compression.type": "producer",
            },
        )
        for name, topic in names.items()
        if name not in present
    ]
    for name, future in admin.create_topics(missing).items() if missing else ():
        try:
            future.result(timeout=60)
        except KafkaException as error:
            raise ColoError(f"Kafka at {bootstrap_servers(kafka)} refused topic {name}: {error}") from error


def delete_topics(kafka: Kafka, names: list[str]) -> None:
    """Delete topics; one that is already gone is no error."""
    if not names:
        return
    admin = _admin(kafka)  # named: a client that nobody holds is destroyed, and its pending requests with it
    for future in admin.delete_topics(names, operation_timeout=30).values():
        try:
            future.result(timeout=60)
        except KafkaException as error:
            if "UNKNOWN_TOPIC" not in str(error):
                raise


def topic_names(kafka: Kafka) -> list[str]:
    """Names of all topics on the broker."""
    return sorted(_admin(kafka).list_topics(timeout=30).topics)


def _admin(kafka: Kafka) -> AdminClient:
    # librdkafka reports each refused connection on standard error while a broker starts; errors reach us anyway.
    return AdminClient({"bootstrap.servers": bootstrap_servers(kafka), "log_level": 0})


def _format(java: Path, classes: str, properties: Path, logging: str) -> None:
    cluster = urlsafe_b64encode(uuid.uuid4().bytes).rstrip(b"=").decode()
    while cluster.startswith("-"):  # the tool would read it as an option
        cluster = urlsafe_b64encode(uuid.uuid4().bytes).rstrip(b"=").decode()
    command = [str(java), *QUICK_START, logging, "-cp", classes, "kafka.tools.StorageTool"]
    answer = subprocess.run(
        [*command, "format", "-t", cluster, "-c", str(properties)], capture_output=True, text=True, timeout=120
    )
    if answer.returncode != 0:
        lines = (answer.stderr or answer.stdout).strip().splitlines()
        raise ColoError(
            f"Kafka cannot format its storage in {properties.parent}: {lines[-1] if lines else 'no output'}"
        )
