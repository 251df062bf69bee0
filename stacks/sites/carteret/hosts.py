"""The hosts of carteret and their cables: trading-1, trading-2, data-1 and monitoring-1."""

from __future__ import annotations

from stacks.sites.carteret import network
from stacks.topology.clock import ClockDiscipline
from stacks.topology.host import Bios, Bmc, Cpu, Disk, FpgaCard, Host, Hugepages, OperatingSystem
from stacks.topology.network import Nic, Tap

DEBIAN = OperatingSystem(distribution="debian", release="12")
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


def _ptp(nic: Nic, offset_ns_max: int) -> ClockDiscipline:
    return ClockDiscipline(source=network.GRANDMASTER, method="ptp", nic=nic, offset_ns_max=offset_ns_max)


def _trading_host(number: int) -> Host:
    nics = network.trading_nics(number)
    return Host(
        name=f"trading-{number}",
        role="trading",
        cpu=Cpu(model="Intel Xeon Gold 6544Y", sockets=2, cores_per_socket=16),
        memory_mib=524_288,
        reserved_cpus=(0, 1, 16, 17),
        hugepages=(Hugepages(numa_node=0, page_mib=1024, count=32),),
        disks=(Disk(name="nvme0", model="Micron 7450 PRO", capacity_gib=1788, power_loss_protection=True),),
        nics=nics,
        fpga_cards=(
            FpgaCard(
                name="alveo0", model="AMD Alveo U55C", numa_node=0, ports=2, shell="xilinx_u55c_gen3x16_xdma_base_3"
            ),
        ),
        clock=_ptp(nics[-1], offset_ns_max=1_000),
        os=DEBIAN,
        bios=LOW_LATENCY_BIOS,
        bmc=Bmc(address=f"10.20.7.{number}"),
        march="sapphirerapids",
    )


def _data_host() -> Host:
    nics = (*network.data_nics("10.20.4.11", "10.20.5.11"), network.clock_nic("10.20.6.11"))
    return Host(
        name="data-1",
        role="data",
        cpu=Cpu(model="AMD EPYC 9554", cores_per_socket=64, threads_per_core=2, numa_nodes_per_socket=4),
        memory_mib=786_432,
        disks=tuple(
            Disk(name=f"nvme{index}", model="Micron 7450 PRO", capacity_gib=7152, power_loss_protection=True)
            for index in range(4)
        ),
        nics=nics,
        clock=_ptp(nics[-1], offset_ns_max=10_000),
        os=DEBIAN,
        bmc=Bmc(address="10.20.7.11"),
        march="znver4",
    )


def _monitoring_host() -> Host:
    capture = tuple(
        Nic(
            name=f"tap-{cross_connect.name}",
            address=f"10.20.8.{index}",
            model="AMD Solarflare X2522",
            speed_gbps=10,
            transport="ef_vi",
            hardware_timestamps=True,
        )
        for index, cross_connect in enumerate(network.CROSS_CONNECTS, start=1)
    )
    nics = (*capture, *network.data_nics("10.20.4.12", "10.20.5.12"), network.clock_nic("10.20.6.12"))
    return Host(
        name="monitoring-1",
        role="monitoring",
        cpu=Cpu(model="AMD EPYC 9354", cores_per_socket=32, threads_per_core=2),
        memory_mib=262_144,
        disks=(Disk(name="nvme0", model="Micron 7450 PRO", capacity_gib=7152, power_loss_protection=True),),
        nics=nics,
        clock=_ptp(nics[-1], offset_ns_max=1_000),
        os=DEBIAN,
        bmc=Bmc(address="10.20.7.12"),
        march="znver4",
    )


TRADING_1 = _trading_host(1)
TRADING_2 = _trading_host(2)
DATA = _data_host()
MONITORING = _monitoring_host()
HOSTS = (TRADING_1, TRADING_2, DATA, MONITORING)

# Each trading host is on an order switch of its own, so that a lost switch leaves the other host, and its standby.
LINKS = (
    *network.trading_links("trading-1", TRADING_1.nics, 11, network.ORDERS_A),
    *network.trading_links("trading-2", TRADING_2.nics, 12, network.ORDERS_B),
    *network.service_links("data-1", DATA.nics, 21),
    *network.service_links("monitoring-1", MONITORING.nics, 22),
)
TAPS = tuple(
    Tap(name=cross_connect.name, cross_connect=cross_connect, nic=nic)
    for cross_connect, nic in zip(network.CROSS_CONNECTS, MONITORING.nics, strict=False)
)
