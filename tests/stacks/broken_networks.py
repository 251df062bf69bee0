"""Broken feeds and gateways of other protocols, networks, clusters and recovery sites; see expected/messages.txt."""

from __future__ import annotations

from datetime import time

from stacks.sites import load_site
from stacks.topology.declared import Declared
from stacks.topology.network import ManagementLink, Mirror
from stacks.topology.risk import RiskTree
from stacks.topology.site import Site
from tests.stacks.broken_declarations import (
    CARTERET,
    CHANNEL,
    FEED,
    FEED_A_LINK,
    GATEWAY,
    ORDERS_LINK,
    SESSION,
    SIMULATION,
    Broken,
)
from tests.stacks.rebuild import rebuilt, substituted

AURORA, MAHWAH, FRANKFURT = load_site("aurora"), load_site("mahwah"), load_site("frankfurt")
RECOVERY = load_site("carteret-recovery")
MDP3 = AURORA.venues[0].environments[0].feeds[0]
REPLAY, LOOP = MDP3.channels[0].recovery
ILINK = AURORA.venues[0].environments[0].order_gateways[0]
THROTTLE = ILINK.sessions[0].throttle
CALENDAR = AURORA.venues[0].calendar

FEED_A, FEED_B, *_, MANAGEMENT_1, MANAGEMENT_2 = MAHWAH.switches
VLAN_FEED_A, VLAN_FEED_B, *_ = MAHWAH.vlans
CROSS_FEED_A, _, CROSS_ORDERS_A, _ = MAHWAH.cross_connects
PEER, *_, UPLINK = MAHWAH.trunks
DATA_LINK = MAHWAH.links[3]
MIRROR = MAHWAH.mirrors[0]


def changed(site: Site, part: Declared, **changes: object) -> Site:
    """A site with one part changed, wherever it is held or referred to."""
    return substituted(site, part, rebuilt(part, **changes))


def with_management_link(cable: ManagementLink, **changes: object) -> Site:
    """Mahwah with one management cable changed."""
    return changed(MAHWAH, cable, **changes)


def with_vlan(**changes: object) -> Site:
    """Mahwah with the VLAN of feed B changed."""
    return changed(MAHWAH, VLAN_FEED_B, **changes)


def recovery_limits(level: str, factor: int) -> Site:
    """The recovery site of carteret with the gross limit of one level multiplied."""
    limits = tuple(
        rebuilt(one, gross_notional_max=one.gross_notional_max * factor) if one.level == level else one
        for one in RECOVERY.risk.limits
    )
    return rebuilt(RECOVERY, risk=RiskTree(limits=limits))


PROTOCOLS = [
    Broken("feed_in_packets_of_another", lambda: rebuilt(MDP3, packet_layer="moldudp64")),
    Broken(
        "recovery_of_another_protocol",
        lambda: rebuilt(MDP3, channels=(rebuilt(MDP3.channels[0], recovery=(*CHANNEL.recovery, LOOP)),)),
    ),
    Broken("definitions_twice", lambda: rebuilt(MDP3, channels=(*MDP3.channels, MDP3.channels[1]))),
    Broken("snapshot_loop_without_lines", lambda: rebuilt(MDP3.channels[0], recovery=(rebuilt(LOOP, lines=()),))),
    Broken(
        "snapshots_on_the_group_of_the_increments",
        lambda: rebuilt(MDP3.channels[0], recovery=(rebuilt(LOOP, lines=MDP3.channels[0].lines),)),
    ),
    Broken("simulator_of_another_protocol", lambda: rebuilt(SIMULATION, feeds=(FEED, MDP3))),
    Broken("orders_over_another_session_layer", lambda: rebuilt(ILINK, session_layer="soupbin")),
    Broken("session_of_another_protocol", lambda: rebuilt(ILINK, sessions=(SESSION,))),
    Broken(
        "firm_of_another_protocol",
        lambda: rebuilt(GATEWAY, sessions=(rebuilt(SESSION, identity=rebuilt(SESSION.identity, mpid="CO1")),)),
    ),
    Broken("disconnect_below_the_throttle", lambda: rebuilt(THROTTLE, disconnect_messages=THROTTLE.messages)),
    Broken("half_day_after_the_close_of_the_day_after", lambda: rebuilt(CALENDAR, half_day_close=time(16, 1))),
]

