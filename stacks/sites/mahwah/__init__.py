"""mahwah: NYSE's data centre. Cisco Nexus 3548 route feed and orders, with PIM towards the exchange."""

from __future__ import annotations

from stacks.sites.colocation import equipment
from stacks.sites.colocation.rack import Rack, handoffs
from stacks.sites.colocation.site import colocated_site
from stacks.sites.mahwah.trading import DESK
from stacks.sites.mahwah.venue import production
from stacks.sites.nyse import nyse

EQUIPMENT = equipment.Equipment(
    feed=equipment.NEXUS_3548,
    orders=equipment.NEXUS_3548,
    data=equipment.NEXUS_9336C,
    management=equipment.NEXUS_93108TC,
    uplink_gbps=100,
    exchange_nic=equipment.CONNECTX_6_DPDK,
    cpu=equipment.EPYC,
    reserved_cpus=equipment.EPYC_RESERVED,
    march="znver4",
    memory_mib=equipment.DDR5_512_GIB,
    fpga_card=equipment.ALVEO_U55C,
)

SITE = colocated_site(
    name="mahwah",
    rack=Rack(
        number=30,
        circuits="XC-XNYS",
        equipment=EQUIPMENT,
        # The exchange gives every customer cross connects of one length, whatever the cabinet.
        cross_connect_m=120,
        handoffs=handoffs(
            "192.0.2.0",
            feed_a="198.51.100.0/26",
            feed_b="198.51.100.64/26",
            orders="198.51.100.128/25",
            rendezvous_points=("198.51.100.62", "198.51.100.126"),
        ),
    ),
    desk=DESK,
    venue=nyse(production("198.51.100", first_login=1)),
)
