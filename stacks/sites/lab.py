"""lab: the desk's engine and exchange, with Kafka, Flink and PostgreSQL as real services on the same machine."""

from __future__ import annotations

from stacks.sites import workstation
from stacks.topology.data_plane import Bars, BarsJob, Flink, Kafka, Postgres, Services, Topic
from stacks.topology.order_entry import Credential
from stacks.topology.site import Dagster, Site

HOST = workstation.machine("lab")
VENUE = workstation.simulated_nasdaq(
    workstation.ExchangePorts(
        group_a="239.255.18.1",
        group_b="239.255.18.2",
        line_a=17201,
        line_b=17202,
        rerequest=17203,
        glimpse=17204,
        ouch=17205,
    )
)
ENGINE, SIMULATOR = workstation.programs(HOST, VENUE)

TICKS = Topic(name="xnas.ticks", venue=VENUE, kind="ticks", partitions=1, retention_hours=24, compression="lz4")
ORDER_EVENTS = Topic(
    name="xnas.order_events", venue=VENUE, kind="order_events", partitions=1, retention_hours=24, compression="lz4"
)

SITE = Site(
    name="lab",
    kind="lab",
    hosts=(HOST,),
    clocks=(workstation.OSCILLATOR,),
    venues=(VENUE,),
    processes=(ENGINE, SIMULATOR),
    strategies=(workstation.market_making(ENGINE),),
    risk=workstation.risk(),
    anomalies=workstation.ANOMALIES,
    data_plane=Services(
        kafka=Kafka(
            host=HOST,
            address=workstation.LOOPBACK,
            port=17211,
            controller_port=17212,
            heap_mib=512,
            topics=(TICKS, ORDER_EVENTS),
            records_per_message=512,
            linger_ms=5,
            batch_bytes=1_048_576,
        ),
        flink=Flink(
            host=HOST,
            address=workstation.LOOPBACK,
            rest_port=17213,
            rpc_port=17214,
            blob_port=17215,
            task_manager_rpc_port=17216,
            task_manager_data_port=17217,
            job_manager_memory_mib=1024,
            task_manager_memory_mib=1536,
            parallelism=1,
            checkpoint_interval_ms=2_000,
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
            host=HOST,
            address=workstation.LOOPBACK,
            port=17218,
            database="colo",
            schema_name="market",
            user="colo",
            credential=Credential(name="postgres"),
            retention_days=30,
            partition_hours=24,
            shared_buffers_mib=128,
        ),
        start_timeout_s=60,
        stop_timeout_s=20,
    ),
    quality=workstation.QUALITY,
    release=workstation.RELEASE,
    dagster=Dagster(host=HOST, address=workstation.LOOPBACK, port=17230),
    control=(workstation.control(HOST, port=17240),),
)
