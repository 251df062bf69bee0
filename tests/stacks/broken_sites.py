"""Sites whose parts are sound and contradict each other; expected/messages.txt has what each must fail with."""

from __future__ import annotations

from stacks.topology.instrument import InstrumentSelection, dollars
from stacks.topology.network import CrossConnect, Link
from stacks.topology.process import Process, SeparateGateway, Thread, Watchdog
from stacks.topology.recovery import RecoveryObjective
from stacks.topology.risk import DuplicateOrders, MessageRate, RiskTree
from stacks.topology.site import Site
from stacks.topology.strategy import OpeningPosition
from tests.stacks.broken_declarations import (
    CARTERET,
    DESK,
    ENGINE,
    ENGINE_1,
    ENGINE_2,
    FEED_A_LINK,
    LAB,
    ORDERS_LINK,
    SIMULATION,
    SIMULATOR,
    STANDBY_1,
    STRANGE_NIC,
    STRANGE_SWITCH,
    TRADING_1,
    Broken,
)
from tests.stacks.rebuild import rebuilt, substituted

FEED_A, FEED_B, *_ = CARTERET.switches
CROSS_A, CROSS_B, *_ = CARTERET.cross_connects
PLACEMENT = DESK.strategies[0]


def with_process(site: Site, process: Process, **changes: object) -> Site:
    """The site with one process changed, wherever it is referred to."""
    return substituted(site, process, rebuilt(process, **changes))


def with_thread(site: Site, process: Process, role: str, **changes: object) -> Site:
    """The site with one thread of a process changed."""
    threads = tuple(rebuilt(thread, **changes) if thread.role == role else thread for thread in process.threads)
    return with_process(site, process, threads=threads)


def with_limits(level: str, **changes: object) -> Site:
    """The desk with the limits of one level changed."""
    limits = tuple(rebuilt(one, **changes) if one.level == level else one for one in DESK.risk.limits)
    return rebuilt(DESK, risk=RiskTree(limits=limits))


def with_carteret_account(**changes: int) -> Site:
    """Carteret with the limits of its account changed."""
    limits = tuple(rebuilt(one, **changes) if one.level == "account" else one for one in CARTERET.risk.limits)
    return rebuilt(CARTERET, risk=RiskTree(limits=limits))


def with_postgres_port(port: int) -> Site:
    """The lab with PostgreSQL on another port."""
    return substituted(LAB, LAB.data_plane.postgres, rebuilt(LAB.data_plane.postgres, port=port))


def with_link(link: Link, **changes: object) -> Site:
    """Carteret with one cable changed."""
    return substituted(CARTERET, link, rebuilt(link, **changes))


def with_cross_connect(cross_connect: CrossConnect, **changes: object) -> Site:
    """Carteret with one cross connect changed, and the taps on it."""
    return substituted(CARTERET, cross_connect, rebuilt(cross_connect, **changes))


def parameters(**changes: object) -> Site:
    """The desk with other parameters of its strategy."""
    return rebuilt(DESK, strategies=(rebuilt(PLACEMENT, parameters=rebuilt(PLACEMENT.parameters, **changes)),))


def smt_site(cpu: int, wait: str = "spin") -> Site:
    """The desk on a machine with SMT, the engine waiting as told on cpu 1, and the simulator on another."""
    host = DESK.hosts[0]
    site = substituted(DESK, host, rebuilt(host, cpu=rebuilt(host.cpu, threads_per_core=2)))
    site = with_thread(site, site.process_of("exchange_simulator"), "simulator", cpu=cpu)
    return with_thread(site, site.process_of("strategy"), "trading", wait=wait)


