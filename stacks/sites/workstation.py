"""What desk and lab share: one machine that runs an engine and the exchange simulator over its loopback interface.

It needs two cpus and uses no more: the engine trades on the second, all else lives on the first. Which cpus of the
operating system these are is a fact of the machine.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from stacks.sites.nasdaq import nasdaq
from stacks.topology.anomalies import Anomalies, RejectBurst
from stacks.topology.clock import ClockDiscipline, ClockSource
from stacks.topology.control import ControlService, Operator
from stacks.topology.feed import Channel, Feed, FeedLine, Glimpse, Rerequest
from stacks.topology.host import Cpu, Disk, Host, OperatingSystem
from stacks.topology.instrument import InstrumentSelection, dollars
from stacks.topology.network import Nic
from stacks.topology.order_entry import Credential, Endpoint, Identity, OrderGateway, OrderSession, Throttle
from stacks.topology.process import Journal, LineReception, NicQueue, Process, Thread
from stacks.topology.quality import CHECKS, Quality
from stacks.topology.release import Release
from stacks.topology.risk import EVERY_INSTRUMENT, RISK_LEVELS, DuplicateOrders, MessageRate, RiskLimits, RiskTree
from stacks.topology.strategy import AvellanedaStoikov, StrategyPlacement
from stacks.topology.venue import GeneratedSession, Pacing, Simulator, Venue, VenueEnvironment

LOOPBACK = "127.0.0.1"

OSCILLATOR = ClockSource(name="oscillator", kind="oscillator", uncertainty_ns_max=1_000_000_000)
LO = Nic(name="lo", address=LOOPBACK, model="loopback", speed_gbps=10)
DISK = Disk(name="build", model="any", capacity_gib=10, power_loss_protection=False)
IDENTITY = Identity(
    mpid="COLO",
    account="COLO-DESK",
    operator_id="desk",
    automated=True,
    algo_id="avellaneda_stoikov",
    capacity="principal",
)


@dataclass(frozen=True)
class ExchangePorts:
    """The ports of the simulated exchange, and the multicast groups of its two lines."""

    group_a: str
    group_b: str
    line_a: int
    line_b: int
    rerequest: int
    glimpse: int
    ouch: int


def machine(name: str) -> Host:
    """Return the one machine: the least that the site needs."""
    return Host(
        name=name,
        role="workstation",
        cpu=Cpu(model="any", cores_per_socket=2),
        memory_mib=4096,
        disks=(DISK,),
        nics=(LO,),
        clock=ClockDiscipline(source=OSCILLATOR, method="none", offset_ns_max=1_000_000_000),
        os=OperatingSystem(distribution="debian", release="12"),
        tuning=None,
    )


def simulated_nasdaq(ports: ExchangePorts) -> Venue:
    """Return NASDAQ with the one environment simulation, on loopback."""
    channel = Channel(
        id=0,
        role="incremental",
        lines=(
            FeedLine(name="A", group=ports.group_a, port=ports.line_a),
            FeedLine(name="B", group=ports.group_b, port=ports.line_b),
        ),
        sequence_scope="session",
        recovery=(
            Rerequest(address=LOOPBACK, port=ports.rerequest, messages_max=1000, attempts_max=5, timeout_ms=50),
            Glimpse(address=LOOPBACK, port=ports.glimpse, username="GLIMPS", credential=Credential(name="glimpse")),
        ),
        event_end="message",
    )
    session = OrderSession(
        name="ouch-1",
        username="COLO01",
        credential=Credential(name="ouch-1"),
        identity=IDENTITY,
        throttle=Throttle(messages=1000, window_ms=1000, on_excess="reject"),
        heartbeat_ms=1000,
        cancel_on_disconnect=True,
        mass_cancel=True,
        id_rule="increasing_u32",
    )
    gateway = OrderGateway(
        name="ouch",
        protocol="ouch",
        version="5.0",
        session_layer="soupbin",
        segment="equities",
        primary=Endpoint(address=LOOPBACK, port=ports.ouch),
        sessions=(session,),
    )
    return nasdaq(
        VenueEnvironment(
            kind="simulation",
            feeds=(
                Feed(name="totalview", protocol="itch", version="5.0", packet_layer="moldudp64", channels=(channel,)),
            ),
            order_gateways=(gateway,),
            simulator=Simulator(
                pacing=Pacing(mode="lockstep", window_packets=1),
                packet_messages_max=10,
                generated=GeneratedSession(seed=1, messages=300_000, symbols=2, day=datetime.date(2024, 6, 20)),
            ),
        )
    )


def programs(host: Host, venue: Venue) -> tuple[Process, Process]:
    """Return the engine and the exchange simulator on the machine."""
    environment = venue.environments[0]
    feed = environment.feeds[0]
    engine = Process(
        name="engine",
        role="strategy",
        host=host,
        threads=(
            Thread(role="trading", cpu=1, wait="yield", nic_queues=(NicQueue(nic=LO),)),
            Thread(role="housekeeping", cpu=0, wait="block"),
        ),
        venue=venue,
        environment=environment,
        feed=feed,
        receptions=tuple(LineReception(line=line, nic=LO) for line in feed.channels[0].lines),
        order_session=environment.order_gateways[0].sessions[0],
        order_nic=LO,
        journal=Journal(disk=DISK, segment_mib=64),
    )
    simulator = Process(
        name="exchange_simulator",
        role="exchange_simulator",
        host=host,
        threads=(Thread(role="simulator", cpu=0, wait="yield"),),
        venue=venue,
        environment=environment,
        feed=feed,
        receptions=tuple(LineReception(line=line, nic=LO) for line in feed.channels[0].lines),
        journal=Journal(disk=DISK, segment_mib=64),
    )
    return engine, simulator


def market_making(engine: Process) -> StrategyPlacement:
    """Return Avellaneda-Stoikov on AMZN and AAPL, or on the two most active instruments of another session."""
    return StrategyPlacement(
        name="avellaneda_stoikov",
        process=engine,
        instruments=InstrumentSelection(symbols=("AMZN", "AAPL"), else_most_active=2),
        parameters=AvellanedaStoikov(
            quote_quantity=100,
            gamma=0.1,
            sigma_window_ms=60_000,
            k=10.0,
            horizon_ms=60_000,
            inventory_max=500,
            spread_ticks_min=2,
            requote_ticks=5,
        ),
    )


def control(host: Host, port: int) -> ControlService:
    """Return the control service of the machine, which has one operator."""
    return ControlService(
        host=host,
        address=LOOPBACK,
        port=port,
        operators=(Operator(name="operator", credential=Credential(name="control-operator")),),
    )


def risk() -> RiskTree:
    """Return limits wide enough for two stocks of up to some thousand dollars, tighter from level to level."""
    names = {
        "firm": IDENTITY.mpid,
        "account": IDENTITY.account,
        "session": "ouch-1",
        "strategy": "avellaneda_stoikov",
        "instrument": EVERY_INSTRUMENT,
    }
    limits = []
    for level, position, gross, loss, messages in zip(
        RISK_LEVELS,
        (4_000, 3_000, 2_000, 1_500, 1_000),
        (20_000_000, 15_000_000, 10_000_000, 8_000_000, 5_000_000),
        (500_000, 400_000, 300_000, 200_000, 100_000),
        (1_000, 800, 600, 400, 200),
        strict=True,
    ):
        limits.append(
            RiskLimits(
                level=level,
                name=names[level],
                price_collar_bps=500,
                last_trade_collar_bps=500,
                order_quantity_max=1_000,
                position_max=position,
                notional_max=dollars(1_000_000),
                gross_notional_max=dollars(gross),
                loss_max=dollars(loss),
                message_rate_max=MessageRate(messages=messages, window_ms=1000),
                order_rate_max=MessageRate(messages=messages, window_ms=1000),
                duplicate_orders_max=DuplicateOrders(orders=15, window_ms=1000),
            )
        )
    return RiskTree(limits=tuple(limits))


# A machine with other work stalls a thread for milliseconds now and then; a tenth of a second is worth a look.
ANOMALIES = Anomalies(
    fill_off_book_bps_max=500, reject_burst=RejectBurst(rejects=20, window_ms=1_000), latency_ns_max=100_000_000
)
QUALITY = Quality(checks=CHECKS, staleness_ms_max=600_000)
RELEASE = Release(name="engine", compiler="g++", march="native")
