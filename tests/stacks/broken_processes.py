"""Broken processes, limits, data planes and reference data, and how each is built; see expected/messages.txt."""

from __future__ import annotations

from stacks.topology.data_plane import Bars
from stacks.topology.instrument import ReferenceData
from stacks.topology.process import NicQueue, Thread
from stacks.topology.risk import DuplicateOrders, RiskTree
from stacks.topology.strategy import OpeningPosition
from tests.stacks.broken_declarations import (
    CARTERET,
    CHANNEL,
    DESK,
    ENGINE,
    ENGINE_1,
    FEED,
    FIRM_LIMITS,
    LAB,
    SIMULATOR,
    STRANGE_NIC,
    Broken,
)
from tests.stacks.rebuild import rebuilt, without
from tests.stacks.sample_reference_data import sample_reference_data

PLACEMENT = DESK.strategies[0]
HELD = OpeningPosition(symbol="AMZN", quantity=-100, average_price=2_200_000)
REFERENCE_DATA = sample_reference_data(DESK.venues[0], ("AMZN", "AAPL"))


def on_cpu(cpu: int, wait: str = "spin") -> tuple[Thread, ...]:
    """Threads of carteret's first engine with the trading thread on another cpu."""
    trading, housekeeping = ENGINE_1.threads
    return (rebuilt(trading, cpu=cpu, wait=wait), housekeeping)


def risk_without(level: str) -> RiskTree:
    """The desk's limits without those of one level."""
    return RiskTree(limits=tuple(limits for limits in DESK.risk.limits if limits.level != level))


PROCESSES = [
    Broken(
        "thread_on_a_cpu_that_is_not_there",
        lambda: rebuilt(ENGINE_1, threads=on_cpu(32)),
    ),
    Broken(
        "thread_on_a_reserved_cpu",
        lambda: rebuilt(ENGINE_1, threads=on_cpu(1)),
    ),
    Broken(
        "yielding_thread_on_a_reserved_cpu",
        lambda: rebuilt(ENGINE_1, threads=on_cpu(1, "yield")),
    ),
    Broken(
        "thread_on_a_remote_numa_node",
        lambda: rebuilt(ENGINE_1, threads=on_cpu(18)),
    ),
    Broken(
        "trading_thread_remote_from_the_nics_it_uses",
        lambda: rebuilt(ENGINE_1, threads=(Thread(role="trading", cpu=18, wait="spin"), ENGINE_1.threads[1])),
    ),
    Broken(
        "thread_on_a_queue_that_is_not_there",
        lambda: rebuilt(
            ENGINE, threads=(rebuilt(ENGINE.threads[0], nic_queues=(NicQueue(nic=ENGINE.order_nic, queue=1),)),)
        ),
    ),
    Broken(
        "spinning_realtime_thread",
        lambda: Thread(role="trading", cpu=1, wait="spin", policy="SCHED_FIFO"),
    ),
    Broken(
        "orders_on_an_undeclared_nic",
        lambda: rebuilt(ENGINE_1, order_nic=STRANGE_NIC),
    ),
    Broken(
        "line_on_an_undeclared_nic",
        lambda: rebuilt(ENGINE, receptions=(ENGINE.receptions[0], rebuilt(ENGINE.receptions[1], nic=STRANGE_NIC))),
    ),
    Broken(
        "queue_of_an_undeclared_nic",
        lambda: rebuilt(SIMULATOR, threads=(rebuilt(SIMULATOR.threads[0], nic_queues=(NicQueue(nic=STRANGE_NIC),)),)),
    ),
    Broken(
        "environment_of_another_venue",
        lambda: rebuilt(ENGINE, venue=CARTERET.venues[0]),
    ),
    Broken(
        "feed_of_another_environment",
        lambda: rebuilt(ENGINE, feed=rebuilt(FEED, name="other")),
    ),
    Broken(
        "session_of_another_gateway",
        lambda: rebuilt(ENGINE, order_session=ENGINE_1.order_session),
    ),
    Broken(
        "line_without_reception",
        lambda: rebuilt(ENGINE, receptions=ENGINE.receptions[:1]),
    ),
    Broken(
        "line_received_twice",
        lambda: rebuilt(ENGINE, receptions=(*ENGINE.receptions, ENGINE.receptions[0])),
    ),
    Broken(
        "line_of_another_feed",
        lambda: rebuilt(
            ENGINE,
            receptions=(
                *ENGINE.receptions,
                rebuilt(ENGINE.receptions[0], line=rebuilt(CHANNEL.lines[0], group="239.1.1.1")),
            ),
        ),
    ),
    Broken("process_without_host", lambda: without(ENGINE, "host")),
]

