"""mahwah-recovery: where NYSE trades when Mahwah is lost; one host takes over both engines of mahwah."""

from __future__ import annotations

from stacks.sites.colocation.rack import Rack, handoffs
from stacks.sites.colocation.site import colocated_site
from stacks.sites.mahwah import EQUIPMENT
from stacks.sites.mahwah import SITE as MAHWAH
from stacks.sites.mahwah.trading import DESK
from stacks.sites.mahwah.venue import production
from stacks.sites.nyse import nyse

SITE = colocated_site(
    name="mahwah-recovery",
    rack=Rack(
        number=31,
        circuits="XC-XNYS-DR",
        equipment=EQUIPMENT,
        cross_connect_m=60,
        handoffs=handoffs(
            "192.0.2.16",
            feed_a="203.0.113.0/26",
            feed_b="203.0.113.64/26",
            orders="203.0.113.128/25",
            rendezvous_points=("203.0.113.62", "203.0.113.126"),
        ),
    ),
    desk=DESK,
    venue=nyse(production("203.0.113", first_login=11)),
    recovers=MAHWAH,
)
