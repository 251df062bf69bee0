"""aurora-recovery: where Globex trades when Aurora is lost; one host takes over both engines of aurora."""

from __future__ import annotations

from stacks.sites.aurora import EQUIPMENT
from stacks.sites.aurora import SITE as AURORA
from stacks.sites.aurora.trading import DESK
from stacks.sites.aurora.venue import production
from stacks.sites.cme import cme
from stacks.sites.colocation.rack import Rack, handoffs
from stacks.sites.colocation.site import colocated_site

SITE = colocated_site(
    name="aurora-recovery",
    rack=Rack(
        number=41,
        circuits="XC-XCME-DR",
        equipment=EQUIPMENT,
        cross_connect_m=60,
        handoffs=handoffs(
            "192.0.2.48",
            feed_a="205.209.220.0/22",
            feed_b="205.209.208.0/21",
            orders="203.0.113.0/24",
            rendezvous_points=("205.209.220.1", "205.209.208.1"),
        ),
    ),
    desk=DESK,
    venue=cme(production("203.0.113", first_login=11)),
    recovers=AURORA,
)