MEMBERSHIP = [
    Broken("host_twice", lambda: rebuilt(DESK, hosts=(*DESK.hosts, *DESK.hosts))),
    Broken(
        "address_twice",
        lambda: substituted(CARTERET, FEED_B, rebuilt(FEED_B, address=FEED_A.address)),
    ),
    Broken("clock_source_undeclared", lambda: rebuilt(DESK, clocks=())),
    Broken("nic_of_a_link_undeclared", lambda: with_link(FEED_A_LINK, nic=STRANGE_NIC)),
    Broken("switch_of_a_link_undeclared", lambda: with_link(FEED_A_LINK, switch=STRANGE_SWITCH, switch_port=8)),
    Broken("switch_of_a_cross_connect_undeclared", lambda: with_cross_connect(CROSS_A, switch=STRANGE_SWITCH)),
    Broken(
        "cross_connect_of_a_tap_undeclared",
        lambda: rebuilt(CARTERET, taps=(rebuilt(CARTERET.taps[0], cross_connect=rebuilt(CROSS_A, name="other")),)),
    ),
    Broken(
        "nic_of_a_tap_undeclared",
        lambda: rebuilt(CARTERET, taps=(rebuilt(CARTERET.taps[0], nic=STRANGE_NIC),)),
    ),
    Broken("host_of_a_process_undeclared", lambda: rebuilt(DESK, hosts=())),
    Broken("venue_of_a_process_undeclared", lambda: rebuilt(DESK, venues=CARTERET.venues)),
    Broken("process_of_a_strategy_undeclared", lambda: rebuilt(DESK, processes=(SIMULATOR,))),
    Broken(
        "process_of_a_standby_undeclared",
        lambda: rebuilt(
            CARTERET,
            processes=CARTERET.processes[1:],
            strategies=CARTERET.strategies[1:],
            recovery_objectives=CARTERET.recovery_objectives[4:],
        ),
    ),
    Broken(
        "process_of_an_objective_undeclared",
        lambda: rebuilt(DESK, recovery_objectives=CARTERET.recovery_objectives[:1]),
    ),
    Broken(
        "host_of_the_data_plane_undeclared",
        lambda: rebuilt(DESK, data_plane=rebuilt(DESK.data_plane, host=TRADING_1)),
    ),
    Broken(
        "host_of_a_service_undeclared",
        lambda: substituted(LAB, LAB.data_plane.kafka, rebuilt(LAB.data_plane.kafka, host=TRADING_1)),
    ),
    Broken("host_of_dagster_undeclared", lambda: rebuilt(DESK, dagster=rebuilt(DESK.dagster, host=TRADING_1))),
    Broken("host_of_control_undeclared", lambda: rebuilt(DESK, control=(*DESK.control, CARTERET.control[0]))),
    Broken("engine_without_control", lambda: rebuilt(CARTERET, control=CARTERET.control[:1])),
    Broken(
        "no_topic_for_order_events",
        lambda: substituted(
            LAB, LAB.data_plane.kafka, rebuilt(LAB.data_plane.kafka, topics=LAB.data_plane.kafka.topics[:1])
        ),
    ),
]

PLACEMENTS = [
    Broken("polling_threads_on_one_cpu", lambda: with_thread(DESK, ENGINE, "trading", cpu=0)),
    Broken(
        "blocking_thread_on_the_cpu_of_a_spinning_one",
        lambda: substituted(
            DESK,
            ENGINE,
            rebuilt(ENGINE, threads=(rebuilt(ENGINE.threads[0], wait="spin"), rebuilt(ENGINE.threads[1], cpu=1))),
        ),
    ),
    Broken("spinning_thread_beside_its_smt_sibling", lambda: smt_site(3)),
    Broken("port_of_two_services", lambda: with_postgres_port(LAB.data_plane.kafka.port)),
    Broken("port_of_a_service_and_the_exchange", lambda: with_postgres_port(17205)),
    Broken("port_of_dagster_and_the_exchange", lambda: rebuilt(DESK, dagster=rebuilt(DESK.dagster, port=17104))),
    Broken("port_of_control_and_dagster", lambda: rebuilt(DESK, control=(rebuilt(DESK.control[0], port=17130),))),
    Broken(
        "port_of_a_line_and_of_rerequests",
        lambda: substituted(
            DESK,
            SIMULATION.feeds[0].channels[0].recovery[0],
            rebuilt(SIMULATION.feeds[0].channels[0].recovery[0], port=17101),
        ),
    ),
    Broken(
        "port_of_the_backup_gateway",
        lambda: substituted(
            DESK,
            SIMULATION.order_gateways[0],
            rebuilt(SIMULATION.order_gateways[0], backup=SIMULATION.order_gateways[0].primary),
        ),
    ),
    Broken("switch_port_twice", lambda: with_link(FEED_A_LINK, switch_port=12)),
    Broken("nic_with_two_cables", lambda: with_link(CARTERET.links[4], nic=CARTERET.links[3].nic)),
]

