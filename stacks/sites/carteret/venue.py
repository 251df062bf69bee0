"""NASDAQ as carteret reaches it in production: TotalView-ITCH 5.0 on two lines, and OUCH 5.0.

The multicast groups are NASDAQ's published ones (https://www.nasdaqtrader.com/Trader.aspx?id=FeedMCastIPs). Unicast
addresses are assigned to each customer, so the ones here are of the documentation ranges of RFC 5737 until the site is
connected.
"""

from __future__ import annotations

from stacks.topology.feed import Channel, Feed, FeedLine, Glimpse, Rerequest
from stacks.topology.order_entry import Credential, Endpoint, Identity, OrderGateway, OrderSession, Throttle
from stacks.topology.venue import VenueEnvironment

MPID = "COLO"
ACCOUNT = "CARTERET"


def production(network: str, first_login: int) -> VenueEnvironment:
    """Return the environment as it is reached through one /24 network of the venue, with two logins from a number."""
    return VenueEnvironment(
        kind="production",
        feeds=(_totalview(network),),
        order_gateways=(
            OrderGateway(
                name="ouch",
                protocol="ouch",
                version="5.0",
                session_layer="soupbin",
                segment="equities",
                primary=Endpoint(address=f"{network}.31", port=10_500),
                backup=Endpoint(address=f"{network}.32", port=10_500),
                sessions=tuple(_session(network, number, first_login + number - 1) for number in (1, 2)),
            ),
        ),
    )


def _session(network: str, number: int, login: int) -> OrderSession:
    return OrderSession(
        name=f"ouch-{number}",
        username=f"COLO{login:02}",
        credential=Credential(name=f"nasdaq-ouch-{login}"),
        identity=Identity(
            mpid=MPID,
            account=ACCOUNT,
            operator_id="carteret-desk",
            automated=True,
            algo_id="avellaneda_stoikov",
            capacity="principal",
        ),
        throttle=Throttle(messages=1_000, window_ms=1_000, on_excess="queue"),
        heartbeat_ms=1_000,
        cancel_on_disconnect=True,
        mass_cancel=True,
        id_rule="increasing_u32",
        drop_copy=Endpoint(address=f"{network}.41", port=10_600 + number),
    )


def _totalview(network: str) -> Feed:
    return Feed(
        name="totalview",
        protocol="itch",
        version="5.0",
        packet_layer="moldudp64",
        channels=(
            Channel(
                id=0,
                role="incremental",
                lines=(
                    FeedLine(name="A", group="233.54.12.111", port=26477),
                    FeedLine(name="B", group="233.86.230.111", port=26477),
                ),
                sequence_scope="session",
                recovery=(
                    Rerequest(address=f"{network}.11", port=26477, messages_max=1000, attempts_max=3, timeout_ms=20),
                    Glimpse(
                        address=f"{network}.21",
                        port=17_001,
                        username="COLOGL",
                        credential=Credential(name="nasdaq-glimpse"),
                    ),
                ),
                event_end="message",
            ),
        ),
    )
