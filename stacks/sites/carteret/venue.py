"""NASDAQ as carteret reaches it in production: TotalView-ITCH 5.0 on two lines, and OUCH 5.0.

The multicast groups are NASDAQ's published ones (https://www.nasdaqtrader.com/Trader.aspx?id=FeedMCastIPs). Unicast
addresses are assigned to each customer, so the ones here are of the documentation range 198.51.100.0/24 (RFC 5737)
until the site is connected.
"""

from __future__ import annotations

from stacks.sites.nasdaq import nasdaq
from stacks.topology.feed import Channel, Feed, FeedLine, Glimpse, Rerequest
from stacks.topology.order_entry import Credential, Endpoint, Identity, OrderGateway, OrderSession, Throttle
from stacks.topology.venue import VenueEnvironment

MPID = "COLO"
ACCOUNT = "CARTERET"


def _session(number: int) -> OrderSession:
    return OrderSession(
        name=f"ouch-{number}",
        username=f"COLO{number:02}",
        credential=Credential(name=f"nasdaq-ouch-{number}"),
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
        drop_copy=Endpoint(address="198.51.100.41", port=10_600 + number),
    )


TOTALVIEW = Feed(
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
                Rerequest(address="198.51.100.11", port=26477, messages_max=1000, attempts_max=3, timeout_ms=20),
                Glimpse(
                    address="198.51.100.21",
                    port=17_001,
                    username="COLOGL",
                    credential=Credential(name="nasdaq-glimpse"),
                ),
            ),
            event_end="message",
        ),
    ),
)
SESSIONS = (_session(1), _session(2))
PRODUCTION = VenueEnvironment(
    kind="production",
    feeds=(TOTALVIEW,),
    order_gateways=(
        OrderGateway(
            name="ouch",
            protocol="ouch",
            version="5.0",
            session_layer="soupbin",
            segment="equities",
            primary=Endpoint(address="198.51.100.31", port=10_500),
            backup=Endpoint(address="198.51.100.32", port=10_500),
            sessions=SESSIONS,
        ),
    ),
)
VENUE = nasdaq(PRODUCTION)
