"""The data plane of carteret: Kafka, Flink and PostgreSQL on data-1, reached over the data network."""

from __future__ import annotations

from stacks.sites.carteret.hosts import DATA
from stacks.sites.carteret.venue import VENUE
from stacks.topology.data_plane import Bars, BarsJob, Flink, Kafka, Postgres, Services, Topic
from stacks.topology.order_entry import Credential

ADDRESS = "10.20.4.11"

TICKS = Topic(name="xnas.ticks", venue=VENUE, kind="ticks", partitions=1, retention_hours=168, compression="zstd")
ORDER_EVENTS = Topic(
    name="xnas.order_events", venue=VENUE, kind="order_events", partitions=2, retention_hours=168, compression="zstd"
)

DATA_PLANE = Services(
    kafka=Kafka(
        host=DATA,
        address=ADDRESS,
        port=9092,
        controller_port=9093,
        heap_mib=16_384,
        topics=(TICKS, ORDER_EVENTS),
        records_per_message=512,
        linger_ms=2,
        batch_bytes=1_048_576,
    ),
    flink=Flink(
        host=DATA,
        address=ADDRESS,
        rest_port=8081,
        rpc_port=6123,
        blob_port=6124,
        task_manager_rpc_port=6125,
        task_manager_data_port=6126,
        job_manager_memory_mib=4_096,
        task_manager_memory_mib=65_536,
        parallelism=8,
        checkpoint_interval_ms=10_000,
        jobs=(
            BarsJob(
                name="bars_1s",
                bars=Bars(name="bars_1s", window_ns=1_000_000_000),
                source=TICKS,
                out_of_order_ms=1,
            ),
        ),
    ),
    postgres=Postgres(
        host=DATA,
        address=ADDRESS,
        port=5432,
        database="colo",
        schema_name="market",
        user="colo",
        credential=Credential(name="postgres"),
        retention_days=90,
        partition_hours=24,
        shared_buffers_mib=65_536,
    ),
    start_timeout_s=120,
    stop_timeout_s=60,
)
