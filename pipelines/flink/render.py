"""The SQL and the settings of the bars job, rendered from the declaration: what runs is nothing but this text.

The rendered job is JSON, because the environment in which it is built (pipelines/flink/bars_job.py, PyFlink) does not
hold the declaration's types, nor any other package of the core environment.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engine import records
from pipelines.store.bars import BAR_COLUMNS, FLINK, KEY, interval, select_bars
from pipelines.store.tick_store import Day
from stacks.topology.data_plane import BarsJob, Flink, Kafka, Postgres, Services

SOURCE = "ticks"
SINK = "bars"


def render_bars_job(
    plane: Services, job: BarsJob, day: Day, topic: str, group: str, jars: Path, password: str
) -> dict[str, Any]:
    """All that `bars_job.build` and its submission need. `group` must be new for each submission: the offsets that it
    commits tell how far this very job has read."""
    return {
        "name": f"{job.name} {day}",
        "address": plane.flink.address,
        "rest_port": plane.flink.rest_port,
        "jars": [jar.absolute().as_uri() for jar in sorted(jars.glob("*.jar"))],
        "settings": render_settings(plane.flink),
        "source": render_source(plane.kafka, job, topic, group, plane.flink.parallelism),
        "sink": render_sink(plane.postgres, job, password),
        "insert": render_insert(job, day),
    }


def render_settings(flink: Flink) -> dict[str, str]:
    """Settings of the job. A script with a remote target ignores the cluster's own, so that all stand here."""
    return {
        "parallelism.default": str(flink.parallelism),
        "execution.runtime-mode": "STREAMING",
        "execution.checkpointing.interval": f"{flink.checkpoint_interval_ms} ms",
        "execution.checkpointing.mode": "EXACTLY_ONCE",
        "execution.checkpointing.timeout": "60 s",
        "execution.checkpointing.externalized-checkpoint-retention": "RETAIN_ON_CANCELLATION",
        "execution.checkpointing.tolerable-failed-checkpoints": "1000",
        # A service that is down comes back or somebody stops the job: whoever watches bounds the waiting.
        "restart-strategy.type": "fixed-delay",
        "restart-strategy.fixed-delay.attempts": str(2**31 - 1),
        "restart-strategy.fixed-delay.delay": "1 s",
        "pipeline.object-reuse": "true",
        "pipeline.auto-watermark-interval": "100 ms",
        "pipeline.generic-types": "false",
        "table.local-time-zone": "UTC",
        # The windows' key is the sink's primary key, and a window fires once: an upsert needs nothing materialised.
        "table.exec.sink.upsert-materialize": "NONE",
    }


def render_source(kafka: Kafka, job: BarsJob, topic: str, group: str, parallelism: int) -> str:
    """The topic of packed ticks as a table in event time, read from its beginning."""
    columns = ",\n".join(f"    `{name}` {kind} NOT NULL" for name, kind in records.flink_columns())
    options = {
        "connector": "kafka",
        "topic": topic,
        "properties.bootstrap.servers": f"{kafka.address}:{kafka.port}",
        "properties.group.id": group,
        "properties.isolation.level": "read_committed",
        "scan.startup.mode": "earliest-offset",
        # Partitions are declared and never added; a reader without a partition must not hold the watermark back.
        "scan.topic-partition-discovery.interval": "0 s",
        "scan.parallelism": str(min(parallelism, job.source.partitions)),
        "format": "packed-records",
    }
    return (
        f"CREATE TABLE {SOURCE} (\n{columns},\n"
        "    event_time AS TO_TIMESTAMP_LTZ(event_time_ns / 1000000, 3),\n"
        f"    WATERMARK FOR event_time AS event_time - {interval(job.out_of_order_ms * 1_000_000)}\n"
        f") WITH (\n{_options(options)}\n)"
    )


def render_sink(postgres: Postgres, job: BarsJob, password: str) -> str:
    """The bars table of the store, upserted by its primary key."""
    columns = [
        f"    `{column.name}` {column.type.flink}{'' if column.nullable else ' NOT NULL'}" for column in BAR_COLUMNS
    ]
    key = ", ".join(("mic", "trading_day", *KEY))
    body = ",\n".join(
        ["    mic STRING NOT NULL", "    trading_day DATE NOT NULL", *columns, f"    PRIMARY KEY ({key}) NOT ENFORCED"]
    )
    url = f"jdbc:postgresql://{postgres.address}:{postgres.port}/{postgres.database}"
    options = {
        "connector": "jdbc",
        "url": f"{url}?currentSchema={postgres.schema_name}&reWriteBatchedInserts=true",
        "table-name": job.bars.name,
        "username": postgres.user,
        "password": password,
        "sink.buffer-flush.max-rows": "1000",
        "sink.buffer-flush.interval": "200 ms",
        "sink.max-retries": "3",
    }
    return f"CREATE TABLE {SINK} (\n{body}\n) WITH (\n{_options(options)}\n)"


def render_insert(job: BarsJob, day: Day) -> str:
    """The one statement that runs."""
    select = select_bars(FLINK, SOURCE, job.bars.window_ns)
    names = ", ".join(f"`{column.name}`" for column in BAR_COLUMNS)
    constants = f"CAST('{day.mic}' AS STRING), DATE '{day.trading_day.isoformat()}'"
    return f"INSERT INTO {SINK}\nSELECT {constants}, {names}\nFROM (\n{select}\n)"


def _options(options: dict[str, str]) -> str:
    return ",\n".join(f"    '{key}' = '{_quoted(value)}'" for key, value in options.items())


def _quoted(value: str) -> str:
    return value.replace("'", "''")