LIMITS = [
    *(
        Broken(f"{field}_missing", lambda field=field: without(FIRM_LIMITS, field))
        for field in (
            "price_collar_bps",
            "last_trade_collar_bps",
            "order_quantity_max",
            "position_max",
            "notional_max",
            "gross_notional_max",
            "loss_max",
            "message_rate_max",
            "order_rate_max",
            "duplicate_orders_max",
        )
    ),
    *(
        Broken(
            f"level_{level}_missing",
            lambda level=level: risk_without(level),
        )
        for level in ("firm", "account", "session", "strategy")
    ),
    Broken(
        "instrument_limits_missing",
        lambda: risk_without("instrument"),
    ),
    Broken(
        "limit_of_nothing",
        lambda: rebuilt(FIRM_LIMITS, position_max=0),
    ),
    Broken(
        "limits_twice",
        lambda: RiskTree(limits=(*DESK.risk.limits, FIRM_LIMITS)),
    ),
    Broken("more_duplicates_than_are_remembered", lambda: DuplicateOrders(orders=16, window_ms=1000)),
    Broken("restricted_twice", lambda: rebuilt(DESK.risk, restricted=("IBM", "IBM"))),
    Broken(
        "opening_position_twice",
        lambda: rebuilt(PLACEMENT, opening_positions=(HELD, HELD)),
    ),
    Broken(
        "opening_position_of_another_instrument",
        lambda: rebuilt(CARTERET.strategies[1], opening_positions=(HELD,)),
    ),
]

DATA = [
    Broken(
        "check_missing",
        lambda: rebuilt(DESK.quality, checks=DESK.quality.checks[1:]),
    ),
    Broken(
        "check_twice",
        lambda: rebuilt(DESK.quality, checks=(*DESK.quality.checks, DESK.quality.checks[0])),
    ),
    Broken(
        "bars_name_twice",
        lambda: rebuilt(DESK.data_plane, bars=(*DESK.data_plane.bars, Bars(name="bars_1s", window_ns=60_000_000_000))),
    ),
    Broken(
        "topic_for_one_kind_twice",
        lambda: rebuilt(
            LAB.data_plane,
            kafka=rebuilt(
                LAB.data_plane.kafka,
                topics=(*LAB.data_plane.kafka.topics, rebuilt(LAB.data_plane.kafka.topics[0], name="xnas.more")),
            ),
        ),
    ),
    Broken(
        "topic_name_twice",
        lambda: rebuilt(
            LAB.data_plane,
            kafka=rebuilt(
                LAB.data_plane.kafka,
                topics=(
                    LAB.data_plane.kafka.topics[0],
                    rebuilt(LAB.data_plane.kafka.topics[1], name=LAB.data_plane.kafka.topics[0].name),
                ),
            ),
        ),
    ),
    Broken(
        "job_name_twice",
        lambda: rebuilt(
            LAB.data_plane,
            flink=rebuilt(LAB.data_plane.flink, jobs=(*LAB.data_plane.flink.jobs, *LAB.data_plane.flink.jobs)),
        ),
    ),
    Broken(
        "job_on_an_undeclared_topic",
        lambda: rebuilt(
            LAB.data_plane,
            kafka=rebuilt(LAB.data_plane.kafka, topics=(LAB.data_plane.kafka.topics[1],)),
        ),
    ),
    Broken(
        "bars_from_order_events",
        lambda: rebuilt(
            LAB.data_plane,
            flink=rebuilt(
                LAB.data_plane.flink,
                jobs=(rebuilt(LAB.data_plane.flink.jobs[0], source=LAB.data_plane.kafka.topics[1]),),
            ),
        ),
    ),
]

REFERENCE = [
    Broken(
        "instrument_twice",
        lambda: rebuilt(REFERENCE_DATA, instruments=(*REFERENCE_DATA.instruments, REFERENCE_DATA.instruments[0])),
    ),
    Broken(
        "reference_data_file_with_a_wrong_field",
        lambda: ReferenceData.from_json(
            REFERENCE_DATA.model_dump_json().replace('"locate":2', '"locate":65536'), source="reference_data.json"
        ),
    ),
    Broken(
        "reference_data_file_cut_short", lambda: ReferenceData.from_json('{"mic": "XN', source="reference_data.json")
    ),
]

BROKEN_PROCESSES = [*PROCESSES, *LIMITS, *DATA, *REFERENCE]
