"""aurora: CME's data centre. The feed is routed by Arista 7060SX2 with PIM, orders are merged by Arista 7130."""

from __future__ import annotations

from stacks.sites.aurora.trading import DESK
from stacks.sites.aurora.venue import production
from stacks.sites.cme import cme
from stacks.sites.colocation import equipment
from stacks.sites.colocation.rack import Rack, handoffs
from stacks.sites.colocation.site import colocated_site

EQUIPMENT = equipment.Equipment(
    feed=equipment.ARISTA_7060SX2,
    orders=equipment.ARISTA_7130_MUX,
    data=equipment.ARISTA_7060CX2,
    management=equipment.ARISTA_7010TX,
    uplink_gbps=10,
    exchange_nic=equipment.SOLARFLARE_X2522,
    cpu=equipment.XEON,
    reserved_cpus=equipment.XEON_RESERVED,
    march="sapphirerapids",
    memory_mib=equipment.DDR5_512_GIB,
    fpga_card=equipment.ALVEO_U50,
)

SITE = colocated_site(
    name="aurora",
    rack=Rack(
        number=40,
        circuits="XC-XCME",
        equipment=EQUIPMENT,
        # GLink hand-offs are of one length for all customers of the hall.
        cross_connect_m=110,
        handoffs=handoffs(
            "192.0.2.32",
            # The sources and servers of feed A and B in CME's config.xml.
            feed_a="205.209.220.0/22",
            feed_b="205.209.208.0/21",
            orders="198.51.100.0/24",
            rendezvous_points=("205.209.220.1", "205.209.208.1"),
        ),
    ),
    desk=DESK,
    venue=cme(production("198.51.100", first_login=1)),
)
