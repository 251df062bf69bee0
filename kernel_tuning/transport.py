"""What suits each way of reading a NIC: kernel sockets, AF_XDP, DPDK, and Onload or ef_vi.

kernel    Documentation/networking/napi.rst: busy polling, with the queue's interrupt put off while somebody polls
af_xdp    Documentation/networking/af_xdp.rst: the same, for a socket that is bound to one queue
dpdk      DPDK guides, "Linux Drivers", "Solarflare libefx-based PMD", "NVIDIA MLX5 Ethernet Driver"
ef_vi     Onload User Guide (UG1586), "Tuning Onload" and the profile latency.opf that comes with Onload
"""

from __future__ import annotations

from collections.abc import Iterator

from kernel_tuning.cores import HostCores
from kernel_tuning.device import Device
from kernel_tuning.item import Item, Kept, Reading

DPDK_FOLDER = "/etc/colo/dpdk"
ONLOAD_FOLDER = "/etc/colo/onload"
SFC_ARGUMENTS = {
    "rx_datapath": ("ef10", "the native receive path, one packet a descriptor"),
    "tx_datapath": (
        "ef10_simple",
        "the send path without scatter and without checks that a trusted sender does not need",
    ),
    "perf_profile": ("low-latency", "events are raised at once, and not merged"),
    "fw_variant": ("ultra-low-latency", "the NIC's firmware without the features that cost a lookup a packet"),
}
MLX5_ARGUMENTS = {
    "rxq_cqe_comp_en": ("0", "completions are written one by one: compressed ones wait for the next"),
    "mprq_en": ("0", "a packet has a buffer of its own, and is not copied out of a shared stride"),
    "txq_inline_max": (
        "256",
        "an order is copied into its descriptor, so that the NIC reads memory once and not twice",
    ),
    "txq_mpw_inline_max": ("0", "no packet waits to be sent together with the next"),
    "rx_vec_en": ("0", "a single packet is handed over at once, not in a group of four"),
}


def transport_items(device: Device, cores: HostCores) -> Iterator[Item]:
    """Yield what one NIC's transport needs; nothing for a NIC that no engine reads."""
    readers = [pin for pin in cores.pins if device.nic in pin.process.nics_of(pin.thread)]
    if not readers:
        return
    match device.nic.transport:
        case "kernel" | "af_xdp":
            yield from _busy_polling(device)
        case "dpdk":
            yield from _dpdk(device)
        case "ef_vi":
            pass  # a profile belongs to a process, not to a NIC: onload_items


def _busy_polling(device: Device) -> Iterator[Item]:
    sockets = "SO_PREFER_BUSY_POLL" if device.nic.transport == "kernel" else "XDP_USE_NEED_WAKEUP and SO_BUSY_POLL"
    for name, value, reason in (
        ("napi_defer_hard_irqs", "100", f"a queue that is polled ({sockets}) stays masked for 100 empty polls"),
        ("gro_flush_timeout", "200000", "and is polled by a timer after 200 us if its thread does not come back"),
    ):
        path = f"/sys/class/net/{device.interface}/{name}"
        rule = f'ACTION=="add", SUBSYSTEM=="net", NAME=="{device.interface}", ATTR{{{name}}}="{{}}"'
        yield Item(
            name=f"{device.interface} {name}",
            layer="transport",
            declared=value,
            reason=reason,
            running=Reading("file", path),
            kept=Kept("/etc/udev/rules.d/90-colo.rules", rule),
            set_by=f"echo {value} > {path}",
        )


def _dpdk(device: Device) -> Iterator[Item]:
    """A Solarflare NIC is taken from the kernel; a ConnectX stays with mlx5_core, beside which DPDK works."""
    pci = device.pci_address
    if device.taken_from_kernel:
        driver, arguments = "vfio-pci", SFC_ARGUMENTS if "Solarflare" in device.nic.model else {}
        reason = "DPDK drives the NIC from the program, through the IOMMU"
        kept, command = Kept(f"/etc/driverctl.d/{pci}", "{}"), f"driverctl set-override {pci} vfio-pci"
    else:
        driver, arguments, kept, command = "mlx5_core", MLX5_ARGUMENTS, None, ""
        reason = "DPDK shares the NIC with its kernel driver (bifurcated): nothing is unbound"
    yield Item(
        name=f"{device.interface} driver",
        layer="transport",
        declared=driver,
        reason=reason,
        running=Reading("command", f"driver {pci}"),
        kept=kept,
        set_by=command,
    )
    for argument, (value, why) in arguments.items():
        path = f"{DPDK_FOLDER}/{device.interface}"
        yield _of_a_program(f"{device.interface} {argument}", value, why, Kept(path, f"{argument}={{}}"))


def onload_items(cores: HostCores) -> Iterator[Item]:
    """Yield the Onload profile of each program that reads a Solarflare NIC with Onload or ef_vi."""
    for program in dict.fromkeys(pin.program for pin in cores.pins):
        pins = [pin for pin in cores.pins if pin.program == program]
        used = [nic for pin in pins for nic in pin.process.nics_of(pin.thread) if nic.transport == "ef_vi"]
        if used:
            path = f"{ONLOAD_FOLDER}/{program}.opf"
            for name, value, reason in _onload_profile(any(nic.hardware_timestamps for nic in used)):
                kept = Kept(path, f"onload_set {name} {{}}")
                yield _of_a_program(f"{program} {name}", value, reason, kept)


def _onload_profile(timestamps: bool) -> Iterator[tuple[str, str, str]]:
    yield "EF_POLL_USEC", "100000", "receive calls poll instead of sleeping: the cpu is the thread's own"
    yield "EF_INT_DRIVEN", "0", "no interrupt is armed while a thread polls"
    yield (
        "EF_TCP_FASTSTART_INIT",
        "0",
        "each segment of a new session is acknowledged as it comes due, not at once (as in latency.opf)",
    )
    yield "EF_TCP_FASTSTART_IDLE", "0", "nor after a pause"
    yield "EF_TX_PUSH", "1", "an order's descriptor is written into the NIC, which need not fetch it"
    yield "EF_CTPIO", "1", "and its bytes with it, so that sending begins before the last byte is written"
    yield "EF_CTPIO_MODE", "sf-np", "a frame that the cpu could not write in time is sent whole, and never poisoned"
    yield "EF_PACKET_BUFFER_MODE", "0", "packet buffers are translated by the NIC: a faulty program cannot harm others"
    yield "EF_USE_HUGE_PAGES", "2", "packet buffers lie in huge pages, or the program does not start"
    yield "EF_STACK_LOCK_BUZZ", "1", "a lock of the stack is waited for awake"
    if timestamps:
        yield (
            "EF_RX_TIMESTAMPING",
            "3",
            "the NIC stamps what comes, or the program does not start: latency is measured by it",
        )


def _of_a_program(name: str, value: str, reason: str, kept: Kept) -> Item:
    """A setting that a program reads from its file at its next start, so that the file is the running value, too."""
    return Item(
        name=name,
        layer="transport",
        declared=value,
        reason=reason,
        running=Reading("file", kept.path, kept.pattern()),
        kept=kept,
        set_by=f"write {kept.path}",
        owner="namespace",
    )
