"""The models that are bought for colocated sites, each with the figures that its vendor states."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from stacks.topology.host import Cpu, FpgaCard
from stacks.topology.network import Nic, Speed, Switch


@dataclass(frozen=True)
class SwitchModel:
    """A switch that can be ordered; the fields are those of `Switch`."""

    model: str
    os: Literal["eos", "nxos"]
    forwarding: Literal["layer1", "mux", "cut_through", "store_and_forward"]
    ports: int
    port_speed_gbps: Speed
    latency_ns: int
    boundary_clock: bool = False

    def built(
        self, name: str, role: Literal["feed_a", "feed_b", "orders", "data", "management"], address: str
    ) -> Switch:
        """Return a switch of this model in one role."""
        return Switch(
            name=name,
            model=self.model,
            os=self.os,
            role=role,
            forwarding=self.forwarding,
            address=address,
            ports=self.ports,
            port_speed_gbps=self.port_speed_gbps,
            latency_ns=self.latency_ns,
            boundary_clock=self.boundary_clock,
        )


# Arista 7130 data sheets: 5 ns from port to port on layer 1, 39 ns through MetaMux on the device's FPGA.
ARISTA_7130_LAYER1 = SwitchModel("Arista 7130-48L", "eos", "layer1", 48, 10, 5)
ARISTA_7130_MUX = SwitchModel("Arista 7130-48L", "eos", "mux", 48, 10, 39)
# Arista 7060X and 7060X2 data sheet: 450 ns cut-through.
ARISTA_7060SX2 = SwitchModel("Arista 7060SX2-48YC6", "eos", "cut_through", 48, 25, 450)
ARISTA_7060CX2 = SwitchModel("Arista 7060CX2-32S", "eos", "cut_through", 32, 100, 450)
# Cisco Nexus 3548-X data sheet (Algo Boost): 250 ns in normal mode; its warp mode has 190 ns and smaller tables.
NEXUS_3548 = SwitchModel("Cisco Nexus 3548-XL", "nxos", "cut_through", 48, 10, 250)
# Cisco states less than a microsecond for the Nexus 9300-FX2.
NEXUS_9336C = SwitchModel("Cisco Nexus 9336C-FX2", "nxos", "cut_through", 36, 100, 1_000)
# Copper ports cost microseconds in their PHYs; nobody trades through a management switch.
ARISTA_7010TX = SwitchModel("Arista 7010TX-48", "eos", "store_and_forward", 52, 25, 3_500, boundary_clock=True)
NEXUS_93108TC = SwitchModel("Cisco Nexus 93108TC-FX", "nxos", "store_and_forward", 54, 100, 3_500, boundary_clock=True)


@dataclass(frozen=True)
class NicModel:
    """A NIC that can be ordered, and the transport by which it is read."""

    model: str
    speed_gbps: Speed
    transport: Literal["kernel", "af_xdp", "dpdk", "ef_vi"]
    latency_ns: int | None
    queues: int = 8

    def built(self, name: str, address: str, numa_node: int = 0) -> Nic:
        """Return a NIC of this model."""
        return Nic(
            name=name,
            address=address,
            model=self.model,
            speed_gbps=self.speed_gbps,
            transport=self.transport,
            numa_node=numa_node,
            queues=self.queues,
            hardware_timestamps=True,
            latency_ns=self.latency_ns,
        )


# AMD UG1586 (Onload user guide), Latency Test Results: half a round trip of 590 ns with ef_vi, which is one direction
# out and one in; we count half of it for each.
SOLARFLARE_X2522 = NicModel("AMD Solarflare X2522", 10, "ef_vi", 295)
SOLARFLARE_X2522_CAPTURE = NicModel("AMD Solarflare X2522", 10, "ef_vi", 295, queues=1)
# NVIDIA states no figure for one direction through DPDK: half of a half round trip of a microsecond, until the taps of
# a site have measured it.
CONNECTX_6_DPDK = NicModel("NVIDIA ConnectX-6 Dx", 10, "dpdk", 500)
CONNECTX_6_INSIDE = NicModel("NVIDIA ConnectX-6 Dx", 100, "kernel", None, queues=16)
INTEL_I210 = NicModel("Intel I210", 1, "kernel", None, queues=1)


@dataclass(frozen=True)
class Equipment:
    """What a site is built of; `uplink_gbps` is the speed between its management and its data switches."""

    feed: SwitchModel
    orders: SwitchModel
    data: SwitchModel
    management: SwitchModel
    uplink_gbps: Speed
    exchange_nic: NicModel
    cpu: Cpu
    reserved_cpus: tuple[int, ...]
    march: str
    memory_mib: int
    fpga_card: FpgaCard


# Sockets of which only the first one, with the NICs on it, trades; two cores of each socket are the kernel's.
XEON = Cpu(model="Intel Xeon Gold 6544Y", sockets=2, cores_per_socket=16)
XEON_RESERVED = (0, 1, 16, 17)
EPYC = Cpu(model="AMD EPYC 9274F", sockets=2, cores_per_socket=24)
EPYC_RESERVED = (0, 1, 24, 25)

ALVEO_U55C = FpgaCard(
    name="alveo0", model="AMD Alveo U55C", numa_node=0, ports=2, shell="xilinx_u55c_gen3x16_xdma_base_3"
)
ALVEO_U50 = FpgaCard(name="alveo0", model="AMD Alveo U50", numa_node=0, ports=1, shell="xilinx_u50_gen3x16_xdma_base_5")

DDR5_512_GIB = 524_288
