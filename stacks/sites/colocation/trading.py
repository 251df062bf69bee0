"""What trades in a rack: an engine for each mandate, its standby on another host, their limits and objectives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from stacks.topology.control import ControlService, Operator
from stacks.topology.host import Host
from stacks.topology.instrument import InstrumentSelection, dollars
from stacks.topology.order_entry import Credential, OrderSession
from stacks.topology.process import Journal, LineReception, NicQueue, Process, SeparateGateway, Thread, Watchdog
from stacks.topology.recovery import Failure, RecoveryObjective
from stacks.topology.risk import EVERY_INSTRUMENT, DuplicateOrders, MessageRate, RiskLevel, RiskLimits, RiskTree
from stacks.topology.strategy import AvellanedaStoikov, StrategyPlacement
from stacks.topology.venue import Venue


@dataclass(frozen=True)
class Mandate:
    """A strategy and what it trades. Each has an engine and an order session of its own."""

    name: str
    symbols: tuple[str, ...]
    parameters: AvellanedaStoikov


@dataclass(frozen=True)
class Bounds:
    """The limits of one level: position (shares or contracts), money (whole units of the venue's currency), messages
    a second."""

    position: int
    gross: int
    loss: int
    messages: int


@dataclass(frozen=True)
class Desk:
    """What a firm does at a venue, wherever it does it: the recovery site has the same desk as the lost one.

    `collar_bps`, `order_quantity` and `notional` (whole units of currency an order) hold on every level.
    """

    mpid: str
    account: str
    mandates: tuple[Mandate, ...]
    collar_bps: int
    order_quantity: int
    notional: int
    bounds: Mapping[RiskLevel, Bounds]


def engines(desk: Desk, hosts: tuple[Host, ...], venue: Venue) -> tuple[Process, ...]:
    """Return an engine a mandate, spread over the hosts, and then a standby of each on the next host.

    A single host carries all engines, and has nowhere to put a standby.
    """
    sessions = venue.environments[0].order_gateways[0].sessions
    primaries = tuple(
        _engine(f"engine-{number}", hosts[index % len(hosts)], index // len(hosts), venue, sessions[index])
        for index, number in enumerate(range(1, len(desk.mandates) + 1))
    )
    if len(hosts) == 1:
        return primaries
    slot = -(-len(desk.mandates) // len(hosts))
    standbys = tuple(
        _engine(
            f"standby-{index + 1}",
            hosts[(index + 1) % len(hosts)],
            slot + index // len(hosts),
            venue,
            sessions[index],
            stands_by=primary,
        )
        for index, primary in enumerate(primaries)
    )
    return (*primaries, *standbys)


def strategies(desk: Desk, processes: tuple[Process, ...]) -> tuple[StrategyPlacement, ...]:
    """Return each mandate on its engine."""
    return tuple(
        StrategyPlacement(
            name=mandate.name,
            process=process,
            instruments=InstrumentSelection(symbols=mandate.symbols),
            parameters=mandate.parameters,
        )
        for mandate, process in zip(desk.mandates, processes, strict=False)
    )


def risk(desk: Desk, venue: Venue) -> RiskTree:
    """Return the limits of the firm, its account, every session and mandate, and any instrument."""
    sessions = venue.environments[0].order_gateways[0].sessions
    names: dict[RiskLevel, tuple[str, ...]] = {
        "firm": (desk.mpid,),
        "account": (desk.account,),
        "session": tuple(session.name for session in sessions),
        "strategy": tuple(mandate.name for mandate in desk.mandates),
        "instrument": (EVERY_INSTRUMENT,),
    }
    return RiskTree(limits=tuple(_limits(desk, level, name) for level, named in names.items() for name in named))


def control(hosts: tuple[Host, ...]) -> tuple[ControlService, ...]:
    """Return a control service on each host.

    On the loopback interface: operators come over ssh, and the service has no certificate to prove itself with.
    """
    return tuple(
        ControlService(
            host=host,
            address="127.0.0.1",
            port=3080,
            operators=tuple(
                Operator(name=name, credential=Credential(name=f"control-{name}"))
                for name in ("trading-desk", "risk-desk")
            ),
        )
        for host in hosts
    )


def objectives(
    processes: tuple[Process, ...], targets: Mapping[Failure, tuple[int, int]]
) -> tuple[RecoveryObjective, ...]:
    """Return the objectives of every engine, from (seconds to recover, records that may be lost) by failure."""
    return tuple(
        RecoveryObjective(covers=engine, failure=failure, recovery_time_s_max=seconds, lost_records_max=lost)
        for engine in processes
        if engine.role == "strategy"
        for failure, (seconds, lost) in targets.items()
    )


def _engine(
    name: str, host: Host, slot: int, venue: Venue, session: OrderSession, stands_by: Process | None = None
) -> Process:
    """Return an engine in one of the two slots of a host, and its gateway.

    Each has a polling cpu on the NUMA node of its NICs, and a queue of each NIC that it uses.
    """
    feed_a, feed_b, order_nic, *_ = host.nics
    environment = venue.environments[0]
    feed = environment.feeds[0]
    nic_of_line = {"A": feed_a, "B": feed_b}
    feed_queues = tuple(NicQueue(nic=nic, queue=slot + 1) for nic in (feed_a, feed_b))
    order_queues = (NicQueue(nic=order_nic, queue=slot + 1),)
    housekeeping = Thread(role="housekeeping", cpu=slot, wait="block")
    return Process(
        name=name,
        role="strategy" if stands_by is None else "standby",
        host=host,
        threads=(
            Thread(role="trading", cpu=2 + slot, wait="spin", nic_queues=feed_queues),
            housekeeping,
        ),
        venue=venue,
        environment=environment,
        feed=feed,
        receptions=tuple(
            LineReception(line=line, nic=nic_of_line[line.name]) for channel in feed.channels for line in channel.lines
        ),
        order_session=session,
        order_nic=order_nic,
        journal=Journal(disk=host.disks[0], segment_mib=256),
        stands_by=stands_by,
        gateway=SeparateGateway(
            name=f"{name}-gateway",
            threads=(Thread(role="gateway", cpu=4 + slot, wait="spin", nic_queues=order_queues), housekeeping),
            journal=Journal(disk=host.disks[0], segment_mib=64),
            watchdog=Watchdog(stall_ms_max=50, cancel_wait_ms=250),
        ),
    )


def _limits(desk: Desk, level: RiskLevel, name: str) -> RiskLimits:
    bounds = desk.bounds[level]
    rate = MessageRate(messages=bounds.messages, window_ms=1_000)
    return RiskLimits(
        level=level,
        name=name,
        price_collar_bps=desk.collar_bps,
        last_trade_collar_bps=desk.collar_bps,
        order_quantity_max=desk.order_quantity,
        position_max=bounds.position,
        notional_max=dollars(desk.notional),
        gross_notional_max=dollars(bounds.gross),
        loss_max=dollars(bounds.loss),
        message_rate_max=rate,
        order_rate_max=rate,
        duplicate_orders_max=DuplicateOrders(orders=10, window_ms=1_000),
    )
