"""Eurex as frankfurt reaches it in production: EOBI of one product, and the ETI gateway of its partition.

The day's reference data name the groups of a product and its partition; until the site is connected, groups are of
MCAST-TEST-NET (RFC 6676), addresses of the documentation ranges of RFC 5737. The protocols are those of T7 release 13:
Enhanced Order Book Interface and Enhanced Trading Interface.
"""

from __future__ import annotations

from stacks.topology.feed import Channel, Feed, FeedLine, SnapshotLoop
from stacks.topology.order_entry import Credential, Endpoint, Identity, OrderGateway, OrderSession, Throttle
from stacks.topology.venue import VenueEnvironment

MEMBER = "COLFR"
ACCOUNT = "A1"


def production(network: str, first_login: int) -> VenueEnvironment:
    """Return the environment as it is reached through one /24 network of the venue, with two logins from a number."""
    return VenueEnvironment(
        kind="production",
        feeds=(
            Feed(
                name="eobi",
                protocol="eobi",
                version="13",
                packet_layer="eobi",
                channels=(
                    Channel(
                        id=1,
                        role="incremental",
                        lines=(
                            FeedLine(name="A", group="233.252.0.1", port=59_001),
                            FeedLine(name="B", group="233.252.0.129", port=59_001),
                        ),
                        sequence_scope="channel",
                        # EOBI has no re-request: what both lines lost is in the next snapshot cycle.
                        recovery=(
                            SnapshotLoop(
                                lines=(
                                    FeedLine(name="A", group="233.252.0.2", port=59_000),
                                    FeedLine(name="B", group="233.252.0.130", port=59_000),
                                )
                            ),
                        ),
                        event_end="event",
                    ),
                ),
            ),
        ),
        order_gateways=(
            OrderGateway(
                name="eti",
                protocol="eti",
                version="13",
                session_layer="eti",
                segment="partition of FESX",
                primary=Endpoint(address=f"{network}.131", port=19_043),
                backup=Endpoint(address=f"{network}.132", port=19_043),
                sessions=tuple(_session(network, number, first_login + number - 1) for number in (1, 2)),
            ),
        ),
    )


def _session(network: str, number: int, login: int) -> OrderSession:
    return OrderSession(
        name=f"eti-{number}",
        username=f"4712{login:04}",
        credential=Credential(name=f"eurex-eti-{login}"),
        identity=Identity(
            mpid=MEMBER,
            account=ACCOUNT,
            operator_id="frankfurt-desk",
            automated=True,
            algo_id="avellaneda_stoikov",
            capacity="principal",
        ),
        # The Session Logon response tells the limit (ThrottleNoMsgs in ThrottleTimeInterval): 150 a second is a
        # high-frequency session's; at the disconnect limit the session ends.
        throttle=Throttle(messages=150, window_ms=1_000, on_excess="reject", disconnect_messages=450),
        heartbeat_ms=10_000,
        cancel_on_disconnect=True,
        mass_cancel=True,
        id_rule="unique_u64",
        drop_copy=Endpoint(address=f"{network}.141", port=19_600 + number),
    )
