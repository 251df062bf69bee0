"""carteret-recovery: where NASDAQ trades when Carteret is lost; one host takes over both engines of carteret."""

from __future__ import annotations

from stacks.sites.carteret import EQUIPMENT
from stacks.sites.carteret import SITE as CARTERET
from stacks.sites.carteret.trading import DESK
from stacks.sites.carteret.venue import production
from stacks.sites.colocation.rack import Rack
from stacks.sites.colocation.site import colocated_site
from stacks.sites.nasdaq import nasdaq

SITE = colocated_site(
    name="carteret-recovery",
    rack=Rack(number=21, circuits="XC-XNAS-DR", equipment=EQUIPMENT, cross_connect_m=60),
    desk=DESK,
    venue=nasdaq(production("203.0.113", first_login=11)),
    recovers=CARTERET,
)
