"""Which packets reach which queue of a NIC, where the kernel's driver decides it.

Everything that no filter names goes to queue 0; each feed line and order session to the queue that its thread reads.
A NIC sends a flow to one queue: where two engines read a line, or log in at one endpoint of the venue, that is the
queue of the first, and the kernel hands the other its copy.
Programs that read past the kernel (Onload, ef_vi, DPDK) set filters of their own: nothing is kept for them here.
ethtool(8), options -X and -N; Documentation/networking/scaling.rst.
"""

from __future__ import annotations

from collections.abc import Iterator

from kernel_tuning.cores import HostCores, Pin
from kernel_tuning.device import Device
from kernel_tuning.interrupts import DEVICES_UNIT
from kernel_tuning.item import Item, Kept, Reading


def steering_items(device: Device, cores: HostCores) -> Iterator[Item]:
    """Yield the hash and the filters of one NIC that the engine reads through the kernel."""
    readers = [(pin, reading.queue) for pin in cores.pins for reading in pin.queues if reading.nic == device.nic]
    if device.nic.transport not in ("kernel", "af_xdp") or not readers or device.nic.queues == 1:
        return
    name = device.interface
    yield Item(
        name=f"{name} hash",
        layer="nic",
        declared="0",
        reason="what no filter names goes to queue 0, so that no stranger's packet delays a thread that polls another",
        running=Reading("command", f"hashed queues {name}"),
        kept=Kept(DEVICES_UNIT, f"ExecStart=-/usr/sbin/ethtool -X {name} start {{}} equal 1", section="Service"),
        set_by=f"ethtool -X {name} start 0 equal 1",
        absent="the driver does not show its table",
    )
    yield Item(
        name=f"{name} ntuple",
        layer="nic",
        declared="on",
        reason="the filters below are matched by the NIC",
        running=Reading("command", f"ethtool -k {name}", r"(?m)^ntuple-filters:\s+(\w+)"),
        kept=Kept(DEVICES_UNIT, f"ExecStart=-/usr/sbin/ethtool -K {name} ntuple {{}}", section="Service"),
        set_by=f"ethtool -K {name} ntuple on",
    )
    steered: set[str] = set()
    for pin, queue in readers:
        for what, flow, seen in _flows(device, pin):
            if flow not in steered:
                yield _filter(device, pin, queue, len(steered), what, flow, seen)
                steered.add(flow)


def _flows(device: Device, pin: Pin) -> Iterator[tuple[str, str, str]]:
    """Yield (what, flow as ethtool -N takes it, pattern of what ethtool -n shows) of a thread's traffic on a NIC."""
    process = pin.process
    for reception in process.receptions:
        if reception.nic == device.nic:
            line = reception.line
            yield (
                f"line {line.name}",
                f"udp4 dst-ip {line.group} dst-port {line.port}",
                rf"Dest IP addr: {line.group} .*?Dest port: {line.port} ",
            )
    if process.order_session is not None and process.order_nic == device.nic:
        gateway = process.environment.gateway_of(process.order_session)
        if gateway is not None:
            end = gateway.primary
            yield (
                f"session {process.order_session.name}",
                f"tcp4 src-ip {end.address} src-port {end.port}",
                rf"Src IP addr: {end.address} .*?Src port: {end.port} ",
            )


def _filter(device: Device, pin: Pin, queue: int, location: int, what: str, flow: str, seen: str) -> Item:
    command = f"ethtool -N {device.interface} flow-type {flow} loc {location} action "
    return Item(
        name=f"{device.interface} {what}",
        layer="nic",
        declared=str(queue),
        reason=f"{what} is read by {pin.program}'s {pin.thread.role} thread, with nothing else on queue {queue}",
        running=Reading("command", f"ethtool -n {device.interface}", rf"(?s){seen}.*?Action: Direct to queue (\d+)"),
        kept=Kept(DEVICES_UNIT, f"ExecStart=-/usr/sbin/{command}{{}}", section="Service"),
        set_by=f"{command}{queue}",
    )
