"""CME as aurora reaches it in production: MDP 3.0 channel 310 (equity futures), and an iLink 3 gateway of its segment.

Groups, ports and the replay server are those of CME's published config.xml. Addresses of order gateways are given to
each customer: documentation ranges of RFC 5737 until the site is connected.
"""

from __future__ import annotations

from stacks.topology.feed import Channel, Feed, FeedLine, SnapshotLoop, TcpReplay
from stacks.topology.order_entry import Credential, Endpoint, Identity, OrderGateway, OrderSession, Throttle
from stacks.topology.venue import VenueEnvironment

FIRM = "COLO"
ACCOUNT = "AURORA"


def production(network: str, first_login: int) -> VenueEnvironment:
    """Return the environment, its gateways in one /24 network of the venue, with two logins from a number."""
    return VenueEnvironment(
        kind="production",
        feeds=(
            Feed(
                name="equity-futures",
                protocol="mdp3",
                version="9",
                packet_layer="mdp3",
                channels=(_incremental(), _definitions()),
            ),
        ),
        order_gateways=(
            OrderGateway(
                name="ilink3",
                protocol="ilink3",
                version="3",
                session_layer="fixp",
                segment="64",  # MarketSegmentID (tag 1300) of the E-mini equity index futures
                primary=Endpoint(address=f"{network}.64", port=10_164),
                backup=Endpoint(address=f"{network}.164", port=10_164),
                sessions=tuple(_session(network, number, first_login + number - 1) for number in (1, 2)),
            ),
        ),
    )


def _incremental() -> Channel:
    """Return the market by order channel; the snapshot loop is that of the order books (SMBO)."""
    return Channel(
        id=310,
        role="incremental",
        lines=(
            FeedLine(name="A", group="224.0.31.1", port=14310),
            FeedLine(name="B", group="224.0.32.1", port=15310),
        ),
        sequence_scope="channel",
        recovery=(
            TcpReplay(
                address="205.209.220.72",
                port=10_000,
                username="COLO",
                credential=Credential(name="cme-replay"),
                packets_max=2_000,  # MDP 3.0, TCP Recovery: the most of one request
                attempts_max=2,
                timeout_ms=1_000,
            ),
            SnapshotLoop(
                lines=(
                    FeedLine(name="A", group="233.72.75.1", port=23310),
                    FeedLine(name="B", group="233.72.75.64", port=22310),
                )
            ),
        ),
        event_end="event",
    )


def _definitions() -> Channel:
    return Channel(
        id=310,
        role="definitions",
        lines=(
            FeedLine(name="A", group="224.0.31.43", port=14310),
            FeedLine(name="B", group="224.0.32.43", port=15310),
        ),
        sequence_scope="channel",
        recovery=(),
        event_end="message",
    )


def _session(network: str, number: int, login: int) -> OrderSession:
    return OrderSession(
        name=f"ilink3-{number}",
        username=f"COLOAURORAACCESSK{login:03}",
        credential=Credential(name=f"cme-ilink3-{login}"),
        identity=Identity(
            mpid=FIRM,
            account=ACCOUNT,
            operator_id="aurora-desk",
            automated=True,
            algo_id="avellaneda_stoikov",
            capacity="principal",
        ),
        # Messaging Controls: beyond 500 messages a second, counted over three seconds, messages are refused; beyond 750
        # the session is logged out. Cancels have twice as many.
        throttle=Throttle(messages=1_500, window_ms=3_000, on_excess="reject", disconnect_messages=2_250),
        heartbeat_ms=10_000,
        cancel_on_disconnect=True,
        mass_cancel=True,
        id_rule="unique_text_20",
        drop_copy=Endpoint(address=f"{network}.200", port=10_600 + number),
    )
