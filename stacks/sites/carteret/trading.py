"""What trades at carteret: an engine on each trading host, its standby on the other, their limits and objectives."""

from __future__ import annotations

from stacks.sites.carteret.hosts import TRADING_1, TRADING_2
from stacks.sites.carteret.venue import ACCOUNT, MPID, PRODUCTION, SESSIONS, TOTALVIEW, VENUE
from stacks.topology.control import ControlService, Operator
from stacks.topology.host import Host
from stacks.topology.instrument import InstrumentSelection, dollars
from stacks.topology.order_entry import Credential, OrderSession
from stacks.topology.process import Journal, LineReception, NicQueue, Process, Thread
from stacks.topology.recovery import Failure, RecoveryObjective
from stacks.topology.risk import EVERY_INSTRUMENT, DuplicateOrders, MessageRate, RiskLevel, RiskLimits, RiskTree
from stacks.topology.strategy import AvellanedaStoikov, StrategyPlacement


def _engine(name: str, host: Host, session: OrderSession, slot: int, stands_by: Process | None = None) -> Process:
    """Return an engine on slot 0 or 1 of a host: a polling cpu on the NUMA node of its NICs, a queue of each NIC."""
    feed_a, feed_b, order_nic, *_ = host.nics
    line_a, line_b = TOTALVIEW.channels[0].lines
    queues = tuple(NicQueue(nic=nic, queue=slot + 1) for nic in (feed_a, feed_b, order_nic))
    return Process(
        name=name,
        role="strategy" if stands_by is None else "standby",
        host=host,
        threads=(
            Thread(role="trading", cpu=2 + slot, wait="spin", nic_queues=queues),
            Thread(role="housekeeping", cpu=slot, wait="block"),
        ),
        venue=VENUE,
        environment=PRODUCTION,
        feed=TOTALVIEW,
        receptions=(LineReception(line=line_a, nic=feed_a), LineReception(line=line_b, nic=feed_b)),
        order_session=session,
        order_nic=order_nic,
        journal=Journal(disk=host.disks[0], segment_mib=256),
        stands_by=stands_by,
    )


def _market_making(number: int, engine: Process, symbols: tuple[str, ...]) -> StrategyPlacement:
    return StrategyPlacement(
        name=f"market-making-{number}",
        process=engine,
        instruments=InstrumentSelection(symbols=symbols),
        parameters=AvellanedaStoikov(
            quote_quantity=100,
            gamma=0.1,
            sigma_window_ms=60_000,
            k=10.0,
            horizon_ms=60_000,
            inventory_max=500,
            spread_ticks_min=2,
            requote_ticks=1,
        ),
    )


def _limits(
    level: RiskLevel, name: str, position: int, gross_dollars: int, loss_dollars: int, messages: int
) -> RiskLimits:
    return RiskLimits(
        level=level,
        name=name,
        price_collar_bps=300,
        last_trade_collar_bps=300,
        order_quantity_max=500,
        position_max=position,
        notional_max=dollars(250_000),
        gross_notional_max=dollars(gross_dollars),
        loss_max=dollars(loss_dollars),
        message_rate_max=MessageRate(messages=messages, window_ms=1_000),
        order_rate_max=MessageRate(messages=messages, window_ms=1_000),
        duplicate_orders_max=DuplicateOrders(orders=10, window_ms=1_000),
    )


ENGINE_1 = _engine("engine-1", TRADING_1, SESSIONS[0], slot=0)
ENGINE_2 = _engine("engine-2", TRADING_2, SESSIONS[1], slot=0)
STANDBY_1 = _engine("standby-1", TRADING_2, SESSIONS[0], slot=1, stands_by=ENGINE_1)
STANDBY_2 = _engine("standby-2", TRADING_1, SESSIONS[1], slot=1, stands_by=ENGINE_2)
PROCESSES = (ENGINE_1, ENGINE_2, STANDBY_1, STANDBY_2)

STRATEGIES = (
    _market_making(1, ENGINE_1, ("AMZN", "AAPL")),
    _market_making(2, ENGINE_2, ("MSFT", "NVDA")),
)

RISK = RiskTree(
    limits=(
        _limits("firm", MPID, 4_000, 10_000_000, 200_000, 2_000),
        _limits("account", ACCOUNT, 3_000, 8_000_000, 150_000, 1_600),
        *(_limits("session", session.name, 2_000, 4_000_000, 75_000, 800) for session in SESSIONS),
        *(_limits("strategy", placement.name, 1_500, 4_000_000, 75_000, 600) for placement in STRATEGIES),
        _limits("instrument", EVERY_INSTRUMENT, 1_000, 2_000_000, 40_000, 300),
    )
)

_TARGETS: tuple[tuple[Failure, int, int], ...] = (("process", 5, 0), ("host", 30, 100_000), ("power", 300, 100_000))
OBJECTIVES = tuple(
    RecoveryObjective(covers=engine, failure=failure, recovery_time_s_max=seconds, lost_records_max=lost)
    for engine in (ENGINE_1, ENGINE_2)
    for failure, seconds, lost in _TARGETS
)

# On the loopback interface: operators come over ssh, and the service has no certificate to prove itself with.
CONTROL = tuple(
    ControlService(
        host=host,
        address="127.0.0.1",
        port=3080,
        operators=tuple(
            Operator(name=name, credential=Credential(name=f"control-{name}")) for name in ("trading-desk", "risk-desk")
        ),
    )
    for host in (TRADING_1, TRADING_2)
)
