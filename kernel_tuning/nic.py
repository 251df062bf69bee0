"""What the kernel's driver of each NIC is told: rings, queues, offloads, flow control, coalescing.

Kept in systemd's .link files (systemd.link(5)), which also give the interface the name of the declaration; what those
cannot say is in the unit colo-devices. ethtool(8) reads everything.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from kernel_tuning.device import Device
from kernel_tuning.interrupts import DEVICES_UNIT
from kernel_tuning.item import Item, Kept, Reading

BULK_GBPS = 40  # NICs from here on carry data, where throughput counts


@dataclass(frozen=True)
class _Setting:
    """One setting: how ethtool shows it (option, pattern), sets it, and how the .link file says it."""

    name: str
    value: str
    reason: str
    option: str
    pattern: str
    change: str
    link: str = ""


def nic_items(device: Device) -> Iterator[Item]:
    """Yield the settings of one NIC. One that a program has taken from the kernel (DPDK over vfio) has none."""
    if device.taken_from_kernel:
        return
    bulk = device.nic.speed_gbps >= BULK_GBPS
    yield _name(device)
    for setting in (
        *_rings_and_queues(device, bulk),
        *_flow_control(),
        *_offloads(bulk),
        *_coalescing(device, bulk),
    ):
        yield _item(device, setting)


def link_file(device: Device) -> str:
    """Return the path of the NIC's .link file."""
    return f"/etc/systemd/network/10-{device.interface}.link"


def _name(device: Device) -> Item:
    return Item(
        name=f"{device.interface} name",
        layer="nic",
        declared=device.interface,
        reason=f"the NIC at PCI address {device.pci_address} has the name of its declaration after each boot",
        running=Reading("command", f"interface {device.pci_address}"),
        kept=Kept(link_file(device), "Name={}", section="Link"),
        needs_reboot=True,
        unsettable="" if device.facts else "the PCI address is a fact of the host, and none was gathered",
    )


def _rings_and_queues(device: Device, bulk: bool) -> Iterator[_Setting]:
    # A short ring stays in the cache that the NIC writes to (DDIO); a long one survives a burst of bulk data.
    entries = "4096" if bulk else "1024" if device.nic.transport == "kernel" else "512"
    held = "holds a burst of bulk data" if bulk else "is as short as a burst of the feed allows: it stays in cache"
    current = r"(?s)Current hardware settings:.*?"
    yield _Setting(
        "rx ring",
        entries,
        f"the ring {held}",
        "-g",
        current + r"^RX:\s+(\d+)",
        f"-G {{i}} rx {entries}",
        "RxBufferSize",
    )
    yield _Setting(
        "tx ring",
        entries,
        f"the ring {held}",
        "-g",
        current + r"^TX:\s+(\d+)",
        f"-G {{i}} tx {entries}",
        "TxBufferSize",
    )
    queues = str(device.nic.queues)
    yield _Setting(
        "queues",
        queues,
        "as declared; each has one interrupt, and a thread reads those that it names",
        "-l",
        current + r"^(?:Combined|RX):\s+([1-9]\d*)",
        f"-L {{i}} combined {queues}",
        "CombinedChannels",
    )


def _flow_control() -> Iterator[_Setting]:
    reason = "a slow receiver drops its own packets, and does not pause the switch for all others"
    for name, pattern, key in (
        ("autoneg", r"(?m)^Autonegotiate:\s+(\w+)", "AutoNegotiationFlowControl"),
        ("rx", r"(?m)^RX:\s+(\w+)", "RxFlowControl"),
        ("tx", r"(?m)^TX:\s+(\w+)", "TxFlowControl"),
    ):
        yield _Setting(f"pause {name}", "off", reason, "-a", pattern, f"-A {{i}} {name} off", key)


def _offloads(bulk: bool) -> Iterator[_Setting]:
    value = "on" if bulk else "off"
    merged = "bulk data is cut and joined by the NIC" if bulk else "no packet waits to be joined with the next"
    features = [
        ("gro", "generic-receive-offload", "GenericReceiveOffload", value, merged),
        ("tso", "tcp-segmentation-offload", "TCPSegmentationOffload", value, merged),
        ("lro", "large-receive-offload", "LargeReceiveOffload", "off", "merged segments lose their own arrival times"),
    ]
    for short, feature, key, wanted, reason in features:
        pattern = rf"(?m)^{feature}:\s+(\w+)"
        yield _Setting(short, wanted, reason, "-k", pattern, f"-K {{i}} {short} {wanted}", key)


def _coalescing(device: Device, bulk: bool) -> Iterator[_Setting]:
    """Interrupts at once where the kernel's sockets wait for them; rarely where a program polls past the kernel."""
    adaptive = ("adaptive-rx", r"(?m)^Adaptive RX:\s+(\w+)", "UseAdaptiveRxCoalesce")
    if bulk:
        reason = "the driver holds interrupts back as far as the load asks for"
        yield _Setting(adaptive[0], "on", reason, "-c", adaptive[1], "-C {i} adaptive-rx on", adaptive[2])
        return
    usecs, reason = {
        "kernel": ("0", "an interrupt comes with its packet; busy polling masks it while the thread is awake"),
        "af_xdp": ("0", "the first packet after a pause is not held back; later ones are polled for"),
        "dpdk": ("60", "only the kernel's own queues raise interrupts, and are in no hurry"),
        "ef_vi": ("60", "Onload polls; interrupts are held back so that they do not flood the host (UG1586)"),
    }[device.nic.transport]
    for name, value, pattern, key in (
        (adaptive[0], "off", *adaptive[1:]),
        ("rx-usecs", usecs, r"(?m)^rx-usecs:\s+(\d+)", "RxCoalesceSec"),
    ):
        yield _Setting(name, value, reason, "-c", pattern, f"-C {{i}} {name} {value}", key)


def _item(device: Device, setting: _Setting) -> Item:
    command = setting.change.format(i=device.interface)
    if setting.link:
        unit = "us" if setting.link.endswith("Sec") else ""
        kept = Kept(link_file(device), f"{setting.link}={{}}{unit}", section="Link")
    else:
        kept = Kept(DEVICES_UNIT, f"ExecStart=-/usr/sbin/ethtool {command.removesuffix(setting.value)}{{}}", "Service")
    return Item(
        name=f"{device.interface} {setting.name}",
        layer="nic",
        declared=setting.value,
        reason=setting.reason,
        running=Reading("command", f"ethtool {setting.option} {device.interface}", setting.pattern),
        kept=kept,
        set_by=f"ethtool {command}",
        absent="the driver does not have this setting",
    )
