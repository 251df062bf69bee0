"""The hosts of a rack and their cables: for trading, data and monitoring, and the cluster's further nodes."""

from __future__ import annotations

from dataclasses import dataclass

from stacks.sites.colocation.equipment import SOLARFLARE_X2522_CAPTURE
from stacks.sites.colocation.rack import Rack
from stacks.topology.clock import ClockDiscipline
from stacks.topology.host import Bios, Bmc, Cpu, Disk, Host, Hugepages, OperatingSystem
from stacks.topology.network import Link, ManagementLink, Mirror, Nic, Tap

DEBIAN = OperatingSystem(distribution="debian", release="12")
# Attributes of Dell iDRAC 9, whose PowerEdge servers all hosts are.
LOW_LATENCY_BIOS = Bios(
    version="2.7.5",
    settings=(
        ("LogicalProc", "Disabled"),
        ("ProcCStates", "Disabled"),
        ("ProcPwrPerf", "MaxPerf"),
        ("SubNumaCluster", "Disabled"),
        ("UncoreFrequency", "MaxUFS"),
    ),
)
# Numbers of hosts inside the rack: trading hosts count from 1.
_DATA, _MONITORING, _CLUSTER = 21, 22, (23, 24)


@dataclass(frozen=True)
class RackHosts:
    """The hosts of a rack and every cable that ends at one."""

    trading: tuple[Host, ...]
    data: Host
    monitoring: Host
    cluster: tuple[Host, ...]
    links: tuple[Link, ...]
    management_links: tuple[ManagementLink, ...]
    taps: tuple[Tap, ...]
    mirrors: tuple[Mirror, ...]

    @property
    def all(self) -> tuple[Host, ...]:
        """Every host."""
        return (*self.trading, self.data, self.monitoring, *self.cluster)


def rack_hosts(rack: Rack, trading_hosts: int) -> RackHosts:
    """Return the hosts of a rack; the monitoring host reads a tap on each cross connect and a mirror of each host."""
    trading = tuple(_trading_host(rack, number) for number in range(1, trading_hosts + 1))
    trading_links = tuple(rack.trading_links(host.name, i, host.nics) for i, host in enumerate(trading, start=1))
    order_links = tuple(link for links in trading_links for link in links if link.role == "orders")
    taps, mirrors = _capture_nics(rack, trading_hosts)
    data = _service_host(rack, "data-1", _DATA, disks=4)
    monitoring = _monitoring_host(rack, (*taps, *mirrors))
    cluster = tuple(_service_host(rack, f"cluster-{i}", number, disks=2) for i, number in enumerate(_CLUSTER, start=1))
    captures = tuple(
        rack.capture_link(f"monitoring-1-{nic.name}", nic, link) for nic, link in zip(mirrors, order_links, strict=True)
    )
    services = ((data, _DATA), (monitoring, _MONITORING), *zip(cluster, _CLUSTER, strict=True))
    service_links = tuple(
        link for host, number in services for link in rack.service_links(host.name, number, host.nics)
    )
    numbered = (*((host, i) for i, host in enumerate(trading, start=1)), *services)
    return RackHosts(
        trading=trading,
        data=data,
        monitoring=monitoring,
        cluster=cluster,
        links=(*(link for links in trading_links for link in links), *service_links, *captures),
        management_links=tuple(
            rack.management_link(f"{host.name}-bmc", host.bmc.address, _bmc_port(number))
            for host, number in numbered
            if host.bmc is not None
        ),
        taps=tuple(
            Tap(name=crossing.name, cross_connect=crossing, nic=nic)
            for crossing, nic in zip(rack.cross_connects, taps, strict=True)
        ),
        mirrors=tuple(
            Mirror(name=source.name, source=source, destination=capture)
            for source, capture in zip(order_links, captures, strict=True)
        ),
    )


def _bmc_port(number: int) -> int:
    """BMCs take the ports from 33 on; the clock links have those of the hosts' own numbers."""
    return 32 + number if number < _DATA else 16 + number


def _trading_host(rack: Rack, number: int) -> Host:
    equipment = rack.equipment
    nics = rack.trading_nics(number)
    return Host(
        name=f"trading-{number}",
        role="trading",
        cpu=equipment.cpu,
        memory_mib=equipment.memory_mib,
        reserved_cpus=equipment.reserved_cpus,
        hugepages=(Hugepages(numa_node=0, page_mib=1024, count=32),),
        disks=(Disk(name="nvme0", model="Micron 7450 PRO", capacity_gib=1788, power_loss_protection=True),),
        nics=nics,
        fpga_cards=(equipment.fpga_card,),
        clock=_ptp(rack, nics[-1], offset_ns_max=1_000),
        os=DEBIAN,
        bios=LOW_LATENCY_BIOS,
        bmc=Bmc(address=rack.address(0, 100 + number)),
        march=equipment.march,
    )


def _service_host(rack: Rack, name: str, number: int, disks: int) -> Host:
    nics = rack.service_nics(number)
    return Host(
        name=name,
        role="data" if number == _DATA else "cluster",
        cpu=Cpu(model="AMD EPYC 9554", cores_per_socket=64, threads_per_core=2, numa_nodes_per_socket=4),
        memory_mib=786_432,
        disks=tuple(
            Disk(name=f"nvme{index}", model="Micron 7450 PRO", capacity_gib=7152, power_loss_protection=True)
            for index in range(disks)
        ),
        nics=nics,
        clock=_ptp(rack, nics[-1], offset_ns_max=10_000),
        os=DEBIAN,
        bmc=Bmc(address=rack.address(0, 100 + number)),
        march="znver4",
    )


def _monitoring_host(rack: Rack, captures: tuple[Nic, ...]) -> Host:
    nics = (*captures, *rack.service_nics(_MONITORING))
    return Host(
        name="monitoring-1",
        role="monitoring",
        cpu=Cpu(model="AMD EPYC 9354", cores_per_socket=32, threads_per_core=2),
        memory_mib=262_144,
        disks=(Disk(name="nvme0", model="Micron 7450 PRO", capacity_gib=7152, power_loss_protection=True),),
        nics=nics,
        clock=_ptp(rack, nics[-1], offset_ns_max=1_000),
        os=DEBIAN,
        bmc=Bmc(address=rack.address(0, 100 + _MONITORING)),
        march="znver4",
    )


def _capture_nics(rack: Rack, trading_hosts: int) -> tuple[tuple[Nic, ...], tuple[Nic, ...]]:
    names = [f"tap-{crossing.name}" for crossing in rack.cross_connects]
    names += [f"mirror-{number}" for number in range(1, trading_hosts + 1)]
    nics = tuple(SOLARFLARE_X2522_CAPTURE.built(name, rack.address(8, i)) for i, name in enumerate(names, start=1))
    return nics[: len(rack.cross_connects)], nics[len(rack.cross_connects) :]


def _ptp(rack: Rack, nic: Nic, offset_ns_max: int) -> ClockDiscipline:
    return ClockDiscipline(source=rack.grandmaster, method="ptp", nic=nic, offset_ns_max=offset_ns_max)
