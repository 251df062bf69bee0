"""Where ticks and bars go: embedded (Parquet and DuckDB in the pipeline) or services (Kafka, Flink, PostgreSQL)."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import Field, model_validator

from stacks.topology.declared import BY_NAME, Address, Declared, Name, Port, Positive, raise_problems, repeated
from stacks.topology.errors import Problem
from stacks.topology.host import Host
from stacks.topology.order_entry import Credential
from stacks.topology.venue import Venue

RecordKind = Literal["ticks", "order_events"]
RECORD_KINDS: tuple[str, ...] = get_args(RecordKind)


class Bars(Declared):
    """Bars over windows of `window_ns` of event time."""

    name: Name
    window_ns: Positive


class Embedded(Declared):
    """Nothing to start: the journal is read as Arrow, DuckDB makes the bars, Parquet keeps ticks and bars."""

    kind: Literal["embedded"] = "embedded"
    host: Annotated[Host, BY_NAME]
    parquet_compression: Literal["zstd", "snappy"]
    row_group_rows: Positive
    bars: tuple[Bars, ...]

    @model_validator(mode="after")
    def _check(self) -> Embedded:
        raise_problems(
            [Problem(f"bars[{name}]", "the name stands twice") for name in repeated([bars.name for bars in self.bars])]
        )
        return self


class Topic(Declared):
    """A Kafka topic of packed normalised records of one kind, keyed by feed channel so that their order is kept."""

    name: Annotated[str, Field(min_length=1, max_length=249, pattern=r"^[a-zA-Z0-9._-]+$")]
    venue: Annotated[Venue, BY_NAME]
    kind: RecordKind
    partitions: Positive
    retention_hours: Positive
    compression: Literal["lz4", "zstd", "none"]


class Kafka(Declared):
    """A broker (KRaft, with its own controller). A message packs up to `records_per_message` records."""

    host: Annotated[Host, BY_NAME]
    address: Address
    port: Port
    controller_port: Port
    heap_mib: Positive
    topics: tuple[Topic, ...]
    records_per_message: Positive
    linger_ms: Positive
    batch_bytes: Positive

    def topic(self, mic: str, kind: RecordKind) -> Topic:
        """Return the topic of a venue and kind; a ServicesDataPlane has exactly one of each."""
        return next(topic for topic in self.topics if (topic.venue.mic, topic.kind) == (mic, kind))


class BarsJob(Declared):
    """A Flink job that turns a topic of ticks into bars; the watermark trails event time by `out_of_order_ms`."""

    name: Name
    bars: Bars
    source: Topic
    out_of_order_ms: Positive


class Flink(Declared):
    """A session cluster: a job manager and a task manager."""

    host: Annotated[Host, BY_NAME]
    address: Address
    rest_port: Port
    rpc_port: Port
    blob_port: Port
    task_manager_rpc_port: Port
    task_manager_data_port: Port
    job_manager_memory_mib: Positive
    task_manager_memory_mib: Positive
    parallelism: Positive
    checkpoint_interval_ms: Positive
    jobs: tuple[BarsJob, ...]


class Postgres(Declared):
    """PostgreSQL, with hypertables where TimescaleDB is present and native partitions where it is not.

    `partition_hours` is the span of event time of a partition or chunk.
    """

    host: Annotated[Host, BY_NAME]
    address: Address
    port: Port
    database: Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_]*$")]
    schema_name: Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_]*$")]
    user: Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_]*$")]
    credential: Credential
    retention_days: Positive
    partition_hours: Positive
    shared_buffers_mib: Positive


class Services(Declared):
    """Kafka -> Flink -> PostgreSQL, real processes."""

    kind: Literal["services"] = "services"
    kafka: Kafka
    flink: Flink
    postgres: Postgres
    start_timeout_s: Positive
    stop_timeout_s: Positive

    @model_validator(mode="after")
    def _check(self) -> Services:
        problems = []
        for key in repeated([(topic.venue.mic, topic.kind) for topic in self.kafka.topics]):
            problems.append(Problem("kafka.topics", f"two topics for {key[1]} of {key[0]}"))
        for name in repeated([topic.name for topic in self.kafka.topics]):
            problems.append(Problem(f"kafka.topics[{name}]", "the name stands twice"))
        for name in repeated([job.name for job in self.flink.jobs]):
            problems.append(Problem(f"flink.jobs[{name}]", "the name stands twice"))
        for job in self.flink.jobs:
            path = f"flink.jobs[{job.name}].source"
            if job.source not in self.kafka.topics:
                problems.append(Problem(path, f"topic {job.source.name} is not declared on the broker"))
            elif job.source.kind != "ticks":
                problems.append(Problem(path, f"topic {job.source.name} carries {job.source.kind}, bars need ticks"))
        raise_problems(problems)
        return self

    @property
    def bars(self) -> tuple[Bars, ...]:
        """The bars that the jobs make."""
        return tuple(job.bars for job in self.flink.jobs)


DataPlane = Annotated[Embedded | Services, Field(discriminator="kind")]
