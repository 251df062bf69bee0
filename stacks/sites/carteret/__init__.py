"""carteret: NASDAQ's data centre. Layer 1 devices fan the feed out, their FPGAs merge orders; everything is Arista."""

from __future__ import annotations

from stacks.sites.carteret.trading import DESK
from stacks.sites.carteret.venue import production
from stacks.sites.colocation import equipment
from stacks.sites.colocation.rack import Rack
from stacks.sites.colocation.site import colocated_site
from stacks.sites.nasdaq import nasdaq

EQUIPMENT = equipment.Equipment(
    feed=equipment.ARISTA_7130_LAYER1,
    orders=equipment.ARISTA_7130_MUX,
    data=equipment.ARISTA_7060CX2,
    management=equipment.ARISTA_7010TX,
    uplink_gbps=10,
    exchange_nic=equipment.SOLARFLARE_X2522,
    cpu=equipment.XEON,
    reserved_cpus=equipment.XEON_RESERVED,
    march="sapphirerapids",
    memory_mib=equipment.DDR5_512_GIB,
    fpga_card=equipment.ALVEO_U55C,
)

SITE = colocated_site(
    name="carteret",
    # The venue equalises the fibre to every cabinet to the longest run.
    rack=Rack(number=20, circuits="XC-XNAS", equipment=EQUIPMENT, cross_connect_m=150),
    desk=DESK,
    venue=nasdaq(production("198.51.100", first_login=1)),
)
