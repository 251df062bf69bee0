"""frankfurt-recovery: where T7 trades when its first data centre is lost; one host takes over frankfurt's engines."""

from __future__ import annotations

from stacks.sites.colocation.rack import Rack, handoffs
from stacks.sites.colocation.site import colocated_site
from stacks.sites.eurex import eurex
from stacks.sites.frankfurt import EQUIPMENT
from stacks.sites.frankfurt import SITE as FRANKFURT
from stacks.sites.frankfurt.trading import DESK
from stacks.sites.frankfurt.venue import production

SITE = colocated_site(
    name="frankfurt-recovery",
    rack=Rack(
        number=51,
        circuits="XC-XEUR-DR",
        equipment=EQUIPMENT,
        cross_connect_m=60,
        handoffs=handoffs(
            "192.0.2.80",
            feed_a="203.0.113.0/26",
            feed_b="203.0.113.64/26",
            orders="203.0.113.128/25",
            rendezvous_points=("203.0.113.62", "203.0.113.126"),
        ),
    ),
    desk=DESK,
    venue=eurex(production("203.0.113", first_login=11)),
    recovers=FRANKFURT,
)