ROLES = [
    Broken("engine_without_order_session", lambda: with_process(DESK, ENGINE, order_session=None)),
    Broken("engine_without_order_nic", lambda: with_process(DESK, ENGINE, order_nic=None)),
    Broken("engine_without_housekeeping", lambda: with_process(DESK, ENGINE, threads=ENGINE.threads[:1])),
    Broken(
        "engine_with_two_trading_threads",
        lambda: with_process(DESK, ENGINE, threads=(*ENGINE.threads, Thread(role="trading", cpu=0, wait="block"))),
    ),
    Broken("simulator_without_its_thread", lambda: with_process(DESK, SIMULATOR, threads=())),
    Broken(
        "simulator_in_production",
        lambda: rebuilt(
            CARTERET,
            processes=(
                *CARTERET.processes,
                rebuilt(
                    ENGINE_1,
                    name="simulator",
                    role="exchange_simulator",
                    threads=(Thread(role="simulator", cpu=6, wait="yield"),),
                    order_session=None,
                    gateway=None,
                ),
            ),
        ),
    ),
    Broken("standby_of_nobody", lambda: with_process(CARTERET, STANDBY_1, stands_by=None)),
    Broken(
        "strategy_that_stands_by",
        lambda: with_process(CARTERET, ENGINE_2, stands_by=ENGINE_1),
    ),
    Broken(
        "standby_with_a_session_of_its_own",
        lambda: with_process(CARTERET, STANDBY_1, order_session=ENGINE_2.order_session),
    ),
    Broken(
        "standby_on_the_host_of_its_primary",
        lambda: with_process(
            CARTERET,
            STANDBY_1,
            host=TRADING_1,
            threads=(rebuilt(STANDBY_1.threads[1], cpu=0), Thread(role="trading", cpu=6, wait="spin")),
            receptions=ENGINE_1.receptions,
            order_nic=ENGINE_1.order_nic,
            journal=ENGINE_1.journal,
            gateway=None,
        ),
    ),
    Broken("strategy_on_the_simulator", lambda: rebuilt(DESK, strategies=(rebuilt(PLACEMENT, process=SIMULATOR),))),
    Broken(
        "two_strategies_on_an_engine",
        lambda: rebuilt(
            DESK,
            strategies=(
                PLACEMENT,
                rebuilt(PLACEMENT, name="other", instruments=InstrumentSelection(symbols=("MSFT",))),
            ),
        ),
    ),
    Broken("site_without_engine", lambda: rebuilt(DESK, processes=(SIMULATOR,), strategies=())),
    Broken(
        "order_session_of_two_engines",
        lambda: with_process(CARTERET, ENGINE_2, order_session=ENGINE_1.order_session),
    ),
]

PRODUCTION = [
    Broken("no_feed_link_at_a_receiving_nic", lambda: rebuilt(CARTERET, links=CARTERET.links[1:])),
    Broken("feed_link_of_the_other_line", lambda: with_link(FEED_A_LINK, line="B")),
    Broken("no_orders_link_at_the_order_nic", lambda: with_link(ORDERS_LINK, role="data")),
    Broken("lines_share_a_switch", lambda: with_link(CARTERET.links[1], switch=FEED_A, switch_port=40)),
    Broken("cross_connects_share_a_switch", lambda: with_cross_connect(CROSS_B, switch=FEED_A, switch_port=2)),
    Broken("host_objective_without_standby", lambda: rebuilt(CARTERET, processes=CARTERET.processes[:2])),
    Broken(
        "no_loss_without_power_loss_protection",
        lambda: rebuilt(
            DESK,
            recovery_objectives=(
                RecoveryObjective(covers=ENGINE, failure="power", recovery_time_s_max=60, lost_records_max=0),
            ),
        ),
    ),
    Broken("engine_without_objective", lambda: rebuilt(CARTERET, recovery_objectives=CARTERET.recovery_objectives[:4])),
]

