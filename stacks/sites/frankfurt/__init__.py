"""frankfurt: Eurex's data centre. The feed is routed by Cisco Nexus 3548 with PIM, orders are merged by Arista 7130."""

from __future__ import annotations

from stacks.sites.colocation import equipment
from stacks.sites.colocation.rack import Rack, handoffs
from stacks.sites.colocation.site import colocated_site
from stacks.sites.eurex import eurex
from stacks.sites.frankfurt.trading import DESK
from stacks.sites.frankfurt.venue import production

EQUIPMENT = equipment.Equipment(
    feed=equipment.NEXUS_3548,
    orders=equipment.ARISTA_7130_MUX,
    data=equipment.NEXUS_9336C,
    management=equipment.NEXUS_93108TC,
    uplink_gbps=100,
    exchange_nic=equipment.SOLARFLARE_X2522,
    cpu=equipment.EPYC,
    reserved_cpus=equipment.EPYC_RESERVED,
    march="znver4",
    memory_mib=equipment.DDR5_512_GIB,
    fpga_card=equipment.ALVEO_U55C,
)

SITE = colocated_site(
    name="frankfurt",
    rack=Rack(
        number=50,
        circuits="XC-XEUR",
        equipment=EQUIPMENT,
        # Deutsche Börse gives every cabinet 10 Gbit/s cross connects of one normalised length.
        cross_connect_m=130,
        handoffs=handoffs(
            "192.0.2.64",
            feed_a="198.51.100.0/26",
            feed_b="198.51.100.64/26",
            orders="198.51.100.128/25",
            rendezvous_points=("198.51.100.62", "198.51.100.126"),
        ),
    ),
    desk=DESK,
    venue=eurex(production("198.51.100", first_login=1)),
)
