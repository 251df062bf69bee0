"""NYSE as mahwah reaches it in production: the XDP Integrated Feed, and the Pillar gateway's binary protocol.

Multicast groups are of MCAST-TEST-NET (RFC 6676) and unicast addresses of the documentation ranges of RFC 5737, until
the exchange has given its own to the site. The protocols are those of the Pillar Common Client Specification for
Proprietary Data Feeds 2.4 and the NYSE Pillar Gateway Binary Protocol Specification 5.10 (protocol version 1.1). Bounds
of requests are ours, and to be compared with the quotas that the exchange grants.
"""

from __future__ import annotations

from stacks.topology.feed import Channel, Feed, FeedLine, Refresh, Retransmission
from stacks.topology.order_entry import Credential, Endpoint, Identity, OrderGateway, OrderSession, Throttle
from stacks.topology.venue import VenueEnvironment

MPID = "COLO"
ACCOUNT = "MAHWAH"
_SOURCE_ID = "COLO01"


def production(network: str, first_login: int) -> VenueEnvironment:
    """Return the environment as it is reached through one /24 network of the venue, with two logins from a number."""
    return VenueEnvironment(
        kind="production",
        feeds=(
            Feed(
                name="integrated",
                protocol="xdp",
                version="2.4",
                packet_layer="xdp",
                channels=tuple(_channel(network, number) for number in (1, 2)),
            ),
        ),
        order_gateways=(
            OrderGateway(
                name="pillar",
                protocol="pillar",
                version="1.1",
                session_layer="pillar_stream",
                segment="tape A",
                primary=Endpoint(address=f"{network}.131", port=11_500),
                backup=Endpoint(address=f"{network}.132", port=11_500),
                sessions=tuple(_session(network, number, first_login + number - 1) for number in (1, 2)),
            ),
        ),
    )


def _channel(network: str, number: int) -> Channel:
    """Return one channel; symbols are spread over channels, and each has its own retransmission and refresh groups."""

    def lines(kind: int) -> tuple[FeedLine, FeedLine]:
        return (
            FeedLine(name="A", group=f"233.252.0.{16 * kind + number}", port=11_000 + 100 * kind + number),
            FeedLine(name="B", group=f"233.252.0.{128 + 16 * kind + number}", port=11_000 + 100 * kind + number),
        )

    return Channel(
        id=number,
        role="incremental",
        lines=lines(0),
        sequence_scope="channel",
        recovery=(
            Retransmission(
                address=f"{network}.11",
                port=11_900 + number,
                source_id=_SOURCE_ID,
                messages_max=1_000,
                attempts_max=3,
                timeout_ms=50,
                lines=lines(1),
            ),
            Refresh(
                address=f"{network}.11", port=11_900 + number, source_id=_SOURCE_ID, timeout_ms=5_000, lines=lines(2)
            ),
        ),
        event_end="message",
    )


def _session(network: str, number: int, login: int) -> OrderSession:
    return OrderSession(
        name=f"pillar-{number}",
        username=f"COLOMAHWAH{login:02}",
        credential=Credential(name=f"nyse-pillar-{login}"),
        identity=Identity(
            mpid=MPID,
            account=ACCOUNT,
            operator_id="mahwah-desk",
            automated=True,
            algo_id="avellaneda_stoikov",
            capacity="principal",
        ),
        throttle=Throttle(messages=1_000, window_ms=1_000, on_excess="queue"),
        heartbeat_ms=1_000,
        cancel_on_disconnect=True,
        mass_cancel=True,
        id_rule="unique_u64",
        drop_copy=Endpoint(address=f"{network}.141", port=11_600 + number),
    )