EXPOSURE = [
    *(
        Broken(f"{field}_wider_than_around_it", lambda field=field: with_limits("account", **{field: 10**15}))
        for field in (
            "price_collar_bps",
            "last_trade_collar_bps",
            "order_quantity_max",
            "position_max",
            "notional_max",
            "gross_notional_max",
            "loss_max",
        )
    ),
    Broken(
        "message_rate_wider_than_around_it",
        lambda: with_limits("strategy", message_rate_max=MessageRate(messages=61, window_ms=100)),
    ),
    Broken(
        "order_rate_wider_than_around_it",
        lambda: with_limits("instrument", order_rate_max=MessageRate(messages=401, window_ms=1000)),
    ),
    Broken(
        "duplicates_wider_than_around_them",
        lambda: with_limits("firm", duplicate_orders_max=DuplicateOrders(orders=14, window_ms=1000)),
    ),
    Broken(
        "session_without_cancel_on_disconnect",
        lambda: substituted(DESK, ENGINE.order_session, rebuilt(ENGINE.order_session, cancel_on_disconnect=False)),
    ),
    Broken(
        "opening_position_above_the_position_limit",
        lambda: rebuilt(
            DESK,
            strategies=(
                rebuilt(
                    PLACEMENT,
                    opening_positions=(OpeningPosition(symbol="AMZN", quantity=-1001, average_price=2_200_000),),
                ),
            ),
        ),
    ),
    Broken("restricted_instrument_traded", lambda: rebuilt(DESK, risk=rebuilt(DESK.risk, restricted=("AMZN",)))),
    Broken(
        "message_rate_wider_than_the_throttle",
        lambda: substituted(DESK, ENGINE.order_session.throttle, rebuilt(ENGINE.order_session.throttle, messages=599)),
    ),
    Broken("limits_of_another_firm", lambda: with_limits("firm", name="ELSE")),
    Broken("limits_of_another_strategy", lambda: with_limits("strategy", name="momentum")),
    Broken("sessions_above_their_account", lambda: with_carteret_account(gross_notional_max=dollars(7_999_999))),
    Broken("quotes_above_the_order_limit", lambda: parameters(quote_quantity=1001)),
    Broken("inventory_above_the_position_limit", lambda: parameters(inventory_max=1001)),
    Broken(
        "one_instrument_of_two_strategies",
        lambda: rebuilt(
            CARTERET,
            strategies=(
                CARTERET.strategies[0],
                rebuilt(CARTERET.strategies[1], instruments=InstrumentSelection(symbols=("MSFT", "AMZN"))),
            ),
        ),
    ),
    Broken(
        "most_active_instruments_of_two_strategies",
        lambda: rebuilt(
            CARTERET,
            strategies=tuple(
                rebuilt(one, instruments=rebuilt(one.instruments, else_most_active=1)) for one in CARTERET.strategies
            ),
        ),
    ),
]

GATEWAY = SeparateGateway(
    name="engine-gateway",
    threads=(Thread(role="gateway", cpu=0, wait="block"), Thread(role="housekeeping", cpu=0, wait="block")),
    journal=ENGINE.journal,
    watchdog=Watchdog(stall_ms_max=200, cancel_wait_ms=500),
)


def with_gateway(**changes: object) -> Site:
    """The desk with a gateway of its engine that differs from a sound one."""
    return with_process(DESK, ENGINE, gateway=rebuilt(GATEWAY, **changes))


GATEWAYS = [
    Broken("gateway_with_the_name_of_a_process", lambda: with_gateway(name=SIMULATOR.name)),
    Broken("gateway_without_housekeeping", lambda: with_gateway(threads=GATEWAY.threads[:1])),
    Broken(
        "gateway_on_the_cpu_of_its_engine",
        lambda: with_gateway(threads=(Thread(role="gateway", cpu=1, wait="spin"), GATEWAY.threads[1])),
    ),
    Broken("gateway_of_a_simulator", lambda: with_process(DESK, SIMULATOR, gateway=GATEWAY)),
    Broken(
        "gateway_of_a_session_that_stays",
        lambda: substituted(
            rebuilt(with_gateway(), risk=rebuilt(DESK.risk, cancel_on_disconnect_required=False)),
            ENGINE.order_session,
            rebuilt(ENGINE.order_session, cancel_on_disconnect=False),
        ),
    ),
    Broken("gateway_that_never_loses_patience", lambda: rebuilt(GATEWAY.watchdog, stall_ms_max=60_001)),
    Broken(
        "gateway_thread_remote_from_the_order_nic",
        lambda: rebuilt(
            ENGINE_1,
            gateway=rebuilt(GATEWAY, threads=(Thread(role="gateway", cpu=18, wait="spin"), GATEWAY.threads[1])),
        ),
    ),
]

BROKEN_SITES = [*MEMBERSHIP, *PLACEMENTS, *ROLES, *PRODUCTION, *EXPOSURE, *GATEWAYS]