WIRES = [
    Broken("gateway_outside_its_subnet", lambda: rebuilt(VLAN_FEED_A, gateway="10.30.2.254")),
    Broken("network_that_is_none", lambda: rebuilt(VLAN_FEED_A, subnet="10.30.1.1/24")),
    Broken("vlan_on_a_layer_1_device", lambda: rebuilt(VLAN_FEED_A, switches=(CARTERET.switches[0],))),
    Broken("handoff_outside_its_network", lambda: rebuilt(CROSS_FEED_A.handoff, peer="192.0.2.9")),
    Broken("routed_cross_connect_without_handoff", lambda: rebuilt(CROSS_FEED_A, handoff=None)),
    Broken("handoff_on_layer_1", lambda: rebuilt(CARTERET.cross_connects[0], handoff=CROSS_FEED_A.handoff)),
    Broken("nic_faster_than_the_port", lambda: rebuilt(FEED_A_LINK, nic=rebuilt(FEED_A_LINK.nic, speed_gbps=25))),
    Broken("error_correction_at_10_gb", lambda: rebuilt(ORDERS_LINK, fec="fire_code")),
    Broken("lag_on_a_clock_link", lambda: rebuilt(MAHWAH.links[5], lag="bond0")),
    Broken("trunk_to_itself", lambda: rebuilt(PEER, second=PEER.first)),
    Broken("lag_between_feed_switches", lambda: rebuilt(PEER, first=FEED_A, second=FEED_B)),
    Broken("peers_that_are_no_twins", lambda: rebuilt(PEER, second=MANAGEMENT_1)),
    Broken("mirror_into_no_capture_link", lambda: Mirror(name="m", source=MIRROR.source, destination=DATA_LINK)),
]

CABLING = [
    Broken("vlan_number_twice", lambda: with_vlan(number=VLAN_FEED_A.number)),
    Broken("subnets_overlap", lambda: with_vlan(subnet="10.30.0.0/22")),
    Broken("vlan_for_one_role_twice", lambda: with_vlan(switches=(FEED_A, FEED_B))),
    Broken("link_without_vlan", lambda: rebuilt(MAHWAH, vlans=MAHWAH.vlans[1:])),
    Broken("address_outside_the_vlan", lambda: with_vlan(subnet="10.30.9.0/24", gateway=None)),
    Broken("lag_over_no_pair", lambda: rebuilt(MAHWAH, trunks=MAHWAH.trunks[2:])),
    Broken(
        "management_link_of_a_strange_device",
        lambda: with_management_link(MAHWAH.management_links[0], address="10.30.0.99"),
    ),
    Broken(
        "management_link_on_a_feed_switch",
        lambda: with_management_link(MAHWAH.management_links[0], switch=FEED_A, switch_port=28),
    ),
    Broken(
        "order_gateway_behind_no_cross_connect",
        lambda: changed(MAHWAH, CROSS_ORDERS_A.handoff, prefixes=("203.0.113.0/24",)),
    ),
    Broken("trunk_port_beyond_the_switch", lambda: changed(MAHWAH, UPLINK, first_port=55)),
    Broken(
        "management_port_of_two_cables",
        lambda: with_management_link(MAHWAH.management_links[0], switch_port=MAHWAH.management_links[2].switch_port),
    ),
    Broken("clock_with_the_address_of_a_nic", lambda: changed(AURORA, AURORA.clocks[0], address="10.40.6.1")),
    Broken("switch_of_a_vlan_undeclared", lambda: with_vlan(switches=(rebuilt(FEED_B, name="strange"),))),
    Broken("mirror_of_an_undeclared_link", lambda: rebuilt(MAHWAH, links=MAHWAH.links[:-1])),
]

CLUSTERS = [
    Broken("cluster_of_two_nodes", lambda: rebuilt(AURORA.cluster, nodes=AURORA.cluster.nodes[:2])),
    Broken(
        "pods_on_a_trading_host",
        lambda: rebuilt(AURORA.cluster, nodes=(AURORA.hosts[0], *AURORA.cluster.nodes[1:])),
    ),
    Broken("pods_among_services", lambda: rebuilt(AURORA.cluster, service_network=AURORA.cluster.pod_network)),
    Broken(
        "workload_beside_its_cluster",
        lambda: changed(AURORA, AURORA.cluster, nodes=AURORA.cluster.nodes[1:2]),
    ),
    Broken("node_undeclared", lambda: rebuilt(AURORA, cluster=MAHWAH.cluster)),
]

RECOVERIES = [
    Broken("stage_twice", lambda: rebuilt(CARTERET.release, stages=CARTERET.release.stages[:1] * 2)),
    Broken("recovery_at_another_venue", lambda: rebuilt(RECOVERY, recovers=AURORA)),
    Broken(
        "recovery_with_other_parameters",
        lambda: rebuilt(
            RECOVERY,
            strategies=(
                rebuilt(
                    RECOVERY.strategies[0],
                    parameters=rebuilt(RECOVERY.strategies[0].parameters, quote_quantity=200),
                ),
                RECOVERY.strategies[1],
            ),
        ),
    ),
    Broken("recovery_with_wider_limits", lambda: recovery_limits("firm", 2)),
    Broken(
        "recovery_over_the_lost_circuit",
        lambda: changed(RECOVERY, RECOVERY.cross_connects[0], circuit=CARTERET.cross_connects[0].circuit),
    ),
    Broken(
        "recovery_with_the_lost_login",
        lambda: changed(RECOVERY, RECOVERY.processes[0].order_session, username="COLO01"),
    ),
]

BROKEN_NETWORKS = [*PROTOCOLS, *WIRES, *CABLING, *CLUSTERS, *RECOVERIES]
