"""The data plane of a colocated site: Kafka, Flink and PostgreSQL on its data host, reached over the data network."""

from __future__ import annotations

from stacks.topology.data_plane import Bars, BarsJob, Flink, Kafka, Postgres, Services, Topic
from stacks.topology.host import Host
from stacks.topology.order_entry import Credential
from stacks.topology.venue import Venue


def data_plane(host: Host, venue: Venue, engines: int) -> Services:
    """Return the services, with a topic of ticks and one of order events, which has a partition an engine."""
    address = next(nic.address for nic in host.nics if nic.name == "data-1")
    prefix = venue.mic.lower()
    ticks = Topic(
        name=f"{prefix}.ticks", venue=venue, kind="ticks", partitions=1, retention_hours=168, compression="zstd"
    )
    order_events = Topic(
        name=f"{prefix}.order_events",
        venue=venue,
        kind="order_events",
        partitions=engines,
        retention_hours=168,
        compression="zstd",
    )
    bars = BarsJob(name="bars_1s", bars=Bars(name="bars_1s", window_ns=1_000_000_000), source=ticks, out_of_order_ms=1)
    return Services(
        kafka=Kafka(
            host=host,
            address=address,
            port=9092,
            controller_port=9093,
            heap_mib=16_384,
            topics=(ticks, order_events),
            records_per_message=512,
            linger_ms=2,
            batch_bytes=1_048_576,
        ),
        flink=Flink(
            host=host,
            address=address,
            rest_port=8081,
            rpc_port=6123,
            blob_port=6124,
            task_manager_rpc_port=6125,
            task_manager_data_port=6126,
            job_manager_memory_mib=4_096,
            task_manager_memory_mib=65_536,
            parallelism=8,
            checkpoint_interval_ms=10_000,
            jobs=(bars,),
        ),
        postgres=Postgres(
            host=host,
            address=address,
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
