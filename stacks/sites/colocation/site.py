"""Puts a colocated site together: two trading hosts, or, where it recovers another site, one that carries all."""

from __future__ import annotations

from stacks.sites.colocation import trading
from stacks.sites.colocation.data_plane import data_plane
from stacks.sites.colocation.hosts import RackHosts, rack_hosts
from stacks.sites.colocation.rack import Rack
from stacks.sites.colocation.trading import Desk
from stacks.topology.anomalies import Anomalies, RejectBurst
from stacks.topology.cluster import KubernetesCluster
from stacks.topology.quality import CHECKS, Quality
from stacks.topology.recovery import Failure
from stacks.topology.release import Release, Stage
from stacks.topology.site import Dagster, Site
from stacks.topology.tuning import Signer
from stacks.topology.venue import Venue

# What a tuned host is held to; `make bench` measures the parts: itch_book_live and journal_append for the first stage,
# journal_append and ouch_encode for the last.
_STAGES = (
    Stage(name="taken_to_decoded", latency_ns=120),
    Stage(name="decoded_to_decided", latency_ns=300),
    Stage(name="decided_to_journaled", latency_ns=30),
)

# Who signs the audits of hosts. The key is an example whose private half was thrown away: a firm declares its own.
AUDITOR = Signer(
    name="auditor",
    public_key="ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIL30tfLKy/FLhxxf5d0Ir12DkbzSSTFg4FZzNcGCnQAY",
)

# (seconds to recover, records that may be lost). Two hours for a lost site: Regulation SCI, 17 CFR 242.1001(a)(2)(v),
# asks for the resumption of critical systems within two hours, and of all trading on the next day.
_PRIMARY: dict[Failure, tuple[int, int]] = {
    "process": (5, 0),
    "host": (30, 100_000),
    "power": (300, 100_000),
    "site": (7_200, 100_000),
}
_RECOVERY: dict[Failure, tuple[int, int]] = {"process": (5, 0), "power": (300, 100_000)}
# An engine that needs a tenth of a millisecond for an order, on a machine with nothing else to do, is not well.
_ANOMALIES = Anomalies(
    fill_off_book_bps_max=100, reject_burst=RejectBurst(rejects=10, window_ms=1_000), latency_ns_max=100_000
)


def colocated_site(name: str, rack: Rack, desk: Desk, venue: Venue, recovers: Site | None = None) -> Site:
    """Return the site of a desk at a venue, which is reached in the one environment production."""
    hosts = rack_hosts(rack, trading_hosts=2 if recovers is None else 1)
    processes = trading.engines(desk, hosts.trading, venue)
    plane = data_plane(hosts.data, venue, engines=len(desk.mandates))
    return Site(
        name=name,
        kind="production",
        hosts=hosts.all,
        switches=rack.switches,
        vlans=rack.vlans,
        links=hosts.links,
        trunks=rack.trunks,
        management_links=(*rack.management_links, *hosts.management_links),
        cross_connects=rack.cross_connects,
        taps=hosts.taps,
        mirrors=hosts.mirrors,
        clocks=(rack.grandmaster,),
        venues=(venue,),
        processes=processes,
        strategies=trading.strategies(desk, processes),
        risk=trading.risk(desk, venue),
        anomalies=_ANOMALIES,
        data_plane=plane,
        quality=Quality(checks=CHECKS, staleness_ms_max=60_000),
        release=Release(name="engine", compiler="g++", march=rack.equipment.march, stages=_STAGES),
        dagster=Dagster(host=hosts.data, address=plane.kafka.address, port=3070),
        control=trading.control(hosts.trading),
        cluster=_cluster(rack, hosts),
        recovery_objectives=trading.objectives(processes, _PRIMARY if recovers is None else _RECOVERY),
        maintenance_windows=venue.maintenance_windows,
        recovers=recovers,
        signers=(AUDITOR,),
    )


def _cluster(rack: Rack, hosts: RackHosts) -> KubernetesCluster:
    """Return the cluster on the data host, whose disks its services need, and on two more for the quorum."""
    return KubernetesCluster(
        name="services",
        version="1.33",
        address=rack.address(4, 250),
        port=6443,
        nodes=(hosts.data, *hosts.cluster),
        pod_network="172.20.0.0/16",
        service_network="172.21.0.0/16",
        workloads=("dagster", "flink", "kafka", "grafana", "console"),
    )
